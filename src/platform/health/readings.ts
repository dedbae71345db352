// What /metrics tells besides what the process counted: the process itself, and the database asked at most every ten
// seconds, however often somebody scrapes.
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Instant } from '../../kernel/time.ts'
import { rows } from '../db/rows.ts'
import type { Family, Labels, Sample } from '../metrics.ts'
import type { Services } from '../services.ts'
import { checkNames, listChecks, type CheckState } from '../status.ts'
import { listActiveAlarms } from './alarms.ts'
import { readQueues } from './queues.ts'

const cachedSeconds = 10

export type Readings = { read(): Promise<Family[]> }

/**
 * The readings of this process. The delay of its event loop is that since the last `read`, so one scraper sees all of
 * it.
 */
export function createReadings(services: Services): Readings {
  const loop = monitorEventLoopDelay({ resolution: 20 })
  loop.enable()
  let cached: { at: number; families: Promise<Family[]> } | undefined
  const database = () => {
    const now = services.clock.now()
    const at = now.epochMilliseconds
    if (!cached || Math.abs(at - cached.at) >= cachedSeconds * 1000) {
      cached = { at, families: readDatabase(services, now) }
    }
    return cached.families
  }
  return {
    async read() {
      const process = readProcess(services, loop)
      loop.reset()
      try {
        return [...process, up(true), ...(await database())]
      } catch (error) {
        // An answer with what there is tells more than none.
        services.log.error('metrics.database_away', error)
        return [...process, up(false)]
      }
    },
  }
}

const up = (value: boolean) => gauge('nabz_database_up', 'Whether the database answered.', [{ value: value ? 1 : 0 }])

function gauge(name: string, help: string, samples: Sample[]): Family {
  return { name, type: 'gauge', help, samples }
}

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

function readProcess(services: Services, loop: ReturnType<typeof monitorEventLoopDelay>): Family[] {
  const cpu = process.cpuUsage()
  const memory = process.memoryUsage()
  // Nothing measured since the last time reads as not a number.
  const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0)
  const pools: [string, { used: number; free: number; waiting: number }][] = [
    ['app', knexPool(services.db)],
    ['jobs', knexPool(services.jobsDb)],
    [
      'sessions',
      {
        used: services.sessionPool.totalCount - services.sessionPool.idleCount,
        free: services.sessionPool.idleCount,
        waiting: services.sessionPool.waitingCount,
      },
    ],
  ]
  return [
    gauge('nabz_build_info', 'Which build answers.', [{ labels: { version, node: process.version }, value: 1 }]),
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Processor time of this process, user and system.',
      samples: [{ value: (cpu.user + cpu.system) / 1e6 }],
    },
    gauge('process_start_time_seconds', 'When this process began, in seconds since 1970.', [
      { value: Math.round(services.clock.now().epochMilliseconds / 1000 - process.uptime()) },
    ]),
    gauge('process_resident_memory_bytes', 'Memory of this process.', [{ value: memory.rss }]),
    gauge('nabz_heap_used_bytes', 'Of it, what JavaScript uses.', [{ value: memory.heapUsed }]),
    gauge('nabz_event_loop_delay_seconds', 'How late the event loop was since the last reading.', [
      { labels: { quantile: '0.5' }, value: seconds(loop.percentile(50)) },
      { labels: { quantile: '0.99' }, value: seconds(loop.percentile(99)) },
      { labels: { quantile: '1' }, value: seconds(loop.max) },
    ]),
    gauge(
      'nabz_database_connections',
      'Connections of this process by pool.',
      pools.flatMap(([pool, { used, free }]) => [
        { labels: { pool, state: 'used' }, value: used },
        { labels: { pool, state: 'free' }, value: free },
      ]),
    ),
    gauge(
      'nabz_database_waiting',
      'Those who wait for a connection.',
      pools.map(([pool, { waiting }]) => ({ labels: { pool }, value: waiting })),
    ),
    {
      name: 'nabz_log_lines_lost_total',
      type: 'counter',
      help: 'Lines of the log that could not be written to their file.',
      samples: services.logFiles ? [{ value: services.logFiles.lost() }] : [],
    },
  ]
}

type Pool = { numUsed(): number; numFree(): number; numPendingAcquires(): number }

function knexPool(db: Services['db']): { used: number; free: number; waiting: number } {
  const { pool } = db.client as { pool?: Pool }
  return pool
    ? { used: pool.numUsed(), free: pool.numFree(), waiting: pool.numPendingAcquires() }
    : { used: 0, free: 0, waiting: 0 }
}

const stateNumber: Record<CheckState, number> = { ok: 0, degraded: 1, down: 2 }

async function readDatabase(services: Services, now: Instant): Promise<Family[]> {
  const { db } = services
  const [queues, [counts], clinics, checks, alarms, jobs] = await Promise.all([
    readQueues(services, now),
    rows<{ sessions: number }>(db, 'select count(*) as sessions from platform.sessions where expire > ?', [now]),
    rows<{ status: string; count: number }>(
      db,
      'select status, count(*) as count from platform.clinics group by status order by status',
    ),
    listChecks(db, checkNames, now.subtract({ hours: 1 }), now),
    listActiveAlarms(db),
    rows<{ job: string; runs: number; failures: number; inARow: number; succeeded: Instant | null }>(
      db,
      `select name as job, runs, failures, failures_in_a_row as "inARow", last_success_at as succeeded
       from platform.jobs order by name`,
    ),
  ])
  const byChannel = (pick: (queue: typeof queues.mail) => number): Sample[] =>
    Object.entries(queues).map(([channel, queue]) => ({ labels: { channel }, value: pick(queue) }))
  const labelled = <T>(list: readonly T[], labels: (one: T) => Labels, value: (one: T) => number): Sample[] =>
    list.map((one) => ({ labels: labels(one), value: value(one) }))
  const job = (one: { job: string }): Labels => ({ job: one.job })
  return [
    gauge(
      'nabz_outbox_due',
      'Messages and mail that should have left.',
      byChannel(({ due }) => due),
    ),
    gauge(
      'nabz_outbox_oldest_seconds',
      'How long the oldest of those has been waiting.',
      byChannel(({ oldestSeconds }) => oldestSeconds),
    ),
    gauge(
      'nabz_outbox_retried',
      'Tried three times or more and not gone yet.',
      byChannel(({ retried }) => retried),
    ),
    gauge(
      'nabz_sender_paused_seconds',
      'How long the provider has been taking nothing from us.',
      byChannel(({ pausedSeconds }) => pausedSeconds),
    ),
    gauge('nabz_sessions', 'Sessions that are not over.', [{ value: counts?.sessions ?? 0 }]),
    gauge(
      'nabz_clinics',
      'Clinics by standing.',
      labelled(clinics, ({ status }) => ({ status }), ({ count }) => count),
    ), // prettier-ignore
    gauge(
      'nabz_check_state',
      'What the last check found: 0 well, 1 degraded, 2 down.',
      labelled(checks, ({ name }) => ({ check: name }), ({ state }) => stateNumber[state]),
    ), // prettier-ignore
    gauge(
      'nabz_check_age_seconds',
      'How long ago that was.',
      labelled(
        checks,
        ({ name }) => ({ check: name }),
        ({ checkedAt }) => Math.max(0, (now.epochMilliseconds - checkedAt.epochMilliseconds) / 1000),
      ),
    ),
    {
      name: 'nabz_job_runs_total',
      type: 'counter',
      help: 'Runs of the jobs that the clock starts, in all processes.',
      samples: labelled(jobs, job, ({ runs }) => runs),
    },
    {
      name: 'nabz_job_failures_total',
      type: 'counter',
      help: 'Of those, the ones that failed.',
      samples: labelled(jobs, job, ({ failures }) => failures),
    },
    gauge(
      'nabz_job_failures_in_a_row',
      'Since the last run that went well.',
      labelled(jobs, job, ({ inARow }) => inARow),
    ),
    gauge(
      'nabz_job_last_success_timestamp_seconds',
      'When a run last went well, in seconds since 1970.',
      labelled(
        jobs.filter(({ succeeded }) => succeeded !== null),
        job,
        ({ succeeded }) => (succeeded?.epochMilliseconds ?? 0) / 1000,
      ),
    ),
    gauge(
      'nabz_alarm',
      'Alarms that are on.',
      labelled(alarms, ({ name }) => ({ alarm: name }), () => 1),
    ), // prettier-ignore
  ]
}
