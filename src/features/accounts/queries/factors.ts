// What somebody has besides their password: an authenticator app, passkeys, codes for the day both are lost.
import type { Knex } from 'knex'
import type { ClinicId, Id, UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'

export type SeedId = Id<'totp_seed'>
export type PasskeyId = Id<'passkey'>
export type FactorResetId = Id<'factor_reset'>

export type Seed = { id: SeedId; sealed: Buffer; lastStep: number; createdAt: Instant; confirmedAt: Instant | null }

const seed = `select id, seed_sealed as sealed, last_step as "lastStep", created_at as "createdAt",
  confirmed_at as "confirmedAt" from platform.totp_seeds where user_id = ?`

/** The seed whose codes count. */
export async function findSeed(db: Knex, userId: UserId): Promise<Seed | undefined> {
  return (await rows<Seed>(db, seed + ' and confirmed_at is not null', [userId]))[0]
}

/** The seed that is being set up, unless that was begun too long ago. */
export async function findNewSeed(db: Knex, userId: UserId, since: Instant): Promise<Seed | undefined> {
  return (await rows<Seed>(db, seed + ' and confirmed_at is null and created_at > ?', [userId, since]))[0]
}

export async function insertSeed(
  db: Knex,
  made: { id: SeedId; userId: UserId; sealed: Buffer; now: Instant },
): Promise<void> {
  await rows(
    db,
    `insert into platform.totp_seeds (id, user_id, seed_sealed, created_at) values (?, ?, ?, ?)
     on conflict (user_id) where confirmed_at is null
     do update set id = excluded.id, seed_sealed = excluded.seed_sealed, created_at = excluded.created_at`,
    [made.id, made.userId, made.sealed, made.now],
  )
}

/** Uses up a step of a seed's time. False when it or a later one was used already: of two at once one goes on. */
export async function updateSeedStep(db: Knex, id: SeedId, step: number): Promise<boolean> {
  return (
    (await changes(db, 'update platform.totp_seeds set last_step = ? where id = ? and last_step < ?', [
      step,
      id,
      step,
    ])) === 1
  )
}

export async function updateSeedConfirmed(
  db: Knex,
  userId: UserId,
  id: SeedId,
  step: number,
  now: Instant,
): Promise<boolean> {
  await deleteSeed(db, userId)
  return (
    (await changes(
      db,
      'update platform.totp_seeds set confirmed_at = ?, last_step = ? where id = ? and confirmed_at is null',
      [now, step, id],
    )) === 1
  )
}

export async function deleteSeed(db: Knex, userId: UserId): Promise<boolean> {
  return (
    (await changes(db, 'delete from platform.totp_seeds where user_id = ? and confirmed_at is not null', [userId])) ===
    1
  )
}

export async function insertRecoveryCodes(
  db: Knex,
  userId: UserId,
  hashes: readonly string[],
  now: Instant,
): Promise<void> {
  // Who asks twice at once gets the later ones; one after the other, or each would add its ten.
  await rows(db, 'select 1 from platform.users where id = ? for update', [userId])
  await deleteRecoveryCodes(db, userId)
  await changes(
    db,
    `insert into platform.recovery_codes (user_id, position, code_hash, created_at)
     select ?::uuid, at - 1, hash, ?::timestamptz from unnest(?::text[]) with ordinality as t (hash, at)`,
    [userId, now, hashes],
  )
}

export async function deleteRecoveryCodes(db: Knex, userId: UserId): Promise<void> {
  await changes(db, 'delete from platform.recovery_codes where user_id = ?', [userId])
}

export async function findRecoveryCode(db: Knex, userId: UserId, position: number): Promise<string | undefined> {
  const [found] = await rows<{ hash: string }>(
    db,
    `select code_hash as hash from platform.recovery_codes where user_id = ? and position = ? and used_at is null`,
    [userId, position],
  )
  return found?.hash
}

/** Spends a code; false when it was spent or replaced meanwhile. */
export async function updateRecoveryCodeUsed(
  db: Knex,
  userId: UserId,
  position: number,
  hash: string,
  now: Instant,
): Promise<boolean> {
  return (
    (await changes(
      db,
      `update platform.recovery_codes set used_at = ? where user_id = ? and position = ? and code_hash = ?
       and used_at is null`,
      [now, userId, position, hash],
    )) === 1
  )
}

export async function countRecoveryCodes(db: Knex, userId: UserId): Promise<number> {
  const [counted] = await rows<{ count: number }>(
    db,
    'select count(*) as count from platform.recovery_codes where user_id = ? and used_at is null',
    [userId],
  )
  return counted?.count ?? 0
}

export type StoredPasskey = {
  id: PasskeyId
  userId: UserId
  credentialId: string
  publicKey: Buffer
  counter: number
  transports: string[]
  name: string
  createdAt: Instant
  lastUsedAt: Instant | null
}

const passkey = `select id, user_id as "userId", credential_id as "credentialId", public_key as "publicKey", counter,
  transports, name, created_at as "createdAt", last_used_at as "lastUsedAt" from platform.passkeys`

export async function listPasskeys(db: Knex, userId: UserId): Promise<StoredPasskey[]> {
  return rows<StoredPasskey>(db, passkey + ' where user_id = ? order by created_at, id', [userId])
}

export async function findPasskey(db: Knex, credentialId: string): Promise<StoredPasskey | undefined> {
  return (await rows<StoredPasskey>(db, passkey + ' where credential_id = ?', [credentialId]))[0]
}

/** False when it is somebody's already. */
export async function insertPasskey(
  db: Knex,
  made: Pick<StoredPasskey, 'id' | 'userId' | 'credentialId' | 'publicKey' | 'counter' | 'transports' | 'name'> & {
    now: Instant
  },
): Promise<boolean> {
  const inserted = await rows(
    db,
    `insert into platform.passkeys (id, user_id, credential_id, public_key, counter, transports, name, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (credential_id) do nothing returning id`,
    [made.id, made.userId, made.credentialId, made.publicKey, made.counter, made.transports, made.name, made.now],
  )
  return inserted.length === 1
}

export async function updatePasskeyUsed(
  db: Knex,
  { id, counter }: Pick<StoredPasskey, 'id' | 'counter'>,
  newCounter: number,
  now: Instant,
): Promise<boolean> {
  // Compared once more: two answers of a copied key may arrive at once.
  return (
    (await changes(db, 'update platform.passkeys set counter = ?, last_used_at = ? where id = ? and counter = ?', [
      newCounter,
      now,
      id,
      counter,
    ])) === 1
  )
}

export async function deletePasskey(db: Knex, userId: UserId, id: PasskeyId): Promise<string | undefined> {
  const [gone] = await rows<{ name: string }>(
    db,
    'delete from platform.passkeys where user_id = ? and id = ? returning name',
    [userId, id],
  )
  return gone?.name
}

export async function deletePasskeys(db: Knex, userId: UserId): Promise<void> {
  await changes(db, 'delete from platform.passkeys where user_id = ?', [userId])
}

export type ChallengePurpose = 'register' | 'sign_in' | 'confirm'

export async function insertChallenge(
  db: Knex,
  made: { hash: Buffer; purpose: ChallengePurpose; userId: UserId | undefined; now: Instant; expiresAt: Instant },
): Promise<void> {
  await changes(db, 'delete from platform.passkey_challenges where expires_at < ?', [made.now])
  await changes(
    db,
    'insert into platform.passkey_challenges (hash, purpose, user_id, expires_at) values (?, ?, ?, ?)',
    [made.hash, made.purpose, made.userId ?? null, made.expiresAt],
  )
}

/** Spends a challenge: of many answers to it one is heard. */
export async function deleteChallenge(
  db: Knex,
  wanted: { hash: Buffer; purpose: ChallengePurpose; userId: UserId | undefined; now: Instant },
): Promise<boolean> {
  return (
    (await changes(
      db,
      `delete from platform.passkey_challenges where hash = ? and purpose = ? and user_id is not distinct from ?::uuid
       and expires_at > ?`,
      [wanted.hash, wanted.purpose, wanted.userId ?? null, wanted.now],
    )) === 1
  )
}

/** Whether something besides the password is asked of this person. */
export async function findSecondFactor(db: Knex, userId: UserId): Promise<{ app: boolean; passkey: boolean }> {
  const [found] = await rows<{ app: boolean; passkey: boolean }>(
    db,
    `select exists (select from platform.totp_seeds where user_id = ? and confirmed_at is not null) as app,
            exists (select from platform.passkeys where user_id = ?) as passkey`,
    [userId, userId],
  )
  return found ?? { app: false, passkey: false }
}

/** Which of a clinic's people have one. */
export async function listMembersWithFactor(db: Knex, clinicId: ClinicId): Promise<UserId[]> {
  const found = await rows<{ userId: UserId }>(
    db,
    `select m.user_id as "userId" from platform.memberships m where m.clinic_id = ? and (
       exists (select from platform.totp_seeds s where s.user_id = m.user_id and s.confirmed_at is not null)
       or exists (select from platform.passkeys p where p.user_id = m.user_id))`,
    [clinicId],
  )
  return found.map(({ userId }) => userId)
}

/** A change of what signs somebody in: every session of theirs ends but one that is given the new version. */
export async function updateFactorVersion(db: Knex, userId: UserId): Promise<number> {
  const [updated] = await rows<{ version: number }>(
    db,
    'update platform.users set password_version = password_version + 1 where id = ? returning password_version as version',
    [userId],
  )
  if (!updated) throw new Error('an account that is not there')
  return updated.version
}

export type FactorPolicy = { required: boolean; since: Instant | null; changedBy: string | null }

export async function getFactorPolicy(db: Knex, clinicId: ClinicId): Promise<FactorPolicy> {
  const [found] = await rows<FactorPolicy>(
    db,
    `select c.factor_required as required, c.factor_since as since, u.name as "changedBy"
     from platform.clinics c left join platform.users u on u.id = c.factor_changed_by where c.id = ?`,
    [clinicId],
  )
  if (!found) throw new Error('a clinic that is not there')
  return found
}

export async function updateFactorPolicy(
  db: Knex,
  clinicId: ClinicId,
  { required, by, now }: { required: boolean; by: UserId; now: Instant },
): Promise<boolean> {
  return (
    (await changes(
      db,
      `update platform.clinics set factor_required = ?, factor_since = ?, factor_changed_by = ?
       where id = ? and factor_required <> ?`,
      [required, now, by, clinicId, required],
    )) === 1
  )
}
