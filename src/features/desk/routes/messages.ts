import type { Permission } from '../../../kernel/permissions.ts'
import { idParam, type ClinicRequest, type Routes } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { cancelQueuedMessage, retryMessage, sendMessageNow } from '../../messaging/actions/desk.ts'
import { messagesPage, parseBefore, parseFilter } from '../pages/messages.ts'
import { ownPath } from '../rules.ts'

export function messageRoutes(routes: Routes<ClinicRequest, Permission>): void {
  routes.get('/messages', 'messages.see', async ({ req, speaker, inClinic, show }) => {
    const filter = parseFilter(req.query.status)
    const before = parseBefore(req.query.before)
    show(await inClinic((ctx) => messagesPage(ctx, speaker, filter, before)))
  })

  // Whoever may move and cancel visits decides what their patients are told.
  routes.post('/messages/:id/retry', 'appointments.move', (request) => decide(request, retryMessage, 'retried'))
  routes.post('/messages/:id/now', 'appointments.move', (request) => decide(request, sendMessageNow, 'hurried'))
  routes.post('/messages/:id/removal', 'appointments.move', (request) =>
    decide(request, cancelQueuedMessage, 'taken_back'),
  )
}

async function decide(
  { req, inClinic, redirect, at }: ClinicRequest,
  action: typeof retryMessage,
  done: 'retried' | 'taken_back' | 'hurried',
): Promise<void> {
  const id = idParam<'message'>(req, 'id')
  const outcome = await inClinic((ctx) => action(ctx, id))
  flash(
    req,
    outcome.ok
      ? { kind: 'success', key: `messaging.flash.${done}` }
      : { kind: 'error', key: `messaging.flash.${outcome.reason}` },
  )
  const body = (req.body ?? {}) as Record<string, unknown>
  await redirect(ownPath(body.back, at(''), at('/messages')))
}
