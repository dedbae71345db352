// From a free time to a booking: times, hold, details, code.
import { filledForm, parseForm, withErrors } from '../../../kernel/forms.ts'
import { dateAt, isBefore } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { linkToken } from '../../../platform/links.ts'
import { browserSecret } from '../../../platform/web/csrf.ts'
import { idParam, patientRouter, type PatientRequest } from '../../../platform/web/routers.ts'
import type { Holder } from '../../appointments/actions/hold.ts'
import { findAppointment, type Appointment } from '../../appointments/queries.ts'
import { holdIsOver } from '../../appointments/rules.ts'
import { questionsOf } from '../../appointments/rules/answers.ts'
import { findFreeSlot, settingsOf } from '../../availability/actions.ts'
import type { Question } from '../../clinics/rules/services.ts'
import { isFull } from '../../subscription/rules/usage.ts'
import { countTaking, uncountTaking } from '../actions/brake.ts'
import { proveAndBook, sendCode, type CodeRefusal } from '../actions/code.ts'
import { readDraft, submitDetails, type BookingRefusal, type Draft, type Submitted } from '../actions/details.ts'
import { givesBack, holdChosen, wishOf, type Held } from '../actions/hold.ts'
import { freeTimesOf, nearestTo, weekOf } from '../actions/look.ts'
import { closedPage } from '../pages/clinic.ts'
import {
  codePage,
  detailsPage,
  holdPath,
  lostPage,
  optedOutPage,
  stopPage,
  type Again,
  type HoldFacts,
} from '../pages/details.ts'
import type { Scene } from '../pages/frame.ts'
import { choiceOf, horizonOf, timesPage } from '../pages/times.ts'
import { takingOf } from '../rules/taking.ts'
import { typedIn, type Typed } from '../rules/typed.ts'
import { slotText } from '../rules/wish.ts'
import { codeForm, detailsForm, heldQuery, holdForm, stepForm, timesQuery } from '../schema.ts'

const routes = patientRouter('booking')
export const bookingRoutes = routes

/**
 * Where the request stands; undefined when the clinic takes no bookings, which has then been said. One that was `begun`
 * goes on though the month is full.
 */
async function sceneOf(request: PatientRequest, begun = false): Promise<Scene | undefined> {
  const { clinic, speaker, url, services, show, req, res } = request
  // Names and numbers are typed on these pages.
  res.setHeader('Cache-Control', 'no-store')
  const scene = { clinic, speaker, url, settings: await settingsOf(request), now: services.clock.now() }
  const taking = takingOf(clinic, scene.settings, scene.now, !services.switches.on('public_booking', clinic))
  if (taking === 'open' || (taking === 'full' && begun)) return scene
  show(closedPage(scene, taking), { status: req.method === 'GET' ? 200 : 409 })
  return undefined
}

/** The browser as far as holds are concerned: nobody else's cookie makes the same. */
function holderOf({ req, services, clinic, speaker }: PatientRequest): Holder {
  const secret = browserSecret(req) ?? ''
  return { owner: services.keys.platform.hash('hold-owner', `${clinic.id}|${secret}`), language: speaker.lang }
}

routes.get('/times', 'public', async (request) => {
  const scene = await sceneOf(request)
  if (scene) await showTimes(request, scene)
})

async function showTimes(request: PatientRequest, scene: Scene, wrong?: string): Promise<void> {
  const asked = timesQuery(request.req.query)
  const choice = choiceOf(scene.settings, asked)
  if (!choice) return request.show(closedPage(scene))
  const today = dateAt(scene.now, scene.clinic.zone)
  const week = await weekOf(today, horizonOf(scene.settings, choice.serviceId), asked, (from, days) =>
    freeTimesOf(request, { ...choice, from, days }),
  )
  // Whoever comes without a wish is shown what there is to choose; everyone else the times.
  const unchosen = asked.serviceId === undefined && asked.practitionerId === undefined
  const { baseUrl } = request.services.config
  request.show(
    timesPage(scene, { choice, ...week }, { unchosen, baseUrl, ...(wrong === undefined ? {} : { wrong }) }),
    {
      status: wrong === undefined ? 200 : 422,
    },
  )
}

routes.post('/holds', 'public', async (request) => {
  const { req, clinic, show, redirect, url, inClinic } = request
  const scene = await sceneOf(request)
  if (!scene) return
  const form = parseForm(holdForm, req.body)
  if (!form.ok) return showTimes(request, scene, 'booking.error.slot')
  const { slot, service } = form.value
  const typed = typedIn(req.body)
  const chosen = { ...slot, serviceId: service }
  const holder = holderOf(request)
  const wait = await countTaking(request, scene.now)
  if (wait !== undefined && !(await inClinic((ctx) => givesBack(ctx, holder)))) {
    const fields = { ...typed, service, slot: slotText({ ...slot, startsAt: slot.startsAt.epochMilliseconds }) }
    return refuseTaking(request, scene, wait, { action: url(`/c/${clinic.slug}/holds`), fields })
  }
  const held = await inClinic((ctx) => holdChosen(ctx, chosen, holder, typed))
  if (!held.ok || !held.value.more) await uncountTaking(request, scene.now)
  if (held.ok) return redirect(url(holdPath(clinic.slug, held.value.id, held.value.wish)))
  if (held.reason === 'month_full') return show(closedPage(scene, 'full'), { status: 409 })
  if (held.reason === 'too_many_holds') return show(stopPage(scene, 'too_many_holds'), { status: 429 })
  const nearest = await inClinic((ctx) => nearestTo(ctx, chosen))
  show(lostPage(scene, { wish: chosen, nearest }, { typed }), { status: 409 })
})

/** Too many times were taken from where this comes from: nothing is lost, and it is sent again with a press. */
function refuseTaking(request: PatientRequest, scene: Scene, seconds: number, again: Again): void {
  request.res.setHeader('Retry-After', seconds)
  request.show(stopPage(scene, 'too_many_here', again), { status: 429 })
}

routes.get('/bookings/:id', 'public', async (request) => {
  const { req, show, redirect, url, inClinic } = request
  const scene = await sceneOf(request, true)
  if (!scene) return
  const held = heldBy(request)
  const state = await inClinic((ctx) => stateOf(ctx, held))
  if (state.kind === 'booked') return redirect(url(`/a/${state.token}`))
  if (state.kind === 'lost') return showLost(request, scene, held, {})
  const { hold, draft } = state
  if (draft?.phoneToProve !== undefined && req.query.edit === undefined) {
    return show(codePage(scene, hold, draft.phoneToProve))
  }
  show(detailsPage(scene, hold, filledForm({ ...draft?.typed })))
})

function heldBy(request: PatientRequest): Held {
  return {
    id: idParam<'appointment'>(request.req, 'id'),
    wish: heldQuery(request.req.query),
    holder: holderOf(request),
  }
}

type State =
  { kind: 'booked'; token: string } | { kind: 'held'; hold: HoldFacts; draft: Draft | undefined } | { kind: 'lost' }

/** How a hold stands, without touching it: its own, lapsed but free, booked, or gone. */
async function stateOf(ctx: Ctx, { id, wish, holder }: Held): Promise<State> {
  const found = await findAppointment(ctx, id)
  if (!found) {
    if (!wish) notFound('hold')
    // What was let go is a new booking, which a full month has no room for.
    const full = isFull(ctx.clinic, 'bookings', ctx.now)
    if (full || !(await findFreeSlot(ctx, 'patient', wish))) return { kind: 'lost' }
    return { kind: 'held', hold: { id, wish, keptUntil: undefined }, draft: undefined }
  }
  if (found.holdOwner?.equals(holder.owner) !== true) {
    if (!wish) notFound('hold')
    return { kind: 'lost' }
  }
  if (found.status !== 'pending') return { kind: 'booked', token: linkToken(ctx, found.id, found.linkVersion) }
  if (holdIsOver(found, ctx.now)) return { kind: 'lost' }
  return { kind: 'held', hold: factsOf(ctx, found), draft: await readDraft(ctx, found) }
}

function factsOf(ctx: Ctx, { id, holdExpiresAt, ...rest }: Appointment): HoldFacts {
  const kept = holdExpiresAt !== null && isBefore(ctx.now, holdExpiresAt)
  return { id, wish: wishOf(rest), keptUntil: kept ? holdExpiresAt : undefined }
}

/** What the service of this hold asks; of a hold whose address says nothing, of what it is for. */
async function questionsFor(
  { inClinic }: PatientRequest,
  { settings }: Scene,
  held: Held,
): Promise<readonly Question[]> {
  if (settings.questions.length === 0) return []
  const { serviceId } = (await inClinic((ctx) => findAppointment(ctx, held.id))) ?? held.wish ?? {}
  return serviceId === undefined ? [] : questionsOf(settings, serviceId)
}

routes.post('/bookings/:id', 'public', async (request) => {
  const scene = await sceneOf(request, true)
  if (!scene) return
  const held = heldBy(request)
  const form = parseForm(stepForm, request.req.body)
  const step = form.ok ? form.value.step : 'details'
  if (step === 'code') return takeCode(request, scene, held)
  if (step === 'resend') return sendAgain(request, scene, held)
  return takeDetails(request, scene, held)
})

async function takeDetails(request: PatientRequest, scene: Scene, held: Held): Promise<void> {
  const { req, clinic, show, inClinic, services } = request
  const form = parseForm(detailsForm(clinic.country, await questionsFor(request, scene, held)), req.body)
  const typed = typedIn(req.body)
  if (!form.ok) {
    const state = await inClinic((ctx) => stateOf(ctx, held))
    if (state.kind === 'booked') return request.redirect(request.url(`/a/${state.token}`))
    if (state.kind === 'lost') return showLost(request, scene, held, typed)
    return show(detailsPage(scene, state.hold, form), { status: 422 })
  }
  let submitted = await inClinic((ctx) => submitDetails(ctx, held, form.value, typed, false))
  if (!submitted.ok && submitted.reason === 'gone') {
    const wait = await countTaking(request, scene.now)
    if (wait !== undefined) {
      const action = request.url(holdAddress(request, held))
      return refuseTaking(request, scene, wait, { action, fields: { step: 'details', ...typed } })
    }
    submitted = await inClinic((ctx) => submitDetails(ctx, held, form.value, typed, true))
    if (!submitted.ok) await uncountTaking(request, scene.now)
  }
  if (!submitted.ok) return refuseBooking(request, scene, held, submitted.reason, typed)
  const { next } = submitted.value
  if (next === 'booked') return toVisit(request, submitted.value)
  if (next === 'opted_out') {
    const hold = await holdFacts(request, held)
    if (!hold) return showLost(request, scene, held, typed)
    return show(optedOutPage(scene, hold, form.value.phone, services.config.whatsapp.displayNumber), { status: 409 })
  }
  const refusal = await sendCode(request, held, false)
  if (refusal) return refuseCode(request, scene, held, refusal)
  return request.redirect(request.url(holdAddress(request, held)))
}

async function sendAgain(request: PatientRequest, scene: Scene, held: Held): Promise<void> {
  const refusal = await sendCode(request, held, true)
  if (refusal) return refuseCode(request, scene, held, refusal)
  return request.redirect(request.url(holdAddress(request, held)))
}

async function takeCode(request: PatientRequest, scene: Scene, held: Held): Promise<void> {
  const form = parseForm(codeForm, request.req.body)
  const waiting = await request.inClinic((ctx) => stateOf(ctx, held))
  if (waiting.kind === 'booked') return request.redirect(request.url(`/a/${waiting.token}`))
  if (waiting.kind === 'lost') return showLost(request, scene, held, {})
  const { hold, draft } = waiting
  // The hold lapsed and with it what was typed: it is asked for again.
  if (draft?.phoneToProve === undefined) return request.show(detailsPage(scene, hold), { status: 409 })
  const again = (errors: Record<string, string>, status: number) =>
    request.show(codePage(scene, hold, draft.phoneToProve ?? notFound('number'), withErrors(form, errors)), { status })
  if (!form.ok) return again(form.errors, 422)
  const proof = await proveAndBook(request, held, form.value.code)
  if (proof.ok) return toVisit(request, proof.value)
  switch (proof.reason) {
    case 'wrong':
      return again({ code: proof.triesLeft > 0 ? 'booking.error.code_wrong' : 'booking.error.code_spent' }, 422)
    case 'spent':
    case 'no_code':
      return again({ code: 'booking.error.code_spent' }, 422)
    case 'gone':
      return request.show(detailsPage(scene, hold, filledForm({ ...draft.typed })), { status: 409 })
    case 'slot_taken':
    case 'too_many_open':
    case 'month_full':
    case 'new_only':
    case 'follow_up_price':
      return refuseBooking(request, scene, held, proof.reason, draft.typed)
  }
}

async function toVisit(request: PatientRequest, submitted: Submitted): Promise<void> {
  if (submitted.next !== 'booked') throw new Error('a booking that is none')
  const { id, linkVersion } = submitted.appointment
  const token = linkToken({ platformSeal: request.services.keys.platform, clinic: request.clinic }, id, linkVersion)
  await request.redirect(request.url(`/a/${token}?news=booked`))
}

async function refuseBooking(
  request: PatientRequest,
  scene: Scene,
  held: Held,
  reason: BookingRefusal,
  typed: Typed,
): Promise<void> {
  if (reason === 'new_only' || reason === 'follow_up_price') {
    const hold = await holdFacts(request, held)
    if (!hold) return showLost(request, scene, held, typed)
    return request.show(detailsPage(scene, hold, filledForm({ ...typed }), reason), { status: 422 })
  }
  if (reason !== 'too_many_open') return showLost(request, scene, held, typed)
  request.show(stopPage(scene, 'too_many_open'), { status: 409 })
}

async function showLost(request: PatientRequest, scene: Scene, { wish }: Held, typed: Typed): Promise<void> {
  const lost = wish ?? notFound('hold')
  if (isFull(scene.clinic, 'bookings', scene.now)) return request.show(closedPage(scene, 'full'), { status: 409 })
  const nearest = await request.inClinic((ctx) => nearestTo(ctx, lost))
  request.show(lostPage(scene, { wish: lost, nearest }, { typed }), { status: 409 })
}

async function refuseCode(request: PatientRequest, scene: Scene, held: Held, refusal: CodeRefusal): Promise<void> {
  const state = await request.inClinic((ctx) => stateOf(ctx, held))
  if (state.kind === 'booked') return request.redirect(request.url(`/a/${state.token}`))
  if (state.kind === 'lost') return showLost(request, scene, held, {})
  const { hold, draft } = state
  if (refusal.reason === 'gone' || draft?.phoneToProve === undefined) {
    return request.show(detailsPage(scene, hold, filledForm({ ...draft?.typed })), { status: 409 })
  }
  const { reason, seconds } = refusal
  request.res.setHeader('Retry-After', seconds)
  const shortly = reason === 'too_soon' || reason === 'phoneMinute'
  const wrong = shortly
    ? request.speaker.t('booking.code.wait', { count: seconds })
    : request.speaker.t('booking.code.too_many')
  request.show(codePage(scene, hold, draft.phoneToProve, undefined, { wrong, hopeless: !shortly }), { status: 429 })
}

async function holdFacts(request: PatientRequest, held: Held): Promise<HoldFacts | undefined> {
  const state = await request.inClinic((ctx) => stateOf(ctx, held))
  return state.kind === 'held' ? state.hold : undefined
}

function holdAddress({ clinic }: PatientRequest, { id, wish }: Held): string {
  return wish ? holdPath(clinic.slug, id, wish) : `/c/${clinic.slug}/bookings/${id}`
}
