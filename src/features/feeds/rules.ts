import { newId, type Id } from '../../kernel/ids.ts'
import { initialsOf } from '../clinics/rules.ts'

export type FeedId = Id<'feed'>
export const newFeedId = (): FeedId => newId<'feed'>()

/** What a name is in a feed. Calendars are shared, synchronised and shown on watches: the owner chooses how much. */
export const namings = ['full', 'initials', 'none'] as const
export type Naming = (typeof namings)[number]

/** More than there are doctors in most clinics; whoever needs another ends one. */
export const mostFeeds = 40

export const daysBack = 30
export const daysAhead = 180
/** How often calendars are told that it is worth asking. Most ask when they like. */
export const everyMinutes = 15

/**
 * What stands in the calendar for a visit. `name` is undefined for whoever is not to be named: erased, restricted, or not
 * on record.
 */
export function titleOf(naming: Naming, name: string | undefined, visit: string): string {
  if (name === undefined || naming === 'none') return visit
  return naming === 'full' ? name : initialsOf(name)
}

/** The name of a token in a path: `<token>.ics`. Undefined for what can't be one. */
export const tokenOf = (text: unknown): string | undefined =>
  typeof text === 'string' && /^[\w-]{43}$/.test(text) ? text : undefined
