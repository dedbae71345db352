import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { knownMigrations, migrateUnseen, unfinishedRestore } from '../db/migrate.ts'
import { unpackArchive, type BackupHead, type BackupManifest, type TableShape } from './archive.ts'
import { columnList, quoted, tablesOf } from './catalogue.ts'

/** Reads a backup to its end without a database: throws SealError unless every byte is what was written. */
export function checkArchive(plain: AsyncIterable<Buffer>): Promise<BackupManifest> {
  return unpackArchive(plain, {
    begin: () => Promise.resolve(),
    async table(_shape, data) {
      for await (const _piece of data);
      return undefined
    },
  })
}

export class DatabaseNotEmpty extends Error {
  override name = 'DatabaseNotEmpty'
}

/**
 * Brings the archive into the empty database of `ownerUrl`: the schema of its day by the migrations of this build, the
 * rows in one transaction, then the migrations since. Afterwards the database is still closed to the application, by
 * `unfinishedRestore`: `finishRestore` opens it, once what was erased since is erased again.
 */
export async function loadArchive(
  ownerUrl: string,
  plain: AsyncIterable<Buffer>,
  { replace }: { replace: boolean },
): Promise<BackupManifest> {
  return as(ownerUrl, async (client) => {
    if (!(await isEmpty(client))) {
      if (!replace) throw new DatabaseNotEmpty('The database is not empty.')
      await emptyDatabase(client)
    }
    let links: Link[] = []
    let shapes = new Map<string, TableShape>()
    const manifest = await unpackArchive(plain, {
      async begin(head) {
        await makeSchema(ownerUrl, client, head)
        shapes = new Map((await tablesOf(client)).map((shape) => [quoted(client, shape), shape]))
        await client.query('begin')
        links = await loosen(client)
      },
      async table(shape, data) {
        const name = quoted(client, shape)
        const here = shapes.get(name)
        if (here?.columns.toString() !== shape.columns.toString()) throw new Error(`${name} is not the table it was`)
        shapes.delete(name)
        const sink = client.query(copyFrom(`copy ${name} (${columnList(client, shape)}) from stdin`))
        await pipeline(Readable.from(data), sink)
        return sink.rowCount
      },
    })
    if (shapes.size > 0) throw new Error(`The backup lacks ${[...shapes.keys()].join(', ')}`)
    for (const { name, value } of manifest.sequences) await client.query('select setval($1, $2)', [name, value])
    await fasten(client, links)
    await client.query('commit')
    await migrateUnseen(ownerUrl)
    return manifest
  })
}

/** Lets the application see the migrations: from here on it may become ready. */
export async function finishRestore(ownerUrl: string): Promise<void> {
  await as(ownerUrl, async (client) => {
    await client.query('begin')
    await client.query('comment on table public.knex_migrations is null')
    await client.query('grant select on public.knex_migrations to nabz_app')
    await client.query('commit')
  })
}

/** Whether a restore was begun here and not finished. */
export async function isUnfinished(ownerUrl: string): Promise<boolean> {
  return as(ownerUrl, async (client) => {
    const { rows } = await client.query<{ told: string | null }>(
      `select obj_description(to_regclass('public.knex_migrations'), 'pg_class') as told`,
    )
    return rows[0]?.told === unfinishedRestore
  })
}

/** Does work as the owner, on a connection of its own that is closed afterwards. */
export async function as<T>(ownerUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'nabz-restore' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Whether neither of our schemas nor the list of migrations is there. */
export async function isEmpty(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    `select from pg_namespace where nspname in ('clinic', 'platform')
     union all select from pg_class where oid = to_regclass('public.knex_migrations')`,
  )
  return rows.length === 0
}

/** Drops both schemas, the list of migrations, and what of ours is in `public`; extensions stay. */
export async function emptyDatabase(client: pg.Client): Promise<void> {
  await client.query('begin')
  await client.query('drop schema if exists clinic cascade')
  await client.query('drop schema if exists platform cascade')
  await client.query('drop table if exists public.knex_migrations, public.knex_migrations_lock')
  const { rows } = await client.query<{ drop: string }>(
    `select format('drop function %s', p.oid::regprocedure) as drop from pg_proc p
     where p.pronamespace = 'public'::regnamespace and p.proowner = (select oid from pg_roles where rolname = current_user)
       and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`,
  )
  for (const { drop } of rows) await client.query(drop)
  await client.query('commit')
}

/** Makes the schema as it was when the backup was made. Throws on a backup of a newer Nabz, naming its migrations. */
export async function makeSchema(ownerUrl: string, client: pg.Client, { migrations }: BackupHead) {
  const known = await knownMigrations()
  const newer = migrations.filter((name) => !known.includes(name))
  if (newer.length > 0) throw new Error(`The backup is of a newer Nabz: this one does not know ${newer.join(', ')}`)
  await migrateUnseen(ownerUrl, migrations)
  await client.query(`comment on table public.knex_migrations is ${client.escapeLiteral(unfinishedRestore)}`)
}

type Link = { name: string; add: string; drop: string }

/**
 * Rows come table by table, so references are taken off and put back, which checks every one of them. Row security and
 * triggers would meddle with what is to come back exactly as it was; rows that migrations brought are in the backup too.
 */
async function loosen(client: pg.Client): Promise<Link[]> {
  const { rows: links } = await client.query<Link>(
    `select conname as name,
       format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
       format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as add
     from pg_constraint where contype = 'f' and connamespace in ('clinic'::regnamespace, 'platform'::regnamespace)`,
  )
  for (const { drop } of links) await client.query(drop)
  for (const shape of await tablesOf(client)) {
    const name = quoted(client, shape)
    await client.query(`alter table ${name} disable trigger user, disable row level security`)
    await client.query(`truncate ${name}`)
  }
  return links
}

async function fasten(client: pg.Client, links: Link[]) {
  for (const { add } of links) await client.query(add)
  const { rows: walled } = await client.query<{ name: string }>(
    `select distinct polrelid::regclass::text as name from pg_policy p join pg_class c on c.oid = p.polrelid
     where c.relnamespace in ('clinic'::regnamespace, 'platform'::regnamespace)`,
  )
  for (const { name } of walled) await client.query(`alter table ${name} enable row level security`)
  for (const shape of await tablesOf(client)) {
    await client.query(`alter table ${quoted(client, shape)} enable trigger user`)
  }
}
