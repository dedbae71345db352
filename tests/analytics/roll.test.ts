import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { rollAnalytics } from '../../src/features/analytics/actions.ts'
import { insertEvent } from '../../src/features/subscription/queries.ts'
import type { Status } from '../../src/features/subscription/rules/life.ts'
import { newId, type ClinicId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startServices } from '../../src/start.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(empty)

async function empty() {
  await app.superuser(
    `truncate platform.daily_figures, platform.figure_days, platform.ledger_entries, platform.subscription_events, platform.daily_counts`,
  )
  await app.superuser('delete from platform.clinics')
}

const start = Temporal.PlainDate.from('2026-09-01')
const at = (day: number, hour = 10) =>
  start.add({ days: day }).toZonedDateTime({ timeZone: 'UTC', plainTime: { hour } }).toInstant()
/** The first moment at which a day counts as finished. */
const finished = (day: number) => at(day + 1, 12)

type Made = { id: ClinicId; country: string; currency: string; mrr: number; status: Status | null; plan: string }

async function makeClinic(country = 'PK', currency = 'PKR', plan = 'clinic'): Promise<Made> {
  const id = newId<'clinic'>()
  await app.superuser(
    `insert into platform.clinics (id, slug, name, city, country, specialty, time_zone, currency, language, created_at)
     values ($1::uuid, $1::uuid::text, 'x', 'x', $2, 'general', 'UTC', $3, 'en', $4)`,
    [id, country, currency, at(0, 0).toString()],
  )
  await app.superuser(
    `insert into platform.subscriptions (clinic_id, plan_id, status, status_since, billing_interval, currency, net_minor,
       period_start, billing_day, created_at)
     select $1, id, 'trialing', $3, 'month', $2, 0, $3, 1, $3 from platform.plans where code = $4`,
    [id, currency, at(0, 0).toString(), plan],
  )
  return { id, country, currency, mrr: 0, status: null, plan }
}

/** Something that happened to a subscription; what it was worth before is what the clinic was worth. */
async function happens(
  clinic: Made,
  day: number,
  to: Status,
  mrr: number,
  more: { hour?: number; plan?: string } = {},
) {
  const plan = more.plan ?? clinic.plan
  await insertEvent(app.services.db, {
    clinicId: clinic.id,
    at: at(day, more.hour),
    kind: 'test',
    fromStatus: clinic.status,
    toStatus: to,
    fromPlan: clinic.status === null ? null : clinic.plan,
    toPlan: plan,
    mrrBeforeMinor: clinic.mrr,
    mrrAfterMinor: mrr,
    currency: clinic.currency,
    country: clinic.country,
    actorKind: 'system',
    actorId: null,
    reason: null,
  })
  Object.assign(clinic, { mrr, status: to, plan })
}

async function enters(clinic: { id: string; currency: string }, day: number, kind: string, amount: number) {
  await app.superuser(
    `insert into platform.ledger_entries (id, issuer_id, clinic_id, at, kind, amount_minor, currency, actor_kind)
     select $1, id, $2, $3, $4, $5, $6, 'system' from platform.issuers limit 1`,
    [newId(), clinic.id, at(day, 15).toString(), kind, amount, clinic.currency],
  )
}

const counts = (clinic: Made, day: number, metric: string, count: number) =>
  app.superuser('insert into platform.daily_counts (clinic_id, day, metric, count) values ($1, $2, $3, $4)', [
    clinic.id,
    start.add({ days: day }).toString(),
    metric,
    count,
  ])

async function rollUntil(day: number): Promise<number> {
  app.clock.set(finished(day))
  return rollAnalytics(app.services)
}

type Row = { day: string; metric: string; country: string; plan: string; currency: string; value: number }
const figures = async (): Promise<Row[]> =>
  (
    await app.superuser<Omit<Row, 'value'> & { value: string }>(
      `select day::text, metric, country, plan, currency, value::text from platform.daily_figures order by 1, 2, 3, 4, 5`,
    )
  ).map((row) => ({ ...row, value: Number(row.value) }))
const sum = (rows: Row[], test: (row: Row) => boolean) =>
  rows.filter(test).reduce((total, { value }) => total + value, 0)
const on = (day: number) => start.add({ days: day }).toString()
const isMovement = ({ metric }: Row) => /^mrr_/.test(metric)

describe('a day', () => {
  it('is added up once it has ended everywhere, and not before', async () => {
    const clinic = await makeClinic()
    await happens(clinic, 0, 'trialing', 0)
    app.clock.set(finished(0).subtract({ milliseconds: 1 }))
    expect(await rollAnalytics(app.services)).toBe(0)
    expect(await rollUntil(0)).toBe(1)
  })

  it('that was missed is made up, each as it was then', async () => {
    const clinic = await makeClinic()
    await happens(clinic, 0, 'trialing', 0)
    await happens(clinic, 2, 'active', 600_000)
    await happens(clinic, 4, 'past_due', 600_000)
    expect(await rollUntil(5)).toBe(6)
    const rows = await figures()
    const status = (day: number) =>
      rows
        .filter((row) => row.day === on(day) && row.metric.startsWith('clinics_') && row.plan !== '')
        .map(({ metric }) => metric)
    expect([0, 1, 2, 3, 4, 5].map((day) => status(day).join())).toEqual([
      'clinics_trialing',
      'clinics_trialing',
      'clinics_active',
      'clinics_active',
      'clinics_past_due',
      'clinics_past_due',
    ])
  })

  it('is added up by one of several processes', async () => {
    const clinic = await makeClinic()
    await happens(clinic, 0, 'trialing', 0)
    await enters(clinic, 1, 'payment', -700)
    app.clock.set(finished(6))
    const other = await startServices(app.services.config, { clock: app.clock, log: app.services.log })
    const rolled = await Promise.all([app.services, other.services, app.services].map((one) => rollAnalytics(one)))
    await other.stop()
    expect(rolled.reduce((a, b) => a + b)).toBe(7)
    expect(sum(await figures(), ({ metric }) => metric === 'money_payment')).toBe(-700)
  })

  it('knows trials that began, were paid for, went free or came to nothing', async () => {
    const [paid, freed, lapsed, old] = await Promise.all([1, 2, 3, 4].map(() => makeClinic()))
    for (const clinic of [paid!, freed!, lapsed!, old!]) await happens(clinic, 0, 'trialing', 0)
    await happens(old!, 1, 'active', 500)
    await happens(paid!, 3, 'active', 500)
    await happens(freed!, 3, 'active', 0, { plan: 'free' })
    await happens(lapsed!, 3, 'past_due', 0)
    await happens(lapsed!, 3, 'expired', 0, { hour: 11 })
    // Not a trial any more.
    await happens(old!, 3, 'expired', 0)
    await rollUntil(3)
    const rows = (await figures()).filter(({ day, plan }) => day === on(3) && plan === '')
    const counted = Object.fromEntries(
      rows.filter(({ metric }) => /^(trials|clinics)_/.test(metric)).map(({ metric, value }) => [metric, value]),
    )
    expect(counted).toEqual({ clinics_won: 1, clinics_lost: 1, trials_freed: 1, trials_lapsed: 1 })
    expect(sum(await figures(), ({ metric }) => metric === 'trials_started')).toBe(4)
  })

  it('that is closed stays closed: what is entered under its date later is told on the next', async () => {
    const clinic = await makeClinic()
    await happens(clinic, 0, 'trialing', 0)
    await enters(clinic, 0, 'payment', -500)
    await rollUntil(0)
    await enters(clinic, 0, 'payment', -70)
    await rollUntil(2)
    const told = (await figures()).filter(({ metric }) => metric === 'money_payment')
    expect(told.map(({ day, country, value }) => [day, country, value])).toEqual([
      [on(0), 'PK', -500],
      [on(1), 'ZZ', -70],
    ])
  })

  it('names each movement of recurring revenue, by what was paid when it began and when it ended', async () => {
    const [fresh, up, down, lost, back] = await Promise.all([1, 2, 3, 4, 5].map(() => makeClinic()))
    for (const clinic of [up!, down!, lost!, back!]) await happens(clinic, 0, 'active', 1000)
    await happens(back!, 1, 'expired', 0)
    await happens(fresh!, 2, 'active', 300)
    await happens(up!, 2, 'active', 1500)
    await happens(up!, 2, 'active', 1700, { hour: 18 })
    await happens(down!, 2, 'active', 400)
    await happens(lost!, 2, 'expired', 0)
    await happens(back!, 2, 'active', 900)
    await rollUntil(2)
    const moved = (await figures()).filter((row) => row.day === on(2) && isMovement(row))
    expect(Object.fromEntries(moved.map(({ metric, value }) => [metric, value]))).toEqual({
      mrr_new: 300,
      mrr_expansion: 700,
      mrr_contraction: -600,
      mrr_churn: -1000,
      mrr_reactivation: 900,
    })
  })

  it('counts what clinics did by country and plan where there are enough of them, and together where not', async () => {
    const many = await Promise.all([1, 2, 3, 4, 5].map(() => makeClinic('PK', 'PKR', 'solo')))
    const few = await Promise.all(['EG', 'EG', 'GB', 'US', 'KW'].map((country) => makeClinic(country, 'USD')))
    for (const clinic of [...many, ...few]) {
      await happens(clinic, 0, 'active', 100)
      await counts(clinic, 1, 'bookings', 10)
      await counts(clinic, 1, 'bookings_online', 4)
    }
    await rollUntil(1)
    const deeds = (await figures()).filter(
      ({ day, metric }) => day === on(1) && /^(deed|used)_bookings_desk$/.test(metric),
    )
    expect(deeds.map(({ metric, country, plan, value }) => [metric, country, plan, value])).toEqual([
      ['deed_bookings_desk', 'PK', 'solo', 30],
      ['deed_bookings_desk', 'ZZ', 'clinic', 30],
      ['used_bookings_desk', 'PK', 'solo', 5],
      ['used_bookings_desk', 'ZZ', 'clinic', 5],
    ])
  })

  it('never names a clinic', async () => {
    const columns = await app.superuser<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = 'platform.daily_figures'::regclass and attnum > 0 order by attnum`,
    )
    expect(columns.map(({ name }) => name)).toEqual(['day', 'metric', 'country', 'plan', 'currency', 'value'])
  })
})

type Deed =
  | { kind: 'event'; clinic: number; status: Status; mrr: number }
  | {
      kind: 'entry'
      clinic: number
      entry: 'charge' | 'payment' | 'refund' | 'credit' | 'correction'
      amount: number
      late: number
    }
  | { kind: 'count'; clinic: number; metric: 'bookings' | 'fulfilled' | 'noshow'; count: number }
  | { kind: 'roll' }
  | { kind: 'purge'; clinic: number }
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('event' as const), clinic: fc.nat(4), status: fc.constantFrom<Status>('active', 'past_due', 'expired'), mrr: fc.constantFrom(0, 0, 250, 600, 1800) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('entry' as const), clinic: fc.nat(4), entry: fc.constantFrom('charge' as const, 'payment' as const, 'refund' as const, 'credit' as const, 'correction' as const), amount: fc.integer({ min: 0, max: 5000 }), late: fc.constantFrom(0, 0, 0, 1, 5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('count' as const), clinic: fc.nat(4), metric: fc.constantFrom('bookings' as const, 'fulfilled' as const, 'noshow' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'roll' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge' as const), clinic: fc.nat(4) }) },
) // prettier-ignore

describe('whatever happens, in whatever order', () => {
  it('movements add up to the change of revenue, the days to the books, and a day once told stays told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(deed, { maxLength: 5 }), { minLength: 2, maxLength: 9 }), async (days) => {
        await empty()
        const places: [string, string][] = [['PK', 'PKR'], ['PK', 'PKR'], ['EG', 'EGP'], ['GB', 'USD'], ['US', 'USD']] // prettier-ignore
        const clinics: (Made | undefined)[] = await Promise.all(
          places.map(([country, currency]) => makeClinic(country, currency)),
        )
        for (const clinic of clinics) await happens(clinic!, 0, 'trialing', 0, { hour: 0 })
        const counted = new Map<string, number>()
        let told: Row[] = []
        const tell = async (day: number) => {
          await rollUntil(day)
          const now = await figures()
          // Everything told before is there unchanged, and telling it again adds nothing.
          expect(now.filter((row) => told.some((one) => one.day === row.day))).toEqual(told)
          expect(await rollUntil(day)).toBe(0)
          expect(await figures()).toEqual(now)
          told = now
        }
        for (const [day, deeds] of days.entries()) {
          for (const [hour, one] of deeds.entries()) {
            if (one.kind === 'roll') {
              if (day > 0) await tell(day - 1)
              continue
            }
            const clinic = clinics[one.clinic]
            if (!clinic) continue
            if (one.kind === 'event') await happens(clinic, day, one.status, one.mrr, { hour: hour + 1 })
            if (one.kind === 'purge') {
              await app.superuser('delete from platform.clinics where id = $1', [clinic.id])
              clinics[one.clinic] = undefined
              const gone = `${one.clinic}`
              for (const key of counted.keys()) if (key.startsWith(gone)) counted.delete(key)
            }
            if (one.kind === 'count') {
              const key = `${one.clinic} ${day} ${one.metric}`
              if (counted.has(key)) continue
              await counts(clinic, day, one.metric, one.count)
              counted.set(key, one.count)
            }
            if (one.kind === 'entry') {
              const sign = one.entry === 'payment' || one.entry === 'credit' ? -1 : 1
              await enters(clinic, Math.max(0, day - one.late), one.entry, sign * one.amount)
            }
          }
        }
        // Once more after the last, for what was entered late.
        await tell(days.length)

        const rows = await figures()
        const dates = [
          ...new Set(
            (await app.superuser<{ day: string }>('select day::text from platform.figure_days order by 1')).map(
              ({ day }) => day,
            ),
          ),
        ]
        expect(dates).toHaveLength(days.length + 1)
        for (const currency of ['PKR', 'EGP', 'USD']) {
          const revenue = (day: string) =>
            sum(rows, (row) => row.metric === 'mrr' && row.day === day && row.currency === currency)
          for (const [i, from] of dates.entries()) {
            for (const to of dates.slice(i + 1)) {
              const moved = sum(
                rows,
                (row) => isMovement(row) && row.currency === currency && row.day > from && row.day <= to,
              )
              expect(moved).toBe(revenue(to) - revenue(from))
            }
          }
          const standing = clinics
            .filter((clinic) => clinic?.currency === currency)
            .reduce((total, clinic) => total + clinic!.mrr, 0)
          expect(revenue(dates.at(-1)!)).toBe(standing)
        }
        const books = await app.superuser<{ kind: string; currency: string; total: string }>(
          'select kind, currency, sum(amount_minor)::text as total from platform.ledger_entries group by 1, 2',
        )
        for (const { kind, currency, total } of books) {
          expect(sum(rows, (row) => row.metric === `money_${kind}` && row.currency === currency)).toBe(Number(total))
        }
        // Nothing that was counted at clinics still there is lost.
        const deeds = sum(rows, ({ metric }) => /^deed_(bookings|fulfilled|noshow)$/.test(metric))
        expect(deeds).toBeGreaterThanOrEqual([...counted.values()].reduce((a, b) => a + b, 0))
      }),
      { numRuns: 12 },
    )
  }, 120_000)
})
