// Who is told what, and when. Called in the transaction of whatever is to be told of; nothing leaves from here: the
// dispatcher looks again at the appointment, and at STOP, before it sends.
import type { AppointmentId } from '../../kernel/ids.ts'
import { isBefore, type Instant } from '../../kernel/time.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'
import {
  dropQueuedMessages,
  queueMessage,
  queueMessages,
  reviveDroppedMessages,
  type OutboxMessage,
} from '../../platform/outbox.ts'
import { isFull } from '../subscription/rules/usage.ts'
import { getNoticeSettings, listAnnouncements } from './queries.ts'
import {
  alertLife,
  announcementExpiry,
  announcements,
  deskGrace,
  planReminders,
  whatToTell,
  type AppointmentFacts,
  type By,
  type EarlierAnnouncement,
} from './rules.ts'

export type { AppointmentFacts, By } from './rules.ts'

/** An appointment was made: the confirmation and the reminders. Nobody was told anything of it before. */
export async function noticeBooked(ctx: Ctx, facts: AppointmentFacts, { by }: { by: By }): Promise<void> {
  await announce(ctx, facts, by, [])
}

/** Another time, doctor or place: what was queued about the old one goes, the news and new reminders come. */
export async function noticeMoved(ctx: Ctx, facts: AppointmentFacts, { by }: { by: By }): Promise<void> {
  await bringUpToDate(ctx, facts, by, 'stale_version')
}

/** Nobody is told of the end of a visit they were never told of. */
export async function noticeCancelled(ctx: Ctx, facts: AppointmentFacts, { by }: { by: By }): Promise<void> {
  await bringUpToDate(ctx, facts, by, 'cancelled')
}

/**
 * A step was taken back, whatever it was: messages about it that have not left are dropped, people who had been told of
 * it already are told how things stand, and a visit that is to come has its reminders again.
 */
export async function noticeUndone(ctx: Ctx, facts: AppointmentFacts): Promise<void> {
  await bringUpToDate(ctx, facts, 'desk', 'undone')
}

/**
 * Somebody was said to be here and was not. What was left out because they stood at the desk, the confirmation or a
 * reminder, is of use again.
 */
export async function noticeNotHere(ctx: Ctx, facts: Pick<AppointmentFacts, 'id' | 'version'>): Promise<void> {
  await reviveDroppedMessages(ctx, facts, 'not_needed', ctx.now.add(deskGrace))
}

/** The code a person asked for to prove their number. A new one takes the place of one that has not left. */
export async function noticeCode(
  ctx: Ctx,
  code: {
    holdId: AppointmentId
    /** 1 for the first code of this hold, 2 for the next. */
    sequence: number
    phone: Phone
    language: Language
    code: string
    expiresAt: Instant
  },
): Promise<void> {
  await dropQueuedMessages(ctx, code.holdId, 'stale_version', ['code'])
  await queueMessage(ctx, {
    kind: 'code',
    template: 'nabz_code',
    recipient: { channel: 'whatsapp', phone: code.phone },
    language: code.language,
    appointmentId: code.holdId,
    version: code.sequence,
    dueAt: ctx.now,
    expiresAt: code.expiresAt,
    params: { code: code.code },
  })
}

/** Mail to the clinic about a new online booking, where it asked for one. Nothing in it names the patient. */
export async function noticeClinicAlert(
  ctx: Ctx,
  facts: Pick<AppointmentFacts, 'id' | 'version' | 'patientId'>,
): Promise<void> {
  const { alertAddress: email } = await getNoticeSettings(ctx)
  if (email === undefined) return
  await queueMessage(ctx, {
    kind: 'clinic_alert',
    template: 'nabz_clinic_alert',
    recipient: { channel: 'email', email },
    language: parseLanguage(ctx.clinic.language) ?? 'en',
    appointmentId: facts.id,
    version: facts.version,
    patientId: facts.patientId,
    dueAt: ctx.now,
    expiresAt: ctx.now.add(alertLife),
  })
}

const forPatients = [...announcements, 'reminder_24h', 'reminder_2h']

async function bringUpToDate(ctx: Ctx, facts: AppointmentFacts, by: By, dropReason: string): Promise<void> {
  // First: from here on the dispatcher finds these rows dropped, or has marked them as sent and we see that below.
  await dropQueuedMessages(ctx, facts.id, dropReason, forPatients)
  await announce(ctx, facts, by, await listAnnouncements(ctx, facts.id))
}

async function announce(
  ctx: Ctx,
  facts: AppointmentFacts,
  by: By,
  earlier: readonly EarlierAnnouncement[],
): Promise<void> {
  if (!facts.messagesWanted) return
  const { startsAt, practitionerId, locationId, email } = facts
  const reminded = isReminded(ctx, earlier)
  const message = (rest: Pick<OutboxMessage, 'kind' | 'template' | 'dueAt' | 'expiresAt'>): OutboxMessage => ({
    recipient: { channel: 'whatsapp', phone: facts.phone },
    language: facts.language,
    appointmentId: facts.id,
    version: facts.version,
    patientId: facts.patientId,
    params: {
      by,
      startsAt: startsAt.toString(),
      practitionerId,
      locationId,
      ...(email === undefined ? {} : { email }),
      ...(reminded ? {} : { reminders: 'none' }),
    },
    ...rest,
  })
  const messages: OutboxMessage[] = []
  const kind = whatToTell(facts, by, earlier)
  const dueAt = by === 'desk' ? ctx.now.add(deskGrace) : ctx.now
  const expiresAt = announcementExpiry(startsAt)
  // Somebody standing at the desk, or a visit that is over, needs no message.
  if (kind && isBefore(dueAt, expiresAt)) {
    messages.push(message({ kind, template: `nabz_${kind}`, dueAt, expiresAt }))
  }
  if (facts.status === 'booked' && reminded) {
    const { quiet } = await getNoticeSettings(ctx)
    for (const reminder of planReminders({ startsAt, now: ctx.now, quiet })) {
      messages.push(message({ ...reminder, template: 'nabz_reminder' }))
    }
  }
  await queueMessages(ctx, messages)
}

/**
 * Visits booked once the month's messages are used up are confirmed and not reminded of. Those booked before keep their
 * reminders, also when they move; the others get theirs when they move in a month, or on a plan, that has room again.
 */
function isReminded(ctx: Ctx, earlier: readonly EarlierAnnouncement[]): boolean {
  if (!isFull(ctx.clinic, 'messages', ctx.now)) return true
  const [latest] = earlier
  return latest !== undefined && latest.reminders !== 'none'
}
