import type { Knex } from 'knex'
import type { Binding } from '../../../platform/db/rows.ts'

/**
 * Runs a statement that is put together of filters. Planned for its values every time: a country of three clinics and
 * one of 30,000 want different ways. And not remembered, as there are hundreds of such texts.
 */
export async function found<Row>(db: Knex, sql: string, bindings: readonly Binding[]): Promise<Row[]> {
  const result = await db.raw<{ rows: Row[] }>(sql, bindings as readonly Knex.RawBinding[])
  return result.rows
}

/** Sorts after every text with this beginning, as texts are compared by code point. */
export const afterPrefix = (text: string) => `${text}\u{10ffff}`

/** Conditions and what they are about, to be joined by `and`. */
export class Conditions {
  private readonly texts: string[] = []
  readonly bindings: Binding[] = []

  add(text: string, ...bindings: Binding[]): void {
    this.texts.push(text)
    this.bindings.push(...bindings)
  }

  get sql(): string {
    return this.texts.length === 0 ? '' : ` where ${this.texts.join(' and ')}`
  }
}
