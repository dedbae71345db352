// One's own sessions, and the browsers an account is known to be used with.
import { randomBytes } from 'node:crypto'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import { browserOf } from '../../../platform/browsers.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { homePlace } from '../../../platform/home-place.ts'
import { inTransaction, type Transaction } from '../../../platform/db/transaction.ts'
import type { Services } from '../../../platform/services.ts'
import { isOver } from '../../../platform/web/session.ts'
import { findAccount, findAccountByEmail, updateEmail, updatePassword, type Account } from '../queries.ts'
import {
  deleteSession,
  deleteSessions,
  listSessions,
  upsertKnownBrowser,
  type StoredSession,
} from '../queries/sessions.ts'
import { deleteLinks, findLink, updateLinkUsed, type AccountLink } from '../queries/tokens.ts'
import { isDemoAccount } from '../rules.ts'
import { linkHours } from '../rules/links.ts'
import { makeLink, tell } from './links.ts'
import { sendResetLink } from './password.ts'
import { hashOf } from './tokens.ts'

/** Where somebody is signed in now. */
export async function sessionsOf({ db, clock }: Services, userId: Account['id']): Promise<StoredSession[]> {
  const now = clock.now().epochMilliseconds
  return (await listSessions(db, userId)).filter((one) => !isOver(one, now))
}

/** Ends one of somebody's own sessions: its next request is a stranger's. */
export async function endSession(services: Services, origin: Origin, userId: Account['id'], id: string): Promise<void> {
  await inTransaction(services.db, async (trx) => {
    if (await deleteSession(trx, userId, id)) await noteEnded(services, trx, origin, userId, 1)
  })
}

/** Ends all of somebody's sessions but the one they ask in. */
export async function endOtherSessions(
  services: Services,
  origin: Origin,
  userId: Account['id'],
  keep: string,
): Promise<void> {
  await inTransaction(services.db, async (trx) => {
    const count = await deleteSessions(trx, userId, keep)
    if (count > 0) await noteEnded(services, trx, origin, userId, count)
  })
}

async function noteEnded({ clock }: Services, trx: Transaction, origin: Origin, userId: Account['id'], count: number) {
  await auditPlatform(trx, 'account.sessions_ended', {
    at: clock.now(),
    origin,
    actorId: userId,
    record: { kind: 'user', id: userId },
    details: { count },
  })
}

/**
 * Somebody signed in. With a kind of browser that is new for this account its owner is told, and how to throw out whoever
 * it was. The first browser of a new account is its maker's.
 */
export async function noteBrowser(
  services: Services,
  origin: Origin,
  account: Account,
  { fresh = false } = {},
): Promise<void> {
  const { db, keys, clock } = services
  const { family, platform } = browserOf(origin.browser)
  const hash = keys.platform.hash(`known-browser/${account.id}`, `${family}/${platform}`)
  await inTransaction(db, async (trx) => {
    const added = await upsertKnownBrowser(trx, account.id, hash, clock.now())
    // Everybody shares the demo's accounts.
    if (!added || fresh || isDemoAccount(account.email)) return
    const speaker = services.speakers(account.language, await homePlace(trx, account.id))
    await tell(services, trx, account, {
      kind: 'new_browser',
      words: 'new_browser',
      facts: {
        browser: speaker.t(`accounts.browser.${family}`),
        platform: speaker.t(`accounts.platform.${platform}`),
        at: speaker.dateTime(clock.now()),
        zone: speaker.offset(clock.now()),
        link: await makeLink(services, trx, account, 'not_me'),
      },
      hours: linkHours.not_me,
    })
    const record = { kind: 'user', id: account.id }
    await auditPlatform(trx, 'account.new_browser', { at: clock.now(), origin, actorId: account.id, record })
  })
}

const undoing = ['not_me', 'undo_email'] as const

/** What a link that undoes would do, for the page that asks; nothing is spent by looking. */
export const findUndoing = ({ db, clock }: Services, token: string): Promise<AccountLink | undefined> =>
  findLink(db, hashOf(token), undoing, clock.now())

/**
 * "It was not me": ends every session, makes the password unusable and sends a link for a new one; `undo_email` gives the
 * account its e-mail back first. The link in the mail opens nothing by itself: the mail may be a week old.
 */
export async function throwOut(
  services: Services,
  origin: Origin,
  token: string,
): Promise<Outcome<{ purpose: AccountLink['purpose'] }, 'link_dead'>> {
  const { db, clock, passwords } = services
  const now = clock.now()
  const nobodyKnows = await passwords.hash(randomBytes(32).toString('base64url'))
  const thrown = await inTransaction(db, async (trx) => {
    const link = await updateLinkUsed(trx, hashOf(token), undoing, now)
    const account = link && (await findAccount(trx, link.userId))
    if (!account) return undefined
    if (link.email !== null && link.email !== account.email) {
      // Somebody else has it by now: there is nothing to go back to, and the link stays for a person to look into.
      if (await findAccountByEmail(trx, link.email)) return undefined
      await updateEmail(trx, account.id, link.email, { proven: true })
    }
    await updatePassword(trx, account.id, nobodyKnows)
    await deleteSessions(trx, account.id)
    await deleteLinks(trx, account.id, ['password_reset', 'change_email', 'verify_email', 'not_me'])
    const record = { kind: 'user', id: account.id }
    const details = { email_restored: link.email !== null && link.email !== account.email }
    await auditPlatform(trx, 'account.intruder_reported', { at: now, origin, record, details })
    return { purpose: link.purpose, email: link.email ?? account.email }
  })
  if (!thrown) return refuse('link_dead')
  await sendResetLink(services, origin, thrown.email)
  return done({ purpose: thrown.purpose })
}
