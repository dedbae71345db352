/**
 * How reliable is somebody's coming? Answered for the clinic alone, from the visits that are there anyway: nothing is kept
 * of it, so it goes when they go.
 *
 * A missed visit counts one, a cancellation by the patient at short notice half of one; both halve every 180 days, and
 * after two years they are no longer looked at. Visits that were kept take nothing away: what somebody did well elsewhere
 * would otherwise excuse what is asked about, and time does it soon enough. The count is rounded when it is compared with
 * a number of visits, so that "after two" means two of late, or three some months ago.
 *
 * The score never decides by itself. What follows from it a clinic chooses, and none of the choices turns anybody away.
 */
import { hours, isBefore, minutes, type Instant } from '../../kernel/time.ts'
import type { Profile } from '../clinics/rules.ts'
import { isQuiet, type QuietHours } from '../notices/rules.ts'

export type Miss = { kind: 'missed' | 'short_notice'; at: Instant }

export const halfLifeDays = 180
/** After four half-lives a visit would count a sixteenth. */
export const forgottenAfterDays = 4 * halfLifeDays
export const weights = { missed: 1, short_notice: 0.5 } as const satisfies Record<Miss['kind'], number>

/** Less than this before the visit it is too late to give the time to somebody else. */
export const shortNotice = hours(12)

const msPerDay = 86_400_000

export function scoreOf(misses: readonly Miss[], now: Instant): number {
  return misses.reduce((score, { kind, at }) => {
    const days = (now.epochMilliseconds - at.epochMilliseconds) / msPerDay
    if (days < 0 || days > forgottenAfterDays) return score
    return score + weights[kind] * 0.5 ** (days / halfLifeDays)
  }, 0)
}

/** Reaches a number of missed visits, rounded. */
export const reaches = (score: number, visits: number): boolean => score >= visits - 0.5

/** Worth a word to whoever receives them: what comes to at least one visit. */
export const isFlagged = (score: number): boolean => reaches(score, 1)

/** What a clinic does about somebody who misses visits, and after how many. */
export type Policy = Pick<Profile, 'missedRule' | 'missedAfter'>

/**
 * When to ask somebody once more whether they will come: 18 hours before, which is after the reminder of the day before
 * went unanswered; where that is by night, half an hour before the night begins. Undefined where no time is left for it.
 */
export function requestAt(startsAt: Instant, now: Instant, quiet: QuietHours): Instant | undefined {
  const wanted = startsAt.subtract(hours(18))
  let at = wanted
  for (let step = 0; isQuiet(at, quiet) && step < 48; step++) at = at.subtract(minutes(30))
  const late = startsAt.subtract(hours(6))
  const due = isBefore(at, now) ? now : at
  return isQuiet(due, quiet) || !isBefore(due, late) ? undefined : due
}

/**
 * What a visit of somebody with this score still needs from the desk: nothing, an answer to the request to confirm, or a
 * call. A confirmed visit needs nothing, whoever confirmed it.
 */
export function needOf(
  policy: Policy,
  score: number,
  visit: { status: string; startsAt: Instant; confirmedAt: Instant | null },
  now: Instant,
): 'confirm' | 'call' | undefined {
  if (policy.missedRule === 'none' || !reaches(score, policy.missedAfter)) return undefined
  if (visit.status !== 'booked' || visit.confirmedAt !== null || !isBefore(now, visit.startsAt)) return undefined
  return policy.missedRule
}
