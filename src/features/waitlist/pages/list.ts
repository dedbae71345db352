// Who waits for what, and what they were offered.
import { isBefore } from '../../../kernel/time.ts'
import { phoneText } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { getSettings } from '../../availability/actions.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { initialsOf } from '../../clinics/rules.ts'
import { listLastOffers, listStoppedNumbers, listWaiting, type LastOffer, type Waiting } from '../queries/entries.ts'
import { getWaitlistSettings } from '../queries/settings.ts'
import { wishWords } from '../rules/words.ts'
import type { ListQuery } from '../schema.ts'
import { at, choiceField, doctorsOf, may, nameOf, servicesOf } from './frame.ts'

/** Whoever waits, the longest first; narrowed to a doctor or service where that was asked. */
export async function listPage(ctx: Ctx, speaker: Speaker, asked: ListQuery): Promise<View> {
  const { t } = speaker
  const settings = await getSettings(ctx)
  const all = await listWaiting(ctx)
  const { practitionerId, serviceId } = asked
  const waiting = all.filter(
    ({ wish }) =>
      (serviceId === undefined || wish.serviceId === serviceId) &&
      (practitionerId === undefined ||
        wish.practitionerIds.length === 0 ||
        wish.practitionerIds.includes(practitionerId)),
  )
  const offers = await listLastOffers(ctx, waiting.map(({ id }) => id)) // prettier-ignore
  const stopped = await listStoppedNumbers(ctx, waiting.map(({ number }) => number)) // prettier-ignore
  const { on } = await getWaitlistSettings(ctx)
  const acts = may(ctx, 'appointments.book')
  return view('waitlist/list', {
    title: t('waitlist.desk.title'),
    lead: t('waitlist.desk.lead', { count: all.length }),
    off: !on,
    settingsHref: may(ctx, 'clinic.settings') ? at(ctx, '/settings/waiting-list') : undefined,
    addHref: acts ? at(ctx, '/waiting-list/new') : undefined,
    offerHref: acts && all.length > 0 ? at(ctx, '/waiting-list/offer') : undefined,
    none: all.length === 0,
    filters: [
      choiceField(
        'practitioner',
        t('waitlist.field.doctors'),
        practitionerId,
        t('waitlist.desk.all_doctors'),
        doctorsOf(settings),
      ),
      choiceField(
        'service',
        t('booking.times.service'),
        serviceId,
        t('waitlist.desk.all_services'),
        servicesOf(settings),
      ),
    ],
    rows: waiting.map((entry) =>
      rowOf(
        ctx,
        speaker,
        settings,
        entry,
        offers.find(({ entryId }) => entryId === entry.id),
        stopped,
      ),
    ),
    mayRemove: acts,
  })
}

function rowOf(ctx: Ctx, speaker: Speaker, settings: DiarySettings, entry: Waiting, offer: LastOffer | undefined, stopped: ReadonlySet<string>) {
  const { t } = speaker
  const silent = !entry.agreed || stopped.has(entry.number.toString('hex'))
  const open = offer?.state === 'open' && isBefore(ctx.now, offer.expiresAt)
  return {
    id: entry.id,
    name: nameOf(speaker, entry),
    initials: initialsOf(nameOf(speaker, entry)),
    href: may(ctx, 'patients.find') && entry.patientName !== null ? at(ctx, `/patients/${entry.patientId}`) : undefined,
    phone: entry.patientName === null ? undefined : phoneText(entry.phone),
    wish: wishText(ctx, speaker, settings, entry.wish),
    since: t('waitlist.desk.since', { date: speaker.date(entry.joinedAt) }),
    sooner: entry.insteadOfAt === null ? undefined : t('waitlist.desk.sooner', { when: speaker.dateTime(entry.insteadOfAt) }),
    offered: !offer
      ? undefined
      : open
        ? t('waitlist.desk.offered', { when: speaker.dateTime(offer.startsAt), until: speaker.time(offer.expiresAt) })
        : t('waitlist.desk.last_offer', {
            when: speaker.dateTime(offer.startsAt),
            state: t(`waitlist.desk.offer_state.${offer.state === 'open' ? 'expired' : offer.state}`),
          }),
    open,
    note: silent ? t('waitlist.desk.no_messages') : entry.hasVisit ? t('waitlist.desk.has_visit') : undefined,
    removeAction: at(ctx, `/waiting-list/${entry.id}/removal`),
  }
} // prettier-ignore

/** A wish in a line: what, with whom, where, which days and times, until when. */
function wishText({ clinic, now }: Ctx, speaker: Speaker, settings: DiarySettings, wish: Waiting['wish']): string[] {
  const { service, doctors, place, days, parts, left } = wishWords({ clinic, now, settings, speaker }, wish)
  return [service, doctors, place, days, parts, left].filter((text) => text !== undefined)
}
