import { z } from 'zod'
import { missedRules } from './rules.ts'
import {
  checkbox,
  optionalEmail,
  optionalText,
  requiredName,
  requiredText,
  wholeNumber,
  type ParsedForm,
} from '../../kernel/forms.ts'
import { parseId, type Id, type LocationId, type PractitionerId } from '../../kernel/ids.ts'
import { parsePhone } from '../../kernel/phone.ts'
import { localInstant, parseDate, Temporal, type Instant, type PlainTime, type Zone } from '../../kernel/time.ts'
import { languages } from '../../platform/i18n/languages.ts'
import { minuteOf, readWeek, typedRows, type Span, type Validity } from './rules/hours.ts'
import { accents, codePolicies, specialties, spokenLanguages } from './rules.ts'

/**
 * Ticked boxes of one name arrive as nothing, one text or several. Here they become one text with spaces between, which
 * is also how a form keeps them when it is shown again. Whatever else was sent under these names is dropped.
 */
export function oneText(body: unknown, names: readonly string[]): unknown {
  if (typeof body !== 'object' || body === null) return body
  const joined = Object.fromEntries(
    names.map((name) => {
      const sent = (body as Record<string, unknown>)[name]
      const texts = Array.isArray(sent) ? sent : [sent]
      return [name, texts.filter((text) => typeof text === 'string').join(' ')]
    }),
  )
  return { ...body, ...joined }
}

const ticked = (text: string | undefined) => (text ?? '').split(/\s+/).filter((word) => word !== '')

/** Ticked ids. What is no id, or names a row of another clinic, is left out later: ticks can't be mistyped. */
export const tickedIds = <T extends string>() =>
  z
    .string()
    .optional()
    .transform((text): Id<T>[] => [...new Set(ticked(text))].flatMap((word) => parseId<T>(word) ?? []))

export const oneOf = <T extends string>(choices: readonly T[], key: string) =>
  z
    .string({ error: key })
    .transform((text) => choices.find((choice) => choice === text))
    .refine((choice) => choice !== undefined, key)

const optionalPhone = (key: string, country: string) =>
  optionalText(40).transform((text, issue) => {
    if (text === undefined) return undefined
    const phone = parsePhone(text, country)
    if (phone === undefined) issue.addIssue({ code: 'custom', message: key })
    return phone
  })

/** An address of a page, shown to patients as a link: https, a real host, nobody's password in it. */
const optionalLink = (key: string) =>
  optionalText(500).refine((text) => {
    if (text === undefined) return true
    if (!URL.canParse(text)) return false
    const { protocol, hostname, username, password } = new URL(text)
    return protocol === 'https:' && hostname.includes('.') && username === '' && password === ''
  }, key)

export const profileForm = (country: string) =>
  z.object({
    name: requiredName('clinics.error.name_required', 80),
    city: requiredName('clinics.error.city_required', 80),
    specialty: oneOf(specialties, 'clinics.error.specialty'),
    about: optionalText(600),
    phone: optionalPhone('clinics.error.phone', country),
    whatsapp: optionalPhone('clinics.error.phone', country),
    language: oneOf(languages, 'clinics.error.language'),
    languages: z
      .string()
      .optional()
      .transform((text) => spokenLanguages.filter((code) => ticked(text).includes(code))),
    accent: oneOf(accents, 'clinics.error.accent'),
    bring_note: optionalText(300),
    listed: checkbox(),
  })
export type ProfileForm = z.output<ReturnType<typeof profileForm>>

export const doctorForm = z.object({
  name: requiredName('clinics.error.doctor_name'),
  title: optionalText(80),
  services: tickedIds<'service'>(),
})
export type DoctorForm = z.output<typeof doctorForm>

export const locationForm = (country: string) =>
  z.object({
    name: requiredName('clinics.error.location_name', 80),
    address: optionalText(300).transform((text) => text ?? ''),
    map_url: optionalLink('clinics.error.map_url'),
    phone: optionalPhone('clinics.error.phone', country),
  })
export type LocationForm = z.output<ReturnType<typeof locationForm>>

const quietTime = z
  .string({ error: 'clinics.error.quiet_time' })
  .transform((text) => minuteOf(text))
  .refine((minute) => minute !== undefined, 'clinics.error.quiet_time')
  .transform((minute): PlainTime => new Temporal.PlainTime(Math.floor((minute ?? 0) / 60), (minute ?? 0) % 60))

export const rulesForm = z.object({
  notice: wholeNumber('clinics.error.notice', 0, 43_200),
  horizon: wholeNumber('clinics.error.horizon', 1, 365),
  // Unticked, a box sends nothing: what it stands for is that there is no booking for the same day.
  no_same_day: checkbox(),
  step: wholeNumber('clinics.error.step', 5, 240),
  code: oneOf(codePolicies, 'clinics.error.code'),
  max_open: wholeNumber('clinics.error.max_open', 1, 50),
  missed_rule: oneOf(missedRules, 'form.error.invalid'),
  missed_after: z.enum(['1', '2', '3', '4', '5']).optional().catch(undefined),
  alert_email: optionalEmail('clinics.error.alert_email'),
  quiet_from: quietTime,
  quiet_to: quietTime,
})
export type RulesForm = z.output<typeof rulesForm>

export const positionForm = z.object({ move: oneOf(['up', 'down'], 'form.error.invalid') })

export const hoursFields = z.object({
  location: z
    .string({ error: 'clinics.error.location_required' })
    .transform((text) => parseId<'location'>(text))
    .refine((id) => id !== undefined, 'clinics.error.location_required'),
  valid_from: optionalText(10).refine(
    (text) => text === undefined || parseDate(text) !== undefined,
    'clinics.error.date',
  ),
  valid_to: optionalText(10).refine(
    (text) => text === undefined || parseDate(text) !== undefined,
    'clinics.error.date',
  ),
  replaces: z
    .string()
    .optional()
    .transform((text) => ticked(text).flatMap((word) => parseId<'shift'>(word) ?? [])),
  pause: checkbox(),
})

export type HoursForm = Validity & {
  locationId: LocationId
  /** The shifts this form was opened with and takes the place of. */
  replaces: Id<'shift'>[]
  /** Whether these dates push the doctor's other hours at this place aside. */
  pause: boolean
  spans: Span[]
}

/** The timetable with its grid. Saving it without any hours is refused: taking hours away has a button of its own. */
export function parseHours(fields: ParsedForm<z.output<typeof hoursFields>>): ParsedForm<HoursForm> {
  const { values } = fields
  const errors: Record<string, string> = fields.ok ? {} : { ...fields.errors }
  const week = readWeek(typedRows(values))
  Object.assign(errors, week.errors)
  const [validFrom, validTo] = fields.ok
    ? [parseDate(fields.value.valid_from), parseDate(fields.value.valid_to)]
    : [undefined, undefined]
  if (validFrom && validTo && Temporal.PlainDate.compare(validFrom, validTo) > 0) {
    errors.valid_to = 'clinics.error.dates_order'
  }
  if (week.spans.length === 0 && Object.keys(week.errors).length === 0) errors.form = 'clinics.error.hours_none'
  if (!fields.ok || Object.keys(errors).length > 0) return { ok: false, values, errors }
  const { location, replaces, pause } = fields.value
  if (location === undefined) throw new Error('a location that passed and is none')
  return { ok: true, values, value: { locationId: location, validFrom, validTo, replaces, pause, spans: week.spans } }
}

/** For whom a closure is: everybody, one place, one doctor. */
export type ClosureScope = { practitionerId?: PractitionerId; locationId?: LocationId }

export const closureForm = (zone: Zone, now: Instant) =>
  z
    .object({
      who: z
        .string({ error: 'clinics.error.closure_who' })
        .transform((text): ClosureScope | undefined => {
          const [kind, id] = text.split(':')
          if (text === 'clinic') return {}
          const locationId = kind === 'location' ? parseId<'location'>(id) : undefined
          if (locationId !== undefined) return { locationId }
          const practitionerId = kind === 'doctor' ? parseId<'practitioner'>(id) : undefined
          return practitionerId === undefined ? undefined : { practitionerId }
        })
        .refine((scope) => scope !== undefined, 'clinics.error.closure_who'),
      from_date: requiredText('clinics.error.closure_from', 10).refine(
        (text) => parseDate(text) !== undefined,
        'clinics.error.date',
      ),
      from_time: optionalText(5).refine(
        (text) => text === undefined || minuteOf(text) !== undefined,
        'clinics.error.time',
      ),
      to_date: optionalText(10).refine(
        (text) => text === undefined || parseDate(text) !== undefined,
        'clinics.error.date',
      ),
      to_time: optionalText(5).refine(
        (text) => text === undefined || minuteOf(text) !== undefined,
        'clinics.error.time',
      ),
      reason: requiredText('clinics.error.closure_reason', 120),
      shown: checkbox(),
    })
    .transform((typed, issue) => {
      const refuse = (field: string, message: string) => {
        issue.addIssue({ code: 'custom', path: [field], message })
        return z.NEVER
      }
      const first = parseDate(typed.from_date)
      const last = parseDate(typed.to_date ?? typed.from_date)
      if (!first || !last || !typed.who) return z.NEVER
      // Without times whole days are meant, the last one included. A time that the clocks skip or pass twice on its day
      // is asked about, never guessed.
      const startsAt = momentOf(first, typed.from_time, zone)
      if (!startsAt) return refuse('from_time', 'clinics.error.time_of_clock_change')
      const wholeLastDay = typed.to_time === undefined
      const endsAt = wholeLastDay
        ? momentOf(last.add({ days: 1 }), undefined, zone)
        : momentOf(last, typed.to_time, zone)
      if (!endsAt) return refuse('to_time', 'clinics.error.time_of_clock_change')
      if (Temporal.Instant.compare(endsAt, startsAt) <= 0) {
        const sameDay = Temporal.PlainDate.compare(first, last) === 0
        return refuse(sameDay ? 'to_time' : 'to_date', 'clinics.error.closure_order')
      }
      if (Temporal.Instant.compare(endsAt, now) <= 0) return refuse('from_date', 'clinics.error.closure_over')
      if (first.until(last).days > 366) return refuse('to_date', 'clinics.error.closure_long')
      return { ...typed.who, startsAt, endsAt, reason: typed.reason, shown: typed.shown }
    })
export type ClosureForm = z.output<ReturnType<typeof closureForm>>

function momentOf(date: Temporal.PlainDate, time: string | undefined, zone: Zone): Instant | undefined {
  // The beginning of a day always exists, also where it is 01:00.
  if (time === undefined) return date.toZonedDateTime({ timeZone: zone }).toInstant()
  const minute = minuteOf(time)
  if (minute === undefined) return undefined
  return localInstant(date, new Temporal.PlainTime(Math.floor(minute / 60), minute % 60), zone)
}
