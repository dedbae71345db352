// What becomes of the clock's jobs, written down for the console and the alarms, and runs that somebody asks for there.
//
// A job never waits for any of this. A job that comes round more often than once a minute is counted in memory, and the
// counts are written every few seconds; of its runs only those are kept that failed, took long or were asked for, and one
// an hour. Of every other job each run is kept, from its beginning, so that one cut off by the end of its process shows.
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Knex } from 'knex'
import { newId, type UserId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import { secondsBetweenRuns } from './cron-times.ts'
import type { Job } from './cron.ts'
import { changes, rows } from './db/rows.ts'
import { safeError } from './log.ts'
import type { Services } from './services.ts'

/** Runs more often than this are counted rather than kept. */
export const oftenSeconds = 60
/** A run of such a job that takes longer is worth keeping, and is written down while it still goes. */
export const slowMs = 2_000
/** How often a process says that it is there, writes its counts and looks for what was asked for. */
const beatMs = 10_000
/** A process that said nothing for so long, by the database's clock, is gone, and what it ran with it. */
export const silentSeconds = 45
/** How long runs are kept. */
export const keptDays = 30

export type RunRecord = { ended(): void; failed(error: unknown): void }
export type JobRecorder = {
  started(job: Job, requested: boolean): RunRecord
  /** Registers the jobs of this process; `start` is called with the name of one that somebody wants run now. */
  open(jobs: readonly Job[], start: (name: string) => void): void
  /** Writes what is left to write and leaves. */
  close(): Promise<void>
}

type Result = 'done' | 'failed'
type Run = {
  id: string
  job: string
  requested: boolean
  startedAt: Instant
  endedAt?: Instant
  ms?: number
  result?: Result
  errorName?: string
  errorCode?: string
}
type Counted = { last: Run; runs: number; failures: number; failuresInARow: number; succeededAt: Instant | undefined }

/**
 * The record of this process. Jobs that run often are written once in a while with their counts, others one by one; a
 * database that is away costs the record and never the job.
 */
export function recordRuns({
  db,
  clock,
  log,
  notifications,
}: Pick<Services, 'db' | 'clock' | 'log' | 'notifications'>): JobRecorder {
  const process = randomUUID()
  const counts = new Map<string, Counted>()
  /** Runs that are in the table already: their end is an update. */
  const written = new Map<string, Promise<unknown>>()
  const samples = new Map<string, number>()
  const often = new Map<string, boolean>()
  let writing: Promise<unknown> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let unsubscribe: () => void = () => undefined

  /** One write after the other; a database that is away costs the record, never the job. */
  const write = (work: () => Promise<unknown>): Promise<unknown> => {
    writing = writing.then(work).catch((error: unknown) => log.error('jobs.record_failed', error))
    return writing
  }

  const runsOften = (job: Job) => {
    let answer = often.get(job.name)
    if (answer === undefined) {
      answer = secondsBetweenRuns(job.schedule, clock.now()) < oftenSeconds
      often.set(job.name, answer)
    }
    return answer
  }

  function count(run: Run): void {
    const before = counts.get(run.job)
    const failed = run.result === 'failed'
    counts.set(run.job, {
      last: run,
      runs: (before?.runs ?? 0) + 1,
      failures: (before?.failures ?? 0) + (failed ? 1 : 0),
      // Below zero: a run went well meanwhile, and what stood in the table before counts no more.
      failuresInARow: failed ? Math.max(0, before?.failuresInARow ?? 0) + 1 : -1,
      succeededAt: failed ? before?.succeededAt : run.endedAt,
    })
  }

  /** Of a job that runs often, the first run of each hour is kept as a sample. */
  function isSample(run: Run): boolean {
    const hour = Math.floor(run.startedAt.epochMilliseconds / 3_600_000)
    if (samples.get(run.job) === hour) return false
    samples.set(run.job, hour)
    return true
  }

  async function flush(): Promise<void> {
    const due = [...counts]
    counts.clear()
    for (const [job, counted] of due) await updateJob(db, job, counted)
  }

  async function beat(jobs: readonly Job[], start: (name: string) => void): Promise<void> {
    await flush()
    await changes(
      db,
      `insert into platform.job_processes (id, host, pid, started_at, seen_at) values (?, ?, ?, now(), now())
       on conflict (id) do update set seen_at = excluded.seen_at`,
      [process, hostname().slice(0, 100), globalThis.process.pid],
    )
    await markKilled(db, clock.now())
    for (const name of await takeRequested(
      db,
      jobs.map((job) => job.name),
    ))
      start(name)
  }

  return {
    started(job, requested) {
      const run: Run = { id: newId(), job: job.name, requested, startedAt: clock.now() }
      const since = performance.now()
      const put = () => {
        if (!written.has(run.id))
          written.set(
            run.id,
            write(() => insertRun(db, process, run)),
          )
      }
      const rare = !runsOften(job)
      if (rare) put()
      const slow = rare ? undefined : setTimeout(put, slowMs).unref()
      const end = (result: Result, error?: unknown) => {
        clearTimeout(slow)
        run.endedAt = clock.now()
        run.ms = Math.round(performance.now() - since)
        run.result = result
        if (result === 'failed') Object.assign(run, namedError(error))
        count(run)
        if (written.delete(run.id)) void write(() => updateRunEnded(db, run))
        else if (result === 'failed' || requested || run.ms >= slowMs || isSample(run)) {
          void write(() => insertRun(db, process, run))
        }
        if (rare || result === 'failed') void write(flush)
      }
      return { ended: () => end('done'), failed: (error) => end('failed', error) }
    },
    open(jobs, start) {
      void write(() => insertJobs(db, jobs))
      void write(() => beat(jobs, start))
      timer = setInterval(() => void write(() => beat(jobs, start)), beatMs).unref()
      const names = new Set(jobs.map(({ name }) => name))
      unsubscribe = notifications.subscribe((notice) => {
        if (notice.channel !== 'nabz_jobs' || !names.has(notice.job)) return
        void write(async () => {
          for (const name of await takeRequested(db, [notice.job])) start(name)
        })
      })
    },
    async close() {
      clearInterval(timer)
      unsubscribe()
      await write(flush)
      await write(() => changes(db, 'delete from platform.job_processes where id = ?', [process]))
      await writing
    },
  }
}

/** Name and code only: the message may quote what the job was working on. */
function namedError(error: unknown): { errorName: string; errorCode?: string } {
  const { name, code } = safeError(error)
  return {
    errorName: String(name).slice(0, 80),
    ...(typeof code === 'string' || typeof code === 'number' ? { errorCode: String(code).slice(0, 80) } : {}),
  }
}

async function insertJobs(db: Services['db'], jobs: readonly Job[]): Promise<void> {
  await changes(
    db,
    `insert into platform.jobs (name, schedule) select * from unnest(?::text[], ?::text[])
     on conflict (name) do update set schedule = excluded.schedule where jobs.schedule <> excluded.schedule`,
    [jobs.map(({ name }) => name), jobs.map(({ schedule }) => schedule)],
  )
}

async function insertRun(db: Services['db'], process: string, run: Run): Promise<void> {
  await changes(
    db,
    `insert into platform.job_runs (id, job, process, requested, started_at, ended_at, duration_ms, result, error_name,
       error_code) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      run.id,
      run.job,
      process,
      run.requested,
      run.startedAt,
      run.endedAt ?? null,
      run.ms ?? null,
      run.result ?? null,
      run.errorName ?? null,
      run.errorCode ?? null,
    ],
  )
}

async function updateRunEnded(db: Services['db'], run: Run): Promise<void> {
  await changes(
    db,
    `update platform.job_runs set ended_at = ?, duration_ms = ?, result = ?, error_name = ?, error_code = ? where id = ?`,
    [run.endedAt ?? null, run.ms ?? null, run.result ?? null, run.errorName ?? null, run.errorCode ?? null, run.id],
  )
}

async function updateJob(db: Services['db'], job: string, counted: Counted): Promise<void> {
  const { last, runs, failures, failuresInARow, succeededAt } = counted
  await changes(
    db,
    `update platform.jobs set last_started_at = ?, last_ended_at = ?, last_ms = ?, last_result = ?, last_error_name = ?,
       last_error_code = ?, last_success_at = coalesce(?, last_success_at), runs = runs + ?, failures = failures + ?,
       failures_in_a_row = case when ?::int < 0 then 0 when ?::timestamptz is null then failures_in_a_row + ? else ? end
     where name = ?`,
    [
      last.startedAt,
      last.endedAt ?? null,
      last.ms ?? null,
      last.result ?? null,
      last.errorName ?? null,
      last.errorCode ?? null,
      succeededAt ?? null,
      runs,
      failures,
      failuresInARow,
      succeededAt ?? null,
      Math.max(0, failuresInARow),
      Math.max(0, failuresInARow),
      job,
    ],
  )
}

const alive = `seen_at >= now() - make_interval(secs => ${silentSeconds})`
const underWay = (job: string) => `exists (select from platform.job_runs r
  join platform.job_processes p on p.id = r.process and p.${alive} where r.job = ${job} and r.result is null)`

/** Ends the runs of processes that fell silent: killed, as far as anybody can tell. Whoever looks first says so. */
export async function markKilled(db: Services['db'], now: Instant): Promise<void> {
  await changes(
    db,
    `with gone as (
       update platform.job_runs r set result = 'killed', ended_at = ?
       where result is null
         and not exists (select from platform.job_processes p where p.id = r.process and p.${alive})
       returning job, started_at)
     update platform.jobs j set last_result = 'killed', last_started_at = g.started_at, last_ended_at = ?,
       last_ms = null, last_error_name = null, last_error_code = null, runs = runs + g.count,
       failures = failures + g.count, failures_in_a_row = failures_in_a_row + g.count::int
     from (select job, max(started_at) as started_at, count(*) as count from gone group by job) g where j.name = g.job`,
    [now, now],
  )
  await changes(db, `delete from platform.job_processes where not ${alive}`)
}

/**
 * Takes up what somebody asked for, in one process only. A job that is under way somewhere is not started beside that
 * run: the wish is let go.
 */
async function takeRequested(db: Services['db'], names: readonly string[]): Promise<string[]> {
  const taken = await rows<{ name: string; free: boolean }>(
    db,
    `update platform.jobs j set requested_at = null, requested_by = null
     where name = any(?) and requested_at is not null returning name, not ${underWay('j.name')} as free`,
    [names],
  )
  return taken.filter(({ free }) => free).map(({ name }) => name)
}

/** Asks for a run now, whichever process takes it. Nothing is asked for where one is under way or asked for already. */
export async function requestRun(
  db: Knex,
  job: string,
  by: UserId,
  now: Instant,
): Promise<'asked' | 'under_way' | 'unknown'> {
  const [found] = await rows<{ name: string }>(db, 'select name from platform.jobs where name = ?', [job])
  if (!found) return 'unknown'
  const asked = await changes(
    db,
    `update platform.jobs j set requested_at = ?, requested_by = ?
     where name = ? and requested_at is null and not ${underWay('j.name')}`,
    [now, by, job],
  )
  if (asked === 0) return 'under_way'
  await rows(db, `select pg_notify('nabz_jobs', ?)`, [job])
  return 'asked'
}

/** Forgets runs that are too old to tell anything. Answers how many. */
export async function forgetOldRuns(db: Knex, now: Instant): Promise<number> {
  return changes(db, 'delete from platform.job_runs where started_at < ? and result is not null', [
    now.subtract({ hours: 24 * keptDays }),
  ])
}
