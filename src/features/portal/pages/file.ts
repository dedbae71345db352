import type { Ctx } from '../../../platform/clinic-scope.ts'
import { listRowsOf } from '../../export/queries/patient.ts'
import type { Patient } from '../../patients/queries.ts'
import { listOpenings } from '../../rights/queries/effects.ts'
import { shortName } from '../rules.ts'

/** For a program: every row about the patient, as an export of the clinic has them, and who looked at them. */
export async function patientFile(ctx: Ctx, patient: Patient): Promise<{ name: string; text: string }> {
  const { audit_entries: _log, ...held } = await listRowsOf(ctx, patient.id)
  const openings = await listOpenings(ctx, patient.id, 10_000)
  const record = {
    format: 'nabz-patient',
    version: 1,
    madeAt: ctx.now.toString(),
    clinic: { name: ctx.clinic.name, slug: ctx.clinic.slug },
    ...held,
    openings: openings.map(({ at, action, actorKind, actorRole, name }) => ({
      at: at.toString(),
      action,
      by: actorKind,
      role: actorRole,
      name: name === undefined ? null : shortName(name),
    })),
  }
  return { name: `nabz-${ctx.clinic.slug}-my-data.json`, text: JSON.stringify(record, null, 2) }
}
