// What is the same for everybody: the clinic's page and its free times as data. Mounted before cookies and sessions, and
// served as kept bytes while nothing changed.
import { dateAt } from '../../../kernel/time.ts'
import { cachedPage, sendCached, weightOf } from '../../../platform/web/cached-page.ts'
import { pageForAll, patientRouter } from '../../../platform/web/routers.ts'
import { settingsOf, whileTrue } from '../../availability/actions.ts'
import { isFull } from '../../subscription/rules/usage.ts'
import { closedJson, freeTimesJson } from '../actions/look.ts'
import { clinicPage, closedPage } from '../pages/clinic.ts'
import { takingOf } from '../rules/taking.ts'
import { availabilityQuery } from '../schema.ts'

const routes = patientRouter('booking')
export const bookingOpenRoutes = routes

routes.get('/', 'public', async (request) => {
  const { req, res, services, speaker, clinic, url, inClinic } = request
  const now = services.clock.now()
  // What raises no version of the diary: a new month, another plan, a subscription that ran out.
  const stopped = !services.switches.on('public_booking', clinic)
  const standing = `${clinic.status} ${stopped ? 'stopped' : isFull(clinic, 'bookings', now) ? 'full' : 'open'}`
  const page = await whileTrue(clinic, now, `clinic-page ${speaker.lang} ${standing} ${clinic.name}`, async () => {
    const settings = await settingsOf(request)
    const scene = { clinic, settings, speaker, now, url }
    const taking = takingOf(clinic, settings, now, stopped)
    const { view, validUntil } =
      taking === 'open'
        ? await inClinic((ctx) => clinicPage(ctx, scene, services.config.baseUrl))
        : { view: closedPage(scene, taking), validUntil: undefined }
    const value = cachedPage('text/html; charset=utf-8', pageForAll(request, `/c/${clinic.slug}`, view))
    return { value, validUntil, bytes: weightOf(value) }
  })
  await sendCached(req, res, page, {
    // Whoever taps a time that went meanwhile is offered the next ones.
    'Cache-Control': 'public, max-age=15',
    'Content-Language': speaker.lang,
  })
})

routes.get('/availability.json', 'public', async (request) => {
  const { req, res, services, clinic } = request
  res.setHeader('Access-Control-Allow-Origin', '*')
  const bad = (parameter: string, message: string) => {
    res.status(400).setHeader('Cache-Control', 'no-store')
    res.json({ error: { parameter, message } })
  }
  const query = availabilityQuery(req.query, dateAt(services.clock.now(), clinic.zone))
  if (!query.ok) return bad(query.parameter, query.message)
  const settings = await settingsOf(request)
  const { serviceId, practitionerId, locationId } = query.value
  if (!settings.services.some(({ id }) => id === serviceId)) return bad('service', 'service names none of this clinic')
  if (practitionerId !== 'any' && !settings.practitioners.some(({ id }) => id === practitionerId)) {
    return bad('practitioner', 'practitioner names none of this clinic')
  }
  if (locationId !== undefined && !settings.locations.some(({ id }) => id === locationId)) {
    return bad('location', 'location names none of this clinic')
  }
  const stopped = !services.switches.on('public_booking', clinic)
  const taking = takingOf(clinic, settings, services.clock.now(), stopped)
  const page =
    clinic.status === 'active' && !stopped && taking !== 'full'
      ? await freeTimesJson(request, query.value)
      : closedJson(clinic.zone, query.value, taking === 'full' ? 'limit' : 'closed')
  if (!page) return bad('service', 'service is not offered online by whom you asked for')
  await sendCached(req, res, page, { 'Cache-Control': 'public, max-age=5' })
})
