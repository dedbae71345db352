import { z } from 'zod'
import { checkbox, optionalEmail, optionalText, requiredName, requiredPhone, requiredText } from '../../kernel/forms.ts'
import { parseId, type LocationId, type PractitionerId, type ServiceId } from '../../kernel/ids.ts'
import { parseDate, parseInstant, type Instant, type PlainDate } from '../../kernel/time.ts'
import type { Answer } from '../appointments/rules.ts'
import { answerField, longestAnswer } from '../appointments/rules/answers.ts'
import type { Question } from '../clinics/rules/services.ts'
import { codeIn } from './rules/codes.ts'
import { parseSlot } from './rules/wish.ts'

type Query = Record<string, unknown>

/** What the page of times is asked for. An address is not a form: what makes no sense in it is left out. */
export type TimesQuery = {
  serviceId: ServiceId | undefined
  practitionerId: PractitionerId | undefined
  locationId: LocationId | undefined
  date: PlainDate | undefined
  /** The first day of the strip, when somebody pages through it without choosing a day. */
  from: PlainDate | undefined
}

export function timesQuery(query: Query): TimesQuery {
  return {
    serviceId: parseId<'service'>(query.service),
    practitionerId: parseId<'practitioner'>(query.practitioner),
    locationId: parseId<'location'>(query.location),
    date: parseDate(query.date),
    from: parseDate(query.from),
  }
}

export type HeldQuery = {
  serviceId: ServiceId
  practitionerId: PractitionerId
  locationId: LocationId
  startsAt: Instant
}

/** The time a hold is for, as its address says, so that one that lapsed can be taken again; undefined when it does not. */
export function heldQuery(query: Query): HeldQuery | undefined {
  const serviceId = parseId<'service'>(query.service)
  const practitionerId = parseId<'practitioner'>(query.practitioner)
  const locationId = parseId<'location'>(query.location)
  const startsAt = parseInstant(query.at)
  return serviceId && practitionerId && locationId && startsAt
    ? { serviceId, practitionerId, locationId, startsAt }
    : undefined
}

const chosenSlot = z.string({ error: 'booking.error.slot' }).transform((text, issue) => {
  const slot = parseSlot(text)
  if (slot === undefined) issue.addIssue({ code: 'custom', message: 'booking.error.slot' })
  return slot ?? z.NEVER
})

/** A tapped time. */
export const holdForm = z.object({
  slot: chosenSlot,
  service: z.string({ error: 'booking.error.slot' }).transform((text, issue) => {
    const id = parseId<'service'>(text)
    if (id === undefined) issue.addIssue({ code: 'custom', message: 'booking.error.slot' })
    return id ?? z.NEVER
  }),
})

/** The version of the visit that the page showed; undefined when the form says none that could be. */
const seenVersion = z
  .unknown()
  .optional()
  .transform((text) => (typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : undefined))

export const seenForm = z.object({ version: seenVersion })

export const moveForm = z.object({ slot: chosenSlot, version: seenVersion })

/** Who it is for, and what the service asks; the answers come out in the order of the questions, those left open not at all. */
export const detailsForm = (country: string, questions: readonly Question[] = []) =>
  z
    .object({
      ...personFields(country),
      ...Object.fromEntries(questions.map((question) => [answerField(question.id), answerTo(question)])),
    })
    .transform((form) => ({
      name: form.name,
      phone: form.phone,
      email: form.email,
      consent: form.consent,
      fullPrice: form.full_price,
      answers: questions.flatMap(({ id, label, kind }): Answer[] => {
        const answer: unknown = (form as Record<string, unknown>)[answerField(id)]
        return typeof answer === 'string' && answer !== '' ? [{ question: label, kind, answer }] : []
      }),
    }))

function answerTo({ kind, choices, required }: Question) {
  if (kind === 'text') {
    return required ? requiredText('booking.error.answer_required', longestAnswer) : optionalText(longestAnswer)
  }
  const allowed = kind === 'choice' ? choices : ['yes', 'no']
  return z
    .string()
    .optional()
    .transform((text) => allowed.find((one) => one === text))
    .refine((text) => text !== undefined || !required, 'booking.error.choice_required')
}

const personFields = (country: string) => ({
  name: requiredName('booking.error.name_required', 80),
  phone: requiredPhone('booking.error.phone_required', 'booking.error.phone_invalid', country),
  email: optionalEmail('booking.error.email_invalid'),
  consent: checkbox(),
  full_price: checkbox(),
  // Nobody sees this field, so nobody fills it in, but programs that fill in everything.
  website: z.string().max(0, 'booking.error.website').optional(),
})

export const codeForm = z.object({
  code: z.string({ error: 'booking.error.code_required' }).transform((text, issue) => {
    if (text.trim() === '') issue.addIssue({ code: 'custom', message: 'booking.error.code_required' })
    const code = codeIn(text)
    if (code === undefined) issue.addIssue({ code: 'custom', message: 'booking.error.code_digits' })
    return code ?? z.NEVER
  }),
})

/** Which button of the booking page was pressed. */
export const stepForm = z.object({ step: z.enum(['details', 'code', 'resend'], { error: 'form.error.invalid' }) })

export type AvailabilityQuery = {
  serviceId: ServiceId
  practitionerId: PractitionerId | 'any'
  locationId: LocationId | undefined
  from: PlainDate
  days: number
}

/**
 * The parameters of `availability.json`, or what is wrong with the first bad one. Read by programmers wherever they are,
 * so its words are English and no translation.
 */
export function availabilityQuery(
  query: Query,
  today: PlainDate,
): { ok: true; value: AvailabilityQuery } | { ok: false; parameter: string; message: string } {
  const wrong = (parameter: string, message: string) => ({ ok: false, parameter, message }) as const
  const serviceId = parseId<'service'>(query.service)
  if (query.service === undefined) return wrong('service', 'service is required: the id of a service')
  if (!serviceId) return wrong('service', 'service must be one id, a UUID in lower case')
  const anyone = query.practitioner === undefined || query.practitioner === 'any'
  const practitionerId = anyone ? 'any' : parseId<'practitioner'>(query.practitioner)
  if (!practitionerId) return wrong('practitioner', 'practitioner must be one id, a UUID in lower case, or "any"')
  const locationId = parseId<'location'>(query.location)
  if (query.location !== undefined && !locationId) {
    return wrong('location', 'location must be one id, a UUID in lower case; leave it out for all locations')
  }
  const from = query.from === undefined ? today : parseDate(query.from)
  if (!from) return wrong('from', 'from must be a date, YYYY-MM-DD')
  const days = query.days === undefined ? 7 : wholeDays(query.days)
  if (days === undefined) return wrong('days', 'days must be a whole number from 1 to 42')
  return { ok: true, value: { serviceId, practitionerId, locationId, from, days } }
}

function wholeDays(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^\d{1,2}$/.test(text)) return undefined
  const days = Number(text)
  return days >= 1 && days <= 42 ? days : undefined
}
