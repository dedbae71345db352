import type { LocationId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import { dateAt, Temporal, type PlainDate } from '../../../kernel/time.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { offerOf } from '../../availability/actions.ts'
import type { FreeSlots, Slot } from '../../availability/rules.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { bookingWindow } from '../../clinics/rules/services.ts'
import { distinctTimes, partsOfDay, stripDays, stripStart, whyNone } from '../rules/days.ts'
import { hoursInUse } from '../rules/opening.ts'
import { queryText, slotText } from '../rules/wish.ts'
import { announced } from './announced.ts'
import { clinicPhone, headOf, homeOf, instantOf, lengthAndPrice, serviceNotes, soonText, type Scene } from './frame.ts'

/** What the page of times is about, whoever's wish it came from: filled in where nothing was chosen. */
export type Choice = {
  serviceId: ServiceId
  practitionerId: PractitionerId | 'any'
  locationId: LocationId | undefined
  /** The doctor asked for does not give the service asked for: shown for whoever does. */
  otherDoctor: boolean
}

type Asked = {
  serviceId: ServiceId | undefined
  practitionerId: PractitionerId | undefined
  locationId: LocationId | undefined
}

/** Fills in what was not chosen: the first service on the list, or the first that the chosen doctor gives. */
export function choiceOf(settings: DiarySettings, asked: Asked): Choice | undefined {
  const offered = settings.services.filter(({ id }) => offerOf(settings, 'patient', id, 'any'))
  const known = offered.find(({ id }) => id === asked.serviceId)
  const { practitionerId } = asked
  const own =
    practitionerId === undefined
      ? undefined
      : offered.find(({ id }) => offerOf(settings, 'patient', id, practitionerId) && (!known || id === known.id))
  const service = known ?? own ?? offered[0]
  if (!service) return undefined
  const places = settings.locations.filter(({ active }) => active)
  return {
    serviceId: service.id,
    practitionerId: own && practitionerId ? practitionerId : 'any',
    locationId: places.find(({ id }) => id === asked.locationId)?.id,
    otherDoctor: practitionerId !== undefined && !own,
  }
}

/** How far ahead patients may book this service. */
export const horizonOf = (settings: DiarySettings, serviceId: ServiceId): number =>
  windowOf(settings, serviceId).horizonDays

const windowOf = (settings: DiarySettings, serviceId: ServiceId) =>
  bookingWindow(
    settings.profile,
    settings.services.find(({ id }) => id === serviceId),
  )

export type Shown = {
  choice: Choice
  /** The seven days of the strip. */
  strip: { from: PlainDate; free: FreeSlots['days'] }
  selected: PlainDate | undefined
  /** When the strip has nothing: the first day after it that has. */
  nextFree: PlainDate | undefined
}

/** What differs when a visit is moved rather than made. `version` is the visit's own: it is moved as it was seen. */
export type Moving = { path: string; action: string; version: number; back: { href: string }; lead: string }

/** What WhatsApp shows of a link to a doctor's, or a service's, times. */
function previewOf(scene: Scene, { practitionerId, serviceId }: Choice, baseUrl: string | undefined) {
  const { clinic, settings, speaker } = scene
  const doctor = settings.practitioners.find(({ id }) => id === practitionerId)
  const service = settings.services.find(({ id }) => id === serviceId)
  if (baseUrl === undefined) return undefined
  const specialty = speaker.t(`clinics.specialty.${clinic.specialty}`)
  return {
    title: `${doctor?.name ?? service?.name ?? speaker.t('booking.times.title')} · ${clinic.name}`,
    description: speaker.t('booking.clinic.description', { specialty, city: clinic.city }),
    url: baseUrl + homeOf(scene, doctor ? `/times?practitioner=${doctor.id}` : `/times?service=${serviceId}`),
    image: `${baseUrl}/img/card.png`,
  }
}

export function timesPage(
  scene: Scene,
  { choice, strip, selected, nextFree }: Shown,
  options: { moving?: Moving; wrong?: string; unchosen?: boolean; baseUrl?: string } = {},
): View {
  const { clinic, settings, speaker, now, url } = scene
  const { t } = speaker
  const { moving } = options
  const path = moving?.path ?? `/c/${clinic.slug}/times`
  const today = dateAt(now, clinic.zone)
  const bounds = windowOf(settings, choice.serviceId)
  const last = today.add({ days: bounds.horizonDays })
  const chosen = {
    service: moving ? undefined : choice.serviceId,
    practitioner: choice.practitionerId === 'any' ? (moving ? 'any' : undefined) : choice.practitionerId,
    location: choice.locationId,
  }
  const link = (more: Record<string, string>) => url(path + queryText({ ...chosen, ...more }))
  const practitionerIds = practitionersOf(settings, choice)
  const next = strip.from.add({ days: stripDays })
  const hours = hoursInUse(settings, strip.from, next)
  const slots = strip.free.find(({ date }) => selected?.equals(date))?.slots ?? []
  return view('booking/times', {
    title: t(moving ? 'booking.move.title' : 'booking.times.title'),
    lead: moving?.lead,
    preview: moving ? undefined : previewOf(scene, choice, options.baseUrl),
    clinic: headOf(scene),
    back: moving?.back ?? { href: homeOf(scene), label: t('booking.times.back') },
    form: { values: {}, errors: options.wrong === undefined ? {} : { form: options.wrong } },
    scripts: ['/js/error-summary.js', '/js/clinic-zone.js'],
    zone: clinic.zone,
    city: clinic.city,
    notes: moving ? [] : notesOf(scene, choice),
    chooser: { ...chooserOf(scene, choice, path, moving !== undefined), open: options.unchosen === true },
    otherDoctor: choice.otherDoctor,
    days: strip.free.map(({ date, slots }) => {
      const count = distinctTimes(slots).length
      return {
        name: date.equals(today) ? t('booking.when.today_short') : speaker.weekday(date),
        num: speaker.dayOfMonth(date),
        label: speaker.longDate(date),
        href: count === 0 ? undefined : link({ date: date.toString() }),
        current: selected?.equals(date) === true,
        note: count === 0 ? t(`booking.times.${noneKey()}`) : t('booking.times.count', { count }),
      }
      function noneKey() {
        const why = whyNone({
          date,
          zone: clinic.zone,
          now,
          ...bounds,
          practitionerIds,
          locationId: choice.locationId,
          ...hours,
          closures: settings.closures,
        })
        return why === 'away' && choice.practitionerId === 'any' ? 'closed' : why
      }
    }),
    months: monthsText(scene, strip.from),
    announced: announced(scene, strip.from, next.subtract({ days: 1 }), practitionerIds),
    previousHref:
      Temporal.PlainDate.compare(strip.from, today) > 0
        ? link({ from: stripStart(today, strip.from.subtract({ days: stripDays })).toString() })
        : undefined,
    nextHref: Temporal.PlainDate.compare(next, last) <= 0 ? link({ from: next.toString() }) : undefined,
    selected: selected && {
      title: speaker.longDate(selected),
      parts: partsOfDay(distinctTimes(slots), clinic.zone).map(({ part, slots }) => ({
        title: t(`booking.times.${part}`),
        slots: slots.map((slot) => buttonOf(scene, choice, slot)),
      })),
    },
    action: url(moving?.action ?? `/c/${clinic.slug}/holds`),
    serviceId: choice.serviceId,
    version: moving?.version,
    nextFree: nextFree && {
      href: link({ date: nextFree.toString() }),
      label: t('booking.times.next_free', { date: speaker.longDate(nextFree) }),
    },
    waitingHref:
      moving || !settings.profile.waitlist ? undefined : url(`/c/${clinic.slug}/waiting-list` + queryText(chosen)),
    phone: clinicPhone(scene),
  })
}

export function practitionersOf(settings: DiarySettings, choice: Pick<Choice, 'serviceId' | 'practitionerId'>) {
  return offerOf(settings, 'patient', choice.serviceId, choice.practitionerId)?.practitionerIds ?? []
}

function notesOf(scene: Scene, { serviceId, practitionerId }: Choice): string[] {
  const service = scene.settings.services.find(({ id }) => id === serviceId)
  return service ? serviceNotes(scene, service, practitionerId) : []
}

/** A time as a button: what it says, what it sends, and the whole of it for those who hear it out of context. */
export function buttonOf(scene: Scene, choice: Pick<Choice, 'practitionerId' | 'locationId'>, slot: Slot) {
  const { settings, speaker } = scene
  const at = instantOf(slot.startsAt)
  const severalPlaces = settings.locations.filter(({ active }) => active).length > 1
  const place = severalPlaces ? settings.locations.find(({ id }) => id === slot.locationId)?.name : undefined
  const any = choice.practitionerId === 'any'
  const doctor = settings.practitioners.find(({ id }) => id === slot.practitionerId)?.name ?? ''
  return {
    value: slotText({ ...slot, practitionerId: any ? 'any' : slot.practitionerId }),
    time: speaker.time(at),
    place: choice.locationId === undefined ? place : undefined,
    label: speaker.list([
      speaker.longDateTime(at),
      any ? speaker.t('booking.times.any') : doctor,
      ...(place ? [place] : []),
    ]),
    when: soonText(scene, at),
    doctor: any ? undefined : doctor,
  }
}

function monthsText({ speaker }: Scene, from: PlainDate): string {
  const to = from.add({ days: stripDays - 1 })
  const [first, second] = [speaker.month(from), speaker.month(to)]
  return first === second ? first : speaker.t('booking.times.months', { from: first, to: second })
}

function chooserOf(scene: Scene, choice: Choice, path: string, moving: boolean) {
  const { clinic, settings, speaker } = scene
  const { t } = speaker
  const services = settings.services.filter(({ id }) => offerOf(settings, 'patient', id, 'any'))
  const doctors = settings.practitioners.filter(
    ({ id, active }) =>
      active &&
      (moving ? [choice.serviceId] : services.map((service) => service.id)).some((serviceId) =>
        offerOf(settings, 'patient', serviceId, id),
      ),
  )
  const places = settings.locations.filter(({ active }) => active)
  const select = (name: string, label: string, value: string, options: { value: string; label: string }[]) => ({
    name,
    label,
    type: 'select',
    value,
    options,
  })
  const fields = [
    ...(places.length > 1
      ? [
          select('location', t('booking.times.location'), choice.locationId ?? '', [
            { value: '', label: t('booking.times.any_location') },
            ...places.map(({ id, name }) => ({ value: id, label: isolated(name) })),
          ]),
        ]
      : []),
    ...(moving
      ? []
      : [
          select(
            'service',
            t('booking.times.service'),
            choice.serviceId,
            services.map((service) => ({
              value: service.id,
              label: [isolated(service.name), ...lengthAndPrice(scene, service, choice.practitionerId)].join(' · '),
            })),
          ),
        ]),
    ...(doctors.length > 1
      ? [
          select('practitioner', t('booking.times.doctor'), choice.practitionerId, [
            { value: 'any', label: t('booking.times.first_available') },
            ...doctors.map(({ id, name }) => ({ value: id, label: isolated(name) })),
          ]),
        ]
      : []),
  ]
  // What for, first; then with whom and where.
  const told = ['service', 'practitioner', 'location'].flatMap(
    (name) => fields.find((field) => field.name === name) ?? [],
  )
  const chosen = told.flatMap(({ options, value }) => {
    const label = options.find((option) => option.value === value)?.label
    return label === undefined ? [] : [label]
  })
  return {
    // A form by GET drops what its address holds, so the language goes with it as a field.
    action: path,
    lang: speaker.lang === clinic.language && !moving ? undefined : speaker.lang,
    fields: fields.filter(({ options }) => options.length > 1),
    chosen,
  }
}
