// Versions of the policies, who was told of them, and who accepted them.
import type { Knex } from 'knex'
import type { ClinicId, UserId } from '../../kernel/ids.ts'
import type { PolicyCode } from '../../kernel/policies.ts'
import type { Instant } from '../../kernel/time.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'
import type { PolicyVersion, PolicyVersionId, Words } from '../../platform/policies.ts'
import { tellChanged } from '../../platform/remembered.ts'

export type Transaction = Knex.Transaction

export const inTransaction = <T>(db: Knex, work: (trx: Transaction) => Promise<T>): Promise<T> => db.transaction(work)

/** A draft has neither moments nor, until somebody has written them, summaries. */
export type StoredVersion = Omit<PolicyVersion, 'effectiveAt'> & {
  effectiveAt: Instant | null
  publishedAt: Instant | null
  mails: number
  mailedUpTo: UserId | null
  mailingDoneAt: Instant | null
  createdAt: Instant
}

const selected = `select id, code, version, texts, sha256, material, summaries, published_at as "publishedAt",
  noticed_at as "noticedAt", effective_at as "effectiveAt", mails, mailed_up_to as "mailedUpTo",
  mailing_done_at as "mailingDoneAt", created_at as "createdAt" from platform.policy_versions`

export async function listCodes(db: Knex): Promise<PolicyCode[]> {
  const found = await rows<{ code: PolicyCode }>(db, 'select distinct code from platform.policy_versions')
  return found.map(({ code }) => code)
}

/** Each policy's versions, the newest first. */
export async function listVersions(db: Knex): Promise<StoredVersion[]> {
  return rows<StoredVersion>(db, selected + ' order by code, version desc')
}

export async function findVersion(db: Knex, id: PolicyVersionId): Promise<StoredVersion | undefined> {
  return (await rows<StoredVersion>(db, selected + ' where id = ?', [id]))[0]
}

/** Locks every version of a policy, so that two people don't publish two third ones. */
export async function lockVersions(trx: Transaction, code: PolicyCode): Promise<StoredVersion[]> {
  return rows<StoredVersion>(trx, selected + ' where code = ? order by version for update', [code])
}

export async function insertFirst(
  db: Knex,
  first: { id: PolicyVersionId; code: PolicyCode; texts: Words; sha256: string; effectiveAt: Instant; now: Instant },
): Promise<void> {
  await changes(
    db,
    `insert into platform.policy_versions (id, code, version, texts, sha256, material, published_at, effective_at,
       created_at) values (?, ?, 1, ?, ?, true, ?, ?, ?) on conflict do nothing`,
    [first.id, first.code, JSON.stringify(first.texts), first.sha256, first.now, first.effectiveAt, first.now],
  )
  await tellChanged(db, 'policies')
}

export async function insertDraft(
  trx: Transaction,
  draft: { id: PolicyVersionId; code: PolicyCode; version: number; texts: Words; sha256: string; material: boolean },
  by: { userId: UserId; now: Instant },
): Promise<void> {
  await changes(
    trx,
    `insert into platform.policy_versions (id, code, version, texts, sha256, material, created_by, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
    [draft.id, draft.code, draft.version, JSON.stringify(draft.texts), draft.sha256, draft.material, by.userId, by.now],
  )
}

export async function updateDraftText(
  trx: Transaction,
  id: PolicyVersionId,
  { texts, sha256 }: { texts: Words; sha256: string },
): Promise<void> {
  await changes(trx, 'update platform.policy_versions set texts = ?, sha256 = ? where id = ?', [
    JSON.stringify(texts),
    sha256,
    id,
  ])
}

export async function updateDraft(
  trx: Transaction,
  id: PolicyVersionId,
  plan: { material: boolean; summaries: Words; effectiveAt: Instant | null },
): Promise<void> {
  await changes(trx, 'update platform.policy_versions set material = ?, summaries = ?, effective_at = ? where id = ?', [
    plan.material,
    JSON.stringify(plan.summaries),
    plan.effectiveAt,
    id,
  ])
}

export async function updatePublished(
  trx: Transaction,
  id: PolicyVersionId,
  moments: { publishedAt: Instant; noticedAt: Instant | null; effectiveAt: Instant },
): Promise<void> {
  await changes(
    trx,
    'update platform.policy_versions set published_at = ?, noticed_at = ?, effective_at = ? where id = ?',
    [moments.publishedAt, moments.noticedAt, moments.effectiveAt, id],
  )
  await tellChanged(trx, 'policies')
}

export async function deleteDraft(trx: Transaction, id: PolicyVersionId): Promise<void> {
  await changes(trx, 'delete from platform.policy_versions where id = ? and published_at is null', [id])
}

/** One that owners have to be told of and that no other process is at, locked until the transaction ends. */
export async function claimMailing(trx: Transaction): Promise<StoredVersion | undefined> {
  const [found] = await rows<StoredVersion>(
    trx,
    selected +
      ` where noticed_at is not null and mailing_done_at is null order by noticed_at, id limit 1 for update skip locked`,
  )
  return found
}

export type Addressee = { userId: UserId; email: string; language: Language }

/** The next owners in the order of their ids. */
export async function listNextOwners(trx: Transaction, after: UserId | null, limit: number): Promise<Addressee[]> {
  const found = await rows<Omit<Addressee, 'language'> & { language: string }>(
    trx,
    `select u.id as "userId", u.email, u.language from platform.users u
     where (?::uuid is null or u.id > ?::uuid)
       and exists (select from platform.memberships m where m.user_id = u.id and m.role = 'owner')
     order by u.id limit ?`,
    [after, after, limit],
  )
  return found.map((owner) => ({ ...owner, language: parseLanguage(owner.language) ?? 'en' }))
}

/** Writes down who is written to; answers those who were not before. */
export async function insertNotices(
  trx: Transaction,
  id: PolicyVersionId,
  userIds: readonly UserId[],
  now: Instant,
): Promise<Set<UserId>> {
  const written = await rows<{ userId: UserId }>(
    trx,
    `insert into platform.policy_notices (version_id, user_id, at) select ?, u, ? from unnest(?::uuid[]) u
     on conflict do nothing returning user_id as "userId"`,
    [id, now, userIds],
  )
  return new Set(written.map(({ userId }) => userId))
}

export async function updateMailed(
  trx: Transaction,
  id: PolicyVersionId,
  progress: { upTo: UserId; mails: number },
): Promise<void> {
  await changes(trx, 'update platform.policy_versions set mailed_up_to = ?, mails = mails + ? where id = ?', [
    progress.upTo,
    progress.mails,
    id,
  ])
}

export async function updateMailingDone(trx: Transaction, id: PolicyVersionId, now: Instant): Promise<void> {
  await changes(trx, 'update platform.policy_versions set mailing_done_at = ? where id = ?', [now, id])
}

/** How many owners accepted each version, by its id, and how many owners there are. */
export async function countAccepted(db: Knex): Promise<{ owners: number; accepted: Map<PolicyVersionId, number> }> {
  const [owners] = await rows<{ count: number }>(
    db,
    `select count(distinct user_id) as count from platform.memberships where role = 'owner'`,
  )
  const counted = await rows<{ id: PolicyVersionId; count: number }>(
    db,
    `select v.id, count(*) as count from platform.policy_acceptances a
     join platform.policy_versions v on v.code = a.code and v.version = a.version group by v.id`,
  )
  return { owners: owners?.count ?? 0, accepted: new Map(counted.map(({ id, count }) => [id, count])) }
}

export type Acceptance = {
  code: PolicyCode
  version: number
  name: string
  language: Language
  sha256: string
  at: Instant
}

/** What the owners of a clinic have accepted, there or at another of theirs; the newest first. */
export async function listAcceptances(db: Knex, clinicId: ClinicId): Promise<Acceptance[]> {
  return rows<Acceptance>(
    db,
    `select a.code, a.version, u.name, a.language, a.sha256, a.at
     from platform.policy_acceptances a join platform.users u on u.id = a.user_id
     where a.clinic_id = ? or exists (select from platform.memberships m
       where m.clinic_id = ? and m.user_id = a.user_id and m.role = 'owner')
     order by a.at desc, a.code limit 100`,
    [clinicId, clinicId],
  )
}
