// Onto the waiting list from the public page. The number is proven like that of a booking, under the same policy and the
// same limits; until then what was typed waits apart, and nobody is on any list.
import { randomInt } from 'node:crypto'
import bcrypt from 'bcrypt'
import { parseForm } from '../../../kernel/forms.ts'
import { newId, type AppointmentId, type ClinicId, type PatientId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { isBefore } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { queueMessage } from '../../../platform/outbox.ts'
import type { PlatformSeal } from '../../../platform/seal/key-ring.ts'
import { isOptedOut } from '../../messaging/actions/stop.ts'
import { joinList, tokenOf, type Joined, type JoinRefusal } from '../../waitlist/actions/join.ts'
import { listSuiting } from '../../waitlist/actions/suiting.ts'
import type { FreeSlot, WaitingWish } from '../../waitlist/rules.ts'
import { wishOf } from '../../waitlist/rules/wish.ts'
import {
  findWaitingDraft,
  insertWaitingDraft,
  updateDraftCode,
  updateDraftTries,
  updateDraftUsed,
  type DraftId,
  type WaitingDraft,
} from '../queries/waiting.ts'
import { codeMinutes, codeTries, secondsToResend } from '../rules/codes.ts'
import { waitingForm } from '../schema/waiting.ts'
import { spendCodeLimits, type Asking, type CodeRefusal } from './code.ts'
import { codeNeeded } from './details.ts'

/** What was typed is kept so long, for whoever has to look for the phone. */
const draftMinutes = 30

export type WaitingDetails = { name: string; phone: Phone; email: string | undefined; wish: WaitingWish }

export type Wanted =
  | { next: 'joined'; joined: Joined }
  | { next: 'code'; id: DraftId }
  | { next: 'opted_out' }
  /** What they would wait for is free now. */
  | { next: 'free'; slots: FreeSlot[] }

/** Takes the form: onto the list at once where no code is asked for, else a code is to be sent. */
export async function wantToWait(
  ctx: Ctx,
  details: WaitingDetails,
  typed: Record<string, string>,
  from: { browser: Buffer; language: Language },
): Promise<Outcome<Wanted, JoinRefusal>> {
  const slots = await listSuiting(ctx, details.wish)
  if (slots.length > 0) return done({ next: 'free', slots })
  if (await isOptedOut(ctx, details.phone)) return done({ next: 'opted_out' })
  if (!(await codeNeeded(ctx, details.phone))) {
    const joined = await join(ctx, details, from.language, false)
    return joined.ok ? done({ next: 'joined', joined: joined.value }) : joined
  }
  const id = newId<'waiting_draft'>()
  const expiresAt = ctx.now.add({ minutes: draftMinutes })
  await insertWaitingDraft(ctx, { id, typed, ...from, expiresAt })
  return done({ next: 'code', id })
}

function join(ctx: Ctx, { wish, ...who }: WaitingDetails, language: Language, proven: boolean) {
  return joinList(ctx, {
    patient: { ...who, language, proven, consentWording: 'waiting' },
    wish,
    language,
    source: 'online',
  })
}

/** Something sooner than a visit, from the visit's own page: whoever has its link has proven the number. */
export async function wantSooner(
  ctx: Ctx,
  visit: { id: AppointmentId; patientId: PatientId | null; language: Language; startsAt: Ctx['now'] },
  wish: WaitingWish,
): Promise<Outcome<Wanted, JoinRefusal>> {
  const { patientId } = visit
  if (patientId === null) return refuse('over')
  const slots = await listSuiting(ctx, wish, { before: visit.startsAt, ignore: [visit.id] })
  if (slots.length > 0) return done({ next: 'free', slots })
  const joined = await joinList(ctx, {
    patient: { id: patientId, agreed: true },
    wish,
    insteadOf: visit.id,
    language: visit.language,
    source: 'online',
  })
  return joined.ok ? done({ next: 'joined', joined: joined.value }) : joined
}

/** The draft an address names, in the browser it was typed in. */
export async function findOwnDraft(ctx: Ctx, id: DraftId, browser: Buffer): Promise<WaitingDraft | undefined> {
  const draft = await findWaitingDraft(ctx, id)
  return draft?.browser.equals(browser) ? draft : undefined
}

const secretOf = (platform: PlatformSeal, clinicId: ClinicId, id: DraftId, phone: Phone, digits: string) =>
  platform.hash('waiting-code', `${clinicId}|${phone}|${id}|${digits}`).toString('base64')

/** Sends a code for what was typed. `again`: nothing arrived. */
export async function sendWaitingCode(
  asking: Asking,
  draft: WaitingDraft,
  details: WaitingDetails,
  again: boolean,
): Promise<CodeRefusal | undefined> {
  const { services, clinic, inClinic } = asking
  const now = services.clock.now()
  if (draft.codeSentAt !== null && again) {
    const seconds = secondsToResend({ createdAt: draft.codeSentAt }, now)
    if (seconds > 0) return { reason: 'too_soon', seconds }
  }
  const refusal = await spendCodeLimits(asking, details.phone, again)
  if (refusal) return refusal
  const digits = String(randomInt(1_000_000)).padStart(6, '0')
  const hash = await bcrypt.hash(secretOf(services.keys.platform, clinic.id, draft.id, details.phone, digits), 10)
  await inClinic(async (ctx) => {
    const expiresAt = ctx.now.add({ minutes: codeMinutes })
    if (!(await updateDraftCode(ctx, draft, { hash, expiresAt }))) return
    await queueMessage(ctx, {
      kind: 'code',
      template: 'nabz_code',
      recipient: { channel: 'whatsapp', phone: details.phone },
      language: draft.language,
      appointmentId: null,
      version: draft.codesSent + 1,
      dueAt: ctx.now,
      expiresAt,
      params: { code: digits },
    })
  })
  return undefined
}

export type WaitingProof =
  Outcome<Joined, JoinRefusal | 'spent' | 'gone'> | { ok: false; reason: 'wrong'; triesLeft: number }

/** Tries a code, and joins when it is right. Sent twice it answers the same place. */
export async function proveAndJoin(
  asking: Asking,
  draft: WaitingDraft,
  wishOf: (typed: Record<string, string>) => WaitingDetails | undefined,
  digits: string,
): Promise<WaitingProof> {
  const { services, clinic, inClinic } = asking
  const { id } = draft
  const details = wishOf(draft.typed)
  if (!details) return refuse('gone')
  // Counted and committed before it is compared: whoever sends many at once has used up the tries all the same.
  const tried = await inClinic(async (ctx) => {
    const now = await findWaitingDraft(ctx, id)
    if (now?.entryId) return done({ entryId: now.entryId, hash: '', tries: 0 })
    if (!now?.codeHash || !now.codeExpiresAt || !isBefore(ctx.now, now.codeExpiresAt)) return refuse('spent')
    const counted = await updateDraftTries(ctx, id, codeTries)
    return counted ? done({ entryId: undefined, hash: now.codeHash, tries: now.codeTries + 1 }) : refuse('spent')
  })
  if (!tried.ok) return tried
  const { entryId, hash, tries } = tried.value
  if (entryId) return inClinic((ctx) => Promise.resolve(done({ id: entryId, token: tokenOf(ctx, entryId) })))
  if (!(await bcrypt.compare(secretOf(services.keys.platform, clinic.id, id, details.phone, digits), hash))) {
    return { ok: false, reason: 'wrong', triesLeft: Math.max(0, codeTries - tries) }
  }
  return inClinic(async (ctx) => {
    const joined = await join(ctx, details, draft.language, true)
    if (!joined.ok) return joined
    return (await updateDraftUsed(ctx, id, hash, joined.value.id)) ? joined : refuse('spent')
  })
}

/** What was typed, read as the form reads it. */
export function detailsOf(
  typed: Record<string, string>,
  country: string,
): { details: WaitingDetails } | { errors: Record<string, string> } {
  const form = parseForm(waitingForm(country), typed)
  if (!form.ok) return { errors: form.errors }
  const { service, name, phone, email } = form.value
  return { details: { name, phone, email, wish: wishOf(service, form.value) } }
}
