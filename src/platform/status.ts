// How the service itself is: what the last checks found, and how they went hour by hour. `health/` looks every minute
// and writes; the public status page and the console read.
import type { Knex } from 'knex'
import { Temporal, type Instant } from '../kernel/time.ts'
import { changes, rows } from './db/rows.ts'

/** What is looked at. The first four are what people outside notice, and are shown to them. */
export const publicChecks = ['website', 'whatsapp', 'mail', 'jobs'] as const
export const checkNames = [...publicChecks, 'disk', 'backup', 'clock'] as const
export type CheckName = (typeof checkNames)[number]
export type CheckState = 'ok' | 'degraded' | 'down'

export type CheckResult = {
  name: CheckName
  state: CheckState
  /** Why, as a code: '' when all is well. */
  code: string
  /** The number it was decided by: seconds of lag, free percent, hours of age. */
  value?: number
}

/** Minutes of one hour by what was found. Fewer than 60 in all means that nobody looked: the service was not running. */
export type StatusHour = { hour: Instant; ok: number; degraded: number; down: number }

export type StatusLine = {
  name: CheckName
  state: CheckState
  code: string
  value: number | null
  checkedAt: Instant
  /** False when nobody has looked for five minutes: `state` is then how it was, not how it is. */
  fresh: boolean
  /** Oldest first. Hours in which nobody looked at all are missing. */
  hours: StatusHour[]
}

const freshMinutes = 5

/** These checks with their hours since `since`, in a fixed order; a check that was never made is left out. One query. */
export async function listChecks(
  db: Knex,
  names: readonly CheckName[],
  since: Instant,
  now: Instant,
): Promise<StatusLine[]> {
  type Row = StatusHour & Pick<StatusLine, 'name' | 'state' | 'code' | 'value' | 'checkedAt'>
  const found = await rows<Row>(
    db,
    `select check_name as name, hour, ok, degraded, down, state, code, value, checked_at as "checkedAt"
     from platform.status_checks where check_name = any(?) and hour >= ? order by check_name, hour`,
    [names, startOfHour(since)],
  )
  const oldestFresh = now.subtract({ minutes: freshMinutes })
  return names.flatMap((name): StatusLine[] => {
    const own = found.filter((row) => row.name === name)
    const last = own.at(-1)
    if (!last) return []
    const { state, code, value, checkedAt } = last
    return [
      {
        name,
        state,
        code,
        value,
        checkedAt,
        fresh: Temporal.Instant.compare(checkedAt, oldestFresh) >= 0,
        hours: own.map(({ hour, ok, degraded, down }) => ({ hour, ok, degraded, down })),
      },
    ]
  })
}

/** Counts what was found in this minute. Another process that looked in the same minute has counted it already. */
export async function recordChecks(db: Knex, results: readonly CheckResult[], now: Instant): Promise<void> {
  if (results.length === 0) return
  const minute = Temporal.Instant.fromEpochMilliseconds(Math.floor(now.epochMilliseconds / 60_000) * 60_000)
  const is = (state: CheckState) => results.map((result) => (result.state === state ? 1 : 0))
  await changes(
    db,
    `insert into platform.status_checks as s (check_name, hour, ok, degraded, down, state, code, value, checked_at)
     select name, ?::timestamptz, ok, degraded, down, state, code, nullif(value, '')::bigint, ?::timestamptz
     from unnest(?::text[], ?::int[], ?::int[], ?::int[], ?::text[], ?::text[], ?::text[])
       as t (name, ok, degraded, down, state, code, value)
     order by name
     on conflict (check_name, hour) do update set ok = s.ok + excluded.ok, degraded = s.degraded + excluded.degraded,
       down = s.down + excluded.down, state = excluded.state, code = excluded.code, value = excluded.value,
       checked_at = excluded.checked_at
     where s.checked_at < excluded.checked_at`,
    [
      startOfHour(now),
      minute,
      results.map(({ name }) => name),
      is('ok'),
      is('degraded'),
      is('down'),
      results.map(({ state }) => state),
      results.map(({ code }) => code),
      results.map(({ value }) => (value === undefined ? '' : String(Math.round(value)))),
    ],
  )
}

/** How long the hours are kept. */
export const statusDays = 30

/** Removes the hours that are older than `statusDays`. Answers how many. */
export async function removeOldChecks(db: Knex, now: Instant): Promise<number> {
  return changes(db, 'delete from platform.status_checks where hour < ?', [now.subtract({ hours: statusDays * 24 })])
}

function startOfHour(instant: Instant): Instant {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(instant.epochMilliseconds / 3_600_000) * 3_600_000)
}
