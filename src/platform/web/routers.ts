// The doors. Every route of the product is made here, with its permission as the second argument: leaving it out does
// not compile, and each lands in `routeTable`, which the access tests walk. Each kind of door has a file beside this.
import type { Request, Response } from 'express'
import { parseId, type Id } from '../../kernel/ids.ts'
import { notFound } from '../errors.ts'
import { servicesOf } from '../services.ts'
import {
  basics,
  languageLinks,
  originOf,
  takeFlash,
  tokenOf,
  visitorLanguage,
  withLanguage,
  type Basics,
} from './routers/basics.ts'
import { routes, type Routes } from './routers/table.ts'
import { render, type View } from './views.ts'

export { apiRouter, problem, type ApiRequest } from './routers/api.ts'
export { requestIdOf, visitorLanguage } from './routers/basics.ts'
export { pageForAll, patientRequest, patientRouter, type PatientRequest } from './routers/patient.ts'
export type { Banner, DeskNotices, DeskPlace, Person, Visit } from './routers/shell.ts'
export {
  accountRouter,
  clinicRouter,
  membershipsOf,
  operatorRouter,
  type AccountRequest,
  type ClinicRequest,
} from './routers/staff.ts'
export type { StepUp } from './routers/step-up.ts'
export { routeTable, type Access, type RouteEntry, type RouteOptions, type Routes } from './routers/table.ts'

export type PublicRequest = Basics & {
  /** A path of ours in the language the visitor reads. */
  url: (path: string) => string
}

/** Pages and webhooks for anybody, outside any clinic. */
export function publicRouter(feature: string): Routes<PublicRequest, 'public'> {
  return routes('public', '', feature, (req, res) => Promise.resolve(visitorBasics(req, res)))
}

function visitorBasics(req: Request, res: Response): PublicRequest {
  const services = servicesOf(req)
  const lang = visitorLanguage(req)
  const speaker = services.speakers(lang, { country: 'GB', zone: 'UTC' })
  const url = (path: string) => withLanguage(path, lang, undefined)
  const answers = basics(req, res, services, speaker, originOf(req), (view, layout = 'plain') =>
    render(view, {
      speaker,
      layout,
      url,
      csrfToken: () => tokenOf(req),
      flash: takeFlash(req, speaker),
      shell: undefined,
      languageLinks: languageLinks(req.originalUrl, lang, undefined),
      accent: 'teal',
    }),
  )
  return { ...answers, url }
}

/** A page of the service itself as text that anybody may be given who reads its language. */
export function publicPageForAll({ speaker }: PublicRequest, address: string, view: View): string {
  return render(view, {
    speaker,
    layout: 'site',
    url: (path) => withLanguage(path, speaker.lang, undefined),
    csrfToken: () => undefined,
    flash: undefined,
    shell: undefined,
    languageLinks: languageLinks(address, speaker.lang, undefined),
    accent: 'teal',
  })
}

/** An id of the path, or 404: what can't be an id names nothing. */
export function idParam<T extends string>(req: Request, name: string): Id<T> {
  return parseId<T>(req.params[name]) ?? notFound(name)
}
