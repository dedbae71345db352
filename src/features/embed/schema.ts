import { z } from 'zod'
import { mostSites, siteOrigin } from './rules.ts'

/** Sites, one a line, each by any of its addresses. */
export const sitesForm = z.object({
  sites: z
    .string({ error: 'embed.error.sites' })
    .max(4000, 'form.error.too_long')
    .optional()
    .transform((text, context) => {
      const typed = (text ?? '').split(/\s+/).filter((line) => line !== '')
      const sites = typed.flatMap((line) => siteOrigin(line) ?? [])
      if (sites.length < typed.length) context.addIssue({ code: 'custom', message: 'embed.error.sites' })
      if (sites.length > mostSites) context.addIssue({ code: 'custom', message: 'embed.error.too_many' })
      return [...new Set(sites)]
    }),
})
