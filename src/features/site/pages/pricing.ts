import { isolated } from '../../../kernel/names.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { View } from '../../../platform/web/views.ts'
import { taxOn, type Interval } from '../../subscription/rules/prices.ts'
import { trialDays } from '../../subscription/rules/life.ts'
import type { PriceList } from '../actions.ts'
import { elsewhere, monthsFree } from '../rules/market.ts'
import { sitePage, type Scene } from './frame.ts'

// The plan a trial is of, and the one we suggest.
const recommended = 'clinic'

const included = ['page', 'whatsapp', 'desk', 'roles', 'languages', 'once', 'hours', 'poster'] as const
/** Features of plans that have words; others are for the software alone. */
const worded = ['directory', 'priority_help'] as const

const directionOfAmount = (text: string) => (/\p{Script=Arabic}/u.test(text) ? 'rtl' : 'ltr')

/** The same within a sentence. */
const isolatedAmount = (text: string) => `${directionOfAmount(text) === 'rtl' ? '\u2067' : '\u2066'}${text}\u2069`

export function planCards(speaker: Speaker, { market, plans }: PriceList, interval: Interval) {
  const { t, lang } = speaker
  const amount = (minor: number) => speaker.money({ minor, currency: market.currency })
  const limit = (key: string, count: number | null) =>
    count === null ? t(`site.plan.${key}_any`) : t(`site.plan.${key}`, { count })
  return plans.map(({ plan, month, year }) => {
    const price = interval === 'year' ? year : month
    const free = price === 0
    return {
      code: plan.code,
      name: plan.names[lang],
      tagline: plan.taglines[lang],
      recommended: plan.code === recommended,
      price: amount(price),
      // An amount with Latin letters keeps its order within a page from right to left.
      priceDir: directionOfAmount(amount(price)),
      free,
      per: free ? t('site.plan.for_ever') : t(`site.plan.per_${interval}`),
      // What a year comes to a month, beside it.
      aMonth:
        interval === 'year' && !free
          ? t('site.plan.a_month', { price: isolatedAmount(amount(Math.round(year / 12))) })
          : undefined,
      limits: [
        limit('doctors', plan.practitionerLimit),
        limit('places', plan.locationLimit),
        limit('bookings', plan.bookingLimit),
        limit('messages', plan.messageLimit),
        ...worded.filter((feature) => plan.features.includes(feature)).map((feature) => t(`site.plan.${feature}`)),
      ],
    }
  })
}

export function pricingPage(scene: Scene, prices: PriceList, interval: Interval): View {
  const { speaker } = scene
  const { t, lang } = speaker
  const { market, markets, plans } = prices
  const regions = new Intl.DisplayNames([lang], { type: 'region' })
  const nameOf = (country: string) =>
    country === elsewhere ? t('site.pricing.elsewhere') : (regions.of(country) ?? country)
  const address = (country: string, each: Interval) => `/pricing?country=${country}&interval=${each}`
  const example = plans.find(({ plan }) => plan.code === recommended) ?? plans.at(-1)
  const net = example ? (interval === 'year' ? example.year : example.month) : 0
  const tax = taxOn(net, market.taxRateBp)
  const amount = (minor: number) => speaker.money({ minor, currency: market.currency })
  const gift = example ? monthsFree(example.month, example.year) : 0
  return sitePage('site/pricing', scene, {
    title: t('site.pricing.title'),
    description: t('site.pricing.description'),
    lead: t('site.pricing.lead', { count: trialDays }),
    plans: planCards(speaker, prices, interval),
    country: nameOf(market.country),
    currency: market.currency,
    markets: markets.map(({ country, currency }) => ({
      href: address(country, interval),
      label: nameOf(country),
      currency,
      current: country === market.country,
    })),
    intervals: (['month', 'year'] as const).map((each) => ({
      href: address(market.country, each),
      label: t(`site.pricing.by_${each}`),
      gift: each === 'year' && gift > 0 ? t('site.pricing.gift', { count: gift }) : undefined,
      current: each === interval,
    })),
    tax:
      market.taxRateBp === 0 || !example
        ? t('site.pricing.no_tax')
        : t('site.pricing.tax', {
            tax: isolated(market.taxName),
            rate: speaker.number(market.taxRateBp / 100),
            plan: example.plan.names[lang],
            total: isolatedAmount(amount(net + tax)),
            country: nameOf(market.country),
          }),
    included: included.map((name) => t(`site.included.${name}`)),
    life: ['trial', 'grace', 'reading', 'erased'].map((name) => ({
      title: t(`site.life.${name}.title`),
      text: t(`site.life.${name}.text`),
    })),
    questions: ['free', 'limit', 'change', 'pay', 'cancel', 'invoice'].map((name) => ({
      question: t(`site.price_ask.${name}.question`),
      answer: t(`site.price_ask.${name}.answer`),
    })),
  })
}
