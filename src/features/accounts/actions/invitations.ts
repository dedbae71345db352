// Inviting somebody to a clinic by e-mail, and taking the invitation.
import { newId, type PractitionerId, type UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { rolesWithDiary, type Role } from '../../../kernel/permissions.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx, Origin } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { queueMail } from '../../../platform/mails.ts'
import type { Services } from '../../../platform/services.ts'
import { throttle } from '../../../platform/throttle.ts'
import { linkAccount } from '../../clinics/actions/people.ts'
import { findPractitioner } from '../../clinics/queries.ts'
import {
  findAccount,
  findInvitation,
  findInvitationByToken,
  insertAccount,
  insertInvitation,
  insertMember,
  listMembers,
  updateAccepted,
  updateWithdrawn,
  type Account,
  type Invitation,
  type InvitationId,
} from '../queries.ts'
import { invitationDays, limits, passwordFault, type PasswordFault } from '../rules.ts'
import { hashOf, newToken } from './tokens.ts'

export type Invite = { email: string; role: Role; practitionerId: PractitionerId | undefined; language: Language }

export type InviteRefusal = 'already_member' | 'too_many' | 'unverified'

/** Invites somebody by e-mail; an earlier invitation of theirs to this clinic is void. */
export async function invite(
  ctx: Ctx,
  services: Pick<Services, 'config' | 'speakers'>,
  wanted: Invite,
): Promise<Outcome<InvitationId, InviteRefusal>> {
  if (ctx.actor.kind !== 'user') throw new Error('only people invite')
  // Mail to strangers, in the name of whoever shows to read their own.
  if ((await findAccount(ctx.db, ctx.actor.userId))?.emailUnproven) return refuse('unverified')
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
    practitionerId: await freeDoctor(ctx, wanted.role, wanted.practitionerId),
    language: wanted.language,
    expiresAt,
    hash,
    invitedBy: ctx.actor.userId,
    now: ctx.now,
  })
  const { t, lang } = services.speakers(wanted.language, ctx.clinic)
  await queueMail(ctx.db, ctx.platformSeal, {
    kind: 'invitation',
    to: wanted.email,
    subject: t('accounts.mail.invitation.subject', { clinic: ctx.clinic.name }),
    text: t('accounts.mail.invitation.text', {
      who: ctx.actor.name,
      clinic: ctx.clinic.name,
      role: t(`shared.role.${wanted.role}`),
      link: `${services.config.baseUrl}/invitations/${token}?lang=${lang}`,
      days: invitationDays,
    }),
    now: ctx.now,
    clinicId: ctx.clinic.id,
    expiresAt,
  })
  await audit(ctx, 'staff.invited', { kind: 'invitation', id }, { role: wanted.role }, { email: wanted.email })
  return done(id)
}

/** The doctor somebody is to be, if there is one of that id here and nobody signs in as them yet. */
async function freeDoctor(ctx: Ctx, role: Role, id: PractitionerId | null | undefined): Promise<PractitionerId | null> {
  if (!rolesWithDiary.includes(role) || id === null || id === undefined) return null
  const doctor = await findPractitioner(ctx, id)
  return doctor?.userId === null ? doctor.id : null
}

/** Sends a new link for an invitation; the old one is dead. */
export async function inviteAgain(
  ctx: Ctx,
  services: Pick<Services, 'config' | 'speakers'>,
  id: InvitationId,
): Promise<Outcome<InvitationId, InviteRefusal>> {
  const earlier = (await findInvitation(ctx.db, id, ctx.clinic.id)) ?? notFound('invitation')
  const { email, role, practitionerId, language } = earlier
  return invite(ctx, services, { email, role, practitionerId: practitionerId ?? undefined, language })
}

export async function withdrawInvitation(ctx: Ctx, id: InvitationId): Promise<void> {
  if (!(await updateWithdrawn(ctx.db, id, ctx.clinic.id, ctx.now))) notFound('invitation')
  await audit(ctx, 'staff.invitation_withdrawn', { kind: 'invitation', id })
}

/** What a link invites to; undefined for one that never was, is used, withdrawn or over. Nothing is spent by looking. */
export async function findOpenInvitation(services: Services, token: string): Promise<Invitation | undefined> {
  return findInvitationByToken(services.db, hashOf(token), services.clock.now())
}

export type Joined = { slug: string; account: Account }

/** Makes the account an invitation is for, and takes the invitation. The e-mail is proven: the link came by it. */
export async function joinWithNewAccount(
  services: Services,
  origin: Origin,
  token: string,
  person: { name: string; password: string },
): Promise<Outcome<Joined, 'link_dead' | 'email_known' | PasswordFault>> {
  const invitation = await findOpenInvitation(services, token)
  const clinic = invitation && (await services.clinics.byId(invitation.clinicId))
  if (!clinic) return refuse('link_dead')
  const { name, password } = person
  const fault = passwordFault(password, [name, invitation.email, clinic.name, clinic.slug], services.config.demo)
  if (fault) return refuse(fault)
  const passwordHash = await services.passwords.hash(password)
  const id = newId<'user'>()
  return take(services, origin, token, { id, name }, ({ db, now }, { email, language }) =>
    insertAccount(db, { id, email, emailUnproven: false, name, passwordHash, language, now }),
  )
}

/** Takes an invitation for the account that has its e-mail; nobody can accept another's. */
export async function join(
  services: Services,
  origin: Origin,
  token: string,
  account: Account,
): Promise<Outcome<Joined, 'link_dead' | 'email_known'>> {
  return take(services, origin, token, account, (_ctx, { email }) =>
    Promise.resolve(email === account.email ? account : undefined),
  )
}

/** Spends the link, first of all: of many tries at once one goes on. What follows fails or succeeds with it. */
async function take(
  services: Services,
  origin: Origin,
  token: string,
  person: { id: UserId; name: string },
  accountFor: (ctx: Ctx, invitation: Invitation) => Promise<Account | undefined>,
): Promise<Outcome<Joined, 'link_dead' | 'email_known'>> {
  const open = await findOpenInvitation(services, token)
  const clinic = open && (await services.clinics.byId(open.clinicId))
  if (!clinic) return refuse('link_dead')
  const actor = { kind: 'user', userId: person.id, name: person.name, role: open.role } as const
  return services.inClinic(clinic, actor, origin, async (ctx) => {
    const invitation = await updateAccepted(ctx.db, hashOf(token), ctx.now)
    if (!invitation) return refuse('link_dead')
    const account = await accountFor(ctx, invitation)
    if (!account) return refuse('email_known')
    const { role, practitionerId } = invitation
    await insertMember(ctx.db, { clinicId: ctx.clinic.id, userId: account.id, role, now: ctx.now })
    // Somebody else may have become this doctor in the meantime; then the owner has to say who is who.
    const doctor = await freeDoctor(ctx, role, practitionerId)
    if (doctor !== null) await linkAccount(ctx, doctor, account.id)
    await audit(ctx, 'staff.joined', { kind: 'user', id: account.id }, { role })
    return done({ slug: ctx.clinic.slug, account })
  })
}
