// A clinic's account, opened to be changed: its subscription is locked until the transaction ends, so that owner,
// operator, card and clock decide one after the other. Everything that changes a subscription goes through `change`.
import type { Knex } from 'knex'
import type { ClinicId, UserId } from '../../../kernel/ids.ts'
import { Temporal, type Instant } from '../../../kernel/time.ts'
import { audit, auditPlatform, type AuditDetails } from '../../../platform/audit.ts'
import type { Ctx, Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { queueMail } from '../../../platform/mails.ts'
import { listOwners } from '../../../platform/owners.ts'
import type { PlatformSeal } from '../../../platform/seal/key-ring.ts'
import type { Services } from '../../../platform/services.ts'
import {
  findAccountClinic,
  insertEvent,
  lockSubscription,
  updateStanding,
  updateSubscription,
  type AccountClinic,
  type Subscription,
} from '../queries.ts'
import { findPlanById } from '../queries/plans.ts'
import { nextTransition, standingOf } from '../rules/life.ts'
import { noticesOf, staleAfter } from '../rules/notices.ts'
import { monthly } from '../rules/prices.ts'

/** Who changes it: an owner, somebody of the platform, the clock, or a payment provider. */
export type By = { kind: 'user' | 'operator' | 'system' | 'provider'; id: UserId | null }

export type Account = {
  readonly db: Knex
  readonly clinic: AccountClinic
  readonly now: Instant
  readonly by: By
  readonly seal: PlatformSeal
  readonly baseUrl: string
  readonly speakers: Services['speakers']
  /** The subscription as it stands after the changes so far. */
  held: Subscription
  /** Writes into the audit log, and into the clinic's own when it is the clinic that acts. */
  note(action: string, details?: AuditDetails): Promise<void>
}

type Tools = Pick<Services, 'db' | 'clock' | 'keys' | 'speakers' | 'config'>

/**
 * Opens an account in a transaction of its own; undefined when there is no such clinic. As in a clinic's own
 * transactions, a refusal takes back whatever was written before it.
 */
export async function openAccount<T>(
  services: Tools,
  clinicId: ClinicId,
  by: By,
  origin: Origin,
  work: (account: Account) => Promise<T>,
): Promise<T | undefined> {
  return inTransaction(services.db, async (db) => {
    const account = await accountIn(db, services, clinicId, by, origin)
    return account && work(account)
  })
}

/** The same within a transaction that is open already, as a job has that claims its work first. */
export async function accountIn(
  db: Knex,
  services: Omit<Tools, 'db'>,
  clinicId: ClinicId,
  by: By,
  origin: Origin,
): Promise<Account | undefined> {
  const held = await lockSubscription(db, clinicId)
  const clinic = held && (await findAccountClinic(db, clinicId))
  if (!held || !clinic) return undefined
  const now = services.clock.now()
  const { speakers, config, keys } = services
  return {
    db,
    clinic,
    now,
    by,
    seal: keys.platform,
    baseUrl: config.baseUrl,
    speakers,
    held,
    note: (action, details = {}) =>
      auditPlatform(db, action, {
        at: now,
        origin,
        ...(by.id === null ? {} : { actorId: by.id }),
        record: { kind: 'subscription', id: clinicId },
        clinicId,
        details,
      }),
  }
}

/** Within a request or job of the clinic: the change stands in the clinic's own audit log. */
export async function accountOf(ctx: Ctx, services: Pick<Services, 'speakers' | 'config'>): Promise<Account> {
  const { db, clinic, now, actor, platformSeal } = ctx
  const held = await lockSubscription(db, clinic.id)
  const facts = await findAccountClinic(db, clinic.id)
  if (!held || !facts) throw new Error('a clinic without a subscription')
  const by: By = actor.kind === 'user' ? { kind: 'user', id: actor.userId } : { kind: 'system', id: null }
  return {
    db,
    clinic: facts,
    now,
    by: actor.kind === 'system' && actor.job === 'billing.stripe' ? { kind: 'provider', id: null } : by,
    seal: platformSeal,
    baseUrl: services.config.baseUrl,
    speakers: services.speakers,
    held,
    note: (action, details = {}) => audit(ctx, action, { kind: 'subscription', id: clinic.id }, details),
  }
}

/** Recurring revenue a month: what is paid for, not what is tried out, was given, or has lapsed. */
export function recurring({ status, netMinor, interval, firstPaidAt }: Subscription): number {
  return firstPaidAt !== null && (status === 'active' || status === 'past_due') ? monthly(netMinor, interval) : 0
}

/** When the clock has something to do next: a transition, or a notice of which `since` says that it is still to come. */
export function nextStep(held: Subscription, zone: string, since: Instant): Instant | null {
  const transition = nextTransition(factsOf(held))?.at
  const notice = noticesOf({ ...held, zone }).find(({ at }) => Temporal.Instant.compare(at, since) > 0)?.at
  // A moment that is past is due at once.
  const moments = [transition, notice].filter((one) => one !== undefined)
  return moments.sort((a, b) => Temporal.Instant.compare(a, b))[0] ?? null
}

export function factsOf(held: Subscription) {
  const { status, statusSince, periodEnd, cancelledAt, collection, stripeSubscription } = held
  return {
    status,
    statusSince,
    periodEnd: periodEnd ?? undefined,
    cancelled: cancelledAt !== null,
    card: collection === 'card' && stripeSubscription !== null,
  }
}

export type Change = Partial<Omit<Subscription, 'clinicId' | 'createdAt' | 'nextStepAt' | 'planCode'>>

/** Writes a change of the subscription with its event and audit entry, and what the clinic's doors need to know of it. */
export async function change(account: Account, kind: string, by: Change, reason: string | null = null): Promise<void> {
  const { db, clinic, held: before, now } = account
  const merged = { ...before, ...by }
  if (merged.status !== before.status && by.statusSince === undefined) merged.statusSince = now
  const plan = await findPlanById(db, merged.planId)
  if (!plan) throw new Error('a subscription to no plan')
  merged.planCode = plan.code
  // What the clock has not come to yet, a notice of this morning, stays due.
  const waiting = before.nextStepAt !== null && Temporal.Instant.compare(before.nextStepAt, now) <= 0
  // A period that ends some days from now may have a notice of this morning too.
  const moved = String(merged.periodEnd) !== String(before.periodEnd)
  merged.nextStepAt = waiting
    ? before.nextStepAt
    : nextStep(merged, clinic.zone, moved ? now.subtract(staleAfter) : now)
  await updateSubscription(db, merged)
  const standing = standingOf(merged.status, merged.suspendedAt !== null, merged.closedAt !== null)
  const was = standingOf(before.status, before.suspendedAt !== null, before.closedAt !== null)
  if (standing !== was || merged.planId !== before.planId) await updateStanding(db, clinic.id, standing, plan)
  await insertEvent(db, {
    clinicId: clinic.id,
    at: now,
    kind,
    fromStatus: before.status,
    toStatus: merged.status,
    fromPlan: before.planCode,
    toPlan: merged.planCode,
    mrrBeforeMinor: recurring(before),
    mrrAfterMinor: recurring(merged),
    currency: merged.currency,
    country: clinic.country,
    actorKind: account.by.kind,
    actorId: account.by.id,
    reason,
  })
  await account.note(`subscription.${kind}`, { from: before.status, to: merged.status, plan: merged.planCode })
  account.held = merged
}

/** Mails every owner, each in their language. `key` names `<key>.subject` and `<key>.text`. */
export async function tellOwners(
  account: Account,
  mail: { kind: string; key: string; path?: string; expiresAt?: Instant },
  params: (speaker: Speaker, language: 'en' | 'ar' | 'ur') => Record<string, string | number>,
): Promise<void> {
  const { db, clinic, seal, now, baseUrl } = account
  for (const { name, email, language } of await listOwners(db, clinic.id)) {
    const speaker = account.speakers(language, clinic)
    const words = {
      name,
      clinic: clinic.name,
      link: `${baseUrl}/app/${clinic.slug}${mail.path ?? '/settings/subscription'}`,
      ...params(speaker, language),
    }
    await queueMail(db, seal, {
      kind: mail.kind,
      to: email,
      subject: speaker.t(`${mail.key}.subject`, words),
      text: speaker.t(`${mail.key}.text`, words),
      now,
      clinicId: clinic.id,
      ...(mail.expiresAt === undefined ? {} : { expiresAt: mail.expiresAt }),
    })
  }
}
