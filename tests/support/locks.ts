import type { TestApp } from './app.ts'

/** How many transactions of the test's database wait for another. */
export async function countWaiting(app: TestApp): Promise<number> {
  const found = await app.superuser(
    `select 1 from pg_locks l join pg_stat_activity s using (pid) where not l.granted and s.datname = current_database()`,
  )
  return found.length
}
