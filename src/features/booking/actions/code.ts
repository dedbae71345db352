// Proving a number by a code on WhatsApp. Its steps are transactions of their own, because what they count has to stay
// counted whatever comes of the next.
import { randomInt } from 'node:crypto'
import bcrypt from 'bcrypt'
import { newId, type AppointmentId, type ClinicId } from '../../../kernel/ids.ts'
import { parseForm } from '../../../kernel/forms.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Phone } from '../../../kernel/phone.ts'
import type { Ctx, Origin } from '../../../platform/clinic-scope.ts'
import type { PlatformSeal } from '../../../platform/seal/key-ring.ts'
import { addressBlock, throttle } from '../../../platform/throttle.ts'
import { keepDraft } from '../../appointments/actions/hold.ts'
import { findAppointment, type Appointment } from '../../appointments/queries.ts'
import { questionsOf } from '../../appointments/rules/answers.ts'
import { noticeCode } from '../../notices/actions.ts'
import { findCode, insertCode, updateTries, updateUsed, type VerificationCode } from '../queries.ts'
import { codeIsLive, codeLimits, codeMinutes, codeTries, secondsToResend, type CodeLimit } from '../rules/codes.ts'
import { book, readDraft, stringsOf, type BookingRefusal, type Draft, type Submitted } from './details.ts'
import { getSettings } from '../../availability/actions.ts'
import { detailsForm } from '../schema.ts'
import type { Held } from './hold.ts'
import type { Visit } from './look.ts'

export type Asking = Visit & { origin: Origin }

export type CodeRefusal =
  | { reason: 'gone' } // no hold of this browser that waits for a code
  | { reason: 'too_soon'; seconds: number }
  | LimitRefusal

export type LimitRefusal = { reason: CodeLimit; seconds: number }

type Waiting = { hold: Appointment; draft: Draft & { phoneToProve: Phone }; code: VerificationCode | undefined }

/** The browser's hold whose number waits to be proven, with the newest code sent for it. */
async function findWaiting(ctx: Ctx, { id, holder }: Held): Promise<Waiting | undefined> {
  const hold = await findAppointment(ctx, id)
  if (hold?.status !== 'pending' || hold.holdOwner?.equals(holder.owner) !== true) return undefined
  const draft = await readDraft(ctx, hold)
  if (draft?.phoneToProve === undefined) return undefined
  return { hold, draft: { ...draft, phoneToProve: draft.phoneToProve }, code: await findCode(ctx, id) }
}

/**
 * Sends a code to the number that waits to be proven. `again`: a person pressed the button, since nothing arrived;
 * otherwise one that is already on its way to the same number will do.
 */
export async function sendCode(asking: Asking, held: Held, again: boolean): Promise<CodeRefusal | undefined> {
  const waiting = await asking.inClinic((ctx) => findWaiting(ctx, held))
  if (!waiting) return { reason: 'gone' }
  const { code, draft } = waiting
  const now = asking.services.clock.now()
  const current = code !== undefined && draft.codeSentTo === draft.phoneToProve ? code : undefined
  if (current && again && secondsToResend(current, now) > 0) {
    return { reason: 'too_soon', seconds: secondsToResend(current, now) }
  }
  if (current && !again && codeIsLive(current, now)) return undefined
  const refusal = await spendCodeLimits(asking, draft.phoneToProve, current !== undefined && again)
  if (refusal) return refusal

  const platform = asking.services.keys.platform
  const digits = String(randomInt(1_000_000)).padStart(6, '0')
  const codeHash = await bcrypt.hash(secretOf(platform, asking.clinic.id, held.id, draft.phoneToProve, digits), 10)
  await asking.inClinic((ctx) => writeCode(ctx, held, waiting, { digits, codeHash }))
  return undefined
}

/** Counts one code against every limit, whatever it is for; the first that is spent says no. */
export async function spendCodeLimits(
  { services, clinic, origin }: Pick<Asking, 'services' | 'clinic' | 'origin'>,
  phone: Phone,
  fromSameBrowser: boolean,
): Promise<LimitRefusal | undefined> {
  const counted: { limit: CodeLimit; subject: string }[] = [
    // Somebody who waits for a code in this browser has waited half a minute instead.
    ...(fromSameBrowser ? [] : [{ limit: 'phoneMinute' as const, subject: `${clinic.id} ${phone}` }]),
    { limit: 'phoneDay', subject: `${clinic.id} ${phone}` },
    { limit: 'addressHour', subject: addressBlock(origin.address ?? '') },
    { limit: 'clinicHour', subject: clinic.id },
  ]
  const now = services.clock.now()
  for (const { limit, subject } of counted) {
    const seconds = await throttle(services.db, services.keys.platform, now, codeLimits[limit], subject)
    if (seconds !== undefined) return { reason: limit, seconds }
  }
  return undefined
}

async function writeCode(
  ctx: Ctx,
  { id, holder }: Held,
  { hold, draft, code }: Waiting,
  made: { digits: string; codeHash: string },
): Promise<void> {
  // Touching the hold first keeps two who ask at once apart: the second finds the code of the first.
  const kept = await keepDraft(ctx, hold, { ...stringsOf(draft), codeSentTo: draft.phoneToProve })
  const latest = await findCode(ctx, id)
  if (kept === undefined || latest?.id !== code?.id) return
  const expiresAt = ctx.now.add({ minutes: codeMinutes })
  await insertCode(ctx, { id: newId<'verification_code'>(), holdId: id, codeHash: made.codeHash, expiresAt })
  await noticeCode(ctx, {
    holdId: id,
    sequence: (latest?.sequence ?? 0) + 1,
    phone: draft.phoneToProve,
    language: holder.language,
    code: made.digits,
    expiresAt,
  })
}

/**
 * What is hashed: a keyed digest that binds the digits to this clinic, hold and number, so that the table alone, with its
 * million possible codes, is of no use.
 */
function secretOf(platform: PlatformSeal, clinicId: ClinicId, holdId: AppointmentId, phone: Phone, digits: string) {
  return platform.hash('booking-code', `${clinicId}|${phone}|${holdId}|${digits}`).toString('base64')
}

export type ProofRefusal = 'gone' | 'no_code' | 'spent' | BookingRefusal
export type Proof = Outcome<Submitted, ProofRefusal> | { ok: false; reason: 'wrong'; triesLeft: number }

/** Tries a code, and books when it is right. Sent twice it answers the same booking. */
export async function proveAndBook(asking: Asking, held: Held, digits: string): Promise<Proof> {
  const { inClinic, services, clinic } = asking
  const booked = await inClinic((ctx) => findBooked(ctx, held))
  if (booked) return done({ next: 'booked', appointment: booked })

  // Counted and committed before it is compared: whoever sends many at once has used up the tries all the same.
  const tried = await inClinic(async (ctx) => {
    const waiting = await findWaiting(ctx, held)
    if (!waiting) return refuse('gone')
    const { code, draft } = waiting
    if (!code || draft.codeSentTo !== draft.phoneToProve) return refuse('no_code')
    return (await updateTries(ctx, code.id, codeTries)) ? done({ ...waiting, code }) : refuse('spent')
  })
  if (!tried.ok) return tried
  const { code, draft } = tried.value
  const secret = secretOf(services.keys.platform, clinic.id, held.id, draft.phoneToProve, digits)
  if (!(await bcrypt.compare(secret, code.codeHash))) {
    return { ok: false, reason: 'wrong', triesLeft: Math.max(0, codeTries - code.tries - 1) }
  }
  const asked = questionsOf(await inClinic(getSettings), tried.value.hold.serviceId)
  const details = parseForm(detailsForm(clinic.country, asked), draft.typed)
  if (!details.ok) return refuse('gone')
  return inClinic(async (ctx) => {
    // Its twin was faster: the code is spent, and the booking is there.
    if (!(await updateUsed(ctx, code.id))) {
      const appointment = await findBooked(ctx, held)
      return appointment ? done({ next: 'booked' as const, appointment }) : refuse('spent')
    }
    return book(ctx, held, { ...details.value, phone: draft.phoneToProve }, { proven: true, again: true })
  })
}

async function findBooked(ctx: Ctx, { id, holder }: Held): Promise<Appointment | undefined> {
  const found = await findAppointment(ctx, id)
  return found && found.status !== 'pending' && found.holdOwner?.equals(holder.owner) === true ? found : undefined
}
