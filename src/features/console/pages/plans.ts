// The price list: what is sold, where and by whom, and the pages that change it.
import { emptyForm, filledForm, type Form } from '../../../kernel/forms.ts'
import type { Id } from '../../../kernel/ids.ts'
import { moneyText } from '../../../kernel/money.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { directionOf, languageNames, languages } from '../../../platform/i18n/languages.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { countryCodes } from '../../clinics/rules/countries.ts'
import type { PlanId } from '../../subscription/queries/plans.ts'
import { intervals } from '../../subscription/rules/prices.ts'
import {
  listIssuers,
  listMarketLines,
  listPlanLines,
  type IssuerLine,
  type MarketLine,
  type PlanLine,
} from '../queries/plans.ts'
import { percentText, planFeatures, priceName } from '../rules/plans.ts'
import { countryName } from './words.ts'

type Reader = Pick<Services, 'db'>
const script = ['/js/error-summary.js']
const limits = ['practitioner', 'location', 'booking', 'message'] as const

function limitOf(plan: PlanLine, what: (typeof limits)[number]): number | null {
  const values = {
    practitioner: plan.practitionerLimit,
    location: plan.locationLimit,
    booking: plan.bookingLimit,
    message: plan.messageLimit,
  }
  return values[what]
}

const marketName =
  ({ t }: Speaker, name: (country: string) => string) =>
  (country: string) =>
    country === 'ZZ' ? t('console.plans.elsewhere') : name(country)

export async function plansPage({ db }: Reader, speaker: Speaker): Promise<View> {
  const { t, lang } = speaker
  const [plans, markets, issuers] = [await listPlanLines(db), await listMarketLines(db), await listIssuers(db)]
  const nameOf = marketName(speaker, countryName(speaker))
  const priceOf = (plan: PlanLine, market: MarketLine) => {
    const price = plan.prices.find((one) => one.country === market.country && one.interval === 'month')
    return price ? speaker.money({ minor: price.netMinor, currency: market.currency }) : '–'
  }
  return view('console/plans', {
    title: t('console.nav.plans'),
    plans: plans.map((plan) => ({
      name: plan.names[lang],
      code: plan.code,
      href: `/admin/plans/${plan.id}`,
      offered: plan.offered,
      tagline: plan.taglines[lang] ?? '',
      limits: limits.map((what) => {
        const limit = limitOf(plan, what)
        return [t(`console.plans.limit_${what}`), limit === null ? t('console.plans.unlimited') : speaker.number(limit)]
      }),
      features: planFeatures
        .filter((feature) => plan.features.includes(feature))
        .map((feature) => t(`console.feature.${feature}`)),
      clinics: t('console.clinics.count', { count: plan.clinics }),
    })),
    markets: markets.map((market) => ({
      name: nameOf(market.country),
      href: `/admin/markets/${market.country}`,
      currency: market.currency,
      tax: market.taxRateBp === 0 ? t('console.plans.no_tax') : `${market.taxName} ${percentText(market.taxRateBp)} %`,
      issuer: market.issuerName,
      prices: plans.map((plan) => priceOf(plan, market)),
    })),
    issuers: issuers.map((issuer) => ({
      name: issuer.name,
      code: issuer.code,
      href: `/admin/issuers/${issuer.id}`,
      documents: t('console.plans.documents', { count: issuer.documents }),
      address: issuer.address,
    })),
  })
}

/** What a form holds and what is stored, where they differ: for whoever was slower than somebody else. */
function meanwhile(form: Form, stored: Record<string, string>, labels: Map<string, string>): [string, string][] {
  if (form.errors.form === undefined) return []
  return [...labels].flatMap(([name, label]): [string, string][] =>
    (form.values[name] ?? '') === (stored[name] ?? '') ? [] : [[label, stored[name] || '–']],
  )
}

type Field = Record<string, unknown> & { name: string; label: string }

function filled(fields: readonly Field[], form: Form): Field[] {
  return fields.map((field) => ({ ...field, value: form.values[field.name] ?? '', error: form.errors[field.name] }))
}

const inLanguages = (group: string, label: string, more: Record<string, unknown>): Field[] =>
  languages.map((lang) => ({
    name: `${group}_${lang}`,
    label: `${label}, ${languageNames[lang]}`,
    dir: directionOf(lang),
    ...more,
  }))

function planStored(plan: PlanLine, markets: readonly MarketLine[]): Record<string, string> {
  const values: Record<string, string> = {
    version: String(plan.version),
    position: String(plan.position),
    offered: plan.offered ? 'yes' : '',
  }
  for (const lang of languages) {
    values[`name_${lang}`] = plan.names[lang]
    values[`tagline_${lang}`] = plan.taglines[lang] ?? ''
  }
  for (const what of limits) values[`${what}_limit`] = limitOf(plan, what)?.toString() ?? ''
  for (const feature of planFeatures) values[`feature_${feature}`] = plan.features.includes(feature) ? 'yes' : ''
  for (const { country, interval, netMinor } of plan.prices) {
    const market = markets.find((one) => one.country === country)
    if (market) values[priceName(country, interval)] = moneyText({ minor: netMinor, currency: market.currency })
  }
  return values
}

/** `id` undefined: a new plan. A form with an error of its own at `form` was made from an older version. */
export async function planEditPage(
  { db }: Reader,
  speaker: Speaker,
  id: PlanId | undefined,
  typed: Form | undefined,
): Promise<View> {
  const { t, lang } = speaker
  const [plans, markets] = [await listPlanLines(db), await listMarketLines(db)]
  const plan = id === undefined ? undefined : (plans.find((one) => one.id === id) ?? notFound('plan'))
  const stored = plan ? planStored(plan, markets) : { version: '1', position: String(plans.length + 1), offered: 'yes' }
  const form = typed ?? filledForm(stored)
  const nameOf = marketName(speaker, countryName(speaker))
  const parts = {
    names: [
      ...(plan
        ? []
        : [
            {
              name: 'code',
              label: t('console.plans.code'),
              hint: t('console.plans.code_hint'),
              dir: 'ltr',
              css: 'input-short',
            },
          ]),
      ...inLanguages('name', t('console.plans.name'), { maxlength: 60 }),
      ...inLanguages('tagline', t('console.plans.tagline'), { maxlength: 120, required: false }),
    ],
    limits: limits.map((what): Field => ({
      name: `${what}_limit`,
      label: t(`console.plans.limit_${what}`),
      inputmode: 'numeric',
      dir: 'ltr',
    })),
    more: [
      ...planFeatures.map((feature): Field => ({
        name: `feature_${feature}`,
        label: t(`console.feature.${feature}`),
        type: 'checkbox',
      })),
      { name: 'offered', label: t('console.plans.offered'), hint: t('console.plans.offered_hint'), type: 'checkbox' },
      { name: 'position', label: t('console.plans.position'), inputmode: 'numeric', dir: 'ltr', css: 'input-short' },
    ],
  }
  const labels = new Map<string, string>(
    Object.values(parts)
      .flat()
      .map(({ name, label }) => [name, label]),
  )
  for (const { country } of markets) {
    for (const interval of intervals)
      labels.set(priceName(country, interval), `${nameOf(country)}, ${t(`console.interval.${interval}`)}`)
  }
  return view('console/plan', {
    title: plan ? plan.names[lang] : t('console.plans.new_plan'),
    scripts: script,
    action: plan ? `/admin/plans/${plan.id}` : '/admin/plans/new',
    form: named(form, labels),
    version: stored.version,
    meanwhile: meanwhile(form, stored, labels),
    effect: plan
      ? [t('console.plans.effect', { count: plan.clinics }), t('console.plans.effect_prices')]
      : [t('console.plans.effect_new')],
    names: filled(parts.names, form),
    limits: filled(parts.limits, form),
    more: filled(parts.more, form),
    prices: markets.map(({ country, currency }) => ({
      name: nameOf(country),
      currency,
      cells: intervals.map((interval) => {
        const name = priceName(country, interval)
        return { name, label: labels.get(name) ?? name, value: form.values[name] ?? '', error: form.errors[name] }
      }),
    })),
  })
}

/** Errors of many like fields would all read alike in the summary; there each names its field by a link only once. */
function named(form: Form, labels: Map<string, string>): Form & { labels: Record<string, string> } {
  return { ...form, labels: Object.fromEntries(labels) }
}

export async function marketEditPage(
  { db }: Reader,
  speaker: Speaker,
  country: string | undefined,
  typed: Form | undefined,
): Promise<View> {
  const { t, lang } = speaker
  const [markets, issuers] = [await listMarketLines(db), await listIssuers(db)]
  const plans = country === undefined ? await listPlanLines(db) : []
  const market =
    country === undefined ? undefined : (markets.find((one) => one.country === country) ?? notFound('market'))
  const stored: Record<string, string> = market
    ? {
        version: String(market.version),
        currency: market.currency,
        issuer: market.issuerId,
        tax_name: market.taxName,
        tax_rate: percentText(market.taxRateBp),
      }
    : { version: '1', issuer: issuers[0]?.id ?? '', tax_rate: '0' }
  const form = typed ?? filledForm(stored)
  const regions = countryName(speaker)
  const fields: Field[] = [
    ...(market
      ? []
      : [
          {
            name: 'country',
            label: t('console.clinics.country'),
            type: 'select',
            options: [
              { value: '', label: t('console.plans.choose_country') },
              ...countryCodes
                .filter((code) => !markets.some((one) => one.country === code))
                .map((code) => ({ value: code, label: regions(code) }))
                .sort((a, b) => a.label.localeCompare(b.label, lang)),
            ],
          },
        ]),
    {
      name: 'currency',
      label: t('console.clinic.currency'),
      hint: t(market?.used ? 'console.plans.currency_used' : 'console.plans.currency_hint'),
      dir: 'ltr',
      css: 'input-short',
      maxlength: 3,
      readonly: market?.used === true,
    },
    {
      name: 'issuer',
      label: t('console.plans.issuer'),
      type: 'select',
      options: issuers.map((issuer) => ({ value: issuer.id, label: `${issuer.name} (${issuer.code})` })),
    },
    { name: 'tax_name', label: t('console.plans.tax_name'), hint: t('console.plans.tax_hint'), required: false },
    {
      name: 'tax_rate',
      label: t('console.plans.tax_rate'),
      suffix: '%',
      inputmode: 'decimal',
      dir: 'ltr',
      css: 'input-short',
    },
    ...plans.flatMap((plan) =>
      intervals.map((interval): Field => ({
        name: priceName(plan.code, interval),
        label: `${plan.names[lang]}, ${t(`console.interval.${interval}`)}`,
        inputmode: 'decimal',
        dir: 'ltr',
        css: 'input-short',
      })),
    ),
  ]
  const labels = new Map(fields.map(({ name, label }) => [name, label]))
  return view('console/sale', {
    title: market ? marketName(speaker, regions)(market.country) : t('console.plans.new_market'),
    scripts: script,
    action: market ? `/admin/markets/${market.country}` : '/admin/markets/new',
    form: named(form, labels),
    version: stored.version,
    meanwhile: meanwhile(form, stored, labels),
    effect: [market ? t('console.plans.market_effect', { count: market.clinics }) : t('console.plans.market_new')],
    fields: filled(fields, form),
  })
}

export async function issuerEditPage(
  { db }: Reader,
  speaker: Speaker,
  id: Id<'issuer'> | undefined,
  typed: Form | undefined,
): Promise<View> {
  const { t } = speaker
  const issuers = await listIssuers(db)
  const issuer = id === undefined ? undefined : (issuers.find((one) => one.id === id) ?? notFound('issuer'))
  const stored = issuer ? issuerStored(issuer) : { version: '1' }
  const form = typed ?? (issuer ? filledForm(stored) : { ...emptyForm, values: stored })
  const fields: Field[] = [
    ...(issuer
      ? []
      : [
          {
            name: 'code',
            label: t('console.plans.code'),
            hint: t('console.plans.issuer_code_hint'),
            dir: 'ltr',
            css: 'input-short',
          },
        ]),
    { name: 'name', label: t('console.plans.issuer_name'), maxlength: 120 },
    { name: 'address', label: t('console.plans.address'), type: 'textarea', rows: 3, required: false },
    { name: 'tax_number', label: t('console.plans.tax_number'), dir: 'ltr', required: false },
    ...inLanguages('note', t('console.plans.payment_note'), { type: 'textarea', rows: 3, required: false }),
  ]
  const labels = new Map(fields.map(({ name, label }) => [name, label]))
  return view('console/sale', {
    title: issuer ? issuer.name : t('console.plans.new_issuer'),
    scripts: script,
    action: issuer ? `/admin/issuers/${issuer.id}` : '/admin/issuers/new',
    form: named(form, labels),
    version: stored.version,
    meanwhile: meanwhile(form, stored, labels),
    effect: [issuer ? t('console.plans.issuer_effect', { count: issuer.documents }) : t('console.plans.issuer_new')],
    fields: filled(fields, form),
  })
}

function issuerStored(issuer: IssuerLine): Record<string, string> {
  return {
    version: String(issuer.version),
    name: issuer.name,
    address: issuer.address,
    tax_number: issuer.taxNumber,
    ...Object.fromEntries(languages.map((lang) => [`note_${lang}`, issuer.paymentNote[lang] ?? ''])),
  }
}
