// Proving that it is they who ask. Sending and trying a code are transactions of their own: what they count has to stay
// counted whatever comes of the next.
import { randomInt } from 'node:crypto'
import bcrypt from 'bcrypt'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { audit } from '../../../platform/audit.ts'
import type { Clinic, Ctx, Origin } from '../../../platform/clinic-scope.ts'
import { queueMessage } from '../../../platform/outbox.ts'
import type { Services } from '../../../platform/services.ts'
import { addressBlock, throttle } from '../../../platform/throttle.ts'
import { codeLimits } from '../../booking/rules/codes.ts'
import { isOptedOut } from '../../messaging/actions/stop.ts'
import { findPatient } from '../../patients/queries.ts'
import {
  getRequest,
  lockRequest,
  updateCode,
  updateCodeTries,
  updateCodeUsed,
  updateIdentity,
} from '../queries/requests.ts'
import type { RightsRequest, RightsRequestId } from '../rules.ts'
import { codeMinutes, codesAllowed, codeTries, secondsToResend } from '../rules/codes.ts'

export type Asking = {
  services: Services
  clinic: Clinic
  origin: Origin
  inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>
}

export type CodeRefusal = 'no_number' | 'stopped' | 'too_soon' | 'too_many' | 'not_now'

/** `desk`: the owner wants to know who asks. `answer`: whoever has the link wants the copy. */
export type CodeFor = 'desk' | 'answer'

const awaits = (request: RightsRequest, reason: CodeFor) =>
  reason === 'desk' ? request.state === 'received' : request.state === 'decided'

/** The number on file, before what somebody typed. */
async function numberOf(ctx: Ctx, request: RightsRequest): Promise<Phone | undefined> {
  const patient = request.patientId === null ? undefined : await findPatient(ctx, request.patientId)
  return patient?.phone ?? (request.patientId === null ? request.subject?.phone : undefined)
}

export async function sendIdentityCode(
  asking: Asking,
  id: RightsRequestId,
  reason: CodeFor,
): Promise<Outcome<null, CodeRefusal>> {
  const { services, clinic, inClinic, origin } = asking
  const ready = await inClinic(async (ctx) => {
    const request = await getRequest(ctx, id)
    if (!awaits(request, reason)) return refuse('not_now')
    const phone = await numberOf(ctx, request)
    if (phone === undefined) return refuse('no_number')
    if (await isOptedOut(ctx, phone)) return refuse('stopped')
    if (secondsToResend(request.codeSentAt, ctx.now) > 0) return refuse('too_soon')
    return request.codesSent >= codesAllowed ? refuse('too_many') : done({ phone, language: request.language })
  })
  if (!ready.ok) return ready
  const { phone, language } = ready.value
  const { keys, db, clock } = services
  const counted = [
    [codeLimits.phoneDay, `${clinic.id} ${phone}`],
    [codeLimits.clinicHour, clinic.id],
    ...(reason === 'desk' ? [] : [[codeLimits.addressHour, addressBlock(origin.address ?? '')] as const]),
  ] as const
  for (const [limit, subject] of counted) {
    if ((await throttle(db, keys.platform, clock.now(), limit, subject)) !== undefined) return refuse('too_many')
  }
  const digits = String(randomInt(1_000_000)).padStart(6, '0')
  const hash = await bcrypt.hash(secretOf(asking, id, phone, digits), 10)
  return inClinic(async (ctx) => {
    const request = await lockRequest(ctx, id)
    // Its twin was faster: that code is on its way.
    if (!awaits(request, reason)) return refuse('not_now')
    if (secondsToResend(request.codeSentAt, ctx.now) > 0) return refuse('too_soon')
    const expiresAt = ctx.now.add({ minutes: codeMinutes })
    await updateCode(ctx, id, { hash, expiresAt })
    await queueMessage(ctx, {
      kind: 'code',
      template: 'nabz_code',
      recipient: { channel: 'whatsapp', phone },
      language,
      appointmentId: null,
      ...(request.patientId === null ? {} : { patientId: request.patientId }),
      version: request.codesSent + 1,
      dueAt: ctx.now,
      expiresAt,
      params: { code: digits },
    })
    ctx.messagesQueued()
    await audit(ctx, 'rights_request.code_sent', { kind: 'rights_request', id }, { reason })
    return done(null)
  })
}

/** Binds the digits to clinic, request and number, so that the table alone, with its million codes, is of no use. */
const secretOf = ({ services, clinic }: Asking, id: RightsRequestId, phone: Phone, digits: string) =>
  services.keys.platform.hash('rights-code', `${clinic.id}|${phone}|${id}|${digits}`).toString('base64')

export type TryRefusal = 'wrong' | 'spent' | 'not_now'

/** Tries a code, once it is counted; whoever sends many at once has used up the tries all the same. */
export async function tryIdentityCode(
  asking: Asking,
  id: RightsRequestId,
  digits: string,
  reason: CodeFor,
): Promise<Outcome<null, TryRefusal>> {
  const { inClinic } = asking
  const tried = await inClinic(async (ctx) => {
    const request = await getRequest(ctx, id)
    const phone = await numberOf(ctx, request)
    if (!awaits(request, reason) || phone === undefined) return refuse('not_now')
    const hash = await updateCodeTries(ctx, id, codeTries)
    return hash === undefined ? refuse('spent') : done({ hash, phone })
  })
  if (!tried.ok) return tried
  const { hash, phone } = tried.value
  if (!(await bcrypt.compare(secretOf(asking, id, phone, digits), hash))) return refuse('wrong')
  return inClinic(async (ctx) => {
    if (!(await updateCodeUsed(ctx, id, hash))) return refuse('spent')
    if (reason === 'answer') return done(null)
    const by = ctx.actor.kind === 'user' ? ctx.actor.userId : null
    if (!(await updateIdentity(ctx, id, { how: 'code', by, note: undefined }))) return refuse('not_now')
    await audit(ctx, 'rights_request.identity_proven', { kind: 'rights_request', id }, { how: 'code' })
    return done(null)
  })
}

/** Somebody came by and showed a document. Which one stands in the note, sealed; a copy of it is never kept. */
export async function proveInPerson(ctx: Ctx, id: RightsRequestId, note: string): Promise<Outcome<null, 'not_now'>> {
  const by = ctx.actor.kind === 'user' ? ctx.actor.userId : null
  if (!(await updateIdentity(ctx, id, { how: 'in_person', by, note }))) return refuse('not_now')
  const record = { kind: 'rights_request', id }
  await audit(ctx, 'rights_request.identity_proven', record, { how: 'in_person' }, { note })
  return done(null)
}
