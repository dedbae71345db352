// The way back: an export into a clinic that was just opened. All of it or nothing, in one transaction.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { audit } from '../../../platform/audit.ts'
import type { Actor, Clinic, Ctx } from '../../../platform/clinic-scope.ts'
import { undefused } from '../../../platform/csv.ts'
import type { Services } from '../../../platform/services.ts'
import { openZip, ZipPasswordError, ZipUnreadableError, type OpenZip } from '../../../platform/zip.ts'
import {
  deleteFirstSettings,
  hasRecords,
  insertRows,
  listMemberIds,
  sealedRow,
  type FileRow,
} from '../queries/tables.ts'
import type { Table } from '../rules/columns.ts'
import { exportTables } from '../rules/tables.ts'
import { manifestFile } from '../schema.ts'

export type ImportFault = 'no_clinic' | 'not_empty' | 'not_an_export' | 'password' | 'damaged'
export type Imported = { from: { name: string; slug: string }; rows: Record<string, number> }

/** Takes what came along of the log into the chain over it, which is another feature's. */
export type Vouch = (ctx: Ctx) => Promise<void>

const actor: Actor = { kind: 'system', job: 'export.import' }
const origin = { requestId: 'export.import' }
const batchSize = 500

/**
 * Writes what an export holds into the clinic called `slug`, with the same identifiers, sealed under this clinic's key.
 * Refuses a clinic that has patients, visits or messages already. Every digest is looked at before anything is written;
 * a dry run stops there. What differs afterwards: messages that had not left are dropped, since the clinic they come from
 * may be sending them, and doctors keep the account they sign in with only if it is a member here.
 */
export async function importExport(
  services: Pick<Services, 'clinics' | 'inClinic'>,
  asked: { path: string; slug: string; password: string | undefined; dryRun: boolean; vouch?: Vouch },
): Promise<Outcome<Imported, ImportFault>> {
  const clinic = await services.clinics.bySlug(asked.slug)
  if (!clinic) return refuse('no_clinic')
  try {
    const zip = await openZip(asked.path, asked.password)
    try {
      return await importZip(services, clinic, zip, asked)
    } finally {
      await zip.close()
    }
  } catch (error) {
    if (error instanceof ZipPasswordError) return refuse('password')
    if (error instanceof ZipUnreadableError) return refuse('not_an_export')
    throw error
  }
}

async function importZip(
  services: Pick<Services, 'inClinic'>,
  clinic: Clinic,
  zip: OpenZip,
  { dryRun, vouch }: { dryRun: boolean; vouch?: Vouch },
): Promise<Outcome<Imported, ImportFault>> {
  const manifest = await manifestOf(zip)
  if (!manifest) return refuse('not_an_export')
  for (const { file, sha256 } of [...manifest.files, ...manifest.attachments]) {
    if (!zip.names.includes(file) || (await digestOf(zip.read(file))) !== sha256) return refuse('damaged')
  }
  const expected = Object.fromEntries(manifest.files.map(({ file, rows }) => [file, rows]))
  if (exportTables.some(({ name }) => expected[`${name}.csv`] === undefined)) return refuse('not_an_export')
  return services.inClinic(clinic, actor, origin, async (ctx): Promise<Outcome<Imported, ImportFault>> => {
    if (await hasRecords(ctx)) return refuse('not_empty')
    const rows: Record<string, number> = {}
    if (!dryRun) await deleteFirstSettings(ctx)
    for (const table of exportTables) {
      rows[table.name] = await importTable(ctx, zip, table, dryRun)
      if (rows[table.name] !== expected[`${table.name}.csv`]) return refuse('damaged')
    }
    if (!dryRun) {
      await vouch?.(ctx)
      await audit(ctx, 'export.imported', { kind: 'clinic', id: clinic.id }, { from: manifest.clinic.id })
      ctx.settingsChanged()
      ctx.diaryChanged()
    }
    return done({ from: { name: manifest.clinic.name, slug: manifest.clinic.slug }, rows })
  })
}

async function manifestOf(zip: OpenZip) {
  if (!zip.names.includes('manifest.json')) return undefined
  const parts: Uint8Array[] = []
  for await (const part of zip.read('manifest.json')) parts.push(part)
  try {
    return manifestFile.safeParse(JSON.parse(Buffer.concat(parts).toString())).data
  } catch {
    return undefined
  }
}

async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const digest = createHash('sha256')
  for await (const part of bytes) digest.update(part)
  return digest.digest('hex')
}

async function importTable(ctx: Ctx, zip: OpenZip, table: Table, dryRun: boolean): Promise<number> {
  const members = table.name === 'practitioners' ? await listMemberIds(ctx) : undefined
  let count = 0
  let batch: FileRow[] = []
  const flush = async () => {
    if (!dryRun && batch.length > 0)
      await insertRows(
        ctx,
        table,
        batch.map((row) => sealedRow(ctx, table, row)),
      )
    batch = []
  }
  for await (const row of rowsOf(zip, table)) {
    count++
    if (members && !members.some((id) => id === row.user_id)) row.user_id = null
    // Its salt stayed where it came from: nothing can be told from it, and the chain here can't vouch for it.
    if (table.name === 'audit_entries') row.origin_digest = null
    batch.push(row)
    if (batch.length >= batchSize) await flush()
  }
  await flush()
  return count
}

async function* rowsOf(zip: OpenZip, table: Table): AsyncGenerator<FileRow> {
  const text = Readable.from(zip.read(`${table.name}.csv`), { objectMode: false })
  const parser = text.pipe(
    parse({ bom: true, columns: true, cast: (value) => (value === '' ? null : undefused(value)) }),
  )
  text.on('error', (error) => parser.destroy(error))
  for await (const row of parser as AsyncIterable<FileRow>) yield row
}
