// The waiting list as patients see it: the form, the code, their place on it, and an offer they have.
import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { callingCode, phoneText, type Phone } from '../../../kernel/phone.ts'
import { dateAt, isBefore, type PlainDate } from '../../../kernel/time.ts'
import { view, type View } from '../../../platform/web/views.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { offerOf } from '../../availability/actions.ts'
import { currentWordingKey } from '../../consents/rules.ts'
import type { Entry } from '../../waitlist/queries/entries.ts'
import type { Offer } from '../../waitlist/queries/offers.ts'
import { longestWaitDays, partsOfDay, type FreeSlot, type WaitingWish } from '../../waitlist/rules.ts'
import { queryText } from '../rules/wish.ts'
import { clinicPhone, headOf, homeOf, leafOf, priceText, type Scene } from './frame.ts'
import { buttonOf } from './times.ts'

/** What the form is about, and where it goes. */
export type WaitingAsk = {
  action: string
  back: { href: string; label: string }
  /** Of the visit something sooner is looked for, with no name or number to type. */
  sooner: Appointment | undefined
}

const usualDays = 14

/** What stands in a form nobody has typed in: from today, for two weeks, whichever day and time. */
export function freshWish(
  scene: Scene,
  asked: {
    service?: string | undefined
    practitioner?: string | undefined
    location?: string | undefined
    date?: PlainDate | undefined
  },
): Record<string, string> {
  const today = dateAt(scene.now, scene.clinic.zone)
  const from = asked.date ?? today
  return {
    ...(asked.service === undefined ? {} : { service: asked.service }),
    ...(asked.location === undefined ? {} : { location: asked.location }),
    ...(asked.practitioner === undefined ? {} : { practitioners: asked.practitioner }),
    from: from.toString(),
    until: (asked.date ?? today.add({ days: usualDays })).toString(),
  }
}

export function waitingPage(
  scene: Scene,
  ask: WaitingAsk,
  form: Form = emptyForm,
  free: readonly FreeSlot[] = [],
): View {
  const { clinic, speaker, settings, url } = scene
  const { t } = speaker
  const values = form.values
  const field = (more: { name: string; label: string } & Record<string, unknown>) => ({
    value: values[more.name] ?? '',
    error: form.errors[more.name],
    ...more,
  })
  const list = (name: string) => (values[name] ?? '').split(',').filter(Boolean)
  const today = dateAt(scene.now, clinic.zone)
  const last = ask.sooner ? dateAt(ask.sooner.startsAt, clinic.zone) : today.add({ days: longestWaitDays })
  return view('booking/waiting', {
    title: t(ask.sooner ? 'waitlist.sooner.title' : 'waitlist.join.title'),
    lead: ask.sooner
      ? t('waitlist.sooner.lead', { when: speaker.longDateTime(ask.sooner.startsAt) })
      : t('waitlist.join.lead', { clinic: clinic.name }),
    clinic: headOf(scene),
    back: ask.back,
    form,
    scripts: ['/js/error-summary.js'],
    action: ask.action,
    who: ask.sooner === undefined,
    free: free.length === 0 ? undefined : freeOf(scene, ask, free),
    what: [...(ask.sooner ? [] : [serviceField()]), ...doctorFields(), ...placeFields()],
    when: [
      field({
        name: 'weekdays',
        label: t('waitlist.field.weekdays'),
        hint: t('waitlist.field.any_hint'),
        type: 'checkboxes',
        value: list('weekdays'),
        options: [1, 2, 3, 4, 5, 6, 7].map((day) => ({
          value: String(day),
          label: speaker.weekday(today.add({ days: (day - today.dayOfWeek + 7) % 7 })),
        })),
      }),
      field({
        name: 'parts',
        label: t('waitlist.field.parts'),
        type: 'checkboxes',
        value: list('parts'),
        options: partsOfDay.map((part) => ({ value: part, label: t(`waitlist.part.${part}`) })),
      }),
    ],
    dates: (['from', 'until'] as const).map((name) =>
      field({ name, label: t(`waitlist.field.${name}`), type: 'date', min: today.toString(), max: last.toString() }),
    ),
    person: [
      field({ name: 'name', label: t('booking.details.name'), autocomplete: 'name', maxlength: 80 }),
      field({
        name: 'phone',
        label: t('booking.details.phone'),
        hint: t('booking.details.phone_hint', { code: `\u2066${callingCode(clinic.country)}\u2069` }),
        type: 'tel',
        autocomplete: 'tel',
      }),
    ],
    consent: field({
      name: 'consent',
      label: t(currentWordingKey('waiting'), { clinic: clinic.name }),
      hint: t('waitlist.join.consent_hint'),
      type: 'checkbox',
    }),
    phone: clinicPhone(scene),
  })

  function serviceField() {
    const services = settings.services.filter(({ id }) => offerOf(settings, 'patient', id, 'any'))
    return field({
      name: 'service',
      label: t('booking.times.service'),
      type: 'select',
      value: values.service ?? services[0]?.id ?? '',
      options: services.map(({ id, name }) => ({ value: id, label: name })),
    })
  }

  function doctorFields() {
    const serviceId = ask.sooner?.serviceId
    const doctors = settings.practitioners.filter(
      ({ id, active }) =>
        active &&
        settings.services.some(
          (service) => (serviceId ?? service.id) === service.id && offerOf(settings, 'patient', service.id, id),
        ),
    )
    if (doctors.length < 2) return []
    return [
      field({
        name: 'practitioners',
        label: t('waitlist.field.doctors'),
        hint: t('waitlist.field.any_doctor_hint'),
        type: 'checkboxes',
        value: list('practitioners'),
        options: doctors.map(({ id, name }) => ({ value: id, label: name })),
      }),
    ]
  }

  function placeFields() {
    const places = settings.locations.filter(({ active }) => active)
    if (places.length < 2) return []
    return [
      field({
        name: 'location',
        label: t('booking.times.location'),
        type: 'select',
        options: [
          { value: '', label: t('booking.times.any_location') },
          ...places.map(({ id, name }) => ({ value: id, label: name })),
        ],
      }),
    ]
  }

  function freeOf(at: Scene, { sooner }: WaitingAsk, slots: readonly FreeSlot[]) {
    const [first] = slots
    const buttons = slots.map(({ practitionerId, locationId, startsAt }) =>
      buttonOf(
        at,
        { practitionerId, locationId: undefined },
        { startsAt: startsAt.epochMilliseconds, practitionerId, locationId, lane: 1 },
      ),
    )
    return {
      action: sooner ? ask.action.replace(/\/sooner.*$/, '/move') : url(`/c/${clinic.slug}/holds`),
      serviceId: first?.serviceId ?? '',
      slots: buttons,
    }
  }
}

export function waitingCodePage(
  scene: Scene,
  draft: { path: string; backHref: string; number: Phone },
  form: Form = emptyForm,
  options: { wrong?: string; hopeless?: boolean } = {},
): View {
  const { t } = scene.speaker
  return view('booking/waiting-code', {
    title: t('booking.code.title'),
    clinic: headOf(scene),
    back: { href: draft.backHref, label: t('booking.code.change') },
    form,
    wrong: options.wrong,
    hopeless: options.hopeless === true,
    scripts: ['/js/error-summary.js'],
    action: draft.path,
    number: phoneText(draft.number),
    field: {
      name: 'code',
      label: t('booking.code.label'),
      hint: t('booking.code.hint'),
      inputmode: 'numeric',
      autocomplete: 'one-time-code',
      dir: 'ltr',
      css: 'input-code',
      value: form.values.code ?? '',
      error: form.errors.code,
    },
    phone: clinicPhone(scene),
  })
}

/** The number told us STOP: no code goes there, and no offer would. */
export function waitingOptedOutPage(scene: Scene, backHref: string, number: Phone, sender: string): View {
  const { t } = scene.speaker
  return view('booking/opted-out', {
    title: t('booking.opted_out.title'),
    clinic: headOf(scene),
    back: { href: backHref, label: t('booking.code.change') },
    number: phoneText(number),
    startHref: `https://wa.me/${sender.replace(/\D/g, '')}?text=START`,
    phone: clinicPhone(scene),
  })
}

/** Why nobody can be put on the list now, with a way on. */
export function waitingStopPage(
  scene: Scene,
  reason: 'off' | 'has_visit' | 'over' | 'not_offered' | 'restricted' | 'no_consent',
): View {
  const { t } = scene.speaker
  const known = reason === 'has_visit' ? 'has_visit' : 'closed'
  return view('booking/stop', {
    title: t(`waitlist.stop.${known}_title`),
    text: t(`waitlist.stop.${known}_text`),
    clinic: headOf(scene),
    phone: clinicPhone(scene),
    homeHref: homeOf(scene),
  })
}

export type WaitingNews = 'joined' | 'declined' | 'taken' | 'over' | 'left' | 'limit'
export const waitingNews = [
  'joined',
  'declined',
  'taken',
  'over',
  'left',
  'limit',
] as const satisfies readonly WaitingNews[]

/** Somebody's place on the list, and what is on offer to them. Looking changes nothing. */
export function placePage(
  scene: Scene,
  at: { entry: Entry; offer: Offer | undefined; token: string; visitHref: string | undefined },
  news: WaitingNews | undefined,
): View {
  const { speaker, url, clinic, settings, now } = scene
  const { t } = speaker
  const { entry, offer, token } = at
  const path = `/w/${token}`
  const open =
    offer?.state === 'open' && entry.state === 'waiting' && isBefore(now, offer.expiresAt) ? offer : undefined
  const service = settings.services.find(({ id }) => id === entry.wish.serviceId)
  return view('booking/place', {
    title: t('waitlist.place.title'),
    clinic: headOf(scene),
    // What is on offer comes first: that somebody is on the list goes without saying then.
    news: news && !(open && news === 'joined') ? newsOf(scene, entry, news) : undefined,
    state: t(`waitlist.state.${entry.state}`),
    waiting: entry.state === 'waiting',
    offer: open && {
      ...leafOf(scene, open.startsAt),
      doctor: open.practitionerName,
      service: open.serviceName,
      place: open.locationName,
      price: service && priceText(scene, service),
      text: t(entry.insteadOf === null ? 'waitlist.offer.text' : 'waitlist.offer.text_sooner'),
      until: t('waitlist.offer.until', { time: speaker.time(open.expiresAt) }),
      id: open.id,
      acceptAction: url(`${path}/acceptance`),
      declineAction: url(`${path}/refusal`),
    },
    facts: wishFacts(scene, entry.wish),
    visitHref: at.visitHref,
    leaveAction: entry.state === 'waiting' ? url(`${path}/removal`) : undefined,
    timesHref: homeOf(scene, `/times${queryText({ service: entry.wish.serviceId })}`),
    phone: clinicPhone(scene),
    clinicName: clinic.name,
  })
}

/** A wish in words, row by row. */
export function wishFacts(
  { speaker, settings, clinic, now }: Pick<Scene, 'speaker' | 'settings' | 'clinic' | 'now'>,
  wish: WaitingWish,
) {
  const { t } = speaker
  const today = dateAt(now, clinic.zone)
  const names = settings.practitioners.filter(({ id }) => wish.practitionerIds.includes(id)).map(({ name }) => name)
  const place = settings.locations.find(({ id }) => id === wish.locationId)
  const days = wish.weekdays.map((day) => speaker.weekday(today.add({ days: (day - today.dayOfWeek + 7) % 7 })))
  const parts = wish.parts.map((part) => t(`waitlist.part.${part}`))
  return [
    { label: t('booking.times.service'), text: settings.services.find(({ id }) => id === wish.serviceId)?.name ?? '' },
    { label: t('waitlist.field.doctors'), text: names.length === 0 ? t('waitlist.any_doctor') : speaker.list(names) },
    ...(place ? [{ label: t('booking.times.location'), text: place.name }] : []),
    {
      label: t('waitlist.field.days'),
      text: [
        days.length === 0 ? t('waitlist.any_day') : speaker.list(days),
        ...(parts.length === 0 ? [] : [speaker.list(parts)]),
      ].join(' · '),
    },
    {
      label: t('waitlist.field.dates'),
      text: t('waitlist.span', { from: speaker.longDate(wish.from), until: speaker.longDate(wish.until) }),
    },
  ]
}

/** Only what is so: an address can be typed by anybody. */
function newsOf({ speaker, clinic }: Scene, entry: Entry, news: WaitingNews) {
  const { t } = speaker
  if (news === 'joined' && entry.state !== 'waiting') return undefined
  if (news === 'left' && entry.state !== 'left') return undefined
  const good = news === 'joined' || news === 'left' || news === 'declined'
  return {
    kind: good ? 'success' : 'warning',
    icon: good ? 'circle-check' : 'info-circle',
    title: t(`waitlist.news.${news}`),
    text: t(`waitlist.news.${news}_text`, { clinic: clinic.name }),
  }
}
