// People who often miss visits: whom to call, and noting that they said they will come.
import { isolated } from '../../kernel/names.ts'
import { clinicRouter, idParam } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { findOwnPractitioner } from '../appointments/actions/own-diary.ts'
import { getSettings } from '../availability/actions.ts'
import { confirmOnPhone, listToConfirm } from './actions.ts'
import { confirmationsPage } from './pages.ts'

export const attendanceRoutes = clinicRouter('attendance')

attendanceRoutes.get('/confirmations', 'today.see', async ({ speaker, inClinic, show }) => {
  show(
    await inClinic(async (ctx) => {
      const off = (await getSettings(ctx)).profile.missedRule === 'none'
      const ownOnly = ctx.actor.kind === 'user' && ctx.actor.role === 'doctor'
      const own = ownOnly ? await findOwnPractitioner(ctx) : undefined
      // A doctor's account that stands for no doctor of the clinic has no diary to look at.
      const rows = ownOnly && own === undefined ? [] : await listToConfirm(ctx, own)
      return confirmationsPage(ctx, speaker, rows, off)
    }),
  )
})

attendanceRoutes.post('/appointments/:id/confirmation', 'appointments.run', async ({ req, inClinic, redirect, at }) => {
  const id = idParam<'appointment'>(req, 'id')
  const confirmed = await inClinic((ctx) => confirmOnPhone(ctx, id))
  flash(
    req,
    confirmed.ok
      ? {
          kind: 'success',
          key: 'attendance.flash.confirmed',
          // The name keeps its own direction in a sentence that runs the other way.
          params: { name: isolated(confirmed.value.patientName ?? '') },
        }
      : { kind: 'error', key: `attendance.flash.${confirmed.reason}` },
  )
  await redirect(at('/confirmations'))
})
