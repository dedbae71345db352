import { z } from 'zod'
import { requiredName } from '../../kernel/forms.ts'
import { parseId } from '../../kernel/ids.ts'
import { namings } from './rules.ts'

/** One of the clinic's, or all of them. */
const oneOrAll = <T extends string>() =>
  z
    .string({ error: 'form.error.invalid' })
    .optional()
    .transform((text, context) => {
      if (text === undefined || text === '') return undefined
      const id = parseId<T>(text)
      if (id === undefined) context.addIssue({ code: 'custom', message: 'form.error.invalid' })
      return id
    })

export const feedForm = z.object({
  name: requiredName('feeds.error.name_required', 60),
  practitioner: oneOrAll<'practitioner'>(),
  location: oneOrAll<'location'>(),
  names: z.enum(namings, { error: 'feeds.error.names_required' }),
})
export type FeedForm = z.output<typeof feedForm>
