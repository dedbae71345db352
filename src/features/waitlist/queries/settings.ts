import { LRUCache } from 'lru-cache'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { WaitlistSettings } from '../rules.ts'

// Kept per process while the clinic's settings version stands, as it was read before they were.
const known = new LRUCache<string, { version: number; settings: WaitlistSettings }>({ max: 500 })

/** Whether the clinic keeps a waiting list, how many are asked at once, and how long they have to answer. */
export async function getWaitlistSettings(ctx: Ctx): Promise<WaitlistSettings> {
  const kept = known.get(ctx.clinic.id)
  if (kept?.version === ctx.clinic.settingsVersion) return kept.settings
  const [settings] = await rows<WaitlistSettings>(
    ctx.db,
    `select waitlist as "on", waitlist_offers as most, waitlist_offer_min as minutes
     from clinic.profiles where clinic_id = ?`,
    [ctx.clinic.id],
  )
  if (!settings) throw new Error('a clinic without a profile')
  known.set(ctx.clinic.id, { version: ctx.clinic.settingsVersion, settings })
  return settings
}

/** The same, if it is known already: for pages that ask the database nothing. */
export function findKnownWaitlistSettings(clinic: Ctx['clinic']): WaitlistSettings | undefined {
  const kept = known.get(clinic.id)
  return kept?.version === clinic.settingsVersion ? kept.settings : undefined
}

export async function updateWaitlistSettings(ctx: Ctx, settings: WaitlistSettings): Promise<void> {
  await changes(
    ctx.db,
    'update clinic.profiles set waitlist = ?, waitlist_offers = ?, waitlist_offer_min = ? where clinic_id = ?',
    [settings.on, settings.most, settings.minutes, ctx.clinic.id],
  )
}
