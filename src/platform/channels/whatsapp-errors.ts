// What each of WhatsApp's error codes asks of a sender. The same codes come as the answer to a request and, later, in
// the webhook about a message that was accepted first.
import type { SendResult } from './channel.ts'

export type WhatsAppError = {
  code?: number | undefined
  error_subcode?: number | undefined
  is_transient?: boolean | undefined
  title?: string | undefined
  message?: string | undefined
  error_data?: { details?: string | undefined } | undefined
}

type Verdict =
  | { do: 'retry'; tries?: number; slowSender?: boolean; after?: number }
  | { do: 'hold'; scope: 'sender' | 'template'; minutes: number }
  | { do: 'final'; undeliverable?: boolean }

const retry: Verdict = { do: 'retry' }
const final: Verdict = { do: 'final' }
const holdSender: Verdict = { do: 'hold', scope: 'sender', minutes: 10 }
const holdTemplate: Verdict = { do: 'hold', scope: 'template', minutes: 60 }

const verdicts: Record<number, Verdict> = {
  // The token, its rights, the account, its bill: nobody's message will pass until a person has acted.
  0: holdSender, 190: holdSender, 3: holdSender, 10: holdSender, 131005: holdSender, 33: holdSender, 368: holdSender,
  131031: holdSender, 131037: holdSender, 131042: holdSender, 131045: holdSender, 133010: holdSender,
  131064: holdSender,
  131048: { do: 'hold', scope: 'sender', minutes: 120 },
  133016: { do: 'hold', scope: 'sender', minutes: 120 },
  // The template.
  131063: holdTemplate, 132001: holdTemplate, 132007: holdTemplate, 132015: holdTemplate, 132016: holdTemplate,
  // The moment.
  1: { do: 'retry', tries: 3 },
  2: retry, 131016: retry, 133004: retry, 131057: retry,
  131000: { do: 'retry', tries: 4 },
  131052: { do: 'retry', tries: 2 }, 131053: { do: 'retry', tries: 2 },
  131056: { do: 'retry', after: 6 },
  132069: retry,
  4: { do: 'retry', slowSender: true, after: 300 },
  80007: { do: 'retry', slowSender: true, after: 300 },
  130429: { do: 'retry', slowSender: true, after: 10 },
  // The message, or the person.
  131026: { do: 'final', undeliverable: true },
  131030: { do: 'final', undeliverable: true },
  131062: { do: 'final', undeliverable: true },
  100: final, 130472: final, 130497: final, 131008: final, 131009: final, 131021: final, 131047: final, 131049: final,
  131050: final, 131051: final, 132000: final, 132005: final, 132008: final, 132012: final, 132068: final,
  135000: final, 137000: final,
} // prettier-ignore

function verdictOn({ code, error_subcode: subcode, is_transient: transient }: WhatsAppError): Verdict {
  // The number itself is gone; without that subcode 100 is a mistake in this one request.
  if (code === 100 && subcode === 33) return holdSender
  if (code !== undefined && code >= 200 && code <= 299) return holdSender
  return (code === undefined ? undefined : verdicts[code]) ?? (transient === true ? retry : final)
}

/** `retryAfter` in seconds, as the answer's header or usage report named it. */
export function classify(error: WhatsAppError, retryAfter?: number): Exclude<SendResult, { kind: 'accepted' }> {
  const verdict = verdictOn(error)
  const code = error.code === undefined ? 'no_code' : String(error.code)
  const detail = safeDetail(error.error_data?.details ?? error.message ?? error.title)
  const told = { code, ...(detail === undefined ? {} : { detail }) }
  switch (verdict.do) {
    case 'hold':
      return { kind: 'hold', ...told, scope: verdict.scope, minutes: verdict.minutes }
    case 'final':
      return { kind: 'final', ...told, ...(verdict.undeliverable ? { undeliverable: true } : {}) }
    case 'retry': {
      const after = retryAfter ?? verdict.after
      return {
        kind: 'retry',
        ...told,
        ...(after === undefined ? {} : { after }),
        ...(verdict.tries === undefined ? {} : { tries: verdict.tries }),
        ...(verdict.slowSender ? { slowSender: true } : {}),
      }
    }
  }
}

/** Meta's explanations sometimes quote the recipient's number; the log of attempts is not the place for it. */
export function safeDetail(detail: string | undefined): string | undefined {
  return detail?.replace(/\+?\d[\d\s-]{5,}\d/g, '…').slice(0, 300)
}
