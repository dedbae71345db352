// What is done to a patient's record by right: put right, restricted, looked at.
import type { PatientId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { hours } from '../../../kernel/time.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { getPatient } from '../queries.ts'
import {
  findOpening,
  findTwin,
  lockPatient,
  updateFacts,
  updateQueuedRecipient,
  updateRestricted,
} from '../queries/record.ts'

export type Corrections = {
  name?: string | undefined
  phone?: Phone | undefined
  /** `null` takes the address away. */
  email?: string | null | undefined
  language?: Language | undefined
  /** A code proved that the new number is theirs. */
  proven?: boolean
}

/**
 * Puts right what is wrong about a patient. What was there before and what is there now stand sealed in the log. Messages
 * that wait go to the number that is right. A name and number that somebody else has already are refused: whether the
 * two are one person is for the desk to find out.
 */
export async function correctPatient(
  ctx: Ctx,
  id: PatientId,
  wanted: Corrections,
): Promise<Outcome<{ changed: string[] }, 'known_already'>> {
  if (!(await lockPatient(ctx, id))) return notFound('patient')
  const before = await getPatient(ctx, id)
  const after = {
    name: wanted.name ?? before.name,
    phone: wanted.phone ?? before.phone,
    email: wanted.email === undefined ? before.email : (wanted.email ?? undefined),
    language: wanted.language ?? before.language,
  }
  const changed = (['name', 'phone', 'email', 'language'] as const).filter((field) => before[field] !== after[field])
  if (changed.length === 0) return done({ changed })
  if (await findTwin(ctx, id, after)) return refuse('known_already')
  await updateFacts(ctx, id, { ...after, proven: wanted.proven === true || before.phone === after.phone })
  if (before.phone !== after.phone) await updateQueuedRecipient(ctx, id, after.phone)
  const told = (facts: typeof after) => Object.fromEntries(changed.map((field) => [field, facts[field] ?? null]))
  await audit(
    ctx,
    'patient.corrected',
    { kind: 'patient', id },
    { fields: changed.join(' ') },
    { before: told(before), after: told(after) },
  )
  ctx.diaryChanged()
  return done({ changed })
}

/**
 * Restricted data is kept and not used: the patient is in no list and no search of the desk, and new visits are not
 * booked for them. Visits booked already take place, and what their patient has to know of them is sent.
 */
export async function restrictPatient(ctx: Ctx, id: PatientId): Promise<boolean> {
  if (!(await updateRestricted(ctx, id, true))) return false
  await audit(ctx, 'patient.restricted', { kind: 'patient', id })
  ctx.diaryChanged()
  return true
}

export async function liftRestriction(ctx: Ctx, id: PatientId): Promise<boolean> {
  await getPatient(ctx, id)
  if (!(await updateRestricted(ctx, id, false))) return false
  await audit(ctx, 'patient.restriction_lifted', { kind: 'patient', id })
  ctx.diaryChanged()
  return true
}

const oneLook = hours(1)

/** Somebody looks at a patient: an hour of coming back to the page is one look. */
export async function noteOpening(ctx: Ctx, id: PatientId): Promise<void> {
  const { actor } = ctx
  if (actor.kind !== 'user' && actor.kind !== 'support') return
  if (await findOpening(ctx, id, actor.userId, ctx.now.subtract(oneLook))) return
  await audit(ctx, 'patient.opened', { kind: 'patient', id })
}
