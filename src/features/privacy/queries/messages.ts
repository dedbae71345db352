// Messages whose time is over. What they told of a visit that is still to come stays with the visit until then: the
// patient of one who is told nothing of its end, because the log has forgotten that they know of it, comes for nothing.
import type { AppointmentId, MessageId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { listToRemember } from '../../notices/queries.ts'
import { announcements, type Remembered } from '../../notices/rules.ts'

type Due = { id: MessageId; visit: AppointmentId | null; toldWith: string | null }

/** Deletes those before an instant, the oldest first, but for those of a visit that somebody is changing just now. */
export async function deleteMessages(ctx: Ctx, before: Instant, most: number): Promise<number> {
  await forgetWhatIsOver(ctx, most)
  const due = await lockDue(ctx, before, most)
  if (due.length === 0) return 0
  const news = await listNewsAmong(ctx, due)
  const held = new Set(await lockVisits(ctx, [...new Set(news.map(({ visit }) => visit))]))
  await updateTold(ctx, await listToRemember(ctx, [...held], due))
  const spared = news.filter(({ visit }) => !held.has(visit))
  const stays = new Set(spared.flatMap(({ visit, toldWith }) => [visit, ...(toldWith === null ? [] : [toldWith])]))
  const going = due.filter(({ visit, toldWith }) => !stays.has(visit ?? '') && !stays.has(toldWith ?? ''))
  return changes(ctx.db, 'delete from clinic.messages where clinic_id = ? and id = any(?::uuid[])', [
    ctx.clinic.id,
    going.map(({ id }) => id),
  ])
}

async function forgetWhatIsOver(ctx: Ctx, most: number): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.appointments set told = null where clinic_id = ? and id in (
       select id from clinic.appointments where clinic_id = ? and told is not null and starts_at <= ?
       limit ? for no key update skip locked)`,
    [ctx.clinic.id, ctx.clinic.id, ctx.now, most],
  )
}

/** A reminder may be queued long before it is due. */
function lockDue(ctx: Ctx, before: Instant, most: number): Promise<Due[]> {
  return rows<Due>(
    ctx.db,
    `select id, appointment_id as visit, told_with as "toldWith" from clinic.messages
     where clinic_id = ? and created_at < ? and due_at < ? order by created_at limit ? for update skip locked`,
    [ctx.clinic.id, before, before, most],
  )
}

/** The visits to come that these messages told of, by themselves or for others of their group. */
function listNewsAmong(ctx: Ctx, due: readonly Due[]): Promise<{ visit: AppointmentId; toldWith: string | null }[]> {
  return rows(
    ctx.db,
    `select distinct a.id as visit, m.told_with as "toldWith" from clinic.messages m
     join clinic.appointments a on a.clinic_id = m.clinic_id and a.id = m.appointment_id
     where m.clinic_id = ? and (m.id = any(?::uuid[]) or m.told_with = any(?::uuid[])) and m.kind = any(?)
       and a.starts_at > ?`,
    [
      ctx.clinic.id,
      due.map(({ id }) => id),
      [...new Set(due.flatMap(({ toldWith }) => toldWith ?? []))],
      announcements,
      ctx.now,
    ],
  )
}

async function lockVisits(ctx: Ctx, ids: readonly AppointmentId[]): Promise<AppointmentId[]> {
  if (ids.length === 0) return []
  const found = await rows<{ id: AppointmentId }>(
    ctx.db,
    'select id from clinic.appointments where clinic_id = ? and id = any(?::uuid[]) for no key update skip locked',
    [ctx.clinic.id, ids],
  )
  return found.map(({ id }) => id)
}

async function updateTold(ctx: Ctx, told: ReadonlyMap<AppointmentId, readonly Remembered[]>): Promise<void> {
  if (told.size === 0) return
  await changes(
    ctx.db,
    `update clinic.appointments a set told = v.told::jsonb from unnest(?::uuid[], ?::text[]) as v (id, told)
     where a.clinic_id = ? and a.id = v.id`,
    [[...told.keys()], [...told.values()].map((news) => JSON.stringify(news)), ctx.clinic.id],
  )
}
