// Who is told when the service is in trouble, and how often: once when it begins, once a day while it lasts, once when it
// is over. Processes agree by the rows of platform.alarms, so that neither a second process nor a restart repeats it.
// With no address, or with mail itself in trouble, alarms still show in the log and on /metrics.
import type { Knex } from 'knex'
import type { Instant } from '../../kernel/time.ts'
import type { Trouble } from '../cron.ts'
import type { Database } from '../db/connect.ts'
import { changes, rows } from '../db/rows.ts'
import type { Translate } from '../i18n/translate.ts'
import { queueMail } from '../mails.ts'
import type { Services } from '../services.ts'
import { checkNames, listChecks, type StatusLine } from '../status.ts'
import { listJobTroubles, type KnownJob } from './job-troubles.ts'

export type Alarm = Trouble & {
  since: Instant
  toldAt: Instant | null
  calmSince: Instant | null
}

const againHours = 24
/** What comes and goes is one trouble: it is over when it has been for some minutes. */
const calmMinutes = 5
/**
 * Wrong passwords at all accounts together, by the quarter of an hour: twenty times what was usual in the last week, and
 * a hundred at least. A forgetful person makes three.
 */
const signInFailures = { least: 100, timesUsual: 20, minutes: 15, usualDays: 7 }

/** Looks what is wrong, remembers it, and queues the mail that is due about it, all in one transaction. */
export async function runAlarms(services: Services, jobs: readonly KnownJob[]): Promise<void> {
  const { db, clock } = services
  const now = clock.now()
  const troubles = await listTroubles(db, jobs, now)
  await db.transaction(async (trx) => {
    // One process at a time decides; the others then see what it decided.
    await rows(trx, `select pg_advisory_xact_lock(hashtext('nabz.alarms'))`)
    const known = await listAlarms(trx)
    for (const step of decide(troubles, known, now)) await take(services, trx, step, now)
  })
}

/** What is wrong by the latest checks, the jobs' own word and record, and the audit log. */
export async function listTroubles(db: Database, jobs: readonly KnownJob[], now: Instant): Promise<Trouble[]> {
  const quarter = now.subtract({ minutes: signInFailures.minutes })
  const [checks, jobTroubles, own, [refused]] = await Promise.all([
    listChecks(db, checkNames, now.subtract({ hours: 1 }), now),
    listJobTroubles(db, jobs, now),
    Promise.all(jobs.map(async (job) => (await job.troubles?.()) ?? [])),
    rows<{ count: number; week: number }>(
      db,
      `select count(*) filter (where at > ?) as count, count(*) filter (where at <= ?) as week
       from platform.audit_entries where at > ? and action = 'account.sign_in_refused'`,
      [quarter, quarter, now.subtract({ hours: 24 * signInFailures.usualDays })],
    ),
  ])
  const attempts = refused?.count ?? 0
  const quarters = (signInFailures.usualDays * 24 * 60) / signInFailures.minutes - 1
  const usual = (refused?.week ?? 0) / quarters
  const most = Math.max(signInFailures.least, signInFailures.timesUsual * usual)
  return [
    ...checks.filter(isAlarming).map(({ name, code, value }) => ({ name, code, value })),
    ...jobTroubles.map(({ job, code, value }) => ({ name: `job.${job}`, code, value })),
    ...own.flat(),
    ...(attempts >= most ? [{ name: 'sign_ins', code: 'many', value: attempts }] : []),
  ]
}

/**
 * A queue or an answer that is merely slow is not worth a mail; a disk that fills, a backup that is late and clocks that
 * disagree only get worse. The check of the jobs is left to the alarm of each job, which names it.
 */
function isAlarming({ name, state, fresh }: StatusLine): boolean {
  if (!fresh || name === 'jobs') return false
  return state === 'down' || (state === 'degraded' && ['disk', 'backup'].includes(name))
}

export type Step = { kind: 'begins' | 'lasts' | 'calms' | 'over' | 'stays'; alarm: Alarm }

/** What changes about the alarms. Pure: the tables of cases are in the tests. */
export function decide(troubles: readonly Trouble[], known: readonly Alarm[], now: Instant): Step[] {
  const before = new Map(known.map((alarm) => [alarm.name, alarm]))
  const present = new Set(troubles.map(({ name }) => name))
  const steps = troubles.map((trouble): Step => {
    const alarm = before.get(trouble.name)
    if (!alarm) return { kind: 'begins', alarm: { ...trouble, since: now, toldAt: now, calmSince: null } }
    const again =
      alarm.toldAt === null || alarm.toldAt.epochMilliseconds <= now.subtract({ hours: againHours }).epochMilliseconds
    const lasting = { ...alarm, ...trouble, calmSince: null }
    return again ? { kind: 'lasts', alarm: { ...lasting, toldAt: now } } : { kind: 'stays', alarm: lasting }
  })
  for (const alarm of known.filter(({ name }) => !present.has(name))) {
    if (alarm.calmSince === null) steps.push({ kind: 'calms', alarm: { ...alarm, calmSince: now } })
    else if (alarm.calmSince.epochMilliseconds <= now.subtract({ minutes: calmMinutes }).epochMilliseconds) {
      steps.push({ kind: 'over', alarm })
    }
  }
  return steps
}

async function take(services: Services, trx: Knex.Transaction, { kind, alarm }: Step, now: Instant): Promise<void> {
  if (kind === 'over') await updateOver(trx, alarm.name, now)
  else await upsertAlarm(trx, alarm)
  if (kind === 'stays' || kind === 'calms') return
  const { log, config, keys, speakers } = services
  log.warn(`alarm.${kind}`, { code: `${alarm.name} ${alarm.code}` })
  const { t } = speakers('en', { country: 'GB', zone: 'UTC' })
  for (const to of config.alarmMail) {
    await queueMail(trx, keys.platform, {
      kind: 'alarm',
      to,
      ...alarmMail(t, kind, alarm, now, config.baseUrl),
      now,
      // After that the next day's mail says it better.
      expiresAt: now.add({ hours: againHours }),
    })
  }
}

/** The words of a mail: what is wrong, since when, where to look. For the operator, so in English. */
function alarmMail(t: Translate, kind: 'begins' | 'lasts' | 'over', alarm: Alarm, now: Instant, baseUrl: string) {
  const [prefix, ...rest] = alarm.name.split('.')
  const about = rest.join('.')
  const what = t(`health.alarm.${prefix}_${alarm.code}`, { job: about, rule: about, value: alarm.value ?? 0 })
  const at = (instant: Instant) => instant.toString({ smallestUnit: 'minute' }).replace('T', ' ').replace('Z', ' UTC')
  return {
    subject: t(`health.mail.${kind}.subject`, { what }),
    text: t(`health.mail.${kind}.text`, { what, since: at(alarm.since), now: at(now), link: `${baseUrl}/admin` }),
  }
}

const columns = `name, since, code, value, told_at as "toldAt", calm_since as "calmSince"`

async function listAlarms(db: Knex): Promise<Alarm[]> {
  return rows<Alarm>(db, 'select ' + columns + ' from platform.alarms where over_at is null order by name')
}

/** Whether one alarm is on, for what is stricter in the meantime. */
export async function isAlarmOn(db: Knex, name: string): Promise<boolean> {
  return (await rows(db, 'select 1 from platform.alarms where name = ? and over_at is null', [name])).length > 0
}

/** The alarms that are on, for the console and /metrics. */
export const listActiveAlarms = (db: Database): Promise<Alarm[]> => listAlarms(db)

async function upsertAlarm(db: Knex, { name, since, code, value, toldAt, calmSince }: Alarm): Promise<void> {
  await changes(
    db,
    `insert into platform.alarms (name, since, code, value, told_at, calm_since) values (?, ?, ?, ?, ?, ?)
     on conflict (name) do update set since = excluded.since, code = excluded.code, value = excluded.value,
       told_at = excluded.told_at, calm_since = excluded.calm_since, over_at = null`,
    [name, since, code, value, toldAt, calmSince],
  )
}

async function updateOver(db: Knex, name: string, now: Instant): Promise<void> {
  await changes(db, 'update platform.alarms set over_at = ? where name = ?', [now, name])
}
