import type { Knex } from 'knex'

export type Transaction = Knex.Transaction

/**
 * Several changes that stand or fall together, outside any clinic (within one it is `inClinic`). When `work` answers a
 * refusal (`{ ok: false, reason }`) everything it wrote is rolled back. What must survive a refusal belongs in a call of
 * its own.
 */
export async function inTransaction<T>(db: Knex, work: (trx: Transaction) => Promise<T>): Promise<T> {
  try {
    return await db.transaction(async (trx) => {
      const result = await work(trx)
      if (isRefusal(result)) throw new RolledBack(result)
      return result
    })
  } catch (error) {
    if (error instanceof RolledBack) return error.outcome as T
    throw error
  }
}

/** Whether what an action answered is a refusal, which rolls its transaction back. */
export function isRefusal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'ok' in value && value.ok === false && 'reason' in value
}

class RolledBack extends Error {
  readonly outcome: unknown
  constructor(outcome: unknown) {
    super('refused')
    this.outcome = outcome
  }
}
