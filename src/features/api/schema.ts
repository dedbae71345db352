import { z } from 'zod'
import { requiredName } from '../../kernel/forms.ts'
import { parseId } from '../../kernel/ids.ts'
import { scopes } from '../../kernel/permissions.ts'
import { isBefore, parseInstant } from '../../kernel/time.ts'
import type { ApiClientId } from '../../platform/api-tokens.ts'
import { boxOf } from './rules.ts'

const boxes = Object.fromEntries(scopes.map((scope) => [boxOf(scope), z.literal('yes').optional()]))

export const clientForm = z
  .object({ name: requiredName('api.error.name_required', 60), ...boxes })
  .transform((typed, context) => {
    const chosen = scopes.filter((scope) => (typed as Record<string, unknown>)[boxOf(scope)] === 'yes')
    if (chosen.length === 0) context.addIssue({ code: 'custom', path: ['scopes'], message: 'api.error.scope_required' })
    return { name: typed.name, scopes: chosen }
  })

/** What a tool sends for a token (RFC 6749, 4.4), its id and secret in the header or here. */
export const tokenRequest = z.object({
  grant_type: z.string(),
  scope: z
    .string()
    .max(200)
    .optional()
    .transform((text) => text?.split(' ').filter((one) => one !== '')),
  client_id: z.string().max(100).optional(),
  client_secret: z.string().max(200).optional(),
})
export type Credentials = { id: ApiClientId; secret: string }

/** From `Authorization: Basic …`, or the body; undefined when there are none, both, or no such id can be. */
export function credentialsOf(
  header: string | undefined,
  body: { client_id?: string | undefined; client_secret?: string | undefined },
) {
  const basic = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header ?? '')?.[1]
  const inBody = body.client_id !== undefined && body.client_secret !== undefined
  if ((header !== undefined) === inBody) return undefined
  const [id, secret] = inBody
    ? [body.client_id, body.client_secret]
    : (/^([^:]*):(.*)$/s.exec(Buffer.from(basic ?? '', 'base64').toString('utf8')) ?? []).slice(1, 3)
  const clientId = parseId<'api_client'>(id)
  return clientId && secret !== undefined && secret !== '' ? { id: clientId, secret } : undefined
}

const instant = z.string().transform((text, context) => {
  const found = parseInstant(text)
  if (found) return found
  context.addIssue({ code: 'custom', message: 'must be a time with its offset, like 2026-11-24T09:00:00+05:00' })
  return z.NEVER
})

/** A quarter of a year at once: more is an export. */
const longestDays = 92

const cursorShape = z.tuple([z.string(), z.string()])
const cursor = z.string().transform((text, context) => {
  const [at, id] = cursorShape.safeParse(json(Buffer.from(text, 'base64url').toString('utf8'))).data ?? []
  const place = { at: parseInstant(at ?? ''), id: parseId<'appointment'>(id) }
  if (place.at && place.id) return { at: place.at, id: place.id }
  context.addIssue({ code: 'custom', message: 'must be what "next" said' })
  return z.NEVER
})

export const cursorAfter = (at: { toString(): string }, id: string): string =>
  Buffer.from(JSON.stringify([at.toString(), id])).toString('base64url')

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const appointmentsQuery = z
  .strictObject({
    from: instant,
    to: instant,
    limit: z
      .string()
      .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 200')
      .transform(Number)
      .pipe(z.number().min(1, 'must be a whole number from 1 to 200').max(200, 'must be a whole number from 1 to 200'))
      .default(100),
    after: cursor.optional(),
  })
  .refine(({ from, to }) => isBefore(from, to), { path: ['to'], message: 'must be later than "from"' })
  .refine(({ from, to }) => to.since(from).total('hours') <= longestDays * 24, {
    path: ['to'],
    message: `must be at most ${longestDays} days after "from"`,
  })
export type AppointmentsQuery = z.output<typeof appointmentsQuery>
