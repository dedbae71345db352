// What was typed by somebody who wants onto the waiting list and has still to prove the number.
import type { Id } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { parseLanguage, type Language } from '../../../platform/i18n/languages.ts'
import type { EntryId } from '../../waitlist/rules.ts'

export type DraftId = Id<'waiting_draft'>

export type WaitingDraft = {
  id: DraftId
  browser: Buffer
  typed: Record<string, string>
  language: Language
  codeHash: string | null
  codeSentAt: Instant | null
  codeExpiresAt: Instant | null
  codeTries: number
  codesSent: number
  entryId: EntryId | null
  expiresAt: Instant
}

export async function findWaitingDraft(ctx: Ctx, id: DraftId): Promise<WaitingDraft | undefined> {
  const [row] = await rows<Omit<WaitingDraft, 'typed' | 'language'> & { sealed: Buffer; language: string }>(
    ctx.db,
    `select id, browser, draft_sealed as sealed, language, code_hash as "codeHash", code_sent_at as "codeSentAt",
       code_expires_at as "codeExpiresAt", code_tries as "codeTries", codes_sent as "codesSent", entry_id as "entryId",
       expires_at as "expiresAt"
     from clinic.waiting_drafts where clinic_id = ? and id = ? and expires_at > ?`,
    [ctx.clinic.id, id, ctx.now],
  )
  if (!row) return undefined
  const { sealed, language, ...rest } = row
  const typed = ctx.seal.openJson(sealed, 'waiting_drafts.draft', id) as Record<string, string>
  return { ...rest, typed, language: parseLanguage(language) ?? 'en' }
}

export async function insertWaitingDraft(
  ctx: Ctx,
  draft: Pick<WaitingDraft, 'id' | 'browser' | 'typed' | 'language' | 'expiresAt'>,
): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.waiting_drafts (clinic_id, id, browser, draft_sealed, language, created_at, expires_at)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [
      ctx.clinic.id,
      draft.id,
      draft.browser,
      ctx.seal.sealJson(draft.typed, 'waiting_drafts.draft', draft.id),
      draft.language,
      ctx.now,
      draft.expiresAt,
    ],
  )
}

/** A new code takes the place of the one before; false when another request was faster. */
export async function updateDraftCode(
  ctx: Ctx,
  draft: Pick<WaitingDraft, 'id' | 'codesSent'>,
  code: { hash: string; expiresAt: Instant },
): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.waiting_drafts set code_hash = ?, code_sent_at = ?, code_expires_at = ?, code_tries = 0,
       codes_sent = codes_sent + 1 where clinic_id = ? and id = ? and codes_sent = ? and entry_id is null`,
    [code.hash, ctx.now, code.expiresAt, ctx.clinic.id, draft.id, draft.codesSent],
  )
  return changed === 1
}

/** Counts a try; false when the code can't be tried any more. */
export async function updateDraftTries(ctx: Ctx, id: DraftId, most: number): Promise<boolean> {
  const counted = await changes(
    ctx.db,
    `update clinic.waiting_drafts set code_tries = code_tries + 1
     where clinic_id = ? and id = ? and code_tries < ? and code_hash is not null and code_expires_at > ?`,
    [ctx.clinic.id, id, most, ctx.now],
  )
  return counted === 1
}

/** The code is spent and the entry is there; false when its twin was faster. */
export async function updateDraftUsed(ctx: Ctx, id: DraftId, codeHash: string, entryId: EntryId): Promise<boolean> {
  const used = await changes(
    ctx.db,
    `update clinic.waiting_drafts set code_hash = null, entry_id = ?
     where clinic_id = ? and id = ? and code_hash = ? and entry_id is null`,
    [entryId, ctx.clinic.id, id, codeHash],
  )
  return used === 1
}
