import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { keepSettings } from '../../../platform/kept-settings.ts'
import type { WaitlistSettings } from '../rules.ts'

const kept = keepSettings(readWaitlistSettings)

/** Whether the clinic keeps a waiting list, how many are asked at once, and how long they have to answer. */
export function getWaitlistSettings(ctx: Ctx): Promise<WaitlistSettings> {
  return kept.get(ctx)
}

/** The same, if it is known already: for pages that ask the database nothing. */
export function findKnownWaitlistSettings(clinic: Ctx['clinic']): WaitlistSettings | undefined {
  return kept.findKnown(clinic)
}

async function readWaitlistSettings(ctx: Ctx): Promise<WaitlistSettings> {
  const [settings] = await rows<WaitlistSettings>(
    ctx.db,
    `select waitlist as "on", waitlist_offers as most, waitlist_offer_min as minutes
     from clinic.profiles where clinic_id = ?`,
    [ctx.clinic.id],
  )
  if (!settings) throw new Error('a clinic without a profile')
  return settings
}

export async function updateWaitlistSettings(ctx: Ctx, settings: WaitlistSettings): Promise<void> {
  await changes(
    ctx.db,
    'update clinic.profiles set waitlist = ?, waitlist_offers = ?, waitlist_offer_min = ? where clinic_id = ?',
    [settings.on, settings.most, settings.minutes, ctx.clinic.id],
  )
}
