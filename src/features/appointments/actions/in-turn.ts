import type { Phone } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { lockTurn } from '../queries/turns.ts'

/**
 * Of those who book for one number, or take its people in, one goes after the other. Both clicks of a double click look
 * for the other's visit, and so the second sees what the first has written.
 */
export const inTurn = (ctx: Ctx, phone: Phone): Promise<void> => lockTurn(ctx, phone)
