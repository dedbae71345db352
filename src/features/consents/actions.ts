import type { PatientId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { audit } from '../../platform/audit.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'
import { findConsent, insertConsent, lockConsents } from './queries.ts'
import { changes, wordingFor, wordings, type Channel, type Purpose, type Source, type Wording } from './rules.ts'

type Said = {
  patientId: PatientId
  purpose: Purpose
  channel: Channel
  source: Source
  /** When it was said, where that is earlier than now: a message that came late. */
  at?: Instant
}

/**
 * Takes down that somebody agrees, and to which words, in which language. Answers whether that is news: who agrees
 * already is not written down again, so that the history shows the words it began with. What was taken back is not given
 * `again` on the word of somebody who may be anybody.
 */
export async function give(
  ctx: Ctx,
  said: Said & { language?: Language | undefined; wording?: Wording; again?: boolean },
): Promise<boolean> {
  const { patientId, purpose, channel, source, at = ctx.now } = said
  const code = said.wording ?? wordingFor(purpose, source)
  if (wordings[code].purpose !== purpose) throw new Error(`the wording ${code} is not about ${purpose}`)
  await lockConsents(ctx, patientId)
  const before = await findConsent(ctx, patientId, purpose)
  if (!changes(before, 'permit', at) || (before?.decision === 'deny' && said.again === false)) return false
  const { version } = wordings[code]
  const language = said.language ?? parseLanguage(ctx.clinic.language) ?? 'en'
  const wording = { code, version, language }
  await insertConsent(ctx, { patientId, purpose, decision: 'permit', wording, channel, source, at })
  const record = { kind: 'patient', id: patientId }
  await audit(ctx, 'consent.given', record, { purpose, wording: code, version, language, channel, source })
  return true
}

/**
 * Takes down that somebody no longer agrees. It holds from the next message on, those waiting to leave included: the
 * dispatcher asks in the moment of sending. Answers whether that is news.
 */
export async function withdraw(ctx: Ctx, said: Said): Promise<boolean> {
  const { patientId, purpose, channel, source, at = ctx.now } = said
  await lockConsents(ctx, patientId)
  if (!changes(await findConsent(ctx, patientId, purpose), 'deny', at)) return false
  await insertConsent(ctx, { patientId, purpose, decision: 'deny', wording: undefined, channel, source, at })
  await audit(ctx, 'consent.withdrawn', { kind: 'patient', id: patientId }, { purpose, channel, source })
  return true
}
