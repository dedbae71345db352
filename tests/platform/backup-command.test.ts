// The commands as an operator types them, at processes of their own.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, afterAll, beforeAll, expect, it } from 'vitest'
import { createDatabase, dropDatabase, urlOf } from '../../src/dev/prepare-database.ts'
import { readBackup } from '../../src/platform/backup/files.ts'
import { loadClinic } from '../../src/platform/backup/load-clinic.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment } from '../support/factories.ts'
import { runCommand } from '../support/process.ts'

let app: TestApp
let folder: string
let scratch: string
let target: string

beforeAll(async () => {
  app = await startTestApp()
  await makeClinic(app)
  folder = await mkdtemp(join(tmpdir(), 'nabz-backup-'))
  const { superuserUrl, copyPrefix } = inject('postgres')
  ;[scratch, target] = [`${copyPrefix}scratch_${process.pid}`, `${copyPrefix}target_${process.pid}`]
  for (const name of [scratch, target]) await createDatabase(superuserUrl, name)
})
afterAll(async () => {
  for (const name of [scratch, target]) await dropDatabase(inject('postgres').superuserUrl, name)
  await rm(folder, { recursive: true, force: true })
  await app.stop()
})

async function run(
  command: 'backup' | 'restore',
  args: string[],
  database: string,
  more: Record<string, string> = {},
): Promise<{ code: number; out: string }> {
  const as = (role: 'nabz_owner' | 'nabz_app' | 'nabz_jobs', name = database) =>
    urlOf(inject('postgres').superuserUrl, name, role)
  const env = {
    DATABASE_URL: as('nabz_app'),
    JOBS_DATABASE_URL: as('nabz_jobs'),
    MIGRATION_DATABASE_URL: as('nabz_owner'),
    BACKUP_DIR: join(folder, 'backups'),
    BACKUP_STAMP_FILE: join(folder, 'stamp'),
    BACKUP_KEYS_FILE: join(folder, 'keys', 'keys.sealed'),
    BACKUP_SCRATCH_DATABASE_URL: as('nabz_owner', scratch),
    ...more,
  }
  const { code, out, problem } = await runCommand(app, command, args, { env })
  return { code, out: out + problem }
}

it('lets no backup get older than 21 days, even when tonight’s fails', { timeout: 120_000 }, async () => {
  const backups = join(folder, 'aged')
  await mkdir(backups)
  const aged = async (hours: number) => {
    const madeAt = systemClock.now().subtract({ hours }).round('second').toString().replace(/[-:]/g, '')
    await writeFile(join(backups, `nabz-${madeAt}.backup`), 'x')
    return `nabz-${madeAt}.backup`
  }
  const [over, tonight, young] = [await aged(21 * 24), await aged(20 * 24 + 1), await aged(19 * 24)]
  const failed = await run('backup', [], 'nabz_nowhere', { BACKUP_DIR: backups })
  expect(failed.code).toBe(1)
  expect((await readdir(backups)).sort()).toEqual([tonight, young].sort())
  const made = await run('backup', [], app.database.name, { BACKUP_DIR: backups })
  expect(made).toMatchObject({ code: 0 })
  // By the next night it would be more than 21 days old.
  const left = await readdir(backups)
  expect(left).not.toContain(over)
  expect(left).not.toContain(tonight)
  expect(left).toContain(young)
})

it('a night: backup, keys, and a morning on which they are needed', { timeout: 120_000 }, async () => {
  const made = await run('backup', ['--verify'], app.database.name)
  expect(made.out).toContain('restored and counted')
  const [file = ''] = (await readdir(join(folder, 'backups'))).filter((name) => name.endsWith('.backup'))
  expect((await stat(join(folder, 'stamp'))).isFile()).toBe(true)
  expect((await run('backup', ['--keys'], app.database.name)).out).toContain('2 keys')

  const path = join(folder, 'backups', file)
  const restored = await run('restore', [path], target)
  expect(restored.out).toContain('The server may start.')
  expect(restored.out).toContain('Erased again: 0 clinics')
  const again = await run('restore', [path], target)
  expect(again).toMatchObject({ code: 1 })
  expect(again.out).toContain('--replace')
})

it('keeps the keys of the night before when the folder of keys is empty all at once', { timeout: 60_000 }, async () => {
  const keysFile = join(folder, 'kept', 'keys.sealed')
  const keys = (store: string) =>
    run('backup', ['--keys'], app.database.name, { BACKUP_KEYS_FILE: keysFile, KEY_STORE_DIR: store })
  const none = join(folder, 'no-keys')
  // Before the first clinic there is not even a folder.
  expect(await keys(none)).toMatchObject({ code: 0, out: `0 keys in ${keysFile}\n` })
  const { keyStoreDir } = app.services.config
  expect(await keys(keyStoreDir)).toMatchObject({ code: 0 })
  const kept = await readFile(keysFile)
  // A volume that was not mounted looks like this.
  await mkdir(none)
  const refused = await keys(none)
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.out).toContain('There is nothing in KEY_STORE_DIR')
  expect(await readFile(keysFile)).toEqual(kept)
})

/** Every row of a clinic in every table of clinics; of messages, which a restore may drop, only that they are there. */
async function rowsOf({ id }: TestClinic): Promise<Record<string, string>> {
  const tables = await app.superuser<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'clinic'::regnamespace order by 1`,
  )
  const sums: Record<string, string> = {}
  for (const { name } of tables) {
    const row = name === 'messages' ? 't.id::text' : 't::text'
    const [found] = await app.superuser<{ sum: string }>(
      `select count(*)::text || ' ' || md5(coalesce(string_agg(${row}, '|' order by ${row}), '')) as sum
       from clinic.${name} t where clinic_id = $1`,
      [id],
    )
    sums[name] = found!.sum
  }
  return sums
}

const erase = ({ id }: TestClinic) => app.superuser('delete from clinic.profiles where clinic_id = $1', [id])

it('a clinic has a backup of its own, which goes with its key', { timeout: 240_000 }, async () => {
  const [lost, other, keyless] = [await makeClinic(app), await makeClinic(app), await makeClinic(app)]
  for (const clinic of [lost, other, keyless]) await makeAppointment(clinic, { at: '10:00' })
  await app.services.keys.destroyFor(keyless.id)
  const backups = join(folder, 'clinics-too')
  const of = ({ id }: TestClinic) => join(backups, 'clinics', id)
  const old = `nabz-${systemClock.now().subtract({ hours: 20 * 24 + 1 }).round('second').toString().replace(/[-:]/g, '')}.backup` // prettier-ignore
  for (const clinic of [lost, keyless]) {
    await mkdir(of(clinic), { recursive: true })
    await writeFile(join(of(clinic), old), 'x')
  }

  const made = await run('backup', [], app.database.name, { BACKUP_DIR: backups })
  expect(made).toMatchObject({ code: 0 })
  expect(made.out).toContain(`${keyless.id} has no key`)
  const [file = '', ...more] = await readdir(of(lost))
  expect(more).toEqual([])
  expect(file).not.toBe(old)
  expect(await readdir(join(backups, 'clinics'))).not.toContain(keyless.id)
  const path = join(of(lost), file)
  expect((await stat(path)).mode & 0o077).toBe(0)
  expect((await readFile(path)).toString('latin1')).not.toContain(lost.slug)

  // Where it is still there, in the name of another, or in the hands of somebody without the key: nothing.
  const restore = (clinic: TestClinic, database: string) => run('restore', ['--clinic', clinic.id, path], database)
  const refuses = async (clinic: TestClinic, because: string) => {
    const refused = await restore(clinic, app.database.name)
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.out).toContain(because)
  }
  await refuses(lost, 'has rows')
  await refuses(other, 'wrong')
  await refuses(keyless, 'no key')

  const [before, beside] = [await rowsOf(lost), await rowsOf(other)]
  await erase(lost)
  expect((await rowsOf(lost)).patients).toMatch(/^0 /)
  const key = (await app.services.keys.forClinic(lost.id)).backupKey()
  const now = systemClock.now()
  await loadClinic(app.database.ownerUrl, lost.id, readBackup(key, path), now)
  expect(await rowsOf(lost)).toEqual(before)
  expect(await rowsOf(other)).toEqual(beside)
  const walls = await app.superuser(
    `select relname from pg_class where relnamespace = 'clinic'::regnamespace and relkind = 'r' and not relforcerowsecurity`,
  )
  expect(walls).toEqual([])

  await erase(lost)
  expect((await restore(lost, app.database.name)).out).toContain('is back')
  expect((await rowsOf(lost)).practitioners).toBe(before.practitioners)
  const alone = await restore(lost, scratch)
  expect(alone.out).toContain('is back')
  expect(alone.out).toContain('The server may start.')

  await erase(lost)
  await app.services.keys.destroyFor(lost.id)
  await refuses(lost, 'no key')
  await app.services.keys.createFor(lost.id)
  await refuses(lost, 'wrong')
})
