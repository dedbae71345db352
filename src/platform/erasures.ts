// The ledger of what was erased because its time was over: how many, by which rule, never what.
import type { Knex } from 'knex'
import { newId, type ClinicId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import { changes } from './db/rows.ts'

export type Erasure = {
  /** The same for everything one run of a job erased. */
  run: string
  /** The code of a rule of the table of retention. */
  rule: string
  /** The clinic it was erased from; none where it was the service's own. */
  clinicId?: ClinicId
  count: number
  at: Instant
}

/** In the transaction of the erasing itself: the ledger tells of what is gone and of nothing else. Nothing is no line. */
export async function noteErasure(db: Knex, { run, rule, clinicId, count, at }: Erasure): Promise<void> {
  if (count === 0) return
  await changes(db, `insert into platform.erasures (id, run, rule, clinic_id, count, at) values (?, ?, ?, ?, ?, ?)`, [
    newId(),
    run,
    rule,
    clinicId ?? null,
    count,
    at,
  ])
}
