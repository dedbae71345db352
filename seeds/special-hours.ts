// Ramadan at the demo clinics, and a holiday they are closed on.
import { newId, type ClinicId } from '../src/kernel/ids.ts'
import { dateAt, dayBounds, Temporal, type Instant } from '../src/kernel/time.ts'
import type { Ctx } from '../src/platform/clinic-scope.ts'
import { rows } from '../src/platform/db/rows.ts'
import type { SeedClinic } from './clinics.ts'

type InsertAll = (ctx: Ctx, table: string, rows: Record<string, unknown>[]) => Promise<unknown>

/** By slug: the hours of Ramadan, in minutes after midnight, and the next Labour Day or National Day. */
const ramadan: Record<string, { holiday: [month: number, day: number]; names: Record<string, string> }> = {
  shifa: { holiday: [3, 23], names: { en: 'Pakistan Day', ur: 'یومِ پاکستان' } },
  'nour-dental': { holiday: [1, 25], names: { en: 'Revolution Day', ar: 'عيد ثورة 25 يناير' } },
}

/** In Ramadan a late morning and a night after the prayers, every day that is worked on otherwise. */
export async function insertSpecialHours(ctx: Ctx, clinic: SeedClinic, insertAll: InsertAll): Promise<void> {
  const own = ramadan[clinic.slug]
  if (!own) return
  const clinic_id: ClinicId = ctx.clinic.id
  const created_at: Instant = ctx.now
  const weekly = await rows<{ practitioner_id: string; location_id: string; weekday: number }>(
    ctx.db,
    `select distinct practitioner_id, location_id, weekday from clinic.shifts
     where clinic_id = ? and timetable_id is null order by 1, 2, 3`,
    [clinic_id],
  )
  const places = [...new Set(weekly.map(({ practitioner_id, location_id }) => `${practitioner_id} ${location_id}`))]
  const timetables = places.map((place) => {
    const [practitioner_id, location_id] = place.split(' ')
    return { clinic_id, id: newId(), practitioner_id, location_id, kind: 'hijri_month', hijri_month: 9, created_at }
  })
  await insertAll(ctx, 'timetables', timetables)
  // A doctor of two places is at the first in the morning and at the second in the night, as the order of rows has it.
  await insertAll(
    ctx,
    'shifts',
    timetables.flatMap((timetable) => {
      const others = timetables.filter((one) => one.practitioner_id === timetable.practitioner_id)
      const spans =
        others.length === 1
          ? [
              [10 * 60, 14 * 60],
              [21 * 60, 25 * 60],
            ]
          : [others[0] === timetable ? [10 * 60, 14 * 60] : [21 * 60, 24 * 60]]
      return weekly
        .filter((one) => one.practitioner_id === timetable.practitioner_id && one.location_id === timetable.location_id)
        .flatMap(({ practitioner_id, location_id, weekday }) =>
          spans.map(([starts_min, ends_min]) => ({
            clinic_id,
            id: newId(),
            timetable_id: timetable.id,
            practitioner_id,
            location_id,
            weekday,
            starts_min,
            ends_min,
            created_at,
          })),
        )
    }),
  )
  const { zone } = ctx.clinic
  const today = dateAt(ctx.now, zone)
  const [month, day] = own.holiday
  const thisYear = new Temporal.PlainDate(today.year, month, day)
  const date = Temporal.PlainDate.compare(thisYear, today) > 0 ? thisYear : thisYear.add({ years: 1 })
  const { from, to } = dayBounds(date, zone)
  await insertAll(ctx, 'closures', [
    {
      clinic_id,
      id: newId(),
      starts_at: from,
      ends_at: to,
      reason: own.names[ctx.clinic.language] ?? own.names.en,
      shown: true,
      names: JSON.stringify(own.names),
      created_at,
    },
  ])
}
