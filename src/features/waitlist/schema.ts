// Forms of the desk about the waiting list.
import { z } from 'zod'
import { checkbox, requiredName, requiredPhone, wholeNumber } from '../../kernel/forms.ts'
import { parseId, type LocationId, type PatientId, type PractitionerId, type ServiceId } from '../../kernel/ids.ts'
import { parseDate, parseInstant, type Instant, type PlainDate } from '../../kernel/time.ts'
import { mostOffers, offerMinutes } from './rules.ts'
import { wishFields } from './rules/wish.ts'

type Query = Record<string, unknown>

/** What the list is narrowed to; what makes no sense in an address is left out. */
export type ListQuery = { practitionerId: PractitionerId | undefined; serviceId: ServiceId | undefined }

export const listQuery = (query: Query): ListQuery => ({
  practitionerId: parseId<'practitioner'>(query.practitioner),
  serviceId: parseId<'service'>(query.service),
})

export type OfferQuery = ListQuery & {
  date: PlainDate | undefined
  slot: { practitionerId: PractitionerId; locationId: LocationId; startsAt: Instant } | undefined
}

export const offerQuery = (query: Query): OfferQuery => ({
  ...listQuery(query),
  date: parseDate(query.date),
  slot: parseTime(query.slot),
})

function parseTime(text: unknown): OfferQuery['slot'] {
  const [at, doctor, place, more] = typeof text === 'string' ? text.split('_') : []
  const startsAt = parseInstant(at)
  const practitionerId = parseId<'practitioner'>(doctor)
  const locationId = parseId<'location'>(place)
  return startsAt && practitionerId && locationId && more === undefined
    ? { startsAt, practitionerId, locationId }
    : undefined
}

const service = z.string({ error: 'form.error.invalid' }).transform((text, issue) => {
  const id = parseId<'service'>(text)
  if (id === undefined) issue.addIssue({ code: 'custom', message: 'form.error.invalid' })
  return id ?? z.NEVER
})

const agreed = z.literal('yes', { error: 'waitlist.error.consent' })

/** Somebody known, by id. */
export const addKnownForm = z.object({ service, ...wishFields, agreed })

/** Somebody new, or told by name and number. */
export const addNewForm = (country: string) =>
  addKnownForm.extend({
    name: requiredName('waitlist.error.patient', 120),
    phone: requiredPhone('waitlist.error.patient', 'booking.error.phone_invalid', country),
  })

export const patientIn = (body: unknown): PatientId | undefined =>
  parseId<'patient'>(typeof body === 'object' && body !== null ? (body as Query).patient : undefined)

export const offerForm = z.object({
  service,
  slot: z.string({ error: 'form.error.invalid' }).transform((text, issue) => {
    const slot = parseTime(text)
    if (slot === undefined) issue.addIssue({ code: 'custom', message: 'form.error.invalid' })
    return slot ?? z.NEVER
  }),
  people: z
    .union([z.string(), z.array(z.string()).max(500)], { error: 'waitlist.error.people' })
    .transform((given) =>
      (typeof given === 'string' ? [given] : given).flatMap((id) => parseId<'waiting_entry'>(id) ?? []),
    )
    .refine((ids) => ids.length > 0, 'waitlist.error.people'),
})

export const settingsForm = z.object({
  on: checkbox(),
  most: wholeNumber('waitlist.error.number', mostOffers.min, mostOffers.max),
  minutes: wholeNumber('waitlist.error.number', offerMinutes.min, offerMinutes.max),
})
