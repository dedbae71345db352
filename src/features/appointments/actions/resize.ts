import type { AppointmentId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { minutesBetween } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { registerLink } from '../../../platform/links.ts'
import { getSettings } from '../../availability/actions.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { getAppointment, type Appointment } from '../queries.ts'
import { deleteLapsedHolds } from '../queries/holds.ts'
import { updateLength } from '../queries/place.ts'
import { listResourcesOf } from '../queries/rearrange.ts'
import { lengthBounds, linkExpiry, resizable } from '../rules.ts'
import { noteFreed } from './freed.ts'
import { isOverlap } from './overlap.ts'
import { ownDiaryOnly } from './own-diary.ts'

/** What a service may have at most. */
const longestBufferMin = 240

type LengthRefusal = 'too_late' | 'out_of_bounds' | 'slot_taken' | 'changed_meanwhile'

/**
 * Makes one visit longer or shorter. It starts when it did, so nobody is written to; its buffers stay as long as they
 * were. Working hours do not bound it: a visit that takes longer than the day is a fact the desk has to be able to say.
 * That it meets no other visit is the database's word, as for every booking.
 */
export async function resizeAppointment(
  ctx: Ctx,
  id: AppointmentId,
  minutes: number,
): Promise<Outcome<{ appointment: Appointment; before: number }, LengthRefusal>> {
  const visit = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  const before = minutesBetween(visit.startsAt, visit.endsAt)
  if (!resizable(visit.status) || visit.patientId === null) return refuse('too_late')
  if (!Number.isInteger(minutes) || minutes < lengthBounds.least || minutes > lengthBounds.most) {
    return refuse('out_of_bounds')
  }
  if (minutes === before) return done({ appointment: visit, before })

  const to = visit.startsAt.add({ minutes: minutes + longestBufferMin })
  const { practitionerId, startsAt: from } = visit
  await deleteLapsedHolds(ctx, [{ practitionerId, from, to, resourceIds: await listResourcesOf(ctx, id) }])
  const changed = await lengthen(ctx, visit, minutes, minutes !== (await usualMinutes(ctx, visit)))
  if (!changed.ok) return changed
  const appointment = await getAppointment(ctx, id)
  await registerLink(ctx, id, appointment.linkVersion, linkExpiry(appointment.endsAt))
  await audit(ctx, 'appointment.resized', { kind: 'appointment', id }, { from_minutes: before, to_minutes: minutes })
  // Made shorter, its end moved and left time behind.
  if (minutes < before) {
    const rest = { ...visit, occupiedFrom: appointment.occupiedTo }
    await noteFreed(ctx, rest, 'moved', { by: 'desk' })
  }
  ctx.diaryChanged()
  return done({ appointment, before })
}

/** As long as its service says, with its doctor: a visit of that length is like every other, however it came by it. */
async function usualMinutes(ctx: Ctx, visit: Appointment): Promise<number | undefined> {
  const settings = await getSettings(ctx)
  const service = settings.services.find(({ id }) => id === visit.serviceId)
  return service && givenBy(settings, service, visit.practitionerId).durationMin
}

async function lengthen(ctx: Ctx, visit: Appointment, minutes: number, resized: boolean) {
  try {
    return (await updateLength(ctx, visit, minutes, resized)) ? done(undefined) : refuse('changed_meanwhile')
  } catch (error) {
    if (isOverlap(error)) return refuse('slot_taken')
    throw error
  }
}
