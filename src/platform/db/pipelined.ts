// Statements that need not wait for each other's answers travel together. Postgres still runs them one after another, in
// the order in which they were sent, and within a transaction the first that fails fails all behind it.
import { Socket } from 'node:net'
import Postgres from 'knex/lib/dialects/postgres/index.js'
import type { Client } from 'pg'

type Done = (error?: Error | null) => void

/** Sends what is written within one turn of the event loop in one go. */
export class GatheringSocket extends Socket {
  #gathering = false

  override write(chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean {
    if (!this.#gathering) {
      this.#gathering = true
      this.cork()
      process.nextTick(() => {
        this.#gathering = false
        this.uncork()
      })
    }
    return typeof encoding === 'function' ? super.write(chunk, encoding) : super.write(chunk, encoding, done)
  }
}

/** Knex's own client, except that a transaction's first statement goes along with BEGIN rather than after its answer. */
export class PipelinedPostgres extends Postgres {
  override query(connection: Client, statement: unknown): Promise<unknown> {
    const answer = super.query(connection, statement)
    if (statement !== 'BEGIN;') return answer
    // BEGIN fails on a connection that is lost. Were it to fail on a sound one, nothing must run outside a transaction.
    answer.catch(() => connection.end())
    return Promise.resolve()
  }
}
