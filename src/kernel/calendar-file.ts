// Visits as a calendar file, RFC 5545, for patients and for the feeds of a clinic. Written here rather than by a package:
// those that are kept up want `Date`s for our instants, and the best of them another Node; what they would save is the
// folding and escaping below, which a parser of another house checks in the tests.
//
// Times are UTC, so no zone is described. RFC 5545 asks for one only where something repeats, and no visit here does: each
// is an entry of its own. Google, Apple and Outlook all show such times by the clock of whoever looks, while zones by name
// they read each in their own way, and wrongly when a country changes its rules before they do.
import { instantText, type Instant } from './time.ts'

export type CalendarVisit = {
  /** The same for the life of the visit, so that what comes later replaces what came before. */
  uid: string
  /** Grows with every change of time or place, with a cancellation and with its undoing. */
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

export const calendarType = 'text/calendar; charset=utf-8'

/** The name of a visit in every calendar. */
export const calendarUid = (visitId: string, baseUrl: string): string => `${visitId}@${new URL(baseUrl).hostname}`

/** One file for some visits. A feed has a name, and says how often it is worth asking for. */
export function calendarFile(visits: readonly CalendarVisit[], feed?: { name: string; everyMinutes: number }): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Nabz//Visit//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    ...(feed === undefined
      ? []
      : [
          `NAME:${escaped(feed.name)}`,
          `X-WR-CALNAME:${escaped(feed.name)}`,
          `REFRESH-INTERVAL;VALUE=DURATION:PT${feed.everyMinutes}M`,
          `X-PUBLISHED-TTL:PT${feed.everyMinutes}M`,
        ]),
    ...visits.flatMap(linesOf),
    'END:VCALENDAR',
  ]
  return lines.map((line) => folded(line) + '\r\n').join('')
}

const linesOf = (visit: CalendarVisit): string[] => [
  'BEGIN:VEVENT',
  `UID:${visit.uid}`,
  `SEQUENCE:${visit.sequence}`,
  `DTSTAMP:${utc(visit.stamp)}`,
  `DTSTART:${utc(visit.startsAt)}`,
  `DTEND:${utc(visit.endsAt)}`,
  `SUMMARY:${escaped(visit.summary)}`,
  `LOCATION:${escaped(visit.location)}`,
  ...(visit.description === '' ? [] : [`DESCRIPTION:${escaped(visit.description)}`]),
  `URL:${visit.url}`,
  `STATUS:${visit.cancelled ? 'CANCELLED' : 'CONFIRMED'}`,
  `TRANSP:${visit.cancelled ? 'TRANSPARENT' : 'OPAQUE'}`,
  'END:VEVENT',
]

const utc = (instant: Instant) => instantText(instant.epochMilliseconds).replace(/[-:]/g, '')

const escaped = (text: string) => text.replace(/[\\;,]/g, (sign) => `\\${sign}`).replace(/\r\n|\r|\n/g, '\\n')

const encoder = new TextEncoder()

/** Lines of at most 75 octets; what follows is indented by a space. No character is cut in two. */
function folded(line: string): string {
  let result = ''
  let octets = 0
  for (const character of line) {
    const size = encoder.encode(character).length
    if (octets + size > 75) {
      result += '\r\n '
      octets = 1
    }
    result += character
    octets += size
  }
  return result
}
