// What a patient may do about their own data at a clinic, and for how long a proven number counts.
import { fold } from '../../kernel/names.ts'
import { isBefore, type Instant } from '../../kernel/time.ts'

/** From the code on: time enough to read, correct and ask, and not for whoever finds the phone in the evening. */
export const openMinutes = 30

/** Rights that are asked for on the page; the others are granted there at once. */
export const askable = ['erasure', 'restriction', 'objection'] as const
export type Askable = (typeof askable)[number]

export type VisitTimes = { provenAt: Instant | null; endedAt: Instant | null; expiresAt: Instant }

/** `code`: the number waits to be proven. `open`: it was. */
export function stageOf({ provenAt, endedAt, expiresAt }: VisitTimes, now: Instant): 'code' | 'open' | 'over' {
  if (endedAt !== null || !isBefore(now, expiresAt)) return 'over'
  return provenAt === null ? 'code' : 'open'
}

/**
 * Whether a name is the same one written right: another spelling, a letter more. Number and name together are who
 * somebody is at a clinic, so that anything more is looked at by the clinic first.
 */
export function isSmallCorrection(before: string, after: string): boolean {
  const [one, other] = [[...fold(before)], [...fold(after)]]
  const most = Math.min(3, Math.floor(Math.max(one.length, other.length) / 4))
  return distance(one, other) <= most
}

/** How many letters have to be put in, left out or changed to come from one to the other. */
function distance(one: readonly string[], other: readonly string[]): number {
  let row = other.map((_, at) => at + 1)
  let first = 0
  for (const letter of one) {
    let corner = first++
    let left = first
    row = row.map((above, at) => {
      const cost = Math.min(above + 1, left + 1, corner + (letter === other[at] ? 0 : 1))
      corner = above
      left = cost
      return cost
    })
  }
  return row.at(-1) ?? one.length
}

const titles = new Set([
  'dr',
  'dr.',
  'prof',
  'prof.',
  'mr',
  'mr.',
  'ms',
  'ms.',
  'mrs',
  'mrs.',
  'د.',
  'د',
  'ڈاکٹر',
  'الدكتور',
  'الدكتورة',
  'دكتور',
  'دكتورة',
])

/** What patients read of somebody at the clinic: their first name, with a title before it. */
export function shortName(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '')
  const [first = '', second] = words
  return titles.has(first.toLowerCase()) && second !== undefined ? `${first} ${second}` : first
}
