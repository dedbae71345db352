// Erasing a clinic, piece by piece. The one place that writes to tables of every feature: what is being erased belongs to
// none any more, and what tables there are is read from the catalogue, so that none can be forgotten.
import type { Knex } from 'knex'
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Database } from '../../../platform/db/connect.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import type { AuditEntryFacts } from '../../../platform/seal/certificates.ts'
import type { ClosingId, Link } from '../rules.ts'

export type Transaction = Knex.Transaction

/**
 * A transaction in which the database knows the clinic, without the key that `inClinic` asks for: there is none any more.
 * Nothing is read or written in it but by the statements of this file.
 */
export async function inErasing<T>(db: Database, clinicId: ClinicId, work: (trx: Transaction) => Promise<T>) {
  return inTransaction(db, async (trx) => {
    await rows(trx, 'select app_set_clinic(?::uuid)', [clinicId])
    return work(trx)
  })
}

export type ErasedTable = {
  /** As the certificate calls it, and as SQL does. */
  name: string
  /** Whose rows may be deleted piece by piece; the others go with the root row. */
  way: 'delete' | 'log' | 'root'
}

/** Every table of the clinic's own but its root, and how they point at each other. */
export async function listClinicTables(db: Database): Promise<{ tables: ErasedTable[]; links: Link[] }> {
  const tables = await rows<{ name: string; relname: string; deletable: boolean }>(
    db,
    `select format('%I.%I', n.nspname, c.relname) as name, c.relname, has_table_privilege(c.oid, 'DELETE') as deletable
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'clinic' and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'profiles'
     order by 1`,
  )
  const links = await rows<Link>(
    db,
    `select format('%I.%I', n.nspname, c.relname) as child, format('%I.%I', n.nspname, p.relname) as parent
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid
       join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and n.nspname = 'clinic' and p.relname <> 'profiles'`,
  )
  const logs = ['audit_entries', 'audit_links']
  return {
    tables: tables.map(({ name, relname, deletable }) => ({
      name,
      way: deletable ? 'delete' : logs.includes(relname) ? 'log' : 'root',
    })),
    links,
  }
}

/** What the service keeps of a clinic and gives up with it: every table that points at it and goes with it. */
export async function listPlatformTables(db: Database): Promise<{ tables: ErasedTable[]; links: Link[] }> {
  const tables = await rows<{ name: string; deletable: boolean }>(
    db,
    `select distinct format('%I.%I', n.nspname, c.relname) as name, has_table_privilege(c.oid, 'DELETE') as deletable
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
     where k.contype = 'f' and k.confrelid = 'platform.clinics'::regclass and k.confdeltype = 'c'
       and a.attname = 'clinic_id' order by 1`,
  )
  const links = await rows<Link>(
    db,
    `select format('%I.%I', cn.nspname, c.relname) as child, format('%I.%I', pn.nspname, p.relname) as parent
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid
       join pg_namespace cn on cn.oid = c.relnamespace join pg_namespace pn on pn.oid = p.relnamespace
     where k.contype = 'f' and cn.nspname = 'platform' and pn.nspname = 'platform'`,
  )
  return { tables: tables.map(({ name, deletable }) => ({ name, way: deletable ? 'delete' : 'root' })), links }
}

export async function countRows(trx: Transaction, table: string, clinicId: ClinicId): Promise<number> {
  const [row] = await rows<{ count: number }>(
    trx,
    'select count(*) as count from ' + table + ' where clinic_id = ?::uuid',
    [clinicId],
  )
  return row?.count ?? 0
}

/** Some of the clinic's rows. Answers how many; fewer than `most` were the last of them. */
export async function deleteSome(
  trx: Transaction,
  { name, way }: ErasedTable,
  clinicId: ClinicId,
  most: number,
): Promise<number> {
  if (way === 'root') return 0
  if (way === 'log') {
    const log = name.slice('clinic.'.length)
    const [row] = await rows<{ count: number }>(trx, 'select platform.erase_clinic_log(?, ?) as count', [log, most])
    return row?.count ?? 0
  }
  return changes(
    trx,
    `delete from ${name} where clinic_id = ?::uuid and ctid = any(array(
       select ctid from ${name} where clinic_id = ?::uuid limit ?))`,
    [clinicId, clinicId, most],
  )
}

/** What hangs on a clinic without pointing at it, or would only be let go. */
export const looseSteps: {
  name: string
  run: (trx: Transaction, clinicId: ClinicId, most: number) => Promise<number>
}[] = [
  {
    name: 'platform.requests',
    run: (trx, clinicId, most) =>
      changes(
        trx,
        `delete from platform.requests where id in (select id from platform.requests where clinic_id = ? limit ?)`,
        [clinicId, most],
      ),
  },
  {
    // The books keep that it was paid, not the picture of it.
    name: 'platform.slips',
    run: async (trx, clinicId, most) => {
      const slips = await rows<{ id: string }>(
        trx,
        `with due as (select id, slip_id from platform.payments where clinic_id = ? and slip_id is not null limit ?)
           update platform.payments p set slip_id = null from due where p.id = due.id returning due.slip_id as id`,
        [clinicId, most],
      )
      const ids = slips.map(({ id }) => id)
      return changes(trx, 'delete from platform.slips where id = any(?::uuid[])', [ids])
    },
  },
  {
    name: 'platform.mails',
    run: (trx, clinicId, most) =>
      changes(
        trx,
        `delete from platform.mails where id in (select id from platform.mails where clinic_id = ? limit ?)`,
        [clinicId, most],
      ),
  },
]

/**
 * From here on no door finds the clinic: all of them look it up together with its diary's version. Its name leaves the
 * places where names of clinics are listed by hand.
 */
export async function shutDoors(trx: Transaction, clinicId: ClinicId): Promise<void> {
  await changes(trx, 'delete from platform.diaries where clinic_id = ?', [clinicId])
  await changes(
    trx,
    `update platform.switches set clinic_ids = array_remove(clinic_ids, ?::uuid) where ?::uuid = any(clinic_ids)`,
    [clinicId, clinicId],
  )
}

export async function hasRoot(trx: Transaction, clinicId: ClinicId): Promise<boolean> {
  return (await rows(trx, 'select 1 from clinic.profiles where clinic_id = ?', [clinicId])).length > 0
}

/** Payment pages that are open at the card provider's. */
export async function listOpenCheckouts(trx: Transaction, clinicId: ClinicId): Promise<string[]> {
  const found = await rows<{ session: string }>(
    trx,
    `select session from platform.card_checkouts
     where clinic_id = ? and state in ('begun', 'open') and session is not null`,
    [clinicId],
  )
  return found.map(({ session }) => session)
}

/** From now on it is being erased, and nothing brings it back. */
export async function updateBegun(
  trx: Transaction,
  id: ClosingId,
  begun: { at: Instant; fingerprint: Buffer | undefined },
): Promise<void> {
  await changes(
    trx,
    `update platform.closings set state = 'purging', began_at = coalesce(began_at, ?),
       key_fingerprint = coalesce(key_fingerprint, ?) where id = ?`,
    [begun.at, begun.fingerprint ?? null, id],
  )
}

export type Progress = {
  began: Instant
  fingerprint: Buffer | null
  auditHead: Buffer | null
  auditCount: number | null
  auditLast: string | null
  auditDone: boolean
  counts: Record<string, number>
  rowsTotal: number | null
}

/** Takes the work on for this process, unless another is at it. */
export async function claimPurge(
  db: Database,
  id: ClosingId,
  claim: { worker: string; now: Instant; lease: Instant },
): Promise<Progress | undefined> {
  const [taken] = await rows<Progress>(
    db,
    `update platform.closings set worker = ?, lease_until = ?
     where id = ? and state = 'purging' and (lease_until is null or lease_until <= ?)
     returning began_at as began, key_fingerprint as fingerprint, audit_head as "auditHead", audit_count as "auditCount",
       audit_last as "auditLast", audit_done as "auditDone", counts, rows_total as "rowsTotal"`,
    [claim.worker, claim.lease, id, claim.now],
  )
  return taken
}

/** In the transaction of each piece of work: false when another process has taken over, and the piece is taken back. */
export async function keepLease(trx: Knex, id: ClosingId, worker: string, lease: Instant): Promise<boolean> {
  const kept = await changes(
    trx,
    `update platform.closings set lease_until = ? where id = ? and worker = ? and state = 'purging'`,
    [lease, id, worker],
  )
  return kept === 1
}

export async function releaseLease(db: Database, id: ClosingId, worker: string): Promise<void> {
  await changes(db, 'update platform.closings set worker = null, lease_until = null where id = ? and worker = ?', [
    id,
    worker,
  ])
}

export async function updateTotal(trx: Knex, id: ClosingId, total: number): Promise<void> {
  await changes(trx, 'update platform.closings set rows_total = ? where id = ?', [total, id])
}

export async function addCount(trx: Knex, id: ClosingId, table: string, count: number): Promise<void> {
  await changes(
    trx,
    `update platform.closings set rows_done = rows_done + ?,
       counts = jsonb_set(counts, array[?::text], to_jsonb(coalesce((counts ->> ?)::bigint, 0) + ?::bigint))
     where id = ?`,
    [count, table, table, count, id],
  )
}

export async function getCounts(trx: Knex, id: ClosingId): Promise<Record<string, number>> {
  const [row] = await rows<{ counts: Record<string, number> }>(
    trx,
    'select counts from platform.closings where id = ?',
    [id],
  )
  return row?.counts ?? {}
}

/** Entries of the audit log behind one of them, in the order of their ids, which is that of their making. */
export async function listAuditEntries(
  trx: Transaction,
  clinicId: ClinicId,
  after: string,
  limit: number,
): Promise<AuditEntryFacts[]> {
  const found = await rows<Omit<AuditEntryFacts, 'at'> & { at: Instant }>(
    trx,
    `select id, at, actor_kind as "actorKind", actor_id as "actorId", action, record_kind as "recordKind",
       record_id as "recordId", details::text as details, encode(sha256(details_sealed), 'hex') as sealed,
       encode(origin_digest, 'hex') as origin
     from clinic.audit_entries where clinic_id = ? and id > ? order by id limit ?`,
    [clinicId, after, limit],
  )
  return found.map((entry) => ({ ...entry, at: entry.at.toString() }))
}

export async function updateAuditHead(
  trx: Knex,
  id: ClosingId,
  audit: { head: Buffer; count: number; last: string | null; done: boolean },
): Promise<void> {
  await changes(
    trx,
    'update platform.closings set audit_head = ?, audit_count = ?, audit_last = ?, audit_done = ? where id = ?',
    [audit.head, audit.count, audit.last, audit.done, id],
  )
}

export async function getAuditHead(trx: Knex, id: ClosingId): Promise<{ head: Buffer; entries: number }> {
  const [row] = await rows<{ head: Buffer | null; entries: number | null }>(
    trx,
    'select audit_head as head, audit_count as entries from platform.closings where id = ?',
    [id],
  )
  if (!row?.head || row.entries === null) throw new Error('the audit log was not looked at')
  return { head: row.head, entries: row.entries }
}

export async function listExportIds(trx: Transaction, clinicId: ClinicId): Promise<string[]> {
  const found = await rows<{ id: string }>(trx, 'select id from clinic.exports where clinic_id = ?', [clinicId])
  return found.map(({ id }) => id)
}

/** Nothing can be added to the clinic from here on: whoever tried would wait, and then find nothing to add to. */
export async function lockRoot(trx: Transaction, clinicId: ClinicId): Promise<void> {
  await rows(trx, 'select 1 from clinic.profiles where clinic_id = ? for update', [clinicId])
}

export async function deleteRoot(trx: Transaction, clinicId: ClinicId): Promise<number> {
  return changes(trx, 'delete from clinic.profiles where clinic_id = ?', [clinicId])
}

/** People of this clinic alone go with it, and are signed out. Answers how many, and how many sessions. */
export async function deletePeople(trx: Transaction, clinicId: ClinicId): Promise<{ users: number; sessions: number }> {
  const people = await rows<{ id: string }>(
    trx,
    `delete from platform.users u where not u.platform_admin
       and exists (select from platform.memberships m where m.user_id = u.id and m.clinic_id = ?)
       and not exists (select from platform.memberships m where m.user_id = u.id and m.clinic_id <> ?)
     returning u.id`,
    [clinicId, clinicId],
  )
  const ids = people.map(({ id }) => id)
  const sessions = await changes(trx, `delete from platform.sessions where sess ->> 'userId' = any(?::text[])`, [ids])
  return { users: ids.length, sessions }
}

export async function deleteClinic(trx: Transaction, clinicId: ClinicId): Promise<number> {
  return changes(trx, 'delete from platform.clinics where id = ?', [clinicId])
}

export async function updateDone(trx: Knex, id: ClosingId, certificateId: string, now: Instant): Promise<void> {
  await changes(
    trx,
    `update platform.closings set state = 'done', finished_at = ?, certificate_id = ?, asked_by = null, undone_by = null,
       comment_sealed = null, worker = null, lease_until = null, rows_total = rows_done where id = ?`,
    [now, certificateId, id],
  )
}

export type LeavingClinic = { id: ClinicId; slug: string; name: string; country: string; zone: string }

/** What mails about it call it, while there is somebody to write to. */
export async function findLeaving(db: Knex, clinicId: ClinicId): Promise<LeavingClinic | undefined> {
  const [clinic] = await rows<LeavingClinic>(
    db,
    'select id, slug, name, country, time_zone as zone from platform.clinics where id = ?',
    [clinicId],
  )
  return clinic
}
