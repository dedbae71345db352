import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant, PlainDate } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Database } from '../../platform/db/connect.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { genesis, type Entry, type Head, type Link, type PublishedHead } from '../../platform/seal/chain.ts'

const entryColumns = `e.id, e.at, e.actor_kind as "actorKind", e.actor_id as "actorId", e.actor_role as "actorRole",
  e.on_behalf_id as "onBehalfId", e.visit_id as "visitId", e.action, e.record_kind as "recordKind",
  e.record_id as "recordId", e.details, e.details_sealed as "detailsSealed", e.request_id as "requestId", e.salt,
  e.address, e.browser, e.origin_digest as "originDigest"`

/** The clinics in whose logs something was written lately, as `nabz_jobs` may see. */
export async function listClinicsWritingSince(jobsDb: Database, since: Instant): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    jobsDb,
    'select distinct clinic_id as id from clinic.audit_entries where at >= ?',
    [since],
  )
  return found.map(({ id }) => id)
}

/** The end of the chain, which nobody else gets before this transaction is over. */
export async function lockChain(ctx: Ctx): Promise<Head & { linkedUntil: Instant | null }> {
  const start = genesis(ctx.clinic.id)
  await changes(
    ctx.db,
    'insert into clinic.audit_chains (clinic_id, seq, hash) values (?, ?, ?) on conflict (clinic_id) do nothing',
    [ctx.clinic.id, start.seq, start.hash],
  )
  const [chain] = await rows<Head & { linkedUntil: Instant | null }>(
    ctx.db,
    'select seq, hash, linked_until as "linkedUntil" from clinic.audit_chains where clinic_id = ? for update',
    [ctx.clinic.id],
  )
  if (!chain) throw new Error('a chain that was just begun is gone')
  return chain
}

export function listUnlinked(ctx: Ctx, since: Instant | null, limit: number): Promise<Entry[]> {
  return rows<Entry>(
    ctx.db,
    'select ' +
      entryColumns +
      ` from clinic.audit_entries e
       where e.clinic_id = ? and e.at >= coalesce(?::timestamptz, '-infinity')
         and not exists (select from clinic.audit_links l where l.clinic_id = e.clinic_id and l.entry_id = e.id)
       order by e.at, e.id limit ?`,
    [ctx.clinic.id, since, limit],
  )
}

export async function insertLinks(ctx: Ctx, links: readonly Link[], linkedUntil: Instant): Promise<void> {
  const last = links.at(-1)
  if (!last) return
  await changes(
    ctx.db,
    `insert into clinic.audit_links (clinic_id, seq, entry_id, at, details_digest, hash)
     select ?::uuid, l.seq, l.entry_id, l.at, decode(nullif(l.details_digest, ''), 'hex'), decode(l.hash, 'hex')
     from unnest(?::bigint[], ?::uuid[], ?::timestamptz[], ?::text[], ?::text[])
       as l (seq, entry_id, at, details_digest, hash)`,
    [
      ctx.clinic.id,
      links.map(({ seq }) => seq),
      links.map(({ entryId }) => entryId),
      links.map(({ at }) => at.toString()),
      links.map(({ detailsDigest }) => detailsDigest?.toString('hex') ?? ''),
      links.map(({ hash }) => hash.toString('hex')),
    ],
  )
  await changes(ctx.db, 'update clinic.audit_chains set seq = ?, hash = ?, linked_until = ? where clinic_id = ?', [
    last.seq,
    last.hash,
    linkedUntil,
    ctx.clinic.id,
  ])
}

export type LinkedEntry = { link: Link; entry: Entry | undefined }

/** The links behind `after`, each with its entry as it is now. */
export async function listLinks(ctx: Ctx, after: number, limit: number): Promise<LinkedEntry[]> {
  type Row = Entry & {
    linkSeq: number
    linkEntry: string
    linkAt: Instant
    linkDetails: Buffer | null
    linkHash: Buffer
  }
  const found = await rows<Row & { present: boolean }>(
    ctx.db,
    'select ' +
      entryColumns +
      `, e.id is not null as present, l.seq as "linkSeq", l.entry_id as "linkEntry", l.at as "linkAt",
         l.details_digest as "linkDetails", l.hash as "linkHash"
       from (select * from clinic.audit_links where clinic_id = ? and seq > ? order by seq limit ?) l
       left join clinic.audit_entries e on e.clinic_id = l.clinic_id and e.id = l.entry_id
       order by l.seq`,
    [ctx.clinic.id, after, limit],
  )
  return found.map(({ present, linkSeq, linkEntry, linkAt, linkDetails, linkHash, ...entry }) => ({
    link: { seq: linkSeq, entryId: linkEntry, at: linkAt, detailsDigest: linkDetails, hash: linkHash },
    entry: present ? entry : undefined,
  }))
}

/** How far the chain goes, as the links themselves say. */
export async function findLastSeq(ctx: Ctx): Promise<number> {
  const [found] = await rows<{ seq: number }>(
    ctx.db,
    'select seq from clinic.audit_links where clinic_id = ? order by seq desc limit 1',
    [ctx.clinic.id],
  )
  return found?.seq ?? 0
}

/** The oldest entry from before `before`, and from `since` on where that is said, that no link holds. */
export async function findUnlinked(
  ctx: Ctx,
  before: Instant,
  since?: Instant,
): Promise<{ id: string; at: Instant } | undefined> {
  const [found] = await rows<{ id: string; at: Instant }>(
    ctx.db,
    `select e.id, e.at from clinic.audit_entries e
     where e.clinic_id = ? and e.at < ? and e.at >= coalesce(?::timestamptz, '-infinity')
       and not exists (select from clinic.audit_links l where l.clinic_id = e.clinic_id and l.entry_id = e.id)
     order by e.at, e.id limit 1`,
    [ctx.clinic.id, before, since ?? null],
  )
  return found
}

export async function listHeads(ctx: Ctx, limit: number): Promise<(PublishedHead & { day: PlainDate })[]> {
  return rows<PublishedHead & { day: PlainDate }>(
    ctx.db,
    `select published_on as day, published_at as "publishedAt", seq, hash from clinic.audit_heads
     where clinic_id = ? order by published_on desc limit ?`,
    [ctx.clinic.id, limit],
  )
}

/** False when today's was published already. */
export async function insertHead(ctx: Ctx, day: PlainDate, head: PublishedHead): Promise<boolean> {
  const added = await changes(
    ctx.db,
    `insert into clinic.audit_heads (clinic_id, published_on, published_at, seq, hash) values (?, ?, ?, ?, ?)
     on conflict (clinic_id, published_on) do nothing`,
    [ctx.clinic.id, day, head.publishedAt, head.seq, head.hash],
  )
  return added === 1
}

export async function findAuditMail(ctx: Ctx): Promise<'daily' | 'weekly' | 'never'> {
  const [found] = await rows<{ mail: 'daily' | 'weekly' | 'never' }>(
    ctx.db,
    'select audit_mail as mail from clinic.profiles where clinic_id = ?',
    [ctx.clinic.id],
  )
  return found?.mail ?? 'never'
}
