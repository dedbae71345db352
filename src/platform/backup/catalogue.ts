// What the database's catalogue says about the tables that a backup takes.
import type { Client } from 'pg'
import type { ClinicId } from '../../kernel/ids.ts'
import type { TableShape } from './archive.ts'

/** Every table of both schemas with the columns that are written, by name. */
export async function tablesOf(client: Client): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape>(
    `select n.nspname as schema, c.relname as name,
       array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where n.nspname in ('clinic', 'platform') and c.relkind = 'r' and not c.relispartition
     group by 1, 2 order by 1, 2`,
  )
  return rows
}

/** Of the service's own tables: the clinic itself, what its rows count with, and the links that its messages hold. */
const standing = ['platform.clinics', 'platform.diaries', 'platform.appointment_links']

/** The column that says whose a row is; of the list of clinics itself, its key. */
export const clinicColumn = ({ schema, name }: TableShape) =>
  schema === 'platform' && name === 'clinics' ? 'id' : 'clinic_id'

/** The tables of a clinic's own backup, each behind those that it points at. */
export async function clinicTablesOf(client: Client): Promise<TableShape[]> {
  const { rows: links } = await client.query<{ child: string; parent: string }>(
    `select conrelid::regclass::text as child, confrelid::regclass::text as parent from pg_constraint
     where contype = 'f' and conrelid <> confrelid and connamespace in ('clinic'::regnamespace, 'platform'::regnamespace)`,
  )
  let left = (await tablesOf(client)).filter(
    ({ schema, name }) => schema === 'clinic' || standing.includes(`${schema}.${name}`),
  )
  const ordered: TableShape[] = []
  while (left.length > 0) {
    const waiting = new Set(left.map(({ schema, name }) => `${schema}.${name}`))
    const free = left.filter(
      ({ schema, name }) => !links.some(({ child, parent }) => child === `${schema}.${name}` && waiting.has(parent)),
    )
    if (free.length === 0) throw new Error(`Tables that point at each other: ${[...waiting].join(', ')}`)
    ordered.push(...free)
    left = left.filter((shape) => !free.includes(shape))
  }
  return ordered
}

/** Every clinic with data of its own, for a connection that `seeAllClinics`. */
export async function listClinics(client: Client): Promise<ClinicId[]> {
  const { rows } = await client.query<{ id: ClinicId }>('select clinic_id as id from clinic.profiles order by 1')
  return rows.map(({ id }) => id)
}

/**
 * The names of the migrations that the database has had, in order: two databases with the same ones have the same
 * tables.
 */
export async function migrationsOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select name from public.knex_migrations order by name')
  return rows.map(({ name }) => name)
}

/** Every sequence that was ever drawn from, with its last number; as text, since it may be beyond 2^53. */
export async function sequencesOf(client: Client): Promise<{ name: string; value: string }[]> {
  const { rows } = await client.query<{ name: string; value: string }>(
    `select format('%I.%I', schemaname, sequencename) as name, last_value::text as value from pg_sequences
     where schemaname in ('clinic', 'platform') and last_value is not null order by 1`,
  )
  return rows
}

/** The table's name as SQL takes it, whatever characters are in it. */
export function quoted(client: Client, { schema, name }: Pick<TableShape, 'schema' | 'name'>): string {
  return `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`
}

/** The table's columns as SQL takes them, in the order in which a backup holds them. */
export function columnList(client: Client, { columns }: TableShape): string {
  return columns.map((column) => client.escapeIdentifier(column)).join(', ')
}

/** For the rest of the session. No clinic is named, since a policy for one that binds the owner too must not fail. */
export async function seeAllClinics(client: Client): Promise<void> {
  await client.query(`set app.backup = 'on'; set app.clinic_id = '00000000-0000-0000-0000-000000000000'`)
}
