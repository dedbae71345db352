// Errors in Meta's words, by its documented codes: the answer to a request, or the reason in a status.
export type GraphError = {
  status: number
  code: number
  message: string
  details?: string
  subcode?: number
  retryAfter?: number
}

const known: Record<number, [status: number, message: string]> = {
  0: [401, 'AuthException'],
  1: [400, 'An unknown error occurred'],
  2: [503, 'Service temporarily unavailable'],
  3: [500, 'Application does not have the capability to make this API call'],
  4: [400, 'Application request limit reached'],
  10: [403, 'Application does not have permission for this action'],
  33: [400, 'Parameter value is not valid'],
  100: [400, 'Invalid parameter'],
  190: [401, 'Invalid OAuth access token'],
  368: [403, 'Temporarily blocked for policies violations'],
  2500: [400, 'Unknown path components'],
  80007: [400, 'Rate limit issues'],
  130429: [429, 'Rate limit hit'],
  130472: [400, "User's number is part of an experiment"],
  130497: [403, 'Business account is restricted from messaging users in this country'],
  131000: [500, 'Something went wrong'],
  131005: [403, 'Access denied'],
  131008: [400, 'Required parameter is missing'],
  131009: [400, 'Parameter value is not valid'],
  131016: [500, 'Service unavailable'],
  131021: [400, 'Recipient cannot be sender'],
  131026: [400, 'Message undeliverable'],
  131030: [400, 'Recipient phone number not in allowed list'],
  131031: [403, 'Account has been locked'],
  131037: [400, 'Display name approval is needed before sending'],
  131042: [400, 'Business eligibility payment issue'],
  131045: [500, 'Incorrect certificate'],
  131047: [400, 'Re-engagement message'],
  131048: [400, 'Spam rate limit hit'],
  131049: [400, 'This message was not delivered to maintain healthy ecosystem engagement'],
  131050: [400, 'User has stopped marketing messages from this business'],
  131051: [400, 'Message type unknown'],
  131056: [400, 'Pair rate limit hit'],
  131057: [500, 'Account in maintenance mode'],
  131062: [400, 'This message cannot be sent to a business-scoped user id'],
  132000: [400, 'Number of parameters does not match the expected number of params'],
  132001: [404, 'Template name does not exist in the translation'],
  132005: [400, 'Translated text too long'],
  132007: [400, 'Template format character policy violated'],
  132012: [400, 'Parameter format does not match format in the created template'],
  132015: [400, 'Template is paused'],
  132016: [400, 'Template is disabled'],
  132018: [400, "There's an issue with the parameters in your template"],
  133004: [503, 'Server temporarily unavailable'],
  133010: [400, 'Phone number not registered'],
  135000: [400, 'Generic user error'],
}

export function graphError(code: number, details?: string, subcode?: number): GraphError {
  const [status, message] = known[code] ?? [400, 'Unexpected error']
  return {
    status,
    code,
    message,
    ...(details === undefined ? {} : { details }),
    ...(subcode === undefined ? {} : { subcode }),
  }
}

export function errorBody({ code, message, details, subcode }: GraphError): Record<string, unknown> {
  return {
    error: {
      message: `(#${code}) ${message}`,
      type: subcode === 33 ? 'GraphMethodException' : 'OAuthException',
      code,
      ...(details === undefined ? {} : { error_data: { messaging_product: 'whatsapp', details } }),
      ...(subcode === undefined ? {} : { error_subcode: subcode }),
      fbtrace_id: 'Asimulated',
    },
  }
}

/** The same error as it stands in a `failed` status. */
export function statusError(code: number): Record<string, unknown> {
  const { message } = graphError(code)
  return {
    code,
    title: message,
    message,
    error_data: { details: `${message}.` },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  }
}
