// STOP and START. The list hangs on the number, apart from any patient, and is asked at the moment of every send.
import type { PatientId } from '../../../kernel/ids.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Instant } from '../../../kernel/time.ts'
import { audit, type AuditRecord } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { recipientHash } from '../../../platform/outbox.ts'
import { findOptOut, lockNumber, updateResumed, upsertStop } from '../queries/opt-outs.ts'
import { updateQueuedOptedOut } from '../queries/correspondence.ts'
import { changeOf, isStopped, type Change } from '../rules/opt-outs.ts'

/** The number every clinic writes from. A clinic with a number of its own will have its id here. */
export const sharedSender = 'platform'

/** Whether nothing may be sent to this number by WhatsApp, a code included: the desk's telephone is the way then. */
export async function isOptedOut(ctx: Ctx, phone: Phone): Promise<boolean> {
  const number = recipientHash(ctx, { channel: 'whatsapp', phone })
  return isStopped(await findOptOut(ctx.db, sharedSender, number))
}

type Wish = {
  numberHash: Buffer
  said: 'stop' | 'start'
  at: Instant
  wording: string
  evidence: string | null
  about: AuditRecord
}

/** Notes a STOP or START, and at this clinic drops what waits. Answers what it changed; nothing, if it was so already. */
export async function noteWish(ctx: Ctx, wish: Wish): Promise<Change | undefined> {
  await lockNumber(ctx.db, wish.numberHash)
  const before = await findOptOut(ctx.db, sharedSender, wish.numberHash)
  const change = changeOf(before, wish.said, wish.at)
  if (change === 'stop_again') await upsertStop(ctx.db, sharedSender, wish.numberHash, wish)
  if (change === 'stop') {
    await upsertStop(ctx.db, sharedSender, wish.numberHash, wish)
    await updateQueuedOptedOut(ctx, wish.numberHash)
    await audit(ctx, 'messages.stopped', wish.about)
  }
  if (change === 'resume') {
    await updateResumed(ctx.db, sharedSender, wish.numberHash, wish)
    await audit(ctx, 'messages.resumed', wish.about)
  }
  return change
}

/** Stops messages on a patient's behalf, by word of mouth or on their page. Only the person can resume them. */
export async function stopForPatient(
  ctx: Ctx,
  { id, phone }: { id: PatientId; phone: Phone },
): Promise<Outcome<undefined, 'stopped_already'>> {
  const numberHash = recipientHash(ctx, { channel: 'whatsapp', phone })
  const change = await noteWish(ctx, {
    numberHash,
    said: 'stop',
    at: ctx.now,
    wording: ctx.actor.kind === 'user' ? 'asked the desk' : 'asked on the page',
    evidence: null,
    about: { kind: 'patient', id },
  })
  return change === 'stop' ? done(undefined) : refuse('stopped_already')
}
