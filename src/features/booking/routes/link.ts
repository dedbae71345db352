// Behind the link of a message: whose it is, the visit or the place on the waiting list it is for, and the way back to its
// page after a form. Looking changes nothing, since messengers open links by themselves.
import type { AppointmentId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { findLink } from '../../../platform/links.ts'
import { patientRequest, type PatientRequest, type PublicRequest } from '../../../platform/web/routers.ts'
import { getAppointment, type Appointment } from '../../appointments/queries.ts'
import { getSettings } from '../../availability/actions.ts'
import type { Scene } from '../pages/frame.ts'
import { gonePage } from '../pages/visit.ts'

export type Linked<Id = AppointmentId> = { token: string; id: Id; request: PatientRequest }

/**
 * Whose link this is, and what it is for. A stranger's guess, a link that ran out and one that was replaced get the same
 * friendly page.
 */
export async function openLink({ req, res, services, show, speaker }: PublicRequest): Promise<Linked | undefined> {
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Robots-Tag', 'noindex, nofollow')
  const token = typeof req.params.token === 'string' ? req.params.token : ''
  const link = await findLink(services.db, token, services.clock.now())
  const clinic = link && (await services.clinics.byId(link.clinicId))
  if (!link || !clinic) {
    show(gonePage(speaker), { status: 404, layout: 'patient' })
    return undefined
  }
  return { token, id: link.appointmentId, request: patientRequest(req, res, clinic, { kind: 'patient' }) }
}

/** The page in the language its patient chose when they came to the clinic, unless the address names another. */
export async function inTheirLanguage(
  ctx: Ctx,
  { req, res, clinic }: PatientRequest,
  language: Language,
): Promise<{ request: PatientRequest; scene: Scene }> {
  const request = patientRequest(req, res, clinic, ctx.actor, language)
  const { speaker, url } = request
  return { request, scene: { clinic, speaker, url, settings: await getSettings(ctx), now: ctx.now } }
}

export type Standing = { ctx: Ctx; request: PatientRequest; scene: Scene; visit: Appointment }

/** Looks at the visit a link is for. */
export async function look<T>({ id, request }: Linked, work: (standing: Standing) => Promise<T> | T): Promise<T> {
  return request.inClinic(async (ctx) => {
    const visit = await getAppointment(ctx, id)
    return work({ ctx, visit, ...(await inTheirLanguage(ctx, request, visit.language)) })
  })
}

/** After a form: to a page that says what happened, in the language the form was in. */
export function backTo({ req, redirect }: PatientRequest, path: string, news: string): Promise<void> {
  const { lang } = req.query
  const language = typeof lang === 'string' ? `&lang=${encodeURIComponent(lang)}` : ''
  return redirect(`${path}?news=${news}${language}`)
}
