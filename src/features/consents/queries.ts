import { newId, type PatientId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import type { Language } from '../../platform/i18n/languages.ts'
import type { Channel, Consent, Decision, Purpose, Source, Wording } from './rules.ts'

const columns = `id, purpose, decision, wording, wording_version as "wordingVersion", language, channel, source,
  decided_at as "decidedAt"`

/** Everything somebody agreed to and took back, newest first. */
export async function listConsents(ctx: Ctx, patientId: PatientId): Promise<Consent[]> {
  return rows<Consent>(
    ctx.db,
    'select ' +
      columns +
      ' from clinic.consents where clinic_id = ? and patient_id = ? order by decided_at desc, id desc',
    [ctx.clinic.id, patientId],
  )
}

/** What somebody said last about a purpose; undefined when they never said anything. */
export async function findConsent(ctx: Ctx, patientId: PatientId, purpose: Purpose): Promise<Consent | undefined> {
  const [newest] = await rows<Consent>(
    ctx.db,
    'select ' +
      columns +
      ` from clinic.consents where clinic_id = ? and patient_id = ? and purpose = ?
        order by decided_at desc, id desc limit 1`,
    [ctx.clinic.id, patientId, purpose],
  )
  return newest
}

/** Which of these people said last that they do not want it. */
export async function listDenials(
  ctx: Ctx,
  patientIds: readonly PatientId[],
  purpose: Purpose,
): Promise<Set<PatientId>> {
  const found = await rows<{ id: PatientId; decision: Decision }>(
    ctx.db,
    `select distinct on (c.patient_id) c.patient_id as id, c.decision from clinic.consents c
     where c.clinic_id = ? and c.patient_id = any(?::uuid[]) and c.purpose = ?
     order by c.patient_id, c.decided_at desc, c.id desc`,
    [ctx.clinic.id, patientIds, purpose],
  )
  return new Set(found.flatMap(({ id, decision }) => (decision === 'deny' ? [id] : [])))
}

/** One writer at a time about one patient, so that what two processes hear at once is taken down once. */
export async function lockConsents(ctx: Ctx, patientId: PatientId): Promise<void> {
  await rows(ctx.db, 'select pg_advisory_xact_lock(hashtextextended(?, 1))', [patientId])
}

export async function insertConsent(
  ctx: Ctx,
  consent: {
    patientId: PatientId
    purpose: Purpose
    decision: Decision
    wording: { code: Wording; version: number; language: Language } | undefined
    channel: Channel
    source: Source
    at: Instant
  },
): Promise<void> {
  const { patientId, purpose, decision, wording, channel, source, at } = consent
  await changes(
    ctx.db,
    `insert into clinic.consents
       (clinic_id, id, patient_id, purpose, decision, wording, wording_version, language, channel, source, decided_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ctx.clinic.id,
      newId<'consent'>(),
      patientId,
      purpose,
      decision,
      wording?.code ?? null,
      wording?.version ?? null,
      wording?.language ?? null,
      channel,
      source,
      at,
    ],
  )
}
