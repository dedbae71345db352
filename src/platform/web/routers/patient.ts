// The door of a clinic's public side.
import type { Request, Response } from 'express'
import type { Actor, Clinic, Ctx } from '../../clinic-scope.ts'
import { notFound } from '../../errors.ts'
import { parseLanguage, type Language } from '../../i18n/languages.ts'
import { servicesOf } from '../../services.ts'
import { render, type View } from '../views.ts'
import { basics, languageLinks, originOf, tokenOf, withLanguage, type Basics } from './basics.ts'
import { routes, type Routes } from './table.ts'

export type PatientRequest = Basics & {
  clinic: Clinic
  /** The path as seen from this clinic, keeping the language the patient chose. */
  url: (path: string) => string
  inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>
}

/** A clinic's public side, `/c/:slug/…`. */
export function patientRouter(feature: string): Routes<PatientRequest, 'public'> {
  return routes('patient', '/c/:slug', feature, async (req, res) => {
    const slug = req.params.slug
    const clinic = typeof slug === 'string' ? await servicesOf(req).clinics.bySlug(slug) : undefined
    return clinic ? patientRequest(req, res, clinic, { kind: 'visitor' }) : notFound('clinic')
  })
}

/**
 * What a patient's handler gets; also for routes that find their clinic through a link's token, which know what language
 * its patient `speaks`. The address wins, then that, then the clinic's own.
 */
export function patientRequest(
  req: Request,
  res: Response,
  clinic: Clinic,
  actor: Actor,
  speaks?: Language,
): PatientRequest {
  const services = servicesOf(req)
  const own = parseLanguage(clinic.language) ?? 'en'
  const lang = parseLanguage(req.query.lang) ?? speaks ?? own
  // What an address without a language means here; nothing that all pages agree on, when the patient's differs.
  const usual = speaks === undefined || speaks === own ? own : undefined
  const speaker = services.speakers(lang, clinic)
  const origin = originOf(req)
  const url = (path: string) => withLanguage(path, lang, usual)
  return {
    ...basics(req, res, services, speaker, origin, (view, layout = 'patient') =>
      render(view, {
        speaker,
        layout,
        url,
        csrfToken: () => tokenOf(req),
        flash: undefined,
        shell: undefined,
        languageLinks: languageLinks(req.originalUrl, lang, usual),
        accent: clinic.accent,
      }),
    ),
    clinic,
    url,
    inClinic: (work) => services.inClinic(clinic, actor, origin, work),
  }
}

/**
 * A page of a clinic's public side as text that anybody may be given: it holds no token, and nothing of the address it
 * was first asked for by. `path` is the page's own address without a language.
 */
export function pageForAll({ clinic, speaker, url }: PatientRequest, path: string, view: View): string {
  return render(view, {
    speaker,
    layout: 'patient',
    url,
    csrfToken: () => undefined,
    flash: undefined,
    shell: undefined,
    languageLinks: languageLinks(path, speaker.lang, parseLanguage(clinic.language) ?? 'en'),
    accent: clinic.accent,
  })
}
