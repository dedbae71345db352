import { audit } from '../../platform/audit.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { findSites, updateSites } from './queries.ts'

/** Which sites may show the clinic's free times in a frame. */
export async function setSites(ctx: Ctx, sites: readonly string[]): Promise<void> {
  const before = await findSites(ctx)
  if (before.join(' ') === sites.join(' ')) return
  await updateSites(ctx, sites)
  const details = { from: before.join(' '), to: sites.join(' ') }
  await audit(ctx, 'embed.sites_changed', { kind: 'clinic', id: ctx.clinic.id }, details)
  ctx.settingsChanged()
}

export const sitesOf = (ctx: Ctx): Promise<string[]> => findSites(ctx)
