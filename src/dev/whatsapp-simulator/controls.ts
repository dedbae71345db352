// The ways in which a network and a provider misbehave, on demand.
import { z } from 'zod'

const times = z.number().int().min(0)
const code = z.number().int().min(0)

/** All of it together: what is left out behaves. */
export const controlSettings = z.strictObject({
  /** Refuse the next `count` sends with this error code; `retryAfter` in seconds. */
  failSends: z.strictObject({ count: times, code, retryAfter: times.optional() }).optional(),
  /** Accept the next `count` sends, then report them failed with this code. */
  failByStatus: z.strictObject({ count: times, code }).optional(),
  /** Accept the next sends and never answer the request. */
  timeOutAfterAccepting: times.optional(),
  /** Accept, and answer with a broken connection. */
  breakAfterAccepting: times.optional(),
  /** Keep statuses back until `release`. */
  late: z.boolean().optional(),
  /** Deliver every webhook twice. */
  twice: z.boolean().optional(),
  /** Read arrives before delivered, and that before sent. */
  outOfOrder: z.boolean().optional(),
  /** The chat was open: read follows sent, and nobody says delivered. */
  withoutDelivered: z.boolean().optional(),
  /** All statuses that wait, in one request. */
  together: z.boolean().optional(),
  /** The first status overtakes the answer to the send. */
  statusBeforeAnswer: z.boolean().optional(),
  /** Text outside the 24 hours is accepted, then failed by status. */
  windowByStatus: z.boolean().optional(),
  tokenInvalid: z.boolean().optional(),
  wrongSignature: z.boolean().optional(),
  foreignPhoneNumber: z.boolean().optional(),
  /** Numbers without WhatsApp: accepted, then failed with 131026. */
  withoutWhatsApp: z.array(z.string()).optional(),
  /** People who hide their number: webhooks name them by their user id alone. */
  hidden: z.array(z.string()).optional(),
})
export type ControlSettings = z.infer<typeof controlSettings>

export const templateStates = ['APPROVED', 'PENDING', 'PAUSED', 'DISABLED', 'REJECTED'] as const

const from = z.string().min(1)
/** What can be made to happen once: `{"do":"reply","from":"+9230…","text":"STOP"}`. */
export const controlAction = z.discriminatedUnion('do', [
  z.strictObject({ do: z.enum(['flush', 'release', 'reset', 'subscribe']) }),
  z.strictObject({ do: z.literal('reply'), from, text: z.string().min(1).max(4096) }),
  z.strictObject({ do: z.literal('tap'), from, message: z.string(), button: z.number().int().min(0) }),
  z.strictObject({ do: z.literal('read'), from }),
  z.strictObject({ do: z.literal('marketing'), from, value: z.enum(['stop', 'resume']) }),
  z.strictObject({ do: z.literal('change-number'), from, to: z.string().min(1) }),
  z.strictObject({ do: z.literal('close-window'), from }),
  z.strictObject({
    do: z.literal('template'),
    name: z.string(),
    /** Left out: in every language. */
    language: z.string().optional(),
    status: z.enum(templateStates),
  }),
  z.strictObject({ do: z.literal('webhook'), field: z.string(), value: z.record(z.string(), z.unknown()) }),
])
export type ControlAction = z.infer<typeof controlAction>

/** Takes one of a counted misbehaviour; false when none is left. */
export function takeOne(settings: ControlSettings, name: 'timeOutAfterAccepting' | 'breakAfterAccepting'): boolean {
  const left = settings[name] ?? 0
  if (left <= 0) return false
  settings[name] = left - 1
  return true
}

export function takeCounted<Name extends 'failSends' | 'failByStatus'>(
  settings: ControlSettings,
  name: Name,
): ControlSettings[Name] {
  const wanted = settings[name]
  if (!wanted || wanted.count <= 0) return undefined
  wanted.count--
  return wanted
}
