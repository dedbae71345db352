// Statements that need not wait for each other's answers travel together. Postgres still runs them one after another, in
// the order in which they were sent, and within a transaction the first that fails fails all behind it.
import { Socket } from 'node:net'
import Postgres from 'knex/lib/dialects/postgres/index.js'
import type { Client } from 'pg'

/** Sends what is corked within one turn of the event loop in one go, as the driver corks the parts of each statement. */
export class GatheringSocket extends Socket {
  #gathering = false

  override cork(): void {
    super.cork()
    if (this.#gathering) return
    this.#gathering = true
    super.cork()
    process.nextTick(() => {
      this.#gathering = false
      this.uncork()
    })
  }
}

/** Knex's own client, except that a transaction's first statement goes along with BEGIN rather than after its answer. */
export class PipelinedPostgres extends Postgres {
  override query(connection: Client, statement: unknown): Promise<unknown> {
    if (statement !== 'BEGIN;') return super.query(connection, statement)
    // BEGIN fails on a connection that is lost. Were it to fail on a sound one, nothing must run outside a transaction.
    connection.query({ name: 'begin', text: 'begin' }).catch(() => connection.end())
    return Promise.resolve()
  }
}
