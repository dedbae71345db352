// What the desk does to a message: try again, take back.
import type { AppointmentId, MessageId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { lockMessage, updateDueNow, updateTakenBack, updateToRetry, updateVisitsDueNow } from '../queries/outbox.ts'

/** Sends a message that failed once more, if what it says is still true by then. A code is asked for anew instead. */
export async function retryMessage(ctx: Ctx, id: MessageId): Promise<Outcome<undefined, 'not_possible'>> {
  const message = (await lockMessage(ctx, id)) ?? notFound('message')
  const over = message.expiresAt !== null && message.expiresAt.epochMilliseconds <= ctx.now.epochMilliseconds
  if (message.kind === 'code' || over || !(await updateToRetry(ctx, id))) return refuse('not_possible')
  await audit(ctx, 'message.retried', { kind: 'message', id }, { kind: message.kind })
  ctx.messagesQueued()
  return done(undefined)
}

/** Takes a message back that has not left. */
export async function cancelQueuedMessage(ctx: Ctx, id: MessageId): Promise<Outcome<undefined, 'not_possible'>> {
  const message = (await lockMessage(ctx, id)) ?? notFound('message')
  if (!(await updateTakenBack(ctx, id))) return refuse('not_possible')
  await audit(ctx, 'message.taken_back', { kind: 'message', id }, { kind: message.kind })
  return done(undefined)
}

/** Sends at once what waits for the desk to think again. */
export async function sendMessageNow(ctx: Ctx, id: MessageId): Promise<Outcome<undefined, 'not_possible'>> {
  const message = (await lockMessage(ctx, id)) ?? notFound('message')
  if (!(await updateDueNow(ctx, id))) return refuse('not_possible')
  await audit(ctx, 'message.hurried', { kind: 'message', id }, { kind: message.kind })
  ctx.messagesQueued()
  return done(undefined)
}

/** The same for the news of many visits, each as it stood then. Answers how many messages there were to send. */
export async function sendNewsNow(
  ctx: Ctx,
  visits: readonly { id: AppointmentId; version: number }[],
): Promise<number> {
  const hurried = await updateVisitsDueNow(ctx, visits)
  if (hurried > 0) ctx.messagesQueued()
  return hurried
}
