import type { AppointmentId, ClinicId, Id } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Database } from '../../platform/db/connect.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import type { CodeState } from './rules/codes.ts'

export type VerificationCode = CodeState & { id: Id<'verification_code'>; codeHash: string; sequence: number }

/** The newest code of a hold that was not used; a new one voids those before it. */
export async function findCode(ctx: Ctx, holdId: AppointmentId): Promise<VerificationCode | undefined> {
  const [code] = await rows<VerificationCode>(
    ctx.db,
    `select id, code_hash as "codeHash", tries, created_at as "createdAt", expires_at as "expiresAt",
            count(*) over () as sequence
     from clinic.verification_codes where clinic_id = ? and appointment_id = ?
     order by created_at desc, id desc limit 1`,
    [ctx.clinic.id, holdId],
  )
  return code
}

export async function insertCode(
  ctx: Ctx,
  code: { id: Id<'verification_code'>; holdId: AppointmentId; codeHash: string; expiresAt: Instant },
): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.verification_codes (clinic_id, id, appointment_id, code_hash, created_at, expires_at)
     values (?, ?, ?, ?, ?, ?)`,
    [ctx.clinic.id, code.id, code.holdId, code.codeHash, ctx.now, code.expiresAt],
  )
}

/** Counts a try; false when the code can't be tried any more. */
export async function updateTries(ctx: Ctx, id: Id<'verification_code'>, max: number): Promise<boolean> {
  const counted = await changes(
    ctx.db,
    `update clinic.verification_codes set tries = tries + 1
     where clinic_id = ? and id = ? and tries < ? and used_at is null and expires_at > ?`,
    [ctx.clinic.id, id, max, ctx.now],
  )
  return counted === 1
}

/** Spends the code; false when it was spent already. */
export async function updateUsed(ctx: Ctx, id: Id<'verification_code'>): Promise<boolean> {
  const used = await changes(
    ctx.db,
    'update clinic.verification_codes set used_at = ? where clinic_id = ? and id = ? and used_at is null',
    [ctx.now, ctx.clinic.id, id],
  )
  return used === 1
}

/** The clinics with holds that lapsed before `before`, as `nabz_jobs` may see. */
export async function listClinicsWithLapsedHolds(jobsDb: Database, before: Instant): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    jobsDb,
    `select distinct clinic_id as id from clinic.appointments where status = 'pending' and hold_expires_at < ?`,
    [before],
  )
  return found.map(({ id }) => id)
}
