// The dispatcher: takes due messages out of the outbox and sends them, once. Any number of processes may run it.
//
// A message goes through three short transactions: claimed with others of its clinic, looked at again and marked as
// being sent, and marked with what became of it. Between the last two it is on the wire and nothing is locked. A process
// that dies there leaves a message "being sent" whose claim lapses; the next one finds it and treats it as one that may
// have gone out.
import { randomInt, randomUUID } from 'node:crypto'
import { parseId, type ClinicId, type MessageId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Channel, SendResult } from '../../../platform/channels/channel.ts'
import { smtpChannel, type MailPayload } from '../../../platform/channels/smtp.ts'
import { whatsAppChannel, type WhatsAppPayload } from '../../../platform/channels/whatsapp.ts'
import type { Clinic, Ctx } from '../../../platform/clinic-scope.ts'
import type { Services } from '../../../platform/services.ts'
import { findAppointment, listAppointmentsById } from '../../appointments/queries.ts'
import { findConsent } from '../../consents/queries.ts'
import { getNoticeSettings } from '../../notices/queries.ts'
import { heldUntil } from '../../notices/rules.ts'
import { closeUnsent, reasonNotToOffer } from '../../waitlist/actions/answer.ts'
import { findOptOut } from '../queries/opt-outs.ts'
import {
  claimDueMessages,
  countUnknownAttempts,
  listClinicsWithDueMessages,
  listToldTogether,
  lockMessage,
  releaseClaims,
  updateAttemptsLost,
  updateDropped,
  updateFailed,
  updateHeld,
  updatePutOff,
  updateSending,
  updateWaiting,
  type OutboxRow,
} from '../queries/outbox.ts'
import { findPause } from '../queries/senders.ts'
import { isStopped } from '../rules/opt-outs.ts'
import { claimSeconds, sendingSeconds, unknownSeconds } from '../rules/retries.ts'
import { reasonToDrop } from '../rules/still-true.ts'
import { compose, composeTogether, type Composed } from './compose.ts'
import { recordOutcome, senderOf, sendByMailInstead, tallyFailed, templateSubject } from './outcome.ts'

export type Channels = { whatsapp: Channel<WhatsAppPayload>; email: Channel<MailPayload> }

const clinicsAtOnce = 50
const perClinic = 20
const freshPerClinic = 5
const perRound = 100
// A few at once: the database's connections are shared with the pages.
const parallel = 4

function openChannels({ config }: Pick<Services, 'config'>): Channels {
  return { whatsapp: whatsAppChannel(config.whatsapp), email: smtpChannel(config.mail) }
}

/** Sends everything that is due, until nothing is or the process is to stop. Answers how many messages it took up. */
export async function dispatchDue(services: Services): Promise<number> {
  const channels = openChannels(services)
  try {
    let handled = 0
    for (;;) {
      const claimed = await claimRound(services)
      if (claimed.length === 0) return handled
      handled += claimed.length
      await workThrough(services, channels, claimed)
    }
  } finally {
    channels.whatsapp.close()
    channels.email.close()
  }
}

/**
 * Sends what has just been queued at these clinics, codes first, beside whatever `dispatchDue` is working through:
 * somebody who waits for a code does not wait for the morning's reminders of all clinics.
 */
export async function dispatchFresh(services: Services, clinicIds: readonly ClinicId[]): Promise<number> {
  const channels = openChannels(services)
  try {
    const claimed = await claimFrom(services, clinicIds, freshPerClinic)
    await workThrough(services, channels, claimed)
    return claimed.length
  } finally {
    channels.whatsapp.close()
    channels.email.close()
  }
}

type Claimed = { clinic: Clinic; id: MessageId; lease: Instant }

async function claimRound(services: Services): Promise<Claimed[]> {
  const clinics = await listClinicsWithDueMessages(services.jobsDb, services.clock.now(), clinicsAtOnce)
  return claimFrom(services, clinics, perClinic)
}

async function claimFrom(services: Services, clinics: readonly ClinicId[], limit: number): Promise<Claimed[]> {
  const claimed: Claimed[] = []
  for (const clinicId of clinics) {
    if (claimed.length >= perRound || services.stopping.signal.aborted) break
    try {
      claimed.push(...(await claimOf(services, clinicId, limit)))
    } catch (error) {
      // One clinic's trouble (its key destroyed a moment ago) is not the others'.
      services.log.error('messages.claim_failed', error, { clinicId })
    }
  }
  return claimed
}

async function claimOf(services: Services, clinicId: ClinicId, limit: number): Promise<Claimed[]> {
  const clinic = await services.clinics.byId(clinicId)
  if (!clinic) return []
  return asDispatcher(services, clinic, async (ctx) => {
    // Milliseconds by chance, so that no two claims are alike even where two machines' clocks are.
    const lease = ctx.now.add({ seconds: claimSeconds, milliseconds: randomInt(1000) })
    const ids = await claimDueMessages(ctx, lease, limit)
    return ids.map((id) => ({ clinic, id, lease }))
  })
}

async function workThrough(services: Services, channels: Channels, claimed: Claimed[]): Promise<void> {
  const waiting = [...claimed]
  const worker = async () => {
    for (;;) {
      await services.pagesFirst.gap()
      if (services.stopping.signal.aborted) return
      const next = waiting.shift()
      if (!next) return
      try {
        await dispatchOne(services, channels, next)
      } catch (error) {
        // Its claim lapses and it is tried again; nothing is lost, and the others go on.
        services.log.error('messages.dispatch_failed', error, { clinicId: next.clinic.id, messageId: next.id })
      }
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  // Asked to stop: what was claimed and not begun is at once free for another process.
  for (const { clinic, id, lease } of waiting) {
    await asDispatcher(services, clinic, (ctx) => releaseClaims(ctx, [id], lease))
  }
}

async function dispatchOne(services: Services, channels: Channels, claimed: Claimed): Promise<void> {
  const { id, lease } = claimed
  // As it is now, and not when this was claimed: the hours may have closed since. Asked for together, it is one query.
  const clinic = await services.clinics.byId(claimed.clinic.id)
  if (!clinic) return
  const prepared = await asDispatcher(services, clinic, (ctx) => prepare(ctx, services, id, lease))
  if (!prepared) return
  const result = await send(channels, prepared.composed)
  services.log.info('message.attempted', {
    clinicId: clinic.id,
    messageId: id,
    code: result.kind === 'accepted' ? result.kind : result.code,
  })
  await asDispatcher(services, clinic, (ctx) => recordOutcome(ctx, prepared, result, randomInt(1000) / 1000))
}

const send = (channels: Channels, composed: Composed): Promise<SendResult> =>
  composed.channel === 'whatsapp' ? channels.whatsapp.send(composed.payload) : channels.email.send(composed.payload)

export type Prepared = { message: OutboxRow; attempt: string; lease: Instant; composed: Composed }

/**
 * Looks at a claimed message once more, with the appointment, the consent and the opt-outs as they are now, and either
 * marks it as being sent or says what else becomes of it. Whoever changes the appointment drops its queued messages in
 * the same transaction: that and this lock the same row, so one of the two comes first and the other sees what it did.
 */
async function prepare(ctx: Ctx, services: Services, id: MessageId, lease: Instant): Promise<Prepared | undefined> {
  const message = await lockMessage(ctx, id)
  if (!message || message.leaseUntil?.equals(lease) !== true) return undefined
  if (message.status === 'sending') {
    await updateAttemptsLost(ctx, id)
    await updateWaiting(ctx, id, {
      status: 'unknown',
      notBefore: ctx.now.add({ seconds: unknownSeconds }),
      code: 'process_died',
      spent: true,
    })
    return undefined
  }
  if (message.status !== 'queued' && message.status !== 'unknown') return undefined

  const [optOut, own, consent, pause] = await Promise.all([
    message.channel === 'whatsapp' ? findOptOut(ctx.db, senderOf(message), message.recipientHash) : undefined,
    message.appointmentId === null || message.toldWith !== null
      ? undefined
      : findAppointment(ctx, message.appointmentId),
    message.patientId === null ? undefined : findConsent(ctx, message.patientId, 'appointment_messages'),
    findPause(ctx.db, senderOf(message), templateSubject(message), ctx.now),
  ])
  // A message about several visits is made of those it is still true of when it goes.
  const together =
    message.toldWith === null
      ? undefined
      : await listAppointmentsById(ctx, await listToldTogether(ctx, message.toldWith))
  const visit = together ? together[0] : own
  const facts = visit && { ...visit, consentWithdrawn: consent?.decision === 'deny' }
  const offer = message.kind === 'waitlist_offer' ? parseId<'waiting_offer'>(message.params.offer) : undefined
  const reason =
    reasonToDrop(message, facts, isStopped(optOut), ctx.now) ??
    (offer === undefined ? undefined : await reasonNotToOffer(ctx, offer))
  if (reason !== undefined) {
    await updateDropped(ctx, id, reason)
    if (offer !== undefined) await closeUnsent(ctx, offer)
    if (reason === 'opted_out') await sendByMailInstead(ctx, message, 'opted_out')
    return undefined
  }
  // One that may have arrived is sent once more, after minutes of silence; a code never, the person can ask for another.
  if (message.status === 'unknown' && (message.kind === 'code' || (await countUnknownAttempts(ctx, id)) > 1)) {
    tallyFailed(ctx, message)
    await updateFailed(ctx, id, 'no_answer')
    return undefined
  }
  const { quiet } = await getNoticeSettings(ctx)
  const morning = heldUntil(message, ctx.now, quiet)
  if (morning) {
    await updatePutOff(ctx, id, morning)
    return undefined
  }
  if (pause) {
    await updateHeld(ctx, id, pause.until, pause.subject === '' ? 'sender_stopped' : 'template_stopped')
    return undefined
  }
  const composed = together ? composeTogether(ctx, services, message, together) : compose(ctx, services, message, visit)
  const sendingLease = ctx.now.add({ seconds: sendingSeconds, milliseconds: randomInt(1000) })
  const attempt = await updateSending(ctx, id, { lease: sendingLease, body: composed.body })
  return { message: { ...message, attempts: message.attempts + 1 }, attempt, lease: sendingLease, composed }
}

function asDispatcher<T>(services: Services, clinic: Clinic, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  const origin = { requestId: `dispatch-${randomUUID()}` }
  return services.inClinic(clinic, { kind: 'system', job: 'messaging.dispatch' }, origin, work)
}
