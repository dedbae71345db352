// Ten codes on paper for the day the telephone is lost. Shown once; what is kept opens nothing.
import { randomBytes } from 'node:crypto'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import { queueMail } from '../../../platform/mails.ts'
import type { Services } from '../../../platform/services.ts'
import type { Account } from '../queries.ts'
import {
  countRecoveryCodes,
  findRecoveryCode,
  insertRecoveryCodes,
  updateRecoveryCodeUsed,
} from '../queries/factors.ts'
import { fewRecoveryCodes, parseRecoveryCode, recoveryCode, recoveryCodeCount, spacedCode } from '../rules/factors.ts'
import { changeFactor, hasSecondFactor, type Changed } from './factors.ts'

export type Codes = { codes: string[] }

/** New ones, made before the transaction: hashing ten takes a while. */
export async function makeCodes({
  passwords,
}: Pick<Services, 'passwords'>): Promise<{ codes: string[]; hashes: string[] }> {
  const codes = Array.from({ length: recoveryCodeCount }, (_, position) => recoveryCode(position, randomBytes(10)))
  return { codes: codes.map(spacedCode), hashes: await Promise.all(codes.map((code) => passwords.hashCode(code))) }
}

/** Ten new codes; those from before are void. */
export async function renewCodes(
  services: Services,
  origin: Origin,
  account: Account,
): Promise<Outcome<Codes & Changed, 'no_factor'>> {
  if (!(await hasSecondFactor(services, account.id))) return refuse('no_factor')
  const { codes, hashes } = await makeCodes(services)
  return changeFactor(services, origin, account, 'codes_renewed', async (trx) => {
    await insertRecoveryCodes(trx, account.id, hashes, services.clock.now())
    return done({ codes })
  })
}

/** Spends a code. Its owner hears of it by mail, and how many are left. */
export async function useRecoveryCode(
  services: Services,
  origin: Origin,
  account: Account,
  typed: string,
): Promise<boolean> {
  const { db, clock, keys, passwords, config, speakers } = services
  const asked = parseRecoveryCode(typed)
  const hash = asked && (await findRecoveryCode(db, account.id, asked.position))
  if (!asked || hash === undefined || !(await passwords.verify(asked.code, hash))) return false
  const now = clock.now()
  return inTransaction(db, async (trx) => {
    if (!(await updateRecoveryCodeUsed(trx, account.id, asked.position, hash, now))) return false
    const left = await countRecoveryCodes(trx, account.id)
    await auditPlatform(trx, 'account.recovery_code_used', {
      at: now,
      origin,
      actorId: account.id,
      record: { kind: 'user', id: account.id },
      details: { left },
    })
    const { t, lang } = speakers(account.language, { country: 'GB', zone: 'UTC' })
    const text = t('accounts.mail.recovery_used.text', {
      name: account.name,
      count: left,
      link: `${config.baseUrl}/forgot-password?lang=${lang}`,
    })
    const warning = left <= fewRecoveryCodes ? `\n\n${t('accounts.factor.few_codes', { count: left })}` : ''
    await queueMail(trx, keys.platform, {
      kind: 'recovery_code_used',
      to: account.email,
      subject: t('accounts.mail.recovery_used.subject'),
      text: text + warning,
      now,
    })
    return true
  })
}

export const recoveryCodesLeft = ({ db }: Pick<Services, 'db'>, id: Account['id']): Promise<number> =>
  countRecoveryCodes(db, id)
