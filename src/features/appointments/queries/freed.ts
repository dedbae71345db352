import { newId, type PractitionerId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { rows } from '../../../platform/db/rows.ts'

export type Because = 'cancelled' | 'moved' | 'noshow' | 'hold' | 'hours'

/** Notes a time that came free, if anybody waits for one at this clinic; otherwise nothing is written. */
export async function insertFreedTime(
  ctx: Ctx,
  freed: {
    practitionerId: PractitionerId | null
    startsAt: Instant
    endsAt: Instant
    because: Because
    lookAt: Instant
  },
): Promise<void> {
  await rows(
    ctx.db,
    `insert into clinic.freed_times (clinic_id, id, practitioner_id, starts_at, ends_at, because, look_at)
     select ?::uuid, ?::uuid, ?::uuid, ?::timestamptz, ?::timestamptz, ?, ?::timestamptz
     where exists (select from clinic.waiting_entries where clinic_id = ? and state = 'waiting')
     returning id`,
    [
      ctx.clinic.id,
      newId<'freed_time'>(),
      freed.practitionerId,
      freed.startsAt,
      freed.endsAt,
      freed.because,
      freed.lookAt,
      ctx.clinic.id,
    ],
  )
}
