// A year of 200 clinics in seconds: they pay in full, in part and too much, change plans, leave and come back, while the
// clock jumps, processes die and the service is away for a week. A model says what should have come of it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  confirmPayment,
  declarePayment,
  enterProviderPayment,
  openAccount,
  openOrder,
  recordPayment,
  refund,
  rejectPayment,
  type Account,
  type By,
} from '../../src/features/billing/actions.ts'
import { rollAnalytics } from '../../src/features/analytics/actions.ts'
import { startTrial } from '../../src/features/subscription/actions.ts'
import { linkCard } from '../../src/features/subscription/actions/card.ts'
import {
  cancelAtPeriodEnd,
  extend,
  planDowngrade,
  restore,
  suspend,
  takeFreePlan,
  withdrawCancellation,
} from '../../src/features/subscription/actions/decisions.ts'
import { listMarkets, listPlans, listPrices, type Plan } from '../../src/features/subscription/queries/plans.ts'
import { liveOn } from '../../src/features/billing/actions/life.ts'
import { newId, type ClinicId } from '../../src/kernel/ids.ts'
import { dateAt, Temporal, type Instant } from '../../src/kernel/time.ts'
import { createLog } from '../../src/platform/log.ts'
import { openMail } from '../../src/platform/mails.ts'
import type { Services } from '../../src/platform/services.ts'
import { startServices, type Started } from '../../src/start.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { ModelClinic, type Interval, type Prices } from './model.ts'

const howMany = 200
const days = 365
const looksADay = 2
const begins = Temporal.Instant.from('2026-12-01T00:00:00Z').epochMilliseconds
const hour = 3_600_000
const oneDay = 24 * hour
/** Nobody and nothing is there: not the jobs, not the pages. */
const awayFrom = 150
const awayUntil = 157

/** Countries with and without tax, two and three decimals, clocks that change and clocks that don't. */
const places = [
  ['PK', 'Asia/Karachi'],
  ['EG', 'Africa/Cairo'],
  ['GB', 'Europe/London'],
  ['US', 'America/New_York'],
  ['KW', 'Asia/Kuwait'],
  ['FR', 'Europe/Paris'],
] as const

type Clinic = {
  id: ClinicId
  zone: string
  country: string
  opens: number
  owners: string[]
  /** Its own, so that what happens to one does not depend on how fast another was. */
  luck: ReturnType<typeof dice>
  model: ModelClinic | undefined
}

/** The same year every time; another with another seed. */
function dice(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    next,
    chance: (p: number) => next() < p,
    upTo: (n: number) => Math.floor(next() * n),
    pick: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!,
  }
}

const seed = Number(process.env.YEAR_SEED ?? 7)
const luck = dice(seed)

let app: TestApp
let second: Started
let plans: Map<string, Plan>
let trueNow = begins
const clinics: Clinic[] = []
const clinicOf = new Map<string, Clinic>()
/** The moments at which the clock's job did look. */
const looks: number[] = []
let lived = false

const instant = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms)

beforeAll(async () => {
  app = await startTestApp({
    now: instant(begins).toString(),
    pool: 12,
    databaseNow: () => Promise.resolve(instant(trueNow)),
  })
  second = await startAnother()
  plans = new Map((await listPlans(app.services.db)).map((plan) => [plan.code, plan]))
  await insertClinics()
}, 60_000)

afterAll(async () => {
  await second.stop()
  await app.stop()
})

const startAnother = () =>
  startServices(app.services.config, {
    clock: app.clock,
    log: createLog('fatal'),
    databaseNow: () => Promise.resolve(instant(trueNow)),
  })

async function insertClinics(): Promise<void> {
  for (let number = 0; number < howMany; number++) {
    const [country, zone] = luck.pick(places)
    const owners = [`owner@clinic-${number}.test`, ...(number % 10 === 0 ? [`partner@clinic-${number}.test`] : [])]
    const opens = begins + luck.upTo(60) * oneDay
    const clinic = {
      id: newId<'clinic'>(),
      zone,
      country,
      opens,
      owners,
      luck: dice(seed * 1000 + number),
      model: undefined,
    }
    clinics.push(clinic)
    clinicOf.set(clinic.id, clinic)
  }
  const all = (of: (clinic: Clinic, number: number) => string) => clinics.map(of)
  await app.superuser(
    `insert into platform.clinics (id, slug, name, city, country, specialty, time_zone, currency, language, created_at)
     select id, slug, slug, 'Somewhere', country, 'general_practice', zone, 'USD', language, now()
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) as t (id, slug, country, zone, language)`,
    [
      all(({ id }) => id),
      all((_, number) => `clinic-${number}`),
      all(({ country }) => country),
      all(({ zone }) => zone),
      all((_, number) => ['en', 'ar', 'ur'][number % 3]!),
    ],
  )
  const owners = clinics.flatMap(({ id, owners }) => owners.map((email) => ({ id, email, user: newId() })))
  await app.superuser(
    `with people as (
       insert into platform.users (id, email, name, password_hash, language, created_at)
       select user_id, email, 'Owner', '-', language, now()
       from unnest($1::uuid[], $2::text[], $4::text[]) as t (user_id, email, language))
     insert into platform.memberships (clinic_id, user_id, role, created_at)
     select clinic_id, user_id, 'owner', now() from unnest($3::uuid[], $1::uuid[]) as t (clinic_id, user_id)`,
    [
      owners.map(({ user }) => user),
      owners.map(({ email }) => email),
      owners.map(({ id }) => id),
      owners.map((_, number) => ['en', 'ar', 'ur'][number % 3]!),
    ],
  )
}

type Market = { taxBp: number; prices: Prices }
const markets = new Map<string, Market>()

async function marketOf(country: string): Promise<Market> {
  const known = markets.get(country)
  if (known) return known
  const { db } = app.services
  const all = await listMarkets(db)
  const market = all.find((one) => one.country === country) ?? all.find((one) => one.country === 'ZZ')!
  const list = await listPrices(db, market.country)
  const price = (plan: Plan, interval: Interval) =>
    list.find((one) => one.planId === plan.id && one.interval === interval)!.netMinor
  const prices = Object.fromEntries(
    [...plans.values()].map((plan) => [plan.code, { month: price(plan, 'month'), year: price(plan, 'year') }]),
  )
  const made = { taxBp: market.taxRateBp, prices }
  markets.set(country, made)
  return made
}

// What people do. Each deed is done to both, and both must agree on whether it could be done.

const operator: By = { kind: 'operator', id: null }
const owner: By = { kind: 'user', id: null }
const origin = { requestId: 'year' }

/** Either process: requests land on any. */
const anyProcess = ({ luck }: Clinic): Services => (luck.chance(0.5) ? app.services : second.services)

function enter<T>(clinic: Clinic, by: By, work: (account: Account) => Promise<T>): Promise<T> {
  return openAccount(anyProcess(clinic), clinic.id, by, origin, work) as Promise<T>
}

async function both(clinic: Clinic, what: string, real: Promise<{ ok: boolean }>, model: () => boolean): Promise<void> {
  const outcome = await real
  const expected = model()
  if (outcome.ok !== expected) {
    throw new Error(`${what}: ${JSON.stringify(outcome)}, expected ${expected}; ${JSON.stringify(clinic.model)}`)
  }
}

async function pay(clinic: Clinic, model: ModelClinic, amountMinor: number): Promise<void> {
  const currency = await currencyOf(clinic)
  const now = app.clock.now()
  const paid = { method: 'bank_transfer', amountMinor, currency, reference: newId(), paidOn: dateAt(now, clinic.zone) }
  const way = clinic.luck.upTo(4)
  if (way === 0) await enter(clinic, operator, (account) => recordPayment(account, paid))
  if (way === 1) {
    const declared = await enter(clinic, owner, (account) => declarePayment(account, paid))
    if (!declared.ok) throw new Error(declared.reason)
    // Two people of the platform at once: one of them is too late.
    const decided = await Promise.all([
      enter(clinic, operator, (account) => confirmPayment(account, declared.value)),
      enter(clinic, operator, (account) => confirmPayment(account, declared.value)),
    ])
    expect(decided.filter(({ ok }) => ok)).toHaveLength(1)
  }
  if (way === 2) {
    const declared = await enter(clinic, owner, (account) => declarePayment(account, paid))
    if (!declared.ok) throw new Error(declared.reason)
    await enter(clinic, operator, (account) => rejectPayment(account, declared.value, 'Not found'))
    model.reject(now.epochMilliseconds)
    return
  }
  if (way === 3) await payByProvider(clinic, amountMinor, currency)
  model.pay(amountMinor, now.epochMilliseconds)
}

/** Told twice, at the same time. */
async function payByProvider(clinic: Clinic, amountMinor: number, currency: string): Promise<void> {
  const told = { ref: `pi_${newId()}`, method: 'card', amountMinor, currency }
  const provider: By = { kind: 'provider', id: null }
  const entered = await Promise.all([
    enter(clinic, provider, (account) => enterProviderPayment(account, told)),
    enter(clinic, provider, (account) => enterProviderPayment(account, told)),
  ])
  expect(entered.filter(({ ok }) => ok)).toHaveLength(1)
}

const currencies = new Map<string, string>()
async function currencyOf({ id }: Clinic): Promise<string> {
  const known = currencies.get(id)
  if (known !== undefined) return known
  const [row] = await app.superuser<{ currency: string }>(
    'select currency from platform.subscriptions where clinic_id = $1',
    [id],
  )
  currencies.set(id, row!.currency)
  return row!.currency
}

const sold = ['solo', 'clinic', 'group']
const anInterval = ({ luck }: Clinic): Interval => (luck.chance(0.7) ? 'year' : 'month')

/** What somebody at the clinic, or at the platform for it, does today; nothing on most days. */
async function liveADay(clinic: Clinic, model: ModelClinic): Promise<void> {
  const { luck } = clinic
  const now = app.clock.now().epochMilliseconds
  const due = model.due(now)
  const { status, end } = model
  const rest = due ? Math.max(due.total + model.owed, 1) : 0
  const plan = (code: string) => plans.get(code)!
  const order = (kind: 'start' | 'renew' | 'upgrade', code: string, interval: Interval) =>
    both(
      clinic,
      `${kind} ${code} ${interval}`,
      enter(clinic, owner, (account) => openOrder(account, kind, plan(code), interval)),
      () => model.open(kind, code, interval, now),
    )
  if (model.card) {
    const asked = end !== undefined && end <= now && (status === 'active' || status === 'trialing')
    if (asked && due && !model.cancelled && luck.chance(0.7)) {
      await payByProvider(clinic, due.total, await currencyOf(clinic))
      model.pay(due.total, now)
    }
    if (luck.chance(0.002)) await both(clinic, 'cancel', enter(clinic, owner, (a) => cancelAtPeriodEnd(a, 'price')), () => model.cancel()) // prettier-ignore
    return
  }
  if (status === 'trialing') {
    const near = end !== undefined && end - now < 10 * oneDay
    if (near && !model.order && luck.chance(0.15)) await order('start', luck.pick(sold), anInterval(clinic))
    else if (near && model.order && luck.chance(0.35)) await pay(clinic, model, amountFor(clinic, rest))
    else if (near && luck.chance(0.01))
      await both(clinic, 'free', enter(clinic, owner, (a) => takeFreePlan(a, plan('free'))), () => model.takeFree(now)) // prettier-ignore
    else if (luck.chance(0.002))
      await both(clinic, 'cancel', enter(clinic, owner, (a) => cancelAtPeriodEnd(a, 'price')), () => model.cancel()) // prettier-ignore
    else if (luck.chance(0.003)) await linkToCard(clinic, model)
  } else if (status === 'active') {
    if (due && luck.chance(0.3)) await pay(clinic, model, amountFor(clinic, rest))
    else if (model.net > 0 && end !== undefined && end > now && luck.chance(0.008)) {
      const to = sold[sold.indexOf(model.plan) + 1] ?? model.plan
      const interval = model.interval === 'year' ? 'year' : anInterval(clinic)
      await order('upgrade', to, interval)
    } else if (model.net === 0 && luck.chance(0.01)) await order('start', luck.pick(sold), anInterval(clinic))
    else if (luck.chance(0.005)) {
      const [to, interval] = [luck.pick(['free', 'solo', model.plan]), anInterval(clinic)]
      await both(clinic, 'downgrade', enter(clinic, owner, (a) => planDowngrade(a, plan(to), interval)), () => model.planDowngrade(to, interval)) // prettier-ignore
    } else if (luck.chance(0.002)) await both(clinic, 'cancel', enter(clinic, owner, (a) => cancelAtPeriodEnd(a, 'price')), () => model.cancel()) // prettier-ignore
  } else if (status === 'past_due') {
    if (due && luck.chance(0.15)) await pay(clinic, model, amountFor(clinic, rest))
  } else {
    if (due && luck.chance(0.03)) await pay(clinic, model, amountFor(clinic, rest))
    else if (luck.chance(0.01)) await both(clinic, 'free', enter(clinic, owner, (a) => takeFreePlan(a, plan('free'))), () => model.takeFree(now)) // prettier-ignore
  }
  if (model.cancelled && luck.chance(0.05)) {
    await both(clinic, 'stay', enter(clinic, owner, withdrawCancellation), () => model.withdrawCancellation())
  }
  if (luck.chance(0.0015)) {
    const more = 1 + luck.upTo(20)
    await both(clinic, 'extend', enter(clinic, operator, (a) => extend(a, more, 'A favour')), () => model.extend(more, now)) // prettier-ignore
  }
  if (luck.chance(model.suspended ? 0.2 : 0.0007)) {
    await (model.suspended
      ? both(
          clinic,
          'restore',
          enter(clinic, operator, (a) => restore(a, 'Settled')),
          () => model.restore(now),
        )
      : both(
          clinic,
          'suspend',
          enter(clinic, operator, (a) => suspend(a, 'Abuse')),
          () => model.suspend(now),
        ))
  }
  if (luck.chance(0.003)) {
    const takesBack = luck.chance(0.6)
    const [latest] = model.invoices
    const most = takesBack ? (latest ? latest.total - latest.credited : 0) : -model.owed
    const amountMinor = most > 0 ? (luck.chance(0.5) ? most : 1 + luck.upTo(most)) : 5_000_000
    await both(clinic, 'refund', enter(clinic, operator, (a) => refund(a, { amountMinor, takesBack, reason: 'Asked for' })), () => model.refund(amountMinor, takesBack, now)) // prettier-ignore
  }
}

/** Most pay what they should; some half of it, some for a while ahead. */
function amountFor({ luck }: Clinic, rest: number): number {
  if (luck.chance(0.12)) return Math.ceil(rest / 2)
  return luck.chance(0.12) ? rest * 2 + luck.upTo(1000) : rest
}

async function linkToCard(clinic: Clinic, model: ModelClinic): Promise<void> {
  await enter(clinic, { kind: 'provider', id: null }, (account) => linkCard(account, `sub_${newId()}`, 'Visa 4242'))
  model.card = true
}

/** The job as the machine would run it: once, in two processes at a time, or in one that dies over it. */
async function runLife(): Promise<void> {
  const way = luck.next()
  if (way < 0.02) {
    const dying = liveOn(second.services)
    second.services.stopping.abort()
    await Promise.all([dying, liveOn(app.services)])
    await second.stop()
    second = await startAnother()
  } else if (way < 0.3) await Promise.all([liveOn(app.services), liveOn(second.services)])
  else await liveOn(luck.chance(0.5) ? app.services : second.services)
  for (let again = 0; again < 5 && (await countDue()) > 0; again++) await liveOn(app.services)
  expect(await countDue()).toBe(0)
  looks.push(trueNow)
}

async function countDue(): Promise<number> {
  const [row] = await app.superuser<{ due: number }>(
    'select count(*)::int as due from platform.subscriptions where next_step_at <= $1',
    [instant(trueNow).toString()],
  )
  return row!.due
}

/** The application's clock goes wrong, the database's does not: nothing may happen. */
async function runWithWrongClock(): Promise<void> {
  const before = await fingerprint()
  const off = (1 + luck.upTo(60)) * oneDay * (luck.chance(0.5) ? 1 : -1)
  app.clock.set(instant(trueNow + off))
  await expect(liveOn(app.services)).rejects.toThrow('clock')
  app.clock.set(instant(trueNow))
  expect(await fingerprint()).toEqual(before)
}

async function fingerprint(): Promise<unknown> {
  return app.superuser(`select (select count(*) from platform.subscription_events) as events,
    (select count(*) from platform.subscription_notices) as notices, (select count(*) from platform.mails) as mails,
    (select md5(string_agg(s::text, '' order by clinic_id)) from platform.subscriptions s) as held`)
}

type Row = {
  id: string
  standing: string
  plan: string
  status: string
  since: Instant
  interval: string
  net: string
  starts: Instant
  ends: Instant | null
  cancelled: boolean
  owed: string
}

async function compareAll(): Promise<void> {
  const found = await app.superuser<Row>(
    `select c.id, c.status as standing, c.plan, s.status, s.status_since as since, s.billing_interval as interval,
       s.net_minor as net, s.period_start as starts, s.period_end as ends, s.cancelled_at is not null as cancelled,
       coalesce((select sum(amount_minor) from platform.ledger_entries e where e.clinic_id = c.id), 0) as owed
     from platform.subscriptions s join platform.clinics c on c.id = s.clinic_id`,
  )
  for (const row of found) {
    const clinic = clinicOf.get(row.id)!
    const model = clinic.model!
    const standing = { expired: 'read_only', purge_scheduled: 'locked' }[model.status as string] ?? 'active'
    expect(
      {
        standing: row.standing,
        plan: row.plan,
        status: row.status,
        since: row.since.epochMilliseconds,
        interval: row.interval,
        net: Number(row.net),
        starts: row.starts.epochMilliseconds,
        ends: row.ends?.epochMilliseconds,
        cancelled: row.cancelled,
        owed: Number(row.owed),
      },
      `clinic ${clinics.indexOf(clinic)} at ${instant(trueNow).toString()}`,
    ).toEqual({
      standing: model.suspended ? 'suspended' : standing,
      plan: model.plan,
      status: model.status,
      since: model.since,
      interval: model.interval,
      net: model.net,
      starts: model.start,
      ends: model.end,
      cancelled: model.cancelled,
      owed: model.owed,
    })
  }
}

describe('a year', () => {
  it('goes as the model says, mail by mail, step by step and line by line', { timeout: 180_000 }, async () => {
    for (let day = 0; day < days; day++) {
      if (day >= awayFrom && day < awayUntil) continue
      for (let part = 0; part < looksADay; part++) {
        trueNow = begins + day * oneDay + part * (24 / looksADay) * hour + luck.upTo((24 / looksADay - 1) * 60) * 60_000
        app.clock.set(instant(trueNow))
        for (const clinic of clinics) {
          if (clinic.model || clinic.opens > trueNow) continue
          const { taxBp, prices } = await marketOf(clinic.country)
          await app.services.db.transaction((trx) => startTrial(trx, clinic, instant(trueNow)))
          clinic.model = new ModelClinic(clinic.zone, taxBp, prices, clinic.owners, trueNow)
        }
        // A part of the clinics has its moment of the day now; those of different clinics happen at once.
        const awake = clinics.filter((clinic, number) => clinic.model && number % looksADay === part)
        for (let from = 0; from < awake.length; from += 8) {
          await Promise.all(awake.slice(from, from + 8).map((clinic) => liveADay(clinic, clinic.model!)))
        }
        trueNow += 30 * 60_000
        app.clock.set(instant(trueNow))
        if (luck.chance(0.02)) await runWithWrongClock()
        // Now and then the job does not come to run.
        if (luck.chance(0.04)) continue
        await runLife()
        for (const { model } of clinics) model?.run(trueNow)
      }
      if (day % 14 === 0) await compareAll()
    }
    await compareAll()
    lived = true
  })

  beforeEach((test) => {
    if (!lived && !test.task.name.startsWith('goes')) test.skip()
  })

  it('made the transitions the model made, when it made them', async () => {
    const found = await app.superuser<{ id: string; at: Instant; to: string }>(
      `select clinic_id as id, at, to_status as to from platform.subscription_events
       where from_status <> to_status order by at, id`,
    )
    for (const clinic of clinics) {
      const turns = found.filter(({ id }) => id === clinic.id).map(({ at, to }) => ({ at: at.epochMilliseconds, to }))
      expect(turns).toEqual(clinic.model!.turns)
    }
    const reached = new Set(found.map(({ to }) => to))
    expect([...reached].sort()).toEqual(['active', 'expired', 'past_due', 'purge_scheduled'])
  })

  it('sent the mails the model sent, each once, to every owner', async () => {
    const { keys } = app.services
    const stored = await app.superuser<{ id: string; kind: string; sealed: Buffer; at: Instant }>(
      'select id, kind, mail_sealed as sealed, created_at as at from platform.mails',
    )
    const sent = stored.map(({ id, kind, sealed, at }) => {
      const { to } = openMail(keys.platform, id, sealed)
      return `${to} ${at.toString()} ${kind}`
    })
    const expected = clinics.flatMap(({ model }) =>
      model!.mails.map(({ to, at, kind }) => `${to} ${instant(at).toString()} ${kind}`),
    )
    const [less, more] = [new Set(sent), new Set(expected)]
    expect({
      missing: expected
        .filter((line) => !less.has(line))
        .sort()
        .slice(0, 10),
      strange: sent
        .filter((line) => !more.has(line))
        .sort()
        .slice(0, 10),
      count: sent.length,
    }).toEqual({ missing: [], strange: [], count: expected.length })
    const kinds = new Set(stored.map(({ kind }) => kind))
    for (const days of [14, 7, 3, 0]) expect(kinds).toContain(`notice_before_${days}`)
    for (const days of [0, 7, 21, 28]) expect(kinds).toContain(`notice_after_${days}`)
  })

  it('wrote the ledger the model wrote, line by line', async () => {
    const found = await app.superuser<{ id: string; at: Instant; kind: string; amount: string }>(
      'select clinic_id as id, at, kind, amount_minor as amount from platform.ledger_entries',
    )
    const line = (id: string, at: number, kind: string, amount: number | string) => `${id} ${at} ${kind} ${amount}`
    expect(found.map(({ id, at, kind, amount }) => line(id, at.epochMilliseconds, kind, amount)).sort()).toEqual(
      clinics
        .flatMap(({ id, model }) => model!.ledger.map(({ at, kind, amount }) => line(id, at, kind, amount)))
        .sort(),
    )
  })

  it('balances: what is owed is invoices less credit notes less payments plus refunds', async () => {
    const wrong = await app.superuser(
      `with ledger as (
         select clinic_id, currency, sum(amount_minor) as owed,
           sum(amount_minor) filter (where kind = 'charge') as charged,
           -sum(amount_minor) filter (where kind = 'credit') as credited,
           -sum(amount_minor) filter (where kind = 'payment') as paid,
           coalesce(sum(amount_minor) filter (where kind = 'refund'), 0) as refunded
         from platform.ledger_entries group by 1, 2),
       papers as (
         select clinic_id, currency, sum(total_minor) filter (where kind = 'invoice') as invoiced,
           sum(total_minor) filter (where kind = 'credit_note') as noted,
           sum(total_minor) filter (where kind = 'receipt') as received
         from platform.documents group by 1, 2),
       money as (
         select clinic_id, currency, sum(amount_minor) as paid from platform.payments where status = 'confirmed' group by 1, 2)
       select * from ledger full join papers using (clinic_id, currency) full join money using (clinic_id, currency)
       where charged is distinct from invoiced or credited is distinct from noted or ledger.paid is distinct from received
         or received is distinct from money.paid
         or owed is distinct from coalesce(invoiced, 0) - coalesce(noted, 0) - coalesce(received, 0) + refunded`,
    )
    expect(wrong).toEqual([])
    const tax = await app.superuser(
      `select d.number from platform.documents d left join platform.documents c on c.corrects = d.id
       where d.kind = 'invoice' group by d.id
       having sum(c.total_minor) > d.total_minor or sum(c.tax_minor) > d.tax_minor
         or (sum(c.total_minor) = d.total_minor and sum(c.tax_minor) <> d.tax_minor)`,
    )
    expect(tax).toEqual([])
  })

  it('numbered invoices, receipts and credit notes without a gap', async () => {
    const series = await app.superuser<{ kind: string; count: number; first: number; last: number; counter: number }>(
      `select d.kind, count(*)::int as count, min(sequence)::int as first, max(sequence)::int as last, n.last::int as counter
       from platform.documents d join platform.document_numbers n on n.issuer_id = d.issuer_id and n.kind = d.kind
       group by d.issuer_id, d.kind, n.last`,
    )
    const papers = { invoice: 0, receipt: 0, credit_note: 0 }
    for (const { model } of clinics) for (const kind of Object.keys(papers) as (keyof typeof papers)[]) papers[kind] += model!.papers[kind] // prettier-ignore
    expect(Object.fromEntries(series.map(({ kind, count }) => [kind, count]))).toEqual(papers)
    for (const { count, first, last, counter } of series) {
      expect({ first, last, counter }).toEqual({ first: 1, last: count, counter: count })
    }
  })

  it('scheduled no clinic for the purge early, and none late', async () => {
    const ends = await app.superuser<{ id: string; from: string; to: string; at: Instant; before: Instant }>(
      `select clinic_id as id, from_status as from, to_status as to, at, before from (
         select *, lag(at) over (partition by clinic_id order by at, id) as before
         from platform.subscription_events where from_status <> to_status) as turns
       where to_status in ('expired', 'purge_scheduled') and from_status in ('past_due', 'expired')`,
    )
    expect(ends.filter(({ to }) => to === 'purge_scheduled').length).toBeGreaterThan(5)
    for (const { to, at, before } of ends) {
      const sold = (to === 'expired' ? 7 : 30) * oneDay
      expect(at.epochMilliseconds - before.epochMilliseconds).toBeGreaterThanOrEqual(sold)
      // The very first look after its time.
      expect(at.epochMilliseconds).toBe(looks.find((look) => look >= before.epochMilliseconds + sold))
    }
  })

  it('adds recurring revenue up from event to event', async () => {
    const found = await app.superuser<{ id: string; broken: boolean; last: string }>(
      `select clinic_id as id, bool_or(broken) as broken, (array_agg(mrr_after_minor order by at desc, id desc))[1] as last
       from (select *, mrr_before_minor <> coalesce(lag(mrr_after_minor) over (partition by clinic_id order by at, id), 0) as broken
         from platform.subscription_events) as e group by 1`,
    )
    for (const { id, broken, last } of found) {
      const { model } = clinicOf.get(id)!
      expect({ broken, last: Number(last) }, `clinic ${id}`).toEqual({ broken: false, last: model!.recurring })
    }
  })

  it(
    'adds up the same in the ledger, in the invoices and in the figures of the service',
    { timeout: 60_000 },
    async () => {
      // A day is added up once it is over everywhere on earth.
      app.clock.set(instant(begins + (days + 2) * oneDay))
      while ((await rollAnalytics(app.services)) > 0);
      const sums = (rows: { metric: string; currency: string; value: string }[]) =>
        Object.fromEntries(rows.map(({ metric, currency, value }) => [`${metric} ${currency}`, Number(value)]))
      const figures = await app.superuser<{ metric: string; currency: string; value: string }>(
        `select metric, currency, sum(value) as value from platform.daily_figures where metric like 'money_%' group by 1, 2`,
      )
      const ledger = await app.superuser<{ metric: string; currency: string; value: string }>(
        `select 'money_' || kind as metric, currency, sum(amount_minor) as value from platform.ledger_entries group by 1, 2`,
      )
      expect(sums(figures)).toEqual(sums(ledger))
      const papers = await app.superuser<{ metric: string; currency: string; value: string }>(
        `select case kind when 'invoice' then 'money_charge' when 'receipt' then 'money_payment' else 'money_credit' end as metric,
         currency, sum(case kind when 'invoice' then total_minor else -total_minor end) as value
       from platform.documents group by 1, 2`,
      )
      expect(sums(figures)).toMatchObject(sums(papers))
      const revenue = await app.superuser<{ currency: string; value: string }>(
        `select currency, sum(value) as value from platform.daily_figures
       where metric = 'mrr' and day = (select max(day) from platform.figure_days) group by 1 having sum(value) <> 0`,
      )
      const expected = new Map<string, number>()
      for (const clinic of clinics) {
        const currency = await currencyOf(clinic)
        expected.set(currency, (expected.get(currency) ?? 0) + clinic.model!.recurring)
      }
      expect(new Map(revenue.map(({ currency, value }) => [currency, Number(value)]))).toEqual(expected)
    },
  )
})
