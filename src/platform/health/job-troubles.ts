// Jobs that fail again and again, or that nobody runs any more.
import type { Instant } from '../../kernel/time.ts'
import { secondsBetweenRuns } from '../cron-times.ts'
import type { Job } from '../cron.ts'
import type { Database } from '../db/connect.ts'
import { rows } from '../db/rows.ts'

export type JobTrouble = { job: string; code: 'failing' | 'not_run'; value: number }
export type KnownJob = Pick<Job, 'name' | 'schedule' | 'troubles'>

/** So many failures in a row, and so long since it last went well: a hiccup of a job that runs every few seconds is none. */
const failuresInARow = 3
const sinceSuccess = { minutes: 5 }

/** Rounds that a job may miss, and some minutes for the one that takes long. */
const missedRounds = 3
const spareSeconds = 300

/** Only of jobs there are: what an earlier version ran is not missed. One that never ran yet is not late. */
export async function listJobTroubles(db: Database, known: readonly KnownJob[], now: Instant): Promise<JobTrouble[]> {
  const found = await rows<{
    name: string
    lastStartedAt: Instant | null
    lastSuccessAt: Instant | null
    failures: number
  }>(
    db,
    `select name, last_started_at as "lastStartedAt", last_success_at as "lastSuccessAt", failures_in_a_row as failures
     from platform.jobs where name = any(?) order by name`,
    [known.map(({ name }) => name)],
  )
  const isOld = (instant: Instant | null) =>
    instant === null || instant.epochMilliseconds <= now.subtract(sinceSuccess).epochMilliseconds
  return found.flatMap(({ name, lastStartedAt, lastSuccessAt, failures }): JobTrouble[] => {
    if (failures >= failuresInARow && isOld(lastSuccessAt)) return [{ job: name, code: 'failing', value: failures }]
    const schedule = known.find((one) => one.name === name)?.schedule
    if (schedule === undefined || lastStartedAt === null) return []
    const silentSeconds = Math.round((now.epochMilliseconds - lastStartedAt.epochMilliseconds) / 1000)
    const allowed = missedRounds * secondsBetweenRuns(schedule, lastStartedAt) + spareSeconds
    return silentSeconds > allowed ? [{ job: name, code: 'not_run', value: silentSeconds }] : []
  })
}
