import { isBefore, type Instant } from '../../../kernel/time.ts'

export type DropReason =
  'stale_version' | 'cancelled' | 'not_needed' | 'no_consent' | 'consent_withdrawn' | 'opted_out' | 'expired' | 'past'

export type MessageFacts = {
  kind: string
  channel: 'whatsapp' | 'email'
  version: number
  expiresAt: Instant | null
}
export type VisitFacts = {
  status: string
  version: number
  startsAt: Instant
  messagesWanted: boolean
  confirmedAt?: Instant | null
  /** The patient said since that they no longer want messages about visits. */
  consentWithdrawn: boolean
}

/** The only message a person who said STOP still gets. */
const despiteStop = new Set(['stop_confirmed'])
const aboutVisit = new Set(['confirmation', 'moved', 'reminder_24h', 'reminder_2h', 'confirm_request'])

const aboutSeveral = new Set(['series_confirmation', 'series_moved', 'series_cancelled'])

/**
 * Why a message must not leave, asked in the moment before it would, of the appointment, the consent and the opt-outs as
 * they are then; undefined when it may. A message tells of one version of a visit: after any change another message tells.
 */
export function reasonToDrop(
  message: MessageFacts,
  visit: VisitFacts | undefined,
  optedOut: boolean,
  now: Instant,
): DropReason | undefined {
  if (message.expiresAt && !isBefore(now, message.expiresAt)) return 'expired'
  if (optedOut && message.channel === 'whatsapp' && !despiteStop.has(message.kind)) return 'opted_out'
  if (message.kind === 'clinic_alert') return visit && visit.status !== 'cancelled' ? undefined : 'cancelled'
  if (message.kind === 'cancelled') {
    if (visit?.status !== 'cancelled' || visit.version !== message.version) return 'stale_version'
    return withConsent(visit, now)
  }
  // Given the first of its visits of which it is still true.
  if (aboutSeveral.has(message.kind)) return visit ? withConsent(visit, now) : 'stale_version'
  if (!aboutVisit.has(message.kind)) return undefined
  if (!visit || visit.status === 'cancelled') return 'cancelled'
  if (visit.version !== message.version) return 'stale_version'
  if (visit.status !== 'booked') return 'not_needed'
  // Whoever has said that they will come is not asked again.
  if (message.kind === 'confirm_request' && visit.confirmedAt != null) return 'not_needed'
  return withConsent(visit, now)
}

function withConsent({ startsAt, messagesWanted, consentWithdrawn }: VisitFacts, now: Instant): DropReason | undefined {
  if (!isBefore(now, startsAt)) return 'past'
  if (consentWithdrawn) return 'consent_withdrawn'
  return messagesWanted ? undefined : 'no_consent'
}

/**
 * Whether a message WhatsApp can't bring should go by mail, where the person gave an address. Someone who said STOP is
 * mailed only what they are waiting for: the confirmation of what they have just booked.
 */
export function fallsBackToMail(kind: string, because: 'undeliverable' | 'opted_out'): boolean {
  if (because === 'opted_out')
    return kind === 'confirmation' || kind === 'series_confirmation' || kind === 'rights_answer'
  return aboutVisit.has(kind) || aboutSeveral.has(kind) || kind === 'cancelled' || kind === 'rights_answer'
}
