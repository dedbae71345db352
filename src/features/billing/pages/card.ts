// Where people land when they come back from Stripe's payment page. Coming back proves nothing: what counts is what Stripe
// told us itself.
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { findSubscription } from '../../subscription/queries.ts'
import { findCheckoutBySession, findOrderById, type CardOrder } from '../queries/card.ts'
import { path } from './frame.ts'

export async function paidPage(ctx: Ctx, speaker: Speaker, session: string): Promise<View> {
  const { t } = speaker
  const { state, order, date } = await howFar(ctx, speaker, session)
  const amount = order ? speaker.money({ minor: order.totalMinor, currency: order.currency }) : ''
  return view('billing/card-paid', {
    title: t('billing.card.paid.title'),
    menu: settingsMenu(ctx, speaker, 'subscription'),
    state,
    heading: t(`billing.card.paid.${state}_title`),
    text: t(`billing.card.paid.${state}_text`, { amount, date }),
    againHref: path(ctx, `/card/paid?session=${session}`),
    backHref: path(ctx, ''),
    scripts: ['/js/card.js'],
  })
}

type HowFar = { state: 'waiting' | 'done' | 'later'; order?: CardOrder; date: string }

async function howFar(ctx: Ctx, speaker: Speaker, session: string): Promise<HowFar> {
  const { db, clinic, now } = ctx
  const checkout = await findCheckoutBySession(db, session)
  const order = checkout?.clinicId === clinic.id ? await findOrderById(db, checkout.orderId) : undefined
  if (!checkout || !order) return { state: 'waiting', date: '' }
  if (order.status === 'paid') return { state: 'done', order, date: '' }
  const ours = await findSubscription(db, clinic.id)
  const end = ours?.periodEnd
  // The card is known, and what runs now ends first.
  const waits = checkout.state === 'complete' && ours?.stripeSubscription
  if (waits && end && end.epochMilliseconds > now.epochMilliseconds) {
    return { state: 'later', order, date: speaker.date(end) }
  }
  return { state: 'waiting', order, date: '' }
}

export function leftPage(ctx: Ctx, speaker: Speaker): View {
  const title = speaker.t('billing.card.cancelled.title')
  return view('billing/card-cancelled', {
    title,
    menu: settingsMenu(ctx, speaker, 'subscription'),
    backHref: path(ctx, ''),
  })
}
