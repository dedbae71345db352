import type { PatientId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { dropQueuedMessages } from '../../../platform/outbox.ts'
import { forgetWaiting } from '../../waitlist/actions/join.ts'
import { takeStep } from '../../appointments/actions/run.ts'
import {
  deleteMessagesOf,
  deletePatient,
  listOpenVisits,
  updateContactForgotten,
  updateVisitsForgotten,
} from '../queries/effects.ts'
import { upsertErasureNote } from '../queries/notes.ts'
import { updateSubjectForgotten } from '../queries/requests.ts'

export type Erased = { visits: number; messages: number; cancelled: number; patient: boolean }

/**
 * Erases what is asked about a patient: what is to come is cancelled, with a message to them if that is wanted, visits
 * are nobody's any more, messages go. Once nothing names the patient they go as well, and with them who asked. It is
 * noted for the journal outside the database, so that a restored backup is told.
 */
export async function erasePatient(
  ctx: Ctx,
  id: PatientId,
  parts: readonly string[],
  options: { tell: boolean; again?: Instant },
): Promise<Outcome<Erased, 'changed_meanwhile'>> {
  // Done again after a restore it is about what there was then, not about what came since.
  const until = options.again ?? ctx.now
  const open = parts.includes('visits') ? await listOpenVisits(ctx, id, until) : []
  for (const visit of open) {
    if (!(await takeStep(ctx, visit, 'cancel')).ok) return refuse('changed_meanwhile')
    if (!options.tell) await dropQueuedMessages(ctx, visit, 'cancelled', ['cancelled'])
  }
  const messages = parts.includes('messages') ? await deleteMessagesOf(ctx, id, until, options.tell ? open : []) : 0
  const visits = parts.includes('visits') ? await updateVisitsForgotten(ctx, id, until, options.again !== undefined) : 0
  if (parts.includes('visits')) await forgetWaiting(ctx, id, until)
  if (parts.includes('contact')) await updateContactForgotten(ctx, id)
  const whole = ['visits', 'messages', 'contact'].every((part) => parts.includes(part))
  const patient = whole && (await deletePatient(ctx, id))
  if (patient) await updateSubjectForgotten(ctx, id)
  if (options.again === undefined) await upsertErasureNote(ctx.db, subjectOf(ctx, id), parts, ctx.now)
  await audit(ctx, 'patient.erased', { kind: 'patient', id }, { visits, messages, patient, parts: parts.join(' ') })
  ctx.diaryChanged()
  return done({ visits, messages, cancelled: open.length, patient })
}

/** Under what the journal knows a patient: a keyed hash that leads nowhere back. */
export const subjectOf = (ctx: Pick<Ctx, 'platformSeal' | 'clinic'>, id: PatientId): Buffer =>
  ctx.platformSeal.hash('erased-patient', `${ctx.clinic.id}|${id}`)
