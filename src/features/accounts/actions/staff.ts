// The people who work at a clinic: their roles, which doctor they are, and the end of it.
import type { PractitionerId, UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Role } from '../../../kernel/permissions.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { linkAccount, unlinkAccount } from '../../clinics/actions/people.ts'
import { findPractitioner, findPractitionerOfUser } from '../../clinics/queries.ts'
import { deleteMember, lockMembers, updateRole } from '../queries.ts'
import { leavesNoOwner } from '../rules.ts'

/** Another role, or another doctor, for a member: from their next request on. */
export async function changeMember(
  ctx: Ctx,
  userId: UserId,
  wanted: { role: Role; practitionerId: PractitionerId | undefined },
): Promise<Outcome<void, 'last_owner' | 'doctor_taken'>> {
  const members = await lockMembers(ctx.db, ctx.clinic.id)
  const { role: before } = members.find((one) => one.userId === userId) ?? notFound('member')
  if (leavesNoOwner(members, userId, wanted.role)) return refuse('last_owner')
  // The desk has no diary of its own.
  const practitionerId = wanted.role === 'receptionist' ? undefined : wanted.practitionerId
  if (!(await becomeDoctor(ctx, userId, practitionerId))) return refuse('doctor_taken')
  if (before !== wanted.role) {
    await updateRole(ctx.db, ctx.clinic.id, userId, wanted.role, ctx.now)
    await audit(ctx, 'staff.role_changed', { kind: 'user', id: userId }, { from: before, to: wanted.role })
  }
  return done(undefined)
}

/** False when somebody else signs in as that doctor. */
async function becomeDoctor(ctx: Ctx, userId: UserId, wanted: PractitionerId | undefined): Promise<boolean> {
  const now = await findPractitionerOfUser(ctx, userId)
  if (now?.id === wanted) return true
  if (wanted === undefined) {
    await unlinkAccount(ctx, userId)
    return true
  }
  const doctor = (await findPractitioner(ctx, wanted)) ?? notFound('practitioner')
  if (doctor.userId !== null) return false
  await linkAccount(ctx, wanted, userId)
  return true
}

/** Ends somebody's membership: their next request finds no clinic. What they did stays under their name. */
export async function removeMember(ctx: Ctx, userId: UserId): Promise<Outcome<void, 'last_owner'>> {
  const members = await lockMembers(ctx.db, ctx.clinic.id)
  const { role } = members.find((one) => one.userId === userId) ?? notFound('member')
  if (leavesNoOwner(members, userId)) return refuse('last_owner')
  await deleteMember(ctx.db, ctx.clinic.id, userId)
  await becomeDoctor(ctx, userId, undefined)
  await audit(ctx, 'staff.removed', { kind: 'user', id: userId }, { role })
  return done(undefined)
}
