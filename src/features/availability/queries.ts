import type { AppointmentId, ClinicId, LocationId, PractitionerId, ServiceId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { rows } from '../../platform/db/rows.ts'
import { keepSettings } from '../../platform/kept-settings.ts'
import { getDiarySettings, type DiarySettings } from '../clinics/queries.ts'
import type { Busy, BusyResource, ResourceId } from './rules.ts'

const kept = keepSettings(getDiarySettings)

/** Hours, closures, services and people of the clinic, as of the settings version its door read. */
export function getSettings(ctx: Ctx): Promise<DiarySettings> {
  return kept.get(ctx)
}

/** The same without the database, when this process has them already. */
export function findKnownSettings(clinic: { id: ClinicId; settingsVersion: number }): DiarySettings | undefined {
  return kept.findKnown(clinic)
}

type BusyRow = {
  id: AppointmentId
  practitioner_id: PractitionerId
  location_id: LocationId
  service_id: ServiceId
  starts_at: Instant
  occupied_from: Instant
  occupied_to: Instant
  lane: number
  hold_expires_at: Instant | null
  hold_owner: Buffer | null
}

type BusyWithOwner = Busy & { holdOwner: Buffer | undefined }

/**
 * Everything that occupies one of these doctors at some moment of `[from, to)`, in order of time. No visit occupies longer than 24
 * hours (a check of the table), so looking back that far from `from` finds all that reach into the range through an
 * index, which a range operator could not use under row-level security.
 */
export async function listBusy(
  ctx: Ctx,
  practitionerIds: readonly PractitionerId[],
  from: Instant,
  to: Instant,
): Promise<BusyWithOwner[]> {
  const found = await rows<BusyRow>(
    ctx.db,
    `select id, practitioner_id, location_id, service_id, starts_at, occupied_from, occupied_to, lane,
            hold_expires_at, hold_owner
     from clinic.appointments
     where clinic_id = ? and practitioner_id = any(?::uuid[]) and occupies and occupied_from >= ? and occupied_from < ?
       and occupied_to > ?
     order by occupied_from`,
    [ctx.clinic.id, practitionerIds, from.subtract({ hours: 24 }), to, from],
  )
  return found.map((row) => ({
    appointmentId: row.id,
    practitionerId: row.practitioner_id,
    locationId: row.location_id,
    serviceId: row.service_id,
    startsAt: row.starts_at,
    occupiedFrom: row.occupied_from,
    occupiedTo: row.occupied_to,
    lane: row.lane,
    holdExpiresAt: row.hold_expires_at ?? undefined,
    holdOwner: row.hold_owner ?? undefined,
  }))
}

type BusyResourceRow = Omit<BusyResource, 'holdExpiresAt'> & { holdExpiresAt: Instant | null }

/** Everything that takes one of these rooms or pieces of equipment at some moment of `[from, to)`, found as `listBusy` does. */
export async function listBusyResources(
  ctx: Ctx,
  resourceIds: readonly ResourceId[],
  from: Instant,
  to: Instant,
): Promise<BusyResource[]> {
  if (resourceIds.length === 0) return []
  const found = await rows<BusyResourceRow>(
    ctx.db,
    `select r.resource_id as "resourceId", r.appointment_id as "appointmentId", r.practitioner_id as "practitionerId",
            a.location_id as "locationId", a.service_id as "serviceId", a.starts_at as "startsAt",
            r.occupied_from as "occupiedFrom", r.occupied_to as "occupiedTo", a.hold_expires_at as "holdExpiresAt"
     from clinic.appointment_resources r
     join clinic.appointments a on a.clinic_id = r.clinic_id and a.id = r.appointment_id
     where r.clinic_id = ? and r.resource_id = any(?::uuid[]) and r.occupies and r.occupied_from >= ?
       and r.occupied_from < ? and r.occupied_to > ?
     order by r.occupied_from`,
    [ctx.clinic.id, resourceIds, from.subtract({ hours: 24 }), to, from],
  )
  return found.map((row) => ({ ...row, holdExpiresAt: row.holdExpiresAt ?? undefined }))
}
