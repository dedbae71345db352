import type { PractitionerId } from '../../../kernel/ids.ts'
import { isBefore, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { getSettings } from '../../availability/actions.ts'
import { deskGrace } from '../../notices/rules.ts'
import { insertFreedTime, type Because } from '../queries/freed.ts'

/** With what a visit takes before and after it. */
type Place = { practitionerId: PractitionerId; occupiedFrom: Instant; occupiedTo: Instant }

/**
 * Says, in the transaction that frees it, that a doctor's time came free: the waiting list is offered it. Costs one small
 * statement, and writes nothing where nobody waits. What a desk does can be taken back for three minutes, so that nobody
 * is offered it before; `lookAt` names another moment. Where there are rooms one may have come free with it, and then
 * another doctor's time is worth a look as well.
 */
export async function noteFreed(
  ctx: Ctx,
  { practitionerId, occupiedFrom, occupiedTo }: Place,
  because: Because,
  options: { by?: 'patient' | 'desk'; lookAt?: Instant } = {},
): Promise<void> {
  if (!isBefore(ctx.now, occupiedTo)) return
  const lookAt = options.lookAt ?? (options.by === 'desk' ? ctx.now.add(deskGrace) : ctx.now)
  const rooms = (await getSettings(ctx)).resources.length > 0
  await insertFreedTime(ctx, {
    practitionerId: rooms ? null : practitionerId,
    startsAt: occupiedFrom,
    endsAt: occupiedTo,
    because,
    lookAt,
  })
}
