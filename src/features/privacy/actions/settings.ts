import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { findRetentionSettings, updateRetentionSettings } from '../queries.ts'
import { settingsOf } from '../rules/retention.ts'

/** Changes the periods an owner decides about. What is past keeping by them goes with the next run, not now. */
export async function changePeriods(
  ctx: Ctx,
  periods: { identity: number; records: number },
): Promise<Outcome<null, 'unchanged'>> {
  const before = (await findRetentionSettings(ctx)) ?? notFound('clinic')
  const after = settingsOf(periods, before)
  const { bookingIdentityMonths, medicalRecordMonths } = after
  if (before.bookingIdentityMonths === bookingIdentityMonths && before.medicalRecordMonths === medicalRecordMonths) {
    return refuse('unchanged')
  }
  await updateRetentionSettings(ctx, after)
  await audit(
    ctx,
    'retention.changed',
    { kind: 'clinic', id: ctx.clinic.id },
    {
      identityMonths: bookingIdentityMonths,
      identityMonthsBefore: before.bookingIdentityMonths,
      recordMonths: medicalRecordMonths,
      recordMonthsBefore: before.medicalRecordMonths,
    },
  )
  return done(null)
}
