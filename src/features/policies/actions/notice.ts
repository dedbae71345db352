import type { Ctx } from '../../../platform/clinic-scope.ts'
import { findRetentionSettings } from '../../privacy/queries.ts'
import type { RetentionSettings } from '../../privacy/rules/retention.ts'

/** The periods this clinic has set. */
export const getRetention = (ctx: Ctx): Promise<RetentionSettings | undefined> => findRetentionSettings(ctx)
