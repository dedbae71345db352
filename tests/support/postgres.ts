// One server for the whole run, with a migrated database that every test file copies (tests/support/database.ts).
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts'
import { running } from '../../src/dev/embedded-postgres/process.ts'
import { createDatabase, dropDatabase, prepareRoles, urlOf } from '../../src/dev/prepare-database.ts'
import { migrateToLatest } from '../../src/platform/db/migrate.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: { port: number; superuserUrl: string; templateDatabase: string; copyPrefix: string }
  }
}

const folderPrefix = 'nabz-test-'
// Nothing here has to survive a crash.
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/**
 * Vitest's global set-up: a server of this run's own in the system's temporary folder, or the one whose superuser
 * address is in TEST_DATABASE_URL. Returns the teardown.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL
  const server = given ? sharedServer(given) : await ownServer()
  const { superuserUrl, templateDatabase, copyPrefix } = server
  try {
    await prepareRoles(superuserUrl)
    await createDatabase(superuserUrl, templateDatabase)
    await migrateToLatest(urlOf(superuserUrl, templateDatabase, 'nabz_owner'))
  } catch (error) {
    await server.end()
    throw error
  }
  const port = Number(new URL(superuserUrl).port || 5432)
  project.provide('postgres', { port, superuserUrl, templateDatabase, copyPrefix })
  return () => server.end()
}

async function ownServer() {
  await endAbandonedRuns()
  const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`))
  // Started by root, the server runs as somebody else and has to get in.
  await chmod(folder, 0o711)
  const dataDir = join(folder, 'data')
  const server = await startEmbeddedPostgres({ dataDir, settings })
  return {
    superuserUrl: server.url('postgres'),
    templateDatabase: 'nabz_template',
    copyPrefix: 'nabz_test_',
    async end() {
      await server.stop()
      await rm(server.dataDir, { recursive: true, force: true })
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Somebody else's server may serve other runs at the same time, so the names are this run's own. */
function sharedServer(superuserUrl: string) {
  const run = randomBytes(4).toString('hex')
  const templateDatabase = `nabz_template_${run}`
  const copyPrefix = `nabz_test_${run}_`
  return {
    superuserUrl,
    templateDatabase,
    copyPrefix,
    async end() {
      const client = new pg.Client({ connectionString: superuserUrl })
      await client.connect()
      const { rows } = await client.query<{ name: string }>(
        'select datname as name from pg_database where starts_with(datname, $1)',
        [copyPrefix],
      )
      await client.end()
      for (const { name } of rows) await dropDatabase(superuserUrl, name)
      await dropDatabase(superuserUrl, templateDatabase)
    },
  }
}

/** A killed run leaves its server behind, since servers are detached. */
async function endAbandonedRuns() {
  const folders = (await readdir(tmpdir())).filter((name) => /^nabz-test-\d+-/.test(name))
  for (const name of folders) {
    if (await running(Number.parseInt(name.slice(folderPrefix.length), 10))) continue
    const folder = join(tmpdir(), name)
    try {
      await stopEmbeddedPostgres(join(folder, 'data'))
      await rm(folder, { recursive: true, force: true })
    } catch {
      // Another user's, or another run is doing the same.
    }
  }
}
