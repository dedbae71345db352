import type { AppointmentId } from '../src/kernel/ids.ts'
import type { Instant } from '../src/kernel/time.ts'
import { linkExpiry } from '../src/features/appointments/rules.ts'
import type { Ctx } from '../src/platform/clinic-scope.ts'
import { registerLink } from '../src/platform/links.ts'

/** Gives the visits that are still to come their links; those of the past have run out. */
export async function registerLinks(ctx: Ctx, visits: { id: AppointmentId; endsAt: Instant }[]): Promise<void> {
  for (const { id, endsAt } of visits) {
    const expiry = linkExpiry(endsAt)
    if (expiry.epochMilliseconds > ctx.now.epochMilliseconds) await registerLink(ctx, id, 1, expiry)
  }
}
