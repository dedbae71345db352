// Whole tables, out and in. The names in these statements are those of `rules/tables`, never anybody's input.
import { z } from 'zod'
import type { UserId } from '../../../kernel/ids.ts'
import { fold } from '../../../kernel/names.ts'
import type { Phone } from '../../../kernel/phone.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Cell } from '../../../platform/csv.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { recipientHash } from '../../../platform/outbox.ts'
import type { Column, Table } from '../rules/columns.ts'

export type TableRow = Record<string, unknown>

export async function countRows(ctx: Ctx, tables: readonly Table[]): Promise<number> {
  const counts = tables.map(({ name, only }) => '(select count(*) from clinic.' + name + whereOf(only) + ')')
  const [row] = await rows<{ total: number }>(
    ctx.db,
    'select (' + counts.join(' + ') + ')::bigint as total',
    tables.map(() => ctx.clinic.id),
  )
  return row?.total ?? 0
}

const whereOf = (only: string | undefined) => ' where clinic_id = ?' + (only === undefined ? '' : ' and ' + only)

/** The rows after `last` in the order of the key. */
export async function listTableRows(
  ctx: Ctx,
  table: Table,
  last: TableRow | undefined,
  limit: number,
): Promise<TableRow[]> {
  const { name, key, only } = table
  const tuple = '(' + key.join(', ') + ')'
  const after = last && key.length > 0 ? ' and ' + tuple + ' > (' + key.map(() => '?::uuid').join(', ') + ')' : ''
  return rows<TableRow>(
    ctx.db,
    'select ' +
      table.columns.map(({ sql }) => sql).join(', ') +
      ' from clinic.' +
      name +
      whereOf(only) +
      after +
      (key.length > 0 ? ' order by ' + key.join(', ') : '') +
      ' limit ?',
    [ctx.clinic.id, ...(after === '' ? [] : key.map((column) => String(last?.[column]))), limit],
  )
}

const placeOf = (table: Table, column: Column) => `${table.name}.${column.column.replace(/_sealed$/, '')}`

/** A row as the file has it, opened where it is sealed. */
export function openedCells(ctx: Ctx, table: Table, row: TableRow): Cell[] {
  return table.columns.map((column): Cell => {
    const value = row[column.column]
    if (value === null || value === undefined) return null
    switch (column.kind) {
      case 'id':
      case 'text':
      case 'time':
        return typeof value === 'string' ? value : (value as Instant).toString()
      case 'number':
        return Number(value)
      case 'flag':
        return value === true ? 'true' : 'false'
      case 'json':
        return JSON.stringify(value)
      case 'hex':
        return (value as Buffer).toString('hex')
      case 'sealed':
      case 'sealedJson':
        return ctx.seal.open(value as Buffer, placeOf(table, column), String(row.id))
    }
  })
}

export type Staff = { name: string; email: string; role: string; since: Instant }

export async function listStaff(ctx: Ctx): Promise<Staff[]> {
  return rows<Staff>(
    ctx.db,
    `select u.name, u.email, m.role, m.created_at as since from platform.memberships m join platform.users u on u.id = m.user_id
     where m.clinic_id = ? order by m.created_at, u.id`,
    [ctx.clinic.id],
  )
}

// From here on the way back.

/** Whether the clinic has anything that an import would have to mix with. */
export async function hasRecords(ctx: Ctx): Promise<boolean> {
  const found = await rows(
    ctx.db,
    `select 1 where exists (select from clinic.patients where clinic_id = ?)
       or exists (select from clinic.appointments where clinic_id = ?)
       or exists (select from clinic.messages where clinic_id = ?)
       or exists (select from clinic.inbound_messages where clinic_id = ?)`,
    [ctx.clinic.id, ctx.clinic.id, ctx.clinic.id, ctx.clinic.id],
  )
  return found.length > 0
}

/** Takes away what a clinic begins with, in whose place the imported settings come. */
export async function deleteFirstSettings(ctx: Ctx): Promise<void> {
  for (const table of [
    'closures',
    'shifts',
    'timetables',
    'moon_corrections',
    'resources',
    'practitioner_services',
    'practitioners',
    'services',
    'locations',
  ]) {
    await changes(ctx.db, 'delete from clinic.' + table + ' where clinic_id = ?', [ctx.clinic.id])
  }
}

export async function listMemberIds(ctx: Ctx): Promise<UserId[]> {
  const found = await rows<{ id: UserId }>(
    ctx.db,
    'select user_id as id from platform.memberships where clinic_id = ?',
    [ctx.clinic.id],
  )
  return found.map(({ id }) => id)
}

/** A row of a file, by the names of its columns; `null` where the field was empty. */
export type FileRow = Record<string, string | null>

const notNull: Record<string, string> = {
  'profiles.languages': '',
  'locations.address': '',
  'closures.shown': 'false',
  // Exports from before there were these.
  'profiles.same_day': 'true',
  'services.new_only': 'false',
  'services.visit_type': 'examination',
}

/** A file's row as the database takes it: sealed under this clinic's key, with what is made of other columns. */
export function sealedRow(ctx: Ctx, table: Table, row: FileRow): TableRow {
  const made: TableRow = { clinic_id: ctx.clinic.id }
  for (const column of table.columns) {
    const text = row[column.name] ?? notNull[`${table.name}.${column.name}`] ?? null
    made[column.column] = text === null ? null : stored(ctx, table, column, row, text)
  }
  if (table.name === 'patients') return { ...made, ...madeOfPatient(ctx, row) }
  if (table.name === 'messages') return { ...made, ...madeOfMessage(ctx, row) }
  if (table.name === 'rights_requests') return { ...made, ...madeOfRequest(ctx, row) }
  return made
}

function stored(ctx: Ctx, table: Table, column: Column, row: FileRow, text: string): unknown {
  switch (column.kind) {
    case 'id':
    case 'text':
    case 'time':
      return text
    case 'number':
      return Number(text)
    case 'flag':
      return text === 'true'
    case 'json':
      return JSON.parse(text) as unknown
    case 'hex':
      return bytea(Buffer.from(text, 'hex'))
    case 'sealed':
    case 'sealedJson':
      return bytea(ctx.seal.seal(text, placeOf(table, column), row.id ?? ''))
  }
}

const bytea = (bytes: Buffer) => `\\x${bytes.toString('hex')}`

function madeOfPatient(ctx: Ctx, row: FileRow): TableRow {
  const phone = (row.phone ?? '') as Phone
  return {
    name_key: fold(row.name ?? ''),
    phone_index: bytea(ctx.seal.phoneIndex(phone)),
    phone_last_four_index: bytea(ctx.seal.lastFourIndex(phone)),
  }
}

const subjectShape = z.object({ phone: z.string().optional() })

function madeOfRequest(ctx: Ctx, row: FileRow): TableRow {
  const { phone } = row.subject == null ? {} : subjectShape.parse(JSON.parse(row.subject))
  return { phone_index: phone === undefined ? null : bytea(ctx.seal.phoneIndex(phone as Phone)) }
}

/** What had not left will not leave from here: the clinic it came from may be sending it. */
function madeOfMessage(ctx: Ctx, row: FileRow): TableRow {
  const address = row.recipient ?? ''
  const hash =
    row.channel === 'email'
      ? recipientHash(ctx, { channel: 'email', email: address })
      : recipientHash(ctx, { channel: 'whatsapp', phone: address as Phone })
  const waiting = ['queued', 'sending', 'unknown'].includes(row.status ?? '')
  return { recipient_hash: bytea(hash), ...(waiting ? { status: 'dropped', drop_reason: 'imported' } : {}) }
}

/** One statement for many rows. The database reads each field by its column's own type. */
export async function insertRows(ctx: Ctx, table: Table, batch: readonly TableRow[]): Promise<void> {
  const names = Object.keys(batch[0] ?? {}).join(', ')
  if (names === '') return
  const source = ' from jsonb_populate_recordset(null::clinic.' + table.name + ', ?::jsonb)'
  if (table.key.length === 0) {
    // The root row is there since the clinic was opened.
    await changes(
      ctx.db,
      'update clinic.' + table.name + ' set (' + names + ') = (select ' + names + source + ') where clinic_id = ?',
      [JSON.stringify(batch), ctx.clinic.id],
    )
    return
  }
  await changes(ctx.db, 'insert into clinic.' + table.name + ' (' + names + ') select ' + names + source, [
    JSON.stringify(batch),
  ])
  if (table.name === 'patients') await insertWords(ctx, batch)
}

async function insertWords(ctx: Ctx, patients: readonly TableRow[]): Promise<void> {
  const words = patients.flatMap(({ id, name_key }) =>
    [...new Set(String(name_key).split(' ').filter(Boolean))].slice(0, 12).map((word) => ({ word, id: String(id) })),
  )
  await changes(
    ctx.db,
    `insert into clinic.patient_words (clinic_id, word, patient_id)
     select ?::uuid, word, id from unnest(?::text[], ?::uuid[]) as t (word, id)`,
    [ctx.clinic.id, words.map(({ word }) => word), words.map(({ id }) => id)],
  )
}
