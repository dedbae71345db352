// Keeps a clinic's subscription and the one Stripe charges for it alike. Three things are compared: ours, theirs, and
// what both last agreed on. What differs from the last was changed since, and by whom is plain: a cancellation in Stripe's
// portal becomes ours, and whatever was decided here is told to Stripe.
import { hours, Temporal, type Instant } from '../../../../kernel/time.ts'
import { queueCardCommand } from '../../../../platform/card-commands.ts'
import type { CardPrice, CardSubscription } from '../../../../platform/channels/stripe.ts'
import { chargeable } from '../../../../platform/channels/stripe-facts.ts'
import type { Clinic, Ctx } from '../../../../platform/clinic-scope.ts'
import { accountOf, type Account } from '../../../subscription/actions/account.ts'
import { linkCard, relabelCard, unlinkCard } from '../../../subscription/actions/card.ts'
import { cancelAtPeriodEnd, withdrawCancellation } from '../../../subscription/actions/decisions.ts'
import { findSubscription } from '../../../subscription/queries.ts'
import { findPlanById } from '../../../subscription/queries/plans.ts'
import { deleteCardLink, findCardLink, updateCardTold, upsertCardLink } from '../../queries/card.ts'
import { clinicOfCustomer, inClinicOf, reportIncident, type Cards } from './incidents.ts'
import { renewalDue } from './renewals.ts'

/** Periods are counted in the clinic's midnights here and in UTC there: a day and a bit apart is the same. */
const slack = hours(48)

const over = new Set(['canceled', 'incomplete_expired'])
const beginning = new Set(['incomplete', 'paused'])

/** Something happened to a subscription at Stripe. */
export async function takeSubscription(cards: Cards, id: string): Promise<'done' | 'later'> {
  const theirs = await cards.stripe.findSubscription(id)
  if (!theirs.ok) return theirs.reason === 'gone' ? 'done' : 'later'
  const clinic = await clinicOfCustomer(cards, theirs.value.customer)
  if (clinic) return agree(cards, clinic, theirs.value, `event:${cards.clock.now().epochMilliseconds}`)
  // What is over harms nobody.
  if (over.has(theirs.value.status)) return 'done'
  const details = { subscription: id, customer: theirs.value.customer }
  await reportIncident(cards, { key: `subscription:${id}`, kind: 'unknown_payer', clinicId: null, details })
  return 'done'
}

/** A card was changed in the portal. */
export async function followCustomer(cards: Cards, customer: string): Promise<'done' | 'later'> {
  const clinic = await clinicOfCustomer(cards, customer)
  const ours = clinic && (await findSubscription(cards.db, clinic.id))
  return ours?.stripeSubscription ? takeSubscription(cards, ours.stripeSubscription) : 'done'
}

/** Brings ours and theirs in line. `key` names this attempt towards Stripe. */
export async function agree(
  cards: Cards,
  clinic: Clinic,
  theirs: CardSubscription,
  key: string,
): Promise<'done' | 'later'> {
  if (beginning.has(theirs.status)) return 'done'
  const other = await replacedBy(cards, clinic, theirs)
  if (other !== undefined) return other
  const push = await inClinicOf(cards, clinic, (ctx) => compare(ctx, cards, theirs))
  if (push.kind === 'second') {
    const details = { subscription: theirs.id, kept: push.kept }
    const kind = 'second_subscription'
    await reportIncident(cards, { key: `second:${theirs.id}`, kind, clinicId: clinic.id, details })
    return 'done'
  }
  if (push.kind === 'nothing') return 'done'
  if (push.kind === 'end') {
    const ended = await cards.stripe.cancelSubscription(theirs.id)
    return ended.ok || ended.reason === 'gone' ? 'done' : 'later'
  }
  const told = await cards.stripe.updateSubscription(theirs, push.wanted, `follow:${clinic.id}:${theirs.id}:${key}`)
  if (!told.ok) return 'later'
  const { cancelling } = push.wanted
  if (cancelling !== undefined) {
    await inClinicOf(cards, clinic, (ctx) => updateCardTold(ctx.db, clinic.id, theirs.id, cancelling))
  }
  return 'done'
}

/** When another subscription is ours already: whether that one still lives. A dead one makes room. */
async function replacedBy(cards: Cards, clinic: Clinic, theirs: CardSubscription): Promise<'later' | undefined> {
  const ours = await findSubscription(cards.db, clinic.id)
  if (!ours?.stripeSubscription || ours.stripeSubscription === theirs.id) return undefined
  const old = await cards.stripe.findSubscription(ours.stripeSubscription)
  if (!old.ok && old.reason !== 'gone') return 'later'
  if (!old.ok || over.has(old.value.status)) {
    await inClinicOf(cards, clinic, async (ctx) => {
      const account = await accountOf(ctx, cards)
      if (account.held.stripeSubscription !== ours.stripeSubscription) return
      await unlinkCard(account)
      await deleteCardLink(ctx.db, clinic.id)
    })
  }
  return undefined
}

type Wanted = {
  price?: CardPrice & { product: string; name: string }
  cancelling?: boolean
  nextCharge?: Instant
}
type Push =
  { kind: 'nothing' } | { kind: 'end' } | { kind: 'second'; kept: string } | { kind: 'update'; wanted: Wanted }

async function compare(ctx: Ctx, cards: Cards, theirs: CardSubscription): Promise<Push> {
  const { db, clinic } = ctx
  const account = await accountOf(ctx, cards)
  const kept = account.held.stripeSubscription
  if (kept !== null && kept !== theirs.id) {
    if (over.has(theirs.status)) return { kind: 'nothing' }
    // Two would charge twice: the first stays.
    await queueCardCommand(db, { kind: 'cancel', clinicId: clinic.id, target: theirs.id })
    return { kind: 'second', kept }
  }
  if (over.has(theirs.status)) {
    if (kept !== null) await ended(ctx, account, theirs)
    return { kind: 'nothing' }
  }
  if (kept === null) await linkCard(account, theirs.id, theirs.cardLabel ?? null)
  await adopt(ctx, account, theirs)
  return whatToTell(ctx, account, theirs)
}

/** Takes over what was changed on Stripe's side: the card, a cancellation, its withdrawal. */
async function adopt(ctx: Ctx, account: Account, theirs: CardSubscription): Promise<void> {
  const { db, clinic, now } = ctx
  if (theirs.cardLabel !== undefined && theirs.cardLabel !== account.held.cardLabel) {
    await relabelCard(account, theirs.cardLabel)
  }
  const link = await findCardLink(db, clinic.id)
  const known = link?.subscription === theirs.id ? link : undefined
  const { id: subscription, cancelling, status } = theirs
  await upsertCardLink(db, clinic.id, { subscription, cancelling, telling: null, status }, now)
  // A subscription just begun, or one we are telling about it ourselves: nobody over there decided anything.
  if (!known || known.telling !== null || known.cancelling === cancelling) return
  if (cancelling) await cancelAtPeriodEnd(account, 'card_portal')
  else await withdrawCancellation(account)
}

/** Stripe charges nothing any more. */
async function ended(ctx: Ctx, account: Account, theirs: CardSubscription): Promise<void> {
  await unlinkCard(account)
  await deleteCardLink(ctx.db, ctx.clinic.id)
  // Ended there and then by the customer: here it ends with the period that was paid. Where the money only failed to
  // come, the clinic is past due by itself and may still pay.
  if (account.held.netMinor > 0 && theirs.endedBecause === 'cancellation_requested') {
    await cancelAtPeriodEnd(account, 'card_portal')
  }
}

async function whatToTell(ctx: Ctx, account: Account, theirs: CardSubscription): Promise<Push> {
  const { db, clinic, now } = ctx
  const ours = account.held
  const due = await renewalDue(ctx, ours)
  if (due === undefined) return { kind: 'end' }
  const wanted: Wanted = {}
  // A plan that costs nothing follows: then there is nothing to charge when this period is over.
  const last = due.totalMinor === 0
  const price = { amount: chargeable(due.totalMinor, due.currency), currency: due.currency, interval: due.interval }
  const { item } = theirs
  // Past due, Stripe is still trying for what was asked; another price would be for the time after.
  const settled = ours.status === 'active' || ours.status === 'trialing'
  if (settled && !last && (price.amount !== item.price.amount || price.interval !== item.price.interval)) {
    const plan = await findPlanById(db, due.planId)
    if (!plan) throw new Error('a price of no plan')
    wanted.price = { ...price, product: `nabz_${plan.code}`, name: `Nabz ${plan.names.en}` }
  }
  const cancelling = last || ours.cancelledAt !== null
  if (settled && cancelling !== theirs.cancelling) wanted.cancelling = cancelling
  const end = ours.periodEnd
  const running = end !== null && later(end, now)
  const otherInterval = wanted.price !== undefined && wanted.price.interval !== item.price.interval
  // Another interval would be charged at once: it waits until what is owed is paid, which is when this is looked at again.
  if (otherInterval && !running) delete wanted.price
  // Never earlier than it would charge anyway, unless it would wait for the end of a longer period: a charge that was
  // just made, and that we have not heard of, must not be made again.
  if (running && (otherInterval || later(end, theirs.periodEnd.add(slack)))) wanted.nextCharge = end
  if (Object.keys(wanted).length === 0) return { kind: 'nothing' }
  if (wanted.cancelling !== undefined) {
    const { id: subscription, status } = theirs
    const link = { subscription, cancelling: theirs.cancelling, telling: wanted.cancelling, status }
    await upsertCardLink(db, clinic.id, link, now)
  }
  return { kind: 'update', wanted }
}

const later = (one: Instant, other: Instant): boolean => Temporal.Instant.compare(one, other) > 0
