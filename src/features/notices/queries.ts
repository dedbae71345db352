import type { AppointmentId, MessageId } from '../../kernel/ids.ts'
import type { Instant, PlainTime } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { keepSettings } from '../../platform/kept-settings.ts'
import { toldTogether } from '../../platform/outbox.ts'
import {
  announcements,
  left,
  togetherKinds,
  withRemembered,
  type EarlierAnnouncement,
  type QuietHours,
  type Remembered,
} from './rules.ts'

export type NoticeSettings = { quiet: QuietHours; alertAddress: string | undefined }

const kept = keepSettings(readNoticeSettings)

/** The clinic's night, and where it wants to hear of online bookings. */
export function getNoticeSettings(ctx: Ctx): Promise<NoticeSettings> {
  return kept.get(ctx)
}

async function readNoticeSettings(ctx: Ctx): Promise<NoticeSettings> {
  const [profile] = await rows<{ from: PlainTime; to: PlainTime; email: string | null }>(
    ctx.db,
    'select quiet_from as "from", quiet_to as "to", alert_email as email from clinic.profiles where clinic_id = ?',
    [ctx.clinic.id],
  )
  if (!profile) throw new Error('a clinic without a profile')
  const { from, to, email } = profile
  return { quiet: { from, to, zone: ctx.clinic.zone }, alertAddress: email ?? undefined }
}

type Told = Remembered & { id: MessageId; toldWith: string | null }

/**
 * The messages that were to tell of each visit, the newest first. Of what was told together with other visits, what became
 * of the message that carried it counts, by whichever channel it got furthest.
 */
async function listTold(ctx: Ctx, ids: readonly AppointmentId[]): Promise<Map<AppointmentId, Told[]>> {
  const found = await rows<Pick<Told, 'id' | 'toldWith' | 'version' | 'kind' | 'status'> & VisitAndParams>(
    ctx.db,
    `select m.id, m.appointment_id as visit, m.told_with as "toldWith", m.version, m.kind, m.params_sealed as params,
       coalesce((select carrier.status from clinic.messages carrier
                 where m.drop_reason = ? and carrier.clinic_id = ? and carrier.told_with = m.told_with
                   and carrier.kind = any(?)
                 order by case when carrier.status = any(?) then 0 else 1 end limit 1), m.status) as status
     from clinic.messages m
     where m.clinic_id = ? and m.appointment_id = any(?::uuid[]) and m.kind = any(?)
     order by m.version desc, m.created_at desc`,
    [toldTogether, ctx.clinic.id, Object.values(togetherKinds), [...left], ctx.clinic.id, ids, announcements],
  )
  const told = new Map<AppointmentId, Told[]>()
  for (const { visit, params, ...row } of found) {
    if (!params) continue
    const { by, startsAt, practitionerId, locationId, reminders } = ctx.seal.openJson(
      params,
      'messages.params',
      row.id,
    ) as Omit<EarlierAnnouncement, 'kind' | 'status'>
    const facts = { by, startsAt, practitionerId, locationId, ...(reminders === undefined ? {} : { reminders }) }
    told.set(visit, [...(told.get(visit) ?? []), { ...row, ...facts }])
  }
  return told
}

type VisitAndParams = { visit: AppointmentId; params: Buffer | null }

async function listRemembered(
  ctx: Ctx,
  ids: readonly AppointmentId[],
): Promise<Map<AppointmentId, readonly Remembered[]>> {
  const found = await rows<{ id: AppointmentId; told: Remembered[] }>(
    ctx.db,
    'select id, told from clinic.appointments where clinic_id = ? and id = any(?::uuid[]) and told is not null',
    [ctx.clinic.id, ids],
  )
  return new Map(found.map(({ id, told }) => [id, told]))
}

/** What was to be told about visits so far, of each the newest first. */
export async function listAnnouncementsOf(
  ctx: Ctx,
  ids: readonly AppointmentId[],
): Promise<Map<AppointmentId, readonly EarlierAnnouncement[]>> {
  const [told, remembered] = await Promise.all([listTold(ctx, ids), listRemembered(ctx, ids)])
  return new Map(ids.map((id) => [id, withRemembered(told.get(id) ?? [], remembered.get(id) ?? [])]))
}

/** What is to be remembered of each of these visits once these messages are gone, with what already is. */
export async function listToRemember(
  ctx: Ctx,
  ids: readonly AppointmentId[],
  messages: readonly { id: MessageId; toldWith: string | null }[],
): Promise<Map<AppointmentId, readonly Remembered[]>> {
  const going = new Set<string>(messages.flatMap(({ id, toldWith }) => [id, ...(toldWith === null ? [] : [toldWith])]))
  const [told, remembered] = await Promise.all([listTold(ctx, ids), listRemembered(ctx, ids)])
  return new Map(
    ids.map((id) => {
      const gone = (told.get(id) ?? []).filter((one) => going.has(one.id) || going.has(one.toldWith ?? ''))
      const all = withRemembered(gone, remembered.get(id) ?? [])
      return [id, all.map(asRemembered)]
    }),
  )
}

const asRemembered = ({ id: _id, toldWith: _toldWith, status, ...rest }: Remembered & Partial<Told>): Remembered => ({
  ...rest,
  status: left.has(status) ? 'sent' : 'dropped',
})

/**
 * A message about several visits, one of these among them, that has not left and is not about to: what holds it
 * together, so that more can be told with it. It leaves no sooner, and is of use as long, as what is added.
 */
export async function updateTellsMore(
  ctx: Ctx,
  kind: string,
  ids: readonly AppointmentId[],
  { dueAt, expiresAt }: { dueAt: Instant; expiresAt: Instant | undefined },
): Promise<string | undefined> {
  const [found] = await rows<{ toldWith: string }>(
    ctx.db,
    `update clinic.messages set due_at = greatest(due_at, ?::timestamptz),
       expires_at = greatest(expires_at, ?::timestamptz)
     where clinic_id = ? and status = 'queued' and (lease_until is null or lease_until <= ?) and id = (
       select id from clinic.messages
       where clinic_id = ? and kind = ? and status = 'queued' and (lease_until is null or lease_until <= ?)
         and told_with in (select told_with from clinic.messages
                           where clinic_id = ? and appointment_id = any(?::uuid[]) and told_with is not null)
       order by created_at, id limit 1)
     returning told_with as "toldWith"`,
    [dueAt, expiresAt ?? dueAt, ctx.clinic.id, ctx.now, ctx.clinic.id, kind, ctx.now, ctx.clinic.id, ids],
  )
  return found?.toldWith
}

/**
 * Waits for whoever is making a message that tells of one of these visits among others, and keeps it from being made until
 * this transaction is over: it is either seen as sent, or made of how things stand after it. Answers whether there is one.
 */
export async function lockTellers(ctx: Ctx, ids: readonly AppointmentId[]): Promise<boolean> {
  const tellers = await rows(
    ctx.db,
    `select id from clinic.messages
     where clinic_id = ? and status in ('queued', 'sending', 'unknown') and kind = any(?)
       and told_with in (select told_with from clinic.messages
                         where clinic_id = ? and appointment_id = any(?::uuid[]) and told_with is not null)
     order by id for update`,
    [ctx.clinic.id, Object.values(togetherKinds), ctx.clinic.id, ids],
  )
  return tellers.length > 0
}

/**
 * Takes back messages that were to tell of several visits and have none left to tell of, because all of them changed
 * since. One that has some left leaves without the others: it is made when it goes.
 */
export async function dropSpentTogether(ctx: Ctx, ids: readonly AppointmentId[], reason: string): Promise<number> {
  return changes(
    ctx.db,
    `update clinic.messages set status = 'dropped', drop_reason = ?
     where clinic_id = ? and status = 'queued' and kind = any(?)
       and told_with in (select told_with from clinic.messages
                         where clinic_id = ? and appointment_id = any(?::uuid[]) and told_with is not null)
       and not exists (
         select from clinic.messages said
         join clinic.appointments a on a.clinic_id = said.clinic_id and a.id = said.appointment_id
         where said.clinic_id = ? and said.told_with = messages.told_with and said.drop_reason = ?
           and a.version = said.version and a.status = case when said.kind = 'cancelled' then 'cancelled' else 'booked' end)`,
    [reason, ctx.clinic.id, Object.values(togetherKinds), ctx.clinic.id, ids, ctx.clinic.id, toldTogether],
  )
}

/** Whether a reminder of the visit was sent, as far as anybody knows. */
export async function findReminded(ctx: Ctx, id: AppointmentId): Promise<boolean> {
  const [found] = await rows<{ reminded: boolean }>(
    ctx.db,
    `select exists (select from clinic.messages where clinic_id = ? and appointment_id = ?
       and kind in ('reminder_24h', 'reminder_2h') and status in ('accepted', 'sent', 'delivered', 'read')) as reminded`,
    [ctx.clinic.id, id],
  )
  return found?.reminded ?? false
}
