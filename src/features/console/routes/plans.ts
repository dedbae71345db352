// The price list: plans with their prices, markets, and who issues the invoices.
import { parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { notFound } from '../../../platform/errors.ts'
import { idParam, operatorRouter, type AccountRequest } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import type { View } from '../../../platform/web/views.ts'
import {
  addIssuer,
  addMarket,
  addPlan,
  saveIssuer,
  saveMarket,
  savePlan,
} from '../../subscription/actions/price-list.ts'
import { currentMarkets, currentPlans } from '../actions/price-list.ts'
import { issuerEditPage, marketEditPage, planEditPage, plansPage } from '../pages/plans.ts'
import { issuerFacts, marketFacts, openingPricesOf, planFacts, pricesOf } from '../rules/price-forms.ts'
import {
  issuerCode,
  issuerForm,
  marketCountry,
  marketForm,
  openingPrices,
  planCode,
  planForm,
  pricesForm,
} from '../schema/plans.ts'

export const consolePlansRoutes = operatorRouter('console')
const routes = consolePlansRoutes

const sellerOf = ({ services, origin, person }: AccountRequest) => ({ services, origin, actorId: person.userId })

/** Two parts of one form: what is wrong with either is told together. */
function both(first: Partial<Form>, second: Partial<Form>): Form {
  return { values: { ...first.values, ...second.values }, errors: { ...first.errors, ...second.errors } }
}

const saved = async ({ req, redirect }: AccountRequest, key: string) => {
  flash(req, { kind: 'success', key })
  await redirect('/admin/plans')
}
const changed = (form: { values: Record<string, string> }) =>
  withErrors(form, { form: 'console.error.changed_meanwhile' })
const wrong = ({ show }: AccountRequest, page: View, status: 409 | 422) => show(page, { status })

routes.get('/plans', 'console.money', async ({ services, speaker, show }) => {
  show(await plansPage(services, speaker))
})

routes.get('/plans/new', 'console.money', async ({ services, speaker, show }) => {
  show(await planEditPage(services, speaker, undefined, undefined))
})
routes.post('/plans/new', 'console.money', async (request) => {
  const { req, services, speaker } = request
  const markets = await currentMarkets(services)
  const [form, prices, code] = [
    parseForm(planForm, req.body),
    parseForm(pricesForm(markets), req.body),
    parseForm(planCode, req.body),
  ]
  if (!form.ok || !prices.ok || !code.ok) {
    const all = both(both(code, form), prices)
    return wrong(request, await planEditPage(services, speaker, undefined, all), 422)
  }
  const added = await addPlan(
    sellerOf(request),
    code.value.code,
    planFacts(form.value),
    pricesOf(markets, prices.value),
  )
  if (!added.ok) {
    const again = withErrors(form, { code: 'console.error.code_taken' })
    return wrong(request, await planEditPage(services, speaker, undefined, again), 409)
  }
  await saved(request, 'console.flash.plan_added')
})

routes.get('/plans/:plan', 'console.money', async ({ req, services, speaker, show }) => {
  show(await planEditPage(services, speaker, idParam<'plan'>(req, 'plan'), undefined))
})
routes.post('/plans/:plan', 'console.money', async (request) => {
  const { req, services, speaker } = request
  const id = idParam<'plan'>(req, 'plan')
  const markets = await currentMarkets(services)
  const [form, prices] = [parseForm(planForm, req.body), parseForm(pricesForm(markets), req.body)]
  if (!form.ok || !prices.ok) {
    return wrong(request, await planEditPage(services, speaker, id, both(form, prices)), 422)
  }
  const facts = planFacts(form.value)
  const done = await savePlan(sellerOf(request), id, form.value.version, facts, pricesOf(markets, prices.value))
  if (!done.ok) return wrong(request, await planEditPage(services, speaker, id, changed(form)), 409)
  await saved(request, 'console.flash.plan_saved')
})

routes.get('/markets/new', 'console.money', async ({ services, speaker, show }) => {
  show(await marketEditPage(services, speaker, undefined, undefined))
})
routes.post('/markets/new', 'console.money', async (request) => {
  const { req, services, speaker } = request
  const plans = await currentPlans(services)
  const [form, country] = [parseForm(marketForm, req.body), parseForm(marketCountry, req.body)]
  const codes = plans.map(({ code }) => code)
  const prices = parseForm(openingPrices(codes, form.ok ? form.value.currency : 'USD'), req.body)
  if (!form.ok || !country.ok || !prices.ok) {
    const all = both(both(country, form), prices)
    return wrong(request, await marketEditPage(services, speaker, undefined, all), 422)
  }
  const opening = openingPricesOf(plans, prices.value)
  const added = await addMarket(sellerOf(request), country.value.country, marketFacts(form.value), opening)
  if (!added.ok) {
    const again = withErrors(form, { country: 'console.error.country_taken' })
    return wrong(request, await marketEditPage(services, speaker, undefined, again), 409)
  }
  await saved(request, 'console.flash.market_added')
})

const countryOf = ({ req }: AccountRequest) => {
  const country = req.params.country
  return typeof country === 'string' && /^[A-Z]{2}$/.test(country) ? country : notFound('market')
}
routes.get('/markets/:country', 'console.money', async (request) => {
  const { services, speaker, show } = request
  show(await marketEditPage(services, speaker, countryOf(request), undefined))
})
routes.post('/markets/:country', 'console.money', async (request) => {
  const { req, services, speaker } = request
  const country = countryOf(request)
  const form = parseForm(marketForm, req.body)
  if (!form.ok) return wrong(request, await marketEditPage(services, speaker, country, form), 422)
  const done = await saveMarket(sellerOf(request), country, form.value.version, marketFacts(form.value))
  if (!done.ok) {
    const again =
      done.reason === 'currency_used' ? withErrors(form, { currency: 'console.error.currency_used' }) : changed(form)
    return wrong(request, await marketEditPage(services, speaker, country, again), 409)
  }
  await saved(request, 'console.flash.market_saved')
})

routes.get('/issuers/new', 'console.money', async ({ services, speaker, show }) => {
  show(await issuerEditPage(services, speaker, undefined, undefined))
})
routes.post('/issuers/new', 'console.money', async (request) => {
  const { req, services, speaker } = request
  const [form, code] = [parseForm(issuerForm, req.body), parseForm(issuerCode, req.body)]
  if (!form.ok || !code.ok) {
    return wrong(request, await issuerEditPage(services, speaker, undefined, both(code, form)), 422)
  }
  const added = await addIssuer(sellerOf(request), code.value.code, issuerFacts(form.value))
  if (!added.ok) {
    const again = withErrors(form, { code: 'console.error.code_taken' })
    return wrong(request, await issuerEditPage(services, speaker, undefined, again), 409)
  }
  await saved(request, 'console.flash.issuer_added')
})

routes.get('/issuers/:issuer', 'console.money', async ({ req, services, speaker, show }) => {
  show(await issuerEditPage(services, speaker, idParam<'issuer'>(req, 'issuer'), undefined))
})
routes.post('/issuers/:issuer', 'console.money', async (request) => {
  const { req, services, speaker } = request
  const id = idParam<'issuer'>(req, 'issuer')
  const form = parseForm(issuerForm, req.body)
  if (!form.ok) return wrong(request, await issuerEditPage(services, speaker, id, form), 422)
  const done = await saveIssuer(sellerOf(request), id, form.value.version, issuerFacts(form.value))
  if (!done.ok) return wrong(request, await issuerEditPage(services, speaker, id, changed(form)), 409)
  await saved(request, 'console.flash.issuer_saved')
})
