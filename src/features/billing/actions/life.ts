// What the clock does to subscriptions: renewals from credit, the steps of `rules/life.ts`, and the notices before and
// after. One step a subscription and run, each in a transaction of its own that nobody else can be in.
import { dateAt, hours, Temporal } from '../../../kernel/time.ts'
import type { Services } from '../../../platform/services.ts'
import { change, factsOf, tellOwners, type Account } from '../../subscription/actions/account.ts'
import { priceOf } from '../../subscription/actions/decisions.ts'
import { dealWithNotices, stepDue } from '../../subscription/actions/steps.ts'
import { findPlanById } from '../../subscription/queries/plans.ts'
import { after, graceDays, nextTransition, windowDays, type LifeEvent } from '../../subscription/rules/life.ts'
import { isStale, type Notice } from '../../subscription/rules/notices.ts'
import { comingUp, settle, voidUpgrade, type Coming } from './orders.ts'

/** The application's clock and the database's may be this far apart. */
const agreement = 60_000

/**
 * Takes every subscription whose time has come one step further. When the two clocks disagree nothing is done at all:
 * one of them is wrong, and what follows from a wrong clock can't be taken back.
 */
export async function liveOn(services: Services): Promise<void> {
  const { clock, databaseNow } = services
  const now = clock.now()
  const theirs = await databaseNow()
  if (Math.abs(now.epochMilliseconds - theirs.epochMilliseconds) > agreement) {
    throw new Error('clock.disagrees: the clocks of application and database are more than a minute apart')
  }
  await stepDue(services, now, async (account) => {
    const transition = nextTransition(factsOf(account.held))
    if (transition && Temporal.Instant.compare(transition.at, now) <= 0) await pass(account, transition.event)
    else await tellWhatIsDue(account)
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
  const coming = await comingUp(account)
  // Who expired or leaves hears what comes next, whatever is on the account.
  const asks = account.held.status !== 'expired' && account.held.cancelledAt === null
  const notice = await dealWithNotices(account, (latest) => !isStale(latest, account.now) && !(asks && coming.covered))
  if (notice) await sendNotice(account, notice, coming)
}

async function sendNotice(account: Account, notice: Notice, { order, openMinor }: Coming): Promise<void> {
  const { db, clinic, held } = account
  const plan = await findPlanById(db, order?.planId ?? held.planId)
  if (!plan) throw new Error('a subscription to no plan')
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
      price: speaker.money({ minor: openMinor, currency: held.currency }),
      date: speaker.date(expired ? end : end.subtract({ milliseconds: 1 })),
      left: speaker.number(windowDays - notice.days),
      grace: speaker.number(graceDays),
      today: speaker.date(dateAt(account.now, clinic.zone)),
    }),
  )
}
