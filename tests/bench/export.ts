// Taking a large clinic along: `npm run bench -- --only export`. 100,000 visits and 2 GB of files out of a running server,
// its memory watched meanwhile; every row compared with the database; and in again, into a clinic that was just opened.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { parse } from 'csv-parse'
import type { Knex } from 'knex'
import type pg from 'pg'
import { readConfig } from '../../src/config.ts'
import { insertSlip } from '../../src/features/billing/queries/slips.ts'
import { openClinic } from '../../src/features/clinics/actions.ts'
import { importExport } from '../../src/features/export/actions/import.ts'
import type { Table } from '../../src/features/export/rules/columns.ts'
import { exportTables } from '../../src/features/export/rules/tables.ts'
import { newId } from '../../src/kernel/ids.ts'
import { openZip, type OpenZip } from '../../src/platform/zip.ts'
import type { Services } from '../../src/platform/services.ts'
import { startServices } from '../../src/start.ts'
import { withClient, zone, type Diary } from './fixtures.ts'
import { formsOf, fromProxy } from './load.ts'
import type { Nabz } from './server.ts'

export const exportScenario = 'export of a large clinic'
const aimMb = 200
const pictureBytes = 1024 * 1024

type Manifest = {
  files: { file: string; rows: number; sha256: string }[]
  attachments: { file: string; bytes: number; sha256: string }[]
}

export async function measureExport({ diary, nabz }: { diary: Diary; nabz: Nabz }, pictures: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'nabz-bench-export-'))
  const { services, stop } = await startServices(readConfig(diary.env))
  const lines: string[] = []
  try {
    await withClient(diary.superuserUrl, async (client) => {
      await addPictures(services, client, diary.clinic.id, pictures)
      const page = '/app/bench-clinic/settings/export'
      const cookie = diary.deskCookie
      await (await fetch(nabz.origin + page, { headers: { ...fromProxy, cookie } })).text()
      const idle = (await nabz.memory()).rss

      const id = await askFor(client, diary.clinic.id)
      const made = await watched(nabz, idle, () => ready(client, id))
      const { rows } = await client.query<{ bytes: number; rows: number }>(
        'select bytes::float8 as bytes, rows_done::float8 as rows from clinic.exports where id = $1',
        [id],
      )
      const { bytes, rows: count } = rows[0]!
      lines.push(`  made: ${count} rows and ${pictures} pictures, ${mb(bytes)} MB, in ${made.seconds.toFixed(1)} s`)
      lines.push(`  memory: ${mb(idle)} MB idle, at most ${mb(made.above)} MB above it while it is made`)
      // The owner has just proven who they are.
      await client.query(
        `update platform.sessions set sess = (sess::jsonb || jsonb_build_object('proven',
           jsonb_build_object('password', extract(epoch from now()) * 1000)))::json`,
      )
      const path = join(folder, 'export.zip')
      const taken = await watched(nabz, idle, () => download(nabz, page, cookie, id, path))
      lines.push(`  downloaded: ${mb((await stat(path)).size)} MB in ${taken.seconds.toFixed(1)} s`)
      const above = Math.max(made.above, taken.above)
      const met = above < aimMb * 1e6 ? 'ok' : 'NOT MET'
      lines.push(
        `  memory: ${mb(idle)} MB idle; at most ${mb(made.above)} MB above it while it is made, ${mb(taken.above)} MB while it is downloaded (aim: < ${aimMb} MB)   ${met}`,
      )

      const zip = await openZip(path, undefined)
      const compared = await timed(() => compare(client, diary.clinic.id, zip))
      lines.push(`  ${compared.value} (${compared.seconds.toFixed(1)} s)`)

      const { id: freshId } = await services.db.transaction((trx: Knex.Transaction) =>
        openClinic(services, trx, {
          name: 'Fresh Clinic',
          slug: 'bench-fresh',
          city: 'Karachi',
          country: 'PK',
          zone,
          currency: 'PKR',
          specialty: 'general_practice',
          language: 'en',
        }),
      )
      const imported = await timed(() =>
        importExport(services, { path, slug: 'bench-fresh', password: undefined, dryRun: false }),
      )
      if (!imported.value.ok) throw new Error(`the import says ${imported.value.reason}`)
      lines.push(`  imported into a fresh clinic in ${imported.seconds.toFixed(1)} s`)
      await ready(client, await askFor(client, freshId))
      const again = await manifestOfClinic(client, freshId)
      const before = (await manifestIn(zip)).files
      const different = exportTables.filter(({ name }) => {
        const file = `${name}.csv`
        return name !== 'audit_entries' && again[file] !== before.find((one) => one.file === file)?.rows
      })
      lines.push(
        `  exported again: as many rows in every table but the log${different.map(({ name }) => `, NOT ${name}`).join('')}`,
      )
      lines.push(`  ${await compareClinics(client, diary.clinic.id, freshId)}`)
      await zip.close()
    })
  } finally {
    process.stdout.write(`\n${exportScenario}\n${lines.join('\n')}\n`)
    await stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const mb = (bytes: number) => (bytes / 1e6).toFixed(0)

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const started = performance.now()
  const value = await work()
  return { value, seconds: (performance.now() - started) / 1000 }
}

/** The most that the server takes above `idle` while `work` goes on. */
async function watched(
  nabz: Nabz,
  idle: number,
  work: () => Promise<unknown>,
): Promise<{ seconds: number; above: number }> {
  let above = 0
  const stop = new AbortController()
  const watching = (async () => {
    while (!stop.signal.aborted) {
      above = Math.max(above, (await nabz.memory()).rss - idle)
      await pause(50)
    }
  })()
  try {
    const { seconds } = await timed(work)
    return { seconds, above }
  } finally {
    stop.abort()
    await watching
  }
}

/** Payments with a picture each, of noise, since pictures are packed already. */
async function addPictures(services: Services, client: pg.Client, clinicId: string, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const bytes = noise(at)
    const picture = { bytes, mediaType: 'image/jpeg' }
    const slipId = await insertSlip(services.db, services.keys.platform, picture, services.clock.now())
    await client.query(
      `insert into platform.payments (id, clinic_id, status, provider, method, amount_minor, currency, reference, paid_on,
         slip_id, created_at)
       values ($1, $2, 'declared', 'manual', 'bank_transfer', 290000, 'PKR', $3, '2026-11-01', $4, now())`,
      [newId(), clinicId, `T-${at}`, slipId],
    )
  }
}

function noise(seed: number): Buffer {
  const parts: Buffer[] = []
  let block = createHash('sha512').update(`picture ${seed}`).digest()
  for (let length = 0; length < pictureBytes; length += block.length) {
    parts.push(block)
    if (parts.length % 64 === 0) block = createHash('sha512').update(block).digest()
  }
  return Buffer.concat(parts)
}

/** As the form does, except for the owner's password. */
async function askFor(client: pg.Client, clinicId: string): Promise<string> {
  const id = newId()
  await client.query(
    `insert into clinic.exports (clinic_id, id, asked_by, asked_at, protected)
     select $1, $2, user_id, now(), false from platform.memberships where role = 'owner' limit 1`,
    [clinicId, id],
  )
  return id
}

async function ready(client: pg.Client, id: string): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ state: string }>('select state from clinic.exports where id = $1', [id])
    const state = rows[0]?.state
    if (state === 'ready') return
    if (state !== 'waiting' && state !== 'making') throw new Error(`the export is ${state ?? 'gone'}`)
    await pause(200)
  }
}

async function download(nabz: Nabz, page: string, cookie: string, id: string, path: string): Promise<void> {
  const shown = await fetch(nabz.origin + page, { headers: { ...fromProxy, cookie } })
  const form = formsOf(await shown.text()).find(({ action }) => action.endsWith(`${id}/download`))
  if (!form) throw new Error(`there is nothing to download: ${shown.status} ${shown.url}`)
  const given = shown.headers.getSetCookie().map((line) => line.slice(0, line.indexOf(';')))
  const answer = await fetch(nabz.origin + form.action, {
    method: 'POST',
    headers: {
      ...fromProxy,
      cookie: [cookie, ...given].join('; '),
      origin: 'https://nabz.test',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(form.fields),
  })
  if (answer.status !== 200 || !answer.body) throw new Error(`the download answers ${answer.status}`)
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(path))
}

async function manifestIn(zip: OpenZip): Promise<Manifest> {
  const parts: Uint8Array[] = []
  for await (const part of zip.read('manifest.json')) parts.push(part)
  return JSON.parse(Buffer.concat(parts).toString()) as Manifest
}

async function manifestOfClinic(client: pg.Client, clinicId: string): Promise<Record<string, number>> {
  const { rows } = await client.query<{ counts: Record<string, number> }>(
    `select counts from clinic.exports where clinic_id = $1 and state = 'ready'`,
    [clinicId],
  )
  return rows[0]?.counts ?? {}
}

const plainOf = (table: Table) => table.columns.filter(({ kind }) => !kind.startsWith('sealed') && kind !== 'json')

/** What is stored, as the file ought to say it, in words of SQL that are not the export's own. */
const saidBy = (table: Table) =>
  plainOf(table).map(({ kind, column, name }) => {
    if (kind === 'hex') return `coalesce(encode(${column}, 'hex'), '') as ${name}`
    if (kind === 'time') return `coalesce(regexp_replace(to_json(${column})#>>'{}', '\\+00:00$', 'Z'), '') as ${name}`
    return `coalesce(${column}::text, '') as ${name}`
  })

/** Every file's digest, and every plain field of every row, by another's CSV reader, against the database. */
async function compare(client: pg.Client, clinicId: string, zip: OpenZip): Promise<string> {
  const manifest = await manifestIn(zip)
  for (const { file, sha256 } of [...manifest.files, ...manifest.attachments]) {
    const digest = createHash('sha256')
    for await (const part of zip.read(file)) digest.update(part)
    if (digest.digest('hex') !== sha256) throw new Error(`${file} is not what the manifest says`)
  }
  await client.query(`set timezone = 'UTC'`)
  let [fields, rowsRead] = [0, 0]
  for (const table of exportTables) {
    const { rows: stored } = await client.query<Record<string, string>>(
      `select ${saidBy(table).join(', ')} from clinic.${table.name} where clinic_id = $1
       ${table.only === undefined ? '' : `and ${table.only}`} ${table.key.length > 0 ? `order by ${table.key.join(', ')}` : ''}`,
      [clinicId],
    )
    const text = Readable.from(zip.read(`${table.name}.csv`), { objectMode: false })
    let at = 0
    for await (const row of text.pipe(parse({ bom: true, columns: true })) as AsyncIterable<Record<string, string>>) {
      const expected = stored[at++]
      for (const { name } of plainOf(table)) {
        const value = row[name]?.replace(/^'(?='*\s*[=+\-@\t\r＝＋－＠])/u, '')
        if (value !== expected?.[name]) {
          throw new Error(`${table.name} row ${at}, ${name}: ${value} in the file, ${expected?.[name]} in the database`)
        }
        fields++
      }
    }
    // The log went on: that it was downloaded is in it.
    if (at !== stored.length && table.name !== 'audit_entries') throw new Error(`${table.name} has ${at} rows`)
    rowsRead += at
  }
  return `read again by another parser: ${manifest.files.length + manifest.attachments.length} digests and ${fields} fields of ${rowsRead} rows equal the database`
}

/** Row by row in the database: what is not sealed is the same, and what is sealed is not (another clinic's key). */
async function compareClinics(client: pg.Client, from: string, to: string): Promise<string> {
  const wrong: string[] = []
  for (const table of exportTables.filter(({ name, key }) => name !== 'audit_entries' && key.length > 0)) {
    const said = saidBy(table).filter((one) => !one.endsWith(' as user_id'))
    const all = (id: string) =>
      `select ${said.join(', ')} from clinic.${table.name} where clinic_id = '${id}' ${table.only === undefined ? '' : `and ${table.only}`}`
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from ((${all(from)} except all ${all(to)}) union all (${all(to)} except all ${all(from)})) d`,
    )
    if (rows[0]?.count !== 0) wrong.push(`${rows[0]?.count} of ${table.name}`)
  }
  return wrong.length === 0 ? 'both clinics hold the same rows' : `the clinics differ: ${wrong.join(', ')}`
}
