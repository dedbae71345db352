import { z } from 'zod'
import { wholeNumber } from '../../kernel/forms.ts'
import { parseId, type AppointmentId } from '../../kernel/ids.ts'
import {
  dateAt,
  dayBounds,
  isBefore,
  localInstant,
  parseDate,
  parseTime,
  Temporal,
  type Instant,
  type Zone,
} from '../../kernel/time.ts'
import { longestDays, parseChoice, roundedUp, type Choice, type Declaration } from './rules.ts'

const what = ['late', 'off', 'leave'] as const

const text = z.string({ error: 'form.error.invalid' }).optional()

/** Who is late or away, from when, and what is to become of the visits. */
export const declarationForm = (zone: Zone, now: Instant) =>
  z
    .object({
      who: z.string({ error: 'disruptions.error.who' }).min(1, 'disruptions.error.who'),
      what: z.enum(what, { error: 'disruptions.error.what' }),
      late_min: text,
      from_time: text,
      from_date: text,
      to_date: text,
      then: z.string({ error: 'disruptions.error.then' }),
    })
    .transform((typed, issue): Declaration => {
      const refuse = (field: string, message: string): never => {
        issue.addIssue({ code: 'custom', path: [field], message })
        return z.NEVER
      }
      const [kindOf, id] = typed.who.split(':')
      const practitionerId = kindOf === 'doctor' ? parseId<'practitioner'>(id) : undefined
      const locationId = kindOf === 'place' ? parseId<'location'>(id) : undefined
      if (!practitionerId && !locationId) return refuse('who', 'disruptions.error.who')
      if (locationId && typed.what === 'late') return refuse('what', 'disruptions.error.place_late')
      const then = typed.then === 'move' || typed.then === 'cancel' ? typed.then : parseId<'practitioner'>(typed.then)
      if (!then) return refuse('then', 'disruptions.error.then')
      const declare = (from: Instant, to: Instant): Declaration => ({
        kind: locationId ? 'closed' : typed.what,
        practitionerId,
        locationId,
        from,
        to,
        then,
      })
      const today = dateAt(now, zone)
      if (typed.what === 'late') {
        const late = wholeNumber('disruptions.error.late_min', 5, 600).safeParse(typed.late_min)
        if (!late.success) return refuse('late_min', 'disruptions.error.late_min')
        const from = momentOf(typed.from_time, today, zone, now)
        if (!from) return refuse('from_time', 'disruptions.error.from_time')
        const to = roundedUp(from.add({ minutes: late.data }))
        return isBefore(now, to) ? declare(from, to) : refuse('late_min', 'disruptions.error.over')
      }
      if (typed.what === 'off') return declare(now, dayBounds(today, zone).to)
      const first = parseDate(typed.from_date)
      const last = parseDate(typed.to_date?.trim() ? typed.to_date : typed.from_date)
      if (!first) return refuse('from_date', 'disruptions.error.from_date')
      if (Temporal.PlainDate.compare(first, today) < 0) return refuse('from_date', 'disruptions.error.past')
      if (!last || Temporal.PlainDate.compare(last, first) < 0) return refuse('to_date', 'disruptions.error.to_date')
      if (first.until(last).days >= longestDays) return refuse('to_date', 'disruptions.error.too_long')
      return declare(dayBounds(first, zone).from, dayBounds(last, zone).to)
    })

/** A time of today as typed; without one, now. */
function momentOf(typed: string | undefined, today: Temporal.PlainDate, zone: Zone, now: Instant): Instant | undefined {
  if (!typed?.trim()) return now
  const time = parseTime(typed.trim())
  return time && localInstant(today, time, zone)
}

/** What was chosen for each visit, and the version it had when it was shown: `v_<id>_<version>=<choice>`. */
export type Chosen = { choices: Map<AppointmentId, Choice>; versions: Map<AppointmentId, number> }

export function chosenIn(body: Record<string, unknown>): Chosen {
  const choices: Chosen['choices'] = new Map()
  const versions: Chosen['versions'] = new Map()
  for (const [name, value] of Object.entries(body)) {
    const match = /^v_([0-9a-f-]{36})_(\d{1,9})$/.exec(name)
    const id = match && parseId<'appointment'>(match[1])
    if (!id || typeof value !== 'string') continue
    versions.set(id, Number(match[2]))
    const choice = parseChoice(value)
    if (choice) choices.set(id, choice)
  }
  return { choices, versions }
}
