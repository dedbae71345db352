import type { Knex } from 'knex'
import type { ClinicId, UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import { tellChanged } from '../../../platform/remembered.ts'
import type { SwitchCode, SwitchMode } from '../../../platform/switches.ts'

export type SwitchLine = {
  code: string
  mode: SwitchMode
  plans: string[]
  slugs: string[]
  note: string
  changedAt: Instant | null
  changedBy: string | null
}

export async function listSwitches(db: Knex): Promise<SwitchLine[]> {
  return rows<SwitchLine>(
    db,
    `select s.code, s.mode, s.plans, s.note, s.changed_at as "changedAt", u.name as "changedBy",
       array(select c.slug from platform.clinics c where c.id = any(s.clinic_ids) order by c.slug) as slugs
     from platform.switches s left join platform.users u on u.id = s.changed_by order by s.code`,
  )
}

export async function listClinicsBySlug(db: Knex, slugs: readonly string[]): Promise<{ id: ClinicId; slug: string }[]> {
  return rows(db, 'select id, slug from platform.clinics where slug = any(?)', [slugs])
}

export async function updateSwitch(
  trx: Knex,
  code: SwitchCode,
  change: {
    mode: SwitchMode
    plans: readonly string[]
    clinicIds: readonly ClinicId[]
    note: string
    by: UserId
    now: Instant
  },
): Promise<void> {
  await changes(
    trx,
    `insert into platform.switches (code, mode, plans, clinic_ids, note, changed_by, changed_at)
     values (?, ?, ?, ?::uuid[], ?, ?, ?)
     on conflict (code) do update set mode = excluded.mode, plans = excluded.plans, clinic_ids = excluded.clinic_ids,
       note = excluded.note, changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
    [code, change.mode, change.plans, change.clinicIds, change.note, change.by, change.now],
  )
  await tellChanged(trx, 'switches')
}
