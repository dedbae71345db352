import type { PractitionerId } from '../../../kernel/ids.ts'
import { isBefore, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { deskGrace } from '../../notices/rules.ts'
import { insertFreedTime, type Because } from '../queries/freed.ts'

type Place = { practitionerId: PractitionerId; startsAt: Instant; endsAt: Instant }

/**
 * Says, in the transaction that frees it, that a doctor's time came free: the waiting list is offered it. Costs one small
 * statement, and writes nothing where nobody waits. What a desk does can be taken back for three minutes, so that nobody
 * is offered it before; `lookAt` names another moment.
 */
export async function noteFreed(
  ctx: Ctx,
  { practitionerId, startsAt, endsAt }: Place,
  because: Because,
  options: { by?: 'patient' | 'desk'; lookAt?: Instant } = {},
): Promise<void> {
  if (!isBefore(ctx.now, endsAt)) return
  const lookAt = options.lookAt ?? (options.by === 'desk' ? ctx.now.add(deskGrace) : ctx.now)
  await insertFreedTime(ctx, { practitionerId, startsAt, endsAt, because, lookAt })
}
