import type { MessageId } from '../../../kernel/ids.ts'
import { parseId } from '../../../kernel/ids.ts'
import { parseInstant, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findOwnPractitioner } from '../../appointments/actions/own-diary.ts'
import { listRecentMessages, type LoggedMessage } from '../../messaging/queries/log.ts'
import { listPauses } from '../../messaging/queries/senders.ts'
import type { MessageStatus } from '../../messaging/rules/statuses.ts'
import { messageRow } from './message-row.ts'

const filters = {
  all: undefined,
  waiting: ['queued', 'sending', 'unknown'],
  sent: ['accepted', 'sent', 'delivered', 'read'],
  failed: ['failed'],
  dropped: ['dropped'],
} as const satisfies Record<string, readonly MessageStatus[] | undefined>
export type MessageFilterName = keyof typeof filters

export const parseFilter = (text: unknown): MessageFilterName =>
  typeof text === 'string' && Object.hasOwn(filters, text) ? (text as MessageFilterName) : 'all'

const perPage = 50

type Before = { createdAt: Instant; id: MessageId }

/** What went out, what waits to, what failed and why. */
export async function messagesPage(
  ctx: Ctx,
  speaker: Speaker,
  filter: MessageFilterName,
  before: Before | undefined,
): Promise<View> {
  const { t } = speaker
  const here = `/app/${ctx.clinic.slug}/messages`
  const doctor = ctx.actor.kind === 'user' && ctx.actor.role === 'doctor'
  const own = doctor ? await findOwnPractitioner(ctx) : undefined
  // A doctor's account without a diary has no visits that could have been written about.
  const found =
    doctor && own === undefined
      ? []
      : await listRecentMessages(ctx, { statuses: filters[filter], practitionerId: own, before, limit: perPage + 1 })
  const messages = found.slice(0, perPage)
  const last = messages.at(-1)
  const pauses = await listPauses(ctx.db, ctx.now)
  return view('desk/messages', {
    title: t('desk.messages.title'),
    back: filter === 'all' ? here : `${here}?status=${filter}`,
    filters: Object.keys(filters).map((name) => ({
      href: name === 'all' ? here : `${here}?status=${name}`,
      label: t(`desk.messages.filter.${name}`),
      current: name === filter,
    })),
    filter,
    messages: messages.map((message) => messageRow(ctx, speaker, message)),
    holding: [...new Set(pauses.filter(({ subject }) => subject === '').map(({ sender }) => sender))].map((sender) =>
      t(sender === 'smtp' ? 'messaging.holding.smtp' : 'messaging.holding.whatsapp'),
    ),
    pagination: {
      ...(before ? { previous: filter === 'all' ? here : `${here}?status=${filter}` } : {}),
      ...(found.length > perPage && last ? { next: `${here}?${olderThan(filter, last)}` } : {}),
    },
  })
}

function olderThan(filter: MessageFilterName, { createdAt, id }: LoggedMessage): string {
  const query = new URLSearchParams()
  if (filter !== 'all') query.set('status', filter)
  query.set('before', `${createdAt.toString()}_${id}`)
  return query.toString()
}

export function parseBefore(text: unknown): Before | undefined {
  if (typeof text !== 'string') return undefined
  const [at, id] = text.split('_')
  const createdAt = parseInstant(at)
  const messageId = parseId<'message'>(id)
  return createdAt && messageId ? { createdAt, id: messageId } : undefined
}
