// When a clinic is open, and when it is not.
import { at, columns, created, id, type Table } from '../columns.ts'

export const hoursTables: readonly Table[] = [
  {
    name: 'timetables',
    key: ['id'],
    columns: columns({
      id,
      practitioner_id: ['id', 'practitioners.id'],
      location_id: ['id', 'locations.id whose weekly hours it replaces; empty: those of all'],
      name: ['text', 'what patients read'],
      kind: ['text', 'dates or hijri_month'],
      valid_from: ['time', 'first day, local'],
      valid_to: ['time', 'last day, local'],
      hijri_month: ['number', 'month of the Hijri year, 9 is Ramadan'],
      hijri_year: ['number', 'Hijri year; empty: every year'],
      created_at: created,
    }),
  },
  {
    name: 'moon_corrections',
    key: ['id'],
    columns: columns({
      id,
      hijri_year: ['number', 'Hijri year'],
      hijri_month: ['number', 'month of the Hijri year'],
      days: ['number', 'days by which the month began after its day in the Umm al-Qura calendar'],
      created_at: created,
    }),
  },
  {
    name: 'shifts',
    key: ['id'],
    columns: columns({
      id,
      timetable_id: ['id', 'timetables.id; empty: weekly hours'],
      practitioner_id: ['id', 'practitioners.id'],
      location_id: ['id', 'locations.id'],
      weekday: ['number', 'ISO weekday, 1 is Monday'],
      starts_min: ['number', 'minutes after local midnight'],
      ends_min: ['number', 'minutes after local midnight, above 1440 on the next day'],
      valid_from: ['time', 'first day, local'],
      valid_to: ['time', 'last day, local'],
      created_at: created,
    }),
  },
  {
    name: 'closures',
    key: ['id'],
    columns: columns({
      id,
      practitioner_id: ['id', 'practitioners.id; empty: everybody'],
      location_id: ['id', 'locations.id; empty: everywhere'],
      starts_at: at('start'),
      ends_at: at('end'),
      reason: ['text', 'why'],
      shown: ['flag', 'true: patients are told why'],
      names: ['json', 'what a holiday is called, by language'],
      created_at: created,
    }),
  },
]
