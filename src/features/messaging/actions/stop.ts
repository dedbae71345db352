// STOP and START. The list hangs on the number, apart from any patient, and is asked at the moment of every send.
import { randomUUID } from 'node:crypto'
import type { PatientId } from '../../../kernel/ids.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Instant } from '../../../kernel/time.ts'
import { audit, type AuditRecord } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { recipientHash } from '../../../platform/outbox.ts'
import type { Services } from '../../../platform/services.ts'
import { give, withdraw } from '../../consents/actions.ts'
import { findConsent } from '../../consents/queries.ts'
import type { Channel, Source } from '../../consents/rules.ts'
import { listPatientsByPhone } from '../../patients/queries.ts'
import { findOptOut, lockNumber, updateResumed, upsertStop } from '../queries/opt-outs.ts'
import {
  findCorrespondent,
  listClinicsDropped,
  updateQueuedOptedOut,
  updateRemindersResumed,
} from '../queries/correspondence.ts'
import { changeOf, isStopped, type Change } from '../rules/opt-outs.ts'

/** The number every clinic writes from. A clinic with a number of its own will have its id here. */
export const sharedSender = 'platform'

/** Whether nothing may be sent to this number by WhatsApp, a code included: the desk's telephone is the way then. */
export async function isOptedOut(ctx: Ctx, phone: Phone): Promise<boolean> {
  const number = recipientHash(ctx, { channel: 'whatsapp', phone })
  return isStopped(await findOptOut(ctx.db, sharedSender, number))
}

type Wish = {
  numberHash: Buffer
  phone: Phone
  said: 'stop' | 'start'
  at: Instant
  wording: string
  evidence: string | null
  channel: Channel
  source: Source
  about: AuditRecord
}

/**
 * Notes a STOP or START, and at this clinic drops what waits and writes it into the consents of whoever has the number.
 * Answers what it changed; nothing, if it was so already.
 */
export async function noteWish(ctx: Ctx, wish: Wish): Promise<Change | undefined> {
  await lockNumber(ctx.db, wish.numberHash)
  const before = await findOptOut(ctx.db, sharedSender, wish.numberHash)
  const change = changeOf(before, wish.said, wish.at)
  if (change === 'stop_again') await upsertStop(ctx.db, sharedSender, wish.numberHash, wish)
  if (change === 'stop') {
    await upsertStop(ctx.db, sharedSender, wish.numberHash, wish)
    await updateQueuedOptedOut(ctx, wish.numberHash)
    await audit(ctx, 'messages.stopped', wish.about)
  }
  if (change === 'resume') {
    await updateResumed(ctx.db, sharedSender, wish.numberHash, wish)
    await updateRemindersResumed(ctx, wish.numberHash)
    await audit(ctx, 'messages.resumed', wish.about)
  }
  const agreed = await tellConsents(ctx, wish)
  return change ?? (wish.said === 'start' && agreed ? 'resume' : undefined)
}

/**
 * STOP is a consent taken back, by everybody the number belongs to. START gives it again where it was given once: it is
 * an answer to our own words about how to get messages again, and says nothing of people who never agreed to any.
 */
async function tellConsents(ctx: Ctx, { phone, said, at, channel, source }: Wish): Promise<boolean> {
  let changed = false
  for (const { id: patientId, language } of await listPatientsByPhone(ctx, phone)) {
    const consent = { patientId, purpose: 'appointment_messages', channel, source, at } as const
    if (said === 'stop') changed = (await withdraw(ctx, consent)) || changed
    else if (await findConsent(ctx, patientId, 'appointment_messages')) {
      changed = (await give(ctx, { ...consent, language })) || changed
    }
  }
  return changed
}

/**
 * What STOP took out of the queues of other clinics comes back into them: who begins messages again from a sender that
 * clinics share hears from all of them, at whichever they said so. Asked as it stands at each, since they may have said
 * STOP again meanwhile.
 */
export async function resumeElsewhere(
  services: Pick<Services, 'jobsDb' | 'clinics' | 'clock' | 'inClinic'>,
  numberHash: Buffer,
  said: Pick<Wish, 'channel' | 'source'>,
): Promise<void> {
  const origin = { requestId: `start-${randomUUID()}` }
  for (const clinicId of await listClinicsDropped(services.jobsDb, numberHash, services.clock.now())) {
    const clinic = await services.clinics.byId(clinicId)
    if (!clinic) continue
    await services.inClinic(clinic, { kind: 'system', job: 'messaging.start' }, origin, async (ctx) => {
      await lockNumber(ctx.db, numberHash)
      const optOut = await findOptOut(ctx.db, sharedSender, numberHash)
      if (!optOut?.resumedAt || isStopped(optOut)) return
      if ((await updateRemindersResumed(ctx, numberHash)) === 0) return
      await giveBackStopped(ctx, numberHash, { ...said, at: optOut.resumedAt, stoppedAt: optOut.stoppedAt })
    })
  }
}

/** Of the consents, those that the STOP itself took back; what was taken back for another reason stays so. */
async function giveBackStopped(
  ctx: Ctx,
  numberHash: Buffer,
  { stoppedAt, ...said }: Pick<Wish, 'channel' | 'source' | 'at'> & { stoppedAt: Instant },
): Promise<void> {
  const phone = (await findCorrespondent(ctx, numberHash))?.phone
  for (const { id: patientId, language } of phone === undefined ? [] : await listPatientsByPhone(ctx, phone)) {
    const newest = await findConsent(ctx, patientId, 'appointment_messages')
    const byStop = newest?.source === 'whatsapp_reply' || newest?.decidedAt.equals(stoppedAt) === true
    if (newest?.decision !== 'deny' || !byStop) continue
    await give(ctx, { patientId, purpose: 'appointment_messages', language, ...said })
  }
}

type Holder = { id: PatientId; phone: Phone }

/** Stops messages on a patient's behalf, by word of mouth or on their page. Only the person can resume them. */
export async function stopForPatient(ctx: Ctx, holder: Holder): Promise<Outcome<undefined, 'stopped_already'>> {
  const change = await noteWish(ctx, wishOf(ctx, holder, 'stop'))
  return change === 'stop' ? done(undefined) : refuse('stopped_already')
}

/** Resumes them on the page of somebody who has just proven the number. */
export async function resumeForPatient(ctx: Ctx, holder: Holder): Promise<Outcome<undefined, 'not_stopped'>> {
  if (ctx.actor.kind !== 'patient') throw new Error('only the person can resume messages')
  const change = await noteWish(ctx, wishOf(ctx, holder, 'start'))
  return change === 'resume' ? done(undefined) : refuse('not_stopped')
}

function wishOf(ctx: Ctx, { id, phone }: Holder, said: Wish['said']): Wish {
  const atDesk = ctx.actor.kind === 'user'
  return {
    numberHash: recipientHash(ctx, { channel: 'whatsapp', phone }),
    phone,
    said,
    at: ctx.now,
    wording: atDesk ? 'asked the desk' : 'asked on the page',
    evidence: null,
    channel: atDesk ? 'phone' : 'web',
    source: atDesk ? 'desk' : 'patient_page',
    about: { kind: 'patient', id },
  }
}
