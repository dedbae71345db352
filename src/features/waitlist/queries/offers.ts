// What came free, and who was asked about it.
import type { AppointmentId, ClinicId, LocationId, PatientId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import { newId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Database } from '../../../platform/db/connect.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { EntryId, EntryState, FreeSlot, OfferId, OfferState } from '../rules.ts'

/** Clinics where a time is to be looked at, an offer has run out, or a hold has lapsed. */
export async function listClinicsToLookAt(jobsDb: Database, now: Instant): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    jobsDb,
    `select clinic_id as id from clinic.freed_times where look_at <= ?
     union select clinic_id from clinic.waiting_offers where state = 'open' and expires_at <= ?`,
    [now, now],
  )
  return found.map(({ id }) => id)
}

export type FreedTime = {
  id: string
  practitionerId: PractitionerId | null
  startsAt: Instant
  endsAt: Instant
  /** Looks at all that is free, where the others are a time that was not: hours changed, or somebody came onto the list. */
  wide: boolean
  /** The offers that were open when it was looked at last. */
  offers: readonly OfferId[] | null
}

const freedColumns = `id, practitioner_id as "practitionerId", starts_at as "startsAt", ends_at as "endsAt",
  because in ('hours', 'joined') as wide, open_offers as offers`

/**
 * One at a time asks people at a clinic: who counts the open offers counts those of everybody else who was about to ask.
 * The first lock of its transaction, and so before messages and offers, which the dispatcher takes in that order.
 */
export async function lockAsking(ctx: Ctx): Promise<void> {
  await rows(ctx.db, 'select clinic_id from clinic.profiles where clinic_id = ? for no key update', [ctx.clinic.id])
}

/** The times to look at now. */
export async function listDueFreedTimes(ctx: Ctx): Promise<FreedTime[]> {
  return rows<FreedTime>(
    ctx.db,
    `select ${freedColumns} from clinic.freed_times where clinic_id = ? and look_at <= ? order by id limit 100`,
    [ctx.clinic.id, ctx.now],
  )
}

/** Times that came free and are to be looked at later: what frees them can be taken back until then. */
export async function listAwaitedTimes(ctx: Ctx): Promise<FreedTime[]> {
  return rows<FreedTime>(
    ctx.db,
    `select ${freedColumns} from clinic.freed_times where clinic_id = ? and look_at > ?
       and because in ('cancelled', 'moved', 'noshow')`,
    [ctx.clinic.id, ctx.now],
  )
}

export async function deleteFreedTimes(ctx: Ctx, ids: readonly string[]): Promise<void> {
  await changes(ctx.db, 'delete from clinic.freed_times where clinic_id = ? and id = any(?::uuid[])', [
    ctx.clinic.id,
    ids,
  ])
}

export async function updateLookAt(ctx: Ctx, ids: readonly string[], lookAt: Instant): Promise<void> {
  await changes(ctx.db, 'update clinic.freed_times set look_at = ? where clinic_id = ? and id = any(?::uuid[])', [
    lookAt,
    ctx.clinic.id,
    ids,
  ])
}

/** They were looked at, with these offers open. */
export async function updateLooked(
  ctx: Ctx,
  ids: readonly string[],
  { lookAt, open }: { lookAt: Instant; open: readonly OfferId[] },
): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.freed_times set look_at = ?, open_offers = ?::jsonb where clinic_id = ? and id = any(?::uuid[])`,
    [lookAt, JSON.stringify(open), ctx.clinic.id, ids],
  )
}

/** The whole diary is to be looked at: hours changed, or another day began. False when somebody saw to it already. */
export async function insertLook(
  ctx: Ctx,
  seen: { before: string | null; now: string },
  span: { from: Instant; to: Instant },
): Promise<boolean> {
  const first = await changes(
    ctx.db,
    'update clinic.profiles set waitlist_seen = ? where clinic_id = ? and waitlist_seen is not distinct from ?',
    [seen.now, ctx.clinic.id, seen.before],
  )
  if (first === 0) return false
  await changes(
    ctx.db,
    `insert into clinic.freed_times (clinic_id, id, practitioner_id, starts_at, ends_at, because, look_at)
     values (?, ?, null, ?, ?, 'hours', ?)`,
    [ctx.clinic.id, newId<'freed_time'>(), span.from, span.to, ctx.now],
  )
  return true
}

/** All doctors' times in a span are to be looked at now, for somebody who was not on the list when they came free. */
export async function insertLookFor(ctx: Ctx, { from, to }: { from: Instant; to: Instant }): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.freed_times (clinic_id, id, practitioner_id, starts_at, ends_at, because, look_at)
     values (?, ?, null, ?, ?, 'joined', ?)`,
    [ctx.clinic.id, newId<'freed_time'>(), from, to, ctx.now],
  )
}

/** Times that somebody holds at this moment are looked at when the hold is over, as if it had freed them. */
export async function insertHeldTimes(ctx: Ctx): Promise<void> {
  const held = await listHolds(ctx)
  if (held.length === 0) return
  await changes(
    ctx.db,
    `insert into clinic.freed_times (clinic_id, id, practitioner_id, starts_at, ends_at, because, look_at)
     values ${held.map(() => `(?, ?, ?, ?, ?, 'hold', ?)`).join(', ')} on conflict do nothing`,
    held.flatMap(({ id, practitionerId, startsAt, endsAt, until }) => [
      ctx.clinic.id, id, practitionerId, startsAt, endsAt, until,
    ]), // prettier-ignore
  )
}

type Held = {
  id: AppointmentId
  practitionerId: PractitionerId
  startsAt: Instant
  endsAt: Instant
  until: Instant
}

/** What is held for somebody who is booking it now. */
export async function listHolds(ctx: Ctx): Promise<Held[]> {
  return rows<Held>(
    ctx.db,
    `select id, practitioner_id as "practitionerId", occupied_from as "startsAt", occupied_to as "endsAt",
       hold_expires_at as until from clinic.appointments
     where clinic_id = ? and status = 'pending' and hold_expires_at > ?`,
    [ctx.clinic.id, ctx.now],
  )
}

export type Offer = {
  id: OfferId
  entryId: EntryId
  number: Buffer
  practitionerId: PractitionerId
  locationId: LocationId
  startsAt: Instant
  endsAt: Instant
  state: OfferState
  expiresAt: Instant
  answeredAt: Instant | null
  serviceId: ServiceId
  patientId: PatientId
  entryState: EntryState
  insteadOf: AppointmentId | null
  appointmentId: AppointmentId | null
  practitionerName: string
  serviceName: string
  locationName: string
  locationAddress: string
}

const columns = `o.id, o.entry_id as "entryId", coalesce(o.number_hash, ''::bytea) as number, o.practitioner_id as "practitionerId",
  o.location_id as "locationId", o.starts_at as "startsAt", o.ends_at as "endsAt", o.state, o.expires_at as "expiresAt",
  o.answered_at as "answeredAt", e.service_id as "serviceId", e.patient_id as "patientId", e.state as "entryState",
  e.instead_of as "insteadOf", e.appointment_id as "appointmentId", d.name as "practitionerName",
  s.name as "serviceName", l.name as "locationName", l.address as "locationAddress"`
const selected = `select ${columns} from clinic.waiting_offers o
  join clinic.waiting_entries e on e.clinic_id = o.clinic_id and e.id = o.entry_id
  join clinic.practitioners d on d.clinic_id = o.clinic_id and d.id = o.practitioner_id
  join clinic.services s on s.clinic_id = e.clinic_id and s.id = e.service_id
  join clinic.locations l on l.clinic_id = o.clinic_id and l.id = o.location_id
  where o.clinic_id = ?`

export async function findOffer(ctx: Ctx, id: OfferId): Promise<Offer | undefined> {
  const [row] = await rows<Offer>(ctx.db, selected + ' and o.id = ?', [ctx.clinic.id, id])
  return row
}

/** The offer a number has now, or had last: what a bare "yes" may be an answer to. */
export async function findNewestOfferTo(ctx: Ctx, number: Buffer): Promise<Offer | undefined> {
  const [row] = await rows<Offer>(
    ctx.db,
    selected + ` and o.number_hash = ? order by (o.state = 'open') desc, o.offered_at desc, o.id desc limit 1`,
    [ctx.clinic.id, number],
  )
  return row
}

export async function findNewestOfferOf(ctx: Ctx, entryId: EntryId): Promise<Offer | undefined> {
  const [row] = await rows<Offer>(
    ctx.db,
    selected + ` and o.entry_id = ? order by (o.state = 'open') desc, o.offered_at desc, o.id desc limit 1`,
    [ctx.clinic.id, entryId],
  )
  return row
}

export async function listOpenOffers(ctx: Ctx): Promise<Offer[]> {
  return rows<Offer>(ctx.db, selected + ` and o.state = 'open' order by o.offered_at, o.id`, [ctx.clinic.id])
}

/** What was offered so far of times that are still to come, and whatever was offered since a moment. */
export async function listOffered(
  ctx: Ctx,
  since: Instant,
): Promise<{ entryId: EntryId; practitionerId: PractitionerId; startsAt: Instant; offeredAt: Instant }[]> {
  return rows(
    ctx.db,
    `select entry_id as "entryId", practitioner_id as "practitionerId", starts_at as "startsAt", offered_at as "offeredAt"
     from clinic.waiting_offers where clinic_id = ? and (starts_at > ? or offered_at > ?)`,
    [ctx.clinic.id, ctx.now, since],
  )
}

/** Opens an offer; false while the number has another one open. */
export async function insertOffer(
  ctx: Ctx,
  offer: { id: OfferId; entryId: EntryId; number: Buffer; slot: FreeSlot; expiresAt: Instant; byHand: boolean },
): Promise<boolean> {
  const { slot } = offer
  const inserted = await changes(
    ctx.db,
    `insert into clinic.waiting_offers (clinic_id, id, entry_id, number_hash, practitioner_id, location_id, starts_at,
       ends_at, by_hand, offered_at, expires_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (clinic_id, number_hash) where state = 'open' do nothing`,
    [
      ctx.clinic.id,
      offer.id,
      offer.entryId,
      offer.number,
      slot.practitionerId,
      slot.locationId,
      slot.startsAt,
      slot.endsAt,
      offer.byHand,
      ctx.now,
      offer.expiresAt,
    ],
  )
  return inserted === 1
}

/** Compare and set, so that of a yes, a no and the clock one comes first. */
export async function updateOffer(
  ctx: Ctx,
  id: OfferId,
  to: Exclude<OfferState, 'open'>,
  answered: boolean,
): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.waiting_offers set state = ?, answered_at = ?
     where clinic_id = ? and id = ? and state = 'open'`,
    [to, answered ? ctx.now : null, ctx.clinic.id, id],
  )
  return changed === 1
}

/** Notes that somebody answered an offer that was over; false the second time. */
export async function updateAnswered(ctx: Ctx, id: OfferId): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.waiting_offers set answered_at = ? where clinic_id = ? and id = ? and answered_at is null`,
    [ctx.now, ctx.clinic.id, id],
  )
  return changed === 1
}

export async function updateExpired(ctx: Ctx): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.waiting_offers set state = 'expired' where clinic_id = ? and id in
       (select id from clinic.waiting_offers where clinic_id = ? and state = 'open' and expires_at <= ?
        for update skip locked)`,
    [ctx.clinic.id, ctx.clinic.id, ctx.now],
  )
}

/** Whoever leaves the list, or said STOP, has no offer open any more. */
export async function updateWithdrawn(ctx: Ctx, of: { entryId: EntryId } | { number: Buffer }): Promise<number> {
  const [condition, binding] = 'entryId' in of ? ['entry_id = ?', of.entryId] : ['number_hash = ?', of.number]
  return changes(
    ctx.db,
    `update clinic.waiting_offers set state = 'withdrawn' where clinic_id = ? and state = 'open' and ` + condition,
    [ctx.clinic.id, binding],
  )
}

/** What waits to be sent about offers. */
export async function updateOfferMessagesDropped(ctx: Ctx, ids: readonly OfferId[], reason: string): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.messages set status = 'dropped', drop_reason = ? where clinic_id = ? and kind = 'waitlist_offer'
       and appointment_id = any(?::uuid[]) and status = 'queued'`,
    [reason, ctx.clinic.id, ids],
  )
}
