// What a day's figures are made of. Read in one transaction, by a job: some of this looks at every clinic.
import type { Knex } from 'knex'
import type { Instant, PlainDate } from '../../../kernel/time.ts'
import type { Database } from '../../../platform/db/connect.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Cell, Change, Figure } from '../rules/roll.ts'

/** One transaction; of several processes one at a time, and with more patience than a page has. */
export const inTurn = <T>(db: Database, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> =>
  db.transaction(async (trx) => {
    await rows(trx, `set local statement_timeout = '60s'`)
    await rows(trx, `set local lock_timeout = '60s'`)
    await rows(trx, `select pg_advisory_xact_lock(hashtext('nabz.analytics'))`)
    return work(trx)
  })

/** The last day that was added up, and the first there is anything about. */
export async function findRolledDays(db: Knex): Promise<{ last: PlainDate | undefined; first: PlainDate | undefined }> {
  const [days] = await rows<{ last: PlainDate | null; first: PlainDate | null }>(
    db,
    `select (select max(day) from platform.figure_days) as last, least(
       (select min(at at time zone 'UTC')::date from platform.subscription_events),
       (select min(at at time zone 'UTC')::date from platform.ledger_entries),
       (select min(day) from platform.daily_counts)) as first`,
  )
  return { last: days?.last ?? undefined, first: days?.first ?? undefined }
}

/** Marks a day as added up; false when it was already. */
export async function insertDay(trx: Knex, day: PlainDate, now: Instant): Promise<boolean> {
  const inserted = await changes(
    trx,
    'insert into platform.figure_days (day, rolled_at) values (?, ?) on conflict (day) do nothing',
    [day, now],
  )
  return inserted > 0
}

export async function insertFigures(trx: Knex, day: PlainDate, figures: readonly Figure[]): Promise<void> {
  if (figures.length === 0) return
  await changes(
    trx,
    `insert into platform.daily_figures (day, metric, country, plan, currency, value)
     select ?::date, * from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[])`,
    [
      day,
      figures.map(({ metric }) => metric),
      figures.map(({ country }) => country),
      figures.map(({ plan }) => plan),
      figures.map(({ currency }) => currency),
      figures.map(({ value }) => value),
    ],
  )
}

/**
 * How clinics stood at the end of a day, told by what was recorded of each until then. A clinic older than such records
 * stood as its first record says it had been standing, or as it stands now.
 */
const standing = `
  select c.id, c.country, coalesce(u.status, l.status, s.status) as status, coalesce(u.plan, l.plan, p.code) as plan,
    coalesce(u.mrr, l.mrr, 0) as mrr, coalesce(u.currency, l.currency, s.currency) as currency
  from platform.clinics c
  join platform.subscriptions s on s.clinic_id = c.id
  join platform.plans p on p.id = s.plan_id
  left join lateral (
    select (array_agg(e.to_status order by e.at desc, e.id desc) filter (where e.to_status is not null))[1] as status,
      (array_agg(e.to_plan order by e.at desc, e.id desc) filter (where e.to_plan is not null))[1] as plan,
      (array_agg(e.mrr_after_minor order by e.at desc, e.id desc))[1] as mrr,
      (array_agg(e.currency order by e.at desc, e.id desc))[1] as currency
    from platform.subscription_events e where e.clinic_id = c.id and e.at < ?) u on true
  left join lateral (
    select e.from_status as status, e.from_plan as plan, e.mrr_before_minor as mrr, e.currency
    from platform.subscription_events e where e.clinic_id = c.id and e.at >= ? order by e.at, e.id limit 1) l on true
  where s.created_at < ?`

export type Standing = Cell & { status: string; currency: string; paying: number; mrr: number }

/** Clinics by country, plan, status and currency at the end of a day, with what those who pay pay a month. */
export async function listStandings(trx: Knex, end: Instant): Promise<Standing[]> {
  return rows<Standing>(
    trx,
    'select country, plan, status, currency, count(*) as clinics, count(*) filter (where mrr > 0) as paying,' +
      ' coalesce(sum(mrr), 0)::bigint as mrr from (' +
      standing +
      ') as standing group by country, plan, status, currency',
    [end, end, end],
  )
}

/** What changed on a day about what clinics pay a month, one row a clinic and currency. */
export async function listChanges(trx: Knex, start: Instant, end: Instant): Promise<Change[]> {
  return rows<Change>(
    trx,
    `select e.country, e.currency, (array_agg(e.mrr_before_minor order by e.at, e.id))[1] as before,
       (array_agg(e.mrr_after_minor order by e.at desc, e.id desc))[1] as after,
       exists (select from platform.subscription_events f
         where f.clinic_id = e.clinic_id and f.at < ? and f.mrr_after_minor > 0) as "paidEver"
     from platform.subscription_events e where e.at >= ? and e.at < ?
     group by e.clinic_id, e.country, e.currency`,
    [start, start, end],
  )
}

/** Trials that began on a day, and those that ended on it without ever having paid: on the free plan, or not at all. */
export async function listTrials(trx: Knex, start: Instant, end: Instant): Promise<Figure[]> {
  return rows<Figure>(
    trx,
    `select metric, country, '' as plan, '' as currency, count(distinct clinic_id) as value from (
       select e.clinic_id, e.country, case
         when e.to_status = 'trialing' and e.from_status is null then 'trials_started'
         when e.to_status = 'active' and e.mrr_after_minor = 0 and e.from_status is distinct from 'active' then 'trials_freed'
         when e.to_status = 'expired' and e.from_status is distinct from 'expired' then 'trials_lapsed' end as metric,
         exists (select from platform.subscription_events f
           where f.clinic_id = e.clinic_id and f.at <= e.at and f.mrr_after_minor > 0) as paid
       from platform.subscription_events e where e.at >= ? and e.at < ?) as ended
     where metric is not null and (metric = 'trials_started' or not paid)
     group by metric, country`,
    [start, end],
  )
}

export type BookRow = { metric: string; country: string; currency: string; value: number }

/** What was entered into the books under a day's date. The books outlive clinics, whose country is then not known. */
export async function listEntered(trx: Knex, start: Instant, end: Instant): Promise<BookRow[]> {
  return rows<BookRow>(
    trx,
    `select 'money_' || l.kind as metric, coalesce(c.country, 'ZZ') as country, l.currency,
       sum(l.amount_minor)::bigint as value
     from platform.ledger_entries l left join platform.clinics c on c.id = l.clinic_id
     where l.at >= ? and l.at < ? group by 1, 2, 3`,
    [start, end],
  )
}

/** The books as a whole up to the end of a day, and what earlier days have told of them. */
export async function listBookTotals(trx: Knex, day: PlainDate, end: Instant) {
  type Total = Omit<BookRow, 'country'>
  const total = await rows<Total>(
    trx,
    `select 'money_' || kind as metric, currency, sum(amount_minor)::bigint as value
     from platform.ledger_entries where at < ? group by 1, 2`,
    [end],
  )
  const told = await rows<Total>(
    trx,
    `select metric, currency, sum(value)::bigint as value from platform.daily_figures
     where metric in ('money_charge', 'money_payment', 'money_refund', 'money_credit', 'money_correction') and day < ?
     group by metric, currency`,
    [day],
  )
  return { total, told }
}

/** Recurring revenue as the day before had it. */
export async function listRevenueBefore(trx: Knex, day: PlainDate): Promise<Figure[]> {
  return rows<Figure>(
    trx,
    `select metric, country, '' as plan, currency, sum(value)::bigint as value from platform.daily_figures
     where metric = 'mrr' and day = (select max(day) from platform.figure_days where day < ?)
     group by metric, country, currency`,
    [day],
  )
}

const usedDays = 7

/**
 * What happened at clinics on a day, and how many clinics did each thing at least once in the seven days up to it, by
 * country and plan. A day is the clinic's own.
 */
export async function listDeeds(trx: Knex, day: PlainDate, end: Instant): Promise<Figure[]> {
  return rows<Figure>(
    trx,
    'with standing as materialized (' +
      standing +
      `), counted as (
         select d.clinic_id, d.day, metric, count from platform.daily_counts d where d.day > ?::date - ${usedDays} and d.day <= ?::date
         union all
         select d.clinic_id, d.day, 'bookings_desk', sum(case metric when 'bookings' then count else -count end)
         from platform.daily_counts d where d.day > ?::date - ${usedDays} and d.day <= ?::date
           and metric in ('bookings', 'bookings_online') group by d.clinic_id, d.day),
       a_week as (
         select clinic_id, metric, sum(count) filter (where day = ?::date) as today, sum(count) as week
         from counted group by clinic_id, metric),
       lively as (select clinic_id, 'any' as metric, 0 as today, sum(week) as week from a_week group by clinic_id)
       select kind || metric as metric, country, plan, '' as currency, sum(value)::bigint as value
       from (select * from a_week union all select * from lively) as w
       join standing s on s.id = w.clinic_id
       cross join lateral (values ('deed_', w.today), ('used_', case when w.week > 0 then 1 else 0 end)) as v (kind, value)
       where value <> 0
       group by kind, metric, country, plan`,
    [end, end, end, day, day, day, day, day],
  )
}
