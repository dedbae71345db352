// Looks at everything the service stands on, once a minute, and says how it is. What it finds is written down by
// `status.ts`; who is told about it is decided in `alarms.ts`.
import { randomUUID } from 'node:crypto'
import { stat, statfs } from 'node:fs/promises'
import type { Instant } from '../../kernel/time.ts'
import type { Config } from '../../config.ts'
import { rows } from '../db/rows.ts'
import { noteErasure } from '../erasures.ts'
import type { Services } from '../services.ts'
import { recordChecks, removeOldChecks, type CheckResult, type CheckState } from '../status.ts'
import { listJobTroubles, type KnownJob } from './job-troubles.ts'
import { readQueues, type Queue } from './queues.ts'

/** What is asked of the machine; tests answer for it. */
export type Machine = {
  /** Free space in percent of the fullest disk that is written to. */
  freePercent(config: Config): Promise<number>
  /** When a file was last touched, if it is there. */
  touchedAt(path: string): Promise<number | undefined>
}

export const thisMachine: Machine = {
  async freePercent({ keyStoreDir, logDir }) {
    const folders = ['.', keyStoreDir, ...(logDir === undefined ? [] : [logDir])]
    const free = await Promise.all(
      folders.map(async (folder) => {
        const { bavail, blocks } = await statfs(folder)
        return blocks === 0 ? 100 : Math.floor((bavail / blocks) * 100)
      }),
    )
    return Math.min(...free)
  },
  async touchedAt(path) {
    try {
      return (await stat(path)).mtimeMs
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  },
}

/** Above the first of each it is not well, above the second something is broken and somebody must be told. */
export const limits = {
  answerMs: { degraded: 1_000, down: 4_000 },
  lagSeconds: { degraded: 180, down: 900 },
  /** A few numbers that can't be reached are everyday; many messages at once are the provider. */
  retried: 10,
  freePercent: { degraded: 10, down: 5 },
  backupHours: { degraded: 26, down: 50 },
  clockSeconds: { degraded: 5, down: 60 },
}

function above(value: number, limit: { degraded: number; down: number }): CheckState {
  return value > limit.down ? 'down' : value > limit.degraded ? 'degraded' : 'ok'
}

/** Looks and writes down what it found; old findings go. A database that is away shows in log, /readyz and /metrics. */
export async function runChecks(
  services: Services,
  jobs: readonly KnownJob[],
  machine: Machine = thisMachine,
): Promise<void> {
  const now = services.clock.now()
  const results = await lookAround(services, jobs, machine, now)
  for (const { name, state, code } of results) {
    if (state === 'down') services.log.warn('check.down', { code: `${name} ${code}` })
  }
  await recordChecks(services.db, results, now)
  await services.db.transaction(async (trx) => {
    const count = await removeOldChecks(trx, now)
    await noteErasure(trx, { run: randomUUID(), rule: 'status_checks', count, at: now })
  })
}

/**
 * What is well and what is not at this moment, by `limits`; writes nothing. Throws when the database does not answer.
 */
export async function lookAround(
  services: Services,
  known: readonly KnownJob[],
  machine: Machine,
  now: Instant,
): Promise<CheckResult[]> {
  const { config, db, databaseNow } = services
  const began = performance.now()
  await rows(db, 'select 1')
  const answerMs = performance.now() - began
  const [queues, troubles, free, backup, databaseTime] = await Promise.all([
    readQueues(services, now),
    listJobTroubles(db, known, now),
    machine.freePercent(config),
    backupAge(config, machine, now),
    databaseNow(),
  ])
  const clockSeconds = Math.abs(databaseTime.epochMilliseconds - now.epochMilliseconds) / 1000
  const website = above(answerMs, limits.answerMs)
  const disk: CheckState = above(-free, { degraded: -limits.freePercent.degraded, down: -limits.freePercent.down })
  const clock = above(clockSeconds, limits.clockSeconds)
  const jobs: CheckState = troubles.length === 0 ? 'ok' : 'degraded'
  return [
    { name: 'website', state: website, code: website === 'ok' ? '' : 'slow', value: answerMs },
    { name: 'whatsapp', ...queueState(queues.whatsapp) },
    { name: 'mail', ...queueState(queues.mail) },
    { name: 'jobs', state: jobs, code: troubles[0] ? troubles[0].code : '', value: troubles.length },
    { name: 'disk', state: disk, code: disk === 'ok' ? '' : 'low', value: free },
    { name: 'clock', state: clock, code: clock === 'ok' ? '' : 'disagrees', value: clockSeconds },
    ...(backup === undefined ? [] : [{ name: 'backup' as const, ...backup }]),
  ]
}

function queueState({ oldestSeconds, pausedSeconds, retried }: Queue): Omit<CheckResult, 'name'> {
  const waiting = above(oldestSeconds, limits.lagSeconds)
  const refused = above(pausedSeconds, limits.lagSeconds)
  if (waiting === 'down') return { state: waiting, code: 'waiting', value: oldestSeconds }
  if (refused !== 'ok') return { state: refused, code: 'refused', value: pausedSeconds }
  if (waiting !== 'ok') return { state: waiting, code: 'waiting', value: oldestSeconds }
  if (retried >= limits.retried) return { state: 'degraded', code: 'retried', value: retried }
  return { state: 'ok', code: '', value: oldestSeconds }
}

/** Nothing when no backup was said to be made here. */
async function backupAge(
  { backupStampFile }: Config,
  machine: Machine,
  now: Instant,
): Promise<Omit<CheckResult, 'name'> | undefined> {
  if (backupStampFile === undefined) return undefined
  const touched = await machine.touchedAt(backupStampFile)
  if (touched === undefined) return { state: 'down', code: 'missing' }
  const age = Math.max(0, (now.epochMilliseconds - touched) / 3_600_000)
  const state = above(age, limits.backupHours)
  return { state, code: state === 'ok' ? '' : 'old', value: age }
}
