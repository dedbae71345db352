import type { Knex } from 'knex'
import type { AppointmentId, ClinicId, LocationId, PractitionerId, UserId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows, type Binding } from '../../platform/db/rows.ts'
import type { FeedId, Naming } from './rules.ts'

export type Feed = {
  id: FeedId
  clinicId: ClinicId
  name: string
  practitionerId: PractitionerId | null
  locationId: LocationId | null
  names: Naming
}
export type ListedFeed = Feed & {
  createdAt: Instant
  createdBy: string | null
  usedAt: Instant | null
  revokedAt: Instant | null
}

const columns = `f.id, f.clinic_id as "clinicId", f.name, f.practitioner_id as "practitionerId",
  f.location_id as "locationId", f.names`

/** Those that work first, then the newest. */
export function listFeeds(ctx: Ctx, limit: number): Promise<ListedFeed[]> {
  return rows<ListedFeed>(
    ctx.db,
    'select ' +
      columns +
      `, f.created_at as "createdAt", u.name as "createdBy", n.used_at as "usedAt", f.revoked_at as "revokedAt"
       from platform.feeds f left join platform.users u on u.id = f.created_by
       left join platform.feed_uses n on n.feed_id = f.id
       where f.clinic_id = ? order by f.revoked_at is not null, f.created_at desc, f.id limit ?`,
    [ctx.clinic.id, limit],
  )
}

/** How many work. Locks the clinic's row, so that two who add one at once are counted one after the other. */
export async function countWorkingFeeds(ctx: Ctx): Promise<number> {
  await rows(ctx.db, 'select 1 from platform.diaries where clinic_id = ? for update', [ctx.clinic.id])
  const [found] = await rows<{ count: number }>(
    ctx.db,
    'select count(*)::int as count from platform.feeds where clinic_id = ? and revoked_at is null',
    [ctx.clinic.id],
  )
  return found?.count ?? 0
}

export async function insertFeed(
  ctx: Ctx,
  feed: Omit<Feed, 'clinicId'> & { tokenHash: Buffer; by: UserId },
): Promise<void> {
  await changes(
    ctx.db,
    `insert into platform.feeds (id, clinic_id, name, practitioner_id, location_id, names, token_hash, created_by, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      feed.id,
      ctx.clinic.id,
      feed.name,
      feed.practitionerId,
      feed.locationId,
      feed.names,
      feed.tokenHash,
      feed.by,
      ctx.now,
    ],
  )
}

/** False when it does not work any more, or never was this clinic's. */
export async function updateFeedRevoked(ctx: Ctx, id: FeedId): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    'update platform.feeds set revoked_at = ? where clinic_id = ? and id = ? and revoked_at is null',
    [ctx.now, ctx.clinic.id, id],
  )
  return changed === 1
}

export async function feedExists(ctx: Ctx, id: FeedId): Promise<boolean> {
  const found = await rows(ctx.db, 'select 1 from platform.feeds where clinic_id = ? and id = ?', [ctx.clinic.id, id])
  return found.length === 1
}

/** The one that works with a token, whosever it is. */
export async function findFeedByToken(db: Knex, hash: Buffer): Promise<Feed | undefined> {
  const [found] = await rows<Feed>(
    db,
    'select ' + columns + ' from platform.feeds f where f.token_hash = ? and f.revoked_at is null',
    [hash],
  )
  return found
}

/** Written once an hour at most. */
export async function upsertFeedUse(db: Knex, feed: Feed, now: Instant): Promise<void> {
  await changes(
    db,
    `insert into platform.feed_uses as u (feed_id, clinic_id, used_at) values (?, ?, ?)
     on conflict (feed_id) do update set used_at = excluded.used_at
     where u.used_at < excluded.used_at - interval '1 hour'`,
    [feed.id, feed.clinicId, now],
  )
}

export type FeedVisit = {
  id: AppointmentId
  status: string
  sequence: number
  startsAt: Instant
  endsAt: Instant
  practitionerName: string
  serviceName: string
  locationName: string
  locationAddress: string
  /** Null for whoever is not to be named. */
  patientName: string | null
}

/** What starts in `[from, to)`. Holds are no visits; restricted patients are nobody. */
export function listFeedVisits(ctx: Ctx, feed: Feed, from: Instant, to: Instant, limit: number): Promise<FeedVisit[]> {
  const only: Binding[] = []
  const where = (column: string, id: string | null) => {
    if (id === null) return ''
    only.push(id)
    return ` and a.${column} = ?`
  }
  const wanted = where('practitioner_id', feed.practitionerId) + where('location_id', feed.locationId)
  return rows<FeedVisit>(
    ctx.db,
    `select a.id, a.status, a.calendar_sequence as sequence, a.starts_at as "startsAt", a.ends_at as "endsAt",
       d.name as "practitionerName", s.name as "serviceName", l.name as "locationName", l.address as "locationAddress",
       p.name as "patientName"
     from clinic.appointments a
     join clinic.practitioners d on d.clinic_id = a.clinic_id and d.id = a.practitioner_id
     join clinic.services s on s.clinic_id = a.clinic_id and s.id = a.service_id
     join clinic.locations l on l.clinic_id = a.clinic_id and l.id = a.location_id
     left join clinic.patients p on p.clinic_id = a.clinic_id and p.id = a.patient_id and p.restricted_at is null
     where a.clinic_id = ? and a.starts_at >= ? and a.starts_at < ? and a.status <> 'pending'` +
      wanted +
      ' order by a.starts_at, a.id limit ?',
    [ctx.clinic.id, from, to, ...only, limit],
  )
}
