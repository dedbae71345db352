// How the stand-in can be told to misbehave, and what can be made to happen.
import { z } from 'zod'

const times = z.number().int().min(0).max(100_000)

export const controlSettings = z.strictObject({
  /** Refuse the next `count` requests (whose path contains `path`) with this status and code. */
  fail: z
    .strictObject({
      count: times,
      status: z.number().int().min(400).max(599),
      code: z.string().optional(),
      path: z.string().optional(),
      /** A body without the word `error`, as a proxy in between would send. */
      bare: z.boolean().optional(),
    })
    .optional(),
  /** Do what the next requests ask, and break the connection instead of answering. */
  breakAfter: z.strictObject({ count: times, path: z.string().optional() }).optional(),
  /** Keep webhooks back until `release`. */
  late: z.boolean().optional(),
  /** Deliver every webhook twice. */
  twice: z.boolean().optional(),
  /** The latest first. */
  outOfOrder: z.boolean().optional(),
  /** Sign with another secret. */
  wrongSignature: z.boolean().optional(),
  /** Sign as of ten minutes ago. */
  stale: z.boolean().optional(),
})
export type StripeSettings = z.infer<typeof controlSettings>

export const cardNames = ['visa', 'mastercard', 'declined', 'insufficient', 'fails_later'] as const
export type CardName = (typeof cardNames)[number]

const id = z.string().min(1)
export const controlAction = z.discriminatedUnion('do', [
  z.strictObject({ do: z.enum(['flush', 'release', 'reset', 'tick']) }),
  z.strictObject({ do: z.literal('pay'), session: id, card: z.enum(cardNames).default('visa') }),
  z.strictObject({ do: z.literal('expire'), session: id }),
  z.strictObject({ do: z.literal('renew'), subscription: id, fails: z.boolean().default(false) }),
  z.strictObject({ do: z.literal('cancel'), subscription: id, at: z.enum(['end', 'once']).default('end') }),
  z.strictObject({ do: z.literal('resume'), subscription: id }),
  z.strictObject({ do: z.literal('card'), customer: id, card: z.enum(cardNames) }),
  z.strictObject({ do: z.literal('refund'), payment: id, amount: z.number().int().positive().optional() }),
  z.strictObject({ do: z.literal('dispute'), payment: id }),
  /** An event of any type about any object, signed. */
  z.strictObject({ do: z.literal('event'), type: z.string(), object: z.record(z.string(), z.unknown()) }),
])
export type StripeAction = z.infer<typeof controlAction>

/** Takes one of a counted misbehaviour that is meant for this path. */
export function takeCounted<Name extends 'fail' | 'breakAfter'>(
  settings: StripeSettings,
  name: Name,
  path: string,
): StripeSettings[Name] {
  const wanted = settings[name]
  if (!wanted || wanted.count <= 0 || (wanted.path !== undefined && !path.includes(wanted.path))) return undefined
  wanted.count--
  return wanted
}
