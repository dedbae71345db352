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

export async function deleteHold(ctx: Ctx, id: AppointmentId): Promise<boolean> {
  return (
    (await changes(ctx.db, `delete from clinic.appointments where clinic_id = ? and id = ? and status = 'pending'`, [
      ctx.clinic.id,
      id,
    ])) === 1
  )
}

/**
 * Takes away lapsed holds that stand in the way of a visit, so that the constraint does not see them. Others are left to
 * the sweep: a patient who typed slowly still gets the slot if nobody else wanted it.
 */
export async function deleteLapsedHolds(
  ctx: Ctx,
  practitionerId: PractitionerId,
  from: Instant,
  to: Instant,
  resourceIds: readonly Id<'resource'>[] = [],
): Promise<number> {
  const inRooms = ` or id in (select r.appointment_id from clinic.appointment_resources r
       where r.clinic_id = ? and r.resource_id = any(?::uuid[]) and r.occupies and r.occupied_from >= ?
         and r.occupied_from < ? and r.occupied_to > ?)`
  return changes(
    ctx.db,
    `delete from clinic.appointments where clinic_id = ? and status = 'pending' and hold_expires_at <= ?
       and ((practitioner_id = ? and occupied_from < ? and occupied_to > ?)` +
      (resourceIds.length === 0 ? ')' : inRooms + ')'),
    [
      ctx.clinic.id,
      ctx.now,
      practitionerId,
      to,
      from,
      ...(resourceIds.length === 0 ? [] : [ctx.clinic.id, resourceIds, from.subtract({ hours: 24 }), to, from]),
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
