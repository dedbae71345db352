// The answer to a request: put into the patient's language when it is decided, kept as it was given, and sent.
import { createHash } from 'node:crypto'
import type { PatientId } from '../../../kernel/ids.ts'
import type { Phone } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { queueMessage } from '../../../platform/outbox.ts'
import type { PlatformSeal } from '../../../platform/seal/key-ring.ts'
import { isOptedOut } from '../../messaging/actions/stop.ts'
import type { RequestOutcome, RightsRequest, RightsRequestId } from '../rules.ts'
import { findRequestByAnswer } from '../queries/requests.ts'
import { answerDays } from '../rules/codes.ts'
import { keptText, type Kept } from '../rules/decision.ts'

export type Sent = 'whatsapp' | 'email' | 'by_hand'

/** As it is stored. The sentences are those that were given, whatever the templates say later. */
export type Answer = {
  paragraphs: string[]
  done: string[]
  kept: string[]
  reasons: string | null
  /** What a copy may hold; none for requests that give none. */
  copy: string[]
  sent: Sent
}

export type Happened = {
  outcome: RequestOutcome
  parts: readonly string[]
  known: boolean
  kept: readonly Kept[]
  reasons: string | undefined
  cancelled: number
}

const gives = (kind: RightsRequest['kind']) => kind === 'access' || kind === 'portability'

export function composeAnswer(
  ctx: Ctx,
  speaker: Speaker,
  request: Pick<RightsRequest, 'kind' | 'receivedAt'>,
  happened: Happened,
): Omit<Answer, 'sent'> {
  const { t } = speaker
  const { kind } = request
  const { outcome, known, kept, parts, cancelled } = happened
  const asked = t(`rights.answer.asked.${kind}`, {
    date: speaker.date(request.receivedAt),
    clinic: ctx.clinic.name,
  })
  const what = !known && outcome === 'done' ? t('rights.answer.nothing') : t(`rights.answer.${outcome}.${kind}`)
  const copy = gives(kind) && known && outcome !== 'refused' ? [...parts] : []
  return {
    paragraphs: [
      asked,
      what,
      ...(cancelled > 0 ? [t('rights.answer.cancelled', { count: cancelled })] : []),
      ...(copy.length > 0 ? [t('rights.answer.copy', { count: answerDays })] : []),
    ],
    done: outcome === 'partly' ? parts.map((part) => t(`rights.part.${part}`)) : [],
    kept: kept.map((one) => keptText(speaker, one)),
    reasons: happened.reasons ?? null,
    copy,
  }
}

/** The end of the address an answer is at; made of the request rather than stored. */
export function answerToken(ctx: Ctx, id: RightsRequestId): string {
  return tokenOf(ctx.platformSeal, ctx, id)
}

const tokenOf = (seal: PlatformSeal, { clinic }: Pick<Ctx, 'clinic'>, id: RightsRequestId) =>
  seal.hash('rights-answer', `${clinic.id}|${id}`).subarray(0, 24).toString('base64url')

export const answerHash = (token: string): Buffer => createHash('sha256').update(token).digest()

/**
 * Sends the news that there is an answer, with the link to it: nothing of what was asked or answered stands in a chat.
 * To a number only when it was proven, and not against a STOP; to an address when there is no other way.
 */
export async function sendAnswer(
  ctx: Ctx,
  request: Pick<RightsRequest, 'id' | 'language' | 'identity'>,
  to: { phone: Phone | undefined; email: string | undefined; patientId: PatientId | undefined },
): Promise<Sent> {
  const { phone, email, patientId } = to
  const chat = phone !== undefined && request.identity !== null && !(await isOptedOut(ctx, phone))
  const recipient = chat
    ? ({ channel: 'whatsapp', phone } as const)
    : email === undefined
      ? undefined
      : ({ channel: 'email', email } as const)
  if (!recipient) return 'by_hand'
  await queueMessage(ctx, {
    kind: 'rights_answer',
    template: 'nabz_answer',
    recipient,
    language: request.language,
    appointmentId: null,
    ...(patientId === undefined ? {} : { patientId }),
    version: 1,
    dueAt: ctx.now,
    expiresAt: ctx.now.add({ hours: answerDays * 24 }),
    params: { token: answerToken(ctx, request.id), ...(email === undefined ? {} : { email }) },
  })
  ctx.messagesQueued()
  return recipient.channel
}

/** The request that a link leads to, while the link works. */
export async function findByAnswer(ctx: Ctx, token: string): Promise<RightsRequest | undefined> {
  if (!/^[A-Za-z0-9_-]{32}$/.test(token)) return undefined
  return findRequestByAnswer(ctx, answerHash(token), ctx.now.subtract({ hours: answerDays * 24 }))
}
