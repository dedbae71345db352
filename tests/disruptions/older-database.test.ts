// The rooms of a disruption were not always written down as they are now: whichever way a database was made, it goes on.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, it } from 'vitest'
import { migrateToLatest } from '../../src/platform/db/migrate.ts'
import { freshDatabase } from '../support/database.ts'

const [one, two] = [randomUUID(), randomUUID()]
const older = {
  'knew nothing of rooms': { column: undefined, kept: [null] },
  'had a list': { column: `uuid[] not null default '{}'`, written: [`{${one},${two}}`, '{}'], kept: [`${one} ${two}`, null] },
  'had a text that was never null': { column: `text not null default ''`, written: [`${one} ${two}`, ''], kept: [`${one} ${two}`, null] },
  'is as the last one': { column: 'text', written: [one, null], kept: [one, null] },
} satisfies Record<string, { column: string | undefined; written?: (string | null)[]; kept: (string | null)[] }> // prettier-ignore

it.each(Object.entries(older))('a database that %s', async (_name, { column, kept, ...rest }) => {
  const written = 'written' in rest ? rest.written : undefined
  const database = await freshDatabase()
  const db = new pg.Client(database.superuserUrl)
  await db.connect()
  try {
    await db.query(`delete from public.knex_migrations where name = '20261121160900_rooms_of_a_disruption'`)
    await db.query('alter table clinic.disruption_visits drop column was_resource_ids')
    if (column) await db.query(`alter table clinic.disruption_visits add column was_resource_ids ${column}`)
    // The visits and the clinic they belong to are not what this is about.
    await db.query('set session_replication_role = replica')
    for (const [at, rooms] of (written ?? [null]).entries()) {
      await db.query(
        `insert into clinic.disruption_visits (clinic_id, id, disruption_id, appointment_id, outcome, version_after,
           was_practitioner_id, was_location_id, was_starts_at, was_ends_at, was_occupied_from, was_occupied_to, was_lane,
           was_capacity, was_overbooked ${column ? ', was_resource_ids' : ''})
         values ($1, $2, $1, $2, 'moved', $3, $1, $1, now(), now(), now(), now(), 1, 1, false ${column ? ', $4' : ''})`,
        [one, randomUUID(), at, ...(column ? [rooms] : [])],
      )
    }
    await migrateToLatest(database.ownerUrl)
    const found = await db.query<{ rooms: string | null }>(
      'select was_resource_ids as rooms from clinic.disruption_visits order by version_after',
    )
    expect(found.rows.map(({ rooms }) => rooms)).toEqual(kept)
    const { rows } = await db.query(
      `select data_type, is_nullable, column_default from information_schema.columns
       where table_name = 'disruption_visits' and column_name = 'was_resource_ids'`,
    )
    expect(rows).toEqual([{ data_type: 'text', is_nullable: 'YES', column_default: null }])
  } finally {
    await db.end()
    await database.drop()
  }
})
