import type { SendResult } from '../../../platform/channels/channel.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { queueMessage } from '../../../platform/outbox.ts'
import {
  lockMessage,
  updateAccepted,
  updateAttemptEnded,
  updateFailed,
  updateWaiting,
  type AttemptEnd,
  type OutboxRow,
} from '../queries/outbox.ts'
import { upsertAlias, upsertPause, type Sender } from '../queries/senders.ts'
import { maxAttempts, retryDelay, unknownSeconds } from '../rules/retries.ts'
import { fallsBackToMail } from '../rules/still-true.ts'
import type { Prepared } from './dispatch.ts'

export const senderOf = ({ channel }: Pick<OutboxRow, 'channel'>): Sender =>
  channel === 'whatsapp' ? 'platform' : 'smtp'

/** Templates are approved, paused and switched off one language at a time. */
export const templateSubject = ({ template, language }: Pick<OutboxRow, 'template' | 'language'>): string =>
  `${template}/${language}`

/** Writes down what became of an attempt, and what is to be done about it. `chance` in [0, 1) spreads retries. */
export async function recordOutcome(
  ctx: Ctx,
  { message: sent, attempt, lease }: Prepared,
  result: SendResult,
  chance: number,
): Promise<void> {
  const [message] = await Promise.all([lockMessage(ctx, sent.id), updateAttemptEnded(ctx, attempt, endOf(result))])
  if (!message) return
  if (result.kind === 'accepted') {
    tallySent(ctx, message)
    await updateAccepted(ctx, message.id, result.providerId)
    if (message.channel === 'whatsapp' && result.address !== undefined) await learn(ctx, message, result.address)
    return
  }
  // A report was faster than the answer, or the answer so slow that somebody else took over: theirs is the later word.
  if (message.status !== 'sending' || message.leaseUntil?.equals(lease) !== true) return
  await decideOn(ctx, message, result, chance)
}

/** What the clinic hears about itself is none of its patients' messages. */
const counts = ({ kind }: Pick<OutboxRow, 'kind'>) => kind !== 'clinic_alert'

/** Counted once, whether the peer's answer or a report says first that it was taken. */
export function tallySent(ctx: Ctx, message: Pick<OutboxRow, 'kind' | 'counted'>): void {
  if (counts(message) && !message.counted) ctx.tally('messages')
}

export function tallyFailed(ctx: Ctx, message: Pick<OutboxRow, 'kind'>): void {
  if (counts(message)) ctx.tally('messages_failed')
}

/** What follows from an attempt that was not accepted, or from WhatsApp's later word that it failed after all. */
export async function decideOn(
  ctx: Ctx,
  message: OutboxRow,
  result: Exclude<SendResult, { kind: 'accepted' }>,
  chance: number,
): Promise<void> {
  const { id, kind, attempts } = message
  const inSeconds = (seconds: number) => ctx.now.add({ seconds })
  switch (result.kind) {
    case 'unknown':
      return updateWaiting(ctx, id, {
        status: 'unknown',
        notBefore: inSeconds(unknownSeconds),
        code: result.code,
        spent: true,
      })
    case 'hold': {
      const until = inSeconds(result.minutes * 60)
      const subject = result.scope === 'sender' ? '' : templateSubject(message)
      await upsertPause(ctx.db, { sender: senderOf(message), subject, code: result.code, since: ctx.now, until })
      const code = result.scope === 'sender' ? 'sender_stopped' : 'template_stopped'
      return updateWaiting(ctx, id, { status: 'queued', notBefore: until, code, spent: false })
    }
    case 'retry': {
      if (attempts >= Math.min(result.tries ?? maxAttempts, maxAttempts)) {
        tallyFailed(ctx, message)
        return updateFailed(ctx, id, result.code)
      }
      const notBefore = inSeconds(retryDelay(kind, attempts, chance, result.after))
      if (result.slowSender) {
        const until = inSeconds(result.after ?? 10)
        await upsertPause(ctx.db, { sender: senderOf(message), subject: '', code: result.code, since: ctx.now, until })
      }
      return updateWaiting(ctx, id, { status: 'queued', notBefore, code: result.code, spent: true })
    }
    case 'final':
      tallyFailed(ctx, message)
      await updateFailed(ctx, id, result.code)
      if (result.undeliverable) await sendByMailInstead(ctx, message, 'undeliverable')
  }
}

/** The same news by mail, where the person left an address and there is no other way. */
export async function sendByMailInstead(
  ctx: Ctx,
  message: OutboxRow,
  because: 'undeliverable' | 'opted_out',
): Promise<void> {
  const { email } = message.params
  if (email === undefined || message.channel !== 'whatsapp' || !fallsBackToMail(message.kind, because)) return
  await queueMessage(ctx, {
    kind: message.kind,
    template: message.template,
    recipient: { channel: 'email', email },
    language: message.language,
    appointmentId: message.appointmentId,
    version: message.version,
    ...(message.patientId === null ? {} : { patientId: message.patientId }),
    dueAt: ctx.now,
    ...(message.expiresAt === null ? {} : { expiresAt: message.expiresAt }),
    ...(message.toldWith === null ? {} : { toldWith: message.toldWith }),
    params: message.params,
  })
}

/** WhatsApp may know the number by another spelling than the one we dialled; answers come under theirs. */
async function learn(ctx: Ctx, message: OutboxRow, address: string): Promise<void> {
  if (`+${address}` === message.recipient) return
  await upsertAlias(ctx.db, aliasHash(ctx, address), message.recipientHash, ctx.now)
}

export const aliasHash = (ctx: Pick<Ctx, 'platformSeal'>, alias: string): Buffer =>
  ctx.platformSeal.hash('number-alias', alias)

function endOf(result: SendResult): AttemptEnd {
  switch (result.kind) {
    case 'accepted':
      return { outcome: 'accepted', providerId: result.providerId }
    case 'hold':
      return { outcome: 'retry', code: result.code, detail: result.detail }
    case 'retry':
    case 'final':
    case 'unknown':
      return { outcome: result.kind, code: result.code, detail: result.detail }
  }
}
