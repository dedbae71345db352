import { LRUCache } from 'lru-cache'
import type { AppointmentId } from '../../kernel/ids.ts'
import type { PlainTime } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { rows } from '../../platform/db/rows.ts'
import { announcements, type EarlierAnnouncement, type QuietHours } from './rules.ts'

export type NoticeSettings = { quiet: QuietHours; alertAddress: string | undefined }

// Kept per process while the clinic's settings version stands, as it was read before they were.
const known = new LRUCache<string, { version: number; settings: NoticeSettings }>({ max: 500 })

/** The clinic's night, and where it wants to hear of online bookings. */
export async function getNoticeSettings(ctx: Ctx): Promise<NoticeSettings> {
  const kept = known.get(ctx.clinic.id)
  if (kept?.version === ctx.clinic.settingsVersion) return kept.settings
  const [profile] = await rows<{ from: PlainTime; to: PlainTime; email: string | null }>(
    ctx.db,
    'select quiet_from as "from", quiet_to as "to", alert_email as email from clinic.profiles where clinic_id = ?',
    [ctx.clinic.id],
  )
  if (!profile) throw new Error('a clinic without a profile')
  const { from, to, email } = profile
  const settings = { quiet: { from, to, zone: ctx.clinic.zone }, alertAddress: email ?? undefined }
  known.set(ctx.clinic.id, { version: ctx.clinic.settingsVersion, settings })
  return settings
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

/** Whether a reminder of the visit was sent, as far as anybody knows. */
export async function findReminded(ctx: Ctx, id: AppointmentId): Promise<boolean> {
  const [found] = await rows<{ reminded: boolean }>(
    ctx.db,
    `select exists (select from clinic.messages where clinic_id = ? and appointment_id = ?
       and kind in ('reminder_24h', 'reminder_2h') and status in ('accepted', 'sent', 'delivered', 'read')) as reminded`,
    [ctx.clinic.id, id],
  )
  return found?.reminded ?? false
}
