import type { Permission } from '../../../kernel/permissions.ts'
import { idParam, type ClinicRequest, type Routes } from '../../../platform/web/routers.ts'
import { noteOpening } from '../../patients/actions/record.ts'
import { patientPage, patientsPage } from '../pages/patients.ts'

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
}
