// The waiting list for patients: joining from the clinic's page, with a code where the number is to be proven.
import { parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { dateAt } from '../../../kernel/time.ts'
import { notFound } from '../../../platform/errors.ts'
import { browserSecret } from '../../../platform/web/csrf.ts'
import { idParam, patientRouter, type PatientRequest } from '../../../platform/web/routers.ts'
import { getWaitlistSettings } from '../../waitlist/queries/settings.ts'
import { datesWrong, typedWish } from '../../waitlist/rules/wish.ts'
import { type CodeRefusal } from '../actions/code.ts'
import { settingsOf } from '../../availability/actions.ts'
import {
  detailsOf,
  findOwnDraft,
  proveAndJoin,
  sendWaitingCode,
  wantToWait,
  type WaitingDetails,
} from '../actions/waiting.ts'
import { closedPage } from '../pages/clinic.ts'
import type { Scene } from '../pages/frame.ts'
import {
  freshWish,
  waitingCodePage,
  waitingOptedOutPage,
  waitingPage,
  waitingStopPage,
  type WaitingAsk,
} from '../pages/waiting.ts'
import { takingOf } from '../rules/taking.ts'
import { queryText } from '../rules/wish.ts'
import { codeForm, timesQuery } from '../schema.ts'
import { draftStep } from '../schema/waiting.ts'

const routes = patientRouter('booking')
export const waitingRoutes = routes

/** Where the request stands; undefined when there is no list to join, which has then been said. */
async function sceneOf(request: PatientRequest): Promise<Scene | undefined> {
  const { clinic, speaker, url, services, inClinic, show, req, res } = request
  res.setHeader('Cache-Control', 'no-store')
  const scene = { clinic, speaker, url, settings: await settingsOf(request), now: services.clock.now() }
  const status = req.method === 'GET' ? 200 : 409
  const taking = takingOf(clinic, scene.settings, scene.now, !services.switches.on('public_booking', clinic))
  if (taking !== 'open') show(closedPage(scene, taking), { status })
  else if (!(await inClinic(getWaitlistSettings)).on) show(waitingStopPage(scene, 'off'), { status })
  else return scene
  return undefined
}

const browserOf = ({ req, services, clinic }: PatientRequest) =>
  services.keys.platform.hash('waiting-browser', `${clinic.id}|${browserSecret(req) ?? ''}`)

function askOf(scene: Scene, wish: Record<string, string> = {}): WaitingAsk {
  const times = `/times${queryText({ service: wish.service, location: wish.location })}`
  return {
    action: scene.url(`/c/${scene.clinic.slug}/waiting-list`),
    back: { href: scene.url(`/c/${scene.clinic.slug}${times}`), label: scene.speaker.t('waitlist.join.back') },
    sooner: undefined,
  }
}

routes.get('/waiting-list', 'public', async (request) => {
  const scene = await sceneOf(request)
  if (!scene) return
  const asked = timesQuery(request.req.query)
  const wish = freshWish(scene, {
    service: asked.serviceId,
    practitioner: asked.practitionerId,
    location: asked.locationId,
    date: asked.date,
  })
  request.show(waitingPage(scene, askOf(scene, wish), { values: wish, errors: {} }))
})

routes.post('/waiting-list', 'public', async (request) => {
  const { req, clinic, speaker, services, show, redirect, url, inClinic } = request
  const scene = await sceneOf(request)
  if (!scene) return
  const typed = typedWish(req.body)
  const ask = askOf(scene, typed)
  const read = detailsOf({ ...typed, ...trapOf(req.body) }, clinic.country)
  const wrong = 'errors' in read ? read.errors : datesWrong(read.details.wish, dateAt(scene.now, clinic.zone))
  if ('errors' in read || Object.keys(wrong).length > 0) {
    return show(waitingPage(scene, ask, { values: typed, errors: wrong }), { status: 422 })
  }
  const from = { browser: browserOf(request), language: speaker.lang }
  const wanted = await inClinic((ctx) => wantToWait(ctx, read.details, typed, from))
  if (!wanted.ok) return show(waitingStopPage(scene, wanted.reason), { status: 409 })
  const { value } = wanted
  if (value.next === 'free') {
    return show(waitingPage(scene, ask, { values: typed, errors: {} }, value.slots), { status: 409 })
  }
  if (value.next === 'opted_out') {
    const sender = services.config.whatsapp.displayNumber
    return show(waitingOptedOutPage(scene, ask.action, read.details.phone, sender), { status: 409 })
  }
  if (value.next === 'joined') return redirect(url(`/w/${value.joined.token}?news=joined`))
  const draft = await inClinic((ctx) => findOwnDraft(ctx, value.id, from.browser))
  const refusal = draft && (await sendWaitingCode(request, draft, read.details, false))
  if (refusal) return refuseCode(request, scene, { id: value.id, details: read.details }, refusal)
  return redirect(url(`/c/${clinic.slug}/waiting-list/${value.id}`))
})

/** The field nobody sees goes along, so that what fills in everything is told apart. */
function trapOf(body: unknown): Record<string, string> {
  const website: unknown =
    typeof body === 'object' && body !== null ? (body as Record<string, unknown>).website : undefined
  return typeof website === 'string' ? { website } : {}
}

const codePath = (scene: Scene, id: string) => scene.url(`/c/${scene.clinic.slug}/waiting-list/${id}`)

function showCode(
  request: PatientRequest,
  scene: Scene,
  { id, details }: { id: string; details: WaitingDetails },
  form: Form | undefined,
  status: number,
  options: { wrong?: string; hopeless?: boolean } = {},
): void {
  const { wish } = details
  const again = queryText({ service: wish.serviceId, location: wish.locationId ?? undefined })
  const backHref = scene.url(`/c/${scene.clinic.slug}/waiting-list${again}`)
  request.show(waitingCodePage(scene, { path: codePath(scene, id), backHref, number: details.phone }, form, options), {
    status,
  })
}

function refuseCode(
  request: PatientRequest,
  scene: Scene,
  at: { id: string; details: WaitingDetails },
  refusal: CodeRefusal,
): void {
  if (refusal.reason === 'gone') throw new Error('a draft that is there is not gone')
  const { reason, seconds } = refusal
  request.res.setHeader('Retry-After', seconds)
  const shortly = reason === 'too_soon' || reason === 'phoneMinute'
  const wrong = shortly
    ? request.speaker.t('booking.code.wait', { count: seconds })
    : request.speaker.t('booking.code.too_many')
  showCode(request, scene, at, undefined, 429, { wrong, hopeless: !shortly })
}

routes.get('/waiting-list/:draft', 'public', async (request) => {
  const at = await draftOf(request)
  if (at) showCode(request, at.scene, { id: at.draft.id, details: at.details }, undefined, 200)
})

/** The draft an address names; one that lapsed, or was typed in another browser, is not there. */
async function draftOf(request: PatientRequest) {
  const scene = await sceneOf(request)
  if (!scene) return undefined
  const id = idParam<'waiting_draft'>(request.req, 'draft')
  const draft = (await request.inClinic((ctx) => findOwnDraft(ctx, id, browserOf(request)))) ?? notFound('draft')
  const read = detailsOf(draft.typed, scene.clinic.country)
  if ('errors' in read) return notFound('draft')
  return { scene, draft, details: read.details }
}

routes.post('/waiting-list/:draft', 'public', async (request) => {
  const at = await draftOf(request)
  if (!at) return
  const { scene, draft, details } = at
  const { redirect, url, clinic, req, show } = request
  const here = { id: draft.id, details }
  const step = parseForm(draftStep, req.body)
  if (step.ok && step.value.step === 'resend') {
    const refusal = await sendWaitingCode(request, draft, details, true)
    return refusal ? refuseCode(request, scene, here, refusal) : redirect(codePath(scene, draft.id))
  }
  const form = parseForm(codeForm, req.body)
  if (!form.ok) return showCode(request, scene, here, form, 422)
  const proof = await proveAndJoin(request, draft, () => details, form.value.code)
  if (proof.ok) return redirect(url(`/w/${proof.value.token}?news=joined`))
  if (proof.reason === 'wrong' || proof.reason === 'spent') {
    const left = proof.reason === 'wrong' && proof.triesLeft > 0
    const error = { code: left ? 'booking.error.code_wrong' : 'booking.error.code_spent' }
    return showCode(request, scene, here, withErrors(form, error), 422)
  }
  if (proof.reason === 'gone') return redirect(url(`/c/${clinic.slug}/waiting-list`))
  show(waitingStopPage(scene, proof.reason), { status: 409 })
})
