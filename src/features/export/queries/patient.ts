import type { PatientId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { rows } from '../../../platform/db/rows.ts'
import { exportTables } from '../rules/tables.ts'
import { openedCells, type TableRow } from './tables.ts'

/** Rows as an export has them: column name to value, opened. */
export type HeldRow = Record<string, string | number | null>
export type Held = Record<
  | 'patients'
  | 'consents'
  | 'appointments'
  | 'tokens'
  | 'queue_places'
  | 'waiting_entries'
  | 'waiting_offers'
  | 'messages'
  | 'inbound_messages'
  | 'audit_entries',
  HeldRow[]
>

/** Every row about somebody: their own, and what the log says of them and of their visits. */
export async function listRowsOf(ctx: Ctx, id: PatientId): Promise<Held> {
  const appointments = await held(ctx, 'appointments', 'patient_id', [id])
  const visitIds = appointments.map((visit) => String(visit.id))
  const waiting = await held(ctx, 'waiting_entries', 'patient_id', [id])
  const waitingIds = waiting.map((entry) => String(entry.id))
  return {
    patients: await held(ctx, 'patients', 'id', [id]),
    consents: await held(ctx, 'consents', 'patient_id', [id]),
    appointments,
    tokens: await held(ctx, 'tokens', 'appointment_id', visitIds),
    queue_places: await held(ctx, 'queue_places', 'appointment_id', visitIds),
    waiting_entries: waiting,
    waiting_offers: await held(ctx, 'waiting_offers', 'entry_id', waitingIds),
    messages: await held(ctx, 'messages', 'patient_id', [id]),
    inbound_messages: await held(ctx, 'inbound_messages', 'patient_id', [id]),
    audit_entries: await held(ctx, 'audit_entries', 'record_id', [id, ...visitIds, ...waitingIds]),
  }
}

async function held(ctx: Ctx, name: keyof Held, column: string, ids: readonly string[]): Promise<HeldRow[]> {
  const table = exportTables.find((one) => one.name === name)
  if (!table) throw new Error(`${name} is not exported`)
  const only = table.only === undefined ? '' : ' and ' + table.only
  const found = await rows<TableRow>(
    ctx.db,
    'select ' +
      table.columns.map(({ sql }) => sql).join(', ') +
      ' from clinic.' +
      name +
      ' where clinic_id = ? and ' +
      column +
      ' = any(?::uuid[])' +
      only +
      ' order by ' +
      table.key.join(', '),
    [ctx.clinic.id, ids],
  )
  return found.map((row) => {
    const cells = openedCells(ctx, table, row)
    return Object.fromEntries(
      table.columns.map(({ name: title }, at) => {
        const cell = cells[at] ?? null
        return [title, typeof cell === 'object' ? null : cell]
      }),
    )
  })
}
