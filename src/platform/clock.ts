import { Temporal, type Instant } from '../kernel/time.ts'

/** Where the time comes from. One per process; tests and the demo's history pass their own. */
export type Clock = {
  now(): Instant
  /** Milliseconds that went by since some moment, whatever anybody does to the time of day: what shows that it leapt. */
  steadyMs(): number
}

export const systemClock: Clock = {
  now: () => Temporal.Instant.fromEpochMilliseconds(Date.now()),
  steadyMs: () => performance.now(),
}

/** A clock that stands still until it is moved. To move it is to let time go by; `leap` only turns its hands. */
export function movableClock(start: Instant | string): Clock & {
  set(to: Instant | string): void
  advance(by: Temporal.DurationLike): void
  leap(by: Temporal.DurationLike): void
} {
  let now = Temporal.Instant.from(start)
  let leaptMs = 0
  const later = (by: Temporal.DurationLike) =>
    now.add({ milliseconds: Temporal.Duration.from(by).total('milliseconds') })
  return {
    now: () => now,
    steadyMs: () => now.epochMilliseconds - leaptMs,
    set: (to) => {
      now = Temporal.Instant.from(to)
    },
    advance: (by) => {
      now = later(by)
    },
    leap: (by) => {
      const to = later(by)
      leaptMs += to.epochMilliseconds - now.epochMilliseconds
      now = to
    },
  }
}
