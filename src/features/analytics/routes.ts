// How the service does as a whole, for whoever runs it: from daily figures that name no clinic.
import { sendCsv } from '../../platform/csv.ts'
import { notFound } from '../../platform/errors.ts'
import { operatorRouter } from '../../platform/web/routers.ts'
import { analyticsFile } from './pages/file.ts'
import { analyticsPage } from './pages/page.ts'
import { chartIds } from './rules/charts.ts'
import { analyticsQuery } from './schema.ts'

export const analyticsRoutes = operatorRouter('analytics')

analyticsRoutes.get('/analytics', 'console.see', async ({ req, services, speaker, show }) => {
  show(await analyticsPage(services, speaker, analyticsQuery.parse(req.query)))
})

// No person and no clinic is in it, so it may simply be taken along.
analyticsRoutes.get('/analytics/:chart/csv', 'console.see', async ({ req, res, services, speaker }) => {
  const id = chartIds.find((one) => one === req.params.chart) ?? notFound('chart')
  const file = (await analyticsFile(services, speaker, analyticsQuery.parse(req.query), id)) ?? notFound('figures')
  await sendCsv(res, `${id}.csv`, file.header, file.lines)
})
