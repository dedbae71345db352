// On a real database, as the owner, whom row security binds too.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, afterAll, beforeAll, describe, expect, it } from 'vitest'
import pg from 'pg'
import { createDatabase, dropDatabase, urlOf } from '../../src/dev/prepare-database.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { eraseAgain } from '../../src/platform/backup/erase-again.ts'
import {
  readBackup,
  removeOldBackups,
  restoreKeys,
  touchStamp,
  writeBackup,
  writeKeys,
} from '../../src/platform/backup/files.ts'
import { checkArchive, DatabaseNotEmpty, finishRestore, loadArchive } from '../../src/platform/backup/load.ts'
import { verifyInScratch } from '../../src/platform/backup/verify.ts'
import { connect } from '../../src/platform/db/connect.ts'
import { migrateToLatest } from '../../src/platform/db/migrate.ts'
import { pendingMigrations } from '../../src/platform/db/pending.ts'
import { createKeyRing } from '../../src/platform/seal/key-ring.ts'
import { folderKeyStore } from '../../src/platform/seal/key-store.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment } from '../support/factories.ts'

const now = Temporal.Instant.from('2026-11-24T02:00:00Z')
let app: TestApp
let kept: TestClinic
let closed: TestClinic
let folder: string
let file: string
let masterKey: Buffer
const made: string[] = []

beforeAll(async () => {
  app = await startTestApp()
  masterKey = app.services.config.masterKey
  kept = await makeClinic(app)
  closed = await makeClinic(app)
  for (const clinic of [kept, closed]) {
    await makeAppointment(clinic, { at: '10:00' })
  }
  folder = await mkdtemp(join(tmpdir(), 'nabz-backup-'))
  file = (await writeBackup({ ownerUrl: app.database.ownerUrl, masterKey, folder, now })).path
})
afterAll(async () => {
  const { superuserUrl } = inject('postgres')
  for (const name of made) await dropDatabase(superuserUrl, name)
  await rm(folder, { recursive: true, force: true })
  await app.stop()
})

/** A database with nothing in it, the owner's. */
async function emptyDatabase(): Promise<{ ownerUrl: string; appUrl: string; url: string }> {
  const { superuserUrl, copyPrefix } = inject('postgres')
  const name = `${copyPrefix}restore_${made.length}_${process.pid}`
  await createDatabase(superuserUrl, name)
  made.push(name)
  const url = urlOf(superuserUrl, name)
  return { ownerUrl: urlOf(superuserUrl, name, 'nabz_owner'), appUrl: urlOf(superuserUrl, name, 'nabz_app'), url }
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql, values)).rows
  } finally {
    await client.end()
  }
}

/** A sum over every row of every table. */
async function contents(url: string): Promise<Record<string, string>> {
  const tables = await query<{ name: string }>(
    url,
    `select oid::regclass::text as name from pg_class where relkind = 'r'
     and relnamespace in ('clinic'::regnamespace, 'platform'::regnamespace) order by 1`,
  )
  const sums: Record<string, string> = {}
  for (const { name } of tables) {
    const [row] = await query<{ sum: string }>(
      url,
      `select count(*)::text || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as sum from ${name} t`,
    )
    sums[name] = row?.sum ?? ''
  }
  return sums
}

const walls = `
  select c.oid::regclass::text as what, relrowsecurity::text || relforcerowsecurity::text as how from pg_class c
  where c.relnamespace in ('clinic'::regnamespace, 'platform'::regnamespace) and relkind = 'r'
  union all select conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid) from pg_constraint
  where connamespace in ('clinic'::regnamespace, 'platform'::regnamespace)
  union all select tgname, tgenabled::text from pg_trigger where not tgisinternal
  order by 1, 2`

const read = (path: string, key = masterKey) => checkArchive(readBackup(key, path))

describe('a backup', () => {
  it('brings back every row of every table, and every wall and reference', async () => {
    const there = await emptyDatabase()
    const manifest = await loadArchive(there.ownerUrl, readBackup(masterKey, file), { replace: false })
    const [before, after] = [await contents(app.database.superuserUrl), await contents(there.url)]
    expect(after).toEqual(before)
    expect(manifest.tables.map(({ schema, name }) => `${schema}.${name}`).sort()).toEqual(Object.keys(before).sort())
    expect(manifest.tables.find(({ name }) => name === 'appointments')?.rows).toBe(2)
    expect(await query(there.url, walls)).toEqual(await query(app.database.superuserUrl, walls))
  })

  it('holds nothing that can be read, and a manifest beside it that says nothing of anybody', async () => {
    const beside = await readFile(`${file}.json`, 'utf8')
    for (const text of [(await readFile(file)).toString('latin1'), beside]) {
      expect(text).not.toContain(kept.id)
      expect(text).not.toContain(kept.cast.nadia.email)
    }
    expect(beside).toContain('"appointments"')
    expect((await stat(file)).mode & 0o077).toBe(0)
  })

  it('does not open with another key', async () => {
    await expect(read(file, Buffer.alloc(32, 99))).rejects.toThrow('wrong master key')
  })

  it('leaves nothing that looks like a backup when it fails', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'nabz-backup-'))
    const ownerUrl = app.database.appUrl
    await expect(writeBackup({ ownerUrl, masterKey, folder: empty, now })).rejects.toThrow()
    expect(await readdir(empty)).toEqual([])
    await rm(empty, { recursive: true })
  })

  it('is counted in a scratch database that is empty again afterwards', async () => {
    const { ownerUrl } = await emptyDatabase()
    await verifyInScratch(ownerUrl, readBackup(masterKey, file))
    await verifyInScratch(ownerUrl, readBackup(masterKey, file))
    await expect(verifyInScratch(app.database.ownerUrl, readBackup(masterKey, file))).rejects.toThrow(DatabaseNotEmpty)
  })

  it('lets the owner see clinics only while it says that it makes a backup', async () => {
    const client = new pg.Client({ connectionString: app.database.ownerUrl })
    await client.connect()
    await client.query(`set app.clinic_id = '00000000-0000-0000-0000-000000000000'`)
    expect((await client.query('select from clinic.patients')).rowCount).toBe(0)
    await client.query(`set app.backup = 'on'`)
    expect((await client.query('select from clinic.patients')).rowCount).toBe(2)
    expect((await client.query('delete from clinic.patients')).rowCount).toBe(0)
    await client.end()
  })

  it('goes when it is older than 21 days, and nothing else does', async () => {
    const names = ['nabz-20261103T020000Z.backup', 'nabz-20261103T020001Z.backup', 'notes.txt']
    for (const name of names) await writeFile(join(folder, name), 'x')
    expect(await removeOldBackups(folder, now)).toBe(1)
    const left = await readdir(folder)
    expect(left).not.toContain(names[0])
    expect(left).toEqual(expect.arrayContaining(names.slice(1)))
    await rm(join(folder, names[1]!))
  })

  it('touches the stamp that the check of backups reads', async () => {
    const stamp = join(folder, 'state', 'stamp')
    await touchStamp(stamp, { path: file, manifest: await read(file) })
    expect(await readFile(stamp, 'utf8')).toBe('2026-11-24T02:00:00Z\n')
  })
})

describe('a restore', () => {
  it('refuses a database that holds something, unless told to replace it', async () => {
    const there = await emptyDatabase()
    await migrateToLatest(there.ownerUrl)
    await expect(loadArchive(there.ownerUrl, readBackup(masterKey, file), { replace: false })).rejects.toThrow(
      DatabaseNotEmpty,
    )
    await loadArchive(there.ownerUrl, readBackup(masterKey, file), { replace: true })
    expect(await contents(there.url)).toEqual(await contents(app.database.superuserUrl))
  })

  it('can not open a clinic whose key was destroyed since, and erases it before anybody is let in', async () => {
    const there = await emptyDatabase()
    const { keyStoreDir, lookupKey } = app.services.config
    const keysFile = join(folder, 'keys.sealed')
    expect(await writeKeys({ keyStoreDir, masterKey, file: keysFile })).toBe(4)
    await app.services.keys.destroyFor(closed.id)
    expect(await writeKeys({ keyStoreDir, masterKey, file: keysFile })).toBe(3)

    await loadArchive(there.ownerUrl, readBackup(masterKey, file), { replace: false })
    const elsewhere = join(folder, 'restored-keys')
    expect(await restoreKeys({ keyStoreDir: elsewhere, masterKey, file: keysFile })).toBe(3)
    await expect(restoreKeys({ keyStoreDir: elsewhere, masterKey, file: keysFile })).rejects.toThrow('already')
    const store = folderKeyStore(elsewhere)
    const ring = createKeyRing(store, masterKey, lookupKey)
    await expect(ring.forClinic(closed.id)).rejects.toThrow('no key')
    const [sealed] = await query<{ id: string; phone: Buffer }>(
      there.url,
      'select id, phone_sealed as phone from clinic.patients where clinic_id = $1',
      [kept.id],
    )
    const opened = (await ring.forClinic(kept.id)).open(sealed!.phone, 'patients.phone', sealed!.id)
    expect(opened).toMatch(/^\+92/)

    const db = connect(there.appUrl, 2)
    try {
      expect(await pendingMigrations(db)).not.toEqual([])
      await expect(migrateToLatest(there.ownerUrl)).rejects.toThrow('--finish')
      expect(await eraseAgain(there.ownerUrl, store, now)).toMatchObject({ clinics: 1 })
      await finishRestore(there.ownerUrl)
      expect(await pendingMigrations(db)).toEqual([])
    } finally {
      await db.destroy()
    }
    const left = await query(there.url, 'select distinct clinic_id from clinic.patients')
    expect(left).toEqual([{ clinic_id: kept.id }])
    const [row] = await query(there.url, 'select status from platform.clinics where id = $1', [closed.id])
    expect(row).toEqual({ status: 'locked' })
    expect(await query(there.url, walls)).toEqual(await query(app.database.superuserUrl, walls))
  })

  it('erases nothing when no clinic at all has a key: the folder is not the right one', async () => {
    const there = await emptyDatabase()
    await loadArchive(there.ownerUrl, readBackup(masterKey, file), { replace: false })
    await expect(eraseAgain(there.ownerUrl, folderKeyStore(join(folder, 'nowhere')), now)).rejects.toThrow(
      'KEY_STORE_DIR',
    )
    expect(await query(there.url, 'select from clinic.profiles')).toHaveLength(4)
  })
})
