import { newId, type AppointmentId, type PractitionerId } from '../../kernel/ids.ts'
import type { PlainDate } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows } from '../../platform/db/rows.ts'

export type TokenHolder = { id: AppointmentId; practitionerId: PractitionerId }

/** The number a visit has with its doctor on a day, or undefined before it has one. */
export async function findToken(ctx: Ctx, visit: TokenHolder, day: PlainDate): Promise<number | undefined> {
  const [row] = await rows<{ token: number }>(
    ctx.db,
    'select token from clinic.tokens where clinic_id = ? and appointment_id = ? and practitioner_id = ? and day = ?',
    [ctx.clinic.id, visit.id, visit.practitionerId, day],
  )
  return row?.token
}

/** Counts one further. The row stays locked until the transaction ends: the next who asks waits, and no number is lost. */
export async function updateCounter(ctx: Ctx, practitionerId: PractitionerId, day: PlainDate): Promise<number> {
  const [row] = await rows<{ issued: number }>(
    ctx.db,
    `insert into clinic.token_counters (clinic_id, practitioner_id, day, issued) values (?, ?, ?, 1)
     on conflict (clinic_id, practitioner_id, day) do update set issued = token_counters.issued + excluded.issued
     returning issued`,
    [ctx.clinic.id, practitionerId, day],
  )
  if (!row) throw new Error('a counter that does not count')
  return row.issued
}

export async function insertToken(ctx: Ctx, visit: TokenHolder, day: PlainDate, token: number): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.tokens (clinic_id, id, practitioner_id, day, token, appointment_id, issued_at)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [ctx.clinic.id, newId(), visit.practitionerId, day, token, visit.id, ctx.now],
  )
}
