import { z } from 'zod'
import { wholeNumber } from '../../kernel/forms.ts'
import { parseId, type AppointmentId, type PractitionerId } from '../../kernel/ids.ts'
import { parseDate, type PlainDate } from '../../kernel/time.ts'
import { lengthBounds } from '../appointments/rules.ts'
import { views, type CalendarView } from './rules.ts'

export type Colouring = 'status' | 'service'

/** What an address asks to see. It is all there is to it: nothing of it is kept anywhere else. */
export type CalendarQuestion = {
  view: CalendarView
  date: PlainDate | undefined
  practitionerId: PractitionerId | undefined
  colour: Colouring
}

/** What can't be understood is left out: a bookmark with a wrong date in it shows today. */
export function asked(query: Record<string, unknown>): CalendarQuestion {
  return {
    view: views.find((view) => view === query.view) ?? 'day',
    date: parseDate(query.date),
    practitionerId: parseId<'practitioner'>(query.doctor),
    colour: query.colour === 'service' ? 'service' : 'status',
  }
}

export const visitAsked = (query: Record<string, unknown>): AppointmentId | undefined =>
  parseId<'appointment'>(query.visit)

export const lengthForm = z.object({
  minutes: wholeNumber('calendar.error.length', lengthBounds.least, lengthBounds.most),
})
