// Errors in Meta's words, by its documented codes.
export type GraphError = { status: number; code: number; message: string; details?: string; retryAfter?: number }

const known: Record<number, [status: number, message: string]> = {
  4: [400, 'Application request limit reached'],
  100: [400, 'Invalid parameter'],
  190: [401, 'Invalid OAuth access token'],
  130429: [429, 'Rate limit hit'],
  131000: [500, 'Something went wrong'],
  131005: [403, 'Access denied'],
  131008: [400, 'Required parameter is missing'],
  131009: [400, 'Parameter value is not valid'],
  131016: [500, 'Service unavailable'],
  131026: [400, 'Message undeliverable'],
  131042: [400, 'Business eligibility payment issue'],
  131047: [400, 'Re-engagement message'],
  131048: [400, 'Spam rate limit hit'],
  131056: [400, 'Pair rate limit hit'],
  132000: [400, 'Number of parameters does not match the expected number of params'],
  132001: [404, 'Template name does not exist in the translation'],
  132012: [400, 'Parameter format does not match format in the created template'],
  132015: [400, 'Template is Paused'],
}

export function graphError(code: number, details?: string): GraphError {
  const [status, message] = known[code] ?? [400, 'Unexpected error']
  return { status, code, message, ...(details === undefined ? {} : { details }) }
}

export function errorBody({ code, message, details }: GraphError): Record<string, unknown> {
  return {
    error: {
      message: `(#${code}) ${message}`,
      type: 'OAuthException',
      code,
      ...(details === undefined ? {} : { error_data: { messaging_product: 'whatsapp', details } }),
      fbtrace_id: 'Asimulated',
    },
  }
}
