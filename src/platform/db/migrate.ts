import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import knex, { type Knex } from 'knex'

const directory = fileURLToPath(new URL('../../../migrations/', import.meta.url))

// A migration is known by its name without the ending: the same file is .ts in development and .js in a build.
const source: Knex.MigrationSource<string> = {
  async getMigrations() {
    const files = await readdir(directory)
    return files.filter((file) => /^\d{14}_\w+\.(ts|js)$/.test(file)).sort()
  },
  getMigrationName: (file) => file.replace(/\.(ts|js)$/, ''),
  async getMigration(file) {
    const { up } = (await import(pathToFileURL(join(directory, file)).href)) as Pick<Knex.Migration, 'up'>
    // Knex demands a way back. There is none that would not lose data: a mistake is mended by the next migration.
    return { up, down: () => Promise.reject(new Error('migrations only go forward')) }
  },
}

function owner(url: string): Knex {
  return knex({ client: 'pg', connection: url, pool: { min: 0, max: 1 }, migrations: { migrationSource: source } })
}

/** Runs what has not been run yet, as the owner of the database. Roles `nabz_app` and `nabz_jobs` must exist. */
export async function migrateToLatest(ownerUrl: string): Promise<string[]> {
  const db = owner(ownerUrl)
  try {
    const [, names] = (await db.migrate.latest()) as [number, string[]]
    // So that the application can tell, without being owner, whether it is behind.
    await db.raw('grant select on knex_migrations to nabz_app')
    return names
  } finally {
    await db.destroy()
  }
}

/** The names of all migrations this build knows, for `/readyz`. */
export async function knownMigrations(): Promise<string[]> {
  return (await source.getMigrations([])).map((file) => source.getMigrationName(file))
}
