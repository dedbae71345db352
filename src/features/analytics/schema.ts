import { z } from 'zod'
import { ranges } from './rules/periods.ts'

/** A choice of the page's own; whatever else an address says is no choice. */
const code = (shape: RegExp) => z.string().regex(shape).catch('')

export const analyticsQuery = z.object({
  range: z.enum(ranges).catch('90'),
  country: code(/^[A-Z]{2}$/),
  plan: code(/^[a-z0-9_-]{1,40}$/),
  currency: code(/^[A-Z]{3}$/),
})
export type AnalyticsQuery = z.output<typeof analyticsQuery>
