import { randomUUID } from 'node:crypto'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { inTransaction } from '../../platform/db/transaction.ts'
import type { Services } from '../../platform/services.ts'
import {
  claimTurn,
  clinicSteps,
  findClockMemory,
  findLegalHold,
  findRetentionSettings,
  insertErasure,
  platformSteps,
  runPlatformStep,
  updateTurnDone,
  upsertClockMemory,
} from './queries.ts'
import { cutOff, judgeClock, retentionRules, ruleOf, type RetentionRule } from './rules/retention.ts'

/** Rows a transaction touches at most: short enough that nobody waits. */
const batch = 500
/** Each clinic is gone through so often; a claim on one whose process was killed ends after the second. */
const everyHours = 6
const leaseMinutes = 10

export type Erased = Record<string, number>

/** Nothing is erased, and the job fails, so that its alarm is raised. */
export class ClockNotBelieved extends Error {}

type Run = { services: Services; id: string; now: Instant; erased: Erased }

/**
 * Applies the table of rules: small batches in transactions of their own, each with its line in the ledger, so that a run
 * that is killed has done nothing by halves and the next goes on. `everyClinic` leaves out no clinic that had its turn.
 */
export async function applyRetention(services: Services, options: { everyClinic?: boolean } = {}): Promise<Erased> {
  const now = services.clock.now()
  const { verdict, memory } = judgeClock(now, await services.databaseNow(), await findClockMemory(services.db))
  await upsertClockMemory(services.db, memory)
  if (verdict !== 'fine') {
    services.log.warn('privacy.clock_not_believed', { code: verdict })
    throw new ClockNotBelieved(`nothing was erased: the clock ${verdict}`)
  }
  const run: Run = { services, id: randomUUID(), now, erased: {} }
  for (const rule of retentionRules) if (platformSteps[rule.code] !== undefined) await applyPlatformRule(run, rule)
  const since = options.everyClinic ? now : now.subtract({ hours: everyHours })
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    if (services.stopping.signal.aborted) break
    const lease = now.add({ minutes: leaseMinutes })
    const clinicId = await claimTurn(services.db, { after, since, now, lease })
    if (clinicId === undefined) break
    after = clinicId
    if (await applyClinicRules(run, clinicId)) await updateTurnDone(services.db, clinicId, now)
  }
  return run.erased
}

async function applyPlatformRule({ services, id, now, erased }: Run, { code }: (typeof retentionRules)[number]) {
  const sql = platformSteps[code]
  const before = cutOff(ruleOf(code), now, 'UTC')
  if (sql === undefined || !before) return
  for (;;) {
    if (services.stopping.signal.aborted) return
    const count = await inTransaction(services.db, async (trx) => {
      const gone = await runPlatformStep(trx, sql, before, batch)
      if (gone > 0) await insertErasure(trx, { run: id, rule: code, clinicId: null, count: gone, at: now })
      return gone
    })
    note(erased, code, count)
    if (count < batch) return
  }
}

/** False when it was broken off. */
async function applyClinicRules({ services, id, now, erased }: Run, clinicId: ClinicId): Promise<boolean> {
  const clinic = await services.clinics.byId(clinicId)
  if (!clinic) return true
  for (const { code } of retentionRules) {
    const step = clinicSteps[code]
    if (!step) continue
    const rule: RetentionRule = ruleOf(code)
    for (;;) {
      if (services.stopping.signal.aborted) return false
      const actor = { kind: 'system', job: 'privacy.retention' } as const
      const count = await services.inClinic(clinic, actor, { requestId: `retention-${id}` }, async (ctx) => {
        if (rule.pausable && (await findLegalHold(ctx.db, clinicId, now))) return 0
        const before = cutOff(rule, now, clinic.zone, await findRetentionSettings(ctx))
        if (!before) return 0
        const gone = await step(ctx, before, batch)
        if (gone > 0) await insertErasure(ctx.db, { run: id, rule: code, clinicId, count: gone, at: now })
        return gone
      })
      note(erased, code, count)
      if (count < batch) break
    }
  }
  return true
}

function note(erased: Erased, code: string, count: number): void {
  if (count > 0) erased[code] = (erased[code] ?? 0) + count
}
