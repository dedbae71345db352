// The waiting list for patients: joining from the clinic's page or from a visit, and the page of one's place on it.
// Opening a link changes nothing, since messengers open links by themselves.
import { parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { findLink, linkToken } from '../../../platform/links.ts'
import { browserSecret } from '../../../platform/web/csrf.ts'
import {
  idParam,
  patientRequest,
  patientRouter,
  publicRouter,
  type PatientRequest,
  type PublicRequest,
} from '../../../platform/web/routers.ts'
import { getAppointment, type Appointment } from '../../appointments/queries.ts'
import { patientMayChange } from '../../appointments/rules.ts'
import { getSettings } from '../../availability/actions.ts'
import { acceptOffer, declineOffer, noteLost } from '../../waitlist/actions/answer.ts'
import { leaveList, tokenOf, type JoinRefusal } from '../../waitlist/actions/join.ts'
import { findEntry, type Entry } from '../../waitlist/queries/entries.ts'
import { findNewestOfferOf, type Offer } from '../../waitlist/queries/offers.ts'
import { getWaitlistSettings } from '../../waitlist/queries/settings.ts'
import type { EntryId, OfferId } from '../../waitlist/rules.ts'
import { datesWrong, typedWish } from '../../waitlist/rules/wish.ts'
import { type CodeRefusal } from '../actions/code.ts'
import { settingsOf } from '../actions/look.ts'
import {
  detailsOf,
  findOwnDraft,
  proveAndJoin,
  sendWaitingCode,
  wantSooner,
  wantToWait,
  type WaitingDetails,
} from '../actions/waiting.ts'
import { closedPage } from '../pages/clinic.ts'
import type { Scene } from '../pages/frame.ts'
import { gonePage } from '../pages/visit.ts'
import {
  freshWish,
  placePage,
  waitingCodePage,
  waitingNews,
  waitingOptedOutPage,
  waitingPage,
  waitingStopPage,
  type WaitingAsk,
  type WaitingNews,
} from '../pages/waiting.ts'
import { takingOf } from '../rules/taking.ts'
import { queryText } from '../rules/wish.ts'
import { codeForm, timesQuery } from '../schema.ts'
import { answerForm, draftStep, soonerForm } from '../schema/waiting.ts'

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

const open = publicRouter('booking')
export const placeRoutes = open

type Placed = { token: string; id: EntryId; request: PatientRequest }

/** Whose link this is. A stranger's guess and one that ran out get the same friendly page. */
async function openPlace({ req, res, services, show, speaker }: PublicRequest): Promise<Placed | undefined> {
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Robots-Tag', 'noindex, nofollow')
  const token = typeof req.params.token === 'string' ? req.params.token : ''
  const link = await findLink(services.db, token, services.clock.now())
  const clinic = link && (await services.clinics.byId(link.clinicId))
  const id = link?.appointmentId as string | undefined as EntryId | undefined
  const placed = clinic && id && { token, id, request: patientRequest(req, res, clinic, { kind: 'patient' }) }
  if (placed && (await placed.request.inClinic(async (ctx) => isPlace(ctx, id, token)))) return placed
  show(gonePage(speaker), { status: 404, layout: 'patient' })
  return undefined
}

const isPlace = async (ctx: Ctx, id: EntryId, token: string): Promise<boolean> =>
  tokenOf(ctx, id) === token && (await findEntry(ctx, id)) !== undefined

async function showPlace({ id, token, request }: Placed, news: WaitingNews | undefined, status = 200): Promise<void> {
  const { own, page } = await request.inClinic(async (ctx) => {
    const entry = (await findEntry(ctx, id)) ?? notFound('waiting entry')
    const own = patientRequest(request.req, request.res, request.clinic, ctx.actor, entry.language)
    const { clinic, speaker, url } = own
    const scene = { clinic, speaker, url, settings: await getSettings(ctx), now: ctx.now }
    const offer: Offer | undefined = await findNewestOfferOf(ctx, id)
    return { own, page: placePage(scene, { entry, offer, token, visitHref: await visitOf(ctx, entry, url) }, news) }
  })
  own.show(page, { status })
}

async function visitOf(ctx: Ctx, entry: Entry, url: (path: string) => string): Promise<string | undefined> {
  if (entry.appointmentId === null) return undefined
  const { linkVersion } = await getAppointment(ctx, entry.appointmentId)
  return url(`/a/${linkToken(ctx, entry.appointmentId, linkVersion)}`)
}

/** After a form: back to the page of the place, in the language the form was in. */
const backTo = ({ request, token }: Placed, news: WaitingNews) => {
  const { lang } = request.req.query
  const language = typeof lang === 'string' ? `&lang=${encodeURIComponent(lang)}` : ''
  return request.redirect(`/w/${token}?news=${news}${language}`)
}

open.get('/w/:token', 'public', async (request) => {
  const placed = await openPlace(request)
  if (placed)
    await showPlace(
      placed,
      waitingNews.find((one) => one === request.req.query.news),
    )
})

/** The offer a form names, if it was made to this place. */
async function offerOf({ id, request }: Placed): Promise<OfferId | undefined> {
  const form = parseForm(answerForm, request.req.body)
  if (!form.ok) return undefined
  const offer = await request.inClinic((ctx) => findNewestOfferOf(ctx, id))
  return offer?.id === form.value.offer ? offer.id : undefined
}

open.post('/w/:token/acceptance', 'public', async (request) => {
  const placed = await openPlace(request)
  if (!placed) return
  const offer = await offerOf(placed)
  if (!offer) return showPlace(placed, 'over', 409)
  const accepted = await placed.request.inClinic((ctx) => acceptOffer(ctx, offer))
  if (accepted.ok) return toVisit(placed, accepted.value)
  const { reason } = accepted
  const lost = await placed.request.inClinic((ctx) => noteLost(ctx, offer, reason))
  if (lost === 'booked') return showPlace(placed, undefined)
  await showPlace(placed, reason, 409)
})

function toVisit({ request }: Placed, { id, linkVersion, calendarSequence }: Appointment): Promise<void> {
  const token = linkToken({ platformSeal: request.services.keys.platform, clinic: request.clinic }, id, linkVersion)
  const { lang } = request.req.query
  const language = typeof lang === 'string' ? `&lang=${encodeURIComponent(lang)}` : ''
  return request.redirect(`/a/${token}?news=${calendarSequence > 0 ? 'moved' : 'booked'}${language}`)
}

open.post('/w/:token/refusal', 'public', async (request) => {
  const placed = await openPlace(request)
  if (!placed) return
  const offer = await offerOf(placed)
  const declined = offer && (await placed.request.inClinic((ctx) => declineOffer(ctx, offer)))
  return declined ? backTo(placed, 'declined') : showPlace(placed, 'over', 409)
})

open.post('/w/:token/removal', 'public', async (request) => {
  const placed = await openPlace(request)
  if (!placed) return
  await placed.request.inClinic((ctx) => leaveList(ctx, placed.id, 'patient'))
  return backTo(placed, 'left')
})

type Sooner = { request: PatientRequest; scene: Scene; visit: Appointment; ask: WaitingAsk; token: string }

/** The visit a link is for, as long as something sooner may be looked for. */
async function soonerOf({ req, res, services, show, speaker }: PublicRequest): Promise<Sooner | undefined> {
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Robots-Tag', 'noindex, nofollow')
  const token = typeof req.params.token === 'string' ? req.params.token : ''
  const link = await findLink(services.db, token, services.clock.now())
  const clinic = link && (await services.clinics.byId(link.clinicId))
  if (!link || !clinic) {
    show(gonePage(speaker), { status: 404, layout: 'patient' })
    return undefined
  }
  const outer = patientRequest(req, res, clinic, { kind: 'patient' })
  return outer.inClinic(async (ctx) => {
    const visit = await getAppointment(ctx, link.appointmentId)
    const own = patientRequest(req, res, clinic, ctx.actor, visit.language)
    const scene = { clinic, speaker: own.speaker, url: own.url, settings: await getSettings(ctx), now: ctx.now }
    const path = own.url(`/a/${token}/sooner`)
    const back = { href: own.url(`/a/${token}`), label: own.speaker.t('waitlist.sooner.back') }
    const on = (await getWaitlistSettings(ctx)).on && clinic.status === 'active'
    if (!on || !patientMayChange(visit, ctx.now)) {
      own.show(waitingStopPage(scene, 'off'), { status: req.method === 'GET' ? 200 : 409 })
      return undefined
    }
    return { request: own, scene, visit, token, ask: { action: path, back, sooner: visit } }
  })
}

open.get('/a/:token/sooner', 'public', async (request) => {
  const at = await soonerOf(request)
  if (!at) return
  const until = dateAt(at.visit.startsAt, at.scene.clinic.zone)
  const values = { ...freshWish(at.scene, { practitioner: at.visit.practitionerId }), until: until.toString() }
  at.request.show(waitingPage(at.scene, at.ask, { values, errors: {} }))
})

open.post('/a/:token/sooner', 'public', async (request) => {
  const at = await soonerOf(request)
  if (!at) return
  const { scene, ask, visit } = at
  const own = at.request
  const typed = typedWish(request.req.body)
  const form = parseForm(soonerForm, typed)
  const wrong: Record<string, string> = form.ok
    ? datesWrong(form.value, dateAt(scene.now, scene.clinic.zone))
    : form.errors
  if (!form.ok || Object.keys(wrong).length > 0) {
    return own.show(waitingPage(scene, ask, { values: typed, errors: wrong }), { status: 422 })
  }
  const { location, practitioners, weekdays, parts, from, until } = form.value
  const days = { weekdays, parts, from, until }
  const wish = { serviceId: visit.serviceId, practitionerIds: practitioners, locationId: location ?? null, ...days }
  const wanted = await own.inClinic((ctx) => wantSooner(ctx, visit, wish))
  if (!wanted.ok) return own.show(waitingStopPage(scene, refusalOf(wanted.reason)), { status: 409 })
  const { value } = wanted
  if (value.next === 'free') {
    return own.show(waitingPage(scene, ask, { values: typed, errors: {} }, value.slots), { status: 409 })
  }
  if (value.next !== 'joined') throw new Error('a link needs no code')
  const { lang } = request.req.query
  const language = typeof lang === 'string' ? `&lang=${encodeURIComponent(lang)}` : ''
  return own.redirect(`/w/${value.joined.token}?news=joined${language}`)
})

const refusalOf = (reason: JoinRefusal): JoinRefusal => (reason === 'has_visit' ? 'over' : reason)
