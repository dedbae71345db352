// Passkeys: added, named, removed. Whose they are comes from the session, what is signed was asked for by us and once.
import { newId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { minutes } from '../../../kernel/time.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import {
  answeredHash,
  assertionOptions,
  newChallenge,
  parseAssertion,
  parseRegistration,
  registrationOptions,
  verifiedAssertion,
  verifiedRegistration,
} from '../../../platform/passkeys.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Services } from '../../../platform/services.ts'
import { addressBlock, throttle } from '../../../platform/throttle.ts'
import type { Account } from '../queries.ts'
import {
  countRecoveryCodes,
  deleteChallenge,
  deletePasskey,
  deleteRecoveryCodes,
  findPasskey,
  findSeed,
  insertChallenge,
  insertPasskey,
  insertRecoveryCodes,
  listPasskeys,
  updatePasskeyUsed,
  type ChallengePurpose,
  type PasskeyId,
  type StoredPasskey,
} from '../queries/factors.ts'
import { isDemoAccount } from '../rules.ts'
import { challengeMinutes, factorLimits, mostPasskeys } from '../rules/factors.ts'
import { changeFactor, leavesNone, type Changed } from './factors.ts'
import { makeCodes, type Codes } from './recovery-codes.ts'

async function challengeFor(
  { db, clock }: Services,
  purpose: ChallengePurpose,
  userId: Account['id'] | undefined,
): Promise<string> {
  const { challenge, hash } = newChallenge()
  const now = clock.now()
  await insertChallenge(db, { hash, purpose, userId, now, expiresAt: now.add(minutes(challengeMinutes)) })
  return challenge
}

/** For the browser that is to make a passkey. */
export async function askForPasskey(services: Services, account: Account) {
  const challenge = await challengeFor(services, 'register', account.id)
  return registrationOptions(services.config.baseUrl, account, challenge, await listPasskeys(services.db, account.id))
}

/**
 * For the browser that is to use one: somebody's whose password was right, somebody's who is signed in, or, by nobody
 * yet, one that says itself whose it is. Seconds to wait when an address asks too often.
 */
export async function askPasskey(
  services: Services,
  origin: Origin,
  purpose: 'sign_in' | 'confirm',
  userId: Account['id'] | undefined,
): Promise<Outcome<Awaited<ReturnType<typeof assertionOptions>>, 'too_many'>> {
  const { db, keys, clock, config } = services
  const block = addressBlock(origin.address ?? '')
  if ((await throttle(db, keys.platform, clock.now(), factorLimits.passkeyAddress, block)) !== undefined) {
    return refuse('too_many')
  }
  const known = userId && (await listPasskeys(db, userId))
  return done(await assertionOptions(config.baseUrl, await challengeFor(services, purpose, userId), known))
}

/** Keeps the passkey a browser has made. Whoever had no second factor before is given recovery codes. */
export async function addPasskey(
  services: Services,
  origin: Origin,
  account: Account,
  made: { response: string; name: string },
): Promise<Outcome<Partial<Codes> & Changed, 'refused' | 'known' | 'too_many' | 'shared'>> {
  const { db, clock, config } = services
  // A passkey is one person's, and the demo's accounts are everybody's.
  if (isDemoAccount(account.email)) return refuse('shared')
  if ((await listPasskeys(db, account.id)).length >= mostPasskeys) return refuse('too_many')
  const answer = parseRegistration(made.response)
  const hash = answer && answeredHash(answer)
  const now = clock.now()
  if (!hash || !(await deleteChallenge(db, { hash, purpose: 'register', userId: account.id, now }))) {
    return refuse('refused')
  }
  const passkey = await verifiedRegistration(config.baseUrl, answer)
  if (!passkey) return refuse('refused')
  const codes = (await countRecoveryCodes(db, account.id)) === 0 ? await makeCodes(services) : undefined
  return changeFactor(services, origin, account, 'passkey_added', async (trx) => {
    const { credentialId, publicKey, counter, transports } = passkey
    const row = { credentialId, publicKey, counter, transports: [...transports], name: made.name }
    if (!(await insertPasskey(trx, { id: newId<'passkey'>(), userId: account.id, ...row, now }))) return refuse('known')
    if (codes) await insertRecoveryCodes(trx, account.id, codes.hashes, now)
    return done(codes ? { codes: codes.codes } : {})
  })
}

export async function removePasskey(
  services: Services,
  origin: Origin,
  account: Account,
  person: { userId: Account['id']; factorDue: unknown },
  id: PasskeyId,
): Promise<Outcome<Changed, 'needed'>> {
  const passkeys = await listPasskeys(services.db, account.id)
  if (!passkeys.some((one) => one.id === id)) notFound('passkey')
  const allowed = await leavesNone(services, person, 'passkey', passkeys.length)
  if (!allowed.ok) return allowed
  const app = await findSeed(services.db, account.id)
  return changeFactor(services, origin, account, 'passkey_removed', async (trx) => {
    await deletePasskey(trx, account.id, id)
    if (!app && passkeys.length === 1) await deleteRecoveryCodes(trx, account.id)
    return done({})
  })
}

/**
 * The passkey that has signed what it was asked to, or undefined. `userId` is whose it must be and who was asked; nobody
 * where the passkey is to say so itself.
 */
export async function usesPasskey(
  services: Services,
  purpose: 'sign_in' | 'confirm',
  userId: Account['id'] | undefined,
  response: string,
): Promise<StoredPasskey | undefined> {
  const { db, clock, config } = services
  const now = clock.now()
  const answer = parseAssertion(response)
  const hash = answer && answeredHash(answer)
  if (!hash || !(await deleteChallenge(db, { hash, purpose, userId, now }))) return undefined
  const passkey = await findPasskey(db, answer.id)
  if (!passkey || (userId !== undefined && passkey.userId !== userId)) return undefined
  const counter = await verifiedAssertion(config.baseUrl, answer, passkey)
  if (counter === undefined || !(await updatePasskeyUsed(db, passkey, counter, now))) return undefined
  return passkey
}
