// How far a visit has come, and what its patient said to it.
import type { AppointmentId, PatientId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Answer, Status } from '../rules.ts'

/** The column that says when a state was entered. */
const stamps = {
  pending: undefined,
  booked: undefined,
  arrived: 'arrived_at',
  in_room: 'in_room_at',
  fulfilled: 'fulfilled_at',
  cancelled: 'cancelled_at',
  noshow: 'noshow_at',
} as const satisfies Record<Status, string | undefined>

/** Calendars take what has a higher number than what they have: a cancellation, and the visit that is back after all. */
const showsInCalendars = ({ from, to }: { from: Status; to: Status }) => from === 'cancelled' || to === 'cancelled'

/**
 * Takes a step if the appointment is still in the state it is taken from: compare and set, so that of two people at two
 * desks one is told. Answers the version it now has, or undefined when it changed meanwhile.
 */
export async function updateStatus(
  ctx: Ctx,
  id: AppointmentId,
  step: { from: Status; to: Status; cancelledBy?: 'patient' | 'clinic'; newVersion: boolean },
): Promise<number | undefined> {
  const stamp = stamps[step.to]
  const [updated] = await rows<{ version: number }>(
    ctx.db,
    'update clinic.appointments set status = ?, previous_status = ?, cancelled_by = ?, cancel_reason = null, version = version + ?, calendar_sequence = calendar_sequence + ?' +
      (stamp === undefined ? '' : `, ${stamp} = ?`) +
      ' where clinic_id = ? and id = ? and status = ? returning version',
    [
      step.to,
      step.from,
      step.cancelledBy ?? null,
      step.newVersion ? 1 : 0,
      showsInCalendars(step) ? 1 : 0,
      ...(stamp === undefined ? [] : [ctx.now]),
      ctx.clinic.id,
      id,
      step.from,
    ],
  )
  return updated?.version
}

/** Takes the last step back, under the same condition. May raise 23P01 when a cancelled visit's place is taken again. */
export async function updateStatusBack(
  ctx: Ctx,
  id: AppointmentId,
  step: { from: Status; to: Status; newVersion: boolean },
): Promise<number | undefined> {
  const stamp = stamps[step.from]
  const [updated] = await rows<{ version: number }>(
    ctx.db,
    'update clinic.appointments set status = ?, previous_status = null, cancelled_by = null, cancel_reason = null, version = version + ?, calendar_sequence = calendar_sequence + ?' +
      (stamp === undefined ? '' : `, ${stamp} = null`) +
      ' where clinic_id = ? and id = ? and status = ? and previous_status = ? returning version',
    [step.to, step.newVersion ? 1 : 0, showsInCalendars(step) ? 1 : 0, ctx.clinic.id, id, step.from, step.to],
  )
  return updated?.version
}

export async function updateConfirmed(ctx: Ctx, id: AppointmentId): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.appointments set confirmed_at = ? where clinic_id = ? and id = ? and status = 'booked' and confirmed_at is null`,
    [ctx.now, ctx.clinic.id, id],
  )
  return changed === 1
}

/** Makes every visit of a patient that is to come one to write about; answers those that were not. */
export async function updateMessagesWanted(ctx: Ctx, patientId: PatientId): Promise<AppointmentId[]> {
  const changed = await rows<{ id: AppointmentId }>(
    ctx.db,
    `update clinic.appointments set messages_wanted = true
     where clinic_id = ? and patient_id = ? and status = 'booked' and starts_at > ? and not messages_wanted
     returning id`,
    [ctx.clinic.id, patientId, ctx.now],
  )
  return changed.map(({ id }) => id)
}

/** Keeps what was said to the service's questions, sealed, in place of what was said before. */
export async function updateAnswers(ctx: Ctx, id: AppointmentId, answers: readonly Answer[]): Promise<void> {
  await changes(ctx.db, 'update clinic.appointments set answers_sealed = ? where clinic_id = ? and id = ?', [
    answers.length === 0 ? null : ctx.seal.sealJson(answers, 'appointments.answers', id),
    ctx.clinic.id,
    id,
  ])
}
