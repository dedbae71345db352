// The clinic's free times on its own site. One page of all may stand in a frame, and only where the clinic says so.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseForm } from '../../kernel/forms.ts'
import { clinicRouter, patientRouter, publicRouter } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { publicFolder } from '../../platform/web/views.ts'
import { settingsOf } from '../availability/actions.ts'
import { takingOf } from '../booking/rules/taking.ts'
import { setSites, sitesOf } from './actions.ts'
import { embedPage, framePage, path } from './pages.ts'
import { framedBy } from './rules.ts'
import { sitesForm } from './schema.ts'

/** Mounted before cookies and sessions: a frame on another site has neither. */
export const embedOpenRoutes = patientRouter('embed')
export const embedScriptRoutes = publicRouter('embed')
const settings = clinicRouter('embed')
export const embedRoutes = settings

embedOpenRoutes.get('/embed', 'public', async (request) => {
  const { res, services, clinic, speaker, url, show, inClinic } = request
  const diary = await settingsOf(request)
  const stopped = !services.switches.on('public_booking', clinic)
  const open = takingOf(clinic, diary, services.clock.now(), stopped) === 'open' && clinic.status === 'active'
  const { page, sites } = await inClinic(async (ctx) => {
    const sites = await sitesOf(ctx)
    return { sites, page: await framePage(ctx, { clinic, speaker, url }, diary, { open, sites }) }
  })
  if (sites.length > 0) {
    res.setHeader('Content-Security-Policy', framedBy(String(res.getHeader('Content-Security-Policy')), sites))
    // Older than the policy above, and knows no list.
    res.removeHeader('X-Frame-Options')
    res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
  }
  res.setHeader('Cache-Control', 'public, max-age=60')
  show(page, { layout: 'bare' })
})

const script = readFileSync(join(publicFolder, 'js/embed-host.js'), 'utf8')

embedScriptRoutes.get('/embed.js', 'public', ({ res }) => {
  // The one script of ours that other sites load.
  res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
  res.setHeader('Cache-Control', 'public, max-age=3600')
  res.type('text/javascript').send(script)
  return Promise.resolve()
})

settings.get(path, 'clinic.settings', async ({ services, speaker, show, inClinic }) => {
  show(await inClinic((ctx) => embedPage(ctx, speaker, services.config.baseUrl)))
})

settings.post(path, 'clinic.settings', async ({ req, services, speaker, show, inClinic, redirect, at }) => {
  const form = parseForm(sitesForm, req.body)
  if (!form.ok) {
    return show(await inClinic((ctx) => embedPage(ctx, speaker, services.config.baseUrl, form)), { status: 422 })
  }
  await inClinic((ctx) => setSites(ctx, form.value.sites))
  flash(req, { kind: 'success', key: 'embed.flash.saved' })
  await redirect(at(path))
})
