// What Meta sends us. Only what is used is read, and loosely: fields and types are added without notice, and what we do
// not know is kept and left alone.
import { z } from 'zod'

const text = z.string().max(4096)
const id = z.string().min(1).max(1000)
const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)

export const statusItem = z.object({
  id,
  status: z.string().max(40),
  timestamp: z.string().regex(/^\d{9,11}$/),
  recipient_id: maybe(z.string().max(200)),
  recipient_user_id: maybe(z.string().max(200)),
  biz_opaque_callback_data: maybe(z.string().max(512)),
  errors: maybe(
    z.array(
      z.object({
        code: maybe(z.number()),
        title: maybe(z.string()),
        message: maybe(z.string()),
        error_data: maybe(z.object({ details: maybe(z.string()) })),
      }),
    ),
  ),
})
export type StatusItem = z.output<typeof statusItem>

const digits = z.string().regex(/^\d{5,20}$/)

export const messageItem = z.object({
  id,
  from: maybe(digits),
  from_user_id: maybe(z.string().max(200)),
  timestamp: z.string().regex(/^\d{9,11}$/),
  type: z.string().max(60),
  context: maybe(z.object({ id: maybe(id) })),
  text: maybe(z.object({ body: text })),
  button: maybe(z.object({ payload: maybe(text), text: maybe(text) })),
  interactive: maybe(z.object({ button_reply: maybe(z.object({ id: text, title: maybe(text) })) })),
  system: maybe(z.object({ type: maybe(z.string()), wa_id: maybe(digits), new_wa_id: maybe(digits) })),
})
export type MessageItem = z.output<typeof messageItem>

/** The envelope around them; what it holds is taken apart piece by piece, so that one odd piece spoils no other. */
export const envelope = z.object({
  object: z.string(),
  entry: z.array(
    z.object({
      id: maybe(z.string()),
      changes: z.array(
        z.object({
          field: z.string(),
          value: z.record(z.string(), z.unknown()).catch({}),
        }),
      ),
    }),
  ),
})

export const metadata = z.object({ phone_number_id: z.string() })

/** One event as it is kept until it has been worked on. */
export const storedItem = z.object({
  kind: z.enum(['message', 'status', 'other']),
  phoneNumberId: z.string().nullable(),
  item: z.unknown(),
})
export type StoredItem = z.output<typeof storedItem>
