import type { MessageId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes } from '../../../platform/db/rows.ts'
import type { MessageStatus, Reported } from '../rules/statuses.ts'

const columns: Record<Reported, string> = {
  sent: 'sent_at',
  delivered: 'delivered_at',
  read: 'read_at',
  failed: 'failed_at',
}

/** Keeps when WhatsApp says something happened, and moves the message on if that is news. */
export async function updateReported(
  ctx: Ctx,
  id: MessageId,
  report: {
    reported: Reported
    at: Instant
    providerId: string
    status: MessageStatus | undefined
    code: string | null
  },
): Promise<void> {
  const column = columns[report.reported]
  await changes(
    ctx.db,
    `update clinic.messages set ${column} = coalesce(${column}, ?), provider_id = coalesce(provider_id, ?)` +
      (report.status === undefined ? '' : ', status = ?, error_code = ?, lease_until = null, drop_reason = null') +
      ' where clinic_id = ? and id = ?',
    [
      report.at,
      report.providerId,
      ...(report.status === undefined ? [] : [report.status, report.code]),
      ctx.clinic.id,
      id,
    ],
  )
}
