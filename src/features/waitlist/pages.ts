// The waiting list at the desk: who waits for what, adding somebody, offering a free time by hand, and its settings.
import { emptyForm, type Form } from '../../kernel/forms.ts'
import { allowed, type Permission } from '../../kernel/permissions.ts'
import type { PatientId } from '../../kernel/ids.ts'
import { phoneText } from '../../kernel/phone.ts'
import { dateAt, isBefore, type PlainDate } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'
import { view, type View } from '../../platform/web/views.ts'
import { getSettings, offerOf } from '../availability/actions.ts'
import type { DiarySettings } from '../clinics/queries.ts'
import { initialsOf } from '../clinics/rules.ts'
import { settingsMenu } from '../clinics/rules/settings.ts'
import { currentWordingKey } from '../consents/rules.ts'
import { getPatient } from '../patients/queries.ts'
import type { Fitting, ToOffer } from './actions/by-hand.ts'
import { listLastOffers, listStoppedNumbers, listWaiting, type LastOffer, type Waiting } from './queries/entries.ts'
import { getWaitlistSettings } from './queries/settings.ts'
import { longestWaitDays, mostOffers, offerMinutes, partsOfDay, type FreeSlot, type WaitingWish } from './rules.ts'
import { slotValue } from './rules/wish.ts'
import type { ListQuery, OfferQuery } from './schema.ts'

const at = (ctx: Ctx, path: string) => `/app/${ctx.clinic.slug}${path}`
const may = (ctx: Ctx, permission: Permission) => ctx.actor.kind === 'user' && allowed(ctx.actor.role, permission)
const isolated = (name: string) => `\u2068${name}\u2069`

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

const choiceField = (name: string, label: string, value: string | undefined, any: string, options: { value: string; label: string }[]) => ({
  name,
  label,
  type: 'select',
  value: value ?? '',
  options: [{ value: '', label: any }, ...options],
}) // prettier-ignore

const servicesOf = (settings: DiarySettings) =>
  settings.services
    .filter(({ id }) => offerOf(settings, 'patient', id, 'any'))
    .map(({ id, name }) => ({ value: id, label: name }))
const doctorsOf = (settings: DiarySettings) =>
  settings.practitioners.filter(({ active }) => active).map(({ id, name }) => ({ value: id, label: name }))

export const nameOf = ({ t }: Speaker, entry: { patientName: string | null }): string =>
  entry.patientName ?? t('waitlist.desk.somebody')

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
function wishText({ clinic, now }: Ctx, speaker: Speaker, settings: DiarySettings, wish: WaitingWish): string[] {
  const { t } = speaker
  const today = dateAt(now, clinic.zone)
  const names = settings.practitioners.filter(({ id }) => wish.practitionerIds.includes(id)).map(({ name }) => name)
  const place = settings.locations.find(({ id }) => id === wish.locationId)
  const days = wish.weekdays.map((day) => dayName(speaker, today, day))
  return [
    settings.services.find(({ id }) => id === wish.serviceId)?.name ?? '',
    names.length === 0 ? t('waitlist.any_doctor') : speaker.list(names),
    ...(place ? [place.name] : []),
    days.length === 0 ? t('waitlist.any_day') : speaker.list(days),
    ...(wish.parts.length === 0 ? [] : [speaker.list(wish.parts.map((part) => t(`waitlist.part.${part}`)))]),
    t('waitlist.desk.until', { date: speaker.longDate(wish.until) }),
  ]
}

const dayName = (speaker: Speaker, today: PlainDate, day: number) =>
  speaker.weekday(today.add({ days: (day - today.dayOfWeek + 7) % 7 }))

const usualDays = 14

export type AddState = {
  patientId: PatientId | undefined
  form: Form
  refused?: string
  /** What is free already of what they would wait for. */
  free?: FreeSlot | undefined
}

/** Adding somebody: who, what suits them, until when. */
export async function addPage(ctx: Ctx, speaker: Speaker, { patientId, form, refused, free }: AddState): Promise<View> {
  const { t } = speaker
  const settings = await getSettings(ctx)
  const patient = patientId && (await getPatient(ctx, patientId))
  const today = dateAt(ctx.now, ctx.clinic.zone)
  const values: Record<string, string> = {
    from: today.toString(),
    until: today.add({ days: usualDays }).toString(),
    ...form.values,
  }
  const field = (more: { name: string; label: string } & Record<string, unknown>) => ({
    value: more.type === 'checkboxes' ? (values[more.name] ?? '').split(',').filter(Boolean) : (values[more.name] ?? ''),
    error: form.errors[more.name],
    ...more,
  })
  const services = servicesOf(settings)
  const places = settings.locations.filter(({ active }) => active)
  const doctors = doctorsOf(settings)
  const doctor = free && settings.practitioners.find(({ id }) => id === free.practitionerId)?.name
  return view('waitlist/add', {
    title: t('waitlist.desk.add_title'),
    lead: t('waitlist.desk.add_lead'),
    back: { href: at(ctx, '/waiting-list'), label: t('waitlist.desk.back') },
    scripts: ['/js/error-summary.js'],
    form,
    wrong: free
      ? t('waitlist.desk.free_now', { when: speaker.longDateTime(free.startsAt), doctor: isolated(doctor ?? '') })
      : refused && t(`waitlist.desk.refused.${refused}`),
    bookHref: free && at(ctx, `/appointments/new?${new URLSearchParams({ service: free.serviceId, practitioner: free.practitionerId, date: dateAt(free.startsAt, ctx.clinic.zone).toString(), ...(patientId === undefined ? {} : { patient: patientId }) }).toString()}`),
    action: at(ctx, '/waiting-list/new'),
    patient: patient && { id: patient.id, name: patient.name, phone: phoneText(patient.phone), initials: initialsOf(patient.name) },
    who: [
      field({ name: 'name', label: t('desk.book.name'), autocomplete: 'off', maxlength: 120, dir: 'auto' }),
      field({ name: 'phone', label: t('desk.book.phone'), type: 'tel', autocomplete: 'off' }),
    ],
    what: [
      field({ name: 'service', label: t('booking.times.service'), type: 'select', options: services }),
      ...(places.length < 2
        ? []
        : [
            field({
              name: 'location',
              label: t('booking.times.location'),
              type: 'select',
              options: [{ value: '', label: t('booking.times.any_location') }, ...places.map(({ id, name }) => ({ value: id, label: name }))],
            }),
          ]),
    ],
    ticks: [
      ...(doctors.length < 2
        ? []
        : [field({ name: 'practitioners', label: t('waitlist.field.doctors'), hint: t('waitlist.field.any_doctor_hint'), type: 'checkboxes', options: doctors })]),
      field({
        name: 'weekdays',
        label: t('waitlist.field.weekdays'),
        hint: t('waitlist.field.any_hint'),
        type: 'checkboxes',
        options: [1, 2, 3, 4, 5, 6, 7].map((day) => ({ value: String(day), label: dayName(speaker, today, day) })),
      }),
      field({
        name: 'parts',
        label: t('waitlist.field.parts'),
        type: 'checkboxes',
        options: partsOfDay.map((part) => ({ value: part, label: t(`waitlist.part.${part}`) })),
      }),
    ],
    dates: (['from', 'until'] as const).map((name) =>
      field({
        name,
        label: t(`waitlist.field.${name}`),
        type: 'date',
        min: today.toString(),
        max: today.add({ days: longestWaitDays }).toString(),
      }),
    ),
    agreed: field({
      name: 'agreed',
      type: 'checkbox',
      label: t(currentWordingKey('waiting_desk'), { clinic: ctx.clinic.name }),
      hint: t('waitlist.join.consent_hint'),
    }),
    submit: t('waitlist.desk.submit'),
  })
} // prettier-ignore

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

/** Whether there is a list, how many are asked at once, and for how long. */
export async function settingsPage(ctx: Ctx, speaker: Speaker, refused?: Form): Promise<View> {
  const { t } = speaker
  const { on, most, minutes } = await getWaitlistSettings(ctx)
  const form = refused ?? {
    values: { on: on ? 'yes' : '', most: String(most), minutes: String(minutes) },
    errors: {},
  }
  const field = (more: { name: string; label: string } & Record<string, unknown>) => ({
    value: form.values[more.name] ?? '',
    error: form.errors[more.name],
    ...more,
  })
  const short = { inputmode: 'numeric', dir: 'ltr', css: 'input-short' }
  return view('clinics/edit', {
    title: t('waitlist.settings.title'),
    lead: t('waitlist.settings.lead'),
    scripts: ['/js/error-summary.js'],
    menu: settingsMenu(ctx, speaker, 'waiting'),
    form,
    action: at(ctx, '/settings/waiting-list'),
    submit: t('waitlist.settings.submit'),
    groups: [
      {
        rows: [
          [field({ name: 'on', type: 'checkbox', label: t('waitlist.settings.on'), hint: t('waitlist.settings.on_hint') })],
          [
            field({ name: 'most', label: t('waitlist.settings.most'), hint: t('waitlist.settings.most_hint'), min: mostOffers.min, max: mostOffers.max, ...short }),
            field({ name: 'minutes', label: t('waitlist.settings.minutes'), hint: t('waitlist.settings.minutes_hint'), min: offerMinutes.min, max: offerMinutes.max, ...short }),
          ],
        ],
      },
    ],
    more: { href: at(ctx, '/waiting-list'), label: t('waitlist.desk.title') },
  })
} // prettier-ignore
