// Times that are kept for somebody who is still typing.
import type { AppointmentId, Id, LocationId, PatientId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { columns, joined, opened, type Appointment, type AppointmentRow } from '../queries.ts'
import type { Answer } from '../rules.ts'

export type Hold = {
  id: AppointmentId
  practitionerId: PractitionerId
  serviceId: ServiceId
  locationId: LocationId
  startsAt: Instant
  hasDraft: boolean
}

/** The holds of one browser, oldest first. */
export async function listHoldsOf(ctx: Ctx, owner: Buffer): Promise<Hold[]> {
  return rows<Hold>(
    ctx.db,
    `select id, practitioner_id as "practitionerId", service_id as "serviceId", location_id as "locationId",
            starts_at as "startsAt", draft_sealed is not null as "hasDraft"
     from clinic.appointments where clinic_id = ? and status = 'pending' and hold_owner = ? order by created_at, id`,
    [ctx.clinic.id, owner],
  )
}

export async function findDraft(ctx: Ctx, id: AppointmentId): Promise<Record<string, string> | undefined> {
  const [row] = await rows<{ draft: Buffer | null }>(
    ctx.db,
    `select draft_sealed as draft from clinic.appointments where clinic_id = ? and id = ? and status = 'pending'`,
    [ctx.clinic.id, id],
  )
  return row?.draft ? (ctx.seal.openJson(row.draft, 'appointments.draft', id) as Record<string, string>) : undefined
}

/** What was typed on the way to a booking, while a code is awaited; sealed, and gone with the hold. */
export async function updateDraft(
  ctx: Ctx,
  id: AppointmentId,
  draft: Record<string, string>,
  holdExpiresAt: Instant,
): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.appointments set draft_sealed = ?, hold_expires_at = ? where clinic_id = ? and id = ? and status = 'pending'`,
    [ctx.seal.sealJson(draft, 'appointments.draft', id), holdExpiresAt, ctx.clinic.id, id],
  )
  return changed === 1
}

/** Makes a hold a booking; undefined when it is no longer a hold. */
export async function updateHoldToBooked(
  ctx: Ctx,
  id: AppointmentId,
  details: {
    patientId: PatientId
    language: Language
    messagesWanted: boolean
    answers: readonly Answer[]
    /** Where it is not what was said when the time was held. */
    priceMinor?: number | null | undefined
  },
): Promise<Appointment | undefined> {
  const { priceMinor } = details
  const [row] = await rows<AppointmentRow>(
    ctx.db,
    `with a as (
       update clinic.appointments set status = 'booked', patient_id = ?, language = ?, messages_wanted = ?, booked_at = ?,
         hold_expires_at = null, draft_sealed = null, answers_sealed = ?, version = version + 1` +
      (priceMinor === undefined ? '' : ', price_minor = ?') +
      ` where clinic_id = ? and id = ? and status = 'pending' returning *)` +
      columns +
      ' from a ' +
      joined,
    [
      details.patientId,
      details.language,
      details.messagesWanted,
      ctx.now,
      details.answers.length === 0 ? null : ctx.seal.sealJson(details.answers, 'appointments.answers', id),
      ...(priceMinor === undefined ? [] : [priceMinor]),
      ctx.clinic.id,
      id,
    ],
  )
  return row && opened(ctx, row)
}

/** Lets go of holds, lapsed or not. */
export async function deleteHolds(ctx: Ctx, ids: readonly AppointmentId[]): Promise<void> {
  await changes(
    ctx.db,
    `delete from clinic.appointments where clinic_id = ? and id = any(?::uuid[]) and status = 'pending'`,
    [ctx.clinic.id, ids],
  )
}

export async function deleteHold(ctx: Ctx, id: AppointmentId): Promise<boolean> {
  return (
    (await changes(ctx.db, `delete from clinic.appointments where clinic_id = ? and id = ? and status = 'pending'`, [
      ctx.clinic.id,
      id,
    ])) === 1
  )
}

/** What a visit is about to take: a stretch of a doctor's time, and of some rooms and things. */
export type Taking = {
  practitionerId: PractitionerId
  from: Instant
  to: Instant
  resourceIds: readonly Id<'resource'>[]
}

/**
 * Takes away lapsed holds that stand in the way of visits, with the doctor or in a room, so that the constraints do not see
 * them. Others are left to the sweep: a patient who typed slowly still gets the slot if nobody else wanted it.
 */
export async function deleteLapsedHolds(ctx: Ctx, takings: readonly Taking[]): Promise<void> {
  const inRooms = takings.flatMap(({ resourceIds, from, to }) => resourceIds.map((id) => ({ id, from, to })))
  const instants = (list: readonly { from: Instant; to: Instant }[]) => [
    list.map(({ from }) => from.toString()),
    list.map(({ to }) => to.toString()),
  ]
  await changes(
    ctx.db,
    `delete from clinic.appointments a where a.clinic_id = ? and a.status = 'pending' and a.hold_expires_at <= ?
       and (exists (select from unnest(?::uuid[], ?::timestamptz[], ?::timestamptz[]) as v (doctor, since, until)
                    where a.practitioner_id = v.doctor and a.occupied_from < v.until and a.occupied_to > v.since)` +
      (inRooms.length === 0
        ? ')'
        : ` or exists (select from clinic.appointment_resources r
              join unnest(?::uuid[], ?::timestamptz[], ?::timestamptz[]) as v (resource, since, until)
                on r.resource_id = v.resource and r.occupied_from < v.until and r.occupied_to > v.since
              where r.clinic_id = ? and r.appointment_id = a.id))`),
    [
      ctx.clinic.id,
      ctx.now,
      takings.map(({ practitionerId }) => practitionerId),
      ...instants(takings),
      ...(inRooms.length === 0 ? [] : [inRooms.map(({ id }) => id), ...instants(inRooms), ctx.clinic.id]),
    ],
  )
}

/** Takes away every hold that lapsed before `before`. */
export async function deleteHoldsLapsedBefore(ctx: Ctx, before: Instant): Promise<number> {
  return changes(
    ctx.db,
    `delete from clinic.appointments where clinic_id = ? and status = 'pending' and hold_expires_at < ?`,
    [ctx.clinic.id, before],
  )
}
