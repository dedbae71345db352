// The diary as a calendar: look at it, and change how long one visit takes. Visits are moved, booked and cancelled by the
// desk's own routes, whoever asks from here.
import { parseForm, withErrors } from '../../kernel/forms.ts'
import { isolated } from '../../kernel/names.ts'
import { clinicRouter, idParam, type ClinicRequest } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { fragmentForAll, sendFragment } from '../../platform/web/shared-fragment.ts'
import { resizeAppointment } from '../appointments/actions/resize.ts'
import { whileTrue } from '../availability/actions.ts'
import { ownPath } from '../desk/rules.ts'
import { calendarBoard, calendarPage } from './pages/calendar.ts'
import { whose } from './pages/frame.ts'
import { lengthPage } from './pages/length.ts'
import { dropsFor } from './pages/times.ts'
import { asked, lengthForm, visitAsked } from './schema.ts'

export const calendarRoutes = clinicRouter('calendar')

calendarRoutes.get('/calendar', 'today.see', async ({ req, speaker, inClinic, show }) => {
  show(await inClinic((ctx) => calendarPage(ctx, speaker, asked(req.query))))
})

// The calendar alone, for the page to bring itself up to date; no sign that anybody is at the desk. After each change every
// desk asks at once, and most of them the same: one of them is worked for. What a doctor sees is the doctor's own.
calendarRoutes.get(
  '/calendar/board',
  'today.see',
  async ({ req, services, speaker, clinic, role, person, inClinic }) => {
    const question = asked(req.query)
    const whose = role === 'doctor' ? person.userId : ''
    const key = `calendar ${speaker.lang} ${role} ${whose} ${JSON.stringify(question)}`
    const fragment = await whileTrue(clinic, services.clock.now(), key, async () => {
      const { board, validUntil } = await inClinic((ctx) => calendarBoard(ctx, speaker, question))
      const value = fragmentForAll(speaker, board)
      return { value, validUntil, bytes: value.html.length * 2 }
    })
    await sendFragment(req, speaker, fragment)
  },
  { background: true },
)

// Where the visit that was picked up may be put down.
calendarRoutes.get('/calendar/times', 'appointments.move', async ({ req, res, speaker, inClinic }) => {
  const id = visitAsked(req.query)
  res.json(id ? await inClinic((ctx) => dropsFor(ctx, speaker, asked(req.query), id)) : [])
})

calendarRoutes.get('/appointments/:id/length', 'appointments.move', async (request) => {
  const { req, speaker, inClinic, show } = request
  const id = idParam<'appointment'>(req, 'id')
  show(await inClinic((ctx) => lengthPage(ctx, speaker, id, { back: backOf(request) })))
})

calendarRoutes.post('/appointments/:id/length', 'appointments.move', async (request) => {
  const { req, speaker, inClinic, show, redirect, at } = request
  const id = idParam<'appointment'>(req, 'id')
  const back = backOf(request)
  // From the address when a flash takes the change back.
  const typed = (req.body ?? {}) as Record<string, unknown>
  const parsed = parseForm(lengthForm, { minutes: typed.minutes ?? req.query.minutes })
  if (!parsed.ok)
    return show(await inClinic((ctx) => lengthPage(ctx, speaker, id, { back, form: parsed })), { status: 422 })
  const resized = await inClinic((ctx) => resizeAppointment(ctx, id, parsed.value.minutes))
  if (resized.ok) {
    const { appointment, before } = resized.value
    const undo = new URLSearchParams({ minutes: String(before), back })
    flash(req, {
      kind: 'success',
      key: 'calendar.flash.resized',
      params: { name: isolated(whose(speaker, appointment)), until: speaker.time(appointment.endsAt) },
      undo: `${at(`/appointments/${id}/length`)}?${undo.toString()}`,
    })
    return redirect(back)
  }
  if (resized.reason === 'slot_taken' || resized.reason === 'out_of_bounds') {
    const error = resized.reason === 'slot_taken' ? 'calendar.error.length_taken' : 'calendar.error.length'
    const form = withErrors({ values: parsed.values }, { minutes: error })
    return show(await inClinic((ctx) => lengthPage(ctx, speaker, id, { back, form })), { status: 409 })
  }
  flash(req, { kind: 'error', key: `calendar.refused.${resized.reason}` })
  await redirect(back)
})

/** Back to the calendar as it was left. */
function backOf({ req, at }: ClinicRequest): string {
  const body = (req.body ?? {}) as Record<string, unknown>
  return ownPath(body.back ?? req.query.back, at(''), at('/calendar'))
}
