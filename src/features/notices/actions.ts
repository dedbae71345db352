// Who is told what, and when. Called in the transaction of whatever is to be told of; nothing leaves from here: the
// dispatcher looks again at the appointment, and at STOP, before it sends.
import { newId, type AppointmentId } from '../../kernel/ids.ts'
import { earlier as earlierOf, isBefore, later, minutes, type Instant } from '../../kernel/time.ts'
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
import { dropSpentTogether, getNoticeSettings, listAnnouncementsOf, lockTellers, updateTellsMore } from './queries.ts'
import {
  alertLife,
  announcementExpiry,
  announcements,
  deskGrace,
  planReminders,
  templateFor,
  togetherKinds,
  whatToTell,
  whenToTell,
  type Announcement,
  type AppointmentFacts,
  type Because,
  type By,
  type EarlierAnnouncement,
} from './rules.ts'

export type { AppointmentFacts, Because, By } from './rules.ts'

/** An appointment was made: the confirmation and the reminders. Nobody was told anything of it before. */
export async function noticeBooked(ctx: Ctx, facts: AppointmentFacts, { by }: { by: By }): Promise<void> {
  await queueMessages(ctx, await messagesFor(ctx, facts, by, [], undefined))
}

/** Another time, doctor or place: what was queued about the old one goes, the news and new reminders come. */
export async function noticeMoved(ctx: Ctx, facts: AppointmentFacts, { by }: { by: By }): Promise<void> {
  await noticeTogether(ctx, [facts], { by, dropping: 'stale_version' })
}

/** Nobody is told of the end of a visit they were never told of. */
export async function noticeCancelled(ctx: Ctx, facts: AppointmentFacts, { by }: { by: By }): Promise<void> {
  await noticeTogether(ctx, [facts], { by, dropping: 'cancelled' })
}

/**
 * A step was taken back, whatever it was: messages about it that have not left are dropped, people who had been told of
 * it already are told how things stand, and a visit that is to come has its reminders again.
 */
export async function noticeUndone(ctx: Ctx, facts: AppointmentFacts): Promise<void> {
  await noticeTogether(ctx, [facts], { by: 'desk', dropping: 'undone' })
}

/** A visit of a day that was rearranged, as it stands now, and when it was before. */
export type Rearranged = { facts: AppointmentFacts; wasAt: Instant }

/**
 * Many visits changed at once, because the doctor is late or away, or were put back as they were (without a cause): each
 * patient is told once, of what differs from what they know, in as many statements as for one.
 */
export async function noticeRearranged(
  ctx: Ctx,
  news: readonly Rearranged[],
  because: Because | undefined,
): Promise<void> {
  if (news.length === 0) return
  const ids = news.map(({ facts }) => facts.id)
  await lockTellers(ctx, ids)
  await dropQueuedMessages(ctx, ids, because === undefined ? 'undone' : 'stale_version', forPatients)
  const told = await listAnnouncementsOf(ctx, ids)
  const messages: OutboxMessage[] = []
  for (const { facts, wasAt } of news) {
    messages.push(...(await messagesFor(ctx, facts, 'desk', told.get(facts.id) ?? [], because && { because, wasAt })))
  }
  await queueMessages(ctx, messages)
}

export type News = { template: string; dueAt: Instant }

/** What `noticeRearranged` would tell of each of these visits as they would stand then; nothing is queued. */
export async function previewRearranged(
  ctx: Ctx,
  news: readonly Rearranged[],
  because: Because,
): Promise<Map<AppointmentId, News>> {
  const told = await listAnnouncementsOf(
    ctx,
    news.map(({ facts }) => facts.id),
  )
  const previews = new Map<AppointmentId, News>()
  for (const { facts, wasAt } of news) {
    const messages = await messagesFor(ctx, facts, 'desk', told.get(facts.id) ?? [], { because, wasAt })
    const announced = messages.find(({ kind }) => kinds.has(kind))
    if (announced) previews.set(facts.id, announced)
  }
  return previews
}

/**
 * The same change of visits of one person, told in one message for each thing there is to say: a series that was booked is
 * one confirmation with its dates, not six. Reminders are each visit's own. What was queued about how they stood before
 * goes, for the reason named. A visit whose news waits in a message about several is told of there, as it stands when that
 * leaves. Answers when the first of the messages leaves, if one does.
 */
export async function noticeTogether(
  ctx: Ctx,
  visits: readonly AppointmentFacts[],
  { by, dropping }: { by: By; dropping: 'stale_version' | 'cancelled' | 'undone' },
): Promise<Instant | undefined> {
  const ids = visits.map(({ id }) => id)
  // First: from here on the dispatcher finds these rows dropped, or has marked them as sent and we see that below.
  const waits = await lockTellers(ctx, ids)
  await dropQueuedMessages(ctx, ids, dropping, forPatients)
  const earlier = await listAnnouncementsOf(ctx, ids)
  const messages: OutboxMessage[] = []
  for (const facts of visits) {
    messages.push(...(await messagesFor(ctx, facts, by, earlier.get(facts.id) ?? [], undefined)))
  }
  const told = messages.filter(({ kind }) => kinds.has(kind))
  const apart = messages.filter(({ kind }) => !kinds.has(kind))
  for (const kind of announcements) {
    const alike = told.filter((news) => news.kind === kind)
    apart.push(...((waits && (await addedTo(ctx, kind, alike))) || together(kind, alike)))
  }
  await queueMessages(ctx, apart)
  if (waits) await dropSpentTogether(ctx, ids, dropping)
  return told[0]?.dueAt
}

const kinds: ReadonlySet<string> = new Set(announcements)

/**
 * The news as told by a message that was to tell the same of these visits and has not left: it tells of them again, and
 * nobody hears of half a series twice. Undefined when none waits.
 */
async function addedTo(
  ctx: Ctx,
  kind: Announcement,
  news: readonly OutboxMessage[],
): Promise<OutboxMessage[] | undefined> {
  const [first] = news
  if (!first) return undefined
  const ids = news.flatMap(({ appointmentId }) => appointmentId ?? [])
  const toldWith = await updateTellsMore(ctx, togetherKinds[kind], ids, {
    dueAt: first.dueAt,
    expiresAt: lastEnd(news),
  })
  return toldWith === undefined ? undefined : news.map((one) => ({ ...one, toldWith, carried: true }))
}

const lastEnd = (news: readonly OutboxMessage[]): Instant | undefined =>
  news
    .flatMap(({ expiresAt }) => expiresAt ?? [])
    .reduce<Instant | undefined>((last, end) => (last ? later(last, end) : end), undefined)

/** One message that carries the news of several visits, and a row for each that keeps what was said of it. */
function together(kind: Announcement, news: readonly OutboxMessage[]): readonly OutboxMessage[] {
  const toldWith = newId()
  const [first] = news
  if (!first || news.length === 1) return news
  const expiresAt = lastEnd(news) ?? first.dueAt
  return [
    { ...first, kind: togetherKinds[kind], template: `nabz_series_${kind}`, expiresAt, toldWith },
    ...news.map((one) => ({ ...one, toldWith, carried: true })),
  ]
}

/**
 * Somebody was said to be here and was not. What was left out because they stood at the desk, the confirmation or a
 * reminder, is of use again.
 */
export async function noticeNotHere(ctx: Ctx, facts: Pick<AppointmentFacts, 'id' | 'version'>): Promise<void> {
  await reviveDroppedMessages(ctx, facts, 'not_needed', ctx.now.add(deskGrace))
}

/**
 * Asks once more whether somebody will come, in the words of the reminder: for a visit that was not confirmed, of a person
 * who has missed some. Once for each time the visit has; answers whether it was not asked before.
 */
export async function noticeConfirmRequest(ctx: Ctx, facts: AppointmentFacts, dueAt: Instant): Promise<boolean> {
  if (!facts.messagesWanted || isFull(ctx.clinic, 'messages', ctx.now)) return false
  const { startsAt, practitionerId, locationId, email } = facts
  const queued = await queueMessage(ctx, {
    kind: 'confirm_request',
    template: 'nabz_reminder',
    recipient: { channel: 'whatsapp', phone: facts.phone },
    language: facts.language,
    appointmentId: facts.id,
    version: facts.version,
    patientId: facts.patientId,
    params: {
      by: 'desk',
      startsAt: startsAt.toString(),
      practitionerId,
      locationId,
      ...(email === undefined ? {} : { email }),
    },
    dueAt,
    expiresAt: startsAt.subtract(minutes(6 * 60)),
  })
  return queued !== undefined
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

const forPatients = [...announcements, 'reminder_24h', 'reminder_2h', 'confirm_request']

async function messagesFor(
  ctx: Ctx,
  facts: AppointmentFacts,
  by: By,
  earlier: readonly EarlierAnnouncement[],
  rearranged: { because: Because; wasAt: Instant } | undefined,
): Promise<OutboxMessage[]> {
  if (!facts.messagesWanted) return []
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
  const { quiet } = await getNoticeSettings(ctx)
  const kind = whatToTell(facts, by, earlier)
  const soonest = by === 'desk' ? ctx.now.add(deskGrace) : ctx.now
  const dueAt = rearranged ? whenToTell(soonest, earlierOf(startsAt, rearranged.wasAt), quiet) : soonest
  const expiresAt = announcementExpiry(startsAt)
  // Somebody standing at the desk, or a visit that is over, needs no message.
  if (kind && isBefore(dueAt, expiresAt)) {
    messages.push(message({ kind, template: templateFor(kind, rearranged?.because), dueAt, expiresAt }))
  }
  if (facts.status === 'booked' && reminded) {
    for (const reminder of planReminders({ startsAt, now: ctx.now, quiet, silent: kind === undefined })) {
      messages.push(message({ ...reminder, template: 'nabz_reminder' }))
    }
  }
  return messages
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
