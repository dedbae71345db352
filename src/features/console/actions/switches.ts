import type { UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Services } from '../../../platform/services.ts'
import { switchCodes, switches, type SwitchMode } from '../../../platform/switches.ts'
import { listClinicsBySlug, updateSwitch } from '../queries/switches.ts'

export type SwitchChange = {
  code: string
  mode: SwitchMode
  plans: readonly string[]
  /** Addresses of clinics. */
  clinics: readonly string[]
  note: string
}

/** Puts a switch over, in every process, with the reason. One for the whole platform is on or off, and nothing between. */
export async function changeSwitch(
  services: Services,
  origin: Origin,
  actorId: UserId,
  change: SwitchChange,
): Promise<Outcome<null, 'no_clinic' | 'nobody_named' | 'platform_only'>> {
  const code = switchCodes.find((one) => one === change.code) ?? notFound('switch')
  const named = change.mode === 'on_for' || change.mode === 'off_for'
  if (named && switches[code] === 'platform') return refuse('platform_only')
  const plans = named ? change.plans : []
  const slugs = named ? change.clinics : []
  if (named && plans.length + slugs.length === 0) return refuse('nobody_named')
  const now = services.clock.now()
  const changed = await inTransaction(services.db, async (trx): Promise<Outcome<null, 'no_clinic'>> => {
    const clinics = await listClinicsBySlug(trx, slugs)
    if (clinics.length < new Set(slugs).size) return refuse('no_clinic')
    const clinicIds = clinics.map(({ id }) => id)
    await updateSwitch(trx, code, { mode: change.mode, plans, clinicIds, note: change.note, by: actorId, now })
    await auditPlatform(trx, 'switch.changed', {
      at: now,
      origin,
      actorId,
      details: { code, mode: change.mode, plans: plans.join(' '), clinics: slugs.join(' '), note: change.note },
    })
    return done(null)
  })
  await services.switches.refresh()
  return changed
}
