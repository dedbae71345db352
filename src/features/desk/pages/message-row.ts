import type { Ctx } from '../../../platform/clinic-scope.ts'
import { allowed } from '../../../kernel/permissions.ts'
import { parsePhone, phoneText } from '../../../kernel/phone.ts'
import { isBefore } from '../../../kernel/time.ts'
import { languageNames, directionOf } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { LoggedMessage } from '../../messaging/queries/log.ts'
import { whenText } from './words.ts'

/** A message as the log tells of it: what, to whom, how far it came, and why not further. */
export function messageRow(ctx: Ctx, speaker: Speaker, message: LoggedMessage) {
  const { t } = speaker
  const base = `/app/${ctx.clinic.slug}`
  const phone = message.channel === 'whatsapp' ? parsePhone(message.recipient, ctx.clinic.country) : undefined
  const mayAct = ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'appointments.move')
  const waits = message.status === 'queued' && isBefore(ctx.now, message.dueAt)
  const at = message.readAt ?? message.deliveredAt ?? message.failedAt ?? message.sentAt
  return {
    id: message.id,
    kind: t(message.kindKey),
    channel: message.channel,
    channelName: t(`messaging.channel.${message.channel}`),
    status: message.status,
    statusText: waits
      ? t('desk.message.leaves', { when: whenText(ctx, speaker, message.dueAt) })
      : t(message.statusKey),
    ticks: message.ticks,
    look: lookOf(message),
    reason: message.reasonKey && t(message.reasonKey),
    nextTry: message.nextTryAt ? t('desk.message.next_try', { when: whenText(ctx, speaker, message.nextTryAt) }) : undefined,
    at: at && !waits ? whenText(ctx, speaker, at) : undefined,
    body: message.body,
    lang: message.language,
    dir: directionOf(message.language),
    language: languageNames[message.language],
    recipient: phone ? phoneText(phone) : message.recipient,
    patientName: message.patientName ?? undefined,
    visitHref:
      message.appointmentId && message.kind !== 'code' ? `${base}/appointments/${message.appointmentId}` : undefined,
    retry: mayAct && message.canRetry ? `${base}/messages/${message.id}/retry` : undefined,
    // What waits for the desk to think again; a reminder has its time.
    now: mayAct && waits && !message.kind.startsWith('reminder') ? `${base}/messages/${message.id}/now` : undefined,
    takeBack: mayAct && message.canTakeBack ? `${base}/messages/${message.id}/removal` : undefined,
  }
} // prettier-ignore

function lookOf({ status }: LoggedMessage): { css: string; icon: string } {
  switch (status) {
    case 'queued':
    case 'sending':
    case 'unknown':
      return { css: 'ticks-waiting', icon: 'clock' }
    case 'accepted':
    case 'sent':
      return { css: 'ticks-sent', icon: 'check' }
    case 'delivered':
      return { css: 'ticks-delivered', icon: 'checks' }
    case 'read':
      return { css: 'ticks-read', icon: 'checks' }
    case 'failed':
      return { css: 'ticks-failed', icon: 'alert-triangle' }
    case 'dropped':
      return { css: 'ticks-dropped', icon: 'ban' }
  }
}
