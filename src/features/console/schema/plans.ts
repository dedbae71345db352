// Forms of the price list: plans, markets, issuers.
import { z } from 'zod'
import { checkbox, optionalText, requiredName, wholeNumber } from '../../../kernel/forms.ts'
import { latinDigits, parseMoney } from '../../../kernel/money.ts'
import { intervals } from '../../subscription/rules/prices.ts'
import { priceName } from '../rules/plans.ts'

/** Empty is as many as one likes. */
const limit = z
  .string({ error: 'console.error.limit' })
  .transform((text) => latinDigits(text.trim()))
  .pipe(z.string().regex(/^\d{0,7}$/, 'console.error.limit'))
  .transform((text) => (text === '' ? null : Number(text)))

const amount = (currency: string) =>
  z.string({ error: 'console.error.price' }).transform((text, issue) => {
    const money = parseMoney(text, currency)
    if (money) return money.minor
    issue.addIssue({ code: 'custom', message: 'console.error.price' })
    return z.NEVER
  })

const version = wholeNumber('console.error.version', 1, 999_999_999)
const name = requiredName('console.error.name_required', 60)

export type MarketKey = { country: string; currency: string }

const pricesShape = (markets: readonly MarketKey[]) =>
  Object.fromEntries(
    markets.flatMap(({ country, currency }) =>
      intervals.map((interval) => [priceName(country, interval), amount(currency)] as const),
    ),
  )

const planShape = {
  version,
  name_en: name,
  name_ar: name,
  name_ur: name,
  tagline_en: optionalText(120),
  tagline_ar: optionalText(120),
  tagline_ur: optionalText(120),
  position: wholeNumber('console.error.position', 1, 99),
  offered: checkbox(),
  practitioner_limit: limit,
  location_limit: limit,
  booking_limit: limit,
  message_limit: limit,
  feature_directory: checkbox(),
  feature_priority_help: checkbox(),
}

export const planForm = z.object(planShape)
/** The prices beside it, in the currency of each market. */
export const pricesForm = (markets: readonly MarketKey[]) => z.object(pricesShape(markets))

const code = z
  .string({ error: 'console.error.code' })
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.string().regex(/^[a-z][a-z0-9_]{1,19}$/, 'console.error.code'))
export const planCode = z.object({ code })

const taxRate = z.string({ error: 'console.error.tax_rate' }).transform((text, issue) => {
  const match = /^(\d{1,2})(?:[.,](\d{1,2}))?\s*%?$/.exec(latinDigits(text).trim().replace('٫', '.'))
  const rate = match ? Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0') || '0') : undefined
  if (rate !== undefined && rate <= 5000) return rate
  issue.addIssue({ code: 'custom', message: 'console.error.tax_rate' })
  return z.NEVER
})

const currency = z
  .string({ error: 'console.error.currency' })
  .transform((text) => text.trim().toUpperCase())
  .pipe(z.string().regex(/^[A-Z]{3}$/, 'console.error.currency'))

export const marketForm = z.object({
  version,
  currency,
  issuer: z.uuid({ error: 'console.error.issuer_required' }),
  tax_name: optionalText(30),
  tax_rate: taxRate,
})

export const marketCountry = z.object({
  country: z.string({ error: 'console.error.country_required' }).regex(/^[A-Z]{2}$/, 'console.error.country_required'),
})
/** A price for each plan and interval of a market that opens: `price_<plan>_<interval>`. */
export const openingPrices = (plans: readonly string[], inCurrency: string) =>
  z.object(
    Object.fromEntries(
      plans.flatMap((plan) => intervals.map((interval) => [priceName(plan, interval), amount(inCurrency)] as const)),
    ),
  )

export const issuerForm = z.object({
  version,
  name: requiredName('console.error.name_required', 120),
  address: optionalText(500),
  tax_number: optionalText(60),
  note_en: optionalText(1000),
  note_ar: optionalText(1000),
  note_ur: optionalText(1000),
})
export const issuerCode = z.object({
  code: z
    .string({ error: 'console.error.issuer_code' })
    .transform((text) => text.trim().toUpperCase())
    .pipe(z.string().regex(/^[A-Z][A-Z0-9]{1,5}$/, 'console.error.issuer_code')),
})
