// For whoever runs Nabz: the first page of the console.
import { operatorRouter } from '../../platform/web/routers.ts'
import { overviewPage } from './pages/overview.ts'

export const consoleRoutes = operatorRouter('console')

consoleRoutes.get('/', 'console.see', async ({ services, speaker, show }) => {
  show(await overviewPage(services, speaker))
})
