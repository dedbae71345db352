// The people who work at a clinic: their roles, which doctor they are, and the end of it.
import type { PractitionerId, UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { allowed, rolesWithDiary, type Role } from '../../../kernel/permissions.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { forbidden, notFound } from '../../../platform/errors.ts'
import { queueMail } from '../../../platform/mails.ts'
import { listOwners } from '../../../platform/owners.ts'
import type { Services } from '../../../platform/services.ts'
import { handOver, type HandedOver } from '../../appointments/actions/hand-over.ts'
import type { Handover } from '../../appointments/rules.ts'
import { linkAccount, takeOutOfUse, unlinkAccount } from '../../clinics/actions/people.ts'
import { findPractitioner, findPractitionerOfUser, type Practitioner } from '../../clinics/queries.ts'
import { countVisitsAhead } from '../../clinics/queries/visits.ts'
import { handOverPath } from '../../clinics/rules/settings.ts'
import { deleteMember, lockMembers, updateRole } from '../queries.ts'
import { deleteSessions } from '../queries/sessions.ts'
import { leavesNoOwner } from '../rules.ts'

/** Another role, or another doctor, for a member: from their next request on. */
export async function changeMember(
  ctx: Ctx,
  userId: UserId,
  wanted: { role: Role; practitionerId: PractitionerId | undefined },
): Promise<Outcome<void, 'last_owner' | 'doctor_taken'>> {
  const members = await lockManaged(ctx)
  const { role: before } = members.find((one) => one.userId === userId) ?? notFound('member')
  if (leavesNoOwner(members, userId, wanted.role)) return refuse('last_owner')
  // The desk has no diary of its own.
  const practitionerId = rolesWithDiary.includes(wanted.role) ? wanted.practitionerId : undefined
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

export type Removal = { handover: Handover | undefined }
type Left = HandedOver & { left: number }
/** `handOver`: a doctor out of use whose visits are left with nobody. */
export type Removed = Left & { handOver: PractitionerId | undefined }

/**
 * Ends somebody's membership and, before the answer is sent, their sessions. What they did stays under their name. When
 * they are a doctor with visits ahead somebody has to say what becomes of these; a doctor whose visits were moved or
 * cancelled is out of use from then on, or patients would go on booking.
 */
export async function removeMember(
  ctx: Ctx,
  services: Pick<Services, 'config' | 'speakers'>,
  userId: UserId,
  { handover }: Removal = { handover: undefined },
): Promise<Outcome<Removed, 'last_owner' | 'visits' | 'no_such_doctor' | 'changed_meanwhile'>> {
  const members = await lockManaged(ctx)
  const { role } = members.find((one) => one.userId === userId) ?? notFound('member')
  if (leavesNoOwner(members, userId)) return refuse('last_owner')
  const doctor = await findPractitionerOfUser(ctx, userId)
  const ahead = doctor ? await countVisitsAhead(ctx, 'practitioner', doctor.id) : 0
  // While nobody has paid, people can be removed and visits stay as they are.
  const chosen = ctx.clinic.status === 'active' ? handover : ({ visits: 'keep' } as const)
  if (ahead > 0 && !chosen) return refuse('visits')
  const handed = doctor && chosen && ahead > 0 ? await leaveDiary(ctx, doctor.id, chosen) : undefined
  if (handed && !handed.ok) return handed
  const removed = handed?.value ?? { moved: 0, cancelled: 0, left: 0 }
  await deleteMember(ctx.db, ctx.clinic.id, userId)
  await becomeDoctor(ctx, userId, undefined)
  const oneself = ctx.actor.kind === 'user' && ctx.actor.userId === userId
  // Who goes of their own accord has a page to be shown yet.
  if (!oneself) await deleteSessions(ctx.db, userId)
  const visits = handed && chosen ? { visits: chosen.visits, ...removed } : {}
  await audit(ctx, 'staff.removed', { kind: 'user', id: userId }, { role, ...visits })
  const orphaned = chosen?.visits !== 'keep' && removed.left > 0 ? doctor : undefined
  if (orphaned && oneself) await tellOwners(ctx, services, orphaned, removed.left)
  return done({ ...removed, handOver: orphaned?.id })
}

/** Whoever goes of their own accord can't see to what is left: the owners who stay can, and have to hear of it. */
async function tellOwners(
  ctx: Ctx,
  { config, speakers }: Pick<Services, 'config' | 'speakers'>,
  doctor: Practitioner,
  left: number,
): Promise<void> {
  for (const { name, email, language } of await listOwners(ctx.db, ctx.clinic.id)) {
    const { t } = speakers(language, ctx.clinic)
    await queueMail(ctx.db, ctx.platformSeal, {
      kind: 'visits_left',
      to: email,
      subject: t('accounts.mail.visits_left.subject', { clinic: ctx.clinic.name }),
      text: t('accounts.mail.visits_left.text', {
        name,
        doctor: doctor.name,
        clinic: ctx.clinic.name,
        left,
        link: `${config.baseUrl}/app/${ctx.clinic.slug}${handOverPath(doctor.id)}`,
      }),
      now: ctx.now,
      clinicId: ctx.clinic.id,
    })
  }
}

async function leaveDiary(
  ctx: Ctx,
  id: PractitionerId,
  handover: Handover,
): Promise<Outcome<Left, 'no_such_doctor' | 'changed_meanwhile'>> {
  if (handover.visits === 'move') {
    const to = await findPractitioner(ctx, handover.to)
    if (!to?.active || to.id === id) return refuse('no_such_doctor')
  }
  const handed = await handOver(ctx, id, handover)
  if (!handed.ok) return handed
  if (handover.visits !== 'keep') await takeOutOfUse(ctx, { kind: 'practitioner', id })
  return done({ ...handed.value, left: await countVisitsAhead(ctx, 'practitioner', id) })
}

/** The members, locked; asked anew whether who is asking may still manage them, for somebody may just have seen to that. */
async function lockManaged(ctx: Ctx) {
  const members = await lockMembers(ctx.db, ctx.clinic.id)
  const { actor } = ctx
  if (actor.kind !== 'user') throw new Error('only people manage staff')
  const role = members.find(({ userId }) => userId === actor.userId)?.role
  if (role === undefined || !allowed(role, 'staff.manage')) forbidden('staff are managed by those who still may')
  return members
}
