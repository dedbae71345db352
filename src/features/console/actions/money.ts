// Money as an operator enters it: payments found, confirmed, turned down, and given back.
import { refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Picture } from '../../../platform/pictures.ts'
import type { Services } from '../../../platform/services.ts'
import type { Person } from '../../../platform/web/routers.ts'
import { confirmPayment, recordPayment, refund, rejectPayment, type ByHand } from '../../billing/actions.ts'
import { keepSlipOf } from '../../billing/actions/slips.ts'
import { findPayment, type PaymentId, type PaymentLine } from '../queries/money.ts'
import { decide, type Deciding } from './decisions.ts'

/** Enters a payment that was found, with its slip if there is one, and buys what is due. */
export const enterPayment = (
  deciding: Deciding,
  paid: Omit<ByHand, 'currency' | 'slipId'>,
  slip: Picture | undefined,
) =>
  decide(deciding, async (account) => {
    const { currency } = account.held
    return recordPayment(account, { ...paid, currency, ...(slip ? { slipId: await keepSlipOf(account, slip) } : {}) })
  })

type About = { services: Services; origin: Origin; person: Pick<Person, 'userId'>; id: PaymentId }

/** What is decided about a payment is decided in the account of its clinic. */
async function about({ id, ...rest }: About): Promise<{ payment: PaymentLine; deciding: Deciding }> {
  const payment = (await findPayment(rest.services.db, id)) ?? notFound('payment')
  return { payment, deciding: { ...rest, clinicId: payment.clinicId } }
}

export async function confirmDeclared(asked: About) {
  const { payment, deciding } = await about(asked)
  return decide(deciding, (account) => confirmPayment(account, payment.id))
}

export async function rejectDeclared(asked: About, reason: string) {
  const { payment, deciding } = await about(asked)
  return decide(deciding, (account) => rejectPayment(account, payment.id, reason))
}

type NotRefunded = 'more_than_paid' | 'more_than_credit' | 'more_than_invoiced'

/** Notes that money of a payment went back, with a credit note where an invoice is taken back by it. */
export async function refundPayment(
  asked: About,
  wanted: { amountMinor: number; takesBack: boolean; reason: string },
): Promise<Outcome<void, NotRefunded>> {
  const { payment, deciding } = await about(asked)
  if (payment.status !== 'confirmed') notFound('payment')
  if (wanted.amountMinor > payment.amountMinor) return refuse('more_than_paid')
  return decide<void, NotRefunded>(deciding, (account) => refund(account, { ...wanted, paymentId: payment.id }))
}
