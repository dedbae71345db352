import type { Knex } from 'knex'
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
  const result = await db.raw<{ rows: Row[] }>(sql, bindings as unknown as Knex.RawBinding[])
  return result.rows
}

/** The number of rows an INSERT, UPDATE or DELETE touched. */
export async function changes(db: Knex, sql: string, bindings: readonly Binding[] = []): Promise<number> {
  const result = await db.raw<{ rowCount: number | null }>(sql, bindings as unknown as Knex.RawBinding[])
  return result.rowCount ?? 0
}
