// Mail by SMTP: one recipient, plain text.
import { createTransport } from 'nodemailer'
import type { Channel, SendResult } from './channel.ts'
import { safeDetail } from './whatsapp-errors.ts'

export type MailPayload = {
  to: string
  subject: string
  text: string
  /** Shown as the sender; the address stays ours. */
  fromName?: string
  /** Names the mail for good, so that one sent again can be known as the same. */
  id: string
}

// A comma would make a second recipient of it.
const oneAddress = /^[^\s,;:"'<>()[\]\\@]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+$/i

/** `from` as in the settings: `Nabz <hello@nabz.test>` or a bare address. */
export function smtpChannel(settings: { smtpUrl: string; from: string }): Channel<MailPayload> {
  const from = /^\s*(.*?)\s*<([^<>]+)>\s*$/.exec(settings.from)
  const address = from?.[2] ?? settings.from
  const usualName = from?.[1] ?? ''
  const domain = address.split('@')[1] ?? 'localhost'
  const url = new URL(settings.smtpUrl)
  const secure = url.protocol === 'smtps:'
  const transport = createTransport({
    host: url.hostname,
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    requireTLS: url.searchParams.get('requireTLS') === 'true',
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    pool: true,
    maxConnections: 5,
    maxMessages: 100,
    // The pool would send a mail again by itself when a connection breaks, even one the server had taken already.
    maxRequeues: 0,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send({ to, subject, text, fromName, id }) {
      if (!oneAddress.test(to)) return { kind: 'final', code: 'bad_address' }
      try {
        const info = await transport.sendMail({
          from: { name: fromName ?? usualName, address },
          to,
          subject,
          text,
          messageId: `<${id}@${domain}>`,
          // Replies to a machine's mail are answered by machines otherwise.
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
        return { kind: 'accepted', providerId: info.messageId }
      } catch (error) {
        return refusalOf(error)
      }
    },
    close: () => transport.close(),
  }
}

// Signs that no mail had been handed over yet.
const beforeMail = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'])

function refusalOf(error: unknown): SendResult {
  const { code, originalCode, responseCode, timeoutType, message } = error as {
    code?: string
    originalCode?: string
    responseCode?: number
    timeoutType?: string
    message?: string
  }
  const detail = safeDetail(message?.replace(/\S+@\S+/g, '…'))
  const told = {
    code: String(responseCode ?? originalCode ?? code ?? 'smtp').toLowerCase(),
    ...(detail === undefined ? {} : { detail }),
  }
  if (code === 'EAUTH') return { kind: 'hold', scope: 'sender', minutes: 10, ...told }
  if (responseCode !== undefined) return { kind: responseCode >= 500 ? 'final' : 'retry', ...told }
  if (code === 'EENVELOPE' || code === 'EMESSAGE') return { kind: 'final', ...told }
  const early =
    code === 'EDNS' ||
    code === 'ETLS' ||
    (originalCode !== undefined && beforeMail.has(originalCode)) ||
    (timeoutType !== undefined && timeoutType !== 'SOCKET_TIMEOUT')
  // A connection that broke, or a server that fell silent, may have done so with our mail in its hands.
  return { kind: early ? 'retry' : 'unknown', ...told }
}
