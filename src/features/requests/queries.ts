// Every line about platform.requests and its steps.
import type { Knex } from 'knex'
import { newId, type ClinicId, type Id, type UserId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { changes, rows, type Binding } from '../../platform/db/rows.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'
import type { PlatformSeal } from '../../platform/seal/key-ring.ts'
import type { CloseReason, RequestStatus, RequestTopic } from './rules.ts'

export type RequestId = Id<'request'>

export type Request = {
  id: RequestId
  topic: RequestTopic
  language: Language
  name: string
  email: string
  message: string
  clinicId: ClinicId | null
  clinicName: string | null
  clinicSlug: string | null
  status: RequestStatus
  assignedTo: UserId | null
  assigneeName: string | null
  receivedAt: Instant
  dueAt: Instant | null
  answeredAt: Instant | null
  routedAt: Instant | null
  escalatedAt: Instant | null
  closedAt: Instant | null
  closeReason: CloseReason | null
}

type Row = Omit<Request, 'name' | 'email' | 'message' | 'language'> & {
  language: string
  nameSealed: Buffer
  emailSealed: Buffer
  messageSealed: Buffer
}

const selected = `
  select r.id, r.topic, r.language, r.name_sealed as "nameSealed", r.email_sealed as "emailSealed",
    r.message_sealed as "messageSealed", r.clinic_id as "clinicId", c.name as "clinicName", c.slug as "clinicSlug",
    r.status, r.assigned_to as "assignedTo", u.name as "assigneeName", r.received_at as "receivedAt",
    r.due_at as "dueAt", r.answered_at as "answeredAt", r.routed_at as "routedAt", r.escalated_at as "escalatedAt",
    r.closed_at as "closedAt", r.close_reason as "closeReason"
  from platform.requests r
  left join platform.clinics c on c.id = r.clinic_id
  left join platform.users u on u.id = r.assigned_to`

const opened =
  (seal: PlatformSeal) =>
  ({ nameSealed, emailSealed, messageSealed, language, ...row }: Row): Request => ({
    ...row,
    language: parseLanguage(language) ?? 'en',
    name: seal.open(nameSealed, 'requests.name', row.id),
    email: seal.open(emailSealed, 'requests.email', row.id),
    message: seal.open(messageSealed, 'requests.message', row.id),
  })

export async function insertRequest(
  trx: Knex,
  seal: PlatformSeal,
  one: Pick<Request, 'id' | 'topic' | 'language' | 'name' | 'email' | 'message' | 'clinicId' | 'receivedAt' | 'dueAt'>,
): Promise<void> {
  await changes(
    trx,
    `insert into platform.requests (id, topic, language, name_sealed, email_sealed, message_sealed, clinic_id,
       received_at, due_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      one.id,
      one.topic,
      one.language,
      seal.seal(one.name, 'requests.name', one.id),
      seal.seal(one.email, 'requests.email', one.id),
      seal.seal(one.message, 'requests.message', one.id),
      one.clinicId,
      one.receivedAt,
      one.dueAt,
    ],
  )
}

export async function findRequest(db: Knex, seal: PlatformSeal, id: RequestId): Promise<Request | undefined> {
  const [row] = await rows<Row>(db, selected + ' where r.id = ?', [id])
  return row && opened(seal)(row)
}

/** The same, locked until the transaction ends: nobody else decides about it meanwhile. */
export async function lockRequest(trx: Knex, seal: PlatformSeal, id: RequestId): Promise<Request | undefined> {
  const [row] = await rows<Row>(trx, selected + ' where r.id = ? for update of r', [id])
  return row && opened(seal)(row)
}

export type RequestFilter = {
  status?: RequestStatus | undefined
  topic?: RequestTopic | undefined
  assignedTo?: UserId | undefined
  clinicId?: ClinicId | undefined
  /** Only those whose clock runs, the soonest due first. */
  running?: boolean
  before?: { at: Instant; id: RequestId } | undefined
  limit: number
}

/** The inbox, newest first; with `running` by what is due soonest. */
export async function listRequests(db: Knex, seal: PlatformSeal, filter: RequestFilter): Promise<Request[]> {
  const conditions: [sql: string, bindings: Binding[]][] = []
  if (filter.status) conditions.push(['r.status = ?', [filter.status]])
  if (filter.topic) conditions.push(['r.topic = ?', [filter.topic]])
  if (filter.assignedTo) conditions.push(['r.assigned_to = ?', [filter.assignedTo]])
  if (filter.clinicId) conditions.push(['r.clinic_id = ?', [filter.clinicId]])
  if (filter.running) conditions.push(['r.closed_at is null and r.due_at is not null', []])
  const { before } = filter
  if (before) {
    conditions.push(
      filter.running
        ? ['(r.due_at, r.id) > (?, ?)', [before.at, before.id]]
        : ['(r.received_at, r.id) < (?, ?)', [before.at, before.id]],
    )
  }
  const where = conditions.length === 0 ? '' : ' where ' + conditions.map(([sql]) => sql).join(' and ')
  const order = filter.running ? ' order by r.due_at, r.id' : ' order by r.received_at desc, r.id desc'
  const found = await rows<Row>(db, selected + where + order + ' limit ?', [
    ...conditions.flatMap(([, bindings]) => bindings),
    filter.limit,
  ])
  return found.map(opened(seal))
}

export type RequestCounts = { open: number; routed: number; escalated: number; overdue: number }

/** What waits, for the head of the inbox and the console's menu. */
export async function countRequests(db: Knex, now: Instant, escalated: Instant): Promise<RequestCounts> {
  const [counted] = await rows<RequestCounts>(
    db,
    `select count(*) filter (where status = 'open') as open, count(*) filter (where status = 'routed') as routed,
       count(*) filter (where due_at <= ? and due_at > ?) as escalated, count(*) filter (where due_at <= ?) as overdue
     from platform.requests where status in ('open', 'routed')`,
    [escalated, now, now],
  )
  if (!counted) throw new Error('a count without a row')
  return counted
}

export type RequestStep = {
  id: string
  at: Instant
  kind: 'note' | 'answer' | 'routed' | 'assigned' | 'closed' | 'reopened' | 'escalated'
  author: string | null
  body: string | undefined
  detail: string | null
}

export async function listSteps(db: Knex, seal: PlatformSeal, requestId: RequestId): Promise<RequestStep[]> {
  const found = await rows<Omit<RequestStep, 'body'> & { bodySealed: Buffer | null }>(
    db,
    `select s.id, s.at, s.kind, u.name as author, s.body_sealed as "bodySealed", s.detail
     from platform.request_steps s left join platform.users u on u.id = s.author_id
     where s.request_id = ? order by s.at, s.id`,
    [requestId],
  )
  return found.map(({ bodySealed, ...step }) => ({
    ...step,
    body: bodySealed === null ? undefined : seal.open(bodySealed, 'request_steps.body', step.id),
  }))
}

export async function insertStep(
  trx: Knex,
  seal: PlatformSeal,
  step: {
    requestId: RequestId
    at: Instant
    kind: RequestStep['kind']
    authorId: UserId | null
    body?: string | undefined
    detail?: string
  },
): Promise<void> {
  const id = newId()
  await changes(
    trx,
    `insert into platform.request_steps (id, request_id, at, kind, author_id, body_sealed, detail)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [
      id,
      step.requestId,
      step.at,
      step.kind,
      step.authorId,
      step.body === undefined ? null : seal.seal(step.body, 'request_steps.body', id),
      step.detail ?? null,
    ],
  )
}

export async function updateAnswered(trx: Knex, id: RequestId, now: Instant): Promise<void> {
  await changes(trx, 'update platform.requests set answered_at = ? where id = ?', [now, id])
}

export async function updateAssigned(trx: Knex, id: RequestId, userId: UserId | null): Promise<void> {
  await changes(trx, 'update platform.requests set assigned_to = ? where id = ?', [userId, id])
}

export async function updateRouted(trx: Knex, id: RequestId, clinicId: ClinicId, now: Instant): Promise<void> {
  await changes(
    trx,
    `update platform.requests set taken_in_at = case when clinic_id = ? then taken_in_at end, clinic_id = ?,
       status = 'routed', routed_at = ? where id = ? and status <> 'closed'`,
    [clinicId, clinicId, now, id],
  )
}

/** Those that were handed to a clinic and are not yet one of its own requests, oldest first. */
export async function listToTakeIn(db: Knex, seal: PlatformSeal, limit: number): Promise<Request[]> {
  const found = await rows<Row>(
    db,
    selected +
      ` where r.status = 'routed' and r.taken_in_at is null and r.due_at is not null order by r.routed_at limit ?`,
    [limit],
  )
  return found.map(opened(seal))
}

/** False when somebody else was faster, or it went to another clinic meanwhile. */
export async function updateTakenIn(trx: Knex, id: RequestId, clinicId: ClinicId, now: Instant): Promise<boolean> {
  const taken = await changes(
    trx,
    `update platform.requests set taken_in_at = ?
     where id = ? and clinic_id = ? and status = 'routed' and taken_in_at is null`,
    [now, id, clinicId],
  )
  return taken === 1
}

export async function updateClosed(trx: Knex, id: RequestId, reason: CloseReason, now: Instant): Promise<void> {
  await changes(trx, `update platform.requests set status = 'closed', closed_at = ?, close_reason = ? where id = ?`, [
    now,
    reason,
    id,
  ])
}

export async function updateReopened(trx: Knex, id: RequestId): Promise<void> {
  await changes(
    trx,
    `update platform.requests set status = case when routed_at is null then 'open' else 'routed' end, closed_at = null,
       close_reason = null where id = ?`,
    [id],
  )
}

/** Marks what has come to its twentieth day, each once whichever process comes first. */
export async function updateEscalated(
  trx: Knex,
  dueBefore: Instant,
  now: Instant,
  limit: number,
): Promise<RequestId[]> {
  const found = await rows<{ id: RequestId }>(
    trx,
    `update platform.requests set escalated_at = ? where id in
       (select id from platform.requests
        where closed_at is null and due_at is not null and due_at <= ? and escalated_at is null
        order by due_at limit ? for update skip locked)
     returning id`,
    [now, dueBefore, limit],
  )
  return found.map(({ id }) => id)
}

export type Operator = { userId: UserId; name: string; email: string; language: Language }

/** Whoever may be given a request, and is told when one is about to be late. */
export async function listOperators(db: Knex): Promise<Operator[]> {
  const found = await rows<Omit<Operator, 'language'> & { language: string }>(
    db,
    `select id as "userId", name, email, language from platform.users where platform_admin order by name, id`,
  )
  return found.map((one) => ({ ...one, language: parseLanguage(one.language) ?? 'en' }))
}
