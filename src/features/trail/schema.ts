import { z } from 'zod'
import { parseId } from '../../kernel/ids.ts'
import { parseDate } from '../../kernel/time.ts'
import { groupNames, mailChoices } from './rules.ts'

const place = z.string().max(400).optional().catch(undefined)
const id = <T extends string>() =>
  z
    .string()
    .transform((text) => parseId<T>(text))
    .optional()
    .catch(undefined)
const day = z.string().transform(parseDate).optional().catch(undefined)

/** Of an address or of the form that exports: what makes no sense filters nothing. */
export const logQuery = z.object({
  person: id<'user'>(),
  kind: z
    .enum(groupNames as [(typeof groupNames)[number], ...typeof groupNames])
    .optional()
    .catch(undefined),
  from: day,
  to: day,
  /** Who looked at this patient. */
  patient: id<'patient'>(),
  /** Everything about one record. */
  record: id<'record'>(),
  after: place,
  before: place,
})
export type LogQuery = z.output<typeof logQuery>

export const mailForm = z.object({ mail: z.enum(mailChoices, { error: 'trail.error.mail' }) })
