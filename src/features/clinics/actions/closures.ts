import { newId, type Id, type LocationId, type PractitionerId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { Temporal } from '../../../kernel/time.ts'
import { audit, type AuditDetails } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { findClosure, getLocation, getPractitioner } from '../queries.ts'
import { deleteClosure, findLastAudited, insertClosure } from '../queries/write.ts'
import { countVisitsWithin } from '../queries/visits.ts'
import type { Closure, HolidayNames } from '../rules.ts'
import type { ClosureForm } from '../schema.ts'

/** Closes for a while. Visits already booked in that time stay, and how many they are is answered. */
export async function addClosure(ctx: Ctx, form: ClosureForm): Promise<{ id: Id<'closure'>; visits: number }> {
  if (form.practitionerId !== undefined) await getPractitioner(ctx, form.practitionerId)
  if (form.locationId !== undefined) await getLocation(ctx, form.locationId)
  const closure: Closure = { ...form, id: newId<'closure'>(), names: undefined }
  const visits = await countVisitsWithin(ctx, closure)
  await insertClosure(ctx, closure)
  await audit(ctx, 'closure.added', { kind: 'closure', id: closure.id }, { ...detailsOf(closure), visits })
  ctx.settingsChanged()
  return { id: closure.id, visits }
}

/** Opens again. What was closed is kept in the audit log, from where an undo brings it back. */
export async function removeClosure(ctx: Ctx, id: Id<'closure'>): Promise<void> {
  const closure = (await findClosure(ctx, id)) ?? notFound('closure')
  await deleteClosure(ctx, id)
  const details = detailsOf(closure)
  await audit(ctx, 'closure.removed', { kind: 'closure', id }, details, {
    ...details,
    reason: closure.reason,
    shown: closure.shown,
    names: closure.names ?? null,
  })
  ctx.settingsChanged()
}

type KeptClosure = {
  practitionerId: PractitionerId | null
  locationId: LocationId | null
  startsAt: string
  endsAt: string
  reason: string
  shown: boolean
  names: HolidayNames | null
}

export async function restoreClosure(ctx: Ctx, id: Id<'closure'>): Promise<Outcome<void, 'changed_meanwhile'>> {
  const removed = (await findLastAudited(ctx, 'closure.removed', id)) ?? notFound('closure')
  if (await findClosure(ctx, id)) return refuse('changed_meanwhile')
  // Those removed before patients could be told why have neither.
  const kept: KeptClosure = { shown: false, names: null, ...(removed as Omit<KeptClosure, 'shown' | 'names'>) }
  const { practitionerId, locationId, startsAt, endsAt, reason, shown, names } = kept
  const added = await insertClosure(ctx, {
    id,
    reason,
    shown,
    names: names ?? undefined,
    startsAt: Temporal.Instant.from(startsAt),
    endsAt: Temporal.Instant.from(endsAt),
    ...(practitionerId === null ? {} : { practitionerId }),
    ...(locationId === null ? {} : { locationId }),
  })
  if (!added) return refuse('changed_meanwhile')
  await audit(ctx, 'closure.restored', { kind: 'closure', id })
  ctx.settingsChanged()
  return done(undefined)
}

function detailsOf({ practitionerId, locationId, startsAt, endsAt }: Closure) {
  return {
    practitionerId: practitionerId ?? null,
    locationId: locationId ?? null,
    startsAt: startsAt.toString(),
    endsAt: endsAt.toString(),
  } satisfies AuditDetails
}
