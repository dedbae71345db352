// Doctors, what they give and where: the things a clinic adds, changes, puts in order and takes out of use.
import {
  newId,
  type Id,
  type LocationId,
  type PractitionerId,
  type ServiceId,
  type UserId,
} from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { audit } from '../../../platform/audit.ts'
import { lockDiary, type Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import {
  getLocation,
  getPractitioner,
  getResource,
  getService,
  listLocations,
  listPractitioners,
  listResources,
  listServices,
} from '../queries.ts'
import {
  deletePractitionerAccount,
  insertLocation,
  insertPractitioner,
  lockProfile,
  updateActive,
  updateLocation,
  updatePositions,
  updatePractitioner,
  updatePractitionerAccount,
} from '../queries/write.ts'
import {
  insertResource,
  insertService,
  replaceNeedsOf,
  replacePractitionersOf,
  replaceQuestionsOf,
  replaceServicesOf,
  updateResource,
  updateService,
} from '../queries/services.ts'
import { countVisitsAhead } from '../queries/visits.ts'
import { planLimit, type Kind } from '../rules.ts'
import type { DoctorForm, LocationForm } from '../schema.ts'
import type { ResourceForm, ServiceForm } from '../schema/services.ts'

/** Refused when the plan has no room for another doctor. */
export async function addPractitioner(ctx: Ctx, form: DoctorForm): Promise<Outcome<PractitionerId, 'plan_full'>> {
  if (!(await hasRoom(ctx, 'practitioner'))) return refuse('plan_full')
  const id = newId<'practitioner'>()
  await insertPractitioner(ctx, { id, name: form.name, title: form.title ?? null })
  await replaceServicesOf(ctx, id, form.services)
  await audit(ctx, 'practitioner.added', { kind: 'practitioner', id }, { services: form.services.length })
  ctx.settingsChanged()
  return done(id)
}

export async function changePractitioner(ctx: Ctx, id: PractitionerId, form: DoctorForm): Promise<void> {
  await getPractitioner(ctx, id)
  await updatePractitioner(ctx, { id, name: form.name, title: form.title ?? null })
  await replaceServicesOf(ctx, id, form.services)
  await audit(ctx, 'practitioner.changed', { kind: 'practitioner', id }, { services: form.services.length })
  ctx.settingsChanged()
}

/** Says which doctor an account is: whoever signs in with it works in that doctor's diary. */
export async function linkAccount(ctx: Ctx, id: PractitionerId, userId: UserId): Promise<void> {
  if (!(await updatePractitionerAccount(ctx, id, userId))) notFound('practitioner')
  await audit(ctx, 'practitioner.linked', { kind: 'practitioner', id }, { userId })
  ctx.settingsChanged()
}

/** The account is no doctor's at this clinic any more; the doctor stays. */
export async function unlinkAccount(ctx: Ctx, userId: UserId): Promise<void> {
  await deletePractitionerAccount(ctx, userId)
  await audit(ctx, 'practitioner.unlinked', { kind: 'user', id: userId })
  ctx.settingsChanged()
}

const serviceFacts = (id: ServiceId, form: ServiceForm) => ({
  id,
  name: form.name,
  durationMin: form.minutes,
  bufferBeforeMin: form.before,
  bufferAfterMin: form.after,
  capacity: form.capacity,
  priceMinor: form.price,
  online: form.online,
  minNoticeMin: form.notice,
  horizonDays: form.horizon,
  sameDay: form.same_day,
  newOnly: form.new_only,
  visitType: form.visit_type,
  followUpDays: form.follow_up_days,
  followUpPriceMinor: form.follow_up_price,
})

const serviceDetails = (form: ServiceForm) => ({
  minutes: form.minutes,
  before: form.before,
  after: form.after,
  capacity: form.capacity,
  priceMinor: form.price,
  online: form.online,
  notice: form.notice,
  horizon: form.horizon,
  sameDay: form.same_day,
  newOnly: form.new_only,
  visitType: form.visit_type,
  followUpDays: form.follow_up_days,
  followUpPriceMinor: form.follow_up_price,
  doctors: form.offers.length,
  needs: form.needs.length,
  questions: form.questions.length,
})

async function replaceParts(ctx: Ctx, id: ServiceId, form: ServiceForm): Promise<void> {
  await replacePractitionersOf(ctx, id, form.offers)
  await replaceNeedsOf(ctx, id, form.needs)
  await replaceQuestionsOf(ctx, id, form.questions)
}

export async function addService(ctx: Ctx, form: ServiceForm): Promise<ServiceId> {
  const id = newId<'service'>()
  await insertService(ctx, serviceFacts(id, form))
  await replaceParts(ctx, id, form)
  await audit(ctx, 'service.added', { kind: 'service', id }, serviceDetails(form))
  ctx.settingsChanged()
  return id
}

/** What is booked already keeps the length and price it was booked with. */
export async function changeService(ctx: Ctx, id: ServiceId, form: ServiceForm): Promise<void> {
  await getService(ctx, id)
  await updateService(ctx, serviceFacts(id, form))
  await replaceParts(ctx, id, form)
  await audit(ctx, 'service.changed', { kind: 'service', id }, serviceDetails(form))
  ctx.settingsChanged()
}

const locationFacts = (id: LocationId, form: LocationForm) => ({
  id,
  name: form.name,
  address: form.address,
  mapUrl: form.map_url ?? null,
  phone: form.phone ?? null,
})

export async function addLocation(ctx: Ctx, form: LocationForm): Promise<Outcome<LocationId, 'plan_full'>> {
  if (!(await hasRoom(ctx, 'location'))) return refuse('plan_full')
  const id = newId<'location'>()
  await insertLocation(ctx, locationFacts(id, form))
  await audit(ctx, 'location.added', { kind: 'location', id })
  ctx.settingsChanged()
  return done(id)
}

export async function changeLocation(ctx: Ctx, id: LocationId, form: LocationForm): Promise<void> {
  await getLocation(ctx, id)
  await updateLocation(ctx, locationFacts(id, form))
  await audit(ctx, 'location.changed', { kind: 'location', id })
  ctx.settingsChanged()
}

export async function addResource(ctx: Ctx, form: ResourceForm): Promise<Id<'resource'>> {
  const id = newId<'resource'>()
  await insertResource(ctx, await resourceFacts(ctx, id, form))
  await audit(ctx, 'resource.added', { kind: 'resource', id }, { kind: form.kind })
  ctx.settingsChanged()
  return id
}

/** Visits that take it already go on taking it, wherever it is now. */
export async function changeResource(ctx: Ctx, id: Id<'resource'>, form: ResourceForm): Promise<void> {
  await getResource(ctx, id)
  await updateResource(ctx, await resourceFacts(ctx, id, form))
  await audit(ctx, 'resource.changed', { kind: 'resource', id }, { kind: form.kind })
  ctx.settingsChanged()
}

async function resourceFacts(ctx: Ctx, id: Id<'resource'>, { kind, name, location }: ResourceForm) {
  if (location !== null) await getLocation(ctx, location)
  return { id, kind, name, locationId: location }
}

export type Thing =
  | { kind: 'practitioner'; id: PractitionerId }
  | { kind: 'service'; id: ServiceId }
  | { kind: 'location'; id: LocationId }
  | { kind: 'resource'; id: Id<'resource'> }

/**
 * Takes a doctor, service, place or room out of use: nothing new is booked with it. Visits that are booked stay as they are,
 * and how many those are is answered, for the desk has to see to them. The last place in use can't go.
 */
export async function takeOutOfUse(ctx: Ctx, thing: Thing): Promise<Outcome<{ visits: number }, 'last_location'>> {
  await getThing(ctx, thing)
  if (thing.kind === 'location') {
    const others = (await listLocations(ctx, { activeOnly: true })).filter(({ id }) => id !== thing.id)
    if (others.length === 0) return refuse('last_location')
  }
  const ended = await updateActive(ctx, thing.kind, thing.id, false)
  // A booking that has written its visit and not committed yet counts; those after it find the thing out of use.
  await lockDiary(ctx)
  const visits = await countVisitsAhead(ctx, thing.kind, thing.id)
  if (ended) {
    await audit(ctx, `${thing.kind}.deactivated`, thing, { visits })
    ctx.settingsChanged()
  }
  return done({ visits })
}

export async function putBackInUse(ctx: Ctx, thing: Thing): Promise<Outcome<void, 'plan_full'>> {
  const { active } = await getThing(ctx, thing)
  if (active) return done(undefined)
  const counted = thing.kind === 'practitioner' || thing.kind === 'location'
  if (counted && !(await hasRoom(ctx, thing.kind))) return refuse('plan_full')
  if (await updateActive(ctx, thing.kind, thing.id, true)) {
    await audit(ctx, `${thing.kind}.reactivated`, thing)
    ctx.settingsChanged()
  }
  return done(undefined)
}

/**
 * Whether the plan has room for one more in use. Asked with the clinic's own row locked, so that two who add the last one
 * at the same time don't both get it. What is over the limit already, since the plan became smaller, stays.
 */
async function hasRoom(ctx: Ctx, kind: 'practitioner' | 'location'): Promise<boolean> {
  const limit = planLimit(ctx.clinic, kind)
  if (limit === null) return true
  await lockProfile(ctx)
  const all =
    kind === 'practitioner'
      ? await listPractitioners(ctx, { activeOnly: true })
      : await listLocations(ctx, { activeOnly: true })
  return all.length < limit
}

/** Moves it one place up or down among those in use, as patients see them. At the end of the list nothing happens. */
export async function rearrange(ctx: Ctx, thing: Thing, move: 'up' | 'down'): Promise<void> {
  await getThing(ctx, thing)
  const all = await listThings(ctx, thing.kind)
  const inUse = all.filter(({ active }) => active).map(({ id }) => id)
  const at = inUse.indexOf(thing.id)
  const other = inUse[at + (move === 'up' ? -1 : 1)]
  if (at < 0 || other === undefined) return
  const swapped = inUse.map((id) => (id === thing.id ? other : id === other ? thing.id : id))
  const rest = all.filter(({ active }) => !active).map(({ id }) => id)
  await updatePositions(ctx, thing.kind, [...swapped, ...rest])
  await audit(ctx, `${thing.kind}.rearranged`, thing, { move })
  ctx.settingsChanged()
}

async function listThings(ctx: Ctx, kind: Kind): Promise<{ id: string; active: boolean }[]> {
  if (kind === 'practitioner') return listPractitioners(ctx)
  if (kind === 'resource') return listResources(ctx)
  return kind === 'service' ? listServices(ctx) : listLocations(ctx)
}

async function getThing(ctx: Ctx, thing: Thing): Promise<{ active: boolean }> {
  if (thing.kind === 'practitioner') return getPractitioner(ctx, thing.id)
  if (thing.kind === 'resource') return getResource(ctx, thing.id)
  return thing.kind === 'service' ? getService(ctx, thing.id) : getLocation(ctx, thing.id)
}
