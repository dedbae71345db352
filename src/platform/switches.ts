// Things that can be stopped without a deploy. Who asks gets an answer at once, from memory.
import type { ClinicId } from '../kernel/ids.ts'
import type { Clinic } from './clinic-scope.ts'
import type { Database } from './db/connect.ts'
import { rows } from './db/rows.ts'
import { remember, type Remembered } from './remembered.ts'
import type { Services } from './services.ts'

/**
 * Every switch there is. `clinic` ones are asked for a clinic, and may differ between clinics; `platform` ones are the
 * same for everybody.
 */
export const switches = {
  /** New clinics may be opened at /sign-up. */
  sign_up: 'platform',
  /** Patients may take times on the clinic's page: the emergency stop of public booking. */
  public_booking: 'clinic',
  /** Plans may be paid by card. */
  card_payments: 'clinic',
  /** The public directory of clinics. */
  directory: 'platform',
  /** Announcements go out by mail. */
  announcement_mails: 'platform',
} as const
export type SwitchCode = keyof typeof switches
export const switchCodes = Object.keys(switches) as SwitchCode[]

export type SwitchMode = 'on' | 'off' | 'on_for' | 'off_for'
export type SwitchState = { mode: SwitchMode; plans: readonly string[]; clinicIds: readonly ClinicId[] }

/** Whether a switch is on for a clinic; without one, for whoever is not named. */
export function isOn(state: SwitchState | undefined, clinic?: Pick<Clinic, 'id' | 'plan'>): boolean {
  // A switch nobody has a row for stops nothing.
  if (state === undefined || state.mode === 'on') return true
  if (state.mode === 'off') return false
  const named = clinic !== undefined && (state.plans.includes(clinic.plan) || state.clinicIds.includes(clinic.id))
  return state.mode === 'on_for' ? named : !named
}

export type Switches = {
  on(code: SwitchCode, clinic?: Pick<Clinic, 'id' | 'plan'>): boolean
  refresh(): Promise<void>
  stop(): void
}

/**
 * Reads the switches and keeps them, as `remember` does: one that is thrown is heard by every process within moments.
 * What can't be read stops nothing.
 */
export async function createSwitches(db: Database, parts: Pick<Services, 'notifications' | 'log'>): Promise<Switches> {
  const known: Remembered<Map<string, SwitchState>> = await remember(
    'switches',
    new Map(),
    async () => {
      const found = await rows<SwitchState & { code: string }>(
        db,
        'select code, mode, plans, clinic_ids::text[] as "clinicIds" from platform.switches',
      )
      return new Map(found.map(({ code, ...state }) => [code, state]))
    },
    parts,
  )
  return {
    on: (code, clinic) => isOn(known.current().get(code), clinic),
    refresh: () => known.refresh(),
    stop: () => known.stop(),
  }
}
