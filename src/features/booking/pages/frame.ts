// What every page of a clinic's public side shows: the clinic's head and foot, and times and places in a patient's words.
import { isolated } from '../../../kernel/names.ts'
import { parsePhone } from '../../../kernel/phone.ts'
import { dateAt, Temporal, type Instant } from '../../../kernel/time.ts'
import type { Clinic } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { PractitionerId } from '../../../kernel/ids.ts'
import { offerOf, type SlotWish } from '../../availability/actions.ts'
import type { DiarySettings, Location, Service } from '../../clinics/queries.ts'
import { initialsOf } from '../../clinics/rules.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { clinicPhone, headOf, homeOf } from '../rules/head.ts'

/** Where a page stands: whose it is, who reads it, and when. */
export type Scene = {
  clinic: Clinic
  settings: DiarySettings
  speaker: Speaker
  now: Instant
  /** Keeps the language the patient chose. */
  url: (path: string) => string
}

export { clinicPhone, headOf, homeOf }

export function whatsappOf({ clinic, settings }: Scene): string | undefined {
  const phone = parsePhone(settings.profile.whatsapp, clinic.country)
  return phone && `https://wa.me/${phone.slice(1)}`
}

/** The clinic's own map link, or a search for the address. */
export function mapOf(clinic: Clinic, place: Pick<Location, 'address' | 'mapUrl'>): string | undefined {
  if (place.mapUrl?.startsWith('https://')) return place.mapUrl
  if (place.address === '') return undefined
  const query = new URLSearchParams({ api: '1', query: `${clinic.name}, ${place.address}, ${clinic.city}` })
  return `https://www.google.com/maps/search/?${query.toString()}`
}

/** `Today, 4:30 pm`, `Tomorrow, 9:00 am`, `Thu 26 Nov, 9:00 am`. */
export function soonText({ clinic, speaker, now }: Scene, at: Instant): string {
  const days = dateAt(now, clinic.zone).until(dateAt(at, clinic.zone)).days
  const time = speaker.time(at)
  if (days === 0) return speaker.t('booking.when.today', { time })
  return days === 1 ? speaker.t('booking.when.tomorrow', { time }) : speaker.dateTime(at)
}

export function minutesText({ speaker }: Scene, minutes: number): string {
  return speaker.t('booking.minutes', { count: minutes })
}

export function priceText({ speaker }: Scene, service: { priceMinor: number | null; currency: string }) {
  if (service.priceMinor === null) return undefined
  if (service.priceMinor === 0) return speaker.t('booking.free')
  return speaker.money({ minor: service.priceMinor, currency: service.currency })
}

/** What a service takes and costs: with this doctor, else with whoever gives it, from the least. */
export function lengthAndPrice(scene: Scene, service: Service, practitionerId: PractitionerId | 'any'): string[] {
  const all = givenByAll(scene, service, practitionerId)
  const lengths = all.map(({ durationMin }) => durationMin)
  const [from, to] = [Math.min(...lengths), Math.max(...lengths)]
  const minutes =
    from === to
      ? minutesText(scene, from)
      : scene.speaker.t('booking.minutes_range', { from: scene.speaker.number(from), to: scene.speaker.number(to) })
  const price = priceRange(scene, all)
  return [minutes, ...(price === undefined ? [] : [price])]
}

function givenByAll({ settings }: Scene, service: Service, practitionerId: PractitionerId | 'any'): Service[] {
  const doctors = offerOf(settings, 'patient', service.id, practitionerId)?.practitionerIds ?? []
  return doctors.length === 0 ? [service] : doctors.map((id) => givenBy(settings, service, id))
}

function priceRange(scene: Scene, all: readonly Service[]): string | undefined {
  const prices = all.flatMap(({ priceMinor }) => (priceMinor === null ? [] : [priceMinor]))
  const [one] = all
  if (!one || prices.length === 0) return undefined
  const least = { priceMinor: Math.min(...prices), currency: one.currency }
  const price = priceText(scene, least)
  return prices.every((minor) => minor === least.priceMinor) ? price : scene.speaker.t('booking.price_from', { price })
}

/** What has to be known of a service before it is booked: who it is for, and what a follow-up costs and when. */
export function serviceNotes(scene: Scene, service: Service, practitionerId: PractitionerId | 'any' = 'any'): string[] {
  const { t } = scene.speaker
  const notes = service.newOnly ? [t('booking.service.new_only')] : []
  const { followUpDays: days, followUpPriceMinor } = service
  if (service.visitType !== 'follow_up' || days === null || followUpPriceMinor === null) return notes
  const doctor = scene.settings.practitioners.find(({ id }) => id === practitionerId)?.name
  const price = priceText(scene, { ...service, priceMinor: followUpPriceMinor })
  const kind = followUpPriceMinor === 0 ? 'free' : 'price'
  return [
    ...notes,
    doctor === undefined
      ? t(`booking.service.follow_up_${kind}`, { count: days, price })
      : t(`booking.service.follow_up_${kind}_with`, { count: days, price, doctor: isolated(doctor) }),
  ]
}

export const initials = initialsOf

/** A time as every later page repeats it: what, with whom, when and where. */
export function summaryOf(scene: Scene, wish: SlotWish) {
  const { settings, speaker } = scene
  const found = settings.services.find(({ id }) => id === wish.serviceId)
  const service = found && givenBy(settings, found, wish.practitionerId)
  const doctor = settings.practitioners.find(({ id }) => id === wish.practitionerId)
  const place = settings.locations.find(({ id }) => id === wish.locationId)
  return {
    ...leafOf(scene, wish.startsAt),
    longTime: speaker.longDateTime(wish.startsAt),
    service: service?.name ?? '',
    minutes: service && minutesText(scene, service.durationMin),
    price: service && priceText(scene, service),
    notes: service ? serviceNotes(scene, service, wish.practitionerId) : [],
    doctor: doctor?.name ?? '',
    place: place && { name: place.name, address: place.address },
  }
}

/** The leaf of a calendar: weekday, day and month, and the time beside it. */
export function leafOf({ clinic, speaker }: Pick<Scene, 'clinic' | 'speaker'>, at: Instant) {
  const date = dateAt(at, clinic.zone)
  return {
    weekday: speaker.weekday(date),
    day: speaker.dayOfMonth(date),
    month: speaker.monthName(date),
    date: speaker.longDate(date),
    time: speaker.time(at),
  }
}

export const instantOf = (epochMs: number): Instant => Temporal.Instant.fromEpochMilliseconds(epochMs)
