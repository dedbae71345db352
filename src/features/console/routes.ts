// For whoever operates Nabz.
import { parseId } from '../../kernel/ids.ts'
import { operatorRouter } from '../../platform/web/routers.ts'
import { consolePage } from './pages.ts'

export const consoleRoutes = operatorRouter('console')

consoleRoutes.get('/', 'console.see', async ({ req, services, speaker, show }) => {
  show(await consolePage(services.db, speaker, parseId<'clinic'>(req.query.before)))
})
