import type { Id } from '../../kernel/ids.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'

export type PortalVisitId = Id<'portal_visit'>
export type PortalVisit = {
  id: PortalVisitId
  browser: Buffer
  phone: Phone
  language: Language
  codeHash: string | null
  codeSentAt: Instant
  codeExpiresAt: Instant
  codeTries: number
  codesSent: number
  provenAt: Instant | null
  endedAt: Instant | null
  expiresAt: Instant
}

type Row = Omit<PortalVisit, 'phone' | 'language'> & { phoneSealed: Buffer; language: string }

const columns = `id, browser, phone_sealed as "phoneSealed", language, code_hash as "codeHash",
  code_sent_at as "codeSentAt", code_expires_at as "codeExpiresAt", code_tries as "codeTries",
  codes_sent as "codesSent", proven_at as "provenAt", ended_at as "endedAt", expires_at as "expiresAt"`

function opened(ctx: Ctx, { phoneSealed, language, ...row }: Row): PortalVisit {
  return {
    ...row,
    phone: ctx.seal.open(phoneSealed, 'portal_visits.phone', row.id) as Phone,
    language: parseLanguage(language) ?? 'en',
  }
}

export async function findVisit(ctx: Ctx, id: PortalVisitId): Promise<PortalVisit | undefined> {
  const [row] = await rows<Row>(
    ctx.db,
    'select ' + columns + ' from clinic.portal_visits where clinic_id = ? and id = ?',
    [ctx.clinic.id, id],
  )
  return row && opened(ctx, row)
}

/** The newest visit of a browser for this number whose code is still to be typed. */
export async function findWaiting(ctx: Ctx, browser: Buffer, phone: Phone): Promise<PortalVisit | undefined> {
  const [row] = await rows<Row>(
    ctx.db,
    'select ' +
      columns +
      ` from clinic.portal_visits where clinic_id = ? and browser = ? and phone_index = ? and proven_at is null
          and ended_at is null and code_expires_at > ? order by created_at desc, id desc limit 1`,
    [ctx.clinic.id, browser, ctx.seal.phoneIndex(phone), ctx.now],
  )
  return row && opened(ctx, row)
}

export async function insertVisit(
  ctx: Ctx,
  visit: {
    id: PortalVisitId
    browser: Buffer
    phone: Phone
    language: Language
    codeHash: string
    codeExpiresAt: Instant
    expiresAt: Instant
  },
): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.portal_visits (clinic_id, id, browser, phone_sealed, phone_index, language, code_hash,
       code_sent_at, code_expires_at, created_at, expires_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ctx.clinic.id,
      visit.id,
      visit.browser,
      ctx.seal.seal(visit.phone, 'portal_visits.phone', visit.id),
      ctx.seal.phoneIndex(visit.phone),
      visit.language,
      visit.codeHash,
      ctx.now,
      visit.codeExpiresAt,
      ctx.now,
      visit.expiresAt,
    ],
  )
}

/** Puts a new code in the place of the one before; false when another was faster. */
export async function updateCode(
  ctx: Ctx,
  { id, codesSent }: Pick<PortalVisit, 'id' | 'codesSent'>,
  code: { codeHash: string; codeExpiresAt: Instant; expiresAt: Instant },
): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.portal_visits set code_hash = ?, code_sent_at = ?, code_expires_at = ?, expires_at = ?,
       code_tries = 0, codes_sent = codes_sent + 1
     where clinic_id = ? and id = ? and codes_sent = ? and proven_at is null and ended_at is null`,
    [code.codeHash, ctx.now, code.codeExpiresAt, code.expiresAt, ctx.clinic.id, id, codesSent],
  )
  return changed === 1
}

/** Counts a try; false when the code can't be tried any more. */
export async function updateTries(ctx: Ctx, id: PortalVisitId, most: number): Promise<boolean> {
  const counted = await changes(
    ctx.db,
    `update clinic.portal_visits set code_tries = code_tries + 1
     where clinic_id = ? and id = ? and code_tries < ? and proven_at is null and ended_at is null
       and code_expires_at > ?`,
    [ctx.clinic.id, id, most, ctx.now],
  )
  return counted === 1
}

/** The number is proven by this code; false when its twin was faster or a newer code took its place. */
export async function updateProven(
  ctx: Ctx,
  id: PortalVisitId,
  codeHash: string,
  expiresAt: Instant,
): Promise<boolean> {
  const proven = await changes(
    ctx.db,
    `update clinic.portal_visits set proven_at = ?, code_hash = null, expires_at = ?
     where clinic_id = ? and id = ? and code_hash = ? and proven_at is null and ended_at is null`,
    [ctx.now, expiresAt, ctx.clinic.id, id, codeHash],
  )
  return proven === 1
}

export async function updateEnded(ctx: Ctx, id: PortalVisitId): Promise<void> {
  await changes(
    ctx.db,
    'update clinic.portal_visits set ended_at = ? where clinic_id = ? and id = ? and ended_at is null',
    [ctx.now, ctx.clinic.id, id],
  )
}
