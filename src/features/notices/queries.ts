import type { AppointmentId } from '../../kernel/ids.ts'
import type { PlainTime } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { rows } from '../../platform/db/rows.ts'
import { announcements, type EarlierAnnouncement, type QuietHours } from './rules.ts'

export async function getQuietHours(ctx: Ctx): Promise<QuietHours> {
  const [profile] = await rows<{ from: PlainTime; to: PlainTime }>(
    ctx.db,
    'select quiet_from as "from", quiet_to as "to" from clinic.profiles where clinic_id = ?',
    [ctx.clinic.id],
  )
  if (!profile) throw new Error('a clinic without a profile')
  return { ...profile, zone: ctx.clinic.zone }
}

export async function findAlertAddress(ctx: Ctx): Promise<string | undefined> {
  const [profile] = await rows<{ email: string | null }>(
    ctx.db,
    'select alert_email as email from clinic.profiles where clinic_id = ?',
    [ctx.clinic.id],
  )
  return profile?.email ?? undefined
}

/** What a patient was to be told about a visit so far, newest first. */
export async function listAnnouncements(ctx: Ctx, id: AppointmentId): Promise<EarlierAnnouncement[]> {
  const found = await rows<{ id: string; kind: EarlierAnnouncement['kind']; status: string; params: Buffer | null }>(
    ctx.db,
    `select id, kind, status, params_sealed as params from clinic.messages
     where clinic_id = ? and appointment_id = ? and kind = any(?)
     order by version desc, created_at desc`,
    [ctx.clinic.id, id, announcements],
  )
  return found.flatMap(({ id, kind, status, params }) => {
    if (!params) return []
    const told = ctx.seal.openJson(params, 'messages.params', id) as Omit<EarlierAnnouncement, 'kind' | 'status'>
    return [{ ...told, kind, status }]
  })
}
