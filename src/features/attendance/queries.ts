import type { AppointmentId, ClinicId, PatientId, PractitionerId } from '../../kernel/ids.ts'
import { Temporal, type Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Database } from '../../platform/db/connect.ts'
import { rows } from '../../platform/db/rows.ts'
import { forgottenAfterDays, shortNotice, type Miss } from './rules.ts'

export type Past = {
  /** Was here before. */
  seen: boolean
  misses: readonly Miss[]
}

/** More visits than anybody books in two years who books twice a week and comes to none. */
const looked = 200

/**
 * What the visits before `before` tell of each of these people: whether they were here, and which they missed. One query
 * for all of them, that looks back from the newest along the index of what came to nothing. Nothing about misses where
 * the patient's data is restricted: it is kept, and not used.
 */
export async function listPasts(
  ctx: Ctx,
  patientIds: readonly PatientId[],
  before: Instant,
): Promise<Map<PatientId, Past>> {
  if (patientIds.length === 0) return new Map()
  const since = before.subtract({ hours: 24 * forgottenAfterDays })
  const found = await rows<{ id: PatientId; seen: boolean; missed: number[] | null; late: number[] | null }>(
    ctx.db,
    `select p.id,
       exists (select from clinic.appointments a where a.clinic_id = ? and a.patient_id = p.id and a.starts_at < ?
               and a.status in ('arrived', 'in_room', 'fulfilled')) as seen,
       of_late.missed, of_late.late
     from clinic.patients p
     left join lateral (
       select array_agg(extract(epoch from last.starts_at)::float8) filter (where last.status = 'noshow') as missed,
         array_agg(extract(epoch from last.starts_at)::float8) filter (
           where last.status = 'cancelled' and last.cancelled_by = 'patient'
             and last.cancelled_at > last.starts_at - make_interval(mins => ?)) as late
       from (select a.status, a.starts_at, a.cancelled_by, a.cancelled_at from clinic.appointments a
             where a.clinic_id = ? and a.patient_id = p.id and a.starts_at < ? and a.starts_at >= ?
               and a.status in ('noshow', 'cancelled')
             order by a.starts_at desc limit ${looked}) last
     ) of_late on p.restricted_at is null
     where p.clinic_id = ? and p.id = any(?::uuid[])`,
    [ctx.clinic.id, before, shortNotice.total('minutes'), ctx.clinic.id, before, since, ctx.clinic.id, [...patientIds]],
  )
  const at = (kind: Miss['kind']) => (seconds: number) => ({
    kind,
    at: Temporal.Instant.fromEpochMilliseconds(Math.round(seconds * 1000)),
  })
  return new Map(
    found.map(({ id, seen, missed, late }) => [
      id,
      { seen, misses: [...(missed ?? []).map(at('missed')), ...(late ?? []).map(at('short_notice'))] },
    ]),
  )
}

/** Booked visits that nobody has confirmed, starting in `[from, to)`, by time. */
export async function listUnconfirmed(
  ctx: Ctx,
  from: Instant,
  to: Instant,
  practitionerId?: PractitionerId,
): Promise<{ id: AppointmentId; patientId: PatientId }[]> {
  return rows<{ id: AppointmentId; patientId: PatientId }>(
    ctx.db,
    `select a.id, a.patient_id as "patientId" from clinic.appointments a
     where a.clinic_id = ? and a.starts_at >= ? and a.starts_at < ? and a.status = 'booked' and a.confirmed_at is null
       and a.patient_id is not null and (?::uuid is null or a.practitioner_id = ?::uuid)
     order by a.starts_at, a.id`,
    [ctx.clinic.id, from, to, practitionerId ?? null, practitionerId ?? null],
  )
}

/** The clinics that ask people who miss visits to confirm. */
export async function listClinicsThatAsk(jobsDb: Database): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    jobsDb,
    `select clinic_id as id from clinic.profiles where missed_rule = 'confirm' order by clinic_id`,
  )
  return found.map(({ id }) => id)
}
