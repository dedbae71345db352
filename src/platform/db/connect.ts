import knex, { type Knex } from 'knex'
import pg, { type ClientConfig } from 'pg'
import { GatheringSocket, PipelinedPostgres } from './pipelined.ts'
import { instantText, Temporal } from '../../kernel/time.ts'

const { types } = pg

// The driver hands out exact values: instants and dates as Temporal, bigint as a number (refusing what a double can't
// hold), ranges as text. It takes Temporal values in through its own hook, `toPostgres`.
types.setTypeParser(types.builtins.TIMESTAMPTZ, instant)
types.setTypeParser(types.builtins.DATE, (text) => Temporal.PlainDate.from(text))
types.setTypeParser(types.builtins.TIME, (text) => Temporal.PlainTime.from(text))
types.setTypeParser(types.builtins.INT8, (text) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error('bigint beyond 2^53')
  return value
})
for (const kind of [Temporal.PlainDate, Temporal.PlainTime]) {
  Object.defineProperty(kind.prototype, 'toPostgres', {
    value(this: { toString(): string }) {
      return this.toString()
    },
  })
}
Object.defineProperty(Temporal.Instant.prototype, 'toPostgres', {
  value(this: Temporal.Instant) {
    const ms = this.epochMilliseconds
    return ms >= 0 && this.epochNanoseconds % 1_000_000n === 0n ? instantText(ms) : this.toString()
  },
})

/**
 * Connections speak UTC, so a timestamp reads `2026-11-21 07:29:50.123+00`. Up to milliseconds, which is all we write,
 * the platform's own parser does it ten times faster than Temporal's.
 */
function instant(text: string): Temporal.Instant {
  if (text.length <= 26 && text.endsWith('+00')) {
    const ms = Date.parse(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`)
    if (!Number.isNaN(ms)) return Temporal.Instant.fromEpochMilliseconds(ms)
  }
  return Temporal.Instant.from(text.replace(' ', 'T'))
}

export type Database = Knex

const nothing = () => undefined

/**
 * A pool of connections. `statementTimeout` in milliseconds bounds every statement; a request that waits more than 5 s
 * for a connection fails, which the error page answers with 503.
 */
export function connect(url: string, pool: number, statementTimeout = 5_000): Database {
  return knex({
    client: PipelinedPostgres,
    connection: {
      ...({ pipeline: true, stream: () => new GatheringSocket() } satisfies ClientConfig),
      connectionString: url,
      application_name: 'nabz',
      statement_timeout: statementTimeout,
      idle_in_transaction_session_timeout: 10_000,
      options: '-c timezone=UTC -c lock_timeout=4000',
    },
    pool: { min: 0, max: pool },
    acquireConnectionTimeout: 5_000,
    // Knex would print errors, values included, past our log; whoever ran the query gets them anyway.
    log: { warn: nothing, error: nothing, deprecate: nothing, debug: nothing },
  })
}
