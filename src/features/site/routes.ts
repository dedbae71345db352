// The public face of Nabz itself.
import { publicRouter } from '../../platform/web/routers.ts'
import { landingPage } from './pages.ts'

export const siteRoutes = publicRouter('site')

siteRoutes.get('/', 'public', ({ req, show, speaker }) => show(landingPage(speaker, req.session?.userId !== undefined)))
