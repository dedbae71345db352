// Support visits: somebody of the platform looks at a clinic's workspace, on an owner's word, for an hour at most, with a
// reason that was declared. Each step stands in the clinic's own log and in the platform's, and reaches the owners by
// mail, in one transaction.
import { randomUUID } from 'node:crypto'
import { newId, type UserId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { done, refuse, type Outcome } from '../../kernel/outcome.ts'
import { audit, auditPlatform } from '../../platform/audit.ts'
import type { Actor, Clinic, Ctx, Origin } from '../../platform/clinic-scope.ts'
import { notFound } from '../../platform/errors.ts'
import { queueMail } from '../../platform/mails.ts'
import type { SupportVisitId } from '../../platform/noticeboard.ts'
import { listOwners } from '../../platform/owners.ts'
import type { Services } from '../../platform/services.ts'
import {
  deleteConsent,
  findConsent,
  findVisit,
  insertConsent,
  insertVisit,
  listOverdueVisits,
  lockOpenVisits,
  lockVisit,
  updateAllowed,
  updateEnded,
  updateRefused,
  updateStarted,
  type SupportVisit,
} from './queries.ts'
import { allowedHours, askedDays, stageOf, visitMinutes, type Ending } from './rules.ts'

export type Operating = { services: Services; origin: Origin; operator: { userId: UserId; name: string } }

/**
 * Declares a visit. Where the owners have said yes for good it may begin at once; otherwise they are asked by mail, and
 * it may begin when one of them has allowed it.
 */
export async function askForVisit(
  { services, origin, operator }: Operating,
  slug: string,
  reason: string,
): Promise<Outcome<{ id: SupportVisitId; allowed: boolean }, 'no_clinic' | 'open_already' | 'no_owner'>> {
  const clinic = await services.clinics.bySlug(slug)
  if (!clinic) return refuse('no_clinic')
  const id = newId<'support_visit'>()
  return services.inClinic(clinic, { kind: 'system', job: 'support' }, origin, async (ctx) => {
    const open = await lockOpenVisits(ctx.db, clinic.id)
    const mine = open.filter(({ operatorId }) => operatorId === operator.userId)
    if (mine.some((visit) => !['ended', 'unused'].includes(stageOf(visit, ctx.now)))) return refuse('open_already')
    const consent = await findConsent(ctx.db, clinic.id)
    const { userId } = operator
    await insertVisit(ctx.db, { id, clinicId: clinic.id, operatorId: userId, reason, askedAt: ctx.now })
    await note(ctx, origin, userId, 'support_visit.asked', id)
    if (consent) {
      await updateAllowed(ctx.db, id, consent.allowedBy, ctx.now)
      return done({ id, allowed: true })
    }
    const told = await tellOwners(services, ctx, 'asked', { id, operator: operator.name, reason })
    return told ? done({ id, allowed: false }) : refuse('no_owner')
  })
}

/** Begins a visit that was allowed. Whoever declared it, and nobody else. */
export async function startVisit(
  { services, origin, operator }: Operating,
  id: SupportVisitId,
): Promise<Outcome<{ slug: string }, 'not_allowed'>> {
  const { clinic, visit: declared } = await getVisit(services, id)
  const { allowedBy } = declared
  if (allowedBy === null || declared.operatorId !== operator.userId) return refuse('not_allowed')
  const actor: Actor = { kind: 'support', ...operator, visitId: id, onBehalfOf: allowedBy }
  const started = await services.inClinic(clinic, actor, origin, async (ctx) => {
    const visit = (await lockVisit(ctx.db, id)) ?? notFound('visit')
    if (stageOf(visit, ctx.now) !== 'allowed') return refuse('not_allowed')
    const until = ctx.now.add({ minutes: visitMinutes })
    await updateStarted(ctx.db, id, ctx.now, until)
    await note(ctx, origin, operator.userId, 'support_visit.started', id)
    await tellOwners(services, ctx, 'started', { id, operator: operator.name, reason: visit.reason, until })
    return done({ slug: clinic.slug })
  })
  await services.noticeboard.refresh()
  return started
}

/** Ends a visit from the platform's side, one's own or a colleague's. One that is over already stays as it ended. */
export async function endVisit({ services, origin, operator }: Operating, id: SupportVisitId): Promise<void> {
  const { clinic, visit } = await getVisit(services, id)
  const actor: Actor =
    visit.allowedBy === null
      ? { kind: 'system', job: 'support' }
      : { kind: 'support', ...operator, visitId: id, onBehalfOf: visit.allowedBy }
  await services.inClinic(clinic, actor, origin, (ctx) => end(services, ctx, origin, operator.userId, id, 'operator'))
  await services.noticeboard.refresh()
}

/** An owner ends a visit, or takes back a yes before it began. */
export async function stopVisit(services: Services, ctx: Ctx, id: SupportVisitId): Promise<void> {
  await getOwnVisit(ctx, id)
  await end(services, ctx, ctx.origin, ownerOf(ctx), id, 'owner')
}

/** An owner's answer to one visit that was asked for. */
export async function answerVisit(
  services: Services,
  ctx: Ctx,
  id: SupportVisitId,
  allowed: boolean,
): Promise<Outcome<null, 'answered'>> {
  await getOwnVisit(ctx, id)
  const visit = (await lockVisit(ctx.db, id)) ?? notFound('visit')
  if (stageOf(visit, ctx.now) !== 'asked') return refuse('answered')
  const owner = ownerOf(ctx)
  if (allowed) await updateAllowed(ctx.db, id, owner, ctx.now)
  else await updateRefused(ctx.db, id, ctx.now)
  await note(ctx, ctx.origin, owner, allowed ? 'support_visit.allowed' : 'support_visit.refused', id)
  await tellOperator(services, ctx, visit, allowed)
  return done(null)
}

/** Yes for good, until it is taken back: visits that are declared may begin without asking again. */
export async function allowVisits(ctx: Ctx): Promise<void> {
  const owner = ownerOf(ctx)
  if (!(await insertConsent(ctx.db, ctx.clinic.id, owner, ctx.now))) return
  await note(ctx, ctx.origin, owner, 'support_consent.given')
}

/** Takes the yes back. Whoever is looking is out with their next click. */
export async function withdrawVisits(services: Services, ctx: Ctx): Promise<void> {
  const owner = ownerOf(ctx)
  if (!(await deleteConsent(ctx.db, ctx.clinic.id))) return
  await note(ctx, ctx.origin, owner, 'support_consent.withdrawn')
  for (const { id } of await lockOpenVisits(ctx.db, ctx.clinic.id)) {
    await end(services, ctx, ctx.origin, owner, id, 'withdrawn')
  }
}

/** Writes down what the clock has ended, and tells the owners. Answers how many visits that were. */
export async function endOverdueVisits(services: Services): Promise<number> {
  const now = services.clock.now()
  const overdue = await listOverdueVisits(
    services.db,
    { now, allowedBefore: now.subtract({ hours: allowedHours }), askedBefore: now.subtract({ hours: askedDays * 24 }) },
    100,
  )
  for (const { id, clinicId } of overdue) {
    const clinic = await services.clinics.byId(clinicId)
    if (!clinic) continue
    const origin = { requestId: `support-${randomUUID()}` }
    await services.inClinic(clinic, { kind: 'system', job: 'support.end' }, origin, (ctx) =>
      end(services, ctx, origin, undefined, id, 'time'),
    )
  }
  if (overdue.length > 0) await services.noticeboard.refresh()
  return overdue.length
}

async function end(
  services: Services,
  ctx: Ctx,
  origin: Origin,
  by: UserId | undefined,
  id: SupportVisitId,
  ending: Ending,
): Promise<void> {
  const visit = await lockVisit(ctx.db, id)
  if (!visit || visit.endedAt || visit.refusedAt) return
  const begun = visit.startedAt !== null
  await updateEnded(ctx.db, id, !begun && ending === 'time' ? 'unused' : ending, ctx.now)
  await note(ctx, origin, by, 'support_visit.ended', id, ending)
  // Nobody needs to hear that something which never began is over.
  if (begun) await tellOwners(services, ctx, 'ended', { id, operator: visit.operator, reason: visit.reason })
}

/** In the clinic's own log and the platform's. */
async function note(
  ctx: Ctx,
  origin: Origin,
  actorId: UserId | undefined,
  action: string,
  id?: SupportVisitId,
  ending?: Ending,
): Promise<void> {
  const record = id === undefined ? { kind: 'clinic', id: ctx.clinic.id } : { kind: 'support_visit', id }
  const details = ending === undefined ? {} : { by: ending }
  await audit(ctx, action, record, details)
  await auditPlatform(ctx.db, action, {
    at: ctx.now,
    origin,
    ...(actorId === undefined ? {} : { actorId }),
    record,
    clinicId: ctx.clinic.id,
    details,
  })
}

const ownerOf = (ctx: Ctx): UserId => {
  if (ctx.actor.kind !== 'user') throw new Error('only an owner decides about visits')
  return ctx.actor.userId
}

async function getVisit(services: Services, id: SupportVisitId): Promise<{ visit: SupportVisit; clinic: Clinic }> {
  const visit = (await findVisit(services.db, id)) ?? notFound('visit')
  const clinic = (await services.clinics.byId(visit.clinicId)) ?? notFound('clinic')
  return { visit, clinic }
}

/** A visit to another clinic is none. */
async function getOwnVisit(ctx: Ctx, id: SupportVisitId): Promise<SupportVisit> {
  const visit = await findVisit(ctx.db, id)
  return visit?.clinicId === ctx.clinic.id ? visit : notFound('visit')
}

async function tellOwners(
  { speakers, keys, config }: Services,
  ctx: Ctx,
  what: 'asked' | 'started' | 'ended',
  visit: { id: SupportVisitId; operator: string; reason: string; until?: Instant },
): Promise<boolean> {
  const owners = await listOwners(ctx.db, ctx.clinic.id)
  for (const { email, language } of owners) {
    const speaker = speakers(language, ctx.clinic)
    const { t } = speaker
    const facts = {
      clinic: ctx.clinic.name,
      name: visit.operator,
      reason: visit.reason,
      at: speaker.dateTime(ctx.now),
      until: visit.until === undefined ? '' : speaker.time(visit.until),
      link: `${config.baseUrl}/app/${ctx.clinic.slug}/settings/support`,
    }
    await queueMail(ctx.db, keys.platform, {
      kind: `support_${what}`,
      to: email,
      subject: t(`support.mail.${what}.subject`, facts),
      text: t(`support.mail.${what}.text`, facts),
      now: ctx.now,
      clinicId: ctx.clinic.id,
    })
  }
  return owners.length > 0
}

async function tellOperator(
  { speakers, keys, config }: Services,
  ctx: Ctx,
  visit: SupportVisit,
  allowed: boolean,
): Promise<void> {
  const { email, language } = visit.operatorContact
  const { t } = speakers(language, ctx.clinic)
  const answer = allowed ? 'allowed' : 'refused'
  const facts = { clinic: ctx.clinic.name, link: `${config.baseUrl}/admin/support` }
  await queueMail(ctx.db, keys.platform, {
    kind: `support_${answer}`,
    to: email,
    subject: t(`support.mail.${answer}.subject`, facts),
    text: t(`support.mail.${answer}.text`, facts),
    now: ctx.now,
    clinicId: ctx.clinic.id,
  })
}
