import type { Instant } from '../../../kernel/time.ts'

type Version = { code: string; version: number; noticedAt: Instant | null; effectiveAt: Instant }

export type Duties<T> = {
  /** In force, and not accepted. */
  due: T[]
  /** Announced, and not accepted ahead. */
  coming: T[]
}

/**
 * What an owner is asked about: of each policy the latest version that owners were told of and this one has not accepted,
 * nor a later one. A change that is not material asks nobody, and neither does the first version: whoever opened a clinic
 * agreed to that by doing so.
 */
export function dutiesOf<T extends Version>(
  published: readonly T[],
  accepted: Readonly<Record<string, number>>,
  now: Instant,
): Duties<T> {
  const open = published.filter(({ code, version, noticedAt }) => noticedAt !== null && version > (accepted[code] ?? 0))
  const latest = new Map<string, T>()
  for (const one of open) if (one.effectiveAt.epochMilliseconds <= now.epochMilliseconds) latest.set(one.code, one)
  return {
    due: [...latest.values()],
    coming: open.filter(({ effectiveAt }) => effectiveAt.epochMilliseconds > now.epochMilliseconds),
  }
}
