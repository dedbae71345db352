import type { Instant } from '../../../kernel/time.ts'

/** A change that matters is told at least this long before it takes effect. */
export const noticeDays = 14

export type Stage = 'draft' | 'scheduled' | 'in_force' | 'superseded'

type Dated = { version: number; publishedAt: Instant | null; effectiveAt: Instant | null }

/** How far a version has come. It is in force from the instant it names, whether or not anything runs then. */
export function stageOf(version: Dated, current: number | undefined, now: Instant): Stage {
  if (version.publishedAt === null || version.effectiveAt === null) return 'draft'
  if (version.version === current) return 'in_force'
  return version.effectiveAt.epochMilliseconds > now.epochMilliseconds ? 'scheduled' : 'superseded'
}

/** The first instant at which what is told now may take effect. Days are exact, so that no clock change shortens one. */
export function earliestEffect(material: boolean, now: Instant): Instant {
  return material ? now.add({ hours: noticeDays * 24 }) : now
}

/** Why a version can't take effect then; undefined when it can. `last` is the latest that was published before. */
export function effectFault(
  effectiveAt: Instant,
  material: boolean,
  now: Instant,
  last: Instant | undefined,
): 'too_soon' | 'past' | 'before_last' | undefined {
  const at = effectiveAt.epochMilliseconds
  if (at < earliestEffect(material, now).epochMilliseconds) return material ? 'too_soon' : 'past'
  // What people were told comes next has to come next.
  return last !== undefined && at < last.epochMilliseconds ? 'before_last' : undefined
}

/** Owners written to in one transaction. */
export const ownersAtOnce = 100
