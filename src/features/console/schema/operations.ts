// Forms and addresses of the pages by which the service is run.
import { z } from 'zod'
import { checkbox, optionalText, requiredText } from '../../../kernel/forms.ts'
import { parseId } from '../../../kernel/ids.ts'
import { parseDate, parseTime, Temporal } from '../../../kernel/time.ts'
import { languages } from '../../../platform/i18n/languages.ts'
import { closeReasons, requestStatuses, requestTopics } from '../../requests/rules.ts'

const place = z.string().max(400).optional().catch(undefined)
const word = z
  .string()
  .trim()
  .regex(/^[\w.@+-]{1,120}$/)
  .optional()
  .catch(undefined)
const day = z.string().transform(parseDate).optional().catch(undefined)

export const jobsQuery = z.object({ job: word, after: place, before: place })
export const runForm = z.object({ job: requiredText('operations.error.job', 80) })

export const messagesQuery = z.object({ clinic: word })
export const retryForm = z.object({
  mail: z.string({ error: 'operations.error.mail' }).refine((id) => parseId(id) !== undefined, 'operations.error.mail'),
})

export const auditQuery = z.object({
  action: word,
  person: word,
  clinic: word,
  from: day,
  to: day,
  after: place,
  before: place,
})
export type AuditQuery = z.output<typeof auditQuery>

export const requestsQuery = z.object({
  status: z.enum(requestStatuses).optional().catch(undefined),
  topic: z.enum(requestTopics).optional().catch(undefined),
  clinic: word,
  view: z.enum(['all', 'running', 'mine']).catch('all'),
  after: place,
  before: place,
})
export type RequestsQuery = z.output<typeof requestsQuery>

export const textForm = z.object({ text: requiredText('requests.error.text_required', 5000) })
export const assignForm = z.object({
  to: z
    .string({ error: 'requests.error.no_operator' })
    .refine((id) => id === '' || parseId(id) !== undefined, 'requests.error.no_operator')
    .transform((id) => parseId<'user'>(id) ?? null),
})
export const routeForm = z.object({ clinic: requiredText('requests.error.no_clinic', 80) })
export const closeForm = z.object({ reason: z.enum(closeReasons, { error: 'requests.error.reason' }) })

export const switchesQuery = z.object({ change: word })

export const supportQuery = z.object({ clinic: word, after: place, before: place })

/** Checkboxes of one name arrive as one text or several; the router hands them on as words with spaces between. */
const words = z
  .string()
  .optional()
  .transform((text) => (text ?? '').split(/\s+/).filter((one) => /^[\w-]{1,80}$/.test(one)))

export const switchForm = z.object({
  code: requiredText('operations.error.switch', 40),
  mode: z.enum(['on', 'off', 'on_for', 'off_for'], { error: 'operations.error.mode' }),
  plans: words,
  clinics: words,
  note: requiredText('operations.error.note_required', 300),
})

/** A date and time of day in UTC, as `datetime-local` posts it. */
const moment = (text: string): Temporal.Instant | undefined => {
  const [, date, time] = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})/.exec(text.trim()) ?? []
  const [on, at] = [parseDate(date), parseTime(time)]
  return on && at && on.toZonedDateTime({ timeZone: 'UTC', plainTime: at }).toInstant()
}

const title = requiredText('announcements.error.title_required', 120)
const body = requiredText('announcements.error.text_required', 2000)

export const announcementForm = z
  .object({
    title_en: title,
    title_ar: title,
    title_ur: title,
    text_en: body,
    text_ar: body,
    text_ur: body,
    tone: z.enum(['info', 'warning']).catch('info'),
    banner: checkbox(),
    email: checkbox(),
    operational: checkbox(),
    plans: words,
    countries: words,
    languages: words.transform((list) => list.filter((one) => languages.some((language) => language === one))),
    starts: z.string({ error: 'announcements.error.starts' }),
    ends: optionalText(40),
    publish: checkbox(),
  })
  .transform((form, context) => {
    const wrong = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message, input: form })
    const startsAt = moment(form.starts)
    const endsAt = form.ends === undefined ? null : (moment(form.ends) ?? undefined)
    if (!startsAt) wrong('starts', 'announcements.error.starts')
    if (endsAt === undefined || (endsAt && startsAt && Temporal.Instant.compare(endsAt, startsAt) <= 0)) {
      wrong('ends', 'announcements.error.ends')
    }
    if (!form.banner && !form.email) wrong('banner', 'announcements.error.somewhere')
    return {
      publish: form.publish,
      wording: {
        titles: { en: form.title_en, ar: form.title_ar, ur: form.title_ur },
        texts: { en: form.text_en, ar: form.text_ar, ur: form.text_ur },
        tone: form.tone,
        banner: form.banner,
        email: form.email,
        operational: form.operational,
        plans: form.plans,
        countries: form.countries,
        languages: form.languages,
        startsAt: startsAt ?? Temporal.Instant.fromEpochMilliseconds(0),
        endsAt: endsAt ?? null,
      },
    }
  })

/** A form whose checkboxes of one name are joined to one text, as the fields above read them. */
export function joined(body: unknown, names: readonly string[]): Record<string, unknown> {
  const form = { ...(typeof body === 'object' && body !== null ? body : {}) } as Record<string, unknown>
  for (const name of names) {
    const value = form[name]
    if (Array.isArray(value)) form[name] = value.filter((one) => typeof one === 'string').join(' ')
  }
  return form
}

/** What is declared before a visit to a clinic. */
export const declareForm = z.object({
  clinic: requiredText('support.error.clinic_required', 80),
  reason: requiredText('support.error.reason_required', 300).pipe(z.string().min(10, 'support.error.reason_short')),
})
