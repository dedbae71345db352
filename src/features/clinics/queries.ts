import type { Id, LocationId, PractitionerId, ServiceId, UserId } from '../../kernel/ids.ts'
import { Temporal, type Instant, type PlainDate, type PlainTime } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { rows, type Binding } from '../../platform/db/rows.ts'
import { notFound } from '../../platform/errors.ts'
import { allowed } from '../../kernel/permissions.ts'
import {
  checklistOf,
  checklistProgress,
  type Checklist,
  type Closure,
  type CodePolicy,
  type DiarySettings,
  type HolidayNames,
  type Location,
  type Offer,
  type Practitioner,
  type Profile,
  type Question,
  type Resource,
  type Service,
  type ServiceResource,
  type Shift,
} from './rules.ts'
import type { Covered, MoonCorrection, Timetable } from './rules/timetables.ts'

export type { Closure, DiarySettings, Location, Offer, Practitioner, Profile, Service, Shift } from './rules.ts'

// Each table is selected in one way, whether its rows come by themselves or together as JSON. Times are instants and
// dates in the one case, text in the other; what makes objects of them takes both.
const selected = {
  profile: `
    select about, phone, whatsapp, languages, min_notice_min as "minNoticeMin", horizon_days as "horizonDays",
      same_day as "sameDay",
      slot_step_min as "slotStepMin", max_open_bookings as "maxOpenBookings",
      missed_rule as "missedRule", missed_after as "missedAfter", code_policy as "codePolicy",
      alert_email as "alertEmail", quiet_from as "quietFrom", quiet_to as "quietTo", bring_note as "bringNote",
      link_shared_at as "linkSharedAt", checklist_hidden_at as "checklistHiddenAt", waitlist
    from clinic.profiles where clinic_id = ?`,
  locations: `
    select id, name, address, map_url as "mapUrl", phone, position, active
    from clinic.locations where clinic_id = ?`,
  practitioners: `
    select id, user_id as "userId", name, title, position, active
    from clinic.practitioners where clinic_id = ?`,
  services: `
    select id, name, duration_min as "durationMin", buffer_before_min as "bufferBeforeMin",
      buffer_after_min as "bufferAfterMin", capacity, price_minor as "priceMinor", currency, online,
      min_notice_min as "minNoticeMin", horizon_days as "horizonDays", same_day as "sameDay", new_only as "newOnly",
      visit_type as "visitType", follow_up_days as "followUpDays", follow_up_price_minor as "followUpPriceMinor",
      position, active
    from clinic.services where clinic_id = ?`,
  offers: `
    select practitioner_id as "practitionerId", service_id as "serviceId", duration_min as "durationMin",
      price_minor as "priceMinor"
    from clinic.practitioner_services where clinic_id = ?`,
  resources: `
    select id, kind, name, location_id as "locationId", position, active
    from clinic.resources where clinic_id = ?`,
  serviceResources: `
    select service_id as "serviceId", need, resource_id as "resourceId"
    from clinic.service_resources where clinic_id = ?`,
  questions: `
    select id, service_id as "serviceId", kind, label, choices, required
    from clinic.service_questions where clinic_id = ?`,
  shifts: `
    select id, practitioner_id as "practitionerId", location_id as "locationId", weekday, starts_min as "startsMin",
      ends_min as "endsMin", valid_from as "validFrom", valid_to as "validTo"
    from clinic.shifts where clinic_id = ? and timetable_id is null`,
  specialShifts: `
    select timetable_id as "timetableId", id, practitioner_id as "practitionerId", location_id as "locationId", weekday,
      starts_min as "startsMin", ends_min as "endsMin"
    from clinic.shifts where clinic_id = ? and timetable_id is not null`,
  timetables: `
    select id, practitioner_id as "practitionerId", location_id as "locationId", name, kind, valid_from as "validFrom",
      valid_to as "validTo", hijri_month as "hijriMonth", hijri_year as "hijriYear"
    from clinic.timetables where clinic_id = ?`,
  moon: `
    select hijri_year as "hijriYear", hijri_month as "hijriMonth", days from clinic.moon_corrections where clinic_id = ?`,
  closures: `
    select id, practitioner_id as "practitionerId", location_id as "locationId", starts_at as "startsAt",
      ends_at as "endsAt", reason, shown, names
    from clinic.closures where clinic_id = ?`,
}

// In the order they were arranged; ids grow with time, so those never arranged come in the order they were added.
const arranged = ' order by position, id'
const byWeek = ' order by weekday, starts_min, id'
const byTime = ' order by starts_at, id'
const byId = ' order by id'

type ProfileRow = Omit<Profile, 'languages' | 'quietFrom' | 'quietTo' | 'linkSharedAt' | 'checklistHiddenAt'> & {
  codePolicy: CodePolicy
  languages: string
  quietFrom: PlainTime | string
  quietTo: PlainTime | string
  linkSharedAt: Instant | string | null
  checklistHiddenAt: Instant | string | null
}
type ShiftRow = Omit<Shift, 'validFrom' | 'validTo'> & {
  validFrom: PlainDate | string | null
  validTo: PlainDate | string | null
}
type SpecialShiftRow = Shift & { timetableId: Id<'timetable'> }
type TimetableRow = Pick<Timetable, 'id' | 'practitionerId' | 'name'> & {
  locationId: LocationId | null
  kind: 'dates' | 'hijri_month'
  validFrom: PlainDate | string | null
  validTo: PlainDate | string | null
  hijriMonth: number | null
  hijriYear: number | null
}
type ClosureRow = Omit<Closure, 'startsAt' | 'endsAt' | 'practitionerId' | 'locationId' | 'names'> & {
  names: HolidayNames | null
  startsAt: Instant | string
  endsAt: Instant | string
  practitionerId: PractitionerId | null
  locationId: LocationId | null
}

const instant = (value: Instant | string | null) => (value === null ? null : Temporal.Instant.from(value))

function profileOf({ languages, quietFrom, quietTo, linkSharedAt, checklistHiddenAt, ...row }: ProfileRow): Profile {
  return {
    ...row,
    languages: languages.split(' ').filter((code) => code !== ''),
    quietFrom: Temporal.PlainTime.from(quietFrom),
    quietTo: Temporal.PlainTime.from(quietTo),
    linkSharedAt: instant(linkSharedAt),
    checklistHiddenAt: instant(checklistHiddenAt),
  }
}

function shiftOf({ validFrom, validTo, ...row }: ShiftRow): Shift {
  return {
    ...row,
    ...(validFrom === null ? {} : { validFrom: Temporal.PlainDate.from(validFrom) }),
    ...(validTo === null ? {} : { validTo: Temporal.PlainDate.from(validTo) }),
  }
}

/** Timetables with the shifts that are theirs. */
function timetablesOf(found: readonly TimetableRow[], shifts: readonly SpecialShiftRow[]): Timetable[] {
  return found.map(({ id, practitionerId, locationId, name, ...row }) => ({
    id,
    practitionerId,
    locationId: locationId ?? undefined,
    name,
    covers: coveredOf(row),
    shifts: shifts.filter(({ timetableId }) => timetableId === id).map(({ timetableId: _, ...shift }) => shift),
  }))
}

type CoveredRow = Pick<TimetableRow, 'kind' | 'validFrom' | 'validTo' | 'hijriMonth' | 'hijriYear'>

function coveredOf({ kind, validFrom, validTo, hijriMonth, hijriYear }: CoveredRow): Covered {
  if (kind === 'hijri_month' && hijriMonth !== null) return { kind, month: hijriMonth, year: hijriYear ?? undefined }
  if (validFrom === null || validTo === null) throw new Error('a timetable without dates')
  return { kind: 'dates', from: Temporal.PlainDate.from(validFrom), to: Temporal.PlainDate.from(validTo) }
}

function closureOf({ startsAt, endsAt, practitionerId, locationId, names, ...row }: ClosureRow): Closure {
  return {
    ...row,
    names: names ?? undefined,
    startsAt: Temporal.Instant.from(startsAt),
    endsAt: Temporal.Instant.from(endsAt),
    ...(practitionerId === null ? {} : { practitionerId }),
    ...(locationId === null ? {} : { locationId }),
  }
}

/** The clinic's own row. It is there as long as the clinic is. */
export async function getProfile(ctx: Ctx): Promise<Profile> {
  const [row] = await rows<ProfileRow>(ctx.db, selected.profile, [ctx.clinic.id])
  return row ? profileOf(row) : notFound('clinic')
}

/** All of them, or those in use, as arranged. */
export async function listLocations(ctx: Ctx, only: { activeOnly?: boolean } = {}): Promise<Location[]> {
  return rows<Location>(ctx.db, selected.locations + (only.activeOnly ? ' and active' : '') + arranged, [ctx.clinic.id])
}

export async function findLocation(ctx: Ctx, id: LocationId): Promise<Location | undefined> {
  const [row] = await rows<Location>(ctx.db, selected.locations + ' and id = ?', [ctx.clinic.id, id])
  return row
}

export async function getLocation(ctx: Ctx, id: LocationId): Promise<Location> {
  return (await findLocation(ctx, id)) ?? notFound('location')
}

export async function listPractitioners(ctx: Ctx, only: { activeOnly?: boolean } = {}): Promise<Practitioner[]> {
  const sql = selected.practitioners + (only.activeOnly ? ' and active' : '') + arranged
  return rows<Practitioner>(ctx.db, sql, [ctx.clinic.id])
}

export async function findPractitioner(ctx: Ctx, id: PractitionerId): Promise<Practitioner | undefined> {
  const [row] = await rows<Practitioner>(ctx.db, selected.practitioners + ' and id = ?', [ctx.clinic.id, id])
  return row
}

export async function getPractitioner(ctx: Ctx, id: PractitionerId): Promise<Practitioner> {
  return (await findPractitioner(ctx, id)) ?? notFound('practitioner')
}

/** The doctor who signs in with this account, if it is one's. */
export async function findPractitionerOfUser(ctx: Ctx, userId: UserId): Promise<Practitioner | undefined> {
  const sql = selected.practitioners + ' and user_id = ?' + arranged
  const [row] = await rows<Practitioner>(ctx.db, sql, [ctx.clinic.id, userId])
  return row
}

/** Rooms and equipment as arranged. */
export async function listResources(ctx: Ctx): Promise<Resource[]> {
  return rows<Resource>(ctx.db, selected.resources + arranged, [ctx.clinic.id])
}

export async function getResource(ctx: Ctx, id: Id<'resource'>): Promise<Resource> {
  const [row] = await rows<Resource>(ctx.db, selected.resources + ' and id = ?', [ctx.clinic.id, id])
  return row ?? notFound('resource')
}

export async function listServices(ctx: Ctx, only: { activeOnly?: boolean } = {}): Promise<Service[]> {
  return rows<Service>(ctx.db, selected.services + (only.activeOnly ? ' and active' : '') + arranged, [ctx.clinic.id])
}

export async function findService(ctx: Ctx, id: ServiceId): Promise<Service | undefined> {
  const [row] = await rows<Service>(ctx.db, selected.services + ' and id = ?', [ctx.clinic.id, id])
  return row
}

export async function getService(ctx: Ctx, id: ServiceId): Promise<Service> {
  return (await findService(ctx, id)) ?? notFound('service')
}

/** Weekly hours by day and time; of one doctor when asked. */
export async function listShifts(ctx: Ctx, of: { practitionerId?: PractitionerId } = {}): Promise<Shift[]> {
  const found = await rows<ShiftRow>(
    ctx.db,
    selected.shifts + (of.practitionerId === undefined ? '' : ' and practitioner_id = ?') + byWeek,
    [ctx.clinic.id, ...(of.practitionerId === undefined ? [] : [of.practitionerId])],
  )
  return found.map(shiftOf)
}

/** Timetables for some dates only, those that are over included; of one doctor when asked. */
export async function listTimetables(ctx: Ctx, of: { practitionerId?: PractitionerId } = {}): Promise<Timetable[]> {
  const only = of.practitionerId === undefined ? '' : ' and practitioner_id = ?'
  const bindings = [ctx.clinic.id, ...(of.practitionerId === undefined ? [] : [of.practitionerId])]
  const found = await rows<TimetableRow>(ctx.db, selected.timetables + only + byId, bindings)
  const shifts = await rows<SpecialShiftRow>(ctx.db, selected.specialShifts + only + byWeek, bindings)
  return timetablesOf(found, shifts)
}

/** By how much months began before or after their calculated day. */
export async function listMoonCorrections(ctx: Ctx): Promise<MoonCorrection[]> {
  return rows<MoonCorrection>(ctx.db, selected.moon + ' order by hijri_year, hijri_month', [ctx.clinic.id])
}

/** Closures that touch `[from, to)`, by their beginning; all that end after `from` when there is no `to`. */
export async function listClosures(ctx: Ctx, range: { from: Instant; to?: Instant }): Promise<Closure[]> {
  const found = await rows<ClosureRow>(
    ctx.db,
    selected.closures + ' and ends_at > ?' + (range.to === undefined ? '' : ' and starts_at < ?') + byTime,
    [ctx.clinic.id, range.from, ...(range.to === undefined ? [] : [range.to])],
  )
  return found.map(closureOf)
}

export async function findClosure(ctx: Ctx, id: Id<'closure'>): Promise<Closure | undefined> {
  const [row] = await rows<ClosureRow>(ctx.db, selected.closures + ' and id = ?', [ctx.clinic.id, id])
  return row && closureOf(row)
}

const gathered = (sql: string) => `coalesce((select json_agg(x) from (${sql}) x), '[]')`

// All of it in one statement, each part as JSON: one round trip, and one moment for all of its parts.
const diarySql = `select
  (select to_json(x) from (${selected.profile}) x) as profile,
  ${gathered(selected.locations + arranged)} as locations,
  ${gathered(selected.practitioners + arranged)} as practitioners,
  ${gathered(selected.services + arranged)} as services,
  ${gathered(selected.offers + ' order by practitioner_id, service_id')} as offers,
  ${gathered(selected.resources + arranged)} as resources,
  ${gathered(selected.serviceResources + ' order by service_id, need, resource_id')} as "serviceResources",
  ${gathered(selected.questions + ' order by service_id, position')} as questions,
  ${gathered(selected.shifts + byWeek)} as shifts,
  ${gathered(selected.timetables + byId)} as timetables,
  ${gathered(selected.specialShifts + byWeek)} as "specialShifts",
  ${gathered(selected.moon)} as moon,
  ${gathered(selected.closures + ' and ends_at > ?' + byTime)} as closures`

type DiaryRow = {
  profile: ProfileRow | null
  locations: Location[]
  practitioners: Practitioner[]
  services: Service[]
  offers: Offer[]
  resources: Resource[]
  serviceResources: ServiceResource[]
  questions: Question[]
  shifts: ShiftRow[]
  timetables: TimetableRow[]
  specialShifts: SpecialShiftRow[]
  moon: MoonCorrection[]
  closures: ClosureRow[]
}

/** Everything the diary rests on, inactive rows included (past visits name them), and closures that are not over. */
export async function getDiarySettings(ctx: Ctx): Promise<DiarySettings> {
  const bindings: Binding[] = [...Array<string>(13).fill(ctx.clinic.id), ctx.now]
  const [row] = await rows<DiaryRow>(ctx.db, diarySql, bindings)
  if (!row?.profile) return notFound('clinic')
  const { profile, shifts, timetables, specialShifts, closures, ...rest } = row
  return {
    ...rest,
    profile: profileOf(profile),
    shifts: shifts.map(shiftOf),
    timetables: timetablesOf(timetables, specialShifts),
    closures: closures.map(closureOf),
  }
}

/**
 * The first-run checklist, for whoever may do what it asks for and until it is put away; undefined otherwise. The
 * settings are the caller's, who has them kept.
 */
export async function findChecklist(ctx: Ctx, settings: DiarySettings): Promise<Checklist | undefined> {
  if (ctx.actor.kind !== 'user' || !allowed(ctx.actor.role, 'clinic.settings')) return undefined
  if (settings.profile.checklistHiddenAt !== null) return undefined
  // Of another feature's table, and only looked at: whether anybody booked online. Among the latest visits, for a test
  // booking is one of them, and a clinic with years of visits must not be searched whenever its day is shown.
  const [booking] = await rows<{ found: boolean }>(
    ctx.db,
    `select exists (
       select from (select source, patient_id from clinic.appointments
                    where clinic_id = ? order by starts_at desc limit 500) latest
       where source = 'online' and patient_id is not null) as found`,
    [ctx.clinic.id],
  )
  return checklistOf(checklistProgress(settings, booking?.found === true))
}
