// Every line about clinic.rights_requests.
import type { ClinicId, PatientId, UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Database } from '../../../platform/db/connect.ts'
import { changes, rows, type Binding } from '../../../platform/db/rows.ts'
import { notFound } from '../../../platform/errors.ts'
import { parseLanguage } from '../../../platform/i18n/languages.ts'
import type {
  IdentityProof,
  RequestOutcome,
  RequestSource,
  RightsRequest,
  RightsRequestId,
  RightKind,
  Subject,
} from '../rules.ts'

const columns = `id, kind, state, source, language, patient_id as "patientId", subject_sealed as "subjectSealed",
  wishes_sealed as "wishesSealed", platform_request_id as "platformRequestId", received_at as "receivedAt",
  due_at as "dueAt", escalated_at as "escalatedAt", escalated_again_at as "escalatedAgainAt",
  code_sent_at as "codeSentAt", code_expires_at as "codeExpiresAt", code_tries as "codeTries",
  codes_sent as "codesSent", identity, identity_at as "identityAt", identity_by as "identityBy",
  identity_note_sealed as "identityNoteSealed", outcome, handled_by as "handledBy", answered_at as "answeredAt",
  closed_at as "closedAt"`
const selected = 'select ' + columns + ' from clinic.rights_requests where clinic_id = ?'

type Row = Omit<RightsRequest, 'subject' | 'wishes' | 'language' | 'identityNote'> & {
  language: string
  subjectSealed: Buffer | null
  wishesSealed: Buffer | null
  identityNoteSealed: Buffer | null
}

function opened(ctx: Ctx, { subjectSealed, wishesSealed, identityNoteSealed, language, ...row }: Row): RightsRequest {
  const open = (sealed: Buffer | null, place: string) =>
    sealed === null ? undefined : ctx.seal.openJson(sealed, `rights_requests.${place}`, row.id)
  return {
    ...row,
    language: parseLanguage(language) ?? 'en',
    subject: open(subjectSealed, 'subject') as Subject | undefined,
    wishes: open(wishesSealed, 'wishes') ?? {},
    identityNote: open(identityNoteSealed, 'identity_note') as string | undefined,
  }
}

/** Inserts, unless the patient has such a request open or the platform's was taken in already: then false. */
export async function insertRequest(
  ctx: Ctx,
  one: Pick<
    RightsRequest,
    'id' | 'kind' | 'source' | 'language' | 'patientId' | 'wishes' | 'platformRequestId' | 'receivedAt' | 'dueAt'
  > & { subject: Subject; proven: IdentityProof | undefined },
): Promise<boolean> {
  const { phone } = one.subject
  const inserted = await changes(
    ctx.db,
    `insert into clinic.rights_requests (clinic_id, id, kind, state, source, language, patient_id, subject_sealed,
       phone_index, wishes_sealed, platform_request_id, received_at, due_at, told_at, identity, identity_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
    [
      ctx.clinic.id,
      one.id,
      one.kind,
      one.proven === undefined ? 'received' : 'identity_proven',
      one.source,
      one.language,
      one.patientId,
      ctx.seal.sealJson(one.subject, 'rights_requests.subject', one.id),
      phone === undefined ? null : ctx.seal.phoneIndex(phone),
      ctx.seal.sealJson(one.wishes, 'rights_requests.wishes', one.id),
      one.platformRequestId,
      one.receivedAt,
      one.dueAt,
      // Whoever wrote it down at the desk knows, and the platform says so when it hands one on.
      one.source === 'patient_page' ? null : ctx.now,
      one.proven ?? null,
      one.proven === undefined ? null : ctx.now,
    ],
  )
  return inserted === 1
}

export async function findRequest(ctx: Ctx, id: RightsRequestId): Promise<RightsRequest | undefined> {
  const [row] = await rows<Row>(ctx.db, selected + ' and id = ?', [ctx.clinic.id, id])
  return row && opened(ctx, row)
}

export async function getRequest(ctx: Ctx, id: RightsRequestId): Promise<RightsRequest> {
  return (await findRequest(ctx, id)) ?? notFound('request')
}

/** The same, locked until the transaction ends: of two who decide at once one comes second and sees it. */
export async function lockRequest(ctx: Ctx, id: RightsRequestId): Promise<RightsRequest> {
  const [row] = await rows<Row>(ctx.db, selected + ' and id = ? for update', [ctx.clinic.id, id])
  return row ? opened(ctx, row) : notFound('request')
}

/** What a patient asked, newest first. */
export async function listRequestsOfPatient(ctx: Ctx, patientId: PatientId): Promise<RightsRequest[]> {
  const found = await rows<Row>(ctx.db, selected + ' and patient_id = ? order by received_at desc, id desc limit 50', [
    ctx.clinic.id,
    patientId,
  ])
  return found.map((row) => opened(ctx, row))
}

export type RequestFilter = { open?: boolean | undefined; kind?: RightKind | undefined; limit: number; offset?: number }

/** Open ones first, what is due soonest on top; then those that are closed, newest first. */
export async function listRequests(ctx: Ctx, filter: RequestFilter): Promise<RightsRequest[]> {
  const conditions: [sql: string, bindings: Binding[]][] = []
  if (filter.open !== undefined)
    conditions.push([filter.open ? ' and closed_at is null' : ' and closed_at is not null', []])
  if (filter.kind) conditions.push([' and kind = ?', [filter.kind]])
  const found = await rows<Row>(
    ctx.db,
    selected +
      conditions.map(([sql]) => sql).join('') +
      ` order by closed_at is not null, case when closed_at is null then due_at end, received_at desc, id desc
        limit ? offset ?`,
    [ctx.clinic.id, ...conditions.flatMap(([, bindings]) => bindings), filter.limit, filter.offset ?? 0],
  )
  return found.map((row) => opened(ctx, row))
}

export async function updatePatient(
  ctx: Ctx,
  id: RightsRequestId,
  patientId: PatientId,
  subject: Subject,
): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.rights_requests set patient_id = ?, subject_sealed = ?, phone_index = ?
     where clinic_id = ? and id = ? and closed_at is null`,
    [
      patientId,
      ctx.seal.sealJson(subject, 'rights_requests.subject', id),
      subject.phone === undefined ? null : ctx.seal.phoneIndex(subject.phone),
      ctx.clinic.id,
      id,
    ],
  )
}

export async function updateKind(ctx: Ctx, id: RightsRequestId, kind: RightKind): Promise<void> {
  await changes(
    ctx.db,
    'update clinic.rights_requests set kind = ? where clinic_id = ? and id = ? and closed_at is null',
    [kind, ctx.clinic.id, id],
  )
}

/** Whether the patient has another request of this kind open. */
export async function findOpenTwin(
  ctx: Ctx,
  { id, kind }: Pick<RightsRequest, 'id' | 'kind'>,
  patientId: PatientId,
): Promise<RightsRequestId | undefined> {
  const [row] = await rows<{ id: RightsRequestId }>(
    ctx.db,
    `select id from clinic.rights_requests
     where clinic_id = ? and patient_id = ? and kind = ? and closed_at is null and id <> ?`,
    [ctx.clinic.id, patientId, kind, id],
  )
  return row?.id
}

export async function updateCode(ctx: Ctx, id: RightsRequestId, code: { hash: string; expiresAt: Instant }) {
  await changes(
    ctx.db,
    `update clinic.rights_requests set code_hash = ?, code_sent_at = ?, code_expires_at = ?, code_tries = 0,
       codes_sent = codes_sent + 1 where clinic_id = ? and id = ?`,
    [code.hash, ctx.now, code.expiresAt, ctx.clinic.id, id],
  )
}

/** Counts a try and answers what to compare with; undefined when there is no code (any more) that can be tried. */
export async function updateCodeTries(ctx: Ctx, id: RightsRequestId, most: number): Promise<string | undefined> {
  const [row] = await rows<{ hash: string }>(
    ctx.db,
    `update clinic.rights_requests set code_tries = code_tries + 1
     where clinic_id = ? and id = ? and code_hash is not null and code_expires_at > ? and code_tries < ?
     returning code_hash as hash`,
    [ctx.clinic.id, id, ctx.now, most],
  )
  return row?.hash
}

/** A code is good once; false when its twin was faster. */
export async function updateCodeUsed(ctx: Ctx, id: RightsRequestId, hash: string): Promise<boolean> {
  const used = await changes(
    ctx.db,
    'update clinic.rights_requests set code_hash = null where clinic_id = ? and id = ? and code_hash = ?',
    [ctx.clinic.id, id, hash],
  )
  return used === 1
}

export async function updateIdentity(
  ctx: Ctx,
  id: RightsRequestId,
  proof: { how: IdentityProof; by: UserId | null; note: string | undefined },
): Promise<boolean> {
  const proven = await changes(
    ctx.db,
    `update clinic.rights_requests set state = 'identity_proven', identity = ?, identity_at = ?, identity_by = ?,
       identity_note_sealed = ?, code_hash = null where clinic_id = ? and id = ? and state = 'received'`,
    [
      proof.how,
      ctx.now,
      proof.by,
      proof.note === undefined ? null : ctx.seal.sealJson(proof.note, 'rights_requests.identity_note', id),
      ctx.clinic.id,
      id,
    ],
  )
  return proven === 1
}

/** Compare and set: false when somebody else closed it meanwhile. */
export async function updateDecided(
  ctx: Ctx,
  id: RightsRequestId,
  decided: { outcome: RequestOutcome; by: UserId | null; answer: unknown; answerHash: Buffer },
): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.rights_requests set state = 'decided', outcome = ?, handled_by = ?, answer_sealed = ?,
       answer_hash = ?, answered_at = ?, closed_at = ?, code_hash = null
     where clinic_id = ? and id = ? and closed_at is null`,
    [
      decided.outcome,
      decided.by,
      ctx.seal.sealJson(decided.answer, 'rights_requests.answer', id),
      decided.answerHash,
      ctx.now,
      ctx.now,
      ctx.clinic.id,
      id,
    ],
  )
  return changed === 1
}

export async function updateWithdrawn(ctx: Ctx, id: RightsRequestId, by: UserId | null): Promise<boolean> {
  const changed = await changes(
    ctx.db,
    `update clinic.rights_requests set state = 'withdrawn', handled_by = ?, closed_at = ?, code_hash = null
     where clinic_id = ? and id = ? and closed_at is null`,
    [by, ctx.now, ctx.clinic.id, id],
  )
  return changed === 1
}

/** Who asked is forgotten in every request of theirs; that it was asked, and what was answered, stays its time. */
export async function updateSubjectForgotten(ctx: Ctx, patientId: PatientId): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.rights_requests set subject_sealed = null, wishes_sealed = null, identity_note_sealed = null,
       phone_index = null where clinic_id = ? and patient_id = ?`,
    [ctx.clinic.id, patientId],
  )
}

/** What was answered, as it was stored. */
export async function findAnswer(ctx: Ctx, id: RightsRequestId): Promise<unknown> {
  const [row] = await rows<{ answer: Buffer | null }>(
    ctx.db,
    'select answer_sealed as answer from clinic.rights_requests where clinic_id = ? and id = ?',
    [ctx.clinic.id, id],
  )
  return row?.answer ? ctx.seal.openJson(row.answer, 'rights_requests.answer', id) : undefined
}

export async function findRequestByAnswer(
  ctx: Ctx,
  answerHash: Buffer,
  since: Instant,
): Promise<RightsRequest | undefined> {
  const [row] = await rows<Row>(ctx.db, selected + ' and answer_hash = ? and answered_at >= ?', [
    ctx.clinic.id,
    answerHash,
    since,
  ])
  return row && opened(ctx, row)
}

export type RequestCounts = { open: number; late: number; closed: number }

export async function countRequests(ctx: Ctx): Promise<RequestCounts> {
  const [counted] = await rows<RequestCounts>(
    ctx.db,
    `select count(*) filter (where closed_at is null) as open,
       count(*) filter (where closed_at is null and due_at <= ?) as late,
       count(*) filter (where closed_at is not null) as closed
     from clinic.rights_requests where clinic_id = ?`,
    [ctx.now, ctx.clinic.id],
  )
  return counted ?? { open: 0, late: 0, closed: 0 }
}

/** The clinics with something to tell their owners, as `nabz_jobs` may see: news, or a day that has come. */
export async function listClinicsToTell(
  jobsDb: Database,
  due: { first: Instant; second: Instant },
): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    jobsDb,
    `select distinct clinic_id as id from clinic.rights_requests
     where closed_at is null and (told_at is null or (due_at <= ? and escalated_at is null)
       or (due_at <= ? and escalated_again_at is null))`,
    [due.first, due.second],
  )
  return found.map(({ id }) => id)
}

export type ToTell = {
  id: RightsRequestId
  dueAt: Instant
  source: RequestSource
  what: 'received' | 'escalated' | 'again'
}

/** Marks what there is to tell and answers it: each once, whichever process comes first. */
export async function updateTold(ctx: Ctx, due: { first: Instant; second: Instant }): Promise<ToTell[]> {
  return rows<ToTell>(
    ctx.db,
    `with open as (
       select id, told_at, escalated_at, escalated_again_at, due_at from clinic.rights_requests
       where clinic_id = ? and closed_at is null and (told_at is null or (due_at <= ? and escalated_at is null)
         or (due_at <= ? and escalated_again_at is null))
       for update skip locked)
     update clinic.rights_requests r set told_at = coalesce(r.told_at, ?),
       escalated_at = case when r.due_at <= ? then coalesce(r.escalated_at, ?::timestamptz) else r.escalated_at end,
       escalated_again_at =
         case when r.due_at <= ? then coalesce(r.escalated_again_at, ?::timestamptz) else r.escalated_again_at end
     from open where r.clinic_id = ? and r.id = open.id
     returning r.id, r.due_at as "dueAt", r.source,
       case when open.escalated_again_at is null and r.due_at <= ? then 'again'
            when open.escalated_at is null and r.due_at <= ? then 'escalated' else 'received' end as what`,
    [
      ctx.clinic.id,
      due.first,
      due.second,
      ctx.now,
      due.first,
      ctx.now,
      due.second,
      ctx.now,
      ctx.clinic.id,
      due.second,
      due.first,
    ],
  )
}

/** The names of accounts that had a part in a request, by id. */
export async function findPeople(ctx: Ctx, ids: readonly (UserId | null)[]): Promise<Map<string, string>> {
  const found = await rows<{ id: string; name: string }>(
    ctx.db,
    'select id, name from platform.users where id = any(?::uuid[])',
    [ids.flatMap((id) => id ?? [])],
  )
  return new Map(found.map(({ id, name }) => [id, name]))
}
