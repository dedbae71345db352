import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Phone } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { bookHeldSlot, type BookingRefusal } from '../../appointments/actions/book.ts'
import { keepDraft } from '../../appointments/actions/hold.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { findDraft } from '../../appointments/queries/holds.ts'
import type { Answer } from '../../appointments/rules.ts'
import { getSettings } from '../../availability/actions.ts'
import { isOptedOut } from '../../messaging/actions/stop.ts'
import type { PatientDetails } from '../../patients/actions.ts'
import { listPatientsByPhone } from '../../patients/queries.ts'
import { typedIn, type Typed } from '../rules/typed.ts'
import { regainHold, wishOf, type Held } from './hold.ts'

export type Details = {
  name: string
  phone: Phone
  email: string | undefined
  consent: boolean
  answers: readonly Answer[]
  /** They were told that this follows no visit that was found, and book at the full price. */
  fullPrice: boolean
}

export type Submitted =
  | { next: 'booked'; appointment: Appointment }
  /** The number has to be proven first; what was typed waits with the hold. */
  | { next: 'code' }
  /** The number told us STOP: no code may be sent to it. */
  | { next: 'opted_out' }

export type { BookingRefusal }

/**
 * Takes the details: books at once where the clinic asks for no code, else keeps them until the number is proven. Only
 * then is anybody told whether it belongs to somebody who has been here before. A hold that was let go is `gone`, until
 * its time may be taken `again`.
 */
export async function submitDetails(
  ctx: Ctx,
  held: Held,
  details: Details,
  typed: Typed,
  again: boolean,
): Promise<Outcome<Submitted, BookingRefusal>> {
  if (!(await codeNeeded(ctx, details.phone))) return book(ctx, held, details, { proven: false, again })
  const hold = await regainHold(ctx, held, !again)
  if (!hold) return refuse(again ? 'slot_taken' : 'gone')
  if (hold.status !== 'pending') return done({ next: 'booked', appointment: hold })
  if (await isOptedOut(ctx, details.phone)) return done({ next: 'opted_out' })
  const before = await readDraft(ctx, hold)
  await keepDraft(ctx, hold, stringsOf({ typed, phoneToProve: details.phone, codeSentTo: before?.codeSentTo }))
  return done({ next: 'code' })
}

/**
 * `new`: only numbers that never proved themselves here are asked. It follows that a stranger who types somebody's number
 * learns whether the clinic has seen it before; a clinic that minds asks always.
 */
export async function codeNeeded(ctx: Ctx, phone: Phone): Promise<boolean> {
  const { codePolicy } = (await getSettings(ctx)).profile
  if (codePolicy === 'off') return false
  if (codePolicy === 'always') return true
  return (await listPatientsByPhone(ctx, phone)).every(({ phoneProvenAt }) => phoneProvenAt === null)
}

export async function book(
  ctx: Ctx,
  { id, wish, holder }: Held,
  details: Details,
  { proven, again }: { proven: boolean; again: boolean },
): Promise<Outcome<Submitted, BookingRefusal>> {
  // An address without its time still leads to a hold that is there.
  const wanted = wish ?? (await findWish(ctx, { id, wish, holder }))
  if (!wanted) return refuse('slot_taken')
  const patient: PatientDetails = {
    name: details.name,
    phone: details.phone,
    email: details.email,
    language: holder.language,
    proven,
    consentWording: details.consent ? 'booking' : undefined,
  }
  const { answers, fullPrice } = details
  const booked = await bookHeldSlot(ctx, { id, wish: wanted, holder }, patient, {
    answers,
    fullPrice,
    heldOnly: !again,
  })
  return booked.ok ? done({ next: 'booked', appointment: booked.value }) : booked
}

async function findWish(ctx: Ctx, held: Held) {
  const hold = await regainHold(ctx, held)
  return hold && wishOf(hold)
}

/** What waits with a hold: what was typed, which number is to be proven, and which was sent the newest code. */
export type Draft = { typed: Typed; phoneToProve: Phone | undefined; codeSentTo: Phone | undefined }

export async function readDraft(ctx: Ctx, hold: Pick<Appointment, 'id'>): Promise<Draft | undefined> {
  const draft = await findDraft(ctx, hold.id)
  if (!draft) return undefined
  const { phoneToProve, codeSentTo } = draft
  return {
    typed: typedIn(draft),
    phoneToProve: phoneToProve as Phone | undefined,
    codeSentTo: codeSentTo as Phone | undefined,
  }
}

export function stringsOf({ typed, phoneToProve, codeSentTo }: Draft): Record<string, string> {
  return {
    ...typed,
    ...(phoneToProve === undefined ? {} : { phoneToProve }),
    ...(codeSentTo === undefined ? {} : { codeSentTo }),
  }
}
