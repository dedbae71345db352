import { newId, type PractitionerId, type UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Role } from '../../../kernel/permissions.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { queueMail } from '../../../platform/mails.ts'
import type { Services } from '../../../platform/services.ts'
import { throttle } from '../../../platform/throttle.ts'
import { linkAccount, unlinkAccount } from '../../clinics/actions/people.ts'
import {
  deleteMember,
  findAccountByEmail,
  findInvitation,
  findInvitationByToken,
  insertAccount,
  insertInvitation,
  insertMember,
  listMembers,
  lockMembers,
  updateAccepted,
  updateRole,
  updateWithdrawn,
  type Account,
  type Invitation,
  type InvitationId,
} from '../queries.ts'
import { invitationDays, leavesNoOwner, limits } from '../rules.ts'
import { hashOf, newToken } from './tokens.ts'

export type Invite = { email: string; role: Role; practitionerId: PractitionerId | undefined; language: Language }

/** Invites somebody by e-mail; an earlier invitation of theirs to this clinic is void. */
export async function invite(
  ctx: Ctx,
  services: Pick<Services, 'config' | 'speakers'>,
  wanted: Invite,
): Promise<Outcome<InvitationId, 'already_member' | 'too_many'>> {
  if (ctx.actor.kind !== 'user') throw new Error('only people invite')
  const wait = await throttle(ctx.db, ctx.platformSeal, ctx.now, limits.inviteClinic, ctx.clinic.id)
  if (wait !== undefined) return refuse('too_many')
  const members = await listMembers(ctx.db, ctx.clinic.id)
  if (members.some(({ email }) => email === wanted.email)) return refuse('already_member')
  const { token, hash } = newToken()
  const id = newId<'invitation'>()
  const expiresAt = ctx.now.add({ hours: 24 * invitationDays })
  await insertInvitation(ctx.db, {
    id,
    clinicId: ctx.clinic.id,
    email: wanted.email,
    role: wanted.role,
    practitionerId: wanted.role === 'doctor' ? (wanted.practitionerId ?? null) : null,
    language: wanted.language,
    expiresAt,
    hash,
    invitedBy: ctx.actor.userId,
    now: ctx.now,
  })
  const { t } = services.speakers(wanted.language, ctx.clinic)
  await queueMail(ctx.db, ctx.platformSeal, {
    kind: 'invitation',
    to: wanted.email,
    subject: t('accounts.mail.invitation.subject', { clinic: ctx.clinic.name }),
    text: t('accounts.mail.invitation.text', {
      who: ctx.actor.name,
      clinic: ctx.clinic.name,
      role: t(`shared.role.${wanted.role}`),
      link: `${services.config.baseUrl}/invitations/${token}`,
      count: invitationDays,
    }),
    now: ctx.now,
    expiresAt,
  })
  await audit(ctx, 'staff.invited', { kind: 'invitation', id }, { role: wanted.role }, { email: wanted.email })
  return done(id)
}

/** Sends a new link for an invitation; the old one is dead. */
export async function inviteAgain(
  ctx: Ctx,
  services: Pick<Services, 'config' | 'speakers'>,
  id: InvitationId,
): Promise<Outcome<InvitationId, 'already_member' | 'too_many'>> {
  const earlier = (await findInvitation(ctx.db, id, ctx.clinic.id)) ?? notFound('invitation')
  const { email, role, practitionerId, language } = earlier
  return invite(ctx, services, { email, role, practitionerId: practitionerId ?? undefined, language })
}

export async function withdrawInvitation(ctx: Ctx, id: InvitationId): Promise<void> {
  if (!(await updateWithdrawn(ctx.db, id, ctx.clinic.id, ctx.now))) notFound('invitation')
  await audit(ctx, 'staff.invitation_withdrawn', { kind: 'invitation', id })
}

/** Another role for a member, from their next request on. */
export async function changeRole(ctx: Ctx, userId: UserId, role: Role): Promise<Outcome<void, 'last_owner'>> {
  const members = await lockMembers(ctx.db, ctx.clinic.id)
  const member = members.find((one) => one.userId === userId) ?? notFound('member')
  if (member.role === role) return done(undefined)
  if (leavesNoOwner(members, userId, role)) return refuse('last_owner')
  await updateRole(ctx.db, ctx.clinic.id, userId, role)
  await audit(ctx, 'staff.role_changed', { kind: 'user', id: userId }, { from: member.role, to: role })
  return done(undefined)
}

/** Ends somebody's membership: their next request finds no clinic. What they did stays under their name. */
export async function removeMember(ctx: Ctx, userId: UserId): Promise<Outcome<void, 'last_owner'>> {
  const members = await lockMembers(ctx.db, ctx.clinic.id)
  const member = members.find((one) => one.userId === userId) ?? notFound('member')
  if (leavesNoOwner(members, userId)) return refuse('last_owner')
  await deleteMember(ctx.db, ctx.clinic.id, userId)
  await unlinkAccount(ctx, userId)
  await audit(ctx, 'staff.removed', { kind: 'user', id: userId }, { role: member.role })
  return done(undefined)
}

export async function findOpenInvitation(services: Services, token: string): Promise<Invitation | undefined> {
  return findInvitationByToken(services.db, hashOf(token), services.clock.now())
}

/** Makes the account an invitation is for, and takes the invitation. The e-mail is proven: the link came by it. */
export async function joinWithNewAccount(
  services: Services,
  token: string,
  person: { name: string; password: string },
): Promise<Outcome<Account, 'link_dead' | 'has_account'>> {
  const invitation = await findOpenInvitation(services, token)
  if (!invitation) return refuse('link_dead')
  const passwordHash = await services.passwords.hash(person.password)
  const { email, language } = invitation
  const id = newId<'user'>()
  const isNew = await insertAccount(services.db, {
    id,
    email,
    name: person.name,
    passwordHash,
    language,
    now: services.clock.now(),
  })
  if (!isNew) return refuse('has_account')
  const joined = await join(services, token, { id, email, name: person.name })
  if (!joined.ok) return joined
  const account = await findAccountByEmail(services.db, email)
  if (!account) throw new Error('an account that was just made')
  return done(account)
}

/** Takes an invitation for an account that has its e-mail; nobody can accept another's. */
export async function join(
  services: Services,
  token: string,
  account: { id: UserId; email: string; name: string },
): Promise<Outcome<{ slug: string }, 'link_dead'>> {
  const waiting = await findOpenInvitation(services, token)
  if (waiting?.email !== account.email) return refuse('link_dead')
  const clinic = await services.clinics.byId(waiting.clinicId)
  if (!clinic) return refuse('link_dead')
  const actor = { kind: 'user', userId: account.id, name: account.name, role: waiting.role } as const
  return services.inClinic(clinic, actor, { requestId: 'invitation' }, async (ctx) => {
    const invitation = await updateAccepted(ctx.db, hashOf(token), ctx.now)
    if (!invitation) return refuse('link_dead')
    const { role, practitionerId } = invitation
    await insertMember(ctx.db, { clinicId: ctx.clinic.id, userId: account.id, role, now: ctx.now })
    if (practitionerId !== null) await linkAccount(ctx, practitionerId, account.id)
    await audit(ctx, 'staff.joined', { kind: 'user', id: account.id }, { role })
    return done({ slug: ctx.clinic.slug })
  })
}
