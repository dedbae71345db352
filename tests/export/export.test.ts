// The whole clinic as a ZIP of tables: what is in it, who gets it, how it comes about, and the way back.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { importExport } from '../../src/features/export/actions/import.ts'
import { columnsLeftOut, exportTables, tablesLeftOut } from '../../src/features/export/rules/tables.ts'
import { defused } from '../../src/platform/csv.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeDeclaredPayment } from '../support/books.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import {
  askersPhone,
  exportOf,
  furnishedClinic,
  givePassword,
  inFile,
  nastyNames,
  readCsv,
  unzip,
  unzipBytes,
} from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const page = ({ slug }: TestClinic) => `/app/${slug}/settings/export`
const filesLeft = () => readdir(app.services.config.exportDir).catch(() => [] as string[])
const stateOf = async ({ id }: TestClinic) =>
  app.superuser<Record<string, unknown>>(
    'select id, state, key_sealed, password_sealed, attempts from clinic.exports where clinic_id = $1 order by asked_at',
    [id],
  )

async function ask(clinic: TestClinic, fields: Record<string, string> = {}) {
  const nadia = await clinic.as(clinic.cast.nadia)
  return nadia.postForm(page(clinic), fields)
}

/** Has exports made while something stands in the way: a table, or rows of one. */
async function heldAt(what: string): Promise<{ made: Promise<void>; release: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: app.database.superuserUrl })
  await client.connect()
  await client.query('begin')
  await client.query(what.includes(' ') ? `select from ${what}` : `lock table ${what} in access exclusive mode`)
  return {
    made: app.runJob('export.make'),
    release: async () => {
      await client.query('rollback')
      await client.end()
    },
  }
}

async function waitFor(done: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await done()).toBe(true), { timeout: 10_000, interval: 50 })
}

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

describe('asking for it', () => {
  it('says what is wrong with the password for the file', async () => {
    const clinic = await makeClinic(app)
    await givePassword(app, clinic.cast.nadia)
    const wrong: [Record<string, string>, string][] = [
      [{ password: 'short', again: 'short' }, 'too short'],
      [{ password: 'كلمة سر طويلة', again: 'كلمة سر طويلة' }, 'only Latin letters'],
      [{ password: 'Correct-horse-9', again: 'Correct-horse-8' }, 'not the same'],
    ]
    for (const [fields, words] of wrong) {
      const answer = await ask(clinic, fields)
      expect({ status: answer.status, says: answer.text.includes(words) }).toEqual({ status: 422, says: true })
    }
    expect(await stateOf(clinic)).toEqual([])
  })

  it('is one at a time, written down, and told to every owner', async () => {
    const clinic = await makeClinic(app)
    await givePassword(app, clinic.cast.nadia)
    expect((await ask(clinic)).status).toBe(303)
    expect((await ask(clinic)).status).toBe(303)
    expect(await stateOf(clinic)).toHaveLength(1)
    await app.runJob('export.make')
    await app.runJob('messaging.mails')
    const told = app.mail.mailsTo(clinic.cast.nadia.email)
    expect(told).toHaveLength(1)
    const entries = await app.superuser<{ action: string }>(
      `select action from clinic.audit_entries where clinic_id = $1 and action like 'export.%'`,
      [clinic.id],
    )
    expect(entries).toEqual([{ action: 'export.asked' }])
  })

  it('works while the clinic is read-only, locked or suspended', async () => {
    const clinic = await furnishedClinic(app)
    for (const status of ['read_only', 'locked', 'suspended']) {
      await app.superuser('update platform.clinics set status = $1 where id = $2', [status, clinic.id])
      expect(await unzip(await exportOf(clinic))).toBeDefined()
      app.clock.advance({ minutes: 1 })
    }
  })

  it('is led to from every page that says so, for owners and nobody else', async () => {
    const clinic = await furnishedClinic(app)
    const door = `href="${page(clinic)}"`
    const waysOut = (text: string) => text.split(door).length - 1
    for (const [status, closedAt] of [
      ['read_only', null],
      ['locked', null],
      ['locked', app.clock.now().toString()],
      ['suspended', null],
    ]) {
      await app.superuser('update platform.clinics set status = $1 where id = $2', [status, clinic.id])
      await app.superuser('update platform.subscriptions set closed_at = $1 where clinic_id = $2', [
        closedAt,
        clinic.id,
      ])
      const nadia = await clinic.as(clinic.cast.nadia)
      const form = await nadia.postForm(`/app/${clinic.slug}/settings/locations`, { name: 'Branch' })
      expect(form.status).toBe(status === 'read_only' ? 409 : 403)
      // In the line above every page, and on the page in place of what was wanted.
      expect({ status, ways: waysOut(form.text) }).toEqual({ status, ways: 2 })
      const bilal = await clinic.as(clinic.cast.bilal)
      const staff = await bilal.get(`/app/${clinic.slug}/today`)
      expect({ status, ways: waysOut(staff.text) }).toEqual({ status, ways: 0 })
      await bilal.postForm(page(clinic), {}).expect(403)
    }
  })
})

describe('the file', () => {
  it('is for who asked, is written down when taken, and never cached', async () => {
    const clinic = await furnishedClinic(app)
    await exportOf(clinic)
    const [{ id } = { id: '' }] = (await stateOf(clinic)) as { id: string }[]
    const download = `${page(clinic)}/${id}/download`
    const nadia = await clinic.as(clinic.cast.nadia)
    const { headers } = await nadia.postForm(download).expect(200)
    expect(headers).toMatchObject({
      'content-type': 'application/zip',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(headers['content-disposition']).toMatch(/^attachment; filename="nabz-shifa-\d+-\d{4}-\d\d-\d\d\.zip"$/)
    // Sana as a second owner: she sees that it is there and does not get it.
    await app.superuser(`update platform.memberships set role = 'owner' where user_id = $1`, [clinic.cast.sana.userId])
    const sana = await clinic.as(clinic.cast.sana)
    await sana.postForm(download).expect(404)
    expect((await sana.get(page(clinic)).expect(200)).text).toContain('Only the person who asked')
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.postForm(download).expect(403)
    await bilal.get(page(clinic)).expect(403)
    const omar = await clinic.as(clinic.cast.omar)
    await omar.postForm(download).expect(404)
    await omar.postForm(`/app/${clinic.other.slug}/settings/export/${id}/download`).expect(404)
    const taken = await app.superuser(
      `select 1 from clinic.audit_entries where clinic_id = $1 and action = 'export.downloaded'`,
      [clinic.id],
    )
    expect(taken).toHaveLength(2)
  })

  it('is there for 24 hours to the second, and then nowhere', async () => {
    const clinic = await furnishedClinic(app)
    await exportOf(clinic)
    const [{ id } = { id: '' }] = (await stateOf(clinic)) as { id: string }[]
    const nadia = await clinic.as(clinic.cast.nadia)
    const download = `${page(clinic)}/${id}/download`
    app.clock.advance({ hours: 23, minutes: 59, seconds: 59 })
    await app.runJob('export.make')
    await (await clinic.as(clinic.cast.nadia)).postForm(download).expect(200)
    expect(await filesLeft()).toContain(`${id}.sealed`)
    app.clock.advance({ seconds: 1 })
    await nadia.postForm(download).expect((answer) => expect([303, 404]).toContain(answer.status))
    await (await clinic.as(clinic.cast.nadia)).postForm(download).expect(404)
    await app.runJob('export.make')
    expect(await filesLeft()).not.toContain(`${id}.sealed`)
    expect(await stateOf(clinic)).toMatchObject([{ state: 'expired', key_sealed: null }])
  })

  it('is made by another process when the one that began was killed, and by no two at once', async () => {
    const clinic = await furnishedClinic(app)
    await ask(clinic)
    // As a process leaves it that was killed at its work.
    await app.superuser(
      `update clinic.exports set state = 'making', worker = gen_random_uuid(), attempts = 1, lease_until = $2 where clinic_id = $1`,
      [clinic.id, app.clock.now().add({ seconds: 120 }).toString()],
    )
    await app.runJob('export.make')
    expect(await stateOf(clinic)).toMatchObject([{ state: 'making', attempts: 1 }])
    app.clock.advance({ seconds: 121 })
    await Promise.all([app.runJob('export.make'), app.runJob('export.make')])
    expect(await stateOf(clinic)).toMatchObject([{ state: 'ready', attempts: 2 }])
    expect((await filesLeft()).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('says so when it had to begin again', async () => {
    const clinic = await furnishedClinic(app)
    await ask(clinic)
    await app.superuser(
      `update clinic.exports set state = 'making', worker = gen_random_uuid(), attempts = 2, rows_done = 3, rows_total = 9,
         lease_until = $2 where clinic_id = $1`,
      [clinic.id, app.clock.now().add({ seconds: 120 }).toString()],
    )
    const nadia = await clinic.as(clinic.cast.nadia)
    // The page itself, as a browser without scripts loads it again by its link.
    const { text } = await nadia.get(page(clinic)).expect(200)
    expect(text).toContain('It was interrupted and is being made again')
    expect(text).toContain('3 of 9 rows')
    expect(text).toMatch(/<progress [^>]*max="9" value="3">/)
    expect(text).toMatch(/data-no-script><a [^>]*href="\?">/)
    await app.superuser(`update clinic.exports set state = 'waiting' where clinic_id = $1`, [clinic.id])
  })

  it('is called off by a button, before it is begun and in the middle', async () => {
    const clinic = await furnishedClinic(app)
    const [first, second] = ['waiting', 'making']
    const idOf = async (at: number) => ((await stateOf(clinic))[at] as { id: string }).id
    const press = async (id: string) => (await clinic.as(clinic.cast.nadia)).postForm(`${page(clinic)}/${id}/cancel`)
    await ask(clinic, { password: 'Correct-horse-9', again: 'Correct-horse-9' })
    expect(await stateOf(clinic)).toMatchObject([{ state: first }])
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.postForm(`${page(clinic)}/${await idOf(0)}/cancel`).expect(403)
    expect((await press(await idOf(0))).status).toBe(303)
    await app.runJob('export.make')
    expect(await stateOf(clinic)).toMatchObject([{ state: 'cancelled', password_sealed: null, attempts: 0 }])
    // Gone already: nothing happens, and it says so.
    expect((await press(await idOf(0))).status).toBe(303)

    app.clock.advance({ minutes: 1 })
    await ask(clinic)
    const { made, release } = await heldAt('clinic.closures')
    await waitFor(async () => (await stateOf(clinic))[1]?.state === second)
    expect((await press(await idOf(1))).status).toBe(303)
    await release()
    await made
    expect((await stateOf(clinic))[1]).toMatchObject({ state: 'cancelled', key_sealed: null, attempts: 1 })
    expect((await filesLeft()).filter((name) => name.startsWith(String(second)) || name.endsWith('.part'))).toEqual([])
    const nadia = await clinic.as(clinic.cast.nadia)
    expect((await nadia.get(page(clinic)).expect(200)).text).toContain('Stopped')
    const told = await app.superuser(
      `select 1 from clinic.audit_entries where clinic_id = $1 and action = 'export.cancelled'`,
      [clinic.id],
    )
    expect(told).toHaveLength(2)
    expect((await ask(clinic)).status).toBe(303)
  })

  it('is made beside another’s that takes long', async () => {
    const [large, small] = [await furnishedClinic(app), await furnishedClinic(app)]
    await ask(large)
    app.clock.advance({ seconds: 1 })
    await ask(small)
    const { made, release } = await heldAt(`clinic.exports where clinic_id = '${large.id}' for update`)
    await waitFor(async () => (await stateOf(small))[0]?.state === 'ready')
    expect(await stateOf(large)).toMatchObject([{ state: 'waiting' }])
    await release()
    await made
    expect(await stateOf(large)).toMatchObject([{ state: 'ready' }])
  })

  it('is given up after five tries, and another can be asked for', async () => {
    const clinic = await furnishedClinic(app)
    await ask(clinic)
    await app.superuser(`update clinic.exports set attempts = 5 where clinic_id = $1`, [clinic.id])
    await app.runJob('export.make')
    expect(await stateOf(clinic)).toMatchObject([{ state: 'failed', password_sealed: null }])
    expect((await ask(clinic)).status).toBe(303)
    expect(await stateOf(clinic)).toHaveLength(2)
  })
})

describe('the way back', () => {
  const bring = (bytes: Buffer, slug: string, more: { password?: string; dryRun?: boolean } = {}) =>
    inFile(bytes, (path) =>
      importExport(app.services, { path, slug, password: more.password, dryRun: more.dryRun ?? false }),
    )

  it('gives a fresh clinic the same rows', { timeout: 60_000 }, async () => {
    const clinic = await furnishedClinic(app)
    const first = await exportOf(clinic, 'Correct-horse-9')
    const fresh = await makeClinic(app)
    await givePassword(app, fresh.cast.nadia)
    expect(await bring(first, fresh.slug)).toEqual({ ok: false, reason: 'password' })
    expect(await bring(first, fresh.slug, { password: 'Correct-horse-8' })).toEqual({ ok: false, reason: 'password' })
    const dry = await bring(first, fresh.slug, { password: 'Correct-horse-9', dryRun: true })
    expect(dry).toMatchObject({ ok: true, value: { rows: { patients: nastyNames.length } } })
    expect(await app.superuser('select 1 from clinic.patients where clinic_id = $1', [fresh.id])).toEqual([])
    expect(await bring(first, fresh.slug, { password: 'Correct-horse-9' })).toEqual(dry)
    expect(await bring(first, fresh.slug, { password: 'Correct-horse-9' })).toEqual({ ok: false, reason: 'not_empty' })

    const [before, after] = [(await unzip(first, 'Correct-horse-9'))!, (await unzip(await exportOf(fresh)))!]
    for (const { name } of exportTables) {
      const same = (rows: Record<string, string>[]) =>
        rows
          // The two clinics' own entries about exports and imports, and what an import changes on purpose.
          .filter(({ action }) => !action?.startsWith('export.'))
          // Without its salt, which stays, a digest of an address says nothing.
          .map((row) => ('origin_digest' in row ? { ...row, origin_digest: '' } : row))
          .map(({ user_id: _account, ...row }) =>
            name === 'messages' && ['queued', 'dropped'].includes(row.status ?? '')
              ? { ...row, status: '', drop_reason: '' }
              : row,
          )
      expect({ name, rows: same(readCsv(after[`${name}.csv`]!)) }).toEqual({
        name,
        rows: same(readCsv(before[`${name}.csv`]!)),
      })
    }
    const sent = await app.superuser<{ status: string }>(
      `select distinct status from clinic.messages where clinic_id = $1 order by 1`,
      [fresh.id],
    )
    expect(sent.map(({ status }) => status)).toEqual(['dropped', 'sent'])
    const asking = await app.superuser<{ phone_index: Buffer }>(
      'select phone_index from clinic.rights_requests where clinic_id = $1',
      [fresh.id],
    )
    const expected = (await app.services.keys.forClinic(fresh.id)).phoneIndex(askersPhone)
    expect(asking.map(({ phone_index }) => phone_index)).toEqual([expected])
    // Found by name and by number, as somebody entered by hand would be.
    const nadia = await fresh.as(fresh.cast.nadia)
    expect((await nadia.get(`/app/${fresh.slug}/patients?q=cmd`).expect(200)).text).toContain('+cmd')
  })

  it('refuses what is no export, and what was changed on the way', async () => {
    const fresh = await makeClinic(app)
    expect(await bring(Buffer.from('not a zip at all'), fresh.slug)).toEqual({ ok: false, reason: 'not_an_export' })
    expect(await bring(Buffer.from(''), 'nowhere-at-all')).toEqual({ ok: false, reason: 'no_clinic' })
  })
})

describe('one patient', () => {
  it('as a file and as a page, for owners, written down', async () => {
    const clinic = await furnishedClinic(app)
    const [row] = await app.superuser<{ id: string }>(
      `select id from clinic.patients where clinic_id = $1 order by id limit 1`,
      [clinic.id],
    )
    const path = `/app/${clinic.slug}/patients/${row!.id}/export`
    const nadia = await clinic.as(clinic.cast.nadia)
    expect((await nadia.get(`/app/${clinic.slug}/patients/${row!.id}`)).text).toContain(path)
    const answer = await nadia.postForm(path, { format: 'json' }).expect(200)
    expect(answer.headers['content-disposition']).toContain('attachment')
    const file = answer.body as Record<string, Record<string, unknown>[]>
    expect(file.patients).toMatchObject([{ id: row!.id, email: 'p0@patient.test', name: nastyNames[0] }])
    expect(file.appointments).toHaveLength(1)
    expect(file.messages).toHaveLength(1)
    expect(file.consents).toHaveLength(1)
    expect(file.audit_entries!.map(({ action }) => action)).toEqual([
      'patient.created',
      'consent.given',
      'patient.seen',
      // Nadia, whose page it was a moment ago.
      'patient.opened',
    ])
    const read = await nadia.postForm(path, { format: 'page' }).expect(200)
    expect(read.text).toContain('p0@patient.test')
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.postForm(path, { format: 'json' }).expect(403)
    expect((await bilal.get(`/app/${clinic.slug}/patients/${row!.id}`)).text).not.toContain(path)
    await (await clinic.as(clinic.cast.omar)).postForm(path).expect(404)
    const taken = await app.superuser(
      `select 1 from clinic.audit_entries where clinic_id = $1 and action = 'patient.exported'`,
      [clinic.id],
    )
    expect(taken).toHaveLength(2)
  })
})
