import { z } from 'zod'
import { checkbox, isTypable, optionalText, requiredName, wholeNumber } from '../../../kernel/forms.ts'
import { parseId, type Id, type PractitionerId } from '../../../kernel/ids.ts'
import { latinDigits, parseMoney } from '../../../kernel/money.ts'
import type { AskedQuestion, OwnTerms } from '../queries/services.ts'
import {
  mostQuestions,
  ownFields,
  questionFields,
  questionKinds,
  resourceKinds,
  visitTypes,
} from '../rules/services.ts'
import { oneOf, tickedIds } from '../schema.ts'

/** What may be left empty, and then goes by something else. */
const optionalNumber = (key: string, min: number, max: number) =>
  optionalText(12).transform((text, issue) => {
    const number = readNumber(text, min, max)
    if (number === undefined) issue.addIssue({ code: 'custom', message: key })
    return number ?? null
  })

/** Null when nothing was typed, undefined when it is no such number. */
function readNumber(text: string | undefined, min: number, max: number): number | null | undefined {
  if (text === undefined || text.trim() === '') return null
  const digits = latinDigits(text.trim())
  const number = /^\d{1,9}$/.test(digits) ? Number(digits) : undefined
  return number !== undefined && number >= min && number <= max ? number : undefined
}

function readPrice(text: string | undefined, currency: string): number | null | undefined {
  if (text === undefined || text.trim() === '') return null
  return parseMoney(text, currency)?.minor
}

const optionalPrice = (currency: string) =>
  optionalText(30).transform((text, issue) => {
    const price = readPrice(text, currency)
    if (price === undefined) issue.addIssue({ code: 'custom', message: 'clinics.error.price' })
    return price ?? null
  })

const asTheClinic = z
  .string()
  .optional()
  .transform((text) => (text === 'yes' ? true : text === 'no' ? false : null))

/** The boxes of ticks in the form of a service. */
export const serviceTicks = ['doctors', 'rooms', 'equipment', 'more_equipment'] as const

const textOf = (form: Record<string, unknown>, name: string): string => {
  const value = form[name]
  return typeof value === 'string' ? value.normalize('NFC').trim() : ''
}

type Complain = (field: string, key: string) => void

/**
 * A service. Beside what every service has, the form holds two fields for each ticked doctor and four for each question:
 * whatever else was sent is dropped.
 */
export const serviceForm = (currency: string) =>
  z
    .looseObject({
      name: requiredName('clinics.error.service_name', 80),
      minutes: wholeNumber('clinics.error.minutes', 5, 720),
      price: optionalPrice(currency),
      before: wholeNumber('clinics.error.buffer', 0, 240),
      after: wholeNumber('clinics.error.buffer', 0, 240),
      capacity: wholeNumber('clinics.error.capacity', 1, 100),
      online: checkbox(),
      visit_type: oneOf(visitTypes, 'form.error.invalid').optional(),
      follow_up_days: optionalNumber('clinics.error.follow_up_days', 1, 365),
      follow_up_price: optionalPrice(currency),
      notice: optionalNumber('clinics.error.notice', 0, 43_200),
      horizon: optionalNumber('clinics.error.horizon', 1, 365),
      same_day: asTheClinic,
      new_only: checkbox(),
      doctors: tickedIds<'practitioner'>(),
      rooms: tickedIds<'resource'>(),
      equipment: tickedIds<'resource'>(),
      more_equipment: tickedIds<'resource'>(),
    })
    .transform((form, issue) => {
      const complain: Complain = (field, message) => issue.addIssue({ code: 'custom', message, path: [field] })
      const followUp = form.visit_type === 'follow_up'
      if (followUp && form.follow_up_days === null) complain('follow_up_days', 'clinics.error.follow_up_days')
      return {
        name: form.name,
        minutes: form.minutes,
        price: form.price,
        before: form.before,
        after: form.after,
        capacity: form.capacity,
        online: form.online,
        visit_type: form.visit_type ?? ('examination' as const),
        // What was typed before the kind was changed is of no use.
        follow_up_days: followUp ? form.follow_up_days : null,
        follow_up_price: followUp ? form.follow_up_price : null,
        notice: form.notice,
        horizon: form.horizon,
        same_day: form.same_day,
        new_only: form.new_only,
        offers: form.doctors.map((id) => ownTerms(form, id, currency, complain)),
        needs: needsIn([form.rooms, form.equipment, form.more_equipment]),
        questions: Array.from({ length: mostQuestions }, (_, at) => questionIn(form, at + 1, complain)).flatMap(
          (question) => question ?? [],
        ),
      }
    })
export type ServiceForm = z.output<ReturnType<typeof serviceForm>>

function ownTerms(
  form: Record<string, unknown>,
  practitionerId: PractitionerId,
  currency: string,
  complain: Complain,
): OwnTerms {
  const fields = ownFields(practitionerId)
  const durationMin = readNumber(textOf(form, fields.minutes), 5, 720)
  const priceMinor = readPrice(textOf(form, fields.price), currency)
  if (durationMin === undefined) complain(fields.minutes, 'clinics.error.minutes')
  if (priceMinor === undefined) complain(fields.price, 'clinics.error.price')
  return { practitionerId, durationMin: durationMin ?? null, priceMinor: priceMinor ?? null }
}

/** A resource is named once: it can't be two things that are needed at the same time. */
function needsIn(ticked: Id<'resource'>[][]): Id<'resource'>[][] {
  const named = new Set<string>()
  return ticked
    .map((ids) =>
      ids.filter((id) => {
        const first = !named.has(id)
        named.add(id)
        return first
      }),
    )
    .filter((ids) => ids.length > 0)
}

function questionIn(form: Record<string, unknown>, number: number, complain: Complain): AskedQuestion | undefined {
  const fields = questionFields(number)
  const label = textOf(form, fields.label)
  if (label === '') return undefined
  if ([...label].length > 120) complain(fields.label, 'form.error.too_long')
  if (!isTypable(label)) complain(fields.label, 'form.error.characters')
  const kind = questionKinds.find((one) => one === form[fields.kind]) ?? 'text'
  const choices = [
    ...new Set(
      textOf(form, fields.choices)
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    ),
  ]
  const wrong = choices.length < 2 || choices.length > 12 || choices.some((choice) => [...choice].length > 80)
  if (kind === 'choice' && wrong) complain(fields.choices, 'clinics.error.choices')
  if (!choices.every(isTypable)) complain(fields.choices, 'form.error.characters')
  return { kind, label, choices: kind === 'choice' ? choices : [], required: textOf(form, fields.required) !== '' }
}

export const resourceForm = z
  .object({
    name: requiredName('clinics.error.resource_name', 80),
    kind: oneOf(resourceKinds, 'clinics.error.resource_kind').transform((kind) => kind ?? 'room'),
    location: z
      .string()
      .optional()
      .transform((text) => parseId<'location'>(text) ?? null),
  })
  .superRefine(({ kind, location }, issue) => {
    if (kind === 'room' && location === null) {
      issue.addIssue({ code: 'custom', message: 'clinics.error.location_required', path: ['location'] })
    }
  })
export type ResourceForm = z.output<typeof resourceForm>
