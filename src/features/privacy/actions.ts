import { randomUUID } from 'node:crypto'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Clinic } from '../../platform/clinic-scope.ts'
import type { Clock } from '../../platform/clock.ts'
import { inTransaction } from '../../platform/db/transaction.ts'
import { noteErasure } from '../../platform/erasures.ts'
import type { Services } from '../../platform/services.ts'
import {
  claimTurn,
  clinicSteps,
  findClockMemory,
  findLegalHold,
  findRetentionSettings,
  platformSteps,
  runPlatformStep,
  updateTurnDone,
  updateTurnFailed,
  upsertClockMemory,
} from './queries.ts'
import { upsertRuleRan } from './queries/watch.ts'
import { cutOff, everyHours, judgeClock, retentionRules, ruleOf, type RuleCode } from './rules/retention.ts'

export { retentionSchedule } from './rules/retention.ts'

/** Rows a transaction touches at most: short enough that nobody waits. */
const batch = 500
/** A claim on a clinic whose process was killed ends after it. */
const leaseMinutes = 10

export type Erased = Record<string, number>

/** Nothing is erased, and the job fails, so that its alarm is raised. */
export class ClockNotBelieved extends Error {}

/** Something could not be gone through; everything else was. The job fails, so that its alarm is raised. */
export class RetentionIncomplete extends Error {}

type Run = {
  services: Services
  id: string
  now: Instant
  erased: Erased
  /** Rules that were gone through somewhere, and what of them could not be. */
  ran: Set<RuleCode>
  failures: { clinics: number; rules: number }
}

// What the two clocks of this process said when it last looked. By the clock, since a process has one.
const looks = new WeakMap<Clock, { wallMs: number; steadyMs: number }>()

/** Looks at the clocks and remembers what it saw. Whoever erases by the clock asks first, each time. */
export async function mindClock(services: Pick<Services, 'clock' | 'databaseNow' | 'db' | 'log'>): Promise<Instant> {
  const { clock, db, log } = services
  const now = clock.now()
  const look = { wallMs: now.epochMilliseconds, steadyMs: clock.steadyMs() }
  const last = looks.get(clock)
  looks.set(clock, look)
  const since = last && { wallMs: look.wallMs - last.wallMs, steadyMs: look.steadyMs - last.steadyMs }
  const { verdict, memory } = judgeClock(now, await services.databaseNow(), await findClockMemory(db), since)
  await upsertClockMemory(db, memory)
  if (verdict === 'fine') return now
  log.warn('privacy.clock_not_believed', { code: verdict })
  throw new ClockNotBelieved(`nothing was erased: the clock ${verdict}`)
}

/**
 * Applies the table of rules: small batches in transactions of their own, each with its line in the ledger, so that a run
 * that is killed has done nothing by halves and the next goes on. `everyClinic` leaves out no clinic that had its turn,
 * `only` goes through that one and leaves the service's own alone. What fails keeps nobody else waiting, and is told at
 * the end.
 */
export async function applyRetention(
  services: Services,
  options: { everyClinic?: boolean; only?: ClinicId } = {},
): Promise<Erased> {
  const now = await mindClock(services)
  const run: Run = { services, id: randomUUID(), now, erased: {}, ran: new Set(), failures: { clinics: 0, rules: 0 } }
  if (options.only === undefined) for (const { code } of retentionRules) await applyPlatformRule(run, code)
  await goThroughClinics(run, options)
  if (run.ran.size > 0) await upsertRuleRan(services.db, [...run.ran], now)
  const { clinics, rules } = run.failures
  if (clinics > 0 || rules > 0) {
    throw new RetentionIncomplete(`${clinics} clinics and ${rules} rules of the service could not be gone through`)
  }
  return run.erased
}

async function goThroughClinics(run: Run, { everyClinic, only }: { everyClinic?: boolean; only?: ClinicId }) {
  const { services, now } = run
  const { db, stopping } = services
  const since = everyClinic === true || only !== undefined ? now : now.subtract({ hours: everyHours })
  let after = '00000000-0000-0000-0000-000000000000'
  while (!stopping.signal.aborted) {
    const lease = now.add({ minutes: leaseMinutes })
    const clinicId = await claimTurn(db, { after, since, now, lease, only })
    if (clinicId === undefined) return
    after = clinicId
    const clinic = await services.clinics.byId(clinicId)
    const behind = clinic ? await applyClinicRules(run, clinic) : []
    if (behind === 'stopped') return
    if (behind.length === 0) await updateTurnDone(db, clinicId, now)
    else {
      run.failures.clinics++
      await updateTurnFailed(db, clinicId, behind)
    }
  }
}

async function applyPlatformRule(run: Run, code: RuleCode): Promise<void> {
  const { services, id, now } = run
  const sql = platformSteps[code]
  const before = cutOff(ruleOf(code), now, 'UTC')
  if (sql === undefined || !before) return
  try {
    for (;;) {
      if (services.stopping.signal.aborted) return
      const count = await inTransaction(services.db, async (trx) => {
        const gone = await runPlatformStep(trx, sql, before, batch)
        await noteErasure(trx, { run: id, rule: code, count: gone, at: now })
        return gone
      })
      note(run, code, count)
      if (count < batch) break
    }
    run.ran.add(code)
  } catch (error) {
    services.log.error('privacy.rule_failed', error, { code })
    run.failures.rules++
  }
}

/** The rules that failed. A fault of one, or a clinic without its key, keeps no other from being kept. */
async function applyClinicRules(run: Run, clinic: Clinic): Promise<RuleCode[] | 'stopped'> {
  const behind: RuleCode[] = []
  for (const { code } of retentionRules) {
    if (clinicSteps[code] === undefined) continue
    if (run.services.stopping.signal.aborted) return 'stopped'
    try {
      if (!(await applyClinicRule(run, clinic, code))) return 'stopped'
      run.ran.add(code)
    } catch (error) {
      run.services.log.error('privacy.clinic_failed', error, { clinicId: clinic.id, code })
      behind.push(code)
    }
  }
  return behind
}

/** False when it was broken off. */
async function applyClinicRule(run: Run, clinic: Clinic, code: RuleCode): Promise<boolean> {
  const { services, id, now } = run
  const [step, rule] = [clinicSteps[code], ruleOf(code)]
  const actor = { kind: 'system', job: 'privacy.retention' } as const
  for (;;) {
    if (services.stopping.signal.aborted) return false
    const count = await services.inClinic(clinic, actor, { requestId: `retention-${id}` }, async (ctx) => {
      if (rule.pausable && (await findLegalHold(ctx.db, clinic.id, now))) return 0
      const before = cutOff(rule, now, clinic.zone, await findRetentionSettings(ctx))
      if (!before || !step) return 0
      const gone = await step(ctx, before, batch)
      await noteErasure(ctx.db, { run: id, rule: code, clinicId: clinic.id, count: gone, at: now })
      return gone
    })
    note(run, code, count)
    if (count < batch) return true
  }
}

function note({ erased }: Run, code: string, count: number): void {
  if (count > 0) erased[code] = (erased[code] ?? 0) + count
}
