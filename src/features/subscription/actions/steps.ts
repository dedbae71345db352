// The clock's way to subscriptions: whichever is due is claimed, taken one step, and told when the next one is.
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import type { Services } from '../../../platform/services.ts'
import { claimDue, insertNotice, listDue, listNoticesDealtWith, updateNextStep } from '../queries.ts'
import { dueNotices, noticesOf, type Notice } from '../rules/notices.ts'
import { accountIn, nextStep, type Account } from './account.ts'

const batch = 200

/**
 * Takes every subscription whose time has come one step, each in a transaction of its own that nobody else is in. One
 * that fails is logged and tried again at the next run; the others go on.
 */
export async function stepDue(
  services: Services,
  now: Instant,
  step: (account: Account) => Promise<void>,
): Promise<void> {
  const { db, stopping, log } = services
  for (;;) {
    const due = await listDue(db, now, batch)
    let stepped = 0
    for (const clinicId of due) {
      if (stopping.signal.aborted) return
      try {
        if (await stepOne(services, clinicId, now, step)) stepped++
      } catch (error) {
        log.error('subscription.step_failed', error, { clinicId })
      }
    }
    // What others hold, or what failed, is still due: it is not this run's any more.
    if (due.length < batch || stepped === 0) return
  }
}

/** False when another process is at it. */
async function stepOne(
  services: Services,
  clinicId: ClinicId,
  now: Instant,
  step: (account: Account) => Promise<void>,
): Promise<boolean> {
  return inTransaction(services.db, async (trx) => {
    if (!(await claimDue(trx, clinicId, now))) return false
    const by = { kind: 'system', id: null } as const
    const account = await accountIn(trx, services, clinicId, by, { requestId: 'subscription.life' })
    if (!account) return false
    await step(account)
    // Another step that is due already is left to the next run: each is recorded before the one after it begins.
    await updateNextStep(trx, clinicId, nextStep(account.held, account.clinic.zone, now))
    return true
  })
}

/**
 * Deals with every notice whose moment has come: `choose` says whether the latest is to be sent, the others are noted as
 * missed. Answers that one, if it was not dealt with meanwhile.
 */
export async function dealWithNotices(
  account: Account,
  choose: (latest: Notice) => boolean,
): Promise<Notice | undefined> {
  const { db, clinic, held, now } = account
  const notices = noticesOf({ ...held, zone: clinic.zone })
  const [first] = notices
  if (!first) return undefined
  const dealtWith = new Set(await listNoticesDealtWith(db, clinic.id, first.anchor))
  const { due } = dueNotices(notices, dealtWith, now)
  const latest = due.at(-1)
  const chosen = latest !== undefined && choose(latest) ? latest : undefined
  let ours = false
  for (const notice of due) {
    const { anchor, kind } = notice
    const made = await insertNotice(db, clinic.id, { anchor, kind, at: now, sent: notice === chosen })
    if (notice === chosen) ours = made
  }
  return ours ? chosen : undefined
}
