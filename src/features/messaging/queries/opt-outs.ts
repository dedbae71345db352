import type { Knex } from 'knex'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { changeOf, type OptOut } from '../rules/opt-outs.ts'

export async function findOptOut(db: Knex, sender: string, numberHash: Buffer): Promise<OptOut | undefined> {
  const [found] = await rows<OptOut>(
    db,
    `select stopped_at as "stoppedAt", resumed_at as "resumedAt" from platform.opt_outs
     where sender = ? and number_hash = ?`,
    [sender, numberHash],
  )
  return found
}

/** What these numbers said to a sender, by their hash in hexadecimal. */
export async function listOptOuts(
  db: Knex,
  sender: string,
  numberHashes: readonly Buffer[],
): Promise<Map<string, OptOut>> {
  const found = await rows<OptOut & { hash: Buffer }>(
    db,
    `select number_hash as hash, stopped_at as "stoppedAt", resumed_at as "resumedAt" from platform.opt_outs
     where sender = ? and number_hash = any(?::bytea[])`,
    [sender, numberHashes],
  )
  return new Map(found.map(({ hash, ...optOut }) => [hash.toString('hex'), optOut]))
}

/** One writer at a time about one number, so that a STOP and a START in two processes are taken in their order. */
export async function lockNumber(db: Knex, numberHash: Buffer): Promise<void> {
  await rows(db, 'select pg_advisory_xact_lock(?)', [numberHash.readInt32BE(0)])
}

export type Said = { at: Instant; wording: string; evidence: string | null }

export async function upsertStop(db: Knex, sender: string, numberHash: Buffer, said: Said): Promise<void> {
  await changes(
    db,
    `insert into platform.opt_outs (sender, number_hash, stopped_at, wording, evidence) values (?, ?, ?, ?, ?)
     on conflict (sender, number_hash) do update set stopped_at = excluded.stopped_at, wording = excluded.wording,
       evidence = excluded.evidence, resumed_at = null, resumed_wording = null`,
    [sender, numberHash, said.at, said.wording, said.evidence],
  )
}

/** For a number no clinic knows: the STOP alone, if it changes anything. */
export async function insertStrangersStop(db: Knex, sender: string, numberHash: Buffer, said: Said): Promise<void> {
  await db.transaction(async (trx) => {
    await lockNumber(trx, numberHash)
    const change = changeOf(await findOptOut(trx, sender, numberHash), 'stop', said.at)
    if (change !== undefined) await upsertStop(trx, sender, numberHash, said)
  })
}

export async function updateResumed(db: Knex, sender: string, numberHash: Buffer, said: Said): Promise<void> {
  await changes(
    db,
    'update platform.opt_outs set resumed_at = ?, resumed_wording = ? where sender = ? and number_hash = ?',
    [said.at, said.wording, sender, numberHash],
  )
}
