import type { PractitionerId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { getSettings } from '../../availability/actions.ts'

/** The doctor an account stands for at this clinic, or undefined when it stands for none. */
export async function findOwnPractitioner(ctx: Ctx): Promise<PractitionerId | undefined> {
  const { actor } = ctx
  if (actor.kind !== 'user') return undefined
  const { practitioners } = await getSettings(ctx)
  return practitioners.find(({ userId }) => userId === actor.userId)?.id
}

/** A doctor works in the own diary; of another's the answer is that it does not exist. Everyone else may go on. */
export async function ownDiaryOnly(ctx: Ctx, practitionerId: PractitionerId): Promise<void> {
  if (ctx.actor.kind !== 'user' || ctx.actor.role !== 'doctor') return
  if ((await findOwnPractitioner(ctx)) !== practitionerId) notFound('appointment')
}
