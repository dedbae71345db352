// Whether retention keeps its promises: what is late, said to the alarms and to the console.
import { oldLogs } from '../../../platform/log-files.ts'
import type { Trouble } from '../../../platform/cron.ts'
import type { Services } from '../../../platform/services.ts'
import type { Instant } from '../../../kernel/time.ts'
import { findClockMemory } from '../queries.ts'
import { countPlatformDue, findOldestHold, type CutOffs } from '../queries/due.ts'
import { countBehind } from '../queries/watch.ts'
import { cutOff, lateHours, retentionRules, ruleOf, type RuleCode } from '../rules/retention.ts'

type Watched = Pick<Services, 'config' | 'clock' | 'db' | 'jobsDb'>

/** Things of a rule that should be gone: how many, and for how many hours the oldest of them. */
export type Overdue = { rule: RuleCode; count: number; hours: number }

/** The moment before which things are past keeping, of every rule of the service that a query can look for. */
export function platformCutOffs(now: Instant): CutOffs {
  const cutOffs: CutOffs = {}
  for (const { code } of retentionRules) {
    const rule = ruleOf(code)
    const before = rule.scope === 'platform' ? cutOff(rule, now, 'UTC') : undefined
    if (before) cutOffs[code] = before
  }
  return cutOffs
}

/** What is there though its time was over. What comes round in minutes has something for minutes; late is another thing. */
export async function listOverdue(services: Watched): Promise<Overdue[]> {
  const { config, clock, db, jobsDb } = services
  const now = clock.now()
  const cutOffs = platformCutOffs(now)
  const holdsBefore = cutOff(ruleOf('holds'), now, 'UTC') ?? now
  const [due, hold] = await Promise.all([countPlatformDue(db, cutOffs), findOldestHold(jobsDb, holdsBefore)])
  const overdue = due.flatMap(({ rule, count, oldest }): Overdue[] => {
    const before = cutOffs[rule]
    return count > 0 && oldest && before ? [{ rule, count, hours: hoursBetween(oldest, before) }] : []
  })
  if (hold) overdue.push({ rule: 'holds', count: 1, hours: hoursBetween(hold, holdsBefore) })
  if (config.logDir !== undefined) {
    const [files, late] = [oldLogs(config.logDir, now), oldLogs(config.logDir, now.subtract({ hours: lateHours }))]
    // A file is a day's: it is late or it is not.
    const hours = late.length > 0 ? lateHours + 1 : 0
    if (files.length > 0) overdue.push({ rule: 'server_logs', count: files.length, hours })
  }
  return overdue
}

/**
 * What somebody must be told. Of a job that does nothing at all one thing rather than one for every rule; else each rule
 * that is late by more than a day, or has been failing at clinics for so long.
 */
export async function listRetentionTroubles(services: Watched): Promise<Trouble[]> {
  const { clock, db } = services
  const now = clock.now()
  const before = now.subtract({ hours: lateHours })
  const memory = await findClockMemory(db)
  if (memory && memory.seenAt.epochMilliseconds < before.epochMilliseconds) {
    return [{ name: 'retention', code: 'stopped', value: hoursBetween(memory.seenAt, now) }]
  }
  const [overdue, behind] = await Promise.all([listOverdue(services), countBehind(db, before)])
  return [
    ...overdue
      .filter(({ hours }) => hours > lateHours)
      .map(({ rule, hours }) => ({ name: `retention.${rule}`, code: 'late', value: hours })),
    ...behind.map(({ rule, count }) =>
      rule === ''
        ? { name: 'retention', code: 'clinics', value: count }
        : { name: `retention.${rule}`, code: 'behind', value: count },
    ),
  ]
}

const hoursBetween = (from: Instant, to: Instant) =>
  Math.max(0, Math.floor((to.epochMilliseconds - from.epochMilliseconds) / 3_600_000))
