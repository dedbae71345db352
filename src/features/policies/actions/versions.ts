// What an operator does about the policies: draft, date, publish. What is published stays.
import { newId, type UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isAgreed, type PolicyCode } from '../../../kernel/policies.ts'
import type { Instant } from '../../../kernel/time.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { PolicyVersionId, Words } from '../../../platform/policies.ts'
import type { Services } from '../../../platform/services.ts'
import {
  deleteDraft,
  findVersion,
  insertDraft,
  inTransaction,
  lockVersions,
  updateDraft,
  updateDraftText,
  updatePublished,
  type StoredVersion,
  type Transaction,
} from '../queries.ts'
import { effectFault } from '../rules/versions.ts'
import { presentText } from './texts.ts'

export type Handling = { services: Services; origin: Origin; actorId: UserId }

export type Plan = { material: boolean; summaries: Words; effectiveAt: Instant | null }

/** A draft of the present text; the one there is, brought up to it, when there is one already. */
export async function draftPolicy(
  handling: Handling,
  code: PolicyCode,
): Promise<Outcome<PolicyVersionId, 'nothing_new'>> {
  const { services, actorId } = handling
  const now = services.clock.now()
  const present = presentText(services, code)
  return inTransaction(services.db, async (trx): Promise<Outcome<PolicyVersionId, 'nothing_new'>> => {
    const versions = await lockVersions(trx, code)
    const draft = versions.find(({ publishedAt }) => publishedAt === null)
    if (draft) {
      if (draft.sha256 !== present.sha256) await updateDraftText(trx, draft.id, present)
      return done(draft.id)
    }
    // What comes last is what the new one follows, in force or not yet.
    if (versions.at(-1)?.sha256 === present.sha256) return refuse('nothing_new')
    const id = newId<'policy_version'>()
    const version = (versions.at(-1)?.version ?? 0) + 1
    const { texts, sha256 } = present
    await insertDraft(trx, { id, code, version, texts, sha256, material: isAgreed(code) }, { userId: actorId, now })
    await note(trx, handling, 'policy.drafted', { id, code, version })
    return done(id)
  })
}

export async function savePlan(handling: Handling, id: PolicyVersionId, plan: Plan): Promise<Outcome<null, 'frozen'>> {
  return withDraft(handling, id, async (trx, draft) => {
    await updateDraft(trx, id, { ...plan, material: plan.material && isAgreed(draft.code) })
    return done(null)
  })
}

type Refused = 'frozen' | 'outdated' | 'too_soon' | 'past' | 'before_last'

/**
 * Publishes a draft. From this moment owners are told, where the change is material, and nothing of it changes any more.
 * Refused when the service would by now say something else than the draft does.
 */
export async function publishPolicy(
  handling: Handling,
  id: PolicyVersionId,
  plan: Plan,
): Promise<Outcome<null, Refused>> {
  const { services } = handling
  const now = services.clock.now()
  const published = await withDraft<null, Refused>(handling, id, async (trx, draft, others) => {
    const material = plan.material && isAgreed(draft.code)
    const effectiveAt = plan.effectiveAt ?? now
    const fault = effectFault(effectiveAt, material, now, others.at(-1)?.effectiveAt ?? undefined)
    if (fault !== undefined) return refuse(fault)
    if (presentText(services, draft.code).sha256 !== draft.sha256) return refuse('outdated')
    await updateDraft(trx, id, { ...plan, material })
    await updatePublished(trx, id, { publishedAt: now, noticedAt: material ? now : null, effectiveAt })
    await note(trx, handling, 'policy.published', draft, {
      material,
      effective: effectiveAt.toString(),
      sha256: draft.sha256,
    })
    return done(null)
  })
  if (published.ok) await services.policies.refresh()
  return published
}

export async function dropDraft(handling: Handling, id: PolicyVersionId): Promise<Outcome<null, 'frozen'>> {
  return withDraft(handling, id, async (trx, draft) => {
    await deleteDraft(trx, id)
    await note(trx, handling, 'policy.draft_dropped', draft)
    return done(null)
  })
}

/** Works on a draft while nobody else can touch its policy; `others` are the published ones, the newest last. */
async function withDraft<T, R extends string>(
  { services }: Handling,
  id: PolicyVersionId,
  work: (trx: Transaction, draft: StoredVersion, others: StoredVersion[]) => Promise<Outcome<T, R>>,
): Promise<Outcome<T, R | 'frozen'>> {
  return inTransaction(services.db, async (trx): Promise<Outcome<T, R | 'frozen'>> => {
    const found = (await findVersion(trx, id)) ?? notFound('policy')
    const versions = await lockVersions(trx, found.code)
    const draft = versions.find((one) => one.id === id) ?? notFound('policy')
    if (draft.publishedAt !== null) return refuse('frozen')
    return work(
      trx,
      draft,
      versions.filter(({ publishedAt }) => publishedAt !== null),
    )
  })
}

async function note(
  trx: Transaction,
  { services, origin, actorId }: Handling,
  action: string,
  { id, code, version }: Pick<StoredVersion, 'id' | 'code' | 'version'>,
  details: Record<string, string | boolean> = {},
): Promise<void> {
  await auditPlatform(trx, action, {
    at: services.clock.now(),
    origin,
    actorId,
    record: { kind: 'policy_version', id },
    details: { code, version, ...details },
  })
}
