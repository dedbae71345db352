/** What may be in `clinic.messages.status`. */
export type MessageStatus =
  'queued' | 'sending' | 'unknown' | 'accepted' | 'sent' | 'delivered' | 'read' | 'failed' | 'dropped'
export type Reported = 'sent' | 'delivered' | 'read' | 'failed'

const rank: Record<MessageStatus, number> = {
  queued: 0, sending: 0, unknown: 0, dropped: 0, accepted: 1, sent: 2, failed: 2, delivered: 3, read: 4,
} // prettier-ignore

/**
 * The status a message has after WhatsApp reported one, or undefined when the report is no news. Reports come late,
 * twice and in any order: a message only moves forward. Delivered and read win over everything, since a thing that was
 * seen on a phone did arrive; `failed` is ours to decide on while we are about to try again.
 */
export function statusAfter(current: MessageStatus, reported: Reported): MessageStatus | undefined {
  if (reported === 'failed') {
    return ['sending', 'unknown', 'accepted', 'sent'].includes(current) ? 'failed' : undefined
  }
  return rank[reported] > rank[current] ? reported : undefined
}

/** How many ticks a chat shows beside a message: none, one for sent, two for delivered; read colours them. */
export function ticksOf(status: MessageStatus): 0 | 1 | 2 {
  if (status === 'delivered' || status === 'read') return 2
  return status === 'accepted' || status === 'sent' ? 1 : 0
}
