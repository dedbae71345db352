// The description of the API (OpenAPI 3.1), made of the very schemas its answers are made by.
import { z } from 'zod'
import type { scopes } from '../../../kernel/permissions.ts'
import { appointmentsAnswer, problemAnswer, tokenAnswer } from '../rules.ts'

const scopeTexts: Record<(typeof scopes)[number], string> = {
  'appointments.read': 'Appointments, without who comes',
  'patients.read': 'Names and telephone numbers of patients',
}

const schemaOf = (schema: z.ZodType) => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>
  return rest
}
const json = (name: string, type = 'application/json') => ({
  content: { [type]: { schema: { $ref: `#/components/schemas/${name}` } } },
})
const refused = (description: string) => ({ description, ...json('Problem', 'application/problem+json') })

const parameter = (name: string, schema: object, description: string, required = false) => ({
  name,
  in: 'query',
  required,
  schema,
  description,
})

export function apiDescription(baseUrl: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Nabz',
      version: '1',
      description:
        'For a clinic’s own tools. Make a key under Settings → API, ask /oauth/token for a token with it, send the token along. A token is good for ten minutes and sees only its own clinic.',
    },
    servers: [{ url: baseUrl }],
    components: {
      securitySchemes: {
        key: {
          type: 'oauth2',
          flows: { clientCredentials: { tokenUrl: `${baseUrl}/oauth/token`, scopes: scopeTexts } },
        },
      },
      schemas: {
        Appointments: schemaOf(appointmentsAnswer),
        Problem: schemaOf(problemAnswer),
        Token: schemaOf(tokenAnswer),
      },
    },
    paths: {
      '/oauth/token': {
        post: {
          operationId: 'getToken',
          summary: 'A token for a key (RFC 6749, client credentials)',
          requestBody: {
            required: true,
            content: {
              'application/x-www-form-urlencoded': {
                schema: {
                  type: 'object',
                  required: ['grant_type'],
                  properties: {
                    grant_type: { const: 'client_credentials' },
                    scope: { type: 'string', description: 'Fewer than the key has, with spaces between' },
                    client_id: { type: 'string', description: 'Unless sent by HTTP Basic' },
                    client_secret: { type: 'string' },
                  },
                },
              },
            },
          },
          responses: {
            200: { description: 'A token', ...json('Token') },
            400: { description: 'RFC 6749, 5.2: error is one of its codes' },
            401: { description: 'No such key, or not its secret' },
            429: { description: 'Too many tries; Retry-After says for how long' },
          },
        },
      },
      '/api/v1/appointments': {
        get: {
          operationId: 'listAppointments',
          summary: 'Appointments that begin in a span of time, by time',
          security: [{ key: ['appointments.read'] }],
          parameters: [
            parameter('from', { type: 'string', format: 'date-time' }, 'Included', true),
            parameter('to', { type: 'string', format: 'date-time' }, 'Not included; at most 92 days later', true),
            parameter('limit', { type: 'integer', minimum: 1, maximum: 200, default: 100 }, 'Most in one answer'),
            parameter('after', { type: 'string' }, 'What "next" said in the answer before'),
          ],
          responses: {
            200: { description: 'A page of appointments', ...json('Appointments') },
            401: refused('No token, or not a valid one'),
            403: refused('The token has no scope for this, or the clinic is closed'),
            422: refused('Something in the address is not as described'),
            429: refused('Too many requests; Retry-After says for how long'),
          },
        },
      },
    },
  }
}
