// What a clinic is to pay next: at most one order is open. Buying turns credit on the account into an invoice and time.
import { newId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { hours, Temporal } from '../../../kernel/time.ts'
import { queueCardCommand } from '../../../platform/card-commands.ts'
import { change, tellOwners, type Account } from '../../subscription/actions/account.ts'
import { leadsTo, priceOf, tellReactivated } from '../../subscription/actions/decisions.ts'
import { findPlanById, getMarket, type Market, type Plan } from '../../subscription/queries/plans.ts'
import type { Status } from '../../subscription/rules/life.ts'
import type { Interval } from '../../subscription/rules/prices.ts'
import {
  closeOrder,
  findOpenOrder,
  getBalance,
  insertEntry,
  insertOrder,
  getDeclared,
  type Order,
  type OrderId,
} from '../queries/books.ts'
import { listOpenCheckouts, updateCheckout } from '../queries/card.ts'
import { netDue, periodBought, withTax, type OrderKind } from '../rules/quotes.ts'
import { issue } from './documents.ts'

/** A pro-rata sum is of the day it was worked out; it stands for three. */
const upgradeStands = hours(72)
/** How long before its end a period can be renewed: from before the first notice, which asks for it. */
const renewalOpens = hours(15 * 24)

/** Opens the order for a plan, in place of one that was open. What is due is worked out here, never sent. */
export async function openOrder(
  account: Account,
  kind: OrderKind,
  plan: Plan,
  interval: Interval,
): Promise<Outcome<Order, 'no_price' | 'nothing_due'>> {
  const { db, held, now } = account
  const netMinor = kind === 'renew' ? held.netMinor : await priceOf(account, plan, interval)
  if (netMinor === undefined) return refuse('no_price')
  await voidOrder(account)
  const market = await getMarket(db, account.clinic.country)
  const order = orderFor(account, market, { kind, plan, interval, planNetMinor: netMinor })
  if (order.totalMinor === 0) return refuse('nothing_due')
  await insertOrder(db, order, now)
  await tellCard(account)
  await account.note('order.opened', { kind, plan: plan.code, interval, total: order.totalMinor })
  return done(order)
}

function orderFor(
  { clinic, held, now }: Account,
  { taxName, taxRateBp }: Market,
  wanted: { kind: OrderKind; plan: Pick<Plan, 'id'>; interval: Interval; planNetMinor: number },
): Order {
  const { kind, plan, interval, planNetMinor } = wanted
  const due = netDue(kind, held, { netMinor: planNetMinor, interval }, now)
  return {
    id: newId<'order'>(),
    clinicId: clinic.id,
    kind,
    planId: plan.id,
    interval,
    currency: held.currency,
    planNetMinor,
    ...withTax(due, taxRateBp),
    taxName,
    taxRateBp,
    status: 'open',
    expiresAt: kind === 'upgrade' ? now.add(upgradeStands) : null,
  }
}

export async function voidOrder(account: Account): Promise<void> {
  const open = await findOpenOrder(account.db, account.clinic.id)
  if (!open) return
  await close(account, open.id, 'void')
  await tellCard(account)
}

/** Ends an order, and the payment pages for it: on one that stays open it would be paid again. */
async function close({ db, clinic, now }: Account, id: OrderId, status: 'paid' | 'void'): Promise<void> {
  await closeOrder(db, id, status, now)
  for (const { id: checkout, orderId, session } of await listOpenCheckouts(db, clinic.id)) {
    if (orderId !== id) continue
    await updateCheckout(db, checkout, { session, url: null, state: 'expired' })
    if (session !== null) await queueCardCommand(db, { kind: 'expire', clinicId: clinic.id, target: session })
  }
}

/** What a card is charged next follows from what is ordered. */
async function tellCard({ db, clinic, held }: Account): Promise<void> {
  const { stripeSubscription } = held
  if (stripeSubscription === null) return
  await queueCardCommand(db, { kind: 'follow', clinicId: clinic.id, target: stripeSubscription })
}

/** The difference for the rest of a period is not owed once the period is over. Any other order stays good. */
export async function voidUpgrade(account: Account): Promise<void> {
  const open = await findOpenOrder(account.db, account.clinic.id)
  if (open?.kind === 'upgrade') await close(account, open.id, 'void')
}

/**
 * What is to be paid as things stand: the open order, or else what goes without saying. A trial is followed by the plan
 * it is of, a lapsed subscription by the same again, a period that is about to end by its renewal, with the plan that
 * was planned for then.
 */
export async function dueNow(account: Account): Promise<Order | undefined> {
  const { db, held, clinic, now } = account
  const open = await findOpenOrder(db, clinic.id)
  if (open && (open.expiresAt === null || Temporal.Instant.compare(open.expiresAt, now) > 0)) return open
  const market = await getMarket(db, clinic.country)
  const { status, netMinor, interval, planId, periodEnd } = held
  if (status === 'active') {
    const near = periodEnd !== null && Temporal.Instant.compare(periodEnd, now.add(renewalOpens)) <= 0
    if (!near || held.cancelledAt !== null) return undefined
    return renewalOf(account, market)
  }
  if (netMinor === 0) return undefined
  const kind = status === 'past_due' ? 'renew' : 'start'
  return orderFor(account, market, { kind, plan: { id: planId }, interval, planNetMinor: netMinor })
}

/** The order for the next period, with the plan that was planned for it. Undefined where that costs nothing. */
export async function renewalOf(account: Account, market: Market): Promise<Order | undefined> {
  const { held } = account
  const plan = { id: held.nextPlanId ?? held.planId }
  const interval = held.nextInterval ?? held.interval
  const planNetMinor = held.nextPlanId === null ? held.netMinor : await priceOf(account, plan, interval)
  if (planNetMinor === undefined || planNetMinor === 0) return undefined
  return orderFor(account, market, { kind: 'renew', plan, interval, planNetMinor })
}

/**
 * Buys what is due if the account has enough credit for it. Answers whether something was bought. Where another plan was
 * planned for the end of the period, paying early does not bring it forward: the credit waits.
 */
export async function settle(account: Account): Promise<boolean> {
  const order = await dueNow(account)
  if (!order || (order.kind === 'renew' && waitsForEnd(account))) return false
  const owed = await getBalance(account.db, account.clinic.id, order.currency)
  if (-owed < order.totalMinor) return false
  await buy(account, order)
  return true
}

function waitsForEnd({ held, now }: Account): boolean {
  const { status, nextPlanId, periodEnd } = held
  const running = status === 'active' && periodEnd !== null && Temporal.Instant.compare(periodEnd, now) > 0
  return running && nextPlanId !== null
}

export type Coming = { order: Order | undefined; openMinor: number; covered: boolean }

/**
 * What is to be paid for the next period, and how much of it is still open. It is covered when the account has enough, or
 * would have once somebody looked at what the owner says was paid; and when it costs nothing. A card is charged the whole.
 */
export async function comingUp(account: Account): Promise<Coming> {
  const { db, held, clinic } = account
  const running = held.status === 'active'
  const order = running ? await renewalOf(account, await getMarket(db, clinic.country)) : await dueNow(account)
  const total = order?.totalMinor ?? 0
  if (held.collection === 'card') return { order, openMinor: total, covered: running && total === 0 }
  const credit = -(await getBalance(db, clinic.id, held.currency))
  const declared = await getDeclared(db, clinic.id, held.currency)
  const covered = credit + declared >= total && (running || order !== undefined)
  return { order, openMinor: Math.max(0, total - Math.max(0, credit)), covered }
}

async function buy(account: Account, order: Order): Promise<void> {
  const { db, clinic, now, held } = account
  const plan = await findPlanById(db, order.planId)
  const status = leadsTo(account, 'paid')
  if (!plan || status === undefined) throw new Error('an order that buys nothing')
  const market = await getMarket(db, clinic.country)
  const open = await findOpenOrder(db, clinic.id)
  if (open && open.id !== order.id) await close(account, open.id, 'void')
  if (open?.id === order.id) await close(account, order.id, 'paid')
  else await insertOrder(db, { ...order, status: 'paid' }, now)

  const within = order.kind === 'upgrade' && order.interval === held.interval
  const bought = periodBought(order.kind, held, order.interval, now, clinic.zone)
  const speaker = account.speakers(clinic.language, clinic)
  const { netMinor, taxMinor, totalMinor, currency, taxName, taxRateBp } = order
  const invoice = await issue(account, {
    kind: 'invoice',
    netMinor,
    taxMinor,
    currency,
    tax: { name: taxName, rateBp: taxRateBp },
    lines: [
      {
        text: speaker.t(`billing.document.line_${order.kind === 'upgrade' ? 'upgrade' : order.interval}`, {
          plan: plan.names[clinic.language],
          from: speaker.date(order.kind === 'upgrade' ? now : bought.periodStart),
          to: speaker.date(bought.periodEnd.subtract({ milliseconds: 1 })),
        }),
        netMinor,
      },
    ],
  })
  await insertEntry(db, {
    issuerId: market.issuerId,
    clinicId: clinic.id,
    at: now,
    kind: 'charge',
    amountMinor: totalMinor,
    taxMinor,
    currency,
    documentId: invoice.id,
    paymentId: null,
    corrects: null,
    reason: '',
    actorKind: account.by.kind,
    actorId: account.by.id,
    providerRef: null,
  })
  const lapsed = held.status === 'expired' || held.status === 'purge_scheduled'
  await change(account, eventOf(order.kind, held.status, held.netMinor), {
    planId: plan.id,
    status,
    interval: order.interval,
    currency,
    netMinor: order.planNetMinor,
    ...bought,
    ...(order.kind === 'upgrade' ? {} : { nextPlanId: null, nextInterval: null }),
    // Who pays for more of the present period has not taken back that they leave when it ends.
    ...(within ? {} : { cancelledAt: null, cancelReason: null }),
    firstPaidAt: held.firstPaidAt ?? now,
  })
  if (lapsed) await tellReactivated(account)
  await tellOwners(
    account,
    { kind: 'invoice', key: 'billing.mail.invoice', path: `/settings/subscription/documents/${invoice.id}` },
    (reader, language) => ({
      number: invoice.number,
      plan: plan.names[language],
      total: reader.money({ minor: totalMinor, currency }),
      until: reader.date(bought.periodEnd.subtract({ milliseconds: 1 })),
    }),
  )
}

function eventOf(kind: OrderKind, was: Status, wasNet: number): string {
  if (kind === 'upgrade') return 'upgraded'
  if (was === 'expired' || was === 'purge_scheduled') return 'reactivated'
  return was === 'trialing' || wasNet === 0 ? 'activated' : 'renewed'
}
