// From what was typed to what is stored of the price list.
import { parseId, type Id } from '../../../kernel/ids.ts'
import { intervals, type Interval } from '../../subscription/rules/prices.ts'
import { planFeatures, priceName } from './plans.ts'

type InLanguages<Prefix extends string, T> = { [Key in `${Prefix}_${'en' | 'ar' | 'ur'}`]: T }
type TypedPlan = InLanguages<'name', string> &
  InLanguages<'tagline', string | undefined> & {
    position: number
    offered: boolean
    practitioner_limit: number | null
    location_limit: number | null
    booking_limit: number | null
    message_limit: number | null
    feature_directory: boolean
    feature_priority_help: boolean
  }

export function planFacts(typed: TypedPlan) {
  return {
    names: { en: typed.name_en, ar: typed.name_ar, ur: typed.name_ur },
    taglines: { en: typed.tagline_en ?? '', ar: typed.tagline_ar ?? '', ur: typed.tagline_ur ?? '' },
    position: typed.position,
    offered: typed.offered,
    practitionerLimit: typed.practitioner_limit,
    locationLimit: typed.location_limit,
    bookingLimit: typed.booking_limit,
    messageLimit: typed.message_limit,
    features: planFeatures.filter((feature) => typed[`feature_${feature}`]),
  }
}

function amountAt(typed: Record<string, number>, of: string, interval: Interval): number {
  const amount = typed[priceName(of, interval)]
  if (amount === undefined) throw new Error('a price that was not parsed')
  return amount
}

export function pricesOf(markets: readonly { country: string }[], typed: Record<string, number>) {
  return markets.flatMap(({ country }) =>
    intervals.map((interval) => ({ country, interval, netMinor: amountAt(typed, country, interval) })),
  )
}

export function openingPricesOf(plans: readonly { id: Id<'plan'>; code: string }[], typed: Record<string, number>) {
  return plans.flatMap(({ id, code }) =>
    intervals.map((interval) => ({ planId: id, interval, netMinor: amountAt(typed, code, interval) })),
  )
}

export function marketFacts(typed: {
  currency: string
  issuer: string
  tax_name?: string | undefined
  tax_rate: number
}) {
  const issuerId = parseId<'issuer'>(typed.issuer)
  if (issuerId === undefined) throw new Error('an issuer that was not parsed')
  return { currency: typed.currency, issuerId, taxName: typed.tax_name ?? '', taxRateBp: typed.tax_rate }
}

export function issuerFacts(
  typed: { name: string; address?: string | undefined; tax_number?: string | undefined } & {
    [Key in `note_${'en' | 'ar' | 'ur'}`]?: string | undefined
  },
) {
  return {
    name: typed.name,
    address: typed.address ?? '',
    taxNumber: typed.tax_number ?? '',
    paymentNote: { en: typed.note_en ?? '', ar: typed.note_ar ?? '', ur: typed.note_ur ?? '' },
  }
}
