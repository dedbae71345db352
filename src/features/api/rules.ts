// What a tool is answered, as schemas: the answers are made by them, their description is made of them.
import { z } from 'zod'
import type { Scope } from '../../kernel/permissions.ts'

/** The name of a scope's box in the form. */
export const boxOf = (scope: Scope): string => `scope_${scope.replace('.', '_')}`

const named = z.object({ id: z.uuid(), name: z.string() }).describe('A thing of the clinic and its name')
const moment = z.iso.datetime().describe('An instant in UTC')

/** One appointment as tools see it: FHIR's words where it has them. The description of the API is made of this. */
export const appointmentAnswer = z.object({
  id: z.uuid(),
  reference: z.string().describe('What patient and desk call it by'),
  status: z.enum(['booked', 'arrived', 'in_room', 'fulfilled', 'cancelled', 'noshow']),
  start: moment,
  end: moment,
  practitioner: named,
  service: named,
  location: named,
  patient: z
    .object({
      id: z.uuid(),
      name: z.string().optional().describe('Only with the scope patients.read'),
      phone: z.string().optional().describe('E.164; only with the scope patients.read'),
    })
    .nullable()
    .describe('null once the patient was forgotten, or has had their data restricted'),
  price: z
    .object({ amountMinor: z.int(), currency: z.string().length(3) })
    .nullable()
    .describe('In the smallest unit of the currency'),
  source: z.enum(['online', 'desk']),
  version: z.int().describe('Grows whenever the appointment changes'),
})
export type AppointmentAnswer = z.input<typeof appointmentAnswer>

export const appointmentsAnswer = z.object({
  timeZone: z.string().describe('The IANA time zone of the clinic'),
  data: z.array(appointmentAnswer),
  next: z.string().nullable().describe('Send it as "after" for the next page; null on the last'),
})

export const problemAnswer = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().describe('For programs; never changes'),
  detail: z.string(),
  requestId: z.string(),
})

export const tokenAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().describe('Seconds'),
  scope: z.string().describe('Names with spaces between'),
})
