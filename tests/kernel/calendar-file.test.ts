// Read by a parser of another house (ical.js, as Thunderbird has it).
import ICAL from 'ical.js'
import { expect, it } from 'vitest'
import { calendarFile } from '../../src/kernel/calendar-file.ts'
import { Temporal } from '../../src/kernel/time.ts'

// Clocks go forward and back on these days; in Cairo at midnight itself.
it.each([
  ['Africa/Cairo', '2026-04-24', '01:30', '2026-10-29', '23:30'],
  ['Europe/London', '2026-03-29', '02:30', '2026-10-25', '01:30'],
])(
  'a calendar file is read as the instants that were meant where clocks change: %s',
  (timeZone, spring, early, autumn, late) => {
    const wall = (date: string, time: string, disambiguation: 'earlier' | 'later' = 'earlier') =>
      Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(timeZone, { disambiguation })
    const starts = [wall(spring, early), wall(autumn, late), wall(autumn, late, 'later'), wall(autumn, '12:00')]
    const file = calendarFile(
      starts.map((startsAt, number) => ({
      uid: `${number}@nabz.test`, sequence: 0, cancelled: false, startsAt: startsAt.toInstant(),
      endsAt: startsAt.add({ minutes: 45 }).toInstant(), stamp: startsAt.toInstant(), summary: 'Visit', location: '',
      description: '', url: 'https://nabz.test/',
    })), // prettier-ignore
    )
    const events = new ICAL.Component(ICAL.parse(file) as unknown[])
      .getAllSubcomponents('vevent')
      .map((component) => new ICAL.Event(component))
    const shown = events.map(({ startDate }) =>
      Temporal.Instant.fromEpochMilliseconds(startDate.toJSDate().getTime()).toZonedDateTimeISO(timeZone).toString(),
    )
    expect(shown).toEqual(starts.map(String))
    for (const { startDate, endDate } of events) expect(endDate.subtractDate(startDate).toSeconds()).toBe(45 * 60)
  },
)
