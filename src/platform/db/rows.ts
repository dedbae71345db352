import type { Knex } from 'knex'
import type { Client, QueryResult } from 'pg'
import type { Instant, PlainDate, PlainTime } from '../../kernel/time.ts'

export type Binding =
  | string
  | number
  | boolean
  | null
  | Buffer
  | Instant
  | PlainDate
  | PlainTime
  | readonly string[]
  | readonly number[]
  | readonly Buffer[]

/**
 * Runs SQL with `?` parameters and answers its rows. `Row` says what the statement selects; it is the query's word, so
 * keep it beside the SQL. For what is awkward in the query builder; both go through the same transaction.
 */
export async function rows<Row>(db: Knex, sql: string, bindings: readonly Binding[] = []): Promise<Row[]> {
  const result = await run(db, sql, bindings)
  return result.rows as Row[]
}

/** The number of rows an INSERT, UPDATE or DELETE touched. */
export async function changes(db: Knex, sql: string, bindings: readonly Binding[] = []): Promise<number> {
  return (await run(db, sql, bindings)).rowCount ?? 0
}

/**
 * The end of a statement that reads a little out of much between two bounds, such as a day out of years: a limit whose
 * parameter is null, so none. Not knowing it, Postgres expects few rows, and keeps one plan that goes from row to row.
 * Knowing no limit it takes any two bounds for half a per cent of the table, and plans each call anew, which for visits
 * with their names takes 0.8 ms, as long as reading them.
 */
export const onePlan = ' limit ?::bigint'

/**
 * On the transaction's own connection, as a prepared statement: Postgres parses and plans each text once per connection
 * rather than at every call, which for a statement under row-level security costs more than running it.
 */
async function run(db: Knex, sql: string, bindings: readonly Binding[]): Promise<QueryResult> {
  // Its connection may serve another clinic by now.
  if (isOver(db)) throw new Error('a statement after the end of its transaction')
  const connections = db.client as {
    acquireConnection(): Promise<Client>
    releaseConnection(client: Client): Promise<void>
  }
  const client = await connections.acquireConnection()
  try {
    return await client.query({ ...statement(sql), values: [...bindings] })
  } finally {
    // Within a transaction this gives nothing back before its end.
    await connections.releaseConnection(client)
  }
}

const isOver = (db: Knex): boolean => db.isTransaction === true && (db as Knex.Transaction).isCompleted()

type Statement = { text: string; name?: string }
const statements = new Map<string, Statement>()

/** A bound on what each connection is asked to remember; texts beyond it are planned every time. */
const remembered = 500

function statement(sql: string): Statement {
  const known = statements.get(sql)
  if (known) return known
  let parameter = 0
  const text = sql.replace(/\?/g, () => `$${++parameter}`)
  if (statements.size >= remembered) return { text }
  const made = { text, name: `nabz_${statements.size}` }
  statements.set(sql, made)
  return made
}
