// Legal holds: while one stands, nothing of a clinic is erased that a court could ask for. They are the only pause there
// is. Set, extended and lifted by the platform with an owner's knowledge; each step stands in the clinic's own log and in
// the platform's, and reaches the owners by mail, in one transaction.
import { newId, type UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { dateAt, dayBounds, isBefore, type Instant, type PlainDate } from '../../../kernel/time.ts'
import { audit, auditPlatform } from '../../../platform/audit.ts'
import type { Clinic, Ctx, Origin } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { queueMail } from '../../../platform/mails.ts'
import { listOwners } from '../../../platform/owners.ts'
import type { Services } from '../../../platform/services.ts'
import {
  findLegalHoldById,
  insertLegalHold,
  isBeingErased,
  updateHoldLifted,
  updateHoldUntil,
  type LegalHold,
  type LegalHoldId,
} from '../queries/holds.ts'
import { longestHoldYears } from '../rules/retention.ts'

export type Ordering = { services: Services; origin: Origin; by: UserId }

export async function setHold(
  { services, origin, by }: Ordering,
  asked: { clinic: string; typed: string; owner: string; reason: string; until: PlainDate },
): Promise<Outcome<LegalHoldId, 'no_clinic' | 'typed' | 'until_past' | 'until_far'>> {
  const clinic = await services.clinics.bySlug(asked.clinic)
  if (!clinic) return refuse('no_clinic')
  if (asked.typed !== clinic.slug) return refuse('typed')
  return inClinic(services, clinic, origin, async (ctx) => {
    if (await isBeingErased(ctx.db, clinic.id)) return refuse('no_clinic')
    const until = endOf(asked.until, clinic, ctx.now)
    if (!until.ok) return until
    const id = newId<'legal_hold'>()
    const { reason, owner: ownerName } = asked
    await insertLegalHold(ctx.db, {
      id,
      clinicId: clinic.id,
      reason,
      ownerName,
      setBy: by,
      setAt: ctx.now,
      until: until.value,
    })
    const facts = { id, reason, ownerName, until: until.value }
    await note(ctx, by, 'legal_hold.set', facts)
    await tellOwners(services, ctx, 'set', facts)
    return done(id)
  })
}

/** To a later day than before. An earlier end is a lifting, which is said to be one. */
export async function extendHold(
  { services, origin, by }: Ordering,
  id: LegalHoldId,
  asked: { until: PlainDate; typed: string },
): Promise<Outcome<null, 'over' | 'typed' | 'until_past' | 'until_far' | 'until_sooner'>> {
  const { clinic, hold } = await getHold(services, id)
  if (asked.typed !== clinic.slug) return refuse('typed')
  return inClinic(services, clinic, origin, async (ctx) => {
    if (await isBeingErased(ctx.db, clinic.id)) return refuse('over')
    const until = endOf(asked.until, clinic, ctx.now)
    if (!until.ok) return until
    if (!isBefore(hold.until, until.value)) return refuse('until_sooner')
    if (!(await updateHoldUntil(ctx.db, id, until.value, ctx.now))) return refuse('over')
    const facts = { ...hold, until: until.value }
    await note(ctx, by, 'legal_hold.extended', facts)
    await tellOwners(services, ctx, 'extended', facts)
    return done(null)
  })
}

/** What waited goes with the next run. */
export async function liftHold(
  { services, origin, by }: Ordering,
  id: LegalHoldId,
  typed: string,
): Promise<Outcome<null, 'over' | 'typed'>> {
  const { clinic, hold } = await getHold(services, id)
  if (typed !== clinic.slug) return refuse('typed')
  return inClinic(services, clinic, origin, async (ctx) => {
    if (!(await updateHoldLifted(ctx.db, id, by, ctx.now))) return refuse('over')
    await note(ctx, by, 'legal_hold.lifted', hold)
    await tellOwners(services, ctx, 'lifted', hold)
    return done(null)
  })
}

function inClinic<T>(services: Services, clinic: Clinic, origin: Origin, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  return services.inClinic(clinic, { kind: 'system', job: 'privacy.hold' }, origin, work)
}

async function getHold(services: Services, id: LegalHoldId): Promise<{ clinic: Clinic; hold: LegalHold }> {
  const hold = (await findLegalHoldById(services.db, id)) ?? notFound('hold')
  return { hold, clinic: (await services.clinics.byId(hold.clinicId)) ?? notFound('clinic') }
}

/** The last moment of that day where the clinic is. */
function endOf(day: PlainDate, { zone }: Clinic, now: Instant): Outcome<Instant, 'until_past' | 'until_far'> {
  const until = dayBounds(day, zone).to
  if (!isBefore(now, until)) return refuse('until_past')
  const last = dateAt(now, zone).add({ years: longestHoldYears })
  return isBefore(dayBounds(last, zone).to, until) ? refuse('until_far') : done(until)
}

type Facts = Pick<LegalHold, 'id' | 'reason' | 'ownerName' | 'until'>

async function note(ctx: Ctx, by: UserId, action: string, { id, reason, ownerName, until }: Facts): Promise<void> {
  const [record, details] = [{ kind: 'legal_hold', id }, { until: until.toString() }]
  await audit(ctx, action, record, { ...details, by }, { reason, ownerName })
  await auditPlatform(ctx.db, action, {
    at: ctx.now,
    origin: ctx.origin,
    actorId: by,
    record,
    clinicId: ctx.clinic.id,
    details,
  })
}

async function tellOwners(
  services: Services,
  ctx: Ctx,
  step: 'set' | 'extended' | 'lifted',
  hold: Facts,
): Promise<void> {
  const { clinic, now } = ctx
  for (const owner of await listOwners(ctx.db, clinic.id)) {
    const speaker = services.speakers(owner.language, clinic)
    await queueMail(ctx.db, ctx.platformSeal, {
      kind: 'legal_hold',
      to: owner.email,
      subject: speaker.t(`privacy.mail.${step}.subject`, { clinic: clinic.name }),
      text: speaker.t(`privacy.mail.${step}.text`, {
        name: owner.name,
        clinic: clinic.name,
        owner: hold.ownerName,
        reason: hold.reason,
        until: speaker.date(hold.until.subtract({ seconds: 1 })),
        link: `${services.config.baseUrl}/app/${clinic.slug}/settings/privacy/retention`,
      }),
      now,
      clinicId: clinic.id,
    })
  }
}
