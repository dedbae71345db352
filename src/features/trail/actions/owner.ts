// What an owner does with the log: has it checked, takes a copy, says how often its seals are mailed.
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt } from '../../../kernel/time.ts'
import { audit, auditPlatform, type AuditDetails } from '../../../platform/audit.ts'
import type { Clinic, Ctx } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { throttle } from '../../../platform/throttle.ts'
import { verifyTrail, type Verdict } from '../actions.ts'
import { findAuditMail } from '../queries.ts'
import { updateAuditMail } from '../queries/entries.ts'
import type { MailChoice } from '../rules.ts'

/**
 * As much as somebody waits for before a page: a year of most clinics. Of longer logs the end is checked here, behind a
 * seal that was published, and the whole by the command of whoever runs the service.
 */
export const checkedAtOnce = 50_000
const perClinic = { purpose: 'audit-check', max: 12, per: { minutes: 60 } }

/**
 * Has the log checked, and writes down what came of it: in the log itself, whose next check covers that too. Works in
 * transactions of its own, some entries each, so that it holds nobody up.
 */
export async function checkTrail(
  services: Services,
  clinic: Clinic,
  inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>,
  most = checkedAtOnce,
): Promise<Outcome<Verdict, 'too_often' | 'unreadable'>> {
  const wait = await throttle(services.db, services.keys.platform, services.clock.now(), perClinic, clinic.id)
  if (wait !== undefined) return refuse('too_often')
  const verdict = await verifyTrail(services, clinic, { most }).catch((error: unknown) => {
    services.log.error('trail.check_failed', error, { clinicId: clinic.id })
    return undefined
  })
  if (!verdict) return refuse('unreadable')
  const { bad, from, head, entries, publishedUntil } = verdict
  await inClinic((ctx) =>
    audit(
      ctx,
      'log.checked',
      { kind: 'clinic', id: ctx.clinic.id },
      {
        result: bad?.defect ?? 'sound',
        entries,
        seq: head.seq,
        checkedFrom: from?.publishedAt.toString() ?? null,
        publishedAt: publishedUntil?.publishedAt.toString() ?? null,
        badSeq: bad?.seq ?? null,
        badEntry: bad?.entryId ?? null,
        badAt: bad?.at?.toString() ?? null,
      },
    ),
  )
  return done(verdict)
}

export async function setAuditMail(ctx: Ctx, mail: MailChoice): Promise<void> {
  const before = await findAuditMail(ctx)
  if (!(await updateAuditMail(ctx, mail))) return
  await audit(ctx, 'log.mail_changed', { kind: 'clinic', id: ctx.clinic.id }, { from: before, to: mail })
}

/** That the log leaves the house is an event here and for the platform. Answers what the file is to be called. */
export async function noteLogExport(ctx: Ctx, filter: Record<string, string | undefined>): Promise<string> {
  const record = { kind: 'clinic', id: ctx.clinic.id }
  const chosen: AuditDetails = {}
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) chosen[name] = value
  await audit(ctx, 'log.exported', record, chosen)
  if (ctx.actor.kind === 'user') {
    const { now: at, origin, actor, clinic } = ctx
    await auditPlatform(ctx.db, 'log.exported', { at, origin, actorId: actor.userId, record, clinicId: clinic.id })
  }
  return `log-${ctx.clinic.slug}-${dateAt(ctx.now, ctx.clinic.zone).toString()}.csv`
}
