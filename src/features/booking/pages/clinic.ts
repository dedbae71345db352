import { dateAt, dayBounds, earlier, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listNextFree } from '../../availability/actions.ts'
import type { Location, Service } from '../../clinics/queries.ts'
import { isFound } from '../../clinics/rules.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { groupedDays, weekOrder } from '../../clinics/rules/hours.ts'
import { announced } from './announced.ts'
import { merged, openingAt, shiftsOnDate } from '../rules/opening.ts'
import {
  clinicPhone,
  headOf,
  homeOf,
  initials,
  instantOf,
  mapOf,
  lengthAndPrice,
  priceText,
  serviceNotes,
  soonText,
  whatsappOf,
  type Scene,
} from './frame.ts'

/** How far ahead anything can be booked. */
const farthest = ({ profile, services }: Scene['settings']) =>
  Math.max(profile.horizonDays, ...services.map(({ horizonDays }) => horizonDays ?? 0))

/** How far ahead a doctor's next free time is looked for. */
const lookAhead = 30

/** The first page: what the clinic is, who works there, when they are free. Stands until `validUntil`. */
export async function clinicPage(
  ctx: Ctx,
  scene: Scene,
  baseUrl: string,
): Promise<{ view: View; validUntil: Instant | undefined }> {
  const { clinic, settings, speaker, now } = scene
  const { t } = speaker
  const next = await listNextFree(ctx, Math.min(lookAhead, farthest(settings) + 1))
  const opening = openingAt(settings, clinic.zone, now)
  const today = dateAt(now, clinic.zone)
  const specialty = t(`clinics.specialty.${clinic.specialty}`)
  const services = settings.services.filter(
    ({ id, active, online }) => active && online && settings.offers.some(({ serviceId }) => serviceId === id),
  )
  const page = view('booking/clinic', {
    title: clinic.name,
    index: isFound(clinic),
    description: t('booking.clinic.description', { specialty, city: clinic.city }),
    preview: {
      title: clinic.name,
      description: t('booking.clinic.description', { specialty, city: clinic.city }),
      url: baseUrl + homeOf(scene),
      image: `${baseUrl}/img/card.png`,
    },
    clinic: headOf(scene),
    specialty,
    city: clinic.city,
    opening: openingText(scene, opening),
    about: settings.profile.about,
    languages: settings.profile.languages.map((code) => t(`clinics.spoken.${code}`)),
    timesHref: homeOf(scene, '/times'),
    phone: clinicPhone(scene),
    whatsappHref: whatsappOf(scene),
    doctors: next.doctors.map(({ practitionerId, serviceId, slot }) => {
      const doctor = settings.practitioners.find(({ id }) => id === practitionerId)
      const service = settings.services.find(({ id }) => id === serviceId)
      const name = doctor?.name ?? ''
      return {
        name,
        title: doctor?.title ?? undefined,
        initials: initials(name),
        price: service && priceText(scene, givenBy(settings, service, practitionerId)),
        next: slot ? soonText(scene, instantOf(slot.startsAt)) : undefined,
        href: homeOf(scene, `/times?practitioner=${practitionerId}`),
      }
    }),
    services: services.map((service) => ({
      name: service.name,
      ...meta(scene, service),
      href: homeOf(scene, `/times?service=${service.id}`),
    })),
    places: placesOf(scene),
    hours: hoursOf(scene),
    // The hours are those of the week to come; what is other than usual a little later is good to know too.
    announced: announced(scene, today, today.add({ days: 13 })),
  })
  // `Today` and `Tomorrow` are words that midnight changes.
  const midnight = dayBounds(dateAt(now, clinic.zone), clinic.zone).to
  const validUntil = [next.validUntil, opening.changesAt].reduce<Instant>(
    (soonest, one) => (one ? earlier(soonest, one) : soonest),
    midnight,
  )
  return { view: page, validUntil }
}

function meta(scene: Scene, service: Service) {
  const [minutes, price] = lengthAndPrice(scene, service, 'any')
  return { minutes, price, notes: serviceNotes(scene, service) }
}

/** Where booking is not to be had: the clinic is setting up, its month is full, it has lapsed, or is being closed. */
export function closedPage(scene: Scene, why: 'full' | 'closed' = 'closed'): View {
  const { clinic, settings, speaker } = scene
  const reachable = clinicPhone(scene) !== undefined || whatsappOf(scene) !== undefined
  return view('booking/closed', {
    title: clinic.name,
    clinic: headOf(scene),
    specialty: speaker.t(`clinics.specialty.${clinic.specialty}`),
    city: clinic.city,
    heading: speaker.t(why === 'full' ? 'booking.closed.full_title' : 'booking.closed.title'),
    text: speaker.t(reachable ? 'booking.closed.call' : 'booking.closed.later'),
    phone: clinicPhone(scene),
    whatsappHref: whatsappOf(scene),
    places: placesOf(scene),
    about: settings.profile.about,
  })
}

function placesOf({ clinic, settings }: Scene) {
  return settings.locations
    .filter(({ active }) => active)
    .map((place: Location) => ({ name: place.name, address: place.address, mapHref: mapOf(clinic, place) }))
}

function openingText(scene: Scene, { open, changesAt }: { open: boolean; changesAt: Instant | undefined }) {
  const { speaker, clinic, now } = scene
  if (!changesAt) return open ? { open, text: speaker.t('booking.clinic.open') } : undefined
  const sameDay = dateAt(changesAt, clinic.zone).equals(dateAt(now, clinic.zone))
  if (open) {
    const nightLong = changesAt.epochMilliseconds - now.epochMilliseconds < 12 * 3_600_000
    const time = speaker.time(changesAt)
    return {
      open,
      text: sameDay || nightLong ? speaker.t('booking.clinic.open_until', { time }) : speaker.t('booking.clinic.open'),
    }
  }
  return { open, text: speaker.t('booking.clinic.opens', { when: soonText(scene, changesAt) }) }
}

/** The week as it holds today, all doctors together; days with the same hours side by side. */
function hoursOf({ clinic, settings, speaker, now }: Scene) {
  const today = dateAt(now, clinic.zone)
  const spans = [0, 1, 2, 3, 4, 5, 6].flatMap((days) => {
    const date = today.add({ days })
    const work = shiftsOnDate(settings, date).map(({ startsMin, endsMin }) => ({ from: startsMin, to: endsMin }))
    return merged(work).map(({ from, to }) => ({ weekday: date.dayOfWeek, startsMin: from, endsMin: to }))
  })
  const dayName = (weekday: number) => speaker.longWeekday(today.add({ days: (weekday - today.dayOfWeek + 7) % 7 }))
  return groupedDays(spans, weekOrder(clinic.country)).map(({ days, spans }) => {
    const [first = 1] = days
    const last = days.at(-1) ?? first
    return {
      days:
        days.length > 2
          ? speaker.t('booking.clinic.days', { from: dayName(first), to: dayName(last) })
          : speaker.list(days.map(dayName)),
      times: spans.map(({ startsMin, endsMin }) =>
        speaker.t('booking.clinic.span', {
          from: speaker.clockTime(startsMin),
          to: speaker.clockTime(endsMin % 1440),
        }),
      ),
    }
  })
}
