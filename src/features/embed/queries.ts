import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { sitesIn } from './rules.ts'

export async function findSites(ctx: Ctx): Promise<string[]> {
  const [found] = await rows<{ sites: string | null }>(
    ctx.db,
    'select embed_origins as sites from clinic.profiles where clinic_id = ?',
    [ctx.clinic.id],
  )
  return sitesIn(found?.sites ?? '')
}

export async function updateSites(ctx: Ctx, sites: readonly string[]): Promise<void> {
  await changes(ctx.db, 'update clinic.profiles set embed_origins = ? where clinic_id = ?', [
    sites.length === 0 ? null : sites.join(' '),
    ctx.clinic.id,
  ])
}
