import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { AppointmentId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import { minutesBetween } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { getAppointment } from '../../appointments/queries.ts'
import { lengthBounds, resizable } from '../../appointments/rules.ts'
import { whose } from './frame.ts'

/** How long one visit takes, to be typed: the same as pulling its edge on the calendar. */
export async function lengthPage(
  ctx: Ctx,
  speaker: Speaker,
  id: AppointmentId,
  { back, form = emptyForm }: { back: string; form?: Form },
): Promise<View> {
  const visit = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  const { t } = speaker
  return view('calendar/length', {
    title: t('calendar.length.title', { name: isolated(whose(speaker, visit)) }),
    scripts: ['/js/error-summary.js'],
    back,
    form,
    resizable: resizable(visit.status) && visit.patientId !== null,
    action: `/app/${ctx.clinic.slug}/appointments/${id}/length`,
    when: speaker.longDateTime(visit.startsAt),
    until: speaker.time(visit.endsAt),
    what: visit.serviceName,
    doctor: visit.practitionerName,
    minutes: form.values.minutes ?? String(minutesBetween(visit.startsAt, visit.endsAt)),
    ...lengthBounds,
  })
}
