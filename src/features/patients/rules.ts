import { allowed } from '../../kernel/permissions.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'

/**
 * Who may see whose data is restricted: at the desk nobody but those who answer for privacy. Patients see their own
 * pages, and what runs by itself has to know whom it writes to.
 */
export function seesRestricted({ actor }: Pick<Ctx, 'actor'>): boolean {
  if (actor.kind === 'support') return false
  return actor.kind !== 'user' || allowed(actor.role, 'clinic.privacy')
}
