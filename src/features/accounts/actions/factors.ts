// What the ways of proving oneself have in common: each change ends the other sessions and is told by mail.
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction, type Transaction } from '../../../platform/db/transaction.ts'
import { queueMail } from '../../../platform/mails.ts'
import type { Services } from '../../../platform/services.ts'
import type { Account } from '../queries.ts'
import { findSecondFactor, updateFactorVersion } from '../queries/factors.ts'
import type { FactorChange } from '../rules/factors.ts'

/** Whether the password alone does not sign this person in. */
export async function hasSecondFactor({ db }: Pick<Services, 'db'>, id: Account['id']): Promise<boolean> {
  const { app, passkey } = await findSecondFactor(db, id)
  return app || passkey
}

export type Changed = { version: number }

/**
 * Changes what signs somebody in. In one transaction with the change: every session ends but the one that is given the
 * new version, an entry in the log, a mail.
 */
export async function changeFactor<T, R extends string>(
  services: Services,
  origin: Origin,
  account: Account,
  what: FactorChange,
  change: (trx: Transaction) => Promise<Outcome<T, R>>,
): Promise<Outcome<T & Changed, R>> {
  const { db, clock } = services
  const now = clock.now()
  return inTransaction(db, async (trx) => {
    const changed = await change(trx)
    if (!changed.ok) return changed
    const version = await updateFactorVersion(trx, account.id)
    await auditPlatform(trx, `account.${what}`, {
      at: now,
      origin,
      actorId: account.id,
      record: { kind: 'user', id: account.id },
    })
    await tellChange(services, trx, account, what)
    return done({ ...changed.value, version })
  })
}

export async function tellChange(
  { keys, clock, config, speakers }: Pick<Services, 'keys' | 'clock' | 'config' | 'speakers'>,
  trx: Transaction,
  account: Account,
  what: FactorChange,
): Promise<void> {
  const { t, lang } = speakers(account.language, { country: 'GB', zone: 'UTC' })
  await queueMail(trx, keys.platform, {
    kind: 'factor_changed',
    to: account.email,
    subject: t('accounts.mail.factor_changed.subject'),
    text: t('accounts.mail.factor_changed.text', {
      name: account.name,
      what: t(`accounts.factor.change.${what}`),
      link: `${config.baseUrl}/forgot-password?lang=${lang}`,
    }),
    now: clock.now(),
  })
}

/** The last factor stays where one is asked for; otherwise its owner would only be asked for another one at once. */
export async function leavesNone(
  { db }: Pick<Services, 'db'>,
  person: { userId: Account['id']; factorDue: unknown },
  leaving: 'app' | 'passkey',
  passkeys: number,
): Promise<Outcome<void, 'needed'>> {
  const { app } = await findSecondFactor(db, person.userId)
  const left = leaving === 'app' ? passkeys > 0 : app || passkeys > 1
  return left || person.factorDue === null ? done(undefined) : refuse('needed')
}

/** What this person can prove themselves by, besides the password. */
export const factorsOf = ({ db }: Pick<Services, 'db'>, id: Account['id']): Promise<Factors> => findSecondFactor(db, id)
export type Factors = { app: boolean; passkey: boolean }
