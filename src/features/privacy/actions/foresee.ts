// What a run would erase now, counted and not touched: `npm run retention -- --dry-run`.
import { randomUUID } from 'node:crypto'
import type { Clinic } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { findClockMemory, findLegalHold, findRetentionSettings } from '../queries.ts'
import { countDue, type Counts, type CutOffs } from '../queries/due.ts'
import { cutOff, judgeClock, retentionRules, ruleOf, type ClockVerdict } from '../rules/retention.ts'
import { listOverdue } from './watch.ts'

/** What the rules of a clinic would erase there. What a legal hold pauses would not go, and is not counted. */
export async function foresee(services: Services, clinic: Clinic): Promise<Counts> {
  const actor = { kind: 'system', job: 'privacy.retention' } as const
  return services.inClinic(clinic, actor, { requestId: `retention-${randomUUID()}` }, async (ctx) => {
    const held = (await findLegalHold(ctx.db, clinic.id, ctx.now)) !== undefined
    const settings = await findRetentionSettings(ctx)
    const cutOffs: CutOffs = {}
    for (const { code } of retentionRules) {
      const rule = ruleOf(code)
      if (rule.scope !== 'clinic' || (held && rule.pausable)) continue
      const before = cutOff(rule, ctx.now, clinic.zone, settings)
      if (before) cutOffs[code] = before
    }
    return countDue(ctx, cutOffs)
  })
}

export type Foreseen = { counts: Counts; verdict: ClockVerdict['verdict']; unread: number }

/** The same for every clinic and the service itself, and whether the clock would be believed. */
export async function foreseeAll(services: Services): Promise<Foreseen> {
  const { clock, databaseNow, db, clinics, log } = services
  const counts: Counts = {}
  for (const { rule, count } of await listOverdue(services)) if (rule !== 'holds') counts[rule] = count
  let unread = 0
  for await (const clinic of clinics.every()) {
    try {
      add(counts, await foresee(services, clinic))
    } catch (error) {
      log.error('privacy.clinic_failed', error, { clinicId: clinic.id })
      unread++
    }
  }
  const { verdict } = judgeClock(clock.now(), await databaseNow(), await findClockMemory(db))
  return { counts, verdict, unread }
}

function add(sum: Counts, more: Counts): void {
  for (const { code } of retentionRules) {
    const count = more[code]
    if (count !== undefined) sum[code] = (sum[code] ?? 0) + count
  }
}
