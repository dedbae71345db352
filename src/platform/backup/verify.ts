import type pg from 'pg'
import type { BackupManifest } from './archive.ts'
import { quoted, seeAllClinics } from './catalogue.ts'
import { as, DatabaseNotEmpty, emptyDatabase, isEmpty, loadArchive } from './load.ts'

const mark = 'public.nabz_scratch'

/**
 * Restores an archive into the scratch database of `scratchUrl`, counts every table there against the manifest, and
 * leaves it empty. Refuses a database that holds anything but what an earlier verification left behind.
 */
export async function verifyInScratch(scratchUrl: string, plain: AsyncIterable<Buffer>): Promise<BackupManifest> {
  await as(scratchUrl, async (client) => {
    const { rows } = await client.query<{ ours: boolean }>('select to_regclass($1) is not null as ours', [mark])
    if (rows[0]?.ours) await emptyDatabase(client)
    else if (!(await isEmpty(client)))
      throw new DatabaseNotEmpty('The scratch database holds something: it must be empty.')
    else await client.query(`create table ${mark} ()`)
  })
  const manifest = await loadArchive(scratchUrl, plain, { replace: false })
  await as(scratchUrl, async (client) => {
    await count(client, manifest)
    await emptyDatabase(client)
    await client.query(`drop table ${mark}`)
  })
  return manifest
}

async function count(client: pg.Client, { tables }: BackupManifest) {
  await seeAllClinics(client)
  for (const { schema, name, rows: expected } of tables) {
    const { rows } = await client.query<{ count: string | number }>(
      `select count(*) as count from ${quoted(client, { schema, name })}`,
    )
    const counted = Number(rows[0]?.count)
    if (counted !== expected) throw new Error(`${schema}.${name} came back with ${counted} rows of ${expected}`)
  }
}
