// What visitors set in motion, and what is looked up for them beyond the site's own words.
import { done, refuse, type Outcome } from '../../kernel/outcome.ts'
import type { Clinic, Origin } from '../../platform/clinic-scope.ts'
import type { Language } from '../../platform/i18n/languages.ts'
import type { Services } from '../../platform/services.ts'
import { checkNames, listChecks, publicChecks, statusDays, type StatusLine } from '../../platform/status.ts'
import { findKnownSettings, getSettings } from '../availability/actions.ts'
import { countFound, listFound, listFoundPlaces, type FoundPlace, type Search } from '../clinics/queries/found.ts'
import { isLive } from '../clinics/rules.ts'
import { fileRequest } from '../requests/actions.ts'
import {
  listMarkets,
  listPlans,
  listPrices,
  type Market,
  type Plan,
  type Price,
} from '../subscription/queries/plans.ts'
import { directoryPageSize } from './rules/directory.ts'
import { marketOf } from './rules/market.ts'
import type { ContactForm } from './schema.ts'

/** Passes on what somebody wrote. What only a program would fill in is thanked for and thrown away. */
export async function sendContact(
  services: Services,
  origin: Origin,
  form: ContactForm,
  language: Language,
): Promise<Outcome<{ reference: string | undefined }, 'too_many'>> {
  if (form.topic === undefined) throw new Error('a topic that passed and is none')
  if (form.website) return done({ reference: undefined })
  const slug = await slugOf(services, form.clinic)
  // A clinic we don't know by its address may still be known to who reads it.
  const named = form.clinic !== undefined && slug === undefined ? `\n\n(${form.clinic})` : ''
  const filed = await fileRequest(services, origin, {
    topic: form.topic,
    name: form.name,
    email: form.email,
    clinicSlug: slug,
    message: form.message + named,
    language,
  })
  return filed.ok ? done({ reference: filed.value.reference }) : refuse('too_many')
}

/** The clinic's address out of what people type or paste: `shifa`, `/c/shifa`, a whole link. */
async function slugOf({ clinics }: Services, typed: string | undefined): Promise<string | undefined> {
  const slug = typed
    ?.toLowerCase()
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '')
    .split('/')
    .at(-1)
  return slug === undefined ? undefined : (await clinics.bySlug(slug))?.slug
}

export type PriceList = { market: Market; markets: Market[]; plans: { plan: Plan; month: number; year: number }[] }

type Offerings = { until: number; markets: Market[]; plans: Plan[]; prices: Map<string, Price[]> }

const offerings = new WeakMap<Services, Offerings>()

/** How long a change of the plans may go unnoticed here; whoever buys is told the price as it then stands. */
const offeringsMs = 60_000

async function offeringsOf(services: Services): Promise<Offerings> {
  const now = services.clock.now().epochMilliseconds
  const known = offerings.get(services)
  if (known && now < known.until && known.until - now <= offeringsMs) return known
  const [markets, plans] = await Promise.all([listMarkets(services.db), listPlans(services.db)])
  const fresh = { until: now + offeringsMs, markets, plans, prices: new Map<string, Price[]>() }
  offerings.set(services, fresh)
  return fresh
}

/** The plans on offer with their prices where the visitor is. */
export async function priceList(
  services: Services,
  chosen: unknown,
  acceptLanguage: string | undefined,
): Promise<PriceList> {
  const offered = await offeringsOf(services)
  const { markets, plans } = offered
  const country = marketOf(chosen, acceptLanguage, markets)
  const market = markets.find((one) => one.country === country)
  if (!market) throw new Error('no market for everywhere else')
  const prices = offered.prices.get(country) ?? (await listPrices(services.db, country))
  offered.prices.set(country, prices)
  const price = (plan: Plan, interval: Price['interval']) =>
    prices.find((one) => one.planId === plan.id && one.interval === interval)?.netMinor
  return {
    market,
    markets,
    plans: plans.flatMap((plan) => {
      const [month, year] = [price(plan, 'month'), price(plan, 'year')]
      // What has no price here is not sold here.
      return plan.offered && month !== undefined && year !== undefined ? [{ plan, month, year }] : []
    }),
  }
}

/** The service's state from its own checks; undefined when even the database does not answer. */
export async function lookAtStatus(services: Services): Promise<StatusLine[] | undefined> {
  const { db, clock, log } = services
  const now = clock.now()
  const names = checkNames.filter((name) => name === 'backup' || publicChecks.some((one) => one === name))
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs)
  })
  try {
    return await Promise.race([listChecks(db, names, now.subtract({ hours: statusDays * 24 }), now), tooLate])
  } catch (error) {
    log.error('status.unknown', error)
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

/** Nobody who wants to know whether all is well waits for longer. */
const patienceMs = 3_000

export type Found = { clinics: Clinic[]; total: number; places: FoundPlace[] }

/** A page of the directory: clinics that want to be found and take bookings now. */
export async function findClinics(services: Services, origin: Origin, search: Search, page: number): Promise<Found> {
  const { db, clinics } = services
  const [slugs, total, places] = await Promise.all([
    listFound(db, search, directoryPageSize, (page - 1) * directoryPageSize),
    countFound(db, search),
    listFoundPlaces(db, { country: search.country }),
  ])
  const known = await Promise.all(slugs.map((slug) => clinics.bySlug(slug)))
  const live = await Promise.all(
    known.map(async (clinic) => {
      if (!clinic) return []
      const settings =
        findKnownSettings(clinic) ?? (await services.inClinic(clinic, { kind: 'visitor' }, origin, getSettings))
      return isLive(clinic, settings) ? [clinic] : []
    }),
  )
  return { clinics: live.flat(), total, places }
}
