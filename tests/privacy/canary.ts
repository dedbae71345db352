// Looks for a planted word everywhere it could be: every column of every table, read from the catalogue, sealed ones
// opened with the key they were sealed with; every file; every line logged. So a table added tomorrow is looked at too.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClinicId } from '../../src/kernel/ids.ts'
import type { TestApp } from '../support/app.ts'

type Row = Record<string, unknown>

/** Where the word is, as `schema.table.column`, `file <name>` or `log`, each once, sorted. */
export async function placesOf(app: TestApp, canary: string): Promise<string[]> {
  const found = new Set<string>()
  const has = (text: string) => text.toLowerCase().includes(canary.toLowerCase())
  const columns = await app.superuser<{ schema: string; table: string; column: string; type: string }>(
    `select table_schema as schema, table_name as table, column_name as column, data_type as type
     from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2, ordinal_position`,
  )
  const tables = new Map<string, typeof columns>()
  for (const column of columns) {
    const name = `${column.schema}.${column.table}`
    tables.set(name, [...(tables.get(name) ?? []), column])
  }
  for (const [table, its] of tables) {
    const rows = await app.superuser<{ row: Row }>(`select to_jsonb(t) as row from ${table} t`)
    for (const { row } of rows) {
      for (const { schema, table: bare, column, type } of its) {
        const value = row[column]
        if (value === null || value === undefined) continue
        const text = typeof value === 'string' ? value : JSON.stringify(value)
        const bytes = type === 'bytea' ? Buffer.from(text.slice(2), 'hex') : undefined
        const open = column.endsWith('_sealed') && bytes && bytes.length > 0
        const words = [bytes ? bytes.toString('latin1') : text]
        if (open) words.push(await opened(app, `${schema}.${bare}`, column, row, bytes))
        if (words.some(has)) found.add(`${table}.${column}`)
      }
    }
  }
  const { exportDir, logDir, keyStoreDir } = app.services.config
  for (const folder of new Set([exportDir, keyStoreDir, ...(logDir === undefined ? [] : [logDir])])) {
    for (const name of await namesIn(folder)) {
      if (has(name) || has((await readFile(join(folder, name))).toString('latin1'))) found.add(`file ${name}`)
    }
  }
  if (app.logLines.some(has)) found.add('log')
  return [...found].sort()
}

/** A value under its key. One that does not open is a blind spot, and fails the test that looked. */
async function opened(app: TestApp, table: string, column: string, row: Row, bytes: Buffer): Promise<string> {
  const { keys } = app.services
  const [schema = '', bare = ''] = table.split('.')
  const place = `${bare}.${column.replace(/_sealed$/, '')}`
  const id = String(row.id)
  try {
    if (schema === 'clinic') return (await keys.forClinic(row.clinic_id as ClinicId)).open(bytes, place, id)
    return keys.platform.open(bytes, place, id)
  } catch (error) {
    throw new Error(`${table}.${column} can't be opened as ${place}`, { cause: error })
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
