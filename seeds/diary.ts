// Fills a clinic's diary day by day: a past with its no-shows, a full today that is in the middle of happening, and a
// fortnight that is half full. Deterministic: what a day holds depends on the clinic and the date alone.
import { Temporal, type Instant, type PlainDate } from '../src/kernel/time.ts'
import { chance, type Chance } from './chance.ts'
import type { SeedClinic } from './clinics.ts'

export type SeedVisit = {
  practitioner: number
  location: number
  service: number
  startsAt: Instant
  endsAt: Instant
  occupiedTo: Instant
  lane: number
  capacity: number
  patient: number
  status: 'booked' | 'arrived' | 'in_room' | 'fulfilled' | 'cancelled' | 'noshow'
  source: 'online' | 'desk'
  confirmed: boolean
}

/** How many people a clinic knows. */
export const patientsPerClinic = 420

/** Some people often don't come, and never say that they will: there is somebody to call. */
const forgetful = (patient: number): boolean => patient % 14 === 5

/** The visits of one day. `now` decides what has happened by then; `fill` in [0, 1] how full the day is. */
export function visitsOf(clinic: SeedClinic, date: PlainDate, now: Instant, fill: number): SeedVisit[] {
  const visits: SeedVisit[] = []
  const taken = new Set<number>()
  clinic.practitioners.forEach((practitioner, index) => {
    const dice = chance(`${clinic.slug} ${date.toString()} ${index}`)
    let inRoom = 0
    let waiting = 0
    for (const shift of practitioner.shifts.filter(({ days }) => days.includes(date.dayOfWeek))) {
      let at = instantOf(date, shift.from, clinic.zone)
      const end = instantOf(date, shift.to, clinic.zone)
      while (at.epochMilliseconds < end.epochMilliseconds) {
        const service = pickService(clinic, practitioner.services, dice)
        const { minutes, after = 0, capacity = 1 } = serviceOf(clinic, service)
        const endsAt = at.add({ minutes })
        if (endsAt.epochMilliseconds > end.epochMilliseconds) break
        if (dice.next() >= fill) {
          at = at.add({ minutes: clinic.stepMin * (1 + dice.upTo(2)) })
          continue
        }
        const people = capacity === 1 ? 1 : 2 + dice.upTo(capacity - 2)
        for (let lane = 1; lane <= people; lane++) {
          const patient = somebody(dice, taken)
          const status = statusAt(at, endsAt, now, dice, { inRoom, waiting, missed: forgetful(patient) ? 0.6 : 0.09 })
          if (status === 'in_room') inRoom++
          if (status === 'arrived') waiting++
          const source = dice.next() < 0.6 ? 'online' : 'desk'
          const place = { practitioner: index, location: shift.location, service, startsAt: at, endsAt, lane, capacity }
          visits.push({
            ...place,
            occupiedTo: endsAt.add({ minutes: after }),
            patient,
            status,
            source,
            confirmed: status === 'booked' && dice.next() < 0.55 && !forgetful(patient),
          })
        }
        at = nextStart(at, minutes + after, clinic.stepMin)
      }
    }
  })
  return visits
}

// Visits of the desk do not always follow one another at once; the grid of the day starts at the shift.
function nextStart(at: Instant, occupiedMin: number, stepMin: number): Instant {
  return at.add({ minutes: Math.ceil(occupiedMin / stepMin) * stepMin })
}

function pickService(clinic: SeedClinic, services: number[], dice: Chance): number {
  // The first service is the everyday one; a class meets now and then.
  const service = dice.next() < 0.5 ? (services[0] ?? 0) : dice.pick(services)
  return (serviceOf(clinic, service).capacity ?? 1) > 1 && dice.next() < 0.6 ? (services[0] ?? 0) : service
}

function serviceOf(clinic: SeedClinic, index: number) {
  const service = clinic.services[index]
  if (!service) throw new Error(`no service ${index} at ${clinic.slug}`)
  return service
}

function somebody(dice: Chance, taken: Set<number>): number {
  for (;;) {
    const patient = dice.upTo(patientsPerClinic)
    if (taken.has(patient)) continue
    taken.add(patient)
    return patient
  }
}

function statusAt(
  startsAt: Instant,
  endsAt: Instant,
  now: Instant,
  dice: Chance,
  sofar: { inRoom: number; waiting: number; missed: number },
): SeedVisit['status'] {
  const roll = dice.next()
  const minutesAgo = (now.epochMilliseconds - endsAt.epochMilliseconds) / 60_000
  if (roll < 0.06) return 'cancelled'
  if (minutesAgo > 20) return roll < sofar.missed ? 'noshow' : 'fulfilled'
  if (startsAt.epochMilliseconds <= now.epochMilliseconds) return sofar.inRoom === 0 ? 'in_room' : 'arrived'
  const early = startsAt.epochMilliseconds - now.epochMilliseconds < 35 * 60_000
  return early && sofar.waiting < 2 ? 'arrived' : 'booked'
}

export function instantOf(date: PlainDate, time: string, zone: string): Instant {
  return date
    .toPlainDateTime(Temporal.PlainTime.from(time === '24:00' ? '23:59' : time))
    .toZonedDateTime(zone)
    .toInstant()
}

export type SeedPatient = { name: string; phone: string; language: 'en' | 'ar' | 'ur' }

/** The people a clinic knows, always the same. */
export function patientsOf(clinic: SeedClinic): SeedPatient[] {
  const dice = chance(`${clinic.slug} people`)
  const arabic = (text: string) => /[\u0600-\u06ff]/.test(text)
  return Array.from({ length: patientsPerClinic }, (_, index) => {
    const first = dice.pick(clinic.names.first)
    const last = dice.pick(clinic.names.last.filter((name) => arabic(name) === arabic(first)))
    const digits = String(1_000_000_000 + dice.upTo(899_999_999) + index).slice(-clinic.mobile.digits)
    return {
      name: `${first} ${last}`,
      phone: dice.pick(clinic.mobile.prefixes) + digits.replace(/^[01]/, '4'),
      language: dice.pick(clinic.patientLanguages),
    }
  })
}
