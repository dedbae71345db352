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

function owner(url: string, only?: readonly string[]): Knex {
  const some: Knex.MigrationSource<string> = {
    ...source,
    getMigrations: async (extensions) =>
      (await source.getMigrations(extensions)).filter((file) => only?.includes(source.getMigrationName(file)) ?? true),
  }
  return knex({ client: 'pg', connection: url, pool: { min: 0, max: 1 }, migrations: { migrationSource: some } })
}

/** Stands on the list of migrations while a restored database still holds what has been erased since its backup. */
export const unfinishedRestore = 'nabz: the erasures since this backup are not done again yet'

/** Runs what has not been run yet, as the owner of the database. Roles `nabz_app` and `nabz_jobs` must exist. */
export async function migrateToLatest(ownerUrl: string): Promise<string[]> {
  const db = owner(ownerUrl)
  try {
    const { rows } = await db.raw<{ rows: { told: string | null }[] }>(
      `select obj_description(to_regclass('public.knex_migrations'), 'pg_class') as told`,
    )
    if (rows[0]?.told === unfinishedRestore) {
      throw new Error('A restore of this database is not finished: npm run restore -- --finish')
    }
    const names = await latest(db)
    // So that the application can tell, without being owner, whether it is behind.
    await db.raw('grant select on knex_migrations to nabz_app')
    return names
  } finally {
    await db.destroy()
  }
}

/**
 * The same up to the migrations in `only`, or all of them, but without telling the application: to it they all look
 * pending, so that it is not ready before a restore is finished.
 */
export async function migrateUnseen(ownerUrl: string, only?: readonly string[]): Promise<void> {
  const db = owner(ownerUrl, only)
  try {
    await latest(db)
  } finally {
    await db.destroy()
  }
}

async function latest(db: Knex): Promise<string[]> {
  const [, names] = (await db.migrate.latest()) as [number, string[]]
  await letBackupsRead(db)
  return names
}

/**
 * Row security is forced on the owner too, who makes the backups: lets it read, and only while it says that this is what
 * it is doing. Here rather than in a migration, so that a table added tomorrow is not forgotten.
 */
async function letBackupsRead(db: Knex): Promise<void> {
  await db.raw(`
    do $$
    declare unseen regclass;
    begin
      for unseen in
        select c.oid::regclass from pg_class c
        where c.relnamespace in (select oid from pg_namespace where nspname in ('clinic', 'platform'))
          and c.relkind = 'r' and c.relrowsecurity
          and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'backup')
      loop
        execute format(
          'create policy backup on %s for select to current_user using (current_setting(''app.backup'', true) = ''on'')', unseen);
      end loop;
    end $$`)
}

/** The names of all migrations this build knows, for `/readyz`. */
export async function knownMigrations(): Promise<string[]> {
  return (await source.getMigrations([])).map((file) => source.getMigrationName(file))
}
