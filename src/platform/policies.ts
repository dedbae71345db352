// The published policies of the service, kept in memory because every page of a desk asks whether its reader has to be
// told of a change; which of them is in force; and the record of who agreed to which.
import type { Knex } from 'knex'
import type { ClinicId, Id, UserId } from '../kernel/ids.ts'
import { agreedCodes, type PolicyCode } from '../kernel/policies.ts'
import type { Instant } from '../kernel/time.ts'
import { auditPlatform } from './audit.ts'
import type { Origin } from './clinic-scope.ts'
import type { Database } from './db/connect.ts'
import { changes, rows } from './db/rows.ts'
import type { Language } from './i18n/languages.ts'
import { remember } from './remembered.ts'
import type { Services } from './services.ts'

export type PolicyVersionId = Id<'policy_version'>
export type Words = Record<Language, string>

export type PolicyVersion = {
  id: PolicyVersionId
  code: PolicyCode
  version: number
  /** The whole text in each language, in the Markdown of `i18n/articles`. */
  texts: Words
  sha256: string
  material: boolean
  /** What has changed, for whoever does not read it all; the first version has none. */
  summaries: Words | null
  noticedAt: Instant | null
  effectiveAt: Instant
}

export type PolicyShelf = {
  /** Every published version, each policy's in the order in which they take effect. */
  published(): readonly PolicyVersion[]
  refresh(): Promise<void>
  stop(): void
}

/** Reads the shelf and keeps it, as `remember` does: what is published elsewhere is heard within moments. */
export async function createPolicyShelf(
  db: Database,
  parts: Pick<Services, 'notifications' | 'log'>,
): Promise<PolicyShelf> {
  const versions = await remember<PolicyVersion[]>(
    'policies',
    [],
    () =>
      rows(
        db,
        `select id, code, version, texts, sha256, material, summaries, noticed_at as "noticedAt",
           effective_at as "effectiveAt"
         from platform.policy_versions where published_at is not null order by code, effective_at, version`,
      ),
    parts,
  )
  return { published: () => versions.current(), refresh: () => versions.refresh(), stop: () => versions.stop() }
}

type Dated = { code: PolicyCode; effectiveAt: Instant }

const begun = (version: Dated, now: Instant) => version.effectiveAt.epochMilliseconds <= now.epochMilliseconds

/** The version in force: the latest that has begun, or the very first before there was any. */
export function inForce<T extends Dated>(published: readonly T[], code: PolicyCode, now: Instant): T | undefined {
  const own = published.filter((one) => one.code === code)
  return own.findLast((one) => begun(one, now)) ?? own[0]
}

/** Those that are announced and not yet in force, the next first. */
export function comingVersions<T extends Dated>(published: readonly T[], code: PolicyCode, now: Instant): T[] {
  const current = inForce(published, code, now)
  return published.filter((one) => one.code === code && one !== current && !begun(one, now))
}

/** `terms:1 privacy:3`, as a form says which versions stood on its page. */
export const namesOf = (versions: readonly Pick<PolicyVersion, 'code' | 'version'>[]): string =>
  versions.map(({ code, version }) => `${code}:${version}`).join(' ')

/** What somebody may agree to now, among those that a form names: in force, or announced. */
export function agreeable(published: readonly PolicyVersion[], named: string, now: Instant): PolicyVersion[] {
  const asked = named.split(' ')
  return agreedCodes
    .flatMap((code) => [inForce(published, code, now), ...comingVersions(published, code, now)])
    .filter((one) => one !== undefined)
    .filter(({ code, version }) => asked.includes(`${code}:${version}`))
}

/** Records that somebody agreed, in the transaction of whatever they did by it. Twice is once. */
export async function recordAcceptances(
  trx: Knex,
  versions: readonly PolicyVersion[],
  by: { userId: UserId; clinicId: ClinicId; language: Language; at: Instant; origin: Origin },
): Promise<void> {
  for (const { id, code, version, sha256 } of versions) {
    const fresh = await changes(
      trx,
      `insert into platform.policy_acceptances (user_id, code, version, clinic_id, language, sha256, at)
       values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
      [by.userId, code, version, by.clinicId, by.language, sha256, by.at],
    )
    if (fresh === 0) continue
    await auditPlatform(trx, 'policy.accepted', {
      at: by.at,
      origin: by.origin,
      actorId: by.userId,
      clinicId: by.clinicId,
      record: { kind: 'policy_version', id },
      details: { code, version, language: by.language, sha256 },
    })
  }
}
