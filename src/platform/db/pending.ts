import type { Database } from './connect.ts'
import { knownMigrations } from './migrate.ts'
import { rows } from './rows.ts'

/** The migrations this build knows and the database has not seen. All of them when it has seen none. */
export async function pendingMigrations(db: Database): Promise<string[]> {
  const [found] = await rows<{ there: boolean }>(
    db,
    // Before the first migration there is no list, or none that the application may read.
    `select coalesce(has_table_privilege(to_regclass('public.knex_migrations'), 'select'), false) as there`,
  )
  const applied = found?.there ? await rows<{ name: string }>(db, 'select name from public.knex_migrations') : []
  const done = new Set(applied.map(({ name }) => name))
  return (await knownMigrations()).filter((name) => !done.has(name))
}
