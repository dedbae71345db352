// How the checks of a span of time look as a row of bars.

export type Hour = { hour: { epochMilliseconds: number }; ok: number; degraded: number; down: number }
export type BarState = 'ok' | 'degraded' | 'down' | 'unknown'
export type Bar = { state: BarState; from: number }

const hourMs = 3_600_000

/** One bar for each `hoursEach` up to and including the hour of `now`, oldest first; a bar is as bad as its worst. */
export function barsOf(hours: readonly Hour[], now: number, count: number, hoursEach: number): Bar[] {
  const end = Math.floor(now / hourMs) * hourMs + hourMs
  return Array.from({ length: count }, (_, index) => {
    const from = end - (count - index) * hoursEach * hourMs
    const within = hours.filter(
      ({ hour }) => hour.epochMilliseconds >= from && hour.epochMilliseconds < from + hoursEach * hourMs,
    )
    return { from, state: worstOf(within) }
  })
}

/** A minute out of hundreds is a hiccup; more than one in fifty is seen. */
const seen = 0.02

function worstOf(hours: readonly Hour[]): BarState {
  const sum = (pick: (hour: Hour) => number) => hours.reduce((total, hour) => total + pick(hour), 0)
  const [ok, degraded, down] = [sum((hour) => hour.ok), sum((hour) => hour.degraded), sum((hour) => hour.down)]
  const all = ok + degraded + down
  if (all === 0) return 'unknown'
  if (down > all * seen) return 'down'
  return degraded + down > all * seen ? 'degraded' : 'ok'
}

/** Of all minutes looked at, how many were fine, in hundredths of a percent; undefined when nobody looked. */
export function shareFine(hours: readonly Hour[]): number | undefined {
  const fine = hours.reduce((total, { ok }) => total + ok, 0)
  const all = hours.reduce((total, { ok, degraded, down }) => total + ok + degraded + down, 0)
  // Rounded down: 100 % is said only when it was.
  return all === 0 ? undefined : Math.floor((fine * 10_000) / all)
}
