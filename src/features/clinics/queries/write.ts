// Everything this feature writes for a clinic that is open. Whoever calls this has decided; here it is only done.
import type { Id, PractitionerId, UserId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { replaceWords } from './words.ts'
import type { Closure, Kind, Location, Practitioner, Profile, Shift } from '../rules.ts'

export type PublicFacts = {
  name: string
  city: string
  specialty: string
  language: string
  accent: string
  listed: boolean
}

/** What the service as a whole knows of the clinic; its address stays, links to it are out in the world. */
export async function updateClinicFacts(ctx: Ctx, facts: PublicFacts): Promise<void> {
  await changes(
    ctx.db,
    `update platform.clinics set name = ?, city = ?, specialty = ?, language = ?, accent = ?, listed = ?
     where id = ?`,
    [facts.name, facts.city, facts.specialty, facts.language, facts.accent, facts.listed, ctx.clinic.id],
  )
  if (facts.name !== ctx.clinic.name || facts.city !== ctx.clinic.city) {
    await replaceWords(ctx.db, { ...ctx.clinic, name: facts.name, city: facts.city })
  }
}

export async function updateProfile(
  ctx: Ctx,
  profile: Pick<Profile, 'about' | 'phone' | 'whatsapp' | 'languages' | 'bringNote'>,
): Promise<void> {
  await changes(
    ctx.db,
    'update clinic.profiles set about = ?, phone = ?, whatsapp = ?, languages = ?, bring_note = ? where clinic_id = ?',
    [profile.about, profile.phone, profile.whatsapp, profile.languages.join(' '), profile.bringNote, ctx.clinic.id],
  )
}

export type BookingPolicy = Pick<
  Profile,
  | 'minNoticeMin'
  | 'horizonDays'
  | 'sameDay'
  | 'slotStepMin'
  | 'codePolicy'
  | 'maxOpenBookings'
  | 'missedRule'
  | 'missedAfter'
  | 'alertEmail'
  | 'quietFrom'
  | 'quietTo'
>

export async function updateBookingPolicy(ctx: Ctx, policy: BookingPolicy): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.profiles set min_notice_min = ?, horizon_days = ?, same_day = ?, slot_step_min = ?, code_policy = ?,
       max_open_bookings = ?, missed_rule = ?, missed_after = ?, alert_email = ?, quiet_from = ?, quiet_to = ?
     where clinic_id = ?`,
    [
      policy.minNoticeMin,
      policy.horizonDays,
      policy.sameDay,
      policy.slotStepMin,
      policy.codePolicy,
      policy.maxOpenBookings,
      policy.missedRule,
      policy.missedAfter,
      policy.alertEmail,
      policy.quietFrom,
      policy.quietTo,
      ctx.clinic.id,
    ],
  )
}

/** True when it was not shared before. */
export async function updateLinkShared(ctx: Ctx): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    'update clinic.profiles set link_shared_at = ? where clinic_id = ? and link_shared_at is null',
    [ctx.now, ctx.clinic.id],
  )
  return changed === 1
}

export async function updateChecklistHidden(ctx: Ctx, hidden: boolean): Promise<void> {
  await changes(ctx.db, 'update clinic.profiles set checklist_hidden_at = ? where clinic_id = ?', [
    hidden ? ctx.now : null,
    ctx.clinic.id,
  ])
}

/** Last in the order. */
export async function insertPractitioner(ctx: Ctx, doctor: Pick<Practitioner, 'id' | 'name' | 'title'>): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.practitioners (clinic_id, id, name, title, position, created_at)
     select ?, ?, ?, ?, coalesce(max(position), 0) + 1, ? from clinic.practitioners where clinic_id = ?`,
    [ctx.clinic.id, doctor.id, doctor.name, doctor.title, ctx.now, ctx.clinic.id],
  )
}

export async function updatePractitioner(ctx: Ctx, doctor: Pick<Practitioner, 'id' | 'name' | 'title'>): Promise<void> {
  await changes(ctx.db, 'update clinic.practitioners set name = ?, title = ? where clinic_id = ? and id = ?', [
    doctor.name,
    doctor.title,
    ctx.clinic.id,
    doctor.id,
  ])
}

/** One account is one doctor: it lets go of any other first. */
export async function updatePractitionerAccount(ctx: Ctx, id: PractitionerId, userId: UserId): Promise<boolean> {
  await changes(
    ctx.db,
    'update clinic.practitioners set user_id = null where clinic_id = ? and user_id = ? and id <> ?',
    [ctx.clinic.id, userId, id],
  )
  const changed = await changes(ctx.db, 'update clinic.practitioners set user_id = ? where clinic_id = ? and id = ?', [
    userId,
    ctx.clinic.id,
    id,
  ])
  return changed === 1
}

export async function deletePractitionerAccount(ctx: Ctx, userId: UserId): Promise<void> {
  await changes(ctx.db, 'update clinic.practitioners set user_id = null where clinic_id = ? and user_id = ?', [
    ctx.clinic.id,
    userId,
  ])
}

type LocationFacts = Omit<Location, 'position' | 'active'>

export async function insertLocation(ctx: Ctx, location: LocationFacts): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.locations (clinic_id, id, name, address, map_url, phone, position, created_at)
     select ?, ?, ?, ?, ?, ?, coalesce(max(position), 0) + 1, ? from clinic.locations where clinic_id = ?`,
    [
      ctx.clinic.id,
      location.id,
      location.name,
      location.address,
      location.mapUrl,
      location.phone,
      ctx.now,
      ctx.clinic.id,
    ],
  )
}

export async function updateLocation(ctx: Ctx, location: LocationFacts): Promise<void> {
  await changes(
    ctx.db,
    'update clinic.locations set name = ?, address = ?, map_url = ?, phone = ? where clinic_id = ? and id = ?',
    [location.name, location.address, location.mapUrl, location.phone, ctx.clinic.id, location.id],
  )
}

const activeOf = {
  practitioner: 'update clinic.practitioners set active = ? where clinic_id = ? and id = ? and active <> ?',
  service: 'update clinic.services set active = ? where clinic_id = ? and id = ? and active <> ?',
  location: 'update clinic.locations set active = ? where clinic_id = ? and id = ? and active <> ?',
  resource: 'update clinic.resources set active = ? where clinic_id = ? and id = ? and active <> ?',
} as const satisfies Record<Kind, string>

/** False when it was so already. */
export async function updateActive(ctx: Ctx, kind: Kind, id: string, active: boolean): Promise<boolean> {
  return (await changes(ctx.db, activeOf[kind], [active, ctx.clinic.id, id, active])) === 1
}

const positionOf = {
  practitioner:
    'update clinic.practitioners set position = array_position(?::uuid[], id) where clinic_id = ? and id = any(?::uuid[])',
  service:
    'update clinic.services set position = array_position(?::uuid[], id) where clinic_id = ? and id = any(?::uuid[])',
  location:
    'update clinic.locations set position = array_position(?::uuid[], id) where clinic_id = ? and id = any(?::uuid[])',
  resource:
    'update clinic.resources set position = array_position(?::uuid[], id) where clinic_id = ? and id = any(?::uuid[])',
} as const satisfies Record<Kind, string>

export async function updatePositions(ctx: Ctx, kind: Kind, ids: readonly string[]): Promise<void> {
  await changes(ctx.db, positionOf[kind], [ids, ctx.clinic.id, ids])
}

/** Locks the doctor's row, so that two people changing the hours of one doctor come one after the other. */
export async function lockPractitioner(ctx: Ctx, id: PractitionerId): Promise<boolean> {
  const found = await rows(ctx.db, 'select id from clinic.practitioners where clinic_id = ? and id = ? for update', [
    ctx.clinic.id,
    id,
  ])
  return found.length === 1
}

/** Weekly hours, or those of a timetable. */
export async function insertShifts(
  ctx: Ctx,
  shifts: readonly Shift[],
  timetableId: Id<'timetable'> | null = null,
): Promise<void> {
  // As text and cast back: an array that is a mix of dates and nulls has no other form the driver takes.
  await changes(
    ctx.db,
    `insert into clinic.shifts (clinic_id, timetable_id, id, practitioner_id, location_id, weekday, starts_min, ends_min,
       valid_from, valid_to, created_at)
     select ?, ?::uuid, id, practitioner_id, location_id, weekday, starts_min, ends_min, nullif(valid_from, '')::date,
       nullif(valid_to, '')::date, ?
     from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::int[], ?::int[], ?::int[], ?::text[], ?::text[])
       as given (id, practitioner_id, location_id, weekday, starts_min, ends_min, valid_from, valid_to)`,
    [
      ctx.clinic.id,
      timetableId,
      ctx.now,
      shifts.map(({ id }) => id),
      shifts.map(({ practitionerId }) => practitionerId),
      shifts.map(({ locationId }) => locationId),
      shifts.map(({ weekday }) => weekday),
      shifts.map(({ startsMin }) => startsMin),
      shifts.map(({ endsMin }) => endsMin),
      shifts.map(({ validFrom }) => validFrom?.toString() ?? ''),
      shifts.map(({ validTo }) => validTo?.toString() ?? ''),
    ],
  )
}

/** How many of them were there to be deleted. */
export async function deleteShifts(ctx: Ctx, id: PractitionerId, shifts: readonly Id<'shift'>[]): Promise<number> {
  return changes(
    ctx.db,
    'delete from clinic.shifts where clinic_id = ? and practitioner_id = ? and timetable_id is null and id = any(?::uuid[])',
    [ctx.clinic.id, id, shifts],
  )
}

/** False when it is there already: brought back twice at once. */
export async function insertClosure(ctx: Ctx, closure: Closure): Promise<boolean> {
  const added = await changes(
    ctx.db,
    `insert into clinic.closures (clinic_id, id, practitioner_id, location_id, starts_at, ends_at, reason, shown, names, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?) on conflict (clinic_id, id) do nothing`,
    [
      ctx.clinic.id,
      closure.id,
      closure.practitionerId ?? null,
      closure.locationId ?? null,
      closure.startsAt,
      closure.endsAt,
      closure.reason,
      closure.shown,
      closure.names === undefined ? null : JSON.stringify(closure.names),
      ctx.now,
    ],
  )
  return added === 1
}

export async function deleteClosure(ctx: Ctx, id: Id<'closure'>): Promise<boolean> {
  return (
    (await changes(ctx.db, 'delete from clinic.closures where clinic_id = ? and id = ?', [ctx.clinic.id, id])) === 1
  )
}

/** Whoever counts before adding counts alone, until the transaction ends. */
export async function lockProfile(ctx: Ctx): Promise<void> {
  await rows(ctx.db, 'select from clinic.profiles where clinic_id = ? for update', [ctx.clinic.id])
}

/** The sealed facts of the last time this was done to that record: what an undo puts back. */
export async function findLastAudited(ctx: Ctx, action: string, recordId: string): Promise<unknown> {
  const [row] = await rows<{ id: string; sealed: Buffer | null }>(
    ctx.db,
    `select id, details_sealed as sealed from clinic.audit_entries
     where clinic_id = ? and record_id = ? and action = ? order by at desc, id desc limit 1`,
    [ctx.clinic.id, recordId, action],
  )
  return row?.sealed ? ctx.seal.openJson(row.sealed, 'audit_entries.details', row.id) : undefined
}
