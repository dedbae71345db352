// For whoever operates Nabz.
import { parseInstant } from '../../kernel/time.ts'
import { operatorRouter } from '../../platform/web/routers.ts'
import { consolePage } from './pages.ts'

export const consoleRoutes = operatorRouter('console')

consoleRoutes.get('/', 'console.see', async ({ req, services, speaker, show }) => {
  const before = parseInstant(req.query.before) ?? services.clock.now().add({ hours: 1 })
  show(await consolePage(services.db, speaker, before))
})
