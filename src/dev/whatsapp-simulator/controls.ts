// The ways in which a network and a provider misbehave, on demand.
import { z } from 'zod'

export const controlSettings = z.strictObject({
  /** Refuse the next `count` sends with this error code. */
  failSends: z
    .strictObject({ count: z.number().int(), code: z.number().int(), retryAfter: z.number().optional() })
    .optional(),
  /** Accept the next `count` sends, then report them failed with this code. */
  failByStatus: z.strictObject({ count: z.number().int(), code: z.number().int() }).optional(),
  /** Accept the next sends and never answer the request. */
  timeOutAfterAccepting: z.number().int().optional(),
  /** Accept, and answer with a broken connection. */
  breakAfterAccepting: z.number().int().optional(),
  /** Keep statuses back until `flush`. */
  late: z.boolean().optional(),
  /** Deliver every webhook twice. */
  twice: z.boolean().optional(),
  /** Read before delivered before sent. */
  outOfOrder: z.boolean().optional(),
  /** The first status overtakes the answer to the send. */
  statusBeforeAnswer: z.boolean().optional(),
  tokenInvalid: z.boolean().optional(),
  wrongSignature: z.boolean().optional(),
  foreignPhoneNumber: z.boolean().optional(),
  /** Numbers without WhatsApp: accepted, then failed with 131026. */
  withoutWhatsApp: z.array(z.string()).optional(),
})
export type ControlSettings = z.infer<typeof controlSettings>

/** Takes one of a counted misbehaviour; false when none is left. */
export function takeOne(settings: ControlSettings, name: 'timeOutAfterAccepting' | 'breakAfterAccepting'): boolean {
  const left = settings[name] ?? 0
  if (left <= 0) return false
  settings[name] = left - 1
  return true
}

export function takeCounted(settings: ControlSettings, name: 'failSends' | 'failByStatus') {
  const wanted = settings[name]
  if (!wanted || wanted.count <= 0) return undefined
  wanted.count--
  return wanted
}
