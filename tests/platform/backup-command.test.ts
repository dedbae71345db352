// The commands as an operator types them, at processes of their own.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject, afterAll, beforeAll, expect, it } from 'vitest'
import { createDatabase, dropDatabase, urlOf } from '../../src/dev/prepare-database.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
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

function run(
  command: string,
  args: string[],
  database: string,
  more: Record<string, string> = {},
): Promise<{ code: number; out: string }> {
  const { superuserUrl } = inject('postgres')
  const { config } = app.services
  const as = (role: 'nabz_owner' | 'nabz_app' | 'nabz_jobs') => urlOf(superuserUrl, database, role)
  const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    BASE_URL: 'https://nabz.test',
    DATABASE_URL: as('nabz_app'),
    JOBS_DATABASE_URL: as('nabz_jobs'),
    MIGRATION_DATABASE_URL: as('nabz_owner'),
    SESSION_SECRET: key(1),
    PASSWORD_PEPPER: key(2),
    MASTER_KEY: config.masterKey.toString('base64'),
    LOOKUP_KEY: config.lookupKey.toString('base64'),
    KEY_STORE_DIR: config.keyStoreDir,
    EXPORT_DIR: join(folder, 'exports'),
    SMTP_URL: 'smtp://127.0.0.1:1',
    MAIL_FROM: 'hello@nabz.test',
    WHATSAPP_PHONE_NUMBER_ID: '1',
    WHATSAPP_DISPLAY_NUMBER: '+15550783881',
    WHATSAPP_ACCESS_TOKEN: 'test-access-token',
    WHATSAPP_APP_SECRET: 'test-app-secret',
    WHATSAPP_VERIFY_TOKEN: 'test-verify-token',
    BACKUP_DIR: join(folder, 'backups'),
    BACKUP_STAMP_FILE: join(folder, 'stamp'),
    BACKUP_KEYS_FILE: join(folder, 'keys', 'keys.sealed'),
    BACKUP_SCRATCH_DATABASE_URL: urlOf(superuserUrl, scratch, 'nabz_owner'),
    ...more,
  }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', `src/${command}.ts`, ...args],
      { cwd: root, env },
      (error, out, err) => resolve({ code: error ? 1 : 0, out: out + err }),
    )
  })
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
  const failed = await run('backup-command', [], 'nabz_nowhere', { BACKUP_DIR: backups })
  expect(failed.code).toBe(1)
  expect((await readdir(backups)).sort()).toEqual([tonight, young].sort())
  const made = await run('backup-command', [], app.database.name, { BACKUP_DIR: backups })
  expect(made).toMatchObject({ code: 0 })
  // By the next night it would be more than 21 days old.
  const left = await readdir(backups)
  expect(left).not.toContain(over)
  expect(left).not.toContain(tonight)
  expect(left).toContain(young)
})

it('a night: backup, keys, and a morning on which they are needed', { timeout: 120_000 }, async () => {
  const made = await run('backup-command', ['--verify'], app.database.name)
  expect(made.out).toContain('restored and counted')
  const [file = ''] = (await readdir(join(folder, 'backups'))).filter((name) => name.endsWith('.backup'))
  expect((await stat(join(folder, 'stamp'))).isFile()).toBe(true)
  expect((await run('backup-command', ['--keys'], app.database.name)).out).toContain('2 keys')

  const path = join(folder, 'backups', file)
  const restored = await run('restore-command', [path], target)
  expect(restored.out).toContain('The server may start.')
  expect(restored.out).toContain('Erased again: 0 clinics')
  const again = await run('restore-command', [path], target)
  expect(again).toMatchObject({ code: 1 })
  expect(again.out).toContain('--replace')
})
