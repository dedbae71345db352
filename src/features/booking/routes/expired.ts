import type { ErrorRequestHandler, Request } from 'express'
import { findLink } from '../../../platform/links.ts'
import { servicesOf } from '../../../platform/services.ts'
import { patientRequest } from '../../../platform/web/routers.ts'
import { settingsOf } from '../../availability/actions.ts'
import { expiredPage } from '../pages/details.ts'

/**
 * A form on a patient's page whose token is no longer good: the page was open for days, or cookies were cleared. Said in
 * the clinic's own dress, with a way back; everything else goes on to the one error page.
 */
export const expiredForms: ErrorRequestHandler = async (error: unknown, req, res, next) => {
  if (!isForged(error) || res.headersSent) return next(error)
  const place = await placeOf(req)
  if (!place) return next(error)
  const request = patientRequest(req, res, place.clinic, { kind: 'visitor' })
  const { clinic, speaker, url, services } = request
  services.log.info('request.refused', { status: 403 })
  res.setHeader('Cache-Control', 'no-store')
  const scene = { clinic, speaker, url, settings: await settingsOf(request), now: services.clock.now() }
  request.show(expiredPage(scene, url(place.back)), { status: 403 })
}

function isForged(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EBADCSRFTOKEN'
}

async function placeOf(req: Request) {
  const { clinics, db, clock } = servicesOf(req)
  const [, door, name = ''] = req.path.split('/')
  if (door === 'c') {
    const clinic = await clinics.bySlug(name)
    const back = req.path.startsWith(`/c/${name}/privacy`) ? 'privacy' : 'times'
    return clinic && { clinic, back: `/c/${clinic.slug}/${back}` }
  }
  if (door !== 'a' && door !== 'w') return undefined
  const link = await findLink(db, name, clock.now())
  const clinic = link && (await clinics.byId(link.clinicId))
  return clinic && { clinic, back: `/${door}/${name}` }
}
