import type { ClinicId, UserId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Database } from '../../platform/db/connect.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { leaseSeconds, type Export, type ExportId } from './rules.ts'

const columns = `id, asked_by as "askedBy", asked_at as "askedAt", state, protected, attempts, failure, rows_done as "rowsDone",
  rows_total as "rowsTotal", bytes, expires_at as "expiresAt"`

export async function listExports(ctx: Ctx, limit: number): Promise<Export[]> {
  const found = await rows<Omit<Export, 'askedByName'>>(
    ctx.db,
    'select ' + columns + ' from clinic.exports where clinic_id = ? order by asked_at desc, id desc limit ?',
    [ctx.clinic.id, limit],
  )
  // The accounts are the service's: no join crosses the two schemas.
  const people = await rows<{ id: UserId; name: string }>(
    ctx.db,
    'select id, name from platform.users where id = any(?::uuid[])',
    [found.map(({ askedBy }) => askedBy)],
  )
  return found.map((one) => ({ ...one, askedByName: people.find(({ id }) => id === one.askedBy)?.name ?? null }))
}

export type Downloadable = Pick<Export, 'id' | 'askedBy' | 'state' | 'expiresAt' | 'askedAt'> & {
  bytes: number | null
  key: Buffer | undefined
}

export async function findExport(ctx: Ctx, id: ExportId): Promise<Downloadable | undefined> {
  const [row] = await rows<Omit<Downloadable, 'key'> & { sealed: Buffer | null }>(
    ctx.db,
    `select id, asked_by as "askedBy", asked_at as "askedAt", state, expires_at as "expiresAt", bytes, key_sealed as sealed
     from clinic.exports where clinic_id = ? and id = ?`,
    [ctx.clinic.id, id],
  )
  if (!row) return undefined
  const { sealed, ...rest } = row
  return { ...rest, key: sealed ? Buffer.from(ctx.seal.open(sealed, 'exports.key', id), 'base64') : undefined }
}

/** False when one is being made already. */
export async function insertExport(
  ctx: Ctx,
  id: ExportId,
  asked: { by: UserId; password: string | undefined },
): Promise<boolean> {
  const inserted = await changes(
    ctx.db,
    `insert into clinic.exports (clinic_id, id, asked_by, asked_at, protected, password_sealed) values (?, ?, ?, ?, ?, ?)
     on conflict do nothing`,
    [
      ctx.clinic.id,
      id,
      asked.by,
      ctx.now,
      asked.password !== undefined,
      asked.password === undefined ? null : ctx.seal.seal(asked.password, 'exports.password', id),
    ],
  )
  return inserted === 1
}

/** What the job has to do, of all clinics: to be made, and to be removed. */
export async function listDue(
  jobsDb: Database,
  now: Instant,
): Promise<{ clinicId: ClinicId; id: ExportId; over: boolean }[]> {
  return rows(
    jobsDb,
    `select clinic_id as "clinicId", id, state = 'ready' as over from clinic.exports
     where state in ('waiting', 'making', 'ready')
       and (state = 'waiting' or (state = 'making' and lease_until < ?) or (state = 'ready' and expires_at <= ?))
     order by asked_at limit 100`,
    [now, now],
  )
}

export type Claim = { attempts: number; password: string | undefined; askedBy: UserId }

/** Takes an export for this worker, unless another has it. */
export async function claimExport(ctx: Ctx, id: ExportId, worker: string): Promise<Claim | undefined> {
  const [row] = await rows<{ attempts: number; sealed: Buffer | null; askedBy: UserId }>(
    ctx.db,
    `update clinic.exports set state = 'making', worker = ?, lease_until = ?, attempts = attempts + 1, rows_done = 0
     where clinic_id = ? and id = ? and (state = 'waiting' or (state = 'making' and lease_until < ?))
     returning attempts, password_sealed as sealed, asked_by as "askedBy"`,
    [worker, leaseEnd(ctx), ctx.clinic.id, id, ctx.now],
  )
  if (!row) return undefined
  const { sealed, ...rest } = row
  return { ...rest, password: sealed ? ctx.seal.open(sealed, 'exports.password', id) : undefined }
}

const leaseEnd = (ctx: Ctx) => ctx.now.add({ seconds: leaseSeconds })

/** Says how far it is, which keeps the lease. False when the lease was lost. */
export async function updateProgress(
  ctx: Ctx,
  id: ExportId,
  worker: string,
  progress: { done: number; total: number },
): Promise<boolean> {
  const updated = await changes(
    ctx.db,
    `update clinic.exports set rows_done = ?, rows_total = ?, lease_until = ?
     where clinic_id = ? and id = ? and state = 'making' and worker = ?`,
    [progress.done, Math.max(progress.total, progress.done), leaseEnd(ctx), ctx.clinic.id, id, worker],
  )
  return updated === 1
}

export async function updateReady(
  ctx: Ctx,
  id: ExportId,
  worker: string,
  made: { key: Buffer; bytes: number; rows: number; counts: Record<string, number>; expiresAt: Instant },
): Promise<boolean> {
  const updated = await changes(
    ctx.db,
    `update clinic.exports set state = 'ready', key_sealed = ?, bytes = ?, rows_done = ?, rows_total = ?, counts = ?,
       finished_at = ?, expires_at = ?, worker = null, lease_until = null, password_sealed = null
     where clinic_id = ? and id = ? and state = 'making' and worker = ?`,
    [
      ctx.seal.seal(made.key.toString('base64'), 'exports.key', id),
      made.bytes,
      made.rows,
      made.rows,
      JSON.stringify(made.counts),
      ctx.now,
      made.expiresAt,
      ctx.clinic.id,
      id,
      worker,
    ],
  )
  return updated === 1
}

/** Leaves it to the next run, or gives it up. */
export async function updateFailed(
  ctx: Ctx,
  id: ExportId,
  worker: string,
  { forGood, failure }: { forGood: boolean; failure: Export['failure'] },
): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.exports set state = case when ? then 'failed' else state end,
       password_sealed = case when ? then null else password_sealed end,
       failure = case when ? then ? end, finished_at = case when ? then ?::timestamptz end
     where clinic_id = ? and id = ? and state = 'making' and worker = ?`,
    [forGood, forGood, forGood, failure, forGood, ctx.now, ctx.clinic.id, id, worker],
  )
}

/** Calls it off: whoever makes it finds its lease gone, and stops. False when there is nothing left to call off. */
export async function updateCancelled(ctx: Ctx, id: ExportId): Promise<boolean> {
  const updated = await changes(
    ctx.db,
    `update clinic.exports set state = 'cancelled', password_sealed = null, worker = null, lease_until = null, finished_at = ?
     where clinic_id = ? and id = ? and state in ('waiting', 'making')`,
    [ctx.now, ctx.clinic.id, id],
  )
  return updated === 1
}

/** Forgets the key of a file, which nobody can open from then on. */
export async function updateExpired(ctx: Ctx, id: ExportId): Promise<boolean> {
  const updated = await changes(
    ctx.db,
    `update clinic.exports set state = 'expired', key_sealed = null
     where clinic_id = ? and id = ? and state = 'ready' and expires_at <= ?`,
    [ctx.clinic.id, id, ctx.now],
  )
  return updated === 1
}
