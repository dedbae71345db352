import { z } from 'zod'
import { requiredName, requiredPhone, requiredText } from '../../kernel/forms.ts'
import { parseId, type LocationId, type PatientId, type PractitionerId, type ServiceId } from '../../kernel/ids.ts'
import { parseDate, parseTime, type PlainDate, type PlainTime } from '../../kernel/time.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'
import { deskChannels, purposes } from '../consents/rules.ts'

/** Somebody new, as a caller says it. */
export const callerForm = (country: string) =>
  z.object({
    name: requiredName('desk.error.name_required'),
    phone: requiredPhone('desk.error.phone_required', 'desk.error.phone_invalid', country),
  })

/** What somebody said about messages, and how they said it. */
export const consentForm = z.object({
  purpose: z.enum(purposes, { error: 'form.error.invalid' }),
  channel: z.enum(deskChannels, { error: 'form.error.invalid' }),
  decision: z.enum(['permit', 'deny'], { error: 'form.error.invalid' }),
})

const typedTime = z.string({ error: 'desk.error.time_required' }).transform((text, issue) => {
  const time = parseTime(text.trim())
  if (time) return time
  issue.addIssue({ code: 'custom', message: 'desk.error.time_required' })
  return z.NEVER
})

/** A time that was typed, or drawn on the calendar. */
export const placeForm = z.object({ time: typedTime })

/** Booking on top of another visit is a decision, so it says why. */
export const overbookForm = z.object({ reason: requiredText('desk.error.reason_required', 200), time: typedTime })

/** Which free times to show. */
export type TimesQuestion = {
  serviceId: ServiceId | undefined
  practitionerId: PractitionerId | 'any' | undefined
  locationId: LocationId | undefined
  /** The chosen day; without one, the first that has free times. */
  date: PlainDate | undefined
  /** The first day of the strip. */
  from: PlainDate | undefined
  /** A time of that day which was pointed at on the calendar, and need not be free. */
  time: PlainTime | undefined
}

/**
 * What the booking and moving forms say about times, by address or by form. A button of the strip (`day`, `week`) wins
 * over the hidden fields, which only remember.
 */
export function timesAsked(typed: Record<string, unknown>): TimesQuestion {
  const week = parseDate(typed.week)
  const day = parseDate(typed.day)
  return {
    serviceId: parseId<'service'>(typed.service),
    practitionerId: typed.practitioner === 'any' ? 'any' : parseId<'practitioner'>(typed.practitioner),
    locationId: parseId<'location'>(typed.location),
    date: week ? undefined : (day ?? parseDate(typed.date)),
    from: week ?? parseDate(typed.from),
    time: parseTime(typed.time),
  }
}

/** What of a booking was chosen or typed so far, whatever its state. */
export type BookingDraft = {
  patientId: PatientId | undefined
  language: Language | undefined
  /** Undefined before the form was ever sent: then the patient's earlier answer stands. */
  agreed: boolean | undefined
  times: TimesQuestion
  /** As typed, for the fields. */
  values: Record<string, string>
}

export function bookingDraft(values: Record<string, string>, sent: boolean): BookingDraft {
  return {
    patientId: parseId<'patient'>(values.patient),
    language: parseLanguage(values.language),
    agreed: sent ? values.agreed !== undefined : undefined,
    times: timesAsked(values),
    values,
  }
}
