// What patients are asked to agree to, in which words, and what follows from what they said.
import type { Instant } from '../../kernel/time.ts'
import type { Language } from '../../platform/i18n/languages.ts'

/** Each is asked for by itself: agreeing to hear about one's visits is no leave to ask how they were. */
export const purposes = ['appointment_messages', 'feedback'] as const
export type Purpose = (typeof purposes)[number]

/** How somebody said it. */
export const channels = ['web', 'whatsapp', 'phone', 'in_person', 'paper', 'email'] as const
export type Channel = (typeof channels)[number]

/** How somebody says it to the desk. */
export const deskChannels = ['phone', 'in_person', 'paper', 'email', 'whatsapp'] as const satisfies readonly Channel[]

/** Where it was taken down. */
export const sources = ['public_page', 'patient_page', 'desk', 'whatsapp_reply', 'rights_request'] as const
export type Source = (typeof sources)[number]

/**
 * The wordings people agree to, by the place they meet them. Raise the version when the words change their meaning, and
 * leave the text of the one before where it is (`consents.wording.<code>_v<version>`): somebody agreed to it. A test
 * pins every text, in every language.
 */
export const wordings = {
  /** Beside the phone number, where visits are booked. */
  booking: { purpose: 'appointment_messages', version: 1 },
  /** Read out by the desk. The first version did not name the clinic. */
  desk: { purpose: 'appointment_messages', version: 2 },
  /** Where people join the waiting list, and where the desk puts them on it. */
  waiting: { purpose: 'appointment_messages', version: 1 },
  waiting_desk: { purpose: 'appointment_messages', version: 1 },
  /** On the patient's own pages. */
  page: { purpose: 'appointment_messages', version: 1 },
  /** Who has said STOP and writes START. */
  start: { purpose: 'appointment_messages', version: 1 },
  feedback_page: { purpose: 'feedback', version: 1 },
  feedback_desk: { purpose: 'feedback', version: 1 },
} as const satisfies Record<string, { purpose: Purpose; version: number }>
export type Wording = keyof typeof wordings

export const wordingKey = (wording: string, version: number): string => `consents.wording.${wording}_v${version}`

/** The wording in use, as a key of the translations; every text of them names the clinic. */
export const currentWordingKey = (wording: Wording): string => wordingKey(wording, wordings[wording].version)

export function wordingFor(purpose: Purpose, source: Source): Wording {
  const own = source === 'patient_page' || source === 'public_page'
  if (purpose === 'feedback') return own ? 'feedback_page' : 'feedback_desk'
  if (source === 'public_page') return 'booking'
  if (source === 'whatsapp_reply') return 'start'
  return own ? 'page' : 'desk'
}

/** In the words of FHIR, which says what a consent does and keeps the one before. */
export type Decision = 'permit' | 'deny'

/** One entry of the history. */
export type Consent = {
  id: string
  purpose: Purpose
  decision: Decision
  /** What was agreed to; nothing is read out to who takes something back. */
  wording: string | null
  wordingVersion: number | null
  language: Language | null
  channel: Channel
  source: Source
  decidedAt: Instant
}

/**
 * Whether something said at `at` changes what holds. Both may reach us late and in the wrong order: what was said last
 * holds. Somebody who never agreed has nothing to take back.
 */
export function changes(
  newest: Pick<Consent, 'decision' | 'decidedAt'> | undefined,
  said: Decision,
  at: Instant,
): boolean {
  if (newest === undefined) return said === 'permit'
  return newest.decision !== said && newest.decidedAt.epochMilliseconds <= at.epochMilliseconds
}

/** What holds for each purpose: the newest entry of each, whichever order they come in. */
export function standing(history: readonly Consent[]): Record<Purpose, Consent | undefined> {
  const newest = (purpose: Purpose) =>
    history
      .filter((one) => one.purpose === purpose)
      .reduce<Consent | undefined>((best, one) => (best && isLater(best, one) ? best : one), undefined)
  return { appointment_messages: newest('appointment_messages'), feedback: newest('feedback') }
}

const isLater = (one: Consent, other: Consent) =>
  one.decidedAt.epochMilliseconds === other.decidedAt.epochMilliseconds
    ? one.id > other.id
    : one.decidedAt.epochMilliseconds > other.decidedAt.epochMilliseconds
