// An authenticator app: set up by scanning a code, counting only once it has shown a right one.
import { newId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { minutes } from '../../../kernel/time.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { forgive, throttle } from '../../../platform/throttle.ts'
import { codeDigits, newSeed, seedAddress, stepOf } from '../../../platform/totp.ts'
import type { Account } from '../queries.ts'
import {
  countRecoveryCodes,
  deleteRecoveryCodes,
  deleteSeed,
  findNewSeed,
  findSeed,
  insertRecoveryCodes,
  insertSeed,
  listPasskeys,
  updateSeedConfirmed,
  updateSeedStep,
  type Seed,
} from '../queries/factors.ts'
import { enrolMinutes, factorLimits } from '../rules/factors.ts'
import { changeFactor, leavesNone, type Changed } from './factors.ts'
import { makeCodes, type Codes } from './recovery-codes.ts'

/** A new seed for the app; an app that counts already goes on counting until the new one has shown a code. */
export async function startTotp({ db, keys, clock }: Services, account: Account): Promise<void> {
  const id = newId<'totp_seed'>()
  const sealed = keys.platform.seal(newSeed(), 'totp_seeds.seed', id)
  await insertSeed(db, { id, userId: account.id, sealed, now: clock.now() })
}

const opened = ({ keys }: Pick<Services, 'keys'>, { id, sealed }: Seed): string =>
  keys.platform.open(sealed, 'totp_seeds.seed', id)

const newSeedOf = ({ db, clock }: Services, account: Account): Promise<Seed | undefined> =>
  findNewSeed(db, account.id, clock.now().subtract(minutes(enrolMinutes)))

/** The seed being set up, as text and as what the QR code says. */
export async function findTotpStart(
  services: Services,
  account: Account,
): Promise<{ seed: string; address: string } | undefined> {
  const found = await newSeedOf(services, account)
  if (!found) return undefined
  const seed = opened(services, found)
  return { seed, address: seedAddress(seed, account.email) }
}

/** The first code of the new app. Whoever had nothing before is given recovery codes. */
export async function confirmTotp(
  services: Services,
  origin: Origin,
  account: Account,
  typed: string,
): Promise<Outcome<Partial<Codes> & Changed, 'wrong' | 'too_many' | 'not_started'>> {
  const { db, keys, clock } = services
  const seed = await newSeedOf(services, account)
  if (!seed) return refuse('not_started')
  const now = clock.now()
  if ((await throttle(db, keys.platform, now, factorLimits.factorAccount, account.id)) !== undefined) {
    return refuse('too_many')
  }
  const code = codeDigits(typed)
  const step = code === undefined ? undefined : stepOf(opened(services, seed), code, now, seed.lastStep)
  if (step === undefined) return refuse('wrong')
  const made = (await countRecoveryCodes(db, account.id)) === 0 ? await makeCodes(services) : undefined
  const changed = await changeFactor(services, origin, account, 'app_added', async (trx) => {
    if (!(await updateSeedConfirmed(trx, account.id, seed.id, step, now))) return refuse('wrong')
    if (made) await insertRecoveryCodes(trx, account.id, made.hashes, now)
    return done(made ? { codes: made.codes } : {})
  })
  if (changed.ok) await forgive(db, keys.platform, factorLimits.factorAccount, account.id)
  return changed
}

/** Takes the app away, and with the last factor the recovery codes. */
export async function removeTotp(
  services: Services,
  origin: Origin,
  account: Account,
  person: { userId: Account['id']; factorDue: unknown },
): Promise<Outcome<Changed, 'needed' | 'none'>> {
  const passkeys = (await listPasskeys(services.db, account.id)).length
  const allowed = await leavesNone(services, person, 'app', passkeys)
  if (!allowed.ok) return allowed
  return changeFactor(services, origin, account, 'app_removed', async (trx) => {
    if (!(await deleteSeed(trx, account.id))) return refuse('none')
    if (passkeys === 0) await deleteRecoveryCodes(trx, account.id)
    return done({})
  })
}

/** Whether a code of the app is right now and was never used. Of the same code many times at once, once. */
export async function usesCode(services: Services, account: Account, code: string): Promise<boolean> {
  const seed = await findSeed(services.db, account.id)
  const step = seed && stepOf(opened(services, seed), code, services.clock.now(), seed.lastStep)
  return seed !== undefined && step !== undefined && updateSeedStep(services.db, seed.id, step)
}
