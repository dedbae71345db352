// Where a visit stands in the diary: its time, its doctor, its lane, its rooms.
import { randomBytes } from 'node:crypto'
import type { AppointmentId, Id, LocationId, PatientId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import type { Appointment } from '../queries.ts'
import { firstOverbookLane, occupiedBy, referenceFrom, type Status, type VisitShape } from '../rules.ts'

export type NewAppointment = {
  id: AppointmentId
  practitionerId: PractitionerId
  serviceId: ServiceId
  locationId: LocationId
  startsAt: Instant
  shape: VisitShape
  lane: number
  /** The rooms and equipment it takes. */
  resourceIds?: readonly Id<'resource'>[] | undefined
  language: Language
  source: 'online' | 'desk'
  hold?: { owner: Buffer; expiresAt: Instant }
  patientId?: PatientId
  messagesWanted?: boolean
  overbookReason?: string
}

/** Of a hundred thousand visits one draw in a thousand meets a reference that is given away; so many never do by chance. */
const referenceDraws = 8

/**
 * Writes an appointment or hold; undefined when the database says that the place is taken. The constraint is the rule:
 * it holds whoever writes, and at whatever moment.
 */
export async function insertAppointment(ctx: Ctx, wanted: NewAppointment): Promise<AppointmentId | undefined> {
  for (let draw = 0; draw < referenceDraws; draw++) {
    const reference = referenceFrom(randomBytes(6))
    const id = await insertUnder(ctx, reference, wanted)
    // Nothing was written either way: the place is taken only if the reference is not what stood in the way.
    if (id !== undefined || !(await isGivenAway(ctx, reference))) return id
  }
  throw new Error(`no reference was free in ${referenceDraws} draws`)
}

async function isGivenAway(ctx: Ctx, reference: string): Promise<boolean> {
  const found = await rows(ctx.db, 'select from clinic.appointments where clinic_id = ? and reference = ?', [
    ctx.clinic.id,
    reference,
  ])
  return found.length > 0
}

async function insertUnder(ctx: Ctx, reference: string, wanted: NewAppointment): Promise<AppointmentId | undefined> {
  const status: Status = wanted.hold ? 'pending' : 'booked'
  const { shape, startsAt } = wanted
  const occupied = occupiedBy(startsAt, shape)
  // In one order, so that two who take the same two rooms don't wait for each other.
  const resourceIds = [...(wanted.resourceIds ?? [])].sort()
  const [inserted] = await rows<{ id: AppointmentId; taken: number }>(
    ctx.db,
    `with visit as (
     insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id,
       status, starts_at, ends_at, occupied_from, occupied_to, lane, capacity, overbooked, overbook_reason, hold_owner,
       hold_expires_at, source, language, messages_wanted, price_minor, currency, created_at, booked_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do nothing
     returning clinic_id, id, practitioner_id, session, occupied_from, occupied_to, occupies)` +
      (resourceIds.length === 0 ? ' select id, 0 as taken from visit' : takingResources),
    [
      ctx.clinic.id,
      wanted.id,
      reference,
      wanted.practitionerId,
      wanted.serviceId,
      wanted.locationId,
      wanted.patientId ?? null,
      status,
      startsAt,
      startsAt.add({ minutes: shape.durationMin }),
      occupied.from,
      occupied.to,
      wanted.lane,
      shape.capacity,
      wanted.overbookReason !== undefined,
      wanted.overbookReason ?? null,
      wanted.hold?.owner ?? null,
      wanted.hold?.expiresAt ?? null,
      wanted.source,
      wanted.language,
      wanted.messagesWanted ?? false,
      shape.priceMinor,
      shape.currency,
      ctx.now,
      wanted.hold ? null : ctx.now,
      ...(resourceIds.length === 0 ? [] : [resourceIds]),
    ],
  )
  if (!inserted || inserted.taken === resourceIds.length) return inserted?.id
  // Somebody else has the room: then it is not the doctor's time either.
  await changes(ctx.db, 'delete from clinic.appointments where clinic_id = ? and id = ?', [ctx.clinic.id, inserted.id])
  return undefined
}

const resourceColumns =
  '(clinic_id, appointment_id, practitioner_id, session, occupied_from, occupied_to, occupies, resource_id)'
const takingResources = `, rooms as (
   insert into clinic.appointment_resources ${resourceColumns}
   select visit.clinic_id, visit.id, visit.practitioner_id, visit.session, visit.occupied_from, visit.occupied_to,
     visit.occupies, r.id
   from visit, unnest(?::uuid[]) as r (id)
   on conflict do nothing returning resource_id)
 select id, (select count(*) from rooms) as taken from visit`

type NewPlace = Pick<NewAppointment, 'practitionerId' | 'locationId' | 'startsAt' | 'shape' | 'lane'> & {
  /** What it takes from now on, in place of what it took; undefined at a clinic that has no rooms to take. */
  resourceIds?: readonly Id<'resource'>[] | undefined
} & {
  overbookReason?: string | undefined
}

/**
 * Moves a booked visit if it is still as it was read, as long as it was too; answers the new version. May raise 23P01 when
 * the place is taken.
 */
export async function updatePlace(
  ctx: Ctx,
  { id, version, endsAt }: Pick<Appointment, 'id' | 'version' | 'endsAt'>,
  place: NewPlace,
): Promise<number | undefined> {
  const { resourceIds } = place
  // Before the visit moves, since it takes what it has along.
  if (resourceIds) {
    await changes(
      ctx.db,
      `delete from clinic.appointment_resources r using clinic.appointments a
       where r.clinic_id = ? and r.appointment_id = ? and a.clinic_id = r.clinic_id and a.id = r.appointment_id
         and a.version = ? and a.status = 'booked'`,
      [ctx.clinic.id, id, version],
    )
  }
  const occupied = occupiedBy(place.startsAt, place.shape)
  const [updated] = await rows<{ version: number }>(
    ctx.db,
    `update clinic.appointments set practitioner_id = ?, location_id = ?, starts_at = ?, ends_at = ?, occupied_from = ?,
       occupied_to = ?, capacity = ?, lane = ?, overbooked = ?, overbook_reason = coalesce(?, overbook_reason),
       confirmed_at = null,
       version = version + 1, calendar_sequence = calendar_sequence + 1
     where clinic_id = ? and id = ? and version = ? and status = 'booked' and ends_at = ? returning version`,
    [
      place.practitionerId,
      place.locationId,
      place.startsAt,
      place.startsAt.add({ minutes: place.shape.durationMin }),
      occupied.from,
      occupied.to,
      place.shape.capacity,
      place.lane,
      place.overbookReason !== undefined,
      place.overbookReason ?? null,
      ctx.clinic.id,
      id,
      version,
      endsAt,
    ],
  )
  if (updated && resourceIds && resourceIds.length > 0) {
    await changes(
      ctx.db,
      `insert into clinic.appointment_resources ${resourceColumns}
       select clinic_id, id, practitioner_id, session, occupied_from, occupied_to, occupies, unnest(?::uuid[])
       from clinic.appointments where clinic_id = ? and id = ?`,
      [[...resourceIds].sort(), ctx.clinic.id, id],
    )
  }
  return updated?.version
}

/**
 * Gives a visit another end, and its doctor's time with it: the buffer after it stays as long as it was. Its version stays,
 * because what was written about its start is as true as before. Undefined when it changed meanwhile; may raise 23P01.
 */
export async function updateLength(
  ctx: Ctx,
  before: Pick<Appointment, 'id' | 'version' | 'status' | 'startsAt' | 'endsAt'>,
  minutes: number,
  resized: boolean,
): Promise<boolean> {
  const endsAt = before.startsAt.add({ minutes })
  const changed = await changes(
    ctx.db,
    `update clinic.appointments set ends_at = ?::timestamptz, occupied_to = occupied_to + (?::timestamptz - ends_at),
       resized = ?, calendar_sequence = calendar_sequence + 1
     where clinic_id = ? and id = ? and version = ? and status = ? and ends_at = ?`,
    [endsAt, endsAt, resized, ctx.clinic.id, before.id, before.version, before.status, before.endsAt],
  )
  return changed === 1
}

/** The next free lane for something deliberately booked on top of others. */
export async function findOverbookLane(
  ctx: Ctx,
  practitionerId: PractitionerId,
  from: Instant,
  to: Instant,
): Promise<number> {
  const [row] = await rows<{ lane: number | null }>(
    ctx.db,
    `select max(lane) as lane from clinic.appointments
     where clinic_id = ? and practitioner_id = ? and overbooked and occupies and occupied_from >= ? and occupied_from < ?`,
    [ctx.clinic.id, practitionerId, from.subtract({ hours: 24 }), to],
  )
  return Math.max(firstOverbookLane, (row?.lane ?? 0) + 1)
}
