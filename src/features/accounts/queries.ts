import type { Knex } from 'knex'
import type { ClinicId, Id, PractitionerId, UserId } from '../../kernel/ids.ts'
import { roles, type Role } from '../../kernel/permissions.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Instant } from '../../kernel/time.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import type { Transaction } from '../../platform/db/transaction.ts'
import type { Language } from '../../platform/i18n/languages.ts'

export type InvitationId = Id<'invitation'>

export type Account = {
  id: UserId
  email: string
  /** Typed at sign-up, and nobody has shown yet to read it. */
  emailUnproven: boolean
  name: string
  phone: Phone | null
  whatsapp: Phone | null
  /** Which picture of them there is, if any. */
  photo: string | null
  passwordHash: string
  passwordVersion: number
  language: Language
  theme: string
  shortcuts: boolean
  platformAdmin: boolean
}

const accountColumns = `id, email, email_unproven as "emailUnproven", name, phone, whatsapp,
  (select p.version from platform.user_photos p where p.user_id = users.id) as photo, password_hash as "passwordHash", password_version as "passwordVersion", language,
  theme, shortcuts, platform_admin as "platformAdmin"`
const account = 'select ' + accountColumns + ' from platform.users'

export async function findAccountByEmail(db: Knex, email: string): Promise<Account | undefined> {
  return (await rows<Account>(db, account + ' where email = ?', [email]))[0]
}

export async function findAccount(db: Knex, id: UserId): Promise<Account | undefined> {
  return (await rows<Account>(db, account + ' where id = ?', [id]))[0]
}

/** Undefined when the e-mail has an account already. */
export async function insertAccount(
  db: Knex,
  user: {
    id: UserId
    email: string
    emailUnproven: boolean
    name: string
    passwordHash: string
    language: Language
    now: Instant
  },
): Promise<Account | undefined> {
  const [inserted] = await rows<Account>(
    db,
    `insert into platform.users (id, email, email_unproven, name, password_hash, language, created_at)
     values (?, ?, ?, ?, ?, ?, ?) on conflict (email) do nothing returning ` + accountColumns,
    [user.id, user.email, user.emailUnproven, user.name, user.passwordHash, user.language, user.now],
  )
  return inserted
}

export type Admin = Account & { createdAt: Instant }

/** Whoever may open the console, oldest first; `locked` until the transaction ends. */
export async function listAdmins(db: Knex, { locked = false } = {}): Promise<Admin[]> {
  return rows<Admin>(
    db,
    'select ' +
      accountColumns +
      `, created_at as "createdAt" from platform.users where platform_admin order by created_at, id` +
      (locked ? ' for update' : ''),
  )
}

export async function updatePlatformAdmin(db: Knex, id: UserId, platformAdmin: boolean): Promise<void> {
  await changes(db, 'update platform.users set platform_admin = ? where id = ?', [platformAdmin, id])
}

/** The same password, hashed anew: sessions go on. */
export async function updateHash(db: Knex, id: UserId, passwordHash: string): Promise<void> {
  await changes(db, 'update platform.users set password_hash = ? where id = ?', [passwordHash, id])
}

/** The names and addresses of the clinics somebody works at. */
export async function listClinicNames(db: Knex, id: UserId): Promise<string[]> {
  const found = await rows<{ name: string; slug: string }>(
    db,
    `select c.name, c.slug from platform.memberships m join platform.clinics c on c.id = m.clinic_id
     where m.user_id = ? order by c.id`,
    [id],
  )
  return found.flatMap(({ name, slug }) => [name, slug])
}

/** A new password ends every session but one that is started afterwards. */
export async function updatePassword(db: Knex, id: UserId, passwordHash: string): Promise<number> {
  const [updated] = await rows<{ version: number }>(
    db,
    `update platform.users set password_hash = ?, password_version = password_version + 1 where id = ?
     returning password_version as version`,
    [passwordHash, id],
  )
  if (!updated) throw new Error('an account that is not there')
  return updated.version
}

/** Another e-mail, or the same one now that somebody has shown to read it. */
export async function updateEmail(db: Knex, id: UserId, email: string, { proven }: { proven: boolean }): Promise<void> {
  await changes(db, 'update platform.users set email = ?, email_unproven = ? where id = ?', [email, !proven, id])
}

export async function updateProfile(
  db: Knex,
  id: UserId,
  profile: { name: string; phone: Phone | null; whatsapp: Phone | null; shortcuts: boolean },
): Promise<void> {
  await changes(db, 'update platform.users set name = ?, phone = ?, whatsapp = ?, shortcuts = ? where id = ?', [
    profile.name,
    profile.phone,
    profile.whatsapp,
    profile.shortcuts,
    id,
  ])
}

export async function updateLanguage(db: Knex, id: UserId, language: Language): Promise<void> {
  await changes(db, 'update platform.users set language = ? where id = ?', [language, id])
}

export async function updateTheme(db: Knex, id: UserId, theme: string): Promise<void> {
  await changes(db, 'update platform.users set theme = ? where id = ?', [theme, id])
}

/** A token for the account as it stands; earlier ones of the same purpose are void. */
export async function insertResetToken(
  db: Knex,
  token: { hash: Buffer; userId: UserId; passwordVersion: number; now: Instant; expiresAt: Instant },
): Promise<void> {
  await changes(db, `delete from platform.account_tokens where user_id = ? and purpose = 'password_reset'`, [
    token.userId,
  ])
  await changes(
    db,
    `insert into platform.account_tokens (token_hash, user_id, purpose, password_version, created_at, expires_at)
     values (?, ?, 'password_reset', ?, ?, ?)`,
    [token.hash, token.userId, token.passwordVersion, token.now, token.expiresAt],
  )
}

const usableToken = `token_hash = ? and purpose = 'password_reset' and used_at is null and expires_at > ?
  and password_version = (select u.password_version from platform.users u where u.id = user_id)`

export async function findResetToken(db: Knex, hash: Buffer, now: Instant): Promise<UserId | undefined> {
  const [token] = await rows<{ userId: UserId }>(
    db,
    `select user_id as "userId" from platform.account_tokens where ` + usableToken,
    [hash, now],
  )
  return token?.userId
}

/** Spends a token: of many at once one gets the account. */
export async function updateTokenUsed(db: Knex, hash: Buffer, now: Instant): Promise<UserId | undefined> {
  const [token] = await rows<{ userId: UserId }>(
    db,
    'update platform.account_tokens set used_at = ? where ' + usableToken + ' returning user_id as "userId"',
    [now, hash, now],
  )
  return token?.userId
}

export type Member = {
  userId: UserId
  name: string
  email: string
  phone: Phone | null
  whatsapp: Phone | null
  photo: string | null
  role: Role
  since: Instant
}

/** The people of a clinic, owners first. */
export async function listMembers(db: Knex, clinicId: ClinicId): Promise<Member[]> {
  return rows<Member>(
    db,
    `select m.user_id as "userId", u.name, u.email, u.phone, u.whatsapp, m.role, m.created_at as since,
            (select p.version from platform.user_photos p where p.user_id = u.id) as photo
     from platform.memberships m join platform.users u on u.id = m.user_id where m.clinic_id = ?
     order by array_position(?::text[], m.role), u.name, u.id`,
    [clinicId, roles],
  )
}

export async function findMember(db: Knex, clinicId: ClinicId, userId: UserId): Promise<Member | undefined> {
  return (await listMembers(db, clinicId)).find((member) => member.userId === userId)
}

/** Takes the clinic's membership list for itself until the transaction ends, so that two owners can't leave at once. */
export async function lockMembers(db: Transaction, clinicId: ClinicId): Promise<{ userId: UserId; role: Role }[]> {
  return rows<{ userId: UserId; role: Role }>(
    db,
    'select user_id as "userId", role from platform.memberships where clinic_id = ? order by user_id for update',
    [clinicId],
  )
}

export async function insertMember(
  db: Knex,
  member: { clinicId: ClinicId; userId: UserId; role: Role; now: Instant },
): Promise<boolean> {
  const inserted = await rows(
    db,
    `insert into platform.memberships (clinic_id, user_id, role, created_at) values (?, ?, ?, ?)
     on conflict (clinic_id, user_id) do nothing returning user_id`,
    [member.clinicId, member.userId, member.role, member.now],
  )
  return inserted.length === 1
}

export async function updateRole(
  db: Knex,
  clinicId: ClinicId,
  userId: UserId,
  role: Role,
  since: Instant,
): Promise<boolean> {
  return (
    (await changes(db, 'update platform.memberships set role = ?, role_since = ? where clinic_id = ? and user_id = ?', [
      role,
      since,
      clinicId,
      userId,
    ])) === 1
  )
}

export async function deleteMember(db: Knex, clinicId: ClinicId, userId: UserId): Promise<boolean> {
  return (
    (await changes(db, 'delete from platform.memberships where clinic_id = ? and user_id = ?', [clinicId, userId])) ===
    1
  )
}

export type Invitation = {
  id: InvitationId
  clinicId: ClinicId
  email: string
  role: Role
  practitionerId: PractitionerId | null
  language: Language
  expiresAt: Instant
}

const invitation = `select id, clinic_id as "clinicId", email, role, practitioner_id as "practitionerId", language,
  expires_at as "expiresAt" from platform.invitations`
const open = ' accepted_at is null and withdrawn_at is null'

/** Invitations nobody has answered yet, expired ones too, so that they can be sent again. */
export async function listInvitations(db: Knex, clinicId: ClinicId): Promise<Invitation[]> {
  return rows<Invitation>(db, invitation + ' where clinic_id = ? and' + open + ' order by created_at desc', [clinicId])
}

export async function findInvitation(db: Knex, id: InvitationId, clinicId: ClinicId): Promise<Invitation | undefined> {
  return (await rows<Invitation>(db, invitation + ' where id = ? and clinic_id = ? and' + open, [id, clinicId]))[0]
}

export async function findInvitationByToken(db: Knex, hash: Buffer, now: Instant): Promise<Invitation | undefined> {
  return (
    await rows<Invitation>(db, invitation + ' where token_hash = ? and expires_at > ? and' + open, [hash, now])
  )[0]
}

export async function insertInvitation(
  db: Knex,
  wanted: Invitation & { hash: Buffer; invitedBy: UserId; now: Instant },
): Promise<void> {
  // A person has one open invitation to a clinic: the newest.
  await changes(db, 'update platform.invitations set withdrawn_at = ? where clinic_id = ? and email = ? and' + open, [
    wanted.now,
    wanted.clinicId,
    wanted.email,
  ])
  await changes(
    db,
    `insert into platform.invitations (id, clinic_id, email, role, practitioner_id, language, token_hash, invited_by,
       created_at, expires_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      wanted.id,
      wanted.clinicId,
      wanted.email,
      wanted.role,
      wanted.practitionerId,
      wanted.language,
      wanted.hash,
      wanted.invitedBy,
      wanted.now,
      wanted.expiresAt,
    ],
  )
}

export async function updateWithdrawn(db: Knex, id: InvitationId, clinicId: ClinicId, now: Instant): Promise<boolean> {
  return (
    (await changes(db, 'update platform.invitations set withdrawn_at = ? where id = ? and clinic_id = ? and' + open, [
      now,
      id,
      clinicId,
    ])) === 1
  )
}

/** Spends an invitation: of many at once one is taken. */
export async function updateAccepted(db: Knex, hash: Buffer, now: Instant): Promise<Invitation | undefined> {
  const [taken] = await rows<Invitation>(
    db,
    'update platform.invitations set accepted_at = ? where token_hash = ? and expires_at > ? and' +
      open +
      ` returning id, clinic_id as "clinicId", email, role, practitioner_id as "practitionerId", language,
        expires_at as "expiresAt"`,
    [now, hash, now],
  )
  return taken
}

export async function countOtherClinics(db: Knex, userId: UserId, clinicId: ClinicId): Promise<number> {
  const [counted] = await rows<{ count: number }>(
    db,
    'select count(*) as count from platform.memberships where user_id = ? and clinic_id <> ?',
    [userId, clinicId],
  )
  return counted?.count ?? 0
}
