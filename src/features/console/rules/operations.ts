import { parseId, type Id } from '../../../kernel/ids.ts'
import { parseInstant, type Instant } from '../../../kernel/time.ts'
import { parseLook, type Place } from './paging.ts'

/** A message this late has a reason, not just a queue before it. */
export const oldMinutes = 15
/** How far back failures are shown. */
export const failureDays = 7
/** Jobs that fail so often in a row are marked. */
export const failingRuns = 3

/** `0.4 s`, `12 s`, `3 min 20 s`: numbers only, the units come from the words. */
export function durationOf(ms: number): { unit: 'ms' | 's' | 'min'; value: number } {
  if (ms < 1000) return { unit: 'ms', value: Math.round(ms) }
  if (ms < 120_000) return { unit: 's', value: Math.round(ms / 100) / 10 }
  return { unit: 'min', value: Math.round(ms / 6000) / 10 }
}

/** What a `datetime-local` field shows, in UTC. */
export const momentText = (instant: Instant | null): string => (instant === null ? '' : instant.toString().slice(0, 16))

/** A list in the order of time goes on from a moment and an id; whatever else an address says is the beginning. */
export function lookAt<T extends string>(
  after: string | undefined,
): { look: ReturnType<typeof parseLook>; before: { at: Instant; id: Id<T> } | undefined } {
  const look = parseLook(after, undefined, (key) => parseInstant(key) !== undefined)
  const at = look && parseInstant(look.from.key)
  const id = look && parseId<T>(look.from.id)
  return at && id ? { look, before: { at, id } } : { look: undefined, before: undefined }
}

export const placeAt = (at: Instant, id: string): Place => ({ id, key: at.toString() })
