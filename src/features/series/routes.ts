// Repeat visits: look at every date, book them all, and change or take back what is left of them.
import { parseForm, type Form } from '../../kernel/forms.ts'
import { parseId, type AppointmentId } from '../../kernel/ids.ts'
import { refuse, type Outcome } from '../../kernel/outcome.ts'
import { parseTime } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { parseLanguage } from '../../platform/i18n/languages.ts'
import { clinicRouter, idParam, type ClinicRequest } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { answersIn, questionsOf } from '../appointments/rules/answers.ts'
import { settingsOf } from '../availability/actions.ts'
import { ownPath, parseSlot, type SlotChoice } from '../desk/rules.ts'
import { bookSeries, planSeries, type Anchor, type Who } from './actions/book.ts'
import { cancelLater, elsewhere, listThisAndLater, moveLater, planMove } from './actions/later.ts'
import { lookAtSeries, undoLastChange } from './actions/undo.ts'
import { bookingPlanPage, movePlanPage, type Trouble } from './pages/plan.ts'
import { laterPage, seriesPage } from './pages/series.ts'
import { callerForm, decisionsOf, seriesAsked, type SeriesForm } from './schema.ts'

export const seriesRoutes = clinicRouter('series')

type Typed = Record<string, unknown>
const bodyOf = ({ req }: ClinicRequest): Typed => (req.body ?? {}) as Typed
const backIn = ({ at }: ClinicRequest, typed: Typed) => ownPath(typed.back, at(''), '') || undefined

seriesRoutes.get('/appointments/:id/repeat', 'appointments.book', async (request) => {
  const { req, speaker, inClinic, show, at } = request
  const visit = idParam<'appointment'>(req, 'id')
  const back = backIn(request, req.query) ?? at(`/appointments/${visit}`)
  const form = { ...seriesAsked(req.query), visit }
  const state = { form, anchor: { visit }, caller: undefined, back, trouble: undefined, errors: {} }
  show(await inClinic(async (ctx) => bookingPlanPage(ctx, speaker, state, await planOf(ctx, state))))
})

// Books nothing: who it is for was typed in a form, and that is no part of an address.
seriesRoutes.post('/series/plan', 'appointments.book', (request) => showPlan(request, undefined, 200))

seriesRoutes.post('/series', 'appointments.book', async (request) => {
  const { inClinic, req, speaker, redirect, at } = request
  const asked = askedIn(request)
  if (!asked) return withoutTime(request, '/appointments/new')
  const { form, anchor } = asked
  const id = form.id
  if (!id) return showPlan(request, undefined, 422)
  const booked = await orChanged(
    inClinic((ctx) => bookSeries(ctx, { id, anchor, rule: form.rule, end: form.end, picks: form.decisions, who: whoOf(request, asked) })),
  ) // prettier-ignore
  if (!booked.ok) {
    const trouble = booked.reason === 'answers' ? undefined : booked.reason
    return showPlan(request, trouble, trouble === 'changed' ? 409 : 422)
  }
  const { visits, messageAt } = booked.value
  flash(req, {
    kind: 'success',
    key: messageAt ? 'series.flash.booked_told' : 'series.flash.booked',
    params: { count: visits.length, ...(messageAt ? { time: speaker.time(messageAt) } : {}) },
  })
  await redirect(at(`/series/${id}`))
})

seriesRoutes.get('/series/:id', 'today.see', async ({ req, speaker, inClinic, show }) => {
  const id = idParam<'series'>(req, 'id')
  show(await inClinic(async (ctx) => seriesPage(ctx, speaker, await lookAtSeries(ctx, id))))
})

seriesRoutes.post('/series/:id/undo', 'appointments.move', async ({ req, speaker, inClinic, show, redirect, at }) => {
  const id = idParam<'series'>(req, 'id')
  const undone = await orChanged(inClinic((ctx) => undoLastChange(ctx, id)))
  if (!undone.ok && undone.reason !== 'nothing_to_undo') {
    const { reason } = undone
    return show(await inClinic(async (ctx) => seriesPage(ctx, speaker, await lookAtSeries(ctx, id), reason)), {
      status: 409,
    })
  }
  flash(
    req,
    undone.ok
      ? { kind: 'success', key: `series.flash.undone_${undone.value.kind}`, params: { count: undone.value.count } }
      : { kind: 'error', key: `series.refused.${undone.reason}` },
  )
  await redirect(at(`/series/${id}`))
})

seriesRoutes.get('/appointments/:id/later', 'appointments.move', async ({ req, speaker, inClinic, show }) => {
  const id = idParam<'appointment'>(req, 'id')
  show(await inClinic(async (ctx) => laterPage(ctx, speaker, await listThisAndLater(ctx, id))))
})

seriesRoutes.post('/appointments/:id/later/cancellation', 'appointments.move', async (request) => {
  const { req, speaker, inClinic, redirect, at } = request
  const id = idParam<'appointment'>(req, 'id')
  const cancelled = await orChanged(inClinic((ctx) => cancelLater(ctx, id)))
  if (!cancelled.ok) {
    flash(req, { kind: 'error', key: `series.refused.${cancelled.reason}` })
    return redirect(at(`/appointments/${id}/later`))
  }
  const { seriesId, count, messageAt } = cancelled.value
  flash(req, {
    kind: 'success',
    key: messageAt ? 'series.flash.cancelled_told' : 'series.flash.cancelled',
    params: { count, ...(messageAt ? { time: speaker.time(messageAt) } : {}) },
  })
  await redirect(at(`/series/${seriesId}`))
})

// Comes from the page on which one visit is moved, and first shows where all of them would go.
seriesRoutes.post('/appointments/:id/later/move', 'appointments.move', async (request) => {
  const { req, speaker, inClinic, show, redirect, at } = request
  const id = idParam<'appointment'>(req, 'id')
  const typed = bodyOf(request)
  const [time, practitionerId] = [parseTime(typed.time), parseId<'practitioner'>(typed.practitioner)]
  const to = parseSlot(typed.slot) ?? (await inClinic((ctx) => elsewhere(ctx, id, { time, practitionerId })))
  if (!to && (time || practitionerId)) {
    flash(req, { kind: 'error', key: 'series.refused.nothing_new' })
    return redirect(at(`/appointments/${id}/later`))
  }
  if (!to) return withoutTime(request, `/appointments/${id}/move`)
  const decisions = decisionsOf(typed)
  const again = async (trouble: Trouble, status: number) => {
    const back = ownPath(typed.back, at(''), at(`/appointments/${id}`))
    const state = { id, to, back, trouble }
    show(await inClinic(async (ctx) => movePlanPage(ctx, speaker, state, await planMove(ctx, id, to, decisions))), {
      status,
    })
  }
  if (typed.step !== 'move') return again(undefined, 200)
  const moved = await orChanged(inClinic((ctx) => moveLater(ctx, id, to, decisions)))
  if (!moved.ok) return again(moved.reason, moved.reason === 'changed' ? 409 : 422)
  const { seriesId, count, messageAt } = moved.value
  flash(req, {
    kind: 'success',
    key: messageAt ? 'series.flash.moved_told' : 'series.flash.moved',
    params: { count, ...(messageAt ? { time: speaker.time(messageAt) } : {}) },
  })
  await redirect(at(`/series/${seriesId}`))
})

type Asked = { form: SeriesForm; anchor: Anchor; caller: { name: string; phone: string } | undefined }

/** What was typed; undefined when it names neither a visit nor a time. */
function askedIn(request: ClinicRequest): Asked | undefined {
  const typed = bodyOf(request)
  const form = seriesAsked(typed)
  const anchor = anchorOf(form.visit, form.slot)
  if (!anchor) return undefined
  const named = typeof typed.name === 'string' && typeof typed.phone === 'string'
  const caller = named ? { name: String(typed.name).slice(0, 200), phone: String(typed.phone).slice(0, 40) } : undefined
  return { form, anchor, caller: form.patientId ? undefined : caller }
}

function anchorOf(visit: AppointmentId | undefined, slot: SlotChoice | undefined): Anchor | undefined {
  if (visit) return { visit }
  return slot && { slot }
}

/** Back to where times are chosen, saying so. */
async function withoutTime({ req, redirect, at }: ClinicRequest, path: string): Promise<void> {
  flash(req, { kind: 'error', key: 'series.refused.no_time' })
  await redirect(at(path))
}

function whoOf(request: ClinicRequest, { form, caller }: Asked): Who | undefined {
  const language = form.language ?? parseLanguage(request.clinic.language) ?? 'en'
  if (form.patientId) return { patient: { id: form.patientId }, language, agreed: form.agreed, answers: form.answers }
  const parsed = parseForm(callerForm(request.clinic.country), caller)
  return parsed.ok ? { patient: parsed.value, language, agreed: form.agreed, answers: form.answers } : undefined
}

const planOf = (ctx: Ctx, { anchor, form }: Pick<Asked, 'anchor' | 'form'>) =>
  planSeries(ctx, anchor, form.rule, form.end, form.decisions)

/** What does not fit of what was typed under the service's questions; of a visit that is there nothing is asked again. */
async function wrongAnswers(request: ClinicRequest, { anchor, form }: Asked): Promise<Form['errors']> {
  if (!('slot' in anchor)) return {}
  return answersIn(questionsOf(await settingsOf(request), anchor.slot.serviceId), form.answers).errors
}

async function showPlan(request: ClinicRequest, trouble: Trouble, status: number): Promise<void> {
  const { speaker, inClinic, show } = request
  const asked = askedIn(request)
  if (!asked) return withoutTime(request, '/appointments/new')
  const back = backIn(request, bodyOf(request))
  const errors = await wrongAnswers(request, asked)
  const state = { ...asked, back, trouble, errors }
  show(await inClinic(async (ctx) => bookingPlanPage(ctx, speaker, state, await planOf(ctx, state))), {
    status: status === 200 && Object.keys(errors).length > 0 ? 422 : status,
  })
}

/**
 * Two desks that change the same visits in opposite order may each wait for the other; the database ends one of the two,
 * and whoever it was is told that something changed, as when somebody is faster.
 */
async function orChanged<T, R extends string>(work: Promise<Outcome<T, R>>): Promise<Outcome<T, R | 'changed'>> {
  try {
    return await work
  } catch (error) {
    const lost = typeof error === 'object' && error !== null && 'code' in error
    if (lost && (error.code === '40P01' || error.code === '23P01')) return refuse('changed')
    throw error
  }
}
