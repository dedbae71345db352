import { createHash, createHmac } from 'node:crypto'
import { sameSecret } from '../../../platform/seal/key-ring.ts'
import type { Services } from '../../../platform/services.ts'
import { insertEvents, type NewEvent } from '../../../platform/webhook-events.ts'
import { envelope, messageItem, metadata, statusItem, type StoredItem } from '../rules/webhook.ts'

/** Whether these bytes carry Meta's signature. `header` as it came; undefined when absent or sent twice. */
export function signedByMeta(body: Buffer, header: string | undefined, appSecret: string): boolean {
  const given = /^sha256=([0-9a-f]{64})$/.exec(header ?? '')?.[1]
  if (given === undefined) return false
  const expected = createHmac('sha256', appSecret).update(body).digest()
  return sameSecret(Buffer.from(given, 'hex'), expected)
}

/** The challenge to echo when Meta asks whether this address is ours, or undefined for somebody else's question. */
export function answerToChallenge(query: Record<string, unknown>, verifyToken: string): string | undefined {
  const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = query
  if (mode !== 'subscribe' || typeof token !== 'string' || typeof challenge !== 'string') return undefined
  if (!/^[A-Za-z0-9_-]{1,200}$/.test(challenge)) return undefined
  return sameSecret(token, verifyToken) ? challenge : undefined
}

/** Keeps everything in a verified webhook, each item once. Answers how many were new. */
export async function keepWebhook(services: Services, body: Buffer): Promise<number> {
  const { db, keys, clock } = services
  return insertEvents(db, keys.platform, 'whatsapp', eventsIn(body.toString('utf8')), clock.now())
}

function eventsIn(text: string): NewEvent[] {
  const whole = envelope.safeParse(parsed(text))
  if (!whole.success) return [eventOf('other', null, text)]
  const events = whole.data.entry.flatMap(({ changes }) =>
    changes.flatMap(({ field, value }) => {
      const about = metadata.safeParse(value.metadata)
      const phoneNumberId = about.success ? about.data.phone_number_id : null
      if (field !== 'messages') return [eventOf('other', phoneNumberId, { field, value })]
      const { messages, statuses, ...rest } = value
      const known = [
        ...list(messages).map((item) => eventOf('message', phoneNumberId, item)),
        ...list(statuses).map((item) => eventOf('status', phoneNumberId, item)),
      ]
      return known.length > 0 ? known : [eventOf('other', phoneNumberId, { field, value: rest })]
    }),
  )
  // Twice in one body is once.
  return [...new Map(events.map((event) => [event.key, event])).values()]
}

function eventOf(kind: StoredItem['kind'], phoneNumberId: string | null, item: unknown): NewEvent {
  const stored: StoredItem = { kind, phoneNumberId, item }
  return { key: keyOf(kind, item), body: JSON.stringify(stored) }
}

/** The name under which the same event would come again. */
function keyOf(kind: StoredItem['kind'], item: unknown): string {
  if (kind === 'message') {
    const message = messageItem.safeParse(item)
    if (message.success) return `message:${message.data.id}`
  }
  if (kind === 'status') {
    const status = statusItem.safeParse(item)
    if (status.success) return `status:${status.data.id}:${status.data.status}`
  }
  return `other:${createHash('sha256').update(JSON.stringify(item)).digest('hex')}`
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
