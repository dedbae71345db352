import { z } from 'zod'
import { checkbox, requiredName, requiredPhone } from '../../kernel/forms.ts'
import { parseId, type AppointmentId, type LocationId, type PractitionerId, type ServiceId } from '../../kernel/ids.ts'
import { parseLanguage } from '../../platform/i18n/languages.ts'
import { priorities, type Priority } from './rules/line.ts'

const chosen = <T extends string>(parse: (text: unknown) => T | undefined) =>
  z.unknown().transform((text, issue) => {
    const id = parse(text)
    if (id !== undefined) return id
    issue.addIssue({ code: 'custom', message: 'form.error.invalid' })
    return z.NEVER
  })

/** Two fields to type; the rest is chosen already and can be changed. */
export const walkInForm = (country: string) =>
  z.object({
    name: requiredName('queue.error.name_required'),
    phone: requiredPhone('queue.error.phone_required', 'queue.error.phone_invalid', country),
    service: chosen<ServiceId>(parseId<'service'>),
    practitioner: chosen<PractitionerId>(parseId<'practitioner'>),
    location: chosen<LocationId>(parseId<'location'>),
    language: chosen(parseLanguage),
    agreed: checkbox(),
  })

/** What a button of the line says with its address, since a form is shared by all of them. */
export function callAsked(
  query: Record<string, unknown>,
): { ids: AppointmentId[]; then: 'finish' | 'stay' } | undefined {
  const { previous, then } = query
  if (typeof previous !== 'string' || (then !== 'finish' && then !== 'stay')) return undefined
  const ids = previous.split(',').slice(0, 50)
  return { ids: ids.flatMap((id) => parseId<'appointment'>(id) ?? []), then }
}

/** Whatever reason is not on the list is another one. */
export const parsePriority = (text: unknown): Priority => priorities.find((one) => one === text) ?? 'other'
