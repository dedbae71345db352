import type {
  AppointmentId,
  ClinicId,
  LocationId,
  PatientId,
  PractitionerId,
  ServiceId,
  UserId,
} from '../../kernel/ids.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Scope } from '../../kernel/permissions.ts'
import type { Instant } from '../../kernel/time.ts'
import type { ApiClientId } from '../../platform/api-tokens.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Database } from '../../platform/db/connect.ts'
import { changes, rows, type Binding } from '../../platform/db/rows.ts'
import type { AppointmentAnswer } from './rules.ts'

export type ApiClient = {
  id: ApiClientId
  name: string
  scopes: Scope[]
  createdAt: Instant
  createdBy: string | null
  usedAt: Instant | null
  revokedAt: Instant | null
}

/** Those that work first, then the newest. */
export function listClients(ctx: Ctx, limit: number): Promise<ApiClient[]> {
  return rows<ApiClient>(
    ctx.db,
    `select c.id, c.name, c.scopes, c.created_at as "createdAt", u.name as "createdBy", c.used_at as "usedAt",
       c.revoked_at as "revokedAt"
     from platform.api_clients c left join platform.users u on u.id = c.created_by
     where c.clinic_id = ? order by c.revoked_at is not null, c.created_at desc, c.id limit ?`,
    [ctx.clinic.id, limit],
  )
}

/** How many work. Locks the clinic's row, so that two who add one at once are counted one after the other. */
export async function countWorkingClients(ctx: Ctx): Promise<number> {
  await rows(ctx.db, 'select 1 from platform.diaries where clinic_id = ? for update', [ctx.clinic.id])
  const [found] = await rows<{ count: number }>(
    ctx.db,
    'select count(*)::int as count from platform.api_clients where clinic_id = ? and revoked_at is null',
    [ctx.clinic.id],
  )
  return found?.count ?? 0
}

export async function insertClient(
  ctx: Ctx,
  client: { id: ApiClientId; name: string; scopes: readonly Scope[]; secretHash: Buffer; by: UserId },
): Promise<void> {
  await changes(
    ctx.db,
    `insert into platform.api_clients (id, clinic_id, name, secret_hash, scopes, created_by, created_at)
     values (?, ?, ?, ?, ?::text[], ?, ?)`,
    [client.id, ctx.clinic.id, client.name, client.secretHash, [...client.scopes], client.by, ctx.now],
  )
}

/** False when it is not this clinic's, or was revoked already. */
export async function updateRevoked(ctx: Ctx, id: ApiClientId): Promise<boolean> {
  const sql = 'update platform.api_clients set revoked_at = ? where id = ? and clinic_id = ? and revoked_at is null'
  return (await changes(ctx.db, sql, [ctx.now, id, ctx.clinic.id])) === 1
}

export async function clientExists(ctx: Ctx, id: ApiClientId): Promise<boolean> {
  const sql = 'select 1 from platform.api_clients where id = ? and clinic_id = ?'
  return (await rows(ctx.db, sql, [id, ctx.clinic.id])).length === 1
}

export type Secret = { clinicId: ClinicId; secretHash: Buffer; scopes: Scope[]; usedAt: Instant | null }

export async function findSecret(db: Database, id: ApiClientId): Promise<Secret | undefined> {
  const [found] = await rows<Secret>(
    db,
    `select clinic_id as "clinicId", secret_hash as "secretHash", scopes, used_at as "usedAt"
     from platform.api_clients where id = ? and revoked_at is null`,
    [id],
  )
  return found
}

export async function updateUsed(db: Database, id: ApiClientId, now: Instant): Promise<void> {
  await changes(db, 'update platform.api_clients set used_at = ? where id = ?', [now, id])
}

type Row = {
  id: AppointmentId
  reference: string
  status: AppointmentAnswer['status']
  startsAt: Instant
  endsAt: Instant
  practitionerId: PractitionerId
  practitionerName: string
  serviceId: ServiceId
  serviceName: string
  locationId: LocationId
  locationName: string
  patientId: PatientId | null
  patientName: string | null
  phoneSealed: Buffer | null
  priceMinor: number | null
  currency: string
  source: 'online' | 'desk'
  version: number
}
export type ListedAppointment = Omit<Row, 'phoneSealed'> & { phone: Phone | null }

/** What starts in `[from, to)` behind `after`, by time. Holds are no appointments; restricted patients are nobody. */
export async function listPage(
  ctx: Ctx,
  range: { from: Instant; to: Instant; after?: { at: Instant; id: AppointmentId } | undefined; limit: number },
): Promise<ListedAppointment[]> {
  const { from, to, after, limit } = range
  const behind: Binding[] = after ? [after.at, after.at, after.id] : []
  const found = await rows<Row>(
    ctx.db,
    `select a.id, a.reference, a.status, a.starts_at as "startsAt", a.ends_at as "endsAt",
       a.practitioner_id as "practitionerId", d.name as "practitionerName", a.service_id as "serviceId",
       s.name as "serviceName", a.location_id as "locationId", l.name as "locationName", p.id as "patientId",
       p.name as "patientName", p.phone_sealed as "phoneSealed", a.price_minor as "priceMinor", a.currency, a.source,
       a.version
     from (select * from clinic.appointments
           where clinic_id = ? and starts_at >= ? and starts_at < ? and status <> 'pending'` +
      (after ? ' and starts_at >= ? and (starts_at, id) > (?::timestamptz, ?::uuid)' : '') +
      // The page is cut before its names are looked up, whatever the planner expects of the rest of the range.
      ` order by starts_at, id limit ?) a
     join clinic.practitioners d on d.clinic_id = a.clinic_id and d.id = a.practitioner_id
     join clinic.services s on s.clinic_id = a.clinic_id and s.id = a.service_id
     join clinic.locations l on l.clinic_id = a.clinic_id and l.id = a.location_id
     left join clinic.patients p on p.clinic_id = a.clinic_id and p.id = a.patient_id and p.restricted_at is null
     order by a.starts_at, a.id`,
    [ctx.clinic.id, from, to, ...behind, limit],
  )
  return found.map(({ phoneSealed, ...row }) => ({
    ...row,
    phone: phoneSealed && row.patientId ? (ctx.seal.open(phoneSealed, 'patients.phone', row.patientId) as Phone) : null,
  }))
}
