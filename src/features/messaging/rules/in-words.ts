// Codes and states as translation keys: nobody at a desk should meet "131026".
import type { MessageStatus } from './statuses.ts'

const kinds = [
  'code',
  'confirmation',
  'reminder_24h',
  'reminder_2h',
  'confirm_request',
  'moved',
  'cancelled',
  'clinic_alert',
  'rights_answer',
  'waitlist_offer',
  'series_confirmation',
  'series_moved',
  'series_cancelled',
]

export const kindKey = (kind: string): string => `messaging.kind.${kinds.includes(kind) ? kind : 'reply'}`

export function statusKey(status: MessageStatus, channel: 'whatsapp' | 'email'): string {
  return `messaging.status.${status === 'accepted' && channel === 'email' ? 'handed_over' : status}`
}

const dropReasons = [
  'stale_version', 'cancelled', 'undone', 'not_needed', 'no_consent', 'consent_withdrawn', 'opted_out', 'expired', 'past', 'taken_back',
  'offer_over', 'told_together',
] // prettier-ignore
const codes: Record<string, string> = {
  131026: 'no_whatsapp', 131030: 'no_whatsapp', 131062: 'no_whatsapp', no_answer: 'no_answer',
  sender_stopped: 'sender_stopped', template_stopped: 'template_stopped',
} // prettier-ignore
const passing = /^(131000|131016|131056|131057|130429|80007|[124]|http_\d+|e[a-z]+|und_err.*|timeout)$/

/** Why a message did not leave or waits, as a key; undefined when there is nothing to explain. */
export function reasonKey(message: {
  status: MessageStatus
  channel: 'whatsapp' | 'email'
  errorCode: string | null
  dropReason: string | null
}): string | undefined {
  const { status, channel, errorCode, dropReason } = message
  if (status === 'dropped') {
    return `messaging.reason.${dropReason !== null && dropReasons.includes(dropReason) ? dropReason : 'not_needed'}`
  }
  if (errorCode === null || !['queued', 'failed', 'unknown'].includes(status)) return undefined
  if (status === 'unknown') return 'messaging.reason.no_answer'
  const known = codes[errorCode]
  if (known !== undefined) return `messaging.reason.${known}`
  if (status === 'queued') return 'messaging.reason.trying_again'
  if (channel === 'email') return 'messaging.reason.mail_refused'
  return `messaging.reason.${passing.test(errorCode) ? 'too_many_tries' : 'refused'}`
}
