// What a clinic tells its patients about their data, on its public side.
import { patientRouter } from '../../../platform/web/routers.ts'
import { getSettings } from '../../availability/actions.ts'
import { getRetention } from '../actions/notice.ts'
import { noticePage } from '../pages/notice.ts'

const routes = patientRouter('policies')
export const privacyNoticeRoutes = routes

routes.get('/privacy-notice', 'public', async ({ res, services, speaker, clinic, url, show, inClinic }) => {
  const { settings, retention } = await inClinic(async (ctx) => ({
    settings: await getSettings(ctx),
    retention: await getRetention(ctx),
  }))
  res.setHeader('Cache-Control', 'public, max-age=60')
  show(noticePage({ clinic, settings, retention, hosting: services.config.hosting, speaker, url }))
})
