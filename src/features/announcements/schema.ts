import { z } from 'zod'

/** `news=yes` takes news again; anything else, also what a mail program posts by itself, stops it. */
export const newsForm = z.object({ news: z.string().optional() })

/** Back to the page the banner stood on, where that is a path of the workspace. */
export const dismissalForm = z.object({
  announcement: z.string({ error: 'form.error.invalid' }),
  back: z
    .string()
    .regex(/^\/app\/[a-z0-9-]+(\/[\w-]+)*$/)
    .optional()
    .catch(undefined),
})
