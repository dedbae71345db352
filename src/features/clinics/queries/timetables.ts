// Timetables and moon corrections as they are written. Whoever calls this has decided; here it is only done.
import { newId, type Id } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes } from '../../../platform/db/rows.ts'
import type { MoonCorrection, Timetable } from '../rules/timetables.ts'
import { insertShifts } from './write.ts'

export async function insertTimetable(ctx: Ctx, timetable: Timetable): Promise<void> {
  const { covers } = timetable
  const [from, to] = covers.kind === 'dates' ? [covers.from, covers.to] : [null, null]
  const [month, year] = covers.kind === 'hijri_month' ? [covers.month, covers.year ?? null] : [null, null]
  await changes(
    ctx.db,
    `insert into clinic.timetables (clinic_id, id, practitioner_id, location_id, name, kind, valid_from, valid_to,
       hijri_month, hijri_year, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ctx.clinic.id,
      timetable.id,
      timetable.practitionerId,
      timetable.locationId ?? null,
      timetable.name,
      covers.kind,
      from,
      to,
      month,
      year,
      ctx.now,
    ],
  )
  if (timetable.shifts.length > 0) await insertShifts(ctx, timetable.shifts, timetable.id)
}

/** With the shifts that are its own. */
export async function deleteTimetable(ctx: Ctx, id: Id<'timetable'>): Promise<void> {
  await changes(ctx.db, 'delete from clinic.timetables where clinic_id = ? and id = ?', [ctx.clinic.id, id])
}

/** A month that began on its calculated day needs no row. */
export async function replaceMoonCorrection(ctx: Ctx, { hijriYear, hijriMonth, days }: MoonCorrection): Promise<void> {
  await changes(
    ctx.db,
    'delete from clinic.moon_corrections where clinic_id = ? and hijri_year = ? and hijri_month = ?',
    [ctx.clinic.id, hijriYear, hijriMonth],
  )
  if (days === 0) return
  await changes(
    ctx.db,
    `insert into clinic.moon_corrections (clinic_id, id, hijri_year, hijri_month, days, created_at)
     values (?, ?, ?, ?, ?, ?)`,
    [ctx.clinic.id, newId(), hijriYear, hijriMonth, days, ctx.now],
  )
}
