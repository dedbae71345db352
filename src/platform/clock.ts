import { Temporal, type Instant } from '../kernel/time.ts'

/** Where the time comes from. One per process; tests and the demo's history pass their own. */
export type Clock = { now(): Instant }

export const systemClock: Clock = { now: () => Temporal.Instant.fromEpochMilliseconds(Date.now()) }

/** A clock that stands still until it is moved. */
export function movableClock(
  start: Instant | string,
): Clock & { set(to: Instant | string): void; advance(by: Temporal.DurationLike): void } {
  let now = Temporal.Instant.from(start)
  return {
    now: () => now,
    set: (to) => {
      now = Temporal.Instant.from(to)
    },
    advance: (by) => {
      now = now.add({ milliseconds: Temporal.Duration.from(by).total('milliseconds') })
    },
  }
}
