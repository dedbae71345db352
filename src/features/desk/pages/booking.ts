import type { Form } from '../../../kernel/forms.ts'
import { emptyForm } from '../../../kernel/forms.ts'
import type { PatientId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import { allowed } from '../../../kernel/permissions.ts'
import { phoneText } from '../../../kernel/phone.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames, parseLanguage } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { answerFields, questionsOf } from '../../appointments/rules/answers.ts'
import { getSettings } from '../../availability/actions.ts'
import { findConsent } from '../../consents/queries.ts'
import { currentWordingKey } from '../../consents/rules.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { listPasts } from '../../attendance/queries.ts'
import { scoreOf } from '../../attendance/rules.ts'
import { searchPatients } from '../../patients/actions.ts'
import { usageOf } from '../../subscription/rules/usage.ts'
import { getPatient, type Patient } from '../../patients/queries.ts'
import { findUsualVisit, listVisitsAround, type UsualVisit } from '../queries.ts'
import { type SlotChoice } from '../rules.ts'
import type { BookingDraft, TimesQuestion } from '../schema.ts'
import { deskTerms } from './terms.ts'
import { nearestTo, timesOf, type Known } from './times.ts'
import { attendanceText, initialsOf, whenText } from './words.ts'

export type BookingState = {
  draft: BookingDraft
  form?: Form
  /** Somebody else has this time now. */
  lost?: SlotChoice
  /** The service was changed after these times were shown. */
  stale?: boolean
  /** Search for what was typed instead of showing it. */
  find?: boolean
  /** Where to go afterwards; without one, to the day of the visit. */
  back: string | undefined
}

/** One page to book for a caller: who, what, when. */
export async function bookingPage(ctx: Ctx, speaker: Speaker, state: BookingState): Promise<View> {
  const { draft, form = emptyForm, lost } = state
  const { t } = speaker
  const settings = await getSettings(ctx)
  const chosenPatient = draft.patientId ? await getPatient(ctx, draft.patientId) : undefined
  // Nothing new is booked for somebody whose data is restricted.
  const patient = chosenPatient?.restrictedAt === null ? chosenPatient : undefined
  const usual = patient ? await findUsualVisit(ctx, patient.id) : undefined
  const known = choose(settings, draft.times, usual)
  const consent = patient && (await findConsent(ctx, patient.id, 'appointment_messages'))
  const agreedAt = consent?.decision === 'permit' ? consent.decidedAt : undefined
  const values = { ...draft.values, ...form.values }
  return view('desk/new', {
    title: t('desk.book.title'),
    scripts: ['/js/error-summary.js', '/js/booking.js'],
    form: { ...form, values },
    back: state.back,
    cancelHref: state.back ?? `/app/${ctx.clinic.slug}/today`,
    // Only a page that asks for nothing else yet puts the keyboard into the search.
    fresh: draft.agreed === undefined && !lost,
    ready: known !== undefined,
    maySetUp: ctx.actor.kind === 'user' && ctx.actor.role === 'owner',
    settingsHref: `/app/${ctx.clinic.slug}/settings`,
    action: `/app/${ctx.clinic.slug}/appointments/new`,
    patient: patient && { ...chosen(ctx, speaker, patient, draft, state.back), missed: await missedBy(ctx, speaker, patient) },
    people: state.find ? await peopleOf(ctx, speaker, values.q ?? '', draft.times, state.back) : undefined,
    newOpen: form.errors.name !== undefined || form.errors.phone !== undefined || Boolean(values.name ?? values.phone),
    options: known && optionsOf(ctx, speaker, settings, known),
    language: draft.language ?? patient?.language ?? parseLanguage(ctx.clinic.language) ?? 'en',
    languages: Object.entries(languageNames).map(([value, label]) => ({ value, label })),
    agreedLabel: t(currentWordingKey('desk'), { clinic: ctx.clinic.name }),
    agreed: draft.agreed ?? agreedAt !== undefined,
    agreedHint: agreedAt && t('desk.book.agreed_before', { date: speaker.date(agreedAt) }),
    times: known && (await timesOf(ctx, speaker, known, draft.times)),
    asks: known && { service: known.serviceId, fields: answerFields(t, questionsOf(settings, known.serviceId), { ...form, values }) },
    terms: known && (await deskTerms(ctx, speaker, settings, known, patient)),
    stale: state.stale === true,
    lost: lost && {
      when: speaker.longDateTime(lost.startsAt),
      nearest: await nearestTo(ctx, speaker, lost, known?.practitionerId === 'any'),
    },
    overbookOpen: values.overbook !== undefined || form.errors.reason !== undefined || form.errors.time !== undefined || form.errors.practitioner !== undefined,
  }) // prettier-ignore
}

/** The month's bookings are used up: what that means, until when, and who can do something about it. */
export function fullPage(ctx: Ctx, speaker: Speaker, back: string | undefined): View {
  const { clinic, now, actor } = ctx
  const owner = actor.kind === 'user' && allowed(actor.role, 'clinic.subscription')
  const { limit } = usageOf(clinic, 'bookings', now)
  const nextMonth = dateAt(now, clinic.zone).with({ day: 1 }).add({ months: 1 })
  return view('subscription/limit', {
    title: speaker.t('subscription.limit.bookings_title'),
    icon: 'calendar-off',
    text: speaker.t(`subscription.limit.bookings_${owner ? 'owner' : 'staff'}`, {
      limit: speaker.number(limit ?? 0),
      date: speaker.date(nextMonth),
    }),
    upgradeHref: owner ? `/app/${clinic.slug}/settings/subscription` : undefined,
    back: { href: back ?? `/app/${clinic.slug}/today`, label: speaker.t('subscription.closed.back') },
  })
}

/** What was asked for where the clinic has it, else what this person came for last, else the first there is. */
function choose(settings: DiarySettings, asked: TimesQuestion, usual: UsualVisit | undefined): Known | undefined {
  const offered = (serviceId: ServiceId) =>
    settings.services.some(({ id, active }) => id === serviceId && active) &&
    settings.offers.some((offer) => offer.serviceId === serviceId)
  const works = (id: PractitionerId, serviceId: ServiceId) =>
    settings.practitioners.some((one) => one.id === id && one.active) &&
    settings.offers.some((offer) => offer.serviceId === serviceId && offer.practitionerId === id)
  const candidates = [asked.serviceId, usual?.serviceId, ...settings.services.map(({ id }) => id)]
  const serviceId = candidates.find((id) => id !== undefined && offered(id))
  if (serviceId === undefined) return undefined
  const wanted = asked.practitionerId ?? usual?.practitionerId ?? 'any'
  const practitionerId = wanted === 'any' || !works(wanted, serviceId) ? 'any' : wanted
  const locationId = settings.locations.find(({ id, active }) => id === asked.locationId && active)?.id
  return { serviceId, practitionerId, locationId }
}

function optionsOf(ctx: Ctx, speaker: Speaker, settings: DiarySettings, known: Known) {
  const { t } = speaker
  const places = settings.locations.filter(({ active }) => active)
  return {
    service: known.serviceId,
    practitioner: known.practitionerId,
    location: known.locationId ?? '',
    services: settings.services
      .filter(({ id, active }) => active && settings.offers.some(({ serviceId }) => serviceId === id))
      .map((service) =>
        known.practitionerId === 'any' ? service : givenBy(settings, service, known.practitionerId),
      )
      .map(({ id, name, durationMin, priceMinor, currency }) => ({
        value: id,
        label: [
          isolated(name),
          t('desk.book.minutes', { minutes: durationMin }),
          ...(priceMinor === null ? [] : [isolated(speaker.money({ minor: priceMinor, currency }))]),
        ].join(' · '),
      })),
    practitioners: [
      { value: 'any', label: t('desk.book.any_doctor') },
      ...settings.practitioners
        .filter(({ id, active }) => active && gives(settings, id, known.serviceId))
        .map(({ id, name }) => ({ value: id, label: name })),
    ],
    locations:
      places.length < 2
        ? []
        : [{ value: '', label: t('desk.book.any_place') }, ...places.map(({ id, name }) => ({ value: id, label: name }))],
  } // prettier-ignore
}

const gives = (settings: DiarySettings, practitionerId: PractitionerId, serviceId: ServiceId) =>
  settings.offers.some((offer) => offer.practitionerId === practitionerId && offer.serviceId === serviceId)

async function missedBy(ctx: Ctx, speaker: Speaker, { id }: Patient): Promise<string | undefined> {
  return attendanceText(speaker, scoreOf((await listPasts(ctx, [id], ctx.now)).get(id)?.misses ?? [], ctx.now))
}

function chosen(ctx: Ctx, speaker: Speaker, patient: Patient, draft: BookingDraft, back: string | undefined) {
  return {
    id: patient.id,
    name: patient.name,
    initials: initialsOf(patient.name),
    phone: phoneText(patient.phone),
    language: languageNames[patient.language],
    changeHref: newHref(ctx, { times: draft.times, back }),
  }
}

/** An address of the booking page that keeps what was chosen about times; what was typed about people stays out of it. */
export function newHref(
  ctx: Ctx,
  keep: { patientId?: PatientId; times: TimesQuestion; back: string | undefined },
): string {
  const { serviceId, practitionerId, locationId, date, time } = keep.times
  const query = new URLSearchParams()
  if (keep.patientId) query.set('patient', keep.patientId)
  if (serviceId) query.set('service', serviceId)
  if (practitionerId) query.set('practitioner', practitionerId)
  if (locationId) query.set('location', locationId)
  if (date) query.set('date', date.toString())
  if (time) query.set('time', time.toString({ smallestUnit: 'minute' }))
  if (keep.back) query.set('back', keep.back)
  return `/app/${ctx.clinic.slug}/appointments/new?${query.toString()}`
}

/** The people a caller may be, each a link that chooses them. */
async function peopleOf(ctx: Ctx, speaker: Speaker, typed: string, times: TimesQuestion, back: string | undefined) {
  const people = await searchPatients(ctx, typed, 8)
  const around = await listVisitsAround(
    ctx,
    people.map(({ id }) => id),
    undefined,
  )
  return people.map((patient) => {
    const { nextAt = null, lastAt = null } = around.get(patient.id) ?? {}
    const note = nextAt
      ? speaker.t('desk.people.next', { when: whenText(ctx, speaker, nextAt) })
      : lastAt && speaker.t('desk.people.last', { when: speaker.date(lastAt) })
    return {
      href: newHref(ctx, { patientId: patient.id, times, back }),
      name: patient.name,
      initials: initialsOf(patient.name),
      phone: phoneText(patient.phone),
      note: note ?? undefined,
    }
  })
}

/** The same people alone, for the page's script. */
export async function peoplePage(
  ctx: Ctx,
  speaker: Speaker,
  typed: string,
  times: TimesQuestion,
  back: string | undefined,
): Promise<View> {
  const people = await peopleOf(ctx, speaker, typed, times, back)
  return view('desk/_people', { title: speaker.t('desk.book.title'), people })
}
