// What lies inside the chunks: a head, then each table's rows as Postgres's own COPY text, then the manifest, as records
// `kind ‖ length ‖ bytes`.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { SealError } from '../seal/envelope.ts'
import { byteReader } from './chunks.ts'

const table = z.object({ schema: z.string(), name: z.string(), columns: z.array(z.string()).min(1) })
const head = z.object({
  format: z.literal(1),
  madeAt: z.string(),
  migrations: z.array(z.string()).min(1),
  /** Whose rows alone these are; absent where they are everybody's. */
  clinic: z.string().optional(),
})
const manifest = head.extend({
  tables: z.array(z.object({ schema: z.string(), name: z.string(), rows: z.number(), sha256: z.string() })),
  sequences: z.array(z.object({ name: z.string(), value: z.string() })),
})

export type TableShape = z.infer<typeof table>
export type BackupHead = z.infer<typeof head>
/** What a backup holds: when, of which schema, how many rows of each table, and what their bytes add up to. */
export type BackupManifest = z.infer<typeof manifest>

const kinds = { head: 1, table: 2, data: 3, end: 4, manifest: 5 } as const

function* record(kind: keyof typeof kinds, body: Buffer): Generator<Buffer> {
  const frame = Buffer.alloc(5)
  frame.writeUInt8(kinds[kind], 0)
  frame.writeUInt32BE(body.length, 1)
  yield frame
  yield body
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value))

/** Rows of one table on their way out; `rows()` once all of them are through. */
export type TableStream = { shape: TableShape; data: AsyncIterable<Buffer>; rows: () => number }

/**
 * Writes an archive piece by piece, holding no table whole. `finished` is given the manifest just before its bytes,
 * the last of the archive. Whatever reading a table throws ends the archive without one, so that it can't be taken
 * for whole.
 */
export async function* packArchive(
  start: BackupHead,
  tables: AsyncIterable<TableStream>,
  sequences: BackupManifest['sequences'],
  finished: (manifest: BackupManifest) => void,
): AsyncGenerator<Buffer> {
  yield* record('head', json(start))
  const sums: BackupManifest['tables'] = []
  for await (const { shape, data, rows } of tables) {
    yield* record('table', json(shape))
    const sum = createHash('sha256')
    for await (const piece of data) {
      sum.update(piece)
      yield* record('data', piece)
    }
    yield* record('end', Buffer.alloc(0))
    sums.push({ schema: shape.schema, name: shape.name, rows: rows(), sha256: sum.digest('hex') })
  }
  const whole = { ...start, tables: sums, sequences }
  finished(whole)
  yield* record('manifest', json(whole))
}

export type ArchiveReader = {
  /** Before anything else of the archive is read. */
  begin(head: BackupHead): Promise<void>
  /** Must read `data` to its end. Answers how many rows it took. */
  table(shape: TableShape, data: AsyncIterable<Buffer>): Promise<number | undefined>
}

/** Reads an archive in order. Throws SealError when it does not hold what its manifest says. */
export async function unpackArchive(plain: AsyncIterable<Buffer>, reader: ArchiveReader): Promise<BackupManifest> {
  const source = byteReader(plain)
  const next = async (): Promise<{ kind: number; body: Buffer }> => {
    const frame = await source.take(5)
    const body = frame && (await source.take(frame.readUInt32BE(1)))
    if (!body) throw new SealError('the backup ends too early')
    return { kind: frame.readUInt8(0), body }
  }
  const first = await next()
  if (first.kind !== kinds.head) throw new SealError('the backup begins with no head')
  await reader.begin(head.parse(JSON.parse(first.body.toString())))
  const found: (Omit<BackupManifest['tables'][number], 'rows'> & { rows: number | undefined })[] = []
  for (;;) {
    const { kind, body } = await next()
    if (kind === kinds.manifest) {
      const told = manifest.parse(JSON.parse(body.toString()))
      compare(told, found)
      return told
    }
    if (kind !== kinds.table) throw new SealError('the backup is out of order')
    const shape = table.parse(JSON.parse(body.toString()))
    const sum = createHash('sha256')
    const rows = await reader.table(shape, piecesOf(next, sum))
    found.push({ schema: shape.schema, name: shape.name, rows, sha256: sum.digest('hex') })
  }
}

async function* piecesOf(
  next: () => Promise<{ kind: number; body: Buffer }>,
  sum: ReturnType<typeof createHash>,
): AsyncGenerator<Buffer> {
  for (;;) {
    const { kind, body } = await next()
    if (kind === kinds.end) return
    if (kind !== kinds.data) throw new SealError('the backup is out of order')
    sum.update(body)
    yield body
  }
}

function compare(told: BackupManifest, found: { name: string; rows: number | undefined; sha256: string }[]) {
  const wrong = told.tables.filter(({ name, rows, sha256 }, at) => {
    const one = found[at]
    return one?.name !== name || one.sha256 !== sha256 || (one.rows !== undefined && one.rows !== rows)
  })
  if (wrong.length > 0 || found.length !== told.tables.length) {
    throw new SealError(`the backup is not what its manifest says: ${wrong.map(({ name }) => name).join(', ')}`)
  }
}
