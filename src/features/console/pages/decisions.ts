// A page for each thing an operator can decide about a clinic: what it will do, in words, and why it is done.
import type { Form } from '../../../kernel/forms.ts'
import type { ClinicId } from '../../../kernel/ids.ts'
import { moneyText } from '../../../kernel/money.ts'
import { dateAt } from '../../../kernel/time.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { dueNow, openAccount } from '../../billing/actions.ts'
import { methodsOf } from '../../billing/rules/choices.ts'
import { findSubscription } from '../../subscription/queries.ts'
import { listPlans } from '../../subscription/queries/plans.ts'
import { intervals } from '../../subscription/rules/prices.ts'
import { findClinic, type OneClinic } from '../queries/clinic.ts'
import { statusOf } from '../rules/clinics.ts'
import { findPayment, type PaymentId } from '../queries/money.ts'
import { clinicHref, methodWord, statusPill } from './words.ts'

type Reader = Pick<Services, 'db' | 'speakers'>
export type Field = Record<string, unknown> & { name: string; label: string }

/** A form about one clinic, with the reason last. */
export function decisionView(
  { t, ...speaker }: Speaker,
  clinic: Pick<OneClinic, 'id' | 'name' | 'status' | 'subscriptionStatus'>,
  form: Form,
  decision: {
    /** Words are `console.decide.<name>.title`, `.lead`, `.submit`. */
    name: string
    action: string
    lead?: Record<string, string>
    fields: Field[]
    danger?: boolean
    upload?: boolean
    /** What is decided about is not the clinic as a whole. */
    back?: { href: string; label: string }
  },
): View {
  return view('console/decision', {
    title: t(`console.decide.${decision.name}.title`),
    scripts: ['/js/error-summary.js'],
    back: decision.back ?? { href: clinicHref(clinic.id), label: clinic.name },
    clinic: clinic.name,
    clinicHref: clinicHref(clinic.id),
    status: statusPill({ t, ...speaker }, statusOf(clinic)),
    lead: t(`console.decide.${decision.name}.lead`, decision.lead ?? {}),
    submit: t(`console.decide.${decision.name}.submit`),
    action: decision.action,
    danger: decision.danger ?? false,
    upload: decision.upload ?? false,
    form,
    fields: decision.fields.map((field) => ({
      ...field,
      value: form.values[field.name] ?? field.value,
      error: form.errors[field.name],
    })),
  })
}

export const reasonField = ({ t }: Speaker, hint: string): Field => ({
  name: 'reason',
  label: t('console.decide.reason'),
  hint: t(hint),
  type: 'textarea',
  rows: 2,
  maxlength: 500,
})

export async function getClinic({ db }: Pick<Services, 'db'>, id: ClinicId): Promise<OneClinic> {
  return (await findClinic(db, id)) ?? notFound('clinic')
}

export async function extensionPage(services: Reader, reader: Speaker, id: ClinicId, form: Form): Promise<View> {
  const clinic = await getClinic(services, id)
  const subscription = await findSubscription(services.db, id)
  const speaker = services.speakers(reader.lang, clinic)
  const end = subscription?.periodEnd
  return decisionView(reader, clinic, form, {
    name: end ? 'extend' : 'extend_endless',
    action: `${clinicHref(id)}/extension`,
    lead: end ? { end: speaker.dateTime(end) } : {},
    fields: [
      {
        name: 'days',
        label: reader.t('console.decide.days'),
        inputmode: 'numeric',
        css: 'input-short',
        dir: 'ltr',
        value: '7',
      },
      reasonField(reader, 'console.decide.reason_inside'),
    ],
  })
}

export async function planPage(services: Reader, reader: Speaker, id: ClinicId, form: Form): Promise<View> {
  const clinic = await getClinic(services, id)
  const [subscription, plans] = [await findSubscription(services.db, id), await listPlans(services.db)]
  const { t, lang } = reader
  return decisionView(reader, clinic, form, {
    name: 'plan',
    action: `${clinicHref(id)}/plan`,
    fields: [
      {
        name: 'plan',
        label: t('console.clinics.plan'),
        type: 'radio',
        value: subscription?.planCode ?? '',
        options: plans.map((plan) => ({
          value: plan.code,
          label: plan.names[lang],
          ...(plan.offered ? {} : { hint: t('console.plans.not_offered') }),
        })),
      },
      {
        name: 'interval',
        label: t('console.decide.interval'),
        type: 'radio',
        value: subscription?.interval ?? 'month',
        options: intervals.map((interval) => ({ value: interval, label: t(`console.interval.${interval}`) })),
      },
      reasonField(reader, 'console.decide.reason_inside'),
    ],
  })
}

export async function suspensionPage(services: Reader, reader: Speaker, id: ClinicId, form: Form): Promise<View> {
  const clinic = await getClinic(services, id)
  return decisionView(reader, clinic, form, {
    name: 'suspend',
    action: `${clinicHref(id)}/suspension`,
    fields: [reasonField(reader, 'console.decide.reason_told')],
    danger: true,
  })
}

export async function restorationPage(services: Reader, reader: Speaker, id: ClinicId, form: Form): Promise<View> {
  const clinic = await getClinic(services, id)
  return decisionView(reader, clinic, form, {
    name: 'restore',
    action: `${clinicHref(id)}/restoration`,
    fields: [reasonField(reader, 'console.decide.reason_inside')],
  })
}

/** Where and in what a clinic pays, and its today: what the form of a payment is read by. */
export async function paymentGround({ db, clock }: Pick<Services, 'db' | 'clock'>, id: ClinicId) {
  const clinic = await getClinic({ db }, id)
  const subscription = (await findSubscription(db, id)) ?? notFound('subscription')
  return { country: clinic.country, currency: subscription.currency, today: dateAt(clock.now(), clinic.zone) }
}

export async function recordPage(services: Services, reader: Speaker, id: ClinicId, form: Form): Promise<View> {
  const clinic = await getClinic(services, id)
  const { country, currency, today } = await paymentGround(services, id)
  const by = { kind: 'operator', id: null } as const
  const due = await openAccount(services, id, by, { requestId: 'page' }, dueNow)
  const { t } = reader
  return decisionView(reader, clinic, form, {
    name: due ? 'record_due' : 'record',
    action: `${clinicHref(id)}/payments/new`,
    lead: due ? { amount: reader.money({ minor: due.totalMinor, currency: due.currency }) } : {},
    upload: true,
    fields: [
      {
        name: 'amount',
        label: t('console.payments.amount'),
        prefix: currency,
        inputmode: 'decimal',
        dir: 'ltr',
        css: 'input-short',
        value: due?.currency === currency ? moneyText({ minor: due.totalMinor, currency }) : '',
      },
      {
        name: 'method',
        label: t('console.payments.method'),
        type: 'select',
        options: methodsOf(country).map((method) => ({ value: method, label: methodWord(reader, method) })),
      },
      {
        name: 'paid_on',
        label: t('console.payments.paid_on'),
        type: 'date',
        css: 'input-short',
        value: today.toString(),
      },
      { name: 'reference', label: t('console.payments.reference'), dir: 'ltr', maxlength: 100, required: false },
      {
        name: 'slip',
        label: t('console.payments.slip'),
        hint: t('billing.hand.slip_hint'),
        type: 'file',
        accept: 'image/jpeg,image/png,image/webp',
        required: false,
      },
    ],
  })
}

/** The clinic of a payment as these pages show it, also when it is no more. */
async function paymentAndClinic({ db }: Pick<Services, 'db'>, id: PaymentId) {
  const payment = (await findPayment(db, id)) ?? notFound('payment')
  return { payment, clinic: await getClinic({ db }, payment.clinicId) }
}

export async function rejectionPage(services: Reader, reader: Speaker, id: PaymentId, form: Form): Promise<View> {
  const { payment, clinic } = await paymentAndClinic(services, id)
  if (payment.status !== 'declared') notFound('payment')
  return decisionView(reader, clinic, form, {
    name: 'reject',
    action: `/admin/payments/${id}/rejection`,
    lead: {
      amount: reader.money({ minor: payment.amountMinor, currency: payment.currency }),
      date: reader.date(payment.paidOn),
    },
    fields: [reasonField(reader, 'console.decide.reason_told')],
    danger: true,
    back: { href: '/admin/payments', label: reader.t('console.nav.payments') },
  })
}

export async function refundPage(services: Reader, reader: Speaker, id: PaymentId, form: Form): Promise<View> {
  const { payment, clinic } = await paymentAndClinic(services, id)
  if (payment.status !== 'confirmed') notFound('payment')
  const { t } = reader
  const { amountMinor: minor, currency } = payment
  return decisionView(reader, clinic, form, {
    name: 'refund',
    action: `/admin/payments/${id}/refund`,
    lead: { amount: reader.money({ minor, currency }), date: reader.date(payment.paidOn) },
    fields: [
      {
        name: 'amount',
        label: t('console.payments.amount'),
        prefix: currency,
        inputmode: 'decimal',
        dir: 'ltr',
        css: 'input-short',
        value: moneyText({ minor, currency }),
      },
      {
        name: 'takes_back',
        label: t('console.decide.takes_back'),
        hint: t('console.decide.takes_back_hint'),
        type: 'checkbox',
      },
      reasonField(reader, 'console.decide.reason_inside'),
    ],
    danger: true,
  })
}

export async function refundCurrency({ db }: Pick<Services, 'db'>, id: PaymentId): Promise<string> {
  return ((await findPayment(db, id)) ?? notFound('payment')).currency
}
