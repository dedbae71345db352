// What is in the file: every table, as it is, for programs of somebody else's and for nobody without the password.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnsLeftOut, exportTables, tablesLeftOut } from '../../src/features/export/rules/tables.ts'
import { defused } from '../../src/platform/csv.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeDeclaredPayment } from '../support/books.ts'
import { exportOf, furnishedClinic, nastyNames, readCsv, stateOf, unzip, unzipBytes } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

describe('what is in it', () => {
  it('is every table and column of a clinic, but for those on the list of what stays out', async () => {
    const columns = await app.superuser<{ what: string; table: string }>(`
      select c.relname as table, c.relname || '.' || a.attname as what from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p') and a.attname <> 'clinic_id'`)
    const exported = exportTables.flatMap(({ name, columns }) => columns.map(({ column }) => `${name}.${column}`))
    const forgotten = columns
      .filter(({ table }) => tablesLeftOut[table] === undefined)
      .map(({ what }) => what)
      .filter((what) => !exported.includes(what) && columnsLeftOut[what] === undefined)
    expect(forgotten).toEqual([])
    const there = columns.map(({ what }) => what)
    expect([...exported, ...Object.keys(columnsLeftOut)].filter((what) => !there.includes(what))).toEqual([])
  })

  it('equals the database, read by somebody else’s programs', async () => {
    const clinic = await furnishedClinic(app)
    const files = (await unzip(await exportOf(clinic)))!
    const manifest = JSON.parse(files['manifest.json']!) as {
      clinic: { id: string }
      files: { file: string; rows: number; sha256: string; columns: { name: string; about: string }[] }[]
    }
    expect(Object.keys(files).sort()).toEqual(
      [...manifest.files.map(({ file }) => file), 'manifest.json', 'README.txt'].sort(),
    )
    expect(manifest.clinic.id).toBe(clinic.id)
    for (const { file, rows, sha256, columns } of manifest.files) {
      expect(createHash('sha256').update(files[file]!).digest('hex')).toBe(sha256)
      expect(files[file]!.startsWith('\ufeff')).toBe(true)
      const read = readCsv(files[file]!)
      expect({ file, rows: read.length }).toEqual({ file, rows })
      if (read[0]) expect(Object.keys(read[0])).toEqual(columns.map(({ name }) => name))
    }
    for (const table of exportTables) {
      const read = readCsv(files[`${table.name}.csv`]!)
      const plain = table.columns.filter(({ kind }) => !kind.startsWith('sealed') && kind !== 'json')
      const said = plain.map(({ kind, column }) =>
        kind === 'hex'
          ? `encode(${column}, 'hex') as ${column}`
          : kind === 'time'
            ? `to_json(${column})#>>'{}' as ${column}`
            : `${column}::text`,
      )
      const stored = await app.superuser<Record<string, string | null>>(
        `select ${said.join(', ')} from clinic.${table.name} where clinic_id = $1 ${table.only ? `and ${table.only}` : ''}
         ${table.name === 'audit_entries' ? `and action <> 'export.downloaded'` : ''}
         ${table.key.length > 0 ? `order by ${table.key.join(', ')}` : ''}`,
        [clinic.id],
      )
      const time = (text: string) => (/T.*\+/.test(text) ? text.replace(/\+00:00$/, 'Z') : text)
      expect(read.length).toBe(stored.length)
      expect(read.length).toBeGreaterThan(0)
      for (const [index, row] of stored.entries()) {
        for (const { column, kind, name } of plain) {
          const value = row[column] ?? ''
          expect({ name, value: read[index]![name] }).toEqual({ name, value: kind === 'time' ? time(value) : value })
        }
      }
    }
    const opened = readCsv(files['patients.csv']!)
    expect(opened.map(({ email }) => email)).toContain('p0@patient.test')
    for (const { phone } of opened) expect(phone).toMatch(/^\+92300\d{7}$/)
    expect(files['staff.csv']).toContain(clinic.cast.bilal.email)
    expect(files['README.txt']).toContain('Everything that Shifa Clinic keeps in Nabz')
  })

  it('holds no cell that a spreadsheet would run', async () => {
    const clinic = await furnishedClinic(app)
    const files = (await unzip(await exportOf(clinic)))!
    const { parse } = await import('csv-parse/sync')
    const cells = Object.entries(files)
      .filter(([name]) => name.endsWith('.csv'))
      .flatMap(([, text]) => parse(text, { bom: true }).flat())
    // A number is no formula, also below zero.
    const run = cells.filter((cell) => /^\s*[=+\-@\t\r＝＋－＠]/u.test(cell) && !/^-\d+$/.test(cell))
    expect(run).toEqual([])
    const [stored] = [
      await app.superuser<{ name: string }>('select name from clinic.patients where clinic_id = $1', [clinic.id]),
    ]
    for (const { name } of stored) expect(cells).toContain(defused(name))
    expect(stored).toHaveLength(nastyNames.length)
  })

  it('has the pictures of slips as they are, with their digests', async () => {
    const clinic = await furnishedClinic(app)
    const { id } = await makeDeclaredPayment(clinic)
    const files = (await unzipBytes(await exportOf(clinic)))!
    const manifest = JSON.parse(String(files['manifest.json'])) as {
      attachments: { file: string; bytes: number; sha256: string }[]
    }
    const file = `slips/${id}.jpg`
    const picture = files[file]!
    expect(picture.subarray(0, 3).toString('hex')).toBe('ffd8ff')
    const sha256 = createHash('sha256').update(picture).digest('hex')
    expect(manifest.attachments).toEqual([{ file, bytes: picture.length, sha256 }])
    expect(readCsv(String(files['slips.csv']))).toMatchObject([{ payment_id: id, media_type: 'image/jpeg', file }])
    expect(Object.keys((await unzipBytes(await exportOf(await furnishedClinic(app))))!)).not.toContain(file)
  })

  it('opens with its password in 7-Zip, and not without it', { timeout: 60_000 }, async () => {
    const clinic = await furnishedClinic(app)
    const file = await exportOf(clinic, 'Correct-horse-9')
    expect(await unzip(file)).toBeUndefined()
    expect(await unzip(file, 'Correct-horse-8')).toBeUndefined()
    expect((await unzip(file, 'Correct-horse-9'))!['patients.csv']).toContain('p0@patient.test')
    expect(file.includes('p0@patient.test')).toBe(false)
    expect(await stateOf(clinic)).toMatchObject([{ state: 'ready', password_sealed: null }])
  })

  it('lies sealed on the disk', async () => {
    const clinic = await furnishedClinic(app)
    await exportOf(clinic)
    const [{ id } = { id: '' }] = (await stateOf(clinic)) as { id: string }[]
    const stored = await readFile(join(app.services.config.exportDir, `${id}.sealed`))
    for (const trace of ['PK\u0003\u0004', 'patients.csv']) expect(stored.includes(trace)).toBe(false)
  })
})
