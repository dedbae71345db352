import type { PatientId } from '../../../kernel/ids.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { listAppointmentsOfPatient, type Appointment } from '../../appointments/queries.ts'
import { getPatient, type Patient } from '../../patients/queries.ts'
import { listRowsOf, type Held } from '../queries/patient.ts'

export type PatientRecord = { patient: Patient; visits: Appointment[]; held: Held }

/** More visits than anybody has. */
const all = 10_000

/** Everything held about somebody, for the file or the page they ask for. That it was taken is written down. */
export async function takePatient(ctx: Ctx, id: PatientId, format: 'page' | 'json'): Promise<PatientRecord> {
  const patient = await getPatient(ctx, id)
  const visits = await listAppointmentsOfPatient(ctx, id, all)
  const held = await listRowsOf(ctx, id)
  await audit(ctx, 'patient.exported', { kind: 'patient', id }, { format })
  return { patient, visits, held }
}
