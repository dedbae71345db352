import { parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import type { PatientRequest, Routes } from '../../../platform/web/routers.ts'
import { enter, portalToken, prove, sendAgain, type EnterRefusal } from '../actions/enter.ts'
import { codePage, startPage } from '../pages/enter.ts'
import { pathOf, type Scene } from '../pages/frame.ts'
import { codeForm, phoneForm, stepForm } from '../schema.ts'
import { askingOf, entered, sceneOf, type Entered } from './scene.ts'

export function enterRoutes(routes: Routes<PatientRequest, 'public'>): void {
  routes.get('/privacy', 'public', async (request) => {
    const scene = await sceneOf(request)
    if (scene) request.show(startPage(scene, senderOf(request)))
  })

  routes.post('/privacy', 'public', async (request) => {
    const { req, clinic, services, speaker, show, redirect, url } = request
    const scene = await sceneOf(request)
    if (!scene) return
    const form = parseForm(phoneForm(clinic.country), req.body)
    if (!form.ok) return show(startPage(scene, senderOf(request), form), { status: 422 })
    const sent = await enter(askingOf(request), form.value.phone, speaker.lang)
    if (!sent.ok) {
      return show(startPage(scene, senderOf(request), filled(form), refused(request, sent)), { status: 429 })
    }
    const token = portalToken(services.keys.platform, clinic.id, sent.value, 'code')
    return redirect(url(`/c/${clinic.slug}/privacy/codes/${token}`))
  })

  routes.get('/privacy/codes/:token', 'public', async (request) => {
    const at = await entered(request, 'code')
    if (!at) return
    if (at.visit.provenAt !== null) return toOpen(at)
    at.request.show(codePage(at.scene, { token: at.token, number: at.visit.phone }))
  })

  routes.post('/privacy/codes/:token', 'public', async (request) => {
    const at = await entered(request, 'code')
    if (!at) return
    if (at.visit.provenAt !== null) return toOpen(at)
    const step = parseForm(stepForm, request.req.body)
    return step.ok && step.value.step === 'resend' ? takeResend(at) : takeCode(at)
  })
}

const senderOf = ({ services }: PatientRequest) => services.config.whatsapp.displayNumber
const filled = ({ values }: { values: Record<string, string> }): Form => ({ values, errors: {} })

async function takeCode({ request, scene, token, visit }: Entered): Promise<void> {
  const form = parseForm(codeForm, request.req.body)
  const again = (errors: Record<string, string>) =>
    request.show(codePage(scene, { token, number: visit.phone }, withErrors(form, errors)), { status: 422 })
  if (!form.ok) return again(form.errors)
  const proof = await prove(askingOf(request), visit, form.value.code)
  if (proof.ok) return toOpen({ request, scene, visit })
  const wrong = proof.reason === 'wrong' && proof.triesLeft > 0
  return again({ code: wrong ? 'portal.error.code_wrong' : 'portal.error.code_spent' })
}

async function takeResend({ request, scene, token, visit }: Entered): Promise<void> {
  const refusal = await sendAgain(askingOf(request), visit)
  if (!refusal) return request.redirect(request.url(`/c/${request.clinic.slug}/privacy/codes/${token}`))
  const wrong = refused(request, refusal)
  request.show(codePage(scene, { token, number: visit.phone }, undefined, wrong), { status: 429 })
}

/** The same words for every number, as the same limits hold for every number. */
function refused({ res, speaker }: PatientRequest, { reason, seconds }: EnterRefusal): string {
  res.setHeader('Retry-After', seconds)
  const shortly = reason === 'too_soon' || reason === 'phoneMinute'
  return shortly ? speaker.t('portal.code.wait', { count: seconds }) : speaker.t('portal.code.too_many')
}

function toOpen({ request, scene, visit }: Pick<Entered, 'request' | 'visit'> & { scene: Scene }): Promise<void> {
  const token = portalToken(request.services.keys.platform, request.clinic.id, visit.id, 'open')
  return request.redirect(pathOf(scene, token))
}
