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
import { openOwnSlip } from '../../billing/actions/slips.ts'
import { countSlipsOf, listSlipsOf, type Slip } from '../../billing/queries/owner.ts'
import { claimExport, listDue, updateExpired, updateFailed, updateProgress, updateReady } from '../queries.ts'
import { countRows, listStaff, listTableRows, openedCells, type TableRow } from '../queries/tables.ts'
import type { Table } from '../rules/columns.ts'
import { columnsLeftOut, exportTables, slipColumns, staffColumns, tablesLeftOut } from '../rules/tables.ts'
import {
  attemptsAllowed,
  formatName,
  formatVersion,
  hoursKept,
  madeAtOnce,
  rowsPerBatch,
  type ExportId,
  type Attachment,
  type FileFacts,
  type Manifest,
} from '../rules.ts'
import { fileOf, partOf, removeFile, removeStrays } from './files.ts'

const actor: Actor = { kind: 'system', job: 'export.make' }
const origin = { requestId: 'export.make' }

class LeaseLost extends Error {
  override name = 'LeaseLost'
}

/** Makes what was asked for and removes what is over. One that fails keeps no other from being made. */
export async function makeDue(services: Services): Promise<void> {
  const due = await listDue(services.jobsDb, services.clock.now())
  const failures: unknown[] = []
  const work = async () => {
    for (let next = due.shift(); next && !services.stopping.signal.aborted; next = due.shift()) {
      const clinic = await services.clinics.byId(next.clinicId)
      if (!clinic) continue
      try {
        await (next.over ? expire(services, clinic, next.id) : make(services, clinic, next.id))
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: madeAtOnce }, work))
  if (failures.length > 0) throw failures[0]
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

async function make(services: Services, clinic: Clinic, id: ExportId): Promise<void> {
  const worker = randomUUID()
  const inClinic = <T>(work: (ctx: Ctx) => Promise<T>) => services.inClinic(clinic, actor, origin, work)
  const claim = await inClinic((ctx) => claimExport(ctx, id, worker))
  if (!claim) return
  // Killed each time, perhaps by what it does: not for ever.
  if (claim.attempts > attemptsAllowed) {
    await inClinic((ctx) => updateFailed(ctx, id, worker, { forGood: true, failure: null }))
    return
  }
  const path = fileOf(services.config, id)
  const part = await partOf(services.config, id, worker)
  const key = randomBytes(32)
  const file = await createSealedFile(part, key, id)
  try {
    const work = contents(services, clinic, inClinic, { id, worker })
    await writeZip((bytes) => file.write(bytes), work.entries, claim.password)
    const bytes = await file.end()
    const counts = Object.fromEntries(work.files.map(({ file, rows }) => [file, rows]))
    const rows = work.files.reduce((sum, one) => sum + one.rows, 0)
    const expiresAt = services.clock.now().add({ hours: hoursKept })
    const ready = await inClinic(async (ctx) => {
      if (!(await updateReady(ctx, id, worker, { key, bytes, rows, counts, expiresAt }))) return false
      // With the row locked: whoever lost the lease never touches the file of whoever has it.
      await rename(part, path)
      return true
    })
    // Called off at the last moment, or made by another meanwhile.
    if (!ready) await removeFile(part)
  } catch (error) {
    await file.abandon().catch(() => undefined)
    await removeFile(part)
    // Whoever has the lease now makes it; this worker only stops.
    if (error instanceof LeaseLost) return
    // Trying again would fill the disk again, to the harm of everything else on it.
    const noRoom = isNoRoom(error)
    const forGood = noRoom || claim.attempts >= attemptsAllowed
    await inClinic((ctx) => updateFailed(ctx, id, worker, { forGood, failure: noRoom ? 'no_room' : null }))
    throw error
  }
}

const isNoRoom = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

type Within = <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>

/** The files of the ZIP in turn, and what is known of them once they are written. */
function contents(services: Services, clinic: Clinic, inClinic: Within, lease: { id: ExportId; worker: string }) {
  const files: FileFacts[] = []
  const attachments: Attachment[] = []
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

  /** The pictures of slips one by one, as they were kept, and then the list of them. */
  async function* slips(): AsyncGenerator<ZipEntry> {
    const lines: (readonly Cell[])[] = []
    for (let last: Slip | undefined; ;) {
      const page = await inClinic((ctx) => listSlipsOf(ctx.db, clinic.id, last?.paymentId, rowsPerBatch))
      for (const { paymentId, createdAt, mediaType } of page) {
        const slip = await inClinic(async (ctx) => {
          progress.done++
          await keepLease(ctx)
          return openOwnSlip(ctx, paymentId)
        })
        // Its time was over since it was listed.
        if (!slip) continue
        const { bytes } = slip
        const file = `slips/${paymentId}.${mediaType === 'image/jpeg' ? 'jpg' : 'bin'}`
        yield { name: file, bytes: whole(bytes), stored: true }
        attachments.push({ file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
        lines.push([paymentId, createdAt.toString(), mediaType, bytes.length, file])
      }
      last = page.at(-1)
      if (page.length < rowsPerBatch) break
    }
    const columns = Object.entries(slipColumns).map(([name, about]) => ({ name, about }))
    yield { name: 'slips.csv', bytes: csv('slips.csv', columns, lines) }
  }

  async function* entries(): AsyncGenerator<ZipEntry> {
    progress.total = await inClinic(
      async (ctx) => (await countRows(ctx, exportTables)) + (await countSlipsOf(ctx.db, clinic.id)),
    )
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
    yield* slips()
    const manifest = manifestOf(services, clinic, files, attachments)
    yield { name: 'manifest.json', bytes: textOf(JSON.stringify(manifest, null, 2)) }
  }

  return { entries: entries(), files }
}

const whole = (bytes: Buffer): AsyncIterable<Uint8Array> => Readable.from([bytes], { objectMode: true })

const textOf = (text: string) => whole(Buffer.from(text))

/** With a byte order mark and Windows' line ends, since it is opened by a double click. */
function readme(t: ReturnType<Services['speakers']>['t'], { name }: Clinic): string {
  const parts = [
    t('export.readme.title', { clinic: name }),
    t('export.readme.what'),
    ...[...exportTables.map((table) => table.name), 'staff', 'slips'].map(
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

function manifestOf({ clock }: Services, clinic: Clinic, files: FileFacts[], attachments: Attachment[]): Manifest {
  const { id, name, slug, country, zone, currency, language } = clinic
  return {
    format: formatName,
    version: formatVersion,
    madeAt: clock.now().toString(),
    clinic: { id, name, slug, country, zone, currency, language },
    files,
    attachments,
    leftOut: { tables: tablesLeftOut, columns: columnsLeftOut },
  }
}
