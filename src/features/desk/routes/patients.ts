import { parseForm } from '../../../kernel/forms.ts'
import type { Permission } from '../../../kernel/permissions.ts'
import { idParam, type ClinicRequest, type Routes } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { noteOpening } from '../../patients/actions/record.ts'
import { recordConsent } from '../actions.ts'
import { patientPage, patientsPage } from '../pages/patients.ts'
import { consentForm } from '../schema.ts'

export function patientRoutes(routes: Routes<ClinicRequest, Permission>): void {
  routes.get('/patients', 'patients.find', async ({ req, speaker, inClinic, show }) => {
    const typed = typeof req.query.q === 'string' ? req.query.q : ''
    show(await inClinic((ctx) => patientsPage(ctx, speaker, typed)))
  })

  routes.get('/patients/:id', 'patients.find', async ({ req, speaker, inClinic, show }) => {
    const id = idParam<'patient'>(req, 'id')
    show(
      await inClinic(async (ctx) => {
        const page = await patientPage(ctx, speaker, id)
        await noteOpening(ctx, id)
        return page
      }),
    )
  })

  // Taking something back is never a matter of the clinic's subscription.
  routes.post(
    '/patients/:id/consents',
    'appointments.book',
    async ({ req, speaker, inClinic, show, redirect, at }) => {
      const id = idParam<'patient'>(req, 'id')
      const form = parseForm(consentForm, req.body)
      if (!form.ok) return show(await inClinic((ctx) => patientPage(ctx, speaker, id)), { status: 422 })
      const news = await inClinic((ctx) => recordConsent(ctx, id, form.value))
      const key = news ? form.value.decision : 'as_before'
      flash(req, { kind: news ? 'success' : 'info', key: `desk.consents.flash.${key}` })
      await redirect(at(`/patients/${id}#consents`))
    },
    { whileReadOnly: true },
  )
}
