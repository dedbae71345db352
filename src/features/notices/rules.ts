import type { AppointmentId, LocationId, PatientId, PractitionerId } from '../../kernel/ids.ts'
import type { Phone } from '../../kernel/phone.ts'
import {
  earlier,
  hours,
  isBefore,
  minutes,
  minutesBetween,
  type Instant,
  type PlainTime,
  type Zone,
} from '../../kernel/time.ts'

/** What notices must know of an appointment, as it stands after the change they tell of. */
export type AppointmentFacts = {
  id: AppointmentId
  version: number
  startsAt: Instant
  practitionerId: PractitionerId
  locationId: LocationId
  status: 'pending' | 'booked' | 'arrived' | 'in_room' | 'fulfilled' | 'cancelled' | 'noshow'
  patientId: PatientId
  phone: Phone
  email?: string
  language: 'en' | 'ar' | 'ur'
  /** The patient agreed to be written to about this visit. Without it nothing is queued for them. */
  messagesWanted: boolean
}

/** Who did it: a patient on their own page is written to at once, a desk has minutes to notice a slip. */
export type By = 'patient' | 'desk'

export type Announcement = 'confirmation' | 'moved' | 'cancelled'
export const announcements: readonly Announcement[] = ['confirmation', 'moved', 'cancelled']
/** The messages that tell of several visits at once, by what they say of each. */
export const togetherKinds = {
  confirmation: 'series_confirmation',
  moved: 'series_moved',
  cancelled: 'series_cancelled',
} as const satisfies Record<Announcement, string>
export type ReminderKind = 'reminder_24h' | 'reminder_2h'

/** Why a clinic rearranges a day. What the message says of it: the doctor is late, or can't be there as planned. */
export type Because = 'late' | 'away'

/** The template of a piece of news: of a day that went wrong in words of its own, with a way to other times. */
export function templateFor(kind: Announcement, because: Because | undefined): string {
  if (because === undefined || kind === 'confirmation') return `nabz_${kind}`
  if (kind === 'cancelled') return 'nabz_called_off'
  return because === 'late' ? 'nabz_late' : 'nabz_rearranged'
}

/** Three minutes in which a desk can take a step back before anybody hears of it. */
export const deskGrace = minutes(3)

/** An announcement made earlier: when it said the visit is, and what became of it. */
export type EarlierAnnouncement = {
  kind: Announcement
  status: string
  by: By
  startsAt: string
  practitionerId: string
  locationId: string
  /** Made when the plan had no messages left for reminders. */
  reminders?: 'none'
}

/** One as a visit keeps it once its message is gone: whether it left, and nothing of whom it went to or how. */
export type Remembered = EarlierAnnouncement & { version: number }

/** States of a message that has left, as far as anybody knows. */
export const left: ReadonlySet<string> = new Set(['sending', 'unknown', 'accepted', 'sent', 'delivered', 'read'])

/**
 * What was announced of a visit, newest first, of messages that are there and of what is remembered of those that are
 * gone. The message that told of several visits, or the one by the other channel, may be gone before a row about the same
 * news is: that it left is then remembered.
 */
export function withRemembered<T extends Remembered>(
  rows: readonly T[],
  remembered: readonly Remembered[],
): (T | Remembered)[] {
  const alike = (one: Remembered, other: Remembered) => one.kind === other.kind && one.version === other.version
  const missing = remembered.filter((one) => !rows.some((row) => alike(row, one)))
  const known = rows.map((row) => {
    const gone = left.has(row.status) ? undefined : remembered.find((one) => alike(row, one) && left.has(one.status))
    return { ...row, status: gone?.status ?? row.status }
  })
  return [...known, ...missing].sort((one, other) => other.version - one.version)
}

/**
 * What there is to tell, given what was announced before (newest first): people are told what differs from what they
 * know, and nothing else. A visit moved away and back within the grace period, or cancelled before its confirmation
 * left, costs nobody a message.
 *
 * A patient also knows what they did on the page themselves, even when the message about it never left: a clinic that
 * cancels such a visit still tells them. What they did and never had in writing is confirmed when it stands again.
 */
export function whatToTell(
  facts: Pick<AppointmentFacts, 'status' | 'startsAt' | 'practitionerId' | 'locationId'>,
  by: By,
  earlier: readonly EarlierAnnouncement[],
): Announcement | undefined {
  const known = earlier.find(({ status, by: teller }) => left.has(status) || (by === 'desk' && teller === 'patient'))
  if (facts.status === 'cancelled') return known && known.kind !== 'cancelled' ? 'cancelled' : undefined
  if (facts.status !== 'booked') return undefined
  if (!known || known.kind === 'cancelled') return 'confirmation'
  const same =
    known.startsAt === facts.startsAt.toString() &&
    known.practitionerId === facts.practitionerId &&
    known.locationId === facts.locationId
  if (!same) return 'moved'
  return left.has(known.status) ? undefined : 'confirmation'
}

/** Hours of the clinic's night, in its own time. From and to alike means there are none. */
export type QuietHours = { from: PlainTime; to: PlainTime; zone: Zone }
export type Reminder = { kind: ReminderKind; dueAt: Instant; expiresAt: Instant }

const plans: { kind: ReminderKind; before: number; afterBooking: number; atLeastBefore: number }[] = [
  // Minutes. Booked within 28 hours of the visit, a reminder a day before would only repeat the confirmation.
  { kind: 'reminder_24h', before: 24 * 60, afterBooking: 4 * 60, atLeastBefore: 6 * 60 },
  { kind: 'reminder_2h', before: 2 * 60, afterBooking: 60, atLeastBefore: 30 },
]
const beforeQuiet = minutes(30)
const apart = 2 * 60

/**
 * When to remind: 24 and 2 hours before the visit. A time in the quiet hours moves to their end while that is still of
 * use (6 hours, 30 minutes before the visit), else to half an hour before they begin. A reminder that would come soon
 * after the booking is left out, and so is one that could only be sent by night: whoever books at 22:00 for 07:30 has
 * just had the confirmation, and nobody is woken for a reminder. Never two within two hours of each other.
 */
export function planReminders(visit: {
  startsAt: Instant
  now: Instant
  quiet: QuietHours
  /** Nothing else is said now, since all is as it was: then no reminder comes too soon after it. */
  silent?: boolean
}): Reminder[] {
  const { startsAt, now, quiet, silent = false } = visit
  const placed = plans.flatMap(({ kind, before, afterBooking, atLeastBefore }) => {
    const latest = startsAt.subtract(minutes(atLeastBefore))
    const dueAt = awake(startsAt.subtract(minutes(before)), latest, quiet)
    return dueAt && !isBefore(dueAt, silent ? now : now.add(minutes(afterBooking))) ? [{ kind, dueAt }] : []
  })
  const [first, second] = placed
  const kept = first && second && minutesBetween(first.dueAt, second.dueAt) < apart ? [second] : placed
  return kept.map(({ kind, dueAt }, at) => ({
    kind,
    dueAt,
    // The day-before reminder is of no use once the next one is due, should we have been unable to send it.
    expiresAt: kept[at + 1]?.dueAt ?? startsAt.subtract(minutes(15)),
  }))
}

function awake(wanted: Instant, latest: Instant, quiet: QuietHours): Instant | undefined {
  if (!isQuiet(wanted, quiet)) return wanted
  const night = nightAround(wanted, quiet)
  if (!isBefore(latest, night.to) && !isQuiet(night.to, quiet)) return night.to
  const evening = night.from.subtract(beforeQuiet)
  return isQuiet(evening, quiet) ? undefined : evening
}

/** Somebody who is told this long before they would set out can still act on it. */
const toActOn = minutes(3 * 60)

/**
 * When to tell of a visit that was or is now at `about`, whichever is sooner. News of the same day leaves at once, by night
 * too: better woken than in front of a closed door. News of another day waits for the end of the quiet hours, unless that
 * would leave less than three hours to act on it.
 */
export function whenToTell(earliest: Instant, about: Instant, quiet: QuietHours): Instant {
  if (!isQuiet(earliest, quiet)) return earliest
  const dateOf = (instant: Instant) => instant.toZonedDateTimeISO(quiet.zone).toPlainDate()
  if (dateOf(earliest).equals(dateOf(about))) return earliest
  const morning = nightAround(earliest, quiet).to
  return isBefore(about.subtract(toActOn), morning) ? earliest : morning
}

export function isQuiet(instant: Instant, { from, to, zone }: QuietHours): boolean {
  const time = instant.toZonedDateTimeISO(zone).toPlainTime()
  const [start, end, at] = [from, to, time].map((t) => t.hour * 60 + t.minute) as [number, number, number]
  if (start === end) return false
  return start < end ? at >= start && at < end : at >= start || at < end
}

/** When the quiet hours an instant lies in are over; undefined by day. */
export function quietUntil(instant: Instant, quiet: QuietHours): Instant | undefined {
  return isQuiet(instant, quiet) ? nightAround(instant, quiet).to : undefined
}

/** Nobody is woken for these, however long they waited: for an outage to end, for another try, for a sender to come back. */
const waitForMorning: ReadonlySet<string> = new Set(['reminder_24h', 'reminder_2h', 'confirm_request'])

/**
 * Until when a message that could leave now is held because of the quiet hours: to their end, or to its own where it is of
 * no use after that. Undefined when it may leave.
 */
export function heldUntil(
  { kind, expiresAt }: { kind: string; expiresAt: Instant | null },
  now: Instant,
  quiet: QuietHours,
): Instant | undefined {
  const morning = waitForMorning.has(kind) ? quietUntil(now, quiet) : undefined
  return morning && expiresAt ? earlier(morning, expiresAt) : morning
}

/** The quiet hours an instant lies in. On a day when clocks go back the longer night of the two possible. */
function nightAround(instant: Instant, { from, to, zone }: QuietHours): { from: Instant; to: Instant } {
  const local = instant.toZonedDateTimeISO(zone)
  const wraps = from.hour * 60 + from.minute > to.hour * 60 + to.minute
  const morning = wraps && local.hour * 60 + local.minute < to.hour * 60 + to.minute
  const evening = local.toPlainDate().subtract({ days: morning ? 1 : 0 })
  const end = evening.add({ days: wraps ? 1 : 0 })
  return {
    from: evening.toPlainDateTime(from).toZonedDateTime(zone, { disambiguation: 'earlier' }).toInstant(),
    to: end.toPlainDateTime(to).toZonedDateTime(zone, { disambiguation: 'later' }).toInstant(),
  }
}

/** Until when the three announcements are worth sending: the visit itself. */
export const announcementExpiry = (startsAt: Instant): Instant => startsAt

/** Mail to the desk about an online booking is old news after a day. */
export const alertLife = hours(24)
