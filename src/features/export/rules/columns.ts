// How the tables of an export are described, and the columns many of them have.

/**
 * How a column is written. `time` is an instant, date or time of day in ISO 8601; `sealed` and `sealedJson` are opened, and
 * sealed anew by an import; `hex` is a digest.
 */
export type Kind = 'id' | 'text' | 'number' | 'flag' | 'time' | 'json' | 'hex' | 'sealed' | 'sealedJson'

export type Column = {
  /** Its name in the file. */
  name: string
  kind: Kind
  about: string
  /** Its name in the database. */
  column: string
  /** What is selected for it: the column, or something made of it. */
  sql: string
}

export type Table = {
  name: string
  /** The columns that, with the clinic, make the key: rows are read in their order. None: there is one row. */
  key: readonly string[]
  columns: readonly Column[]
  /** Rows that are taken along; all unless it says so. */
  only?: string
}

/** The columns of a table by their names: kind, what it is, and what is selected where that is not just the column. */
export function columns(specs: Record<string, [Kind, string] | [Kind, string, string]>): Column[] {
  return Object.entries(specs).map(([name, [kind, about, sql]]) => {
    const column = kind.startsWith('sealed') && !name.endsWith('_sealed') ? `${name}_sealed` : name
    return { name, kind, about, column, sql: sql === undefined ? column : `${sql} as ${column}` }
  })
}

export const at = (about: string): [Kind, string] => ['time', `${about}, ISO 8601 in UTC`]
export const position: [Kind, string] = ['number', 'order in lists, from 0']
export const active: [Kind, string] = ['flag', 'false: taken out of use']
export const created = at('when it was entered')
export const id: [Kind, string] = ['id', 'identifier, UUID']
