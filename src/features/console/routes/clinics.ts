// The clinics there are: found, filtered, sorted, taken along as a file.
import { sendCsv } from '../../../platform/csv.ts'
import { operatorRouter } from '../../../platform/web/routers.ts'
import { noteExport } from '../actions/export.ts'
import { clinicLines, clinicsHeader, clinicsPage } from '../pages/clinics.ts'
import { clinicsQuery } from '../schema.ts'

export const consoleClinicsRoutes = operatorRouter('console')

consoleClinicsRoutes.get('/clinics', 'console.see', async ({ req, services, speaker, show }) => {
  show(await clinicsPage(services, speaker, clinicsQuery.parse(req.query)))
})

// Not a GET: that a list left the house is an event of its own.
consoleClinicsRoutes.post('/clinics/export', 'console.clinics', async ({ req, res, services, person, origin }) => {
  const name = await noteExport(services, origin, person.userId, 'clinics')
  await sendCsv(res, name, clinicsHeader, clinicLines(services, clinicsQuery.parse(req.query)))
})
