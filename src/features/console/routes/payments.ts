// Money of all clinics: what waits, every payment, every document.
import { sendCsv } from '../../../platform/csv.ts'
import { operatorRouter } from '../../../platform/web/routers.ts'
import { noteExport } from '../actions/export.ts'
import {
  documentLines,
  documentsHeader,
  documentsPage,
  paymentLines,
  paymentsHeader,
  paymentsPage,
  queuePage,
} from '../pages/payments.ts'
import { documentsQuery, paymentsQuery } from '../schema.ts'

export const consolePaymentsRoutes = operatorRouter('console')

consolePaymentsRoutes.get('/payments', 'console.money', async ({ services, speaker, show }) => {
  show(await queuePage(services, speaker))
})

consolePaymentsRoutes.get('/payments/all', 'console.money', async ({ req, services, speaker, show }) => {
  show(await paymentsPage(services, speaker, paymentsQuery.parse(req.query)))
})

consolePaymentsRoutes.post('/payments/export', 'console.money', async ({ req, res, services, person, origin }) => {
  const name = await noteExport(services, origin, person.userId, 'payments')
  await sendCsv(res, name, paymentsHeader, paymentLines(services, paymentsQuery.parse(req.query)))
})

consolePaymentsRoutes.get('/documents', 'console.money', async ({ req, services, speaker, show }) => {
  show(await documentsPage(services, speaker, documentsQuery.parse(req.query)))
})

consolePaymentsRoutes.post('/documents/export', 'console.money', async ({ req, res, services, person, origin }) => {
  const name = await noteExport(services, origin, person.userId, 'documents')
  await sendCsv(res, name, documentsHeader, documentLines(services, documentsQuery.parse(req.query)))
})
