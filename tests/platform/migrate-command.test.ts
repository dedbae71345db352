// `npm run migrate` as an operator types it, and what every command says of a database that is not there.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { createDatabase, dropDatabase, urlOf } from '../../src/dev/prepare-database.ts'
import { reasonOf } from '../../src/run-command.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { runCommand } from '../support/process.ts'

let app: TestApp
let folder: string
let empty: string

beforeAll(async () => {
  app = await startTestApp()
  folder = await mkdtemp(join(tmpdir(), 'nabz-migrate-'))
  const { superuserUrl, copyPrefix } = inject('postgres')
  empty = `${copyPrefix}empty_${process.pid}`
  await createDatabase(superuserUrl, empty)
})
afterAll(async () => {
  await dropDatabase(inject('postgres').superuserUrl, empty)
  await rm(folder, { recursive: true, force: true })
  await app.stop()
})

const migrate = (env: Record<string, string>) => runCommand(app, 'migrate', [], { env })

it('brings a database up to date whose address is in a mounted file', { timeout: 60_000 }, async () => {
  const file = join(folder, 'owner')
  await writeFile(file, `${urlOf(inject('postgres').superuserUrl, empty, 'nabz_owner')}\n`)
  const first = await migrate({ MIGRATION_DATABASE_URL_FILE: file })
  expect(first).toMatchObject({ code: 0 })
  expect(first.out).toMatch(/^Applied: \S/)
  expect(await migrate({ MIGRATION_DATABASE_URL_FILE: file })).toMatchObject({ code: 0, out: 'Already up to date.\n' })
})

it('says in a line what stands in its way', { timeout: 60_000 }, async () => {
  const missing = await migrate({ MIGRATION_DATABASE_URL: '' })
  expect(missing).toMatchObject({ code: 1, out: '' })
  expect(missing.problem).toMatch(/^MIGRATION_DATABASE_URL is missing/)
  const unread = await migrate({ MIGRATION_DATABASE_URL_FILE: join(folder, 'nothing') })
  expect(unread.problem).toContain(`MIGRATION_DATABASE_URL_FILE names a file that can't be read`)
  const nowhere = await migrate({ MIGRATION_DATABASE_URL: 'postgres://nabz_owner@127.0.0.1:1/nabz' })
  expect(nowhere).toMatchObject({ code: 1, problem: 'connect ECONNREFUSED 127.0.0.1:1\n' })
})

it('has words for a name behind which no address answers', () => {
  const refused = [new Error('connect ECONNREFUSED ::1:5432'), new Error('connect ECONNREFUSED 127.0.0.1:5432')]
  expect(reasonOf(new AggregateError(refused))).toBe(
    'connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432',
  )
})
