// The form of a wish, for patients and for the desk: what suits, as boxes and dates.
import { z } from 'zod'
import { parseId, type LocationId, type PractitionerId, type ServiceId } from '../../../kernel/ids.ts'
import { parseDate, Temporal, type PlainDate } from '../../../kernel/time.ts'
import { longestWaitDays, partsOfDay, type FreeSlot, type PartOfDay, type WaitingWish } from '../rules.ts'

/** One box ticked arrives as text, several as a list; what is none of the choices is left out. */
const choices = <T>(parse: (text: string) => T | undefined) =>
  z
    .union([z.string(), z.array(z.string()).max(200)], { error: 'form.error.invalid' })
    .optional()
    .transform((given) => {
      const texts = given === undefined ? [] : typeof given === 'string' ? given.split(',') : given
      return [...new Set(texts)].flatMap((text) => parse(text) ?? [])
    })

const date = (key: string) =>
  z.string({ error: key }).transform((text, issue) => {
    const parsed = parseDate(text)
    if (parsed === undefined) issue.addIssue({ code: 'custom', message: key })
    return parsed ?? z.NEVER
  })

const optionalId = <T extends string>() =>
  z
    .string()
    .optional()
    .transform((text) => parseId<T>(text))

/** The days and times of it. `until` may be as far ahead as the list goes, and not before `from`. */
export const wishFields = {
  location: optionalId<'location'>(),
  practitioners: choices((text) => parseId<'practitioner'>(text)),
  weekdays: choices((text) => (/^[1-7]$/.test(text) ? Number(text) : undefined)),
  parts: choices((text): PartOfDay | undefined => partsOfDay.find((part) => part === text)),
  from: date('waitlist.error.from'),
  until: date('waitlist.error.until'),
}

export type WishForm = {
  location: LocationId | undefined
  practitioners: PractitionerId[]
  weekdays: number[]
  parts: PartOfDay[]
  from: PlainDate
  until: PlainDate
}

/** What the form asks for, as it is waited for. */
export const wishOf = (
  serviceId: ServiceId,
  { location, practitioners, weekdays, parts, from, until }: WishForm,
): WaitingWish => ({
  serviceId,
  practitionerIds: practitioners,
  locationId: location ?? null,
  weekdays,
  parts,
  from,
  until,
})

/** What is wrong with the dates, by field. */
export function datesWrong(
  { from, until }: Pick<WishForm, 'from' | 'until'>,
  today: PlainDate,
): Record<string, string> {
  const compare = (a: PlainDate, b: PlainDate) => Temporal.PlainDate.compare(a, b)
  if (compare(until, today) < 0) return { until: 'waitlist.error.over' }
  if (compare(until, from) < 0) return { until: 'waitlist.error.backwards' }
  if (compare(until, today.add({ days: longestWaitDays })) > 0) return { until: 'waitlist.error.too_far' }
  return {}
}

const named = ['service', 'location', 'practitioners', 'weekdays', 'parts', 'from', 'until', 'name', 'phone', 'email', 'consent'] as const // prettier-ignore

/** Everything that was typed or ticked, as text, lists with commas between. */
export function typedWish(body: unknown): Record<string, string> {
  const typed: Record<string, string> = {}
  if (typeof body !== 'object' || body === null) return typed
  for (const name of named) {
    const value: unknown = (body as Record<string, unknown>)[name]
    if (typeof value === 'string') typed[name] = value.slice(0, 300)
    else if (Array.isArray(value)) typed[name] = value.filter((one) => typeof one === 'string').join(',').slice(0, 2000) // prettier-ignore
  }
  return typed
}

/** A free time in an address: start, doctor and place. */
export const slotValue = ({
  startsAt,
  practitionerId,
  locationId,
}: Pick<FreeSlot, 'startsAt' | 'practitionerId' | 'locationId'>): string =>
  [startsAt.toString(), practitionerId, locationId].join('_')
