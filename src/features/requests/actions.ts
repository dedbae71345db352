// What is done about a request, from the moment it comes in. Every mail leaves in the transaction of what it tells of.
import { newId, type ClinicId, type UserId } from '../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../kernel/outcome.ts'
import type { Instant } from '../../kernel/time.ts'
import { auditPlatform } from '../../platform/audit.ts'
import type { Clinic, Ctx, Origin } from '../../platform/clinic-scope.ts'
import { inTransaction, type Transaction } from '../../platform/db/transaction.ts'
import { notFound } from '../../platform/errors.ts'
import type { Language } from '../../platform/i18n/languages.ts'
import { queueMail } from '../../platform/mails.ts'
import { listOwners } from '../../platform/owners.ts'
import type { Services } from '../../platform/services.ts'
import { addressBlock, throttle } from '../../platform/throttle.ts'
import {
  findRequest,
  insertRequest,
  insertStep,
  listOperators,
  lockRequest,
  updateAnswered,
  updateAssigned,
  updateClosed,
  updateEscalated,
  updateReopened,
  updateRouted,
  updateTakenIn,
  type Request,
  type RequestId,
} from './queries.ts'
import {
  clockDays,
  dueAt,
  escalatesAt,
  referenceOf,
  requestLimit,
  type CloseReason,
  type RequestTopic,
} from './rules.ts'

export type NewRequest = {
  topic: RequestTopic
  name: string
  email: string
  /** The clinic it is about, where one was named. */
  clinicSlug?: string | undefined
  message: string
  language: Language
}

/**
 * Takes in what somebody wrote on the contact form, and tells them so by mail. That mail repeats nothing of what was
 * typed: the address may be a stranger's, and must not be sent somebody else's words by us.
 */
export async function fileRequest(
  services: Services,
  origin: Origin,
  form: NewRequest,
): Promise<Outcome<{ id: RequestId; reference: string }, never> | { ok: false; reason: 'too_many'; seconds: number }> {
  const { db, keys, clock } = services
  const now = clock.now()
  const seconds = await throttle(db, keys.platform, now, requestLimit, addressBlock(origin.address ?? ''))
  if (seconds !== undefined) return { ok: false, reason: 'too_many', seconds }
  const clinic = form.clinicSlug === undefined ? undefined : await services.clinics.bySlug(form.clinicSlug)
  const id = newId<'request'>()
  const due = dueAt(form.topic, now)
  await inTransaction(db, async (trx) => {
    const { topic, language, name, email, message } = form
    const clinicId = clinic?.id ?? null
    await insertRequest(trx, keys.platform, {
      id, topic, language, name, email, message, clinicId, receivedAt: now, dueAt: due ?? null,
    }) // prettier-ignore
    await auditPlatform(trx, 'request.filed', {
      at: now,
      origin,
      record: { kind: 'request', id },
      ...(clinic ? { clinicId: clinic.id } : {}),
      details: { topic },
    })
    await acknowledge(services, trx, { id, email, language, due, now })
    if (clinic && due) await routeAtOnce(services, trx, clinic, { id, origin, due, now })
  })
  return done({ id, reference: referenceOf(id) })
}

/** A request about data that names its clinic needs nobody to read it first: it is the clinic's, and so is the clock. */
async function routeAtOnce(
  services: Services,
  trx: Transaction,
  clinic: Clinic,
  { id, origin, due, now }: { id: RequestId; origin: Origin; due: Instant; now: Instant },
): Promise<void> {
  // Of one without an owner somebody of the platform takes care.
  if (!(await tellOwners(services, trx, clinic, due, id, now, 'routed'))) return
  await updateRouted(trx, id, clinic.id, now)
  await insertStep(trx, services.keys.platform, {
    requestId: id,
    at: now,
    kind: 'routed',
    authorId: null,
    detail: clinic.name,
  })
  await auditPlatform(trx, 'request.routed', { at: now, origin, record: { kind: 'request', id }, clinicId: clinic.id })
}

/** In the transaction in which the clinic takes it in as a request of its own. */
export async function markTakenIn(ctx: Ctx, id: RequestId): Promise<boolean> {
  return updateTakenIn(ctx.db, id, ctx.clinic.id, ctx.now)
}

/** The clinic has answered, in this transaction: nothing is left to be done about it here. */
export async function closeByClinic(ctx: Ctx, id: RequestId): Promise<void> {
  const { db, platformSeal, now, clinic, actor, origin } = ctx
  const request = await lockRequest(db, platformSeal, id)
  if (!request || request.status === 'closed' || request.clinicId !== clinic.id) return
  await updateClosed(db, id, 'done_by_clinic', now)
  const author = actor.kind === 'user' ? actor.userId : undefined
  await insertStep(db, platformSeal, {
    requestId: id,
    at: now,
    kind: 'closed',
    authorId: author ?? null,
    detail: 'done_by_clinic',
  })
  await auditPlatform(db, 'request.closed', {
    at: now,
    origin,
    ...(author ? { actorId: author } : {}),
    record: { kind: 'request', id },
    clinicId: clinic.id,
  })
}

async function acknowledge(
  { speakers, keys }: Services,
  trx: Transaction,
  request: { id: RequestId; email: string; language: Language; due: Instant | undefined; now: Instant },
): Promise<void> {
  const speaker = speakers(request.language, elsewhere)
  const { t } = speaker
  const reference = referenceOf(request.id)
  await queueMail(trx, keys.platform, {
    kind: 'request_received',
    to: request.email,
    subject: t('requests.mail.received.subject', { reference }),
    text: request.due
      ? t('requests.mail.received.privacy', { reference, days: clockDays, due: speaker.longDate(request.due) })
      : t('requests.mail.received.text', { reference }),
    now: request.now,
  })
}

/** Dates of the platform's own mails, which belong to no clinic. */
const elsewhere = { country: 'GB', zone: 'UTC' }

export type Handling = { services: Services; origin: Origin; actorId: UserId }

/** Answers by mail, in the request's transaction: what the page shows as sent is on its way. */
export async function answerRequest(handling: Handling, id: RequestId, text: string): Promise<Outcome<null, 'closed'>> {
  return change(handling, id, 'request.answered', async (trx, request, now) => {
    const { services, actorId } = handling
    if (request.status === 'closed') return refuse('closed')
    const { t } = services.speakers(request.language, elsewhere)
    await queueMail(trx, services.keys.platform, {
      kind: 'request_answer',
      to: request.email,
      subject: t('requests.mail.answer.subject', { reference: referenceOf(id) }),
      // What was typed stays outside of the translation, which would look for placeholders in it.
      text: `${text}\n\n${t('requests.mail.answer.foot', { reference: referenceOf(id) })}`,
      now,
    })
    await insertStep(trx, services.keys.platform, {
      requestId: id,
      at: now,
      kind: 'answer',
      authorId: actorId,
      body: text,
    })
    await updateAnswered(trx, id, now)
    return done(null)
  })
}

export async function noteOnRequest(handling: Handling, id: RequestId, text: string): Promise<Outcome<null, never>> {
  return change(handling, id, 'request.noted', async (trx, _request, now) => {
    const seal = handling.services.keys.platform
    await insertStep(trx, seal, { requestId: id, at: now, kind: 'note', authorId: handling.actorId, body: text })
    return done(null)
  })
}

export async function assignRequest(
  handling: Handling,
  id: RequestId,
  to: UserId | null,
): Promise<Outcome<null, 'no_operator'>> {
  return change(handling, id, 'request.assigned', async (trx, _request, now) => {
    const operators = to === null ? [] : await listOperators(trx)
    const operator = operators.find(({ userId }) => userId === to)
    if (to !== null && !operator) return refuse('no_operator')
    await updateAssigned(trx, id, to)
    await insertStep(trx, handling.services.keys.platform, {
      requestId: id,
      at: now,
      kind: 'assigned',
      authorId: handling.actorId,
      ...(operator ? { detail: operator.name } : {}),
    })
    return done(null)
  })
}

/**
 * Hands a request about somebody's data to the clinic that keeps it, whose answer it is to give. Its owners are told
 * that one came in and by when it must be answered; who asks and what stands in the request only, not in a mailbox.
 */
export async function routeRequest(
  handling: Handling,
  id: RequestId,
  slug: string,
): Promise<Outcome<null, 'no_clinic' | 'closed' | 'no_clock' | 'no_owner'>> {
  const { services, actorId } = handling
  const clinic = await services.clinics.bySlug(slug)
  if (!clinic) return refuse('no_clinic')
  return change(handling, id, 'request.routed', async (trx, request, now) => {
    if (request.status === 'closed') return refuse('closed')
    if (request.dueAt === null) return refuse('no_clock')
    if (!(await tellOwners(services, trx, clinic, request.dueAt, id, now, 'routed'))) return refuse('no_owner')
    await updateRouted(trx, id, clinic.id, now)
    await insertStep(trx, services.keys.platform, {
      requestId: id,
      at: now,
      kind: 'routed',
      authorId: actorId,
      detail: clinic.name,
    })
    return done(null)
  })
}

async function tellOwners(
  { speakers, keys, config }: Services,
  trx: Transaction,
  clinic: { id: ClinicId; name: string; slug: string },
  due: Instant,
  id: RequestId,
  now: Instant,
  what: 'routed' | 'escalated',
): Promise<boolean> {
  const owners = await listOwners(trx, clinic.id)
  for (const { email, language } of owners) {
    const speaker = speakers(language, elsewhere)
    const { t } = speaker
    const link = `${config.baseUrl}/app/${clinic.slug}/settings/privacy/requests`
    const facts = { clinic: clinic.name, due: speaker.longDate(due), reference: referenceOf(id), link }
    await queueMail(trx, keys.platform, {
      kind: `request_${what}`,
      to: email,
      subject: t(`requests.mail.${what}.subject`, facts),
      text: t(`requests.mail.${what}.text`, facts),
      now,
      clinicId: clinic.id,
    })
  }
  return owners.length > 0
}

export async function closeRequest(
  handling: Handling,
  id: RequestId,
  reason: CloseReason,
): Promise<Outcome<null, 'closed'>> {
  return change(handling, id, 'request.closed', async (trx, request, now) => {
    if (request.status === 'closed') return refuse('closed')
    await updateClosed(trx, id, reason, now)
    const step = { requestId: id, at: now, kind: 'closed' as const, authorId: handling.actorId, detail: reason }
    await insertStep(trx, handling.services.keys.platform, step)
    return done(null)
  })
}

/** Takes a closing back. The clock goes on from where it would be: it was never stopped for whoever asked. */
export async function reopenRequest(handling: Handling, id: RequestId): Promise<Outcome<null, 'not_closed'>> {
  return change(handling, id, 'request.reopened', async (trx, request, now) => {
    if (request.status !== 'closed') return refuse('not_closed')
    await updateReopened(trx, id)
    const step = { requestId: id, at: now, kind: 'reopened' as const, authorId: handling.actorId }
    await insertStep(trx, handling.services.keys.platform, step)
    return done(null)
  })
}

/** One locked look at the request, what is done about it, and the entry that says so. */
async function change<R extends string>(
  { services, origin, actorId }: Handling,
  id: RequestId,
  action: string,
  work: (trx: Transaction, request: Request, now: Instant) => Promise<Outcome<null, R>>,
): Promise<Outcome<null, R>> {
  const now = services.clock.now()
  return inTransaction(services.db, async (trx) => {
    const request = (await lockRequest(trx, services.keys.platform, id)) ?? notFound('request')
    const outcome = await work(trx, request, now)
    // Every action asks before it writes, so that a refusal leaves nothing behind.
    if (!outcome.ok) return outcome
    await auditPlatform(trx, action, {
      at: now,
      origin,
      actorId,
      record: { kind: 'request', id },
      ...(request.clinicId ? { clinicId: request.clinicId } : {}),
    })
    return outcome
  })
}

const perRound = 50

/**
 * On the twentieth day of a request that nobody has closed, reminds whoever it was given to (everybody of the platform,
 * when nobody) and the owners of the clinic it was handed to. Answers how many it marked.
 */
export async function escalateRequests(services: Services): Promise<number> {
  const now = services.clock.now()
  // Due within the days that are left then.
  const dueBefore = now.add({ milliseconds: now.epochMilliseconds - escalatesAt(now).epochMilliseconds })
  return inTransaction(services.db, async (trx) => {
    const ids = await updateEscalated(trx, dueBefore, now, perRound)
    if (ids.length === 0) return 0
    const operators = await listOperators(trx)
    for (const id of ids) {
      const request = await findRequest(trx, services.keys.platform, id)
      if (!request?.dueAt) continue
      const { dueAt: due, clinicId, clinicName, clinicSlug, status, assignedTo } = request
      const told = operators.filter(({ userId }) => assignedTo === null || userId === assignedTo)
      for (const { email, language } of told.length > 0 ? told : operators) {
        const speaker = services.speakers(language, elsewhere)
        const { t } = speaker
        const facts = { reference: referenceOf(id), due: speaker.longDate(due) }
        await queueMail(trx, services.keys.platform, {
          kind: 'request_late',
          to: email,
          subject: t('requests.mail.late.subject', facts),
          text: t('requests.mail.late.text', {
            ...facts,
            link: `${services.config.baseUrl}/admin/requests/${id}`,
          }),
          now,
        })
      }
      if (status === 'routed' && clinicId !== null && clinicName !== null && clinicSlug !== null) {
        await tellOwners(services, trx, { id: clinicId, name: clinicName, slug: clinicSlug }, due, id, now, 'escalated')
      }
      await insertStep(trx, services.keys.platform, { requestId: id, at: now, kind: 'escalated', authorId: null })
    }
    return ids.length
  })
}
