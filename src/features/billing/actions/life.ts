// What the clock does to subscriptions: renewals from credit, the steps of `rules/life.ts`, and the notices before and
// after. One step a subscription and run, each in a transaction of its own that nobody else can be in.
import { dateAt, hours, Temporal, type Instant } from '../../../kernel/time.ts'
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Services } from '../../../platform/services.ts'
import { accountIn, change, factsOf, nextStep, tellOwners, type Account } from '../../subscription/actions/account.ts'
import { priceOf } from '../../subscription/actions/decisions.ts'
import {
  claimDue,
  findPlanById,
  getMarket,
  insertNotice,
  inTransaction,
  listDue,
  listNoticesDealtWith,
  updateNextStep,
} from '../../subscription/queries.ts'
import { after, graceDays, nextTransition, windowDays, type LifeEvent } from '../../subscription/rules/life.ts'
import { dueNotices, isStale, noticesOf, type Notice } from '../../subscription/rules/notices.ts'
import { withTax } from '../rules/quotes.ts'
import { isCovered, settle, voidUpgrade } from './orders.ts'

const batch = 200
/** The application's clock and the database's may be this far apart. */
const agreement = 60_000

/**
 * Takes every subscription whose time has come one step further. When the two clocks disagree nothing is done at all:
 * one of them is wrong, and what follows from a wrong clock can't be taken back.
 */
export async function liveOn(services: Services): Promise<void> {
  const { clock, db, databaseNow, stopping, log } = services
  const now = clock.now()
  const theirs = await databaseNow()
  if (Math.abs(now.epochMilliseconds - theirs.epochMilliseconds) > agreement) {
    throw new Error('clock.disagrees: the clocks of application and database are more than a minute apart')
  }
  for (;;) {
    const due = await listDue(db, now, batch)
    let stepped = 0
    for (const clinicId of due) {
      if (stopping.signal.aborted) return
      try {
        if (await step(services, clinicId, now)) stepped++
      } catch (error) {
        // The others go on; this one is tried again at the next run.
        log.error('subscription.step_failed', error, { clinicId })
      }
    }
    // What others hold, or what failed, is still due: it is not this run's any more.
    if (due.length < batch || stepped === 0) return
  }
}

/** One step of one subscription; false when another process is at it. */
async function step(services: Services, clinicId: ClinicId, now: Instant): Promise<boolean> {
  return inTransaction(services.db, async (trx) => {
    if (!(await claimDue(trx, clinicId, now))) return false
    const by = { kind: 'system', id: null } as const
    const account = await accountIn(trx, services, clinicId, by, { requestId: 'subscription.life' })
    if (!account) return false
    const transition = nextTransition(factsOf(account.held))
    if (transition && Temporal.Instant.compare(transition.at, now) <= 0) await pass(account, transition.event)
    else await tellWhatIsDue(account)
    // Another step that is due already is left to the next run: each is recorded before the one after it begins.
    await updateNextStep(trx, clinicId, nextStep(account.held, account.clinic.zone, now))
    return true
  })
}

async function pass(account: Account, event: LifeEvent): Promise<void> {
  await voidUpgrade(account)
  if (event === 'period_ended') {
    // Paid ahead: the next period begins without anybody noticing.
    if (await settle(account)) return
    if (await beginPlanned(account)) return
  }
  const status = after(account.held.status, event)
  if (status === undefined) throw new Error(`nothing follows ${event}`)
  await change(account, status === 'purge_scheduled' ? 'purge_scheduled' : status, { status })
  if (status === 'expired') await tellWhatIsDue(account)
  if (status === 'purge_scheduled') {
    await tellOwners(account, { kind: 'purge_scheduled', key: 'subscription.mail.purge_scheduled' }, () => ({}))
  }
}

/** The plan that was planned for the end of the period, where it costs nothing; a paid one waits for its money. */
async function beginPlanned(account: Account): Promise<boolean> {
  const { held, db } = account
  if (held.nextPlanId === null || held.nextInterval === null) return false
  const plan = await findPlanById(db, held.nextPlanId)
  const netMinor = plan && (await priceOf(account, plan, held.nextInterval))
  if (!plan || netMinor === undefined) return false
  if (netMinor === 0) {
    await change(account, 'downgraded', {
      planId: plan.id,
      interval: 'month',
      netMinor: 0,
      nextPlanId: null,
      nextInterval: null,
      periodStart: account.now,
      periodEnd: null,
    })
    return true
  }
  // The smaller plan holds from now on, unpaid as yet.
  await change(account, 'downgraded', {
    planId: plan.id,
    interval: held.nextInterval,
    netMinor,
    nextPlanId: null,
    nextInterval: null,
  })
  return false
}

/**
 * Sends the latest notice whose moment has come, unless it is stale or the next period is paid for; whatever else was
 * missed is noted as missed. So after a week of down time one mail goes out at most.
 */
async function tellWhatIsDue(account: Account): Promise<void> {
  const { db, clinic, held, now } = account
  const notices = noticesOf({ ...held, zone: clinic.zone })
  const [first] = notices
  if (!first) return
  const dealtWith = new Set(await listNoticesDealtWith(db, clinic.id, first.anchor))
  const { due } = dueNotices(notices, dealtWith, now)
  const latest = due.at(-1)
  const mute = latest === undefined || isStale(latest, now) || (await isCovered(account))
  for (const notice of due) {
    const sent = notice === latest && !mute
    const ours = await insertNotice(db, clinic.id, { anchor: notice.anchor, kind: notice.kind, at: now, sent })
    if (sent && ours) await sendNotice(account, notice)
  }
}

async function sendNotice(account: Account, notice: Notice): Promise<void> {
  const { db, clinic, held } = account
  const market = await getMarket(db, clinic.country)
  const plan = await findPlanById(db, held.planId)
  if (!plan) throw new Error('a subscription to no plan')
  const { totalMinor } = withTax(held.netMinor, market.taxRateBp)
  const expired = held.status === 'expired'
  const card = held.collection === 'card' && held.stripeSubscription !== null
  const about = expired
    ? 'expired'
    : held.cancelledAt !== null
      ? 'cancelled'
      : held.status === 'trialing'
        ? 'trial'
        : card
          ? 'card'
          : 'renewal'
  const end = expired ? held.statusSince.add(hours(windowDays * 24)) : notice.anchor
  await tellOwners(
    account,
    // What was to be said today is not worth saying tomorrow.
    { kind: `notice_${notice.kind}`, key: `subscription.mail.${about}`, expiresAt: account.now.add(hours(24)) },
    (speaker, language) => ({
      count: notice.days,
      plan: plan.names[language],
      price: speaker.money({ minor: totalMinor, currency: held.currency }),
      date: speaker.date(expired ? end : end.subtract({ milliseconds: 1 })),
      left: speaker.number(windowDays - notice.days),
      grace: speaker.number(graceDays),
      today: speaker.date(dateAt(account.now, clinic.zone)),
    }),
  )
}
