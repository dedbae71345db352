// A free time is offered by hand: which, and to whom.
import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { getSettings } from '../../availability/actions.ts'
import type { Fitting, ToOffer } from '../actions/by-hand.ts'
import { getWaitlistSettings } from '../queries/settings.ts'
import type { FreeSlot } from '../rules.ts'
import { slotValue } from '../rules/wish.ts'
import type { OfferQuery } from '../schema.ts'
import { at, choiceField, doctorsOf, nameOf, servicesOf } from './frame.ts'

/** Offering a free time: a service and a day, then a time, then who of those it suits. */
export async function offerPage(
  ctx: Ctx,
  speaker: Speaker,
  asked: OfferQuery,
  { serviceId, date, slots, chosen, fitting }: ToOffer,
  wrong: { form?: Form; refused?: string } = {},
): Promise<View> {
  const { t } = speaker
  const settings = await getSettings(ctx)
  const services = servicesOf(settings)
  const today = dateAt(ctx.now, ctx.clinic.zone)
  const { most } = await getWaitlistSettings(ctx)
  const doctorName = (id: string) => settings.practitioners.find((one) => one.id === id)?.name ?? ''
  const query = (one: FreeSlot) => new URLSearchParams({ service: one.serviceId, slot: slotValue(one) }).toString()
  const askable = fitting.filter(({ silent, open, offered }) => !silent && !open && !offered)
  return view('waitlist/offer', {
    title: t('waitlist.desk.offer_title'),
    lead: t('waitlist.desk.offer_lead'),
    back: { href: at(ctx, '/waiting-list'), label: t('waitlist.desk.back') },
    scripts: ['/js/error-summary.js'],
    form: wrong.form ?? emptyForm,
    wrong: wrong.refused === undefined ? undefined : t(`waitlist.desk.not_sent.${wrong.refused}`),
    action: at(ctx, '/waiting-list/offer'),
    fields: [
      { name: 'service', label: t('booking.times.service'), type: 'select', value: serviceId ?? '', options: services },
      choiceField('practitioner', t('waitlist.field.doctors'), asked.practitionerId, t('waitlist.desk.all_doctors'), doctorsOf(settings)),
      { name: 'date', label: t('waitlist.desk.date'), type: 'date', value: date.toString(), min: today.toString() },
    ],
    times: slots.map((one) => ({
      href: `${at(ctx, '/waiting-list/offer')}?${query(one)}`,
      time: speaker.time(one.startsAt),
      doctor: doctorName(one.practitionerId),
      current: chosen === one,
    })),
    timesTitle: speaker.longDate(date),
    chosen: chosen && {
      slot: slotValue(chosen),
      service: chosen.serviceId,
      when: speaker.longDateTime(chosen.startsAt),
      doctor: doctorName(chosen.practitionerId),
      fits: t('waitlist.desk.fits', { count: fitting.length }),
      error: wrong.form?.errors.people,
      people: fitting.map((one) => ({
        id: one.entry.id,
        name: nameOf(speaker, one.entry),
        since: t('waitlist.desk.since', { date: speaker.date(one.entry.joinedAt) }),
        note: noteOf(speaker, one),
        off: one.silent || one.open,
        ticked: askable.slice(0, most).includes(one),
      })),
      sendable: fitting.some(({ silent, open }) => !silent && !open),
    },
  })
} // prettier-ignore

function noteOf({ t }: Speaker, { silent, open, offered }: Fitting): string | undefined {
  if (silent) return t('waitlist.desk.silent')
  if (open) return t('waitlist.desk.is_asked')
  return offered ? t('waitlist.desk.was_asked') : undefined
}
