// What patients may ask by right, and the time a clinic has for an answer.
import type { Id, PatientId, UserId } from '../../kernel/ids.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Instant, Zone } from '../../kernel/time.ts'
import type { Language } from '../../platform/i18n/languages.ts'
import { clockDays, escalationDays } from '../requests/rules.ts'

export const rightKinds = [
  'access',
  'correction',
  'erasure',
  'restriction',
  'objection',
  'withdrawal',
  'portability',
] as const
export type RightKind = (typeof rightKinds)[number]

export type RequestState = 'received' | 'identity_proven' | 'decided' | 'withdrawn'
export type RequestOutcome = 'done' | 'partly' | 'refused'
export const sources = ['desk', 'patient_page', 'platform'] as const
export type RequestSource = (typeof sources)[number]
export type IdentityProof = 'code' | 'in_person' | 'patient_page'

/** Entries of the log that say who looked at a patient's record: their page, a request of theirs, a copy. */
export const openingActions = ['patient.opened', 'patient.exported'] as const

export type RightsRequestId = Id<'rights_request'>

/** Who asks, as they said or as the clinic knows them. Gone once they were erased. */
export type Subject = { name: string; phone?: Phone | undefined; email?: string | undefined }

export const correctable = ['name', 'phone', 'email', 'language'] as const
export type Correctable = (typeof correctable)[number]
/** What is right, by field; an e-mail address that is to go is the empty string. */
export type Correction = Partial<Record<Correctable, string>>

/** What is asked in particular; which of these mean something depends on the kind. */
export type Wishes = {
  /** In their own words. */
  words?: string | undefined
  correction?: Correction | undefined
  /** Purposes of messages that are objected to, or whose consent is withdrawn. */
  purposes?: string[] | undefined
}

export type RightsRequest = {
  id: RightsRequestId
  kind: RightKind
  state: RequestState
  source: RequestSource
  language: Language
  patientId: PatientId | null
  subject: Subject | undefined
  wishes: Wishes
  platformRequestId: Id<'request'> | null
  receivedAt: Instant
  dueAt: Instant
  escalatedAt: Instant | null
  escalatedAgainAt: Instant | null
  codeSentAt: Instant | null
  codeExpiresAt: Instant | null
  codeTries: number
  codesSent: number
  identity: IdentityProof | null
  identityAt: Instant | null
  identityBy: UserId | null
  identityNote: string | undefined
  outcome: RequestOutcome | null
  handledBy: UserId | null
  answeredAt: Instant | null
  closedAt: Instant | null
}

/** The same time of day thirty days later by the clinic's calendar: a change of clocks shortens nobody's day. */
export const dueOf = (receivedAt: Instant, zone: Zone): Instant =>
  receivedAt.toZonedDateTimeISO(zone).add({ days: clockDays }).toInstant()

/** Ten days before a request is due it is escalated, three days before once more. */
export const daysLeftWhenEscalated = clockDays - escalationDays
export const daysLeftWhenEscalatedAgain = 3

/** What people quote on the telephone. */
export const referenceOf = (id: string): string => `D-${id.replaceAll('-', '').slice(-8).toUpperCase()}`

/** The end of an id that a typed reference names, if it is one. */
export function parseRequestReference(typed: string): string | undefined {
  return /^(?:d-?)?([0-9a-f]{8})$/i.exec(typed.trim())?.[1]?.toLowerCase()
}
