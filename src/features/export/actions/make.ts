// Making exports, and removing them: the job's work. Each batch is a transaction of its own, so that an export of a large
// clinic keeps nobody waiting; how far it is, and that somebody is at it, is written in the same.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Actor, Clinic, Ctx } from '../../../platform/clinic-scope.ts'
import { csvText, type Cell } from '../../../platform/csv.ts'
import { parseLanguage } from '../../../platform/i18n/languages.ts'
import { noteErasure } from '../../../platform/erasures.ts'
import { createSealedFile } from '../../../platform/sealed-files.ts'
import type { Services } from '../../../platform/services.ts'
import { writeZip, type ZipEntry } from '../../../platform/zip.ts'
import { claimExport, listDue, updateExpired, updateFailed, updateProgress, updateReady } from '../queries.ts'
import { countRows, listStaff, listTableRows, openedCells, type TableRow } from '../queries/tables.ts'
import { columnsLeftOut, exportTables, staffColumns, tablesLeftOut, type Table } from '../rules/tables.ts'
import {
  attemptsAllowed,
  formatName,
  formatVersion,
  hoursKept,
  rowsPerBatch,
  type ExportId,
  type FileFacts,
  type Manifest,
} from '../rules.ts'
import { fileOf, partOf, removeFile, removeStrays } from './files.ts'

const actor: Actor = { kind: 'system', job: 'export.make' }
const origin = { requestId: 'export.make' }

class LeaseLost extends Error {
  override name = 'LeaseLost'
}

/** Makes what was asked for and removes what is over. Answers how many were made. */
export async function makeDue(services: Services): Promise<number> {
  let made = 0
  for (const { clinicId, id, over } of await listDue(services.jobsDb, services.clock.now())) {
    if (services.stopping.signal.aborted) break
    const clinic = await services.clinics.byId(clinicId)
    if (!clinic) continue
    if (over) await expire(services, clinic, id)
    else if (await make(services, clinic, id)) made++
  }
  return made
}

export async function removeOldFiles(services: Services): Promise<void> {
  await removeStrays(services.config, services.clock.now())
}

async function expire(services: Services, clinic: Clinic, id: ExportId): Promise<void> {
  // The key first: should the file stay after all, it opens for nobody.
  const expired = await services.inClinic(clinic, actor, origin, async (ctx) => {
    if (!(await updateExpired(ctx, id))) return false
    await noteErasure(ctx.db, { run: randomUUID(), rule: 'exports', clinicId: clinic.id, count: 1, at: ctx.now })
    return true
  })
  if (expired) await removeFile(fileOf(services.config, id))
}

async function make(services: Services, clinic: Clinic, id: ExportId): Promise<boolean> {
  const worker = randomUUID()
  const inClinic = <T>(work: (ctx: Ctx) => Promise<T>) => services.inClinic(clinic, actor, origin, work)
  const claim = await inClinic((ctx) => claimExport(ctx, id, worker))
  if (!claim) return false
  // Killed each time, perhaps by what it does: not for ever.
  if (claim.attempts > attemptsAllowed) {
    await inClinic((ctx) => updateFailed(ctx, id, worker, true))
    return false
  }
  const part = await partOf(services.config, id, worker)
  const key = randomBytes(32)
  const file = await createSealedFile(part, key, id)
  try {
    const work = contents(services, clinic, inClinic, { id, worker })
    await writeZip((bytes) => file.write(bytes), work.entries, claim.password)
    const bytes = await file.end()
    await rename(part, fileOf(services.config, id))
    const counts = Object.fromEntries(work.files.map(({ file, rows }) => [file, rows]))
    const rows = work.files.reduce((sum, one) => sum + one.rows, 0)
    const expiresAt = services.clock.now().add({ hours: hoursKept })
    return await inClinic((ctx) => updateReady(ctx, id, worker, { key, bytes, rows, counts, expiresAt }))
  } catch (error) {
    await file.abandon().catch(() => undefined)
    await removeFile(part)
    // Whoever has the lease now makes it; this worker only stops.
    if (error instanceof LeaseLost) return false
    const forGood = claim.attempts >= attemptsAllowed
    await inClinic((ctx) => updateFailed(ctx, id, worker, forGood))
    throw error
  }
}

type Within = <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>

/** The files of the ZIP in turn, and what is known of them once they are written. */
function contents(services: Services, clinic: Clinic, inClinic: Within, lease: { id: ExportId; worker: string }) {
  const files: FileFacts[] = []
  const progress = { done: 0, total: 0 }

  const keepLease = async (ctx: Ctx) => {
    if (services.stopping.signal.aborted) throw new LeaseLost()
    if (!(await updateProgress(ctx, lease.id, lease.worker, progress))) throw new LeaseLost()
  }

  async function* linesOf(table: Table): AsyncGenerator<readonly Cell[]> {
    let last: TableRow | undefined
    for (;;) {
      const batch = await inClinic(async (ctx) => {
        const rows = await listTableRows(ctx, table, last, rowsPerBatch)
        progress.done += rows.length
        await keepLease(ctx)
        return { cells: rows.map((row) => openedCells(ctx, table, row)), last: rows.at(-1) }
      })
      yield* batch.cells
      last = batch.last
      if (batch.cells.length < rowsPerBatch || table.key.length === 0) return
    }
  }

  /** A CSV file, counted and digested as it passes. */
  async function* csv(
    file: string,
    columns: readonly { name: string; about: string }[],
    lines: AsyncIterable<readonly Cell[]> | Iterable<readonly Cell[]>,
  ): AsyncGenerator<Uint8Array> {
    const digest = createHash('sha256')
    let rows = 0
    const counted = async function* () {
      for await (const line of lines) {
        rows++
        yield line
      }
    }
    for await (const text of csvText(
      columns.map(({ name }) => name),
      counted(),
    )) {
      const bytes = Buffer.from(text)
      digest.update(bytes)
      yield bytes
    }
    const about = columns.map(({ name, about }) => ({ name, about }))
    files.push({ file, rows, sha256: digest.digest('hex'), columns: about })
  }

  async function* entries(): AsyncGenerator<ZipEntry> {
    progress.total = await inClinic((ctx) => countRows(ctx, exportTables))
    await inClinic(keepLease)
    const speaker = services.speakers(parseLanguage(clinic.language) ?? 'en', clinic)
    yield { name: 'README.txt', bytes: textOf(readme(speaker.t, clinic)) }
    // What points at others first: whatever a row names was there after it was read, and so is in a later file.
    for (const table of [...exportTables].reverse()) {
      const name = `${table.name}.csv`
      yield { name, bytes: csv(name, table.columns, linesOf(table)) }
    }
    const staff = await inClinic(listStaff)
    const staffLines = staff.map(({ name, email, role, since }) => [name, email, role, since.toString()])
    const columns = Object.entries(staffColumns).map(([name, about]) => ({ name, about }))
    yield { name: 'staff.csv', bytes: csv('staff.csv', columns, staffLines) }
    yield { name: 'manifest.json', bytes: textOf(JSON.stringify(manifestOf(services, clinic, files), null, 2)) }
  }

  return { entries: entries(), files }
}

const textOf = (text: string): AsyncIterable<Uint8Array> => Readable.from([Buffer.from(text)], { objectMode: true })

/** With a byte order mark and Windows' line ends, since it is opened by a double click. */
function readme(t: ReturnType<Services['speakers']>['t'], { name }: Clinic): string {
  const parts = [
    t('export.readme.title', { clinic: name }),
    t('export.readme.what'),
    ...[...exportTables.map((table) => table.name), 'staff'].map(
      (table) => `${table}.csv: ${t(`export.table.${table}`)}`,
    ),
    t('export.readme.format'),
    t('export.readme.defused'),
    t('export.readme.money'),
    t('export.readme.check'),
    t('export.readme.left_out'),
    t('export.readme.safe'),
  ]
  return `\ufeff${parts.join('\r\n\r\n')}\r\n`
}

function manifestOf({ clock }: Services, clinic: Clinic, files: FileFacts[]): Manifest {
  const { id, name, slug, country, zone, currency, language } = clinic
  return {
    format: formatName,
    version: formatVersion,
    madeAt: clock.now().toString(),
    clinic: { id, name, slug, country, zone, currency, language },
    files,
    leftOut: { tables: tablesLeftOut, columns: columnsLeftOut },
  }
}
