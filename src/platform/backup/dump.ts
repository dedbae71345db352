import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import type { ClinicId } from '../../kernel/ids.ts'
import { packArchive, type BackupHead, type BackupManifest, type TableStream } from './archive.ts'
import {
  clinicColumn,
  clinicTablesOf,
  columnList,
  migrationsOf,
  quoted,
  seeAllClinics,
  sequencesOf,
  tablesOf,
} from './catalogue.ts'

/**
 * The whole database as one archive, as it was at one instant, in Postgres's own COPY text. Not by `pg_dump`: that has to
 * be at least as new as the server it is pointed at, and a backup must not fail on the night after an upgrade.
 *
 * `ownerUrl` signs in as the owner, whom the policy `backup` lets read every clinic's rows while `app.backup` is on.
 */
export function dumpDatabase(
  ownerUrl: string,
  madeAt: string,
  finished: (manifest: BackupManifest) => void,
): AsyncGenerator<Buffer> {
  return inSnapshot(ownerUrl, async function* (client) {
    const head: BackupHead = { format: 1, madeAt, migrations: await migrationsOf(client) }
    yield* packArchive(head, tablesIn(client), await sequencesOf(client), finished)
  })
}

/** The same of one clinic: its own rows, and the few of the service without which they could not stand anywhere. */
export function dumpClinic(
  ownerUrl: string,
  clinicId: ClinicId,
  madeAt: string,
  finished: (manifest: BackupManifest) => void,
): AsyncGenerator<Buffer> {
  return inSnapshot(ownerUrl, async function* (client) {
    const head: BackupHead = { format: 1, madeAt, migrations: await migrationsOf(client), clinic: clinicId }
    yield* packArchive(head, tablesOfOne(client, clinicId), [], finished)
  })
}

async function* inSnapshot(
  ownerUrl: string,
  work: (client: pg.Client) => AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'nabz-backup' })
  await client.connect()
  try {
    await client.query('begin transaction isolation level repeatable read read only')
    await seeAllClinics(client)
    await refuseBlindness(client)
    yield* work(client)
    await client.query('commit')
  } finally {
    await client.end()
  }
}

async function* tablesIn(client: pg.Client): AsyncGenerator<TableStream> {
  for (const shape of await tablesOf(client)) {
    const stream = client.query(copyTo(`copy ${quoted(client, shape)} (${columnList(client, shape)}) to stdout`))
    yield { shape, data: stream as AsyncIterable<Buffer>, rows: () => stream.rowCount }
  }
}

async function* tablesOfOne(client: pg.Client, clinicId: ClinicId): AsyncGenerator<TableStream> {
  for (const shape of await clinicTablesOf(client)) {
    const mine = `${clinicColumn(shape)} = ${client.escapeLiteral(clinicId)}`
    const chosen = `select ${columnList(client, shape)} from ${quoted(client, shape)} where ${mine}`
    const stream = client.query(copyTo(`copy (${chosen}) to stdout`))
    yield { shape, data: stream as AsyncIterable<Buffer>, rows: () => stream.rowCount }
  }
}

/** Row security hides rows without a word: a table without the policy would be saved empty. */
async function refuseBlindness(client: pg.Client) {
  const { rows } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
     where c.relnamespace in ('clinic'::regnamespace, 'platform'::regnamespace) and c.relkind = 'r'
       and c.relrowsecurity and not (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)
       and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'backup'
         and (select oid from pg_roles where rolname = current_user) = any (p.polroles))`,
  )
  if (rows.length > 0) {
    throw new Error(`A backup could not see: ${rows.map(({ name }) => name).join(', ')}. Run the migrations first.`)
  }
}
