// Money that goes back to a card, and money a bank takes back.
import { z } from 'zod'
import type { ClinicId } from '../../../../kernel/ids.ts'
import type { CardCharge } from '../../../../platform/channels/stripe.ts'
import type { Ctx } from '../../../../platform/clinic-scope.ts'
import { accountOf } from '../../../subscription/actions/account.ts'
import { clinicOfCustomer, inClinicOf, reportIncident, type Cards } from './incidents.ts'
import { findProviderPayment } from '../../queries/books.ts'
import { enterProviderRefund } from '../payments.ts'

/** Enters every refund of a charge that is not in the books yet. */
export async function takeRefunds(cards: Cards, chargeId: string): Promise<'done' | 'later'> {
  const charge = await cards.stripe.findCharge(chargeId)
  if (!charge.ok) return charge.reason === 'gone' ? 'done' : 'later'
  const clinic = await clinicOfCustomer(cards, charge.value.customer)
  if (!clinic) {
    await unknown(cards, charge.value, null)
    return 'done'
  }
  const entered = await inClinicOf(cards, clinic, (ctx) => enterAll(ctx, cards, charge.value))
  // The payment itself may not have been told yet; once it is, this is looked at again.
  if (entered === 'no_payment') {
    await unknown(cards, charge.value, clinic.id)
    return 'later'
  }
  return 'done'
}

async function enterAll(ctx: Ctx, cards: Cards, charge: CardCharge): Promise<'entered' | 'no_payment'> {
  const account = await accountOf(ctx, cards)
  const payment = charge.payment && (await findProviderPayment(ctx.db, charge.payment))
  if (!payment || payment.clinicId !== ctx.clinic.id) return 'no_payment'
  for (const { id, amount, status } of charge.refunds) {
    if (status !== 'succeeded') continue
    await enterProviderRefund(account, payment.id, { ref: id, amountMinor: amount, currency: charge.currency })
  }
  return 'entered'
}

async function unknown(cards: Cards, charge: CardCharge, clinicId: ClinicId | null): Promise<void> {
  const details = { charge: charge.id, payment: charge.payment ?? null, customer: charge.customer ?? null }
  await reportIncident(cards, { key: `refund:${charge.id}`, kind: 'unknown_refund', clinicId, details })
}

const dispute = z.object({
  data: z.object({
    object: z.object({ id: z.string(), charge: z.string(), reason: z.string(), amount: z.int(), currency: z.string() }),
  }),
})

/** A cardholder's bank asks for the money back: only a person can answer. */
export async function noteDispute(cards: Cards, body: string): Promise<'done' | 'later'> {
  const told = dispute.safeParse(JSON.parse(body))
  if (!told.success) return 'done'
  const { id, charge, reason, amount, currency } = told.data.data.object
  const found = await cards.stripe.findCharge(charge)
  if (!found.ok && found.reason !== 'gone') return 'later'
  const clinic = found.ok ? await clinicOfCustomer(cards, found.value.customer) : undefined
  const details = { dispute: id, charge, reason, amount, currency: currency.toUpperCase() }
  await reportIncident(cards, { key: `dispute:${id}`, kind: 'dispute', clinicId: clinic?.id ?? null, details })
  return 'done'
}
