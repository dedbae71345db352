// The screen on the wall of a waiting room: anybody may see it, and it says nothing of anybody but numbers.
import { parseId } from '../../../kernel/ids.ts'
import { notFound } from '../../../platform/errors.ts'
import { openEventStream } from '../../../platform/web/event-stream.ts'
import { patientRequest, publicRouter, type PatientRequest, type PublicRequest } from '../../../platform/web/routers.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { screenPage } from '../pages/screen.ts'

const routes = publicRouter('queue')
export const screenRoutes = routes

/** As many screens may hang behind one address: a clinic's, not a stranger's thousand. */
const streamsPerAddress = 12

type Opened = { request: PatientRequest; placeId: string }

async function open({ req, res, services }: PublicRequest): Promise<Opened> {
  const { slug, location } = req.params
  const clinic = typeof slug === 'string' ? await services.clinics.bySlug(slug) : undefined
  if (!clinic || clinic.status === 'suspended') notFound('clinic')
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Robots-Tag', 'noindex, nofollow')
  return {
    request: patientRequest(req, res, clinic, { kind: 'visitor' }),
    placeId: typeof location === 'string' ? location : '',
  }
}

async function pageOf({ request, placeId }: Opened): Promise<View> {
  const id = parseId<'location'>(placeId) ?? notFound('location')
  return request.inClinic((ctx) => screenPage(ctx, request.speaker, id, request.clinic.accent))
}

routes.get('/q/:slug/:location', 'public', async (request) => {
  const opened = await open(request)
  opened.request.show(await pageOf(opened), { layout: 'bare' })
})

routes.get('/q/:slug/:location/board', 'public', async (request) => {
  const opened = await open(request)
  const { page } = await pageOf(opened)
  opened.request.show(view('queue/_numbers', page), { layout: 'bare' })
})

routes.get('/q/:slug/:location/events', 'public', async (request) => {
  const opened = await open(request)
  await pageOf(opened)
  const { req, res, services, origin } = request
  const { clinic } = opened.request
  const stillAllowed = async () => (await services.clinics.byId(clinic.id))?.status === clinic.status
  const who = { key: `screens ${origin.address ?? ''}`, limit: streamsPerAddress }
  const stream = openEventStream({ req, res, services, stillAllowed }, who)
  const unsubscribe = services.notifications.subscribe((notice) => {
    if (notice.channel === 'nabz_diary' && notice.clinicId === clinic.id) stream?.send('diary', String(notice.diary))
  })
  if (stream) stream.onClose(unsubscribe)
  else unsubscribe()
})
