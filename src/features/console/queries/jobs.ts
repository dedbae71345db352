// How the clock's jobs went. Written by platform/job-runs.
import type { Knex } from 'knex'
import type { Instant } from '../../../kernel/time.ts'
import { rows } from '../../../platform/db/rows.ts'
import type { Place } from '../rules/paging.ts'

export type JobResult = 'done' | 'failed' | 'killed'
export type JobLine = {
  name: string
  schedule: string
  lastStartedAt: Instant | null
  lastMs: number | null
  lastResult: JobResult | null
  lastErrorName: string | null
  lastErrorCode: string | null
  lastSuccessAt: Instant | null
  runs: number
  failures: number
  failuresInARow: number
  requestedAt: Instant | null
  /** Since when it is under way, where that is known: a short run is over before it would be written down. */
  runningSince: Instant | null
}

export async function listJobs(db: Knex): Promise<JobLine[]> {
  return rows<JobLine>(
    db,
    `select name, schedule, last_started_at as "lastStartedAt", last_ms as "lastMs", last_result as "lastResult",
       last_error_name as "lastErrorName", last_error_code as "lastErrorCode", last_success_at as "lastSuccessAt", runs,
       failures, failures_in_a_row as "failuresInARow", requested_at as "requestedAt",
       (select max(started_at) from platform.job_runs r where r.job = j.name and r.result is null) as "runningSince"
     from platform.jobs j order by name`,
  )
}

export type RunLine = {
  id: string
  startedAt: Instant
  durationMs: number | null
  result: JobResult | null
  errorName: string | null
  errorCode: string | null
  requested: boolean
  host: string | null
}

/** The runs of a job that were kept, the newest first. */
export async function listRuns(db: Knex, job: string, before: Place | undefined, limit: number): Promise<RunLine[]> {
  return rows<RunLine>(
    db,
    `select r.id, r.started_at as "startedAt", r.duration_ms as "durationMs", r.result, r.error_name as "errorName",
       r.error_code as "errorCode", r.requested, p.host
     from platform.job_runs r left join platform.job_processes p on p.id = r.process
     where r.job = ?` +
      (before ? ' and (r.started_at, r.id) < (?::timestamptz, ?::uuid)' : '') +
      ' order by r.started_at desc, r.id desc limit ?',
    [job, ...(before ? [before.key, before.id] : []), limit],
  )
}
