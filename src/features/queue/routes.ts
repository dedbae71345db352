// What the desk does with the line: look at it, call the next, take in who walks in, give places.
import { filledForm, parseForm, withErrors } from '../../kernel/forms.ts'
import { parseId, type AppointmentId, type PractitionerId } from '../../kernel/ids.ts'
import { isolated } from '../../kernel/names.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import { ownPath } from '../../kernel/own-path.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { clinicRouter, idParam, type ClinicRequest } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { view } from '../../platform/web/views.ts'
import { answersIn, questionsOf } from '../appointments/rules/answers.ts'
import { settingsOf } from '../availability/actions.ts'
import { callNext } from './actions/call.ts'
import { comeBack, endPriority, prioritise, skip, stepOut, type PlaceRefusal } from './actions/line.ts'
import { takeWalkIn } from './actions/walk-in.ts'
import { queuePage } from './pages/queue.ts'
import { slipPage } from './pages/slip.ts'
import { walkInPage } from './pages/walk-in.ts'
import { whoText } from './pages/words.ts'
import { tokenText } from './rules/words.ts'
import { callAsked, parsePriority, walkInForm } from './schema.ts'

const routes = clinicRouter('queue')
export const queueRoutes = routes

const doctorAsked = (query: Record<string, unknown>) => parseId<'practitioner'>(query.doctor)

routes.get('/queue', 'today.see', async ({ req, speaker, inClinic, show }) => {
  show(await inClinic((ctx) => queuePage(ctx, speaker, doctorAsked(req.query))))
})

// The lines alone, for the page to bring itself up to date; a desk left alone must lock all the same.
routes.get(
  '/queue/board',
  'today.see',
  async ({ req, speaker, inClinic, show }) => {
    const { page } = await inClinic((ctx) => queuePage(ctx, speaker, doctorAsked(req.query)))
    show(view('queue/_lines', page), { layout: 'bare' })
  },
  { background: true },
)

/** Back to the page the button was pressed on. */
function backOf({ req, at }: ClinicRequest): string {
  const body = (req.body ?? {}) as Record<string, unknown>
  return ownPath(body.back ?? req.query.back, at(''), at('/queue'))
}

const withBack = (path: string, back: string): string => `${path}?${new URLSearchParams({ back }).toString()}`

routes.post('/queue/doctors/:id/next', 'appointments.run', async (request) => {
  const { req, speaker, inClinic, redirect, at } = request
  const id: PractitionerId = idParam<'practitioner'>(req, 'id')
  const back = backOf(request)
  const called = await inClinic((ctx) => callNext(ctx, id, callAsked(req.query)))
  if (called.ok) {
    const { appointment, token } = called.value
    flash(req, {
      kind: 'success',
      key: 'queue.flash.called',
      params: { token: tokenText(speaker, token), name: isolated(whoText(speaker, appointment)) },
      undo: withBack(at(`/appointments/${appointment.id}/undo`), back),
    })
  } else flash(req, { kind: 'error', key: `queue.refused.${called.reason}` })
  await redirect(back)
})

type Change = (ctx: Ctx, id: AppointmentId) => Promise<Outcome<{ token: number | undefined }, PlaceRefusal>>

/** A change of somebody's place, and the address that takes it back. */
async function change(request: ClinicRequest, action: Change, done: string, undo?: string): Promise<void> {
  const { req, speaker, inClinic, redirect, at } = request
  const id = idParam<'appointment'>(req, 'id')
  const back = backOf(request)
  const changed = await inClinic((ctx) => action(ctx, id))
  if (changed.ok) {
    flash(req, {
      kind: 'success',
      key: `queue.flash.${done}`,
      params: { token: tokenText(speaker, changed.value.token) },
      ...(undo === undefined ? {} : { undo: withBack(at(`/appointments/${id}/${undo}`), back) }),
    })
  } else flash(req, { kind: 'error', key: `queue.refused.${changed.reason}` })
  await redirect(back)
}

routes.post('/appointments/:id/skip', 'appointments.run', (request) => change(request, skip, 'skipped', 'line'))
routes.post('/appointments/:id/stepping-out', 'appointments.run', (request) =>
  change(request, stepOut, 'stepped_out', 'line'),
)
routes.post('/appointments/:id/line', 'appointments.run', (request) => change(request, comeBack, 'came_back'))
routes.post('/appointments/:id/priority', 'appointments.run', (request) => {
  const reason = parsePriority(request.req.query.reason)
  return change(request, (ctx, id) => prioritise(ctx, id, reason), 'prioritised', 'priority/removal')
})
routes.post('/appointments/:id/priority/removal', 'appointments.run', (request) =>
  change(request, endPriority, 'priority_ended'),
)

routes.get('/walk-in', 'appointments.book', async (request) => {
  const { req, speaker, inClinic, show } = request
  const asked = { practitionerId: doctorAsked(req.query), back: backOf(request) }
  show(await inClinic((ctx) => walkInPage(ctx, speaker, asked)))
})

routes.post('/walk-in', 'appointments.book', async (request) => {
  const { req, speaker, clinic, inClinic, redirect, show, at } = request
  const back = backOf(request)
  const typed = (req.body ?? {}) as Record<string, unknown>
  const parsed = parseForm(walkInForm(clinic.country), typed)
  // Another service: nobody is taken in, the page comes again with what that one asks.
  if (typed.step === 'look') {
    return show(await inClinic((ctx) => walkInPage(ctx, speaker, { back }, filledForm(parsed.values))))
  }
  const chosen = parseId<'service'>(typed.service)
  const questions = chosen ? questionsOf(await settingsOf(request), chosen) : []
  const { answers, errors } = answersIn(questions, typed)
  if (!parsed.ok || Object.keys(errors).length > 0) {
    const form = withErrors(parsed, { ...(parsed.ok ? {} : parsed.errors), ...errors })
    return show(await inClinic((ctx) => walkInPage(ctx, speaker, { back }, form)), { status: 422 })
  }
  const { name, phone, service, practitioner, location, language, agreed } = parsed.value
  const taken = await inClinic((ctx) =>
    takeWalkIn(ctx, {
      name,
      phone,
      serviceId: service,
      practitionerId: practitioner,
      locationId: location,
      language,
      agreed,
      answers,
    }),
  )
  if (!taken.ok) {
    const refused = `queue.refused.${taken.reason}`
    const form = filledForm(parsed.values)
    return show(await inClinic((ctx) => walkInPage(ctx, speaker, { back, refused }, form)), { status: 409 })
  }
  const { appointment, token, again } = taken.value
  flash(req, {
    kind: again ? 'info' : 'success',
    key: again ? 'queue.flash.walked_in_again' : 'queue.flash.walked_in',
    params: {
      token: tokenText(speaker, token),
      name: isolated(whoText(speaker, appointment)),
      doctor: isolated(appointment.practitionerName),
    },
    ...(again ? {} : { undo: withBack(at(`/appointments/${appointment.id}/cancellation`), back) }),
  })
  const query = new URLSearchParams({ back, ...(again ? {} : { print: '1' }) })
  await redirect(at(`/appointments/${appointment.id}/slip?${query.toString()}`))
})

routes.get('/appointments/:id/slip', 'appointments.run', async (request) => {
  const { req, services, speaker, clinic, inClinic, show } = request
  const asked = {
    id: idParam<'appointment'>(req, 'id'),
    back: backOf(request),
    print: req.query.print === '1',
    baseUrl: services.config.baseUrl,
    speakers: (lang: Parameters<typeof services.speakers>[0]) => services.speakers(lang, clinic),
  }
  show(await inClinic((ctx) => slipPage(ctx, speaker, asked)), { layout: 'bare' })
})
