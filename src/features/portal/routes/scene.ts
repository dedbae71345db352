import { browserSecret } from '../../../platform/web/csrf.ts'
import { patientRequest, type PatientRequest } from '../../../platform/web/routers.ts'
import { getSettings } from '../../availability/actions.ts'
import { findByToken, type Asking } from '../actions/enter.ts'
import { closedPage, overPage } from '../pages/enter.ts'
import type { Scene } from '../pages/frame.ts'
import type { PortalVisit } from '../queries.ts'

/**
 * Where the request stands; undefined when the clinic is closed, which has then been said. A clinic that may only be read
 * still owes people their data.
 */
export async function sceneOf(request: PatientRequest): Promise<Scene | undefined> {
  const { clinic, speaker, url, services, inClinic, res, req } = request
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Robots-Tag', 'noindex, nofollow')
  const scene = { clinic, speaker, url, settings: await inClinic(getSettings), now: services.clock.now() }
  if (clinic.status === 'active' || clinic.status === 'read_only') return scene
  request.show(closedPage(scene), { status: req.method === 'GET' ? 200 : 409 })
  return undefined
}

/** Who asks, and from which browser: nobody else's cookie makes the same. */
export function askingOf(request: PatientRequest): Asking {
  const { clinic, services, origin, req, inClinic } = request
  const browser = services.keys.platform.hash('portal-browser', `${clinic.id}|${browserSecret(req) ?? ''}`)
  return { services, clinic, origin, browser, inClinic }
}

export type Entered = { request: PatientRequest; scene: Scene; token: string; visit: PortalVisit }

/**
 * The visit the address names, in the language it was begun in unless the address names another. One that never was, is
 * over or belongs to another browser is answered alike: undefined, and the page that says so was shown.
 */
export async function entered(request: PatientRequest, stage: 'code' | 'open'): Promise<Entered | undefined> {
  const scene = await sceneOf(request)
  if (!scene) return undefined
  const { token } = request.req.params
  const { browser } = askingOf(request)
  const visit =
    typeof token === 'string' && browserSecret(request.req) !== undefined
      ? await request.inClinic((ctx) => findByToken(ctx, token, browser, stage))
      : undefined
  if (!visit || typeof token !== 'string') {
    request.show(overPage(scene), { status: 404 })
    return undefined
  }
  const own = patientRequest(request.req, request.res, request.clinic, { kind: 'patient' }, visit.language)
  const { speaker, url } = own
  return { request: own, scene: { ...scene, speaker, url }, token, visit }
}
