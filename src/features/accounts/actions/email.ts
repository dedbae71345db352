// The e-mail of an account: proving that one reads it, and changing it.
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction, type Transaction } from '../../../platform/db/transaction.ts'
import type { Services } from '../../../platform/services.ts'
import { throttle } from '../../../platform/throttle.ts'
import { findAccount, findAccountByEmail, updateEmail, type Account } from '../queries.ts'
import { deleteLinks, findLink, updateLinkUsed, type AccountLink } from '../queries/tokens.ts'
import { isDemoAccount } from '../rules.ts'
import { emailLimits, linkHours } from '../rules/links.ts'
import { makeLink, tell } from './links.ts'
import { hashOf } from './tokens.ts'

/** Mails the link that shows that whoever signed up reads the e-mail they gave. */
export async function askToVerify(services: Services, trx: Transaction, account: Account): Promise<void> {
  await tell(services, trx, account, {
    kind: 'verify_email',
    words: 'verify',
    facts: { link: await makeLink(services, trx, account, 'verify_email', account.email) },
    hours: linkHours.verify_email,
  })
}

export async function askAgainToVerify(services: Services, account: Account): Promise<Outcome<void, 'too_many'>> {
  const { db, keys, clock } = services
  if (!account.emailUnproven) return done(undefined)
  const wait = await throttle(db, keys.platform, clock.now(), emailLimits.proof, account.id)
  if (wait !== undefined) return refuse('too_many')
  await inTransaction(db, (trx) => askToVerify(services, trx, account))
  return done(undefined)
}

/**
 * Mails a link to the new address; until it is used nothing changes. An address that has an account already gets a mail
 * that says so: the page says the same in both cases.
 */
export async function askForEmailChange(
  services: Services,
  origin: Origin,
  account: Account,
  email: string,
): Promise<Outcome<void, 'same' | 'shared' | 'too_many'>> {
  const { db, keys, clock } = services
  if (isDemoAccount(account.email)) return refuse('shared')
  if (email === account.email) return refuse('same')
  const wait = await throttle(db, keys.platform, clock.now(), emailLimits.proof, account.id)
  if (wait !== undefined) return refuse('too_many')
  await inTransaction(db, async (trx) => {
    const taken = await findAccountByEmail(trx, email)
    const link = await makeLink(services, trx, account, 'change_email', email)
    await tell(services, trx, account, {
      kind: taken ? 'email_taken' : 'change_email',
      words: taken ? 'email_taken' : 'change_email',
      facts: taken ? {} : { link, hours: linkHours.change_email },
      to: email,
      hours: linkHours.change_email,
    })
    const record = { kind: 'user', id: account.id }
    await auditPlatform(trx, 'account.email_change_asked', { at: clock.now(), origin, actorId: account.id, record })
  })
  return done(undefined)
}

const confirming = ['verify_email', 'change_email'] as const

/** What a link confirms, for the page that asks; nothing is spent by looking. */
export const findConfirming = ({ db, clock }: Services, token: string): Promise<AccountLink | undefined> =>
  findLink(db, hashOf(token), confirming, clock.now())

/**
 * Spends the link. A changed e-mail is reported to the old address, with a link that takes the change back and throws
 * out whoever made it.
 */
export async function confirmEmail(
  services: Services,
  origin: Origin,
  token: string,
): Promise<Outcome<{ email: string; changed: boolean }, 'link_dead'>> {
  const { db, clock } = services
  const now = clock.now()
  const confirmed = await inTransaction(db, async (trx) => {
    const link = await updateLinkUsed(trx, hashOf(token), confirming, now)
    const account = link && (await findAccount(trx, link.userId))
    if (!account || link.email === null) return undefined
    const changed = link.purpose === 'change_email'
    // Taken by somebody since, or no longer the account's: the link has come too late.
    if (changed ? await findAccountByEmail(trx, link.email) : link.email !== account.email) return undefined
    await updateEmail(trx, account.id, link.email, { proven: true })
    if (changed) await reportChange(services, trx, account, link.email)
    const entry = { at: now, origin, record: { kind: 'user', id: account.id } }
    await auditPlatform(trx, changed ? 'account.email_changed' : 'account.email_verified', entry)
    return { email: link.email, changed }
  })
  return confirmed ? done(confirmed) : refuse('link_dead')
}

async function reportChange(services: Services, trx: Transaction, account: Account, email: string): Promise<void> {
  await deleteLinks(trx, account.id, ['password_reset', 'verify_email'])
  await tell(services, trx, account, {
    kind: 'email_changed',
    words: 'email_changed',
    facts: {
      email,
      link: await makeLink(services, trx, account, 'undo_email', account.email),
      days: linkHours.undo_email / 24,
    },
    hours: linkHours.undo_email,
  })
}
