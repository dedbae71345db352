import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import type { PatientRecord } from '../actions/patient.ts'
import { recordText } from '../rules/patient.ts'

export function patientRecordPage(ctx: Ctx, speaker: Speaker, record: PatientRecord): View {
  const { id, name } = record.patient
  const back = { href: `/app/${ctx.clinic.slug}/patients/${id}`, label: name }
  return view('export/patient', { ...recordText(ctx, speaker, record), back })
}
