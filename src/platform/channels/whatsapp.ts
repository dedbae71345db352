// WhatsApp Cloud API: one POST per message.
import { z } from 'zod'
import type { Config } from '../../config.ts'
import type { Channel, SendResult } from './channel.ts'
import { classify } from './whatsapp-errors.ts'

export type WhatsAppPayload = { to: string; biz_opaque_callback_data?: string } & (
  | { type: 'template'; template: Record<string, unknown> }
  | { type: 'text'; text: { body: string; preview_url: false } }
  | { type: 'interactive'; interactive: Record<string, unknown> }
)

const timeoutMs = 10_000

const sent = z.object({
  contacts: z.array(z.object({ wa_id: z.string() })).optional(),
  messages: z.array(z.object({ id: z.string().min(1) })).min(1),
})
const refused = z.object({
  error: z.object({
    code: z.number().optional(),
    error_subcode: z.number().optional(),
    is_transient: z.boolean().optional(),
    message: z.string().optional(),
    error_data: z.object({ details: z.string().optional() }).optional().catch(undefined),
  }),
})

/**
 * One sender's number at Meta. `send` never throws and takes ten seconds at most; `unknown` is what Meta may have taken
 * although its answer did not come or can't be read.
 */
export function whatsAppChannel(settings: Config['whatsapp']): Channel<WhatsAppPayload> {
  const url = `${settings.baseUrl}/${settings.version}/${settings.phoneNumberId}/messages`
  return {
    async send(payload) {
      let response: Response
      let body: string
      try {
        response = await fetch(url, {
          method: 'POST',
          redirect: 'manual',
          signal: AbortSignal.timeout(timeoutMs),
          headers: { authorization: `Bearer ${settings.accessToken}`, 'content-type': 'application/json' },
          body: JSON.stringify({ messaging_product: 'whatsapp', recipient_type: 'individual', ...payload }),
        })
        body = await response.text()
      } catch (error) {
        return brokenOff(error)
      }
      return answerOf(response, body)
    },
    close: () => undefined,
  }
}

// Failures from before the request was on the wire; whatever else breaks may have broken after Meta took the message.
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function brokenOff(error: unknown): SendResult {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'timeout'
  const kind = neverSent.has(code) || code.startsWith('ERR_TLS') || code.startsWith('CERT_') ? 'retry' : 'unknown'
  return { kind, code: code.toLowerCase() }
}

function answerOf(response: Response, body: string): SendResult {
  const json = parsed(body)
  const { status } = response
  if (response.ok) {
    const answer = sent.safeParse(json)
    // Taken, it says, but under what name? Its statuses will tell.
    if (!answer.success) return { kind: 'unknown', code: 'odd_answer' }
    const [message] = answer.data.messages
    const [contact] = answer.data.contacts ?? []
    return {
      kind: 'accepted',
      ...(message ? { providerId: message.id } : {}),
      ...(contact ? { address: contact.wa_id } : {}),
    }
  }
  const answer = refused.safeParse(json)
  const after = waitNamed(response.headers)
  if (answer.success) return classify(answer.data.error, after)
  const code = `http_${status}`
  if (status === 429 || status === 503) return { kind: 'retry', code, ...(after === undefined ? {} : { after }) }
  if (status === 401 || status === 403) return { kind: 'hold', scope: 'sender', code, minutes: 10 }
  // A gateway gave up waiting: what stands behind it may have gone on.
  if (status >= 500) return { kind: 'unknown', code }
  return { kind: 'final', code }
}

/** Seconds from Retry-After (only as a number: dates would need the clock), or minutes from the usage report. */
function waitNamed(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? 'none')
  if (Number.isFinite(seconds) && seconds >= 0) return Math.min(seconds, 24 * 3600)
  const minutes = /"estimated_time_to_regain_access"\s*:\s*(\d{1,5})/.exec(
    headers.get('x-business-use-case-usage') ?? '',
  )?.[1]
  return minutes === undefined || minutes === '0' ? undefined : Number(minutes) * 60
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
