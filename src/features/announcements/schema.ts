import { z } from 'zod'

/** `news=yes` takes news again; anything else, also what a mail program posts by itself, stops it. */
export const newsForm = z.object({ news: z.string().optional() })

/** Back to the page the banner stood on: a path of the workspace, whatever the form says. */
export const dismissalForm = z.object({
  announcement: z.string({ error: 'form.error.invalid' }),
  back: z.string().regex(/^\/app\/[a-z0-9-]+(\/[\w-]+)*$/, 'form.error.invalid'),
})
