// When a clinic that is closed is erased, until when that can be taken back, and in which order its rows go.
import type { ClinicId, Id, UserId } from '../../kernel/ids.ts'
import { hours, isBefore, later, type Instant } from '../../kernel/time.ts'

export type ClosingId = Id<'closing'>
export type ClosingKind = 'asked' | 'expired' | 'restored'
export type ClosingState = 'waiting' | 'purging' | 'done' | 'undone'
export const tellings = ['cancel', 'keep'] as const
export type Telling = (typeof tellings)[number]

/** Why, where an owner likes to say. */
export const closingReasons = ['too_expensive', 'missing', 'hard', 'another', 'ending', 'other'] as const
export type ClosingReason = (typeof closingReasons)[number]

export type Closing = {
  id: ClosingId
  clinicId: ClinicId
  kind: ClosingKind
  askedBy: UserId | null
  askedAt: Instant
  reasons: string[]
  tellPatients: Telling
  tellAt: Instant | null
  toldAt: Instant | null
  visitsCancelled: number
  undoUntil: Instant
  purgeBy: Instant
  state: ClosingState
  warnedAt: Instant | null
  beganAt: Instant | null
  finishedAt: Instant | null
  undoneAt: Instant | null
  undoReason: string | null
  rowsTotal: number | null
  rowsDone: number
}

/** Exact lengths (features.md A2, X1). The first is a rule of the table of retention, `closed_clinic`, as well. */
export const undoDays = 7
export const purgeByDays = 30
/** Patients are told an hour late, so that whoever closes by mistake tells nobody. */
export const tellAfterMinutes = 60
/** Owners are told so long before the last moment at which they can take it back. */
export const warnHours = 24

export const undoUntil = (askedAt: Instant): Instant => askedAt.add(hours(undoDays * 24))
export const purgeBy = (askedAt: Instant): Instant => askedAt.add(hours(purgeByDays * 24))

type Waiting = Pick<Closing, 'state' | 'undoUntil'>

/** When erasing begins; a legal hold is the only thing that moves it. */
export function erasedFrom({ undoUntil }: Pick<Closing, 'undoUntil'>, heldUntil: Instant | undefined): Instant {
  return heldUntil ? later(undoUntil, heldUntil) : undoUntil
}

/** Up to and including the last moment, after which it is gone. */
export function undoable(closing: Waiting, heldUntil: Instant | undefined, now: Instant): boolean {
  return closing.state === 'waiting' && !isBefore(erasedFrom(closing, heldUntil), now)
}

export function purgeable(closing: Waiting, heldUntil: Instant | undefined, now: Instant): boolean {
  return closing.state === 'waiting' && isBefore(erasedFrom(closing, heldUntil), now)
}

/** Whether a clinic's name was typed: capitals and spaces are nobody's proof of being sure. */
export function sameName(typed: string, name: string): boolean {
  const plain = (text: string) => text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()
  return plain(typed) === plain(name)
}

/** Books that the law has kept whatever becomes of a clinic. */
export const keptTables = ['platform.documents', 'platform.ledger_entries', 'platform.payments'] as const

export type Link = { child: string; parent: string }

/** Tables in such an order that each comes before whatever it points at. */
export function childrenFirst(tables: readonly string[], links: readonly Link[]): string[] {
  const ordered: string[] = []
  const left = new Set(tables)
  while (left.size > 0) {
    const free = [...left].filter(
      (table) => !links.some(({ child, parent }) => parent === table && child !== table && left.has(child)),
    )
    if (free.length === 0) throw new Error(`tables that point at each other: ${[...left].join(', ')}`)
    for (const table of free) left.delete(table)
    ordered.push(...free)
  }
  return ordered
}
