// The Hijri calendar as Umm al-Qura counts it, by whole dates. What a clinic's country sees in the sky may differ by a
// day: such corrections are the clinic's own, and made by whoever asks.
import { Temporal, type PlainDate } from './time.ts'

export type HijriDate = { year: number; month: number; day: number }

export const ramadan = 9
/** Between these years the tables of Umm al-Qura are known; beyond them engines go on with a calendar that is another. */
export const hijriYears = { from: 1300, to: 1600 } as const

const calendar = new Intl.DateTimeFormat('en-u-ca-islamic-umalqura-nu-latn', {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  timeZone: 'UTC',
})

/** A date in the Umm al-Qura calendar, as calculated: no clinic’s sighting of the moon is in it. */
export function hijriOf({ year, month, day }: PlainDate): HijriDate {
  const found = { year: 0, month: 0, day: 0 }
  for (const { type, value } of calendar.formatToParts(Date.UTC(year, month - 1, day))) {
    if (type === 'year' || type === 'month' || type === 'day') found[type] = Number(value)
  }
  return found
}

// The day before 1 Muharram of the year 1, as the months' mean length counts back to it.
const beginning = new Temporal.PlainDate(622, 7, 18)
const meanMonth = 29.530_588

// A search asks for the same few months again and again, and asking Intl takes longest of all it does.
const starts = new Map<number, PlainDate>()

/** The first day of a month; months past the twelfth are those of the next year. */
export function hijriMonthStart(year: number, month: number): PlainDate {
  const number = year * 12 + month - 1
  const known = starts.get(number)
  if (known) return known
  let date = beginning.add({ days: Math.round((number - 12) * meanMonth) + 1 })
  for (;;) {
    const at = hijriOf(date)
    const months = number - (at.year * 12 + at.month - 1)
    if (months === 0) {
      date = date.subtract({ days: at.day - 1 })
      break
    }
    // To the middle of the month that is meant, from where its first day can be counted.
    date = date.add({ days: Math.round(months * meanMonth) + 15 - at.day })
  }
  if (starts.size >= 1_000) starts.clear()
  starts.set(number, date)
  return date
}
