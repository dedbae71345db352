// What a request would touch, what of it has to stay, and what a decision comes to.
import { Temporal, type Instant } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { purposes } from '../../consents/rules.ts'
import { correctable, type RequestOutcome, type RightKind, type Wishes } from '../rules.ts'

/** What is there about a patient, counted before anything happens. */
export type Effects = {
  /** Visits that are over, or were cancelled, whose patient would be forgotten. */
  visits: number
  /** Of a medical record: kept for the clinic's own period. */
  recordVisits: number
  /** Still to come: they are cancelled first. */
  openVisits: number
  /** Somebody who is here at this moment is not erased while they are. */
  underWay: number
  messages: number
  inbound: number
  consents: number
  logEntries: number
  stopped: boolean
  hold: { reason: string; until: Instant } | undefined
}

/** What can be done apart, by kind; of a kind without parts all or nothing is done. */
export function partsOf(kind: RightKind, wishes: Wishes): readonly string[] {
  switch (kind) {
    case 'access':
    case 'portability':
      return ['details', 'visits', 'messages', 'consents', 'log']
    case 'correction':
      // Written down at the desk, what is wrong stands in somebody's words: it may be anything.
      return correctable.filter((field) => wishes.correction === undefined || wishes.correction[field] !== undefined)
    case 'erasure':
      return ['visits', 'messages', 'contact']
    case 'objection':
    case 'withdrawal':
      return purposes.filter((purpose) => wishes.purposes === undefined || wishes.purposes.includes(purpose))
    case 'restriction':
      return []
  }
}

export type Kept = {
  code: 'medical_record' | 'legal_hold' | 'audit_log' | 'opt_out' | 'answer'
  count?: number
  until?: string
}

/** What an erasure must leave, by law or by promise. The first two make it one in part. */
export function keptOf({ recordVisits, hold, stopped }: Effects): Kept[] {
  return [
    ...(hold ? [{ code: 'legal_hold' as const, until: hold.until.toString() }] : []),
    ...(recordVisits > 0 ? [{ code: 'medical_record' as const, count: recordVisits }] : []),
    { code: 'audit_log' },
    ...(stopped ? [{ code: 'opt_out' as const }] : []),
    { code: 'answer' },
  ]
}

/** Why something stays, in a sentence. */
export function keptText(speaker: Speaker, { code, count, until }: Kept): string {
  return speaker.t(`rights.kept.${code}`, {
    ...(count === undefined ? {} : { count }),
    ...(until === undefined ? {} : { date: speaker.date(Temporal.Instant.from(until)) }),
  })
}

export const mustKeep = (kind: RightKind, { recordVisits, hold }: Effects): boolean =>
  kind === 'erasure' && (recordVisits > 0 || hold !== undefined)

export type Wish = { decision: RequestOutcome; parts: readonly string[]; reasons: string | undefined }
export type DecisionRefusal = 'no_parts' | 'reasons_required' | 'unproven' | 'on_hold' | 'under_way'

/**
 * What a decision comes to. Nobody's data is given out, changed or erased before it is known that it is they who ask;
 * a refusal needs no proof. Whatever is refused or kept needs a reason.
 */
export function judge(
  request: { kind: RightKind; wishes: Wishes; proven: boolean; known: boolean },
  wish: Wish,
  effects: Effects | undefined,
): { ok: true; outcome: RequestOutcome; parts: readonly string[] } | { ok: false; reason: DecisionRefusal } {
  const { kind, wishes, proven, known } = request
  const all = partsOf(kind, wishes)
  if (wish.decision === 'refused') {
    return wish.reasons === undefined
      ? { ok: false, reason: 'reasons_required' }
      : { ok: true, outcome: 'refused', parts: [] }
  }
  if (!proven) return { ok: false, reason: 'unproven' }
  // Of somebody the clinic does not know it holds nothing, and says so.
  if (!known || !effects) return { ok: true, outcome: 'done', parts: [] }
  if (kind === 'erasure' && effects.hold) return { ok: false, reason: 'on_hold' }
  if (kind === 'erasure' && effects.underWay > 0) return { ok: false, reason: 'under_way' }
  const parts = wish.decision === 'done' ? all : all.filter((part) => wish.parts.includes(part))
  if (wish.decision === 'partly' && parts.length === 0) return { ok: false, reason: 'no_parts' }
  const outcome = parts.length < all.length || mustKeep(kind, effects) ? 'partly' : 'done'
  if (outcome === 'partly' && wish.reasons === undefined) return { ok: false, reason: 'reasons_required' }
  return { ok: true, outcome, parts }
}
