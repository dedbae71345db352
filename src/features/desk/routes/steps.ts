import type { AppointmentId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import type { Permission } from '../../../kernel/permissions.ts'
import { idParam, type ClinicRequest, type Routes } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import type { Step } from '../../appointments/rules.ts'
import { runStep, standingOf, takeBack } from '../actions.ts'
import { nameOf } from '../pages/words.ts'
import { ownPath } from '../rules.ts'

/** Each step is a small thing of its own: posting it takes it, posting `undo` takes the last one back. */
export function stepRoutes(routes: Routes<ClinicRequest, Permission>): void {
  routes.post('/appointments/:id/arrival', 'appointments.run', (request) => take(request, 'arrive'))
  routes.post('/appointments/:id/room', 'appointments.run', (request) => take(request, 'enter'))
  routes.post('/appointments/:id/completion', 'appointments.run', (request) => take(request, 'finish'))
  routes.post('/appointments/:id/no-show', 'appointments.run', (request) => take(request, 'miss'))
  routes.post('/appointments/:id/cancellation', 'appointments.move', (request) => take(request, 'cancel'))

  routes.post('/appointments/:id/undo', 'appointments.run', async (request) => {
    const { req, speaker, inClinic, redirect } = request
    const id = idParam<'appointment'>(req, 'id')
    const undone = await inClinic((ctx) => takeBack(ctx, id))
    if (undone.ok) {
      const { status } = undone.value
      flash(req, {
        kind: 'success',
        key: 'desk.flash.undone',
        params: { name: isolated(nameOf(speaker, undone.value)), status: speaker.t(`shared.status.${status}`) },
      })
    } else flash(req, { kind: 'error', key: `desk.refused.${undone.reason}` })
    await redirect(backOf(request, id))
  })
}

/** Back to the page the step was taken on, with its day and filters. */
export function backOf({ req, at }: ClinicRequest, id: AppointmentId): string {
  const body = (req.body ?? {}) as Record<string, unknown>
  return ownPath(body.back ?? req.query.back, at(''), at(`/appointments/${id}`))
}

/** The form action that takes a step back and returns to the same page. */
export const withBack = (path: string, back: string): string => `${path}?${new URLSearchParams({ back }).toString()}`

async function take(request: ClinicRequest, step: Step): Promise<void> {
  const { req, speaker, inClinic, redirect, at } = request
  const id = idParam<'appointment'>(req, 'id')
  const back = backOf(request, id)
  const taken = await inClinic((ctx) => runStep(ctx, id, step))
  if (taken.ok) {
    const { appointment, messageAt } = taken.value
    const name = isolated(nameOf(speaker, appointment))
    flash(req, {
      kind: 'success',
      key: messageAt ? 'desk.flash.cancel_told' : `desk.flash.${step}`,
      params: messageAt ? { name, time: speaker.time(messageAt) } : { name },
      undo: withBack(at(`/appointments/${id}/undo`), back),
    })
  } else {
    // Read anew: the refused transaction is over, and what stands there now is what somebody else did.
    const visit = await inClinic((ctx) => standingOf(ctx, id))
    const { status } = visit
    flash(req, {
      kind: 'error',
      key: step === 'miss' && status === 'booked' ? 'desk.refused.too_early' : 'desk.refused.changed',
      params: { name: isolated(nameOf(speaker, visit)), status: speaker.t(`shared.status.${status}`) },
    })
  }
  await redirect(back)
}
