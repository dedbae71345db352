// Half a year of the service itself, for the console and its analytics: clinics beside the three of the tour, opened one
// after the other with a trial, then paying, growing, leaving. Invented, like everything in the demo, but not the
// figures: those are added up by the product from what is entered here, as they would be for real clinics.
import type { Knex } from 'knex'
import { openClinic } from '../src/features/clinics/actions.ts'
import { currencyOf, zoneOf } from '../src/features/clinics/rules/countries.ts'
import { rollAnalytics } from '../src/features/analytics/actions.ts'
import {
  findSubscription,
  insertEvent,
  updateStanding,
  updateSubscription,
} from '../src/features/subscription/queries.ts'
import { findPlan, getMarket, listPrices, type Market } from '../src/features/subscription/queries/plans.ts'
import { standingOf, type Status } from '../src/features/subscription/rules/life.ts'
import { monthly, periodEnd, taxOn, type Interval } from '../src/features/subscription/rules/prices.ts'
import { newId, type ClinicId, type UserId } from '../src/kernel/ids.ts'
import type { Instant, PlainDate } from '../src/kernel/time.ts'
import { changes, rows } from '../src/platform/db/rows.ts'
import type { Services } from '../src/platform/services.ts'
import { seedPrivacy } from './privacy.ts'
import { chance, type Chance } from './chance.ts'
import { seedClinics } from './clinics.ts'
import { seedSubscription } from './subscriptions.ts'

const historyDays = 200

const places: [country: string, language: string, cities: string[], names: string[]][] = [
  ['PK', 'ur', ['Lahore', 'Karachi', 'Multan', 'Peshawar', 'Quetta'], ['Rahat', 'Sehat', 'Al-Khair', 'Hamdard', 'Sukoon', 'Umeed']],
  ['EG', 'ar', ['Cairo', 'Alexandria', 'Tanta'], ['Al-Shifa', 'Al-Hayat', 'Al-Amal', 'Delta', 'Al-Salam']],
  ['GB', 'en', ['Leeds', 'Bristol', 'Oxford'], ['Riverside', 'Park Street', 'Oak Lane', 'Harbour']],
  ['AE', 'ar', ['Dubai', 'Sharjah'], ['Al-Wasl', 'Marina', 'Al-Barsha']],
  ['SA', 'ar', ['Riyadh', 'Jeddah'], ['Al-Nakheel', 'Al-Rawdah', 'Al-Manar']],
] // prettier-ignore
const howMany = [26, 14, 9, 6, 3]

type Life = { id: ClinicId; country: string; opened: number; days: number }

export async function seedService(services: Services, passwordHash: string): Promise<void> {
  const { db, clock } = services
  const [known] = await rows<{ id: string }>(db, `select id from platform.clinics where slug like 'rahat-%' limit 1`)
  if (known) return
  const today = clock.now()
  const midnight = today.toZonedDateTimeISO('UTC').startOfDay().toInstant()
  const daysAgo = (days: number, hour = 9) => midnight.subtract({ hours: days * 24 - hour })
  for (const { slug } of seedClinics) {
    const found = await services.clinics.bySlug(slug)
    if (!found) continue
    await seedSubscription(services, found)
    await countOwnVisits(services, found.id)
    await seedPrivacy(services, found)
  }
  for (const [at, [country, language, cities, names]] of places.entries()) {
    for (let number = 0; number < (howMany[at] ?? 0); number++) {
      const dice = chance(`${country} ${number}`)
      const opened = historyDays - Math.floor(((number + dice.next()) / (howMany[at] ?? 1)) * (historyDays - 4))
      const city = dice.pick(cities)
      const name = `${dice.pick(names)} Clinic ${city}`
      const slug = `${name.toLowerCase().replace(/[^a-z]+/g, '-')}-${number}`
      const past = { ...services, clock: { ...services.clock, now: () => daysAgo(opened) } }
      const facts = { name, city, country, zone: zoneOf(country), currency: currencyOf(country), language, slug }
      const id = await db.transaction(async (trx) => {
        const clinic = await openClinic(past, trx, { ...facts, specialty: 'general_practice' })
        await ownerOf(trx, clinic.id, slug, language, passwordHash, daysAgo(opened))
        // Retention has been here all the time: it is not late at the first look.
        await changes(trx, 'insert into platform.retention_turns (clinic_id, done_at) values (?, ?)', [
          clinic.id,
          today.subtract({ hours: 12 }),
        ])
        return clinic.id
      })
      await live(services, { id, country, opened, days: 0 }, dice, daysAgo)
    }
  }
  await countMonth(services)
  await rollAnalytics(services)
}

/** What the plans' limits are held against: this month so far, as the days say it. */
async function countMonth({ db, clock }: Services): Promise<void> {
  await changes(
    db,
    `update platform.diaries d set usage_month = m.month, bookings_used = m.bookings, messages_used = m.messages
     from (select c.id, t.month, coalesce(sum(k.count) filter (where k.metric = 'bookings'), 0) as bookings,
         coalesce(sum(k.count) filter (where k.metric = 'messages'), 0) as messages
       from platform.clinics c
         cross join lateral (select date_trunc('month', ?::timestamptz at time zone c.time_zone)::date as month) t
         left join platform.daily_counts k on k.clinic_id = c.id and k.day >= t.month
       group by 1, 2) m
     where m.id = d.clinic_id`,
    [clock.now()],
  )
}

async function ownerOf(trx: Knex, clinicId: ClinicId, slug: string, language: string, hash: string, at: Instant) {
  const userId = newId<'user'>() satisfies UserId
  await changes(
    trx,
    `insert into platform.users (id, email, name, password_hash, language, created_at) values (?, ?, ?, ?, ?, ?)`,
    [userId, `owner@${slug}.test`, `Owner of ${slug}`, hash, language, at],
  )
  await changes(
    trx,
    `insert into platform.memberships (clinic_id, user_id, role, created_at) values (?, ?, 'owner', ?)`,
    [clinicId, userId, at],
  )
}

type State = {
  status: Status
  plan: string
  interval: Interval
  mrr: number
  since: Instant
  paidUntil: Instant | null
  firstPaidAt: Instant | null
}

/** Lets a clinic's subscription run from its opening until today: trial, first payment, changes, the end of some. */
async function live(
  services: Services,
  { id, country, opened }: Life,
  dice: Chance,
  daysAgo: (days: number, hour?: number) => Instant,
): Promise<void> {
  const { db } = services
  const market = await getMarket(db, country)
  const subscription = await findSubscription(db, id)
  if (!subscription) throw new Error('a clinic without a trial')
  const zone = zoneOf(country)
  const prices = await listPrices(db, market.country)
  const price = async (code: string, interval: Interval) => {
    const plan = await findPlan(db, code)
    return prices.find((one) => one.planId === plan?.id && one.interval === interval)?.netMinor ?? 0
  }
  const state: State = {
    status: 'trialing',
    plan: 'clinic',
    interval: 'month',
    mrr: 0,
    since: subscription.statusSince,
    paidUntil: subscription.periodEnd,
    firstPaidAt: null,
  }
  const turn = async (at: Instant, kind: string, to: Partial<State>) => {
    const after = { ...state, ...to }
    await insertEvent(db, {
      clinicId: id,
      at,
      kind,
      fromStatus: state.status,
      toStatus: after.status,
      fromPlan: state.plan,
      toPlan: after.plan,
      mrrBeforeMinor: state.mrr,
      mrrAfterMinor: after.mrr,
      currency: market.currency,
      country,
      actorKind: 'system',
      actorId: null,
      reason: null,
    })
    Object.assign(state, after, after.status === state.status ? {} : { since: at })
  }
  const pay = async (at: Instant, kind: string) => {
    const net = await price(state.plan, state.interval)
    await enter(db, id, market, net, at)
    const paidUntil = periodEnd(at, state.interval, subscription.billingDay, zone)
    await turn(at, kind, {
      status: 'active',
      mrr: monthly(net, state.interval),
      paidUntil,
      firstPaidAt: state.firstPaidAt ?? at,
    })
  }
  const size = 0.4 + dice.next() * 1.4
  const start = Math.min(opened, 30)
  for (let day = opened; day >= 0; day--) {
    const at = daysAgo(day, 8 + dice.upTo(9))
    const age = opened - day
    await countDay(db, id, at, size * (0.5 + Math.min(1, age / 60)), state.status, dice)
    if (day === 0) break
    if (state.status === 'trialing' && age === start) {
      const luck = dice.next()
      if (luck < 0.62) {
        state.plan = dice.pick(['solo', 'solo', 'clinic', 'clinic', 'group'])
        state.interval = dice.next() < 0.2 ? 'year' : 'month'
        await pay(at, 'paid')
      } else if (luck < 0.78) await turn(at, 'freed', { status: 'active', plan: 'free', mrr: 0, paidUntil: null })
      else await turn(at, 'period_ended', { status: 'past_due', mrr: 0 })
    } else if (
      state.status === 'active' &&
      state.mrr > 0 &&
      state.paidUntil &&
      at.epochMilliseconds >= state.paidUntil.epochMilliseconds
    ) {
      if (dice.next() < 0.93) await pay(at, 'renewed')
      else await turn(at, 'period_ended', { status: 'past_due' })
    } else if (state.status === 'past_due' && at.since(state.since).total('hours') >= 7 * 24) {
      if (state.mrr > 0 && dice.next() < 0.4) await pay(at, 'paid')
      else await turn(at, 'grace_ended', { status: 'expired', mrr: 0 })
    } else if (state.status === 'expired' && age % 9 === 0 && dice.next() < 0.12) {
      await pay(at, 'reactivated')
    } else if (state.status === 'expired' && at.since(state.since).total('hours') >= 30 * 24) {
      await turn(at, 'window_ended', { status: 'purge_scheduled', mrr: 0 })
    } else if (state.mrr > 0 && dice.next() < 0.004) {
      const plan = dice.pick(['solo', 'clinic', 'group'])
      const mrr = monthly(await price(plan, state.interval), state.interval)
      if (plan !== state.plan) await turn(at, mrr > state.mrr ? 'upgraded' : 'downgraded', { plan, mrr })
    }
  }
  const plan = await findPlan(db, state.plan)
  if (!plan) throw new Error(`no plan ${state.plan}`)
  await db.transaction(async (trx) => {
    await updateSubscription(trx, {
      ...subscription,
      planId: plan.id,
      status: state.status,
      statusSince: state.since,
      interval: state.interval,
      netMinor: await price(state.plan, state.interval),
      periodStart: state.since,
      periodEnd: state.paidUntil,
      firstPaidAt: state.firstPaidAt,
      nextStepAt: services.clock.now(),
    })
    await updateStanding(trx, id, standingOf(state.status, false), plan)
  })
}

/** A charge and the payment of it. */
async function enter(db: Knex, clinicId: ClinicId, market: Market, net: number, at: Instant): Promise<void> {
  const tax = taxOn(net, market.taxRateBp)
  const entry = async (kind: string, amount: number, taxMinor: number) =>
    changes(
      db,
      `insert into platform.ledger_entries (id, issuer_id, clinic_id, at, kind, amount_minor, tax_minor, currency, reason, actor_kind)
       values (?, ?, ?, ?, ?, ?, ?, ?, 'demo', 'system')`,
      [newId(), market.issuerId, clinicId, at, kind, amount, taxMinor, market.currency],
    )
  await entry('charge', net + tax, tax)
  await entry('payment', -(net + tax), 0)
}

/** What a clinic did on a day; less on Fridays and Sundays, nothing once it may only be read. */
async function countDay(
  db: Knex,
  id: ClinicId,
  at: Instant,
  size: number,
  status: Status,
  dice: Chance,
): Promise<void> {
  if (status === 'expired' || status === 'purge_scheduled') return
  const day = at.toZonedDateTimeISO('UTC').toPlainDate()
  const busy = size * (day.dayOfWeek === 7 ? 0.3 : day.dayOfWeek === 5 ? 0.6 : 1)
  const some = (mean: number) => Math.max(0, Math.round(mean * busy * (0.6 + dice.next() * 0.8)))
  const [online, desk, reminded, plain] = [some(9), some(7), some(9), some(4)]
  const [missedReminded, missedPlain] = [Math.round(reminded * 0.07 * (0.5 + dice.next())), Math.round(plain * 0.17 * (0.5 + dice.next()))] // prettier-ignore
  await writeCounts(db, id, day, {
    bookings: online + desk,
    bookings_online: online,
    messages: 2 * online + desk + reminded,
    messages_failed: dice.upTo(8) === 0 ? 1 + dice.upTo(3) : 0,
    cancelled: some(1.4),
    moved: some(1.1),
    fulfilled: reminded + plain - missedReminded - missedPlain,
    fulfilled_reminded: reminded - missedReminded,
    noshow: missedReminded + missedPlain,
    noshow_reminded: missedReminded,
  })
}

async function writeCounts(db: Knex, id: ClinicId, day: PlainDate, counts: Record<string, number>) {
  const some = Object.entries(counts).filter(([, count]) => count > 0)
  await changes(
    db,
    `insert into platform.daily_counts (clinic_id, day, metric, count)
     select ?::uuid, ?::date, * from unnest(?::text[], ?::bigint[]) on conflict (clinic_id, day, metric) do nothing`,
    [id, day, some.map(([metric]) => metric), some.map(([, count]) => count)],
  )
}

/** The three clinics of the tour have a past of their own: what their diaries and messages say is counted. */
async function countOwnVisits(services: Services, id: ClinicId): Promise<void> {
  const clinic = await services.clinics.byId(id)
  if (!clinic) return
  const counted = await services.inClinic(clinic, { kind: 'system', job: 'demo' }, { requestId: 'demo' }, ({ db }) =>
    rows<{ day: PlainDate; metric: string; count: number }>(
      db,
      `with visits as (
         select a.*, exists (select from clinic.messages m where m.clinic_id = a.clinic_id and m.appointment_id = a.id
           and m.kind in ('reminder_24h', 'reminder_2h') and m.status in ('accepted', 'sent', 'delivered', 'read')) as reminded
         from clinic.appointments a where a.clinic_id = ? and a.status <> 'pending'),
       deeds as (
         select booked_at as at, 'bookings' as metric from visits
         union all select booked_at, 'bookings_online' from visits where source = 'online'
         union all select cancelled_at, 'cancelled' from visits where status = 'cancelled'
         union all select fulfilled_at, 'fulfilled' from visits where status = 'fulfilled'
         union all select fulfilled_at, 'fulfilled_reminded' from visits where status = 'fulfilled' and reminded
         union all select noshow_at, 'noshow' from visits where status = 'noshow'
         union all select noshow_at, 'noshow_reminded' from visits where status = 'noshow' and reminded
         union all select accepted_at, 'messages' from clinic.messages where clinic_id = ? and channel = 'whatsapp'
         union all select failed_at, 'messages_failed' from clinic.messages where clinic_id = ? and status = 'failed')
       select (at at time zone ?)::date as day, metric, count(*) as count from deeds
       where at is not null group by 1, 2`,
      [id, id, id, clinic.zone],
    ),
  )
  for (const { day, metric, count } of counted) await writeCounts(services.db, id, day, { [metric]: count })
}
