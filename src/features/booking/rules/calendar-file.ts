// A visit as a calendar file, RFC 5545. Calendars are shared with families and employers: nothing in it says why
// somebody goes there.
import { instantText, type Instant } from '../../../kernel/time.ts'

export type CalendarVisit = {
  /** The same for the life of the visit, so that a second file replaces the first. */
  uid: string
  sequence: number
  cancelled: boolean
  startsAt: Instant
  endsAt: Instant
  stamp: Instant
  summary: string
  location: string
  description: string
  url: string
}

export function calendarFile(visit: CalendarVisit): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Nabz//Visit//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    `UID:${visit.uid}`,
    `SEQUENCE:${visit.sequence}`,
    `DTSTAMP:${utc(visit.stamp)}`,
    `DTSTART:${utc(visit.startsAt)}`,
    `DTEND:${utc(visit.endsAt)}`,
    `SUMMARY:${escaped(visit.summary)}`,
    `LOCATION:${escaped(visit.location)}`,
    `DESCRIPTION:${escaped(visit.description)}`,
    `URL:${visit.url}`,
    `STATUS:${visit.cancelled ? 'CANCELLED' : 'CONFIRMED'}`,
    'TRANSP:OPAQUE',
    'END:VEVENT',
    'END:VCALENDAR',
  ]
  return lines.map((line) => folded(line) + '\r\n').join('')
}

const utc = (instant: Instant) => instantText(instant.epochMilliseconds).replace(/[-:]/g, '')

const escaped = (text: string) => text.replace(/[\\;,]/g, (sign) => `\\${sign}`).replace(/\r\n|\r|\n/g, '\\n')

/** Lines of at most 75 octets; what follows is indented by a space. No character is cut in two. */
function folded(line: string): string {
  let result = ''
  let octets = 0
  for (const character of line) {
    const size = Buffer.byteLength(character)
    if (octets + size > 75) {
      result += '\r\n '
      octets = 1
    }
    result += character
    octets += size
  }
  return result
}
