import { allowed } from '../../kernel/permissions.ts'
import { phoneText } from '../../kernel/phone.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'
import { view, type View } from '../../platform/web/views.ts'
import type { Appointment } from '../appointments/queries.ts'

/** Whom to call: visits of people who often miss them, that nobody has confirmed. */
export function confirmationsPage(
  ctx: Ctx,
  speaker: Speaker,
  rows: readonly { visit: Appointment; need: 'confirm' | 'call' }[],
  off: boolean,
): View {
  const { t } = speaker
  const base = `/app/${ctx.clinic.slug}`
  const may = ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'appointments.run')
  const settings = ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'clinic.settings')
  return view('attendance/confirmations', {
    title: t('attendance.list.title'),
    todayHref: `${base}/today`,
    off,
    rulesHref: settings ? `${base}/settings/rules` : undefined,
    rows: rows.map(({ visit, need }) => ({
      id: visit.id,
      href: `${base}/appointments/${visit.id}`,
      name: visit.patientName ?? '',
      phone: visit.patientPhone && phoneText(visit.patientPhone),
      phoneHref: visit.patientPhone && `tel:${visit.patientPhone}`,
      when: speaker.longDateTime(visit.startsAt),
      what: visit.serviceName,
      doctor: visit.practitionerName,
      flag: t(`attendance.flag.${need}`),
      action: may ? `${base}/appointments/${visit.id}/confirmation` : undefined,
    })),
  })
}
