// The public face of Nabz itself.
import { sessionUser } from '../../platform/web/session.ts'
import { publicRouter } from '../../platform/web/routers.ts'
import { landingPage } from './pages.ts'

export const siteRoutes = publicRouter('site')

siteRoutes.get('/', 'public', async ({ req, show, speaker }) =>
  show(landingPage(speaker, (await sessionUser(req, true)) !== undefined)),
)
