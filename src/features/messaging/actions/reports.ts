// What WhatsApp reports about messages of ours: sent, delivered, read, failed; late, twice and in any order.
import { randomInt, randomUUID } from 'node:crypto'
import { parseId, type ClinicId, type MessageId } from '../../../kernel/ids.ts'
import { Temporal } from '../../../kernel/time.ts'
import { classify } from '../../../platform/channels/whatsapp-errors.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { findMessageByProviderId } from '../queries/correspondence.ts'
import { lockMessage, type OutboxRow } from '../queries/outbox.ts'
import { updateReported } from '../queries/reports.ts'
import { upsertAlias } from '../queries/senders.ts'
import { statusAfter, type Reported } from '../rules/statuses.ts'
import type { StatusItem } from '../rules/webhook.ts'
import { aliasHash, decideOn, tallySent } from './outcome.ts'

const known: Record<string, Reported> = {
  sent: 'sent', delivered: 'delivered', read: 'read', played: 'read', failed: 'failed',
} // prettier-ignore

/** 'later' when it fits no message of ours yet: a report can be faster than the answer to the send it tells of. */
export async function takeReport(services: Services, item: StatusItem): Promise<'done' | 'later'> {
  const reported = known[item.status]
  if (reported === undefined) return 'done'
  const found = namedIn(item.biz_opaque_callback_data) ?? (await findMessageByProviderId(services.jobsDb, item.id))
  if (!found) return 'later'
  const clinic = await services.clinics.byId(found.clinicId)
  if (!clinic) return 'done'
  const origin = { requestId: `webhook-${randomUUID()}` }
  await services.inClinic(clinic, { kind: 'system', job: 'messaging.webhooks' }, origin, async (ctx) => {
    const message = await lockMessage(ctx, found.id)
    if (message) await apply(ctx, message, reported, item)
  })
  return 'done'
}

function namedIn(ours: string | undefined): { clinicId: ClinicId; id: MessageId } | undefined {
  const [clinic, message] = ours?.split('.') ?? []
  const [clinicId, id] = [parseId<'clinic'>(clinic), parseId<'message'>(message)]
  return clinicId && id ? { clinicId, id } : undefined
}

async function apply(ctx: Ctx, message: OutboxRow, reported: Reported, item: StatusItem): Promise<void> {
  await learnNames(ctx, message, item)
  const at = Temporal.Instant.fromEpochMilliseconds(Number(item.timestamp) * 1000)
  // A failure of a try we have given up on already, under the name that try had, is no news about the present one.
  const stale = reported === 'failed' && message.providerId !== null && message.providerId !== item.id
  const status = stale ? undefined : statusAfter(message.status, reported)
  if (reported !== 'failed') tallySent(ctx, message)
  const failure = reported === 'failed' ? classify(item.errors?.[0] ?? {}) : undefined
  await updateReported(ctx, message.id, {
    reported,
    at,
    providerId: item.id,
    status,
    code: failure === undefined ? null : failure.code,
  })
  if (status === 'failed' && failure) await decideOn(ctx, message, failure, randomInt(1000) / 1000)
}

/** The reports about a message to a number are where we learn what else WhatsApp calls its owner. */
async function learnNames(ctx: Ctx, message: OutboxRow, item: StatusItem): Promise<void> {
  for (const name of [item.recipient_id, item.recipient_user_id]) {
    if (name === undefined || `+${name}` === message.recipient) continue
    await upsertAlias(ctx.db, aliasHash(ctx, name), message.recipientHash, ctx.now)
  }
}
