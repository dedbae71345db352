// Where a visit that is being dragged may be dropped: what availability lists, placed on the days that are shown.
import type { AppointmentId } from '../../../kernel/ids.ts'
import { dateAt, minutesBetween, Temporal } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { getAppointment } from '../../appointments/queries.ts'
import { movable } from '../../appointments/rules.ts'
import { listFreeTimes } from '../../availability/actions.ts'
import { slotText } from '../../desk/rules.ts'
import { minuteOf } from '../rules.ts'
import type { CalendarQuestion } from '../schema.ts'
import { shownOf } from './frame.ts'

export type Drop = { slot: string; practitioner: string; date: string; minute: number; label: string }

/** The free times for one visit among the columns that are shown. On a week of all doctors it stays with its own. */
export async function dropsFor(
  ctx: Ctx,
  speaker: Speaker,
  asked: CalendarQuestion,
  id: AppointmentId,
): Promise<Drop[]> {
  const visit = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  if (!movable(visit.status)) return []
  const shown = await shownOf(ctx, asked)
  const { serviceId } = visit
  const found = await listFreeTimes(
    ctx,
    'desk',
    {
      serviceId,
      practitionerId: shown.practitionerId ?? (shown.view === 'day' ? 'any' : visit.practitionerId),
      locationId: undefined,
      from: shown.from,
      days: shown.days,
      durationMin: visit.resized ? minutesBetween(visit.startsAt, visit.endsAt) : undefined,
    },
    [id],
  )
  return (found?.days ?? []).flatMap(({ slots }) =>
    slots.map(({ startsAt, practitionerId, locationId }) => {
      const at = Temporal.Instant.fromEpochMilliseconds(startsAt)
      const date = dateAt(at, ctx.clinic.zone)
      return {
        slot: slotText({ serviceId, practitionerId, locationId, startsAt: at }),
        practitioner: practitionerId,
        date: date.toString(),
        minute: minuteOf(startsAt, date, ctx.clinic.zone),
        label: speaker.time(startsAt),
      }
    }),
  )
}
