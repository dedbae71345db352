// Coming in by a code on WhatsApp. The number is never looked up before it is proven, so that whoever types one learns
// nothing about it: known or not, stopped or not, everything is done alike, and the dispatcher leaves out who said STOP.
import { randomInt } from 'node:crypto'
import bcrypt from 'bcrypt'
import { newId, parseId, type ClinicId } from '../../../kernel/ids.ts'
import { done, refuse } from '../../../kernel/outcome.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { isBefore } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Clinic, Ctx, Origin } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { queueMessage } from '../../../platform/outbox.ts'
import type { Services } from '../../../platform/services.ts'
import type { PlatformSeal } from '../../../platform/seal/key-ring.ts'
import { spendCodeLimits, type LimitRefusal } from '../../booking/actions/code.ts'
import { codeMinutes, codeTries, secondsToResend } from '../../booking/rules/codes.ts'
import {
  findVisit,
  findWaiting,
  insertVisit,
  updateCode,
  updateEnded,
  updateProven,
  updateTries,
  type PortalVisit,
  type PortalVisitId,
} from '../queries.ts'
import { openMinutes, stageOf } from '../rules.ts'

/** A clinic's public side, and the browser that asks. */
export type Asking = {
  services: Services
  clinic: Clinic
  origin: Origin
  browser: Buffer
  inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>
}

export type EnterRefusal = LimitRefusal | { reason: 'too_soon'; seconds: number }

/** What is hashed: bound to clinic, visit and number, so that the table alone, with its million codes, is of no use. */
const secretOf = (platform: PlatformSeal, clinicId: ClinicId, id: PortalVisitId, phone: Phone, digits: string) =>
  platform.hash('portal-code', `${clinicId}|${phone}|${id}|${digits}`).toString('base64')

/** The part of the address that names a visit: its id and a signature, for one stage of it and no other. */
export function portalToken(platform: PlatformSeal, clinicId: ClinicId, id: PortalVisitId, stage: 'code' | 'open') {
  const signature = platform.hash(`portal-${stage}`, `${clinicId}|${id}`).subarray(0, 18).toString('base64url')
  return `${id.replaceAll('-', '')}${signature}`
}

/** The visit a token names in this browser; undefined for one that is none, is over, or belongs to another browser. */
export async function findByToken(
  ctx: Ctx,
  token: string,
  browser: Buffer,
  stage: 'code' | 'open',
): Promise<PortalVisit | undefined> {
  const hex = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})[\w-]{24}$/.exec(token)
  const id = parseId<'portal_visit'>(hex?.slice(1).join('-'))
  if (id === undefined || portalToken(ctx.platformSeal, ctx.clinic.id, id, stage) !== token) return undefined
  const visit = await findVisit(ctx, id)
  if (!visit?.browser.equals(browser)) return undefined
  const now = stageOf(visit, ctx.now)
  // Whoever goes back to the page of the code has proven the number already.
  return now === stage || (now === 'open' && stage === 'code') ? visit : undefined
}

/** Sends a code to a number and answers the visit that waits for it; one that is on its way already will do. */
export async function enter(
  asking: Asking,
  phone: Phone,
  language: Language,
): Promise<{ ok: true; value: PortalVisitId } | ({ ok: false } & EnterRefusal)> {
  const { services, clinic, browser, inClinic } = asking
  const waiting = await inClinic((ctx) => findWaiting(ctx, browser, phone))
  if (waiting && waiting.codeTries < codeTries) return done(waiting.id)
  const refusal = await spendCodeLimits(asking, phone, false)
  if (refusal) return { ok: false, ...refusal }
  const id = newId<'portal_visit'>()
  const { digits, codeHash } = await makeCode(asking, id, phone)
  await inClinic(async (ctx) => {
    const codeExpiresAt = ctx.now.add({ minutes: codeMinutes })
    await insertVisit(ctx, {
      id,
      browser,
      phone,
      language,
      codeHash,
      codeExpiresAt,
      expiresAt: ctx.now.add({ minutes: openMinutes }),
    })
    await sendCode(ctx, { phone, language, sequence: 1 }, digits)
  })
  services.log.info('portal.code', { clinicId: clinic.id })
  return done(id)
}

/** Nothing arrived: another code, half a minute after the one before. */
export async function sendAgain(asking: Asking, visit: PortalVisit): Promise<EnterRefusal | undefined> {
  const { services, inClinic } = asking
  const seconds = secondsToResend({ createdAt: visit.codeSentAt }, services.clock.now())
  if (seconds > 0) return { reason: 'too_soon', seconds }
  const refusal = await spendCodeLimits(asking, visit.phone, true)
  if (refusal) return refusal
  const { digits, codeHash } = await makeCode(asking, visit.id, visit.phone)
  await inClinic(async (ctx) => {
    const codeExpiresAt = ctx.now.add({ minutes: codeMinutes })
    const expiresAt = ctx.now.add({ minutes: openMinutes })
    // Of two who ask at once one sends.
    if (!(await updateCode(ctx, visit, { codeHash, codeExpiresAt, expiresAt }))) return
    await sendCode(ctx, { ...visit, sequence: visit.codesSent + 1 }, digits)
  })
  return undefined
}

async function makeCode({ services, clinic }: Asking, id: PortalVisitId, phone: Phone) {
  const digits = String(randomInt(1_000_000)).padStart(6, '0')
  return { digits, codeHash: await bcrypt.hash(secretOf(services.keys.platform, clinic.id, id, phone, digits), 10) }
}

async function sendCode(
  ctx: Ctx,
  { phone, language, sequence }: { phone: Phone; language: Language; sequence: number },
  digits: string,
): Promise<void> {
  await queueMessage(ctx, {
    kind: 'code',
    template: 'nabz_code',
    recipient: { channel: 'whatsapp', phone },
    language,
    appointmentId: null,
    version: sequence,
    dueAt: ctx.now,
    expiresAt: ctx.now.add({ minutes: codeMinutes }),
    params: { code: digits },
  })
}

export type Proof = { ok: true } | { ok: false; reason: 'spent' } | { ok: false; reason: 'wrong'; triesLeft: number }

/** Tries a code. Counted and committed before it is compared: whoever sends many at once has used up the tries. */
export async function prove(asking: Asking, visit: PortalVisit, digits: string): Promise<Proof> {
  const { services, clinic, inClinic } = asking
  const { id, phone } = visit
  const tried = await inClinic(async (ctx) => {
    const now = await findVisit(ctx, id)
    if (now?.codeHash == null || !isBefore(ctx.now, now.codeExpiresAt)) return refuse('spent')
    return (await updateTries(ctx, id, codeTries))
      ? done({ hash: now.codeHash, tries: now.codeTries + 1 })
      : refuse('spent')
  })
  if (!tried.ok) return tried
  const { hash, tries } = tried.value
  if (!(await bcrypt.compare(secretOf(services.keys.platform, clinic.id, id, phone, digits), hash))) {
    return { ok: false, reason: 'wrong', triesLeft: Math.max(0, codeTries - tries) }
  }
  return inClinic(async (ctx) => {
    if (!(await updateProven(ctx, id, hash, ctx.now.add({ minutes: openMinutes })))) {
      // Sent twice: the first one proved it.
      const now = await findVisit(ctx, id)
      return now && stageOf(now, ctx.now) === 'open' ? { ok: true as const } : refuse('spent')
    }
    await audit(ctx, 'portal.opened', { kind: 'portal_visit', id })
    return { ok: true as const }
  })
}

/** Done looking: from here on the address opens nothing, in this browser either. */
export async function leave(ctx: Ctx, id: PortalVisitId): Promise<void> {
  await updateEnded(ctx, id)
  await audit(ctx, 'portal.left', { kind: 'portal_visit', id })
}
