// A second factor that is lost, recovery codes included. Somebody else vouches for the person; then a day passes, in which
// the person, who hears of it at once, can say no.
import { newId, type ClinicId, type UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { hours } from '../../../kernel/time.ts'
import { audit, auditPlatform } from '../../../platform/audit.ts'
import type { Ctx, Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction, type Transaction } from '../../../platform/db/transaction.ts'
import { notFound } from '../../../platform/errors.ts'
import { queueMail } from '../../../platform/mails.ts'
import type { Services } from '../../../platform/services.ts'
import { throttle } from '../../../platform/throttle.ts'
import { countOtherClinics, findAccount, findAccountByEmail, findMember, type Account } from '../queries.ts'
import {
  findFactorReset,
  findFactorResetById,
  findFactorResetByToken,
  insertFactorReset,
  listDueFactorResets,
  updateFactorResetCancelled,
  updateFactorResetDone,
  type FactorReset,
} from '../queries/factor-resets.ts'
import {
  deletePasskeys,
  deleteRecoveryCodes,
  deleteSeed,
  updateFactorVersion,
  type FactorResetId,
} from '../queries/factors.ts'
import { isDemoAccount } from '../rules.ts'
import { factorLimits, resetDelayHours } from '../rules/factors.ts'
import { hasSecondFactor, tellChange } from './factors.ts'
import { hashOf, newToken } from './tokens.ts'

type Parts = Pick<Services, 'db' | 'keys' | 'clock' | 'config' | 'speakers'>
export type ResetRefusal =
  'yourself' | 'no_factor' | 'under_way' | 'works_elsewhere' | 'unknown' | 'too_many' | 'shared'

/**
 * An owner asks for a colleague. Not for oneself, and not for who works elsewhere too: another clinic's charts are not
 * this owner's to open. For them the platform can.
 */
export async function askResetAsOwner(
  ctx: Ctx,
  services: Parts,
  userId: UserId,
  proof: string,
): Promise<Outcome<FactorResetId, ResetRefusal>> {
  if (ctx.actor.kind !== 'user') throw new Error('only people vouch for people')
  if (!(await findMember(ctx.db, ctx.clinic.id, userId))) return notFound('member')
  const account = (await findAccount(ctx.db, userId)) ?? notFound('member')
  if (account.platformAdmin || (await countOtherClinics(ctx.db, userId, ctx.clinic.id)) > 0) {
    return refuse('works_elsewhere')
  }
  const wait = await throttle(ctx.db, ctx.platformSeal, ctx.now, factorLimits.resetAsked, ctx.actor.userId)
  if (wait !== undefined) return refuse('too_many')
  const by = { userId: ctx.actor.userId, name: ctx.actor.name, clinicId: ctx.clinic.id }
  const asked = await ask(services, ctx.db, ctx.origin, account, by, proof)
  if (asked.ok) await audit(ctx, 'staff.factor_reset_asked', { kind: 'user', id: userId }, {}, { proof })
  return asked
}

/** Somebody of the platform asks, for whoever has an account. */
export async function askResetAsOperator(
  services: Parts,
  origin: Origin,
  operator: { userId: UserId; name: string },
  wanted: { email: string; proof: string },
): Promise<Outcome<FactorResetId, ResetRefusal>> {
  const account = await findAccountByEmail(services.db, wanted.email)
  if (!account) return refuse('unknown')
  return inTransaction(services.db, (trx) =>
    ask(services, trx, origin, account, { ...operator, clinicId: undefined }, wanted.proof),
  )
}

async function ask(
  services: Parts,
  trx: Transaction,
  origin: Origin,
  account: Account,
  by: { userId: UserId; name: string; clinicId: ClinicId | undefined },
  proof: string,
): Promise<Outcome<FactorResetId, ResetRefusal>> {
  const { keys, clock, config, speakers } = services
  if (account.id === by.userId) return refuse('yourself')
  if (isDemoAccount(account.email)) return refuse('shared')
  if (!(await hasSecondFactor({ db: trx }, account.id))) return refuse('no_factor')
  const now = clock.now()
  const id = newId<'factor_reset'>()
  const { token, hash } = newToken()
  const dueAt = now.add(hours(resetDelayHours))
  const proofSealed = keys.platform.seal(proof, 'factor_resets.proof', id)
  const asked = { id, userId: account.id, askedBy: by.userId, clinicId: by.clinicId, proofSealed, hash, now, dueAt }
  if (!(await insertFactorReset(trx, asked))) return refuse('under_way')
  const { t, lang } = speakers(account.language, { country: 'GB', zone: 'UTC' })
  await queueMail(trx, keys.platform, {
    kind: 'factor_reset_asked',
    to: account.email,
    subject: t('accounts.mail.factor_reset.subject'),
    text: t('accounts.mail.factor_reset.text', {
      name: account.name,
      who: by.name,
      hours: resetDelayHours,
      link: `${config.baseUrl}/second-factor-reset/${token}?lang=${lang}`,
    }),
    now,
  })
  const record = { kind: 'user', id: account.id }
  const where = by.clinicId === undefined ? {} : { clinicId: by.clinicId }
  await auditPlatform(trx, 'account.factor_reset_asked', { at: now, origin, actorId: by.userId, record, ...where })
  return done(id)
}

/** What a link cancels; undefined when it is over, one way or the other. Nothing is done by looking. */
export async function findResetByLink({ db }: Pick<Services, 'db'>, token: string): Promise<FactorReset | undefined> {
  return findFactorResetByToken(db, hashOf(token))
}

/** The reset that is under way for somebody. */
export const findReset = ({ db }: Pick<Services, 'db'>, userId: UserId): Promise<FactorReset | undefined> =>
  findFactorReset(db, userId)

/** Nothing is reset. By the link, or by the person themselves, who is in: so nothing was lost. */
export async function cancelReset({ db, clock }: Services, origin: Origin, reset: FactorReset): Promise<boolean> {
  const now = clock.now()
  return inTransaction(db, async (trx) => {
    if (!(await updateFactorResetCancelled(trx, reset.id, now))) return false
    const record = { kind: 'user', id: reset.userId }
    await auditPlatform(trx, 'account.factor_reset_cancelled', { at: now, origin, record })
    return true
  })
}

/** An owner takes back what was asked for at this clinic: a mistake, or somebody who pretended. */
export async function takeBackReset(ctx: Ctx, userId: UserId): Promise<void> {
  if (ctx.actor.kind !== 'user') throw new Error('only people vouch for people')
  if (!(await findMember(ctx.db, ctx.clinic.id, userId))) return notFound('member')
  const reset = await findFactorReset(ctx.db, userId)
  if (reset?.clinicId !== ctx.clinic.id) return notFound('factor_reset')
  if (!(await updateFactorResetCancelled(ctx.db, reset.id, ctx.now))) return notFound('factor_reset')
  const record = { kind: 'user', id: userId }
  await audit(ctx, 'staff.factor_reset_taken_back', record)
  const where = { at: ctx.now, origin: ctx.origin, actorId: ctx.actor.userId, clinicId: ctx.clinic.id }
  await auditPlatform(ctx.db, 'account.factor_reset_cancelled', { ...where, record })
}

/** The platform takes back any: that nothing is removed harms nobody. */
export async function takeBackResetAsOperator(
  { db, clock }: Services,
  origin: Origin,
  operator: { userId: UserId },
  id: FactorResetId,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const reset = await findFactorResetById(trx, id)
    if (!reset || !(await updateFactorResetCancelled(trx, id, clock.now()))) return notFound('factor_reset')
    const record = { kind: 'user', id: reset.userId }
    const by = { at: clock.now(), origin, actorId: operator.userId }
    await auditPlatform(trx, 'account.factor_reset_cancelled', { ...by, record })
  })
}

/** Those whose day is over. Each in a transaction of its own. */
export async function resetDueFactors(services: Services): Promise<void> {
  const { db, clock } = services
  for (const reset of await listDueFactorResets(db, clock.now())) {
    const account = await findAccount(db, reset.userId)
    if (!account) continue
    await inTransaction(db, async (trx) => {
      if (await updateFactorResetDone(trx, reset.id, clock.now())) {
        await forgetFactors(services, trx, { requestId: 'accounts.factor_resets' }, account)
      }
    })
  }
}

/** At the machine, for the admin nobody else can vouch for: at once. */
export async function resetFactorNow(
  services: Parts,
  email: string,
): Promise<Outcome<Account, 'unknown' | 'no_factor'>> {
  const account = await findAccountByEmail(services.db, email)
  if (!account) return refuse('unknown')
  if (!(await hasSecondFactor(services, account.id))) return refuse('no_factor')
  await inTransaction(services.db, (trx) => forgetFactors(services, trx, { requestId: 'admin-command' }, account))
  return done(account)
}

async function forgetFactors(services: Parts, trx: Transaction, origin: Origin, account: Account): Promise<void> {
  await deleteSeed(trx, account.id)
  await deletePasskeys(trx, account.id)
  await deleteRecoveryCodes(trx, account.id)
  await updateFactorVersion(trx, account.id)
  const record = { kind: 'user', id: account.id }
  await auditPlatform(trx, 'account.factor_reset', { at: services.clock.now(), origin, record })
  await tellChange(services, trx, account, 'reset')
}
