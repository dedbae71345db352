// When the doors are open: weekly hours and closures.
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { parseId } from '../../../kernel/ids.ts'
import { parseDate } from '../../../kernel/time.ts'
import { notFound } from '../../../platform/errors.ts'
import { clinicRouter, idParam } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { addClosure, removeClosure, restoreClosure } from '../actions/closures.ts'
import { removeHours, restoreHours, setHours } from '../actions/hours.ts'
import { closuresPage } from '../pages/closures.ts'
import { hoursPage, timetablePage } from '../pages/hours.ts'
import { editedGrid, type TimetableKey } from '../rules/hours.ts'
import { closureForm, hoursFields, oneText, parseHours } from '../schema.ts'
import { sayRemoved, sayRestored } from './taken-back.ts'

const routes = clinicRouter('clinics')
export const clinicHoursRoutes = routes

// Weekly hours.

routes.get('/settings/hours', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => hoursPage(ctx, speaker)))
})

routes.get('/settings/hours/:id', 'clinic.settings', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'practitioner'>(req, 'id')
  const key = timetableAsked(req.query)
  show(await inClinic((ctx) => timetablePage(ctx, speaker, id, { key })))
})

/** The timetable the address names; none for a new one. */
function timetableAsked(query: Record<string, unknown>): TimetableKey | undefined {
  if (query.location === undefined) return undefined
  const locationId = parseId<'location'>(query.location) ?? notFound('location')
  const date = (text: unknown) => (text === undefined ? undefined : (parseDate(text) ?? notFound('hours')))
  return { locationId, validFrom: date(query.from), validTo: date(query.to) }
}

routes.post('/settings/hours/:id', 'clinic.settings', async (request) => {
  const { req, speaker, show, redirect, at, inClinic } = request
  const id = idParam<'practitioner'>(req, 'id')
  const fields = parseForm(hoursFields, oneText(req.body, ['copy_to', 'break_days']))
  const edited = editedGrid(fields.values)
  // Buttons that only change the form: without JavaScript the server draws it again, nothing is saved.
  if (edited !== undefined) {
    show(await inClinic((ctx) => timetablePage(ctx, speaker, id, { refused: edited })))
    return
  }
  const form = parseHours(fields)
  if (!form.ok) {
    show(await inClinic((ctx) => timetablePage(ctx, speaker, id, { refused: form })), { status: 422 })
    return
  }
  const saved = await inClinic((ctx) => setHours(ctx, id, form.value))
  if (saved.ok) {
    flash(req, { kind: 'success', key: 'clinics.flash.hours_saved' })
    await redirect(at('/settings/hours'))
    return
  }
  const clashes = saved.reason === 'overlap' ? saved.clashes : []
  const refused = withErrors(form, {
    form:
      saved.reason === 'overlap' ? 'clinics.error.hours_overlap_elsewhere' : 'clinics.error.hours_changed_meanwhile',
  })
  show(await inClinic((ctx) => timetablePage(ctx, speaker, id, { refused, clashes })), { status: 409 })
})

routes.post('/settings/hours/:id/removal', 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
  const id = idParam<'practitioner'>(req, 'id')
  const form = parseForm(hoursFields.pick({ replaces: true }), req.body)
  const shifts = form.ok ? form.value.replaces : []
  const removed = await inClinic((ctx) => removeHours(ctx, id, shifts))
  sayRemoved(req, removed, 'clinics.flash.hours_removed', at(`/settings/hours/${id}/removal/undo`))
  await redirect(at('/settings/hours'))
})

routes.post('/settings/hours/:id/removal/undo', 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
  const id = idParam<'practitioner'>(req, 'id')
  const restored = await inClinic((ctx) => restoreHours(ctx, id))
  sayRestored(req, restored)
  await redirect(at('/settings/hours'))
})

// Closures.

routes.get('/settings/closures', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => closuresPage(ctx, speaker)))
})

routes.post('/settings/closures', 'clinic.settings', async (request) => {
  const { req, services, speaker, clinic, show, redirect, at, inClinic } = request
  const form = parseForm(closureForm(clinic.zone, services.clock.now()), req.body)
  if (!form.ok) {
    show(await inClinic((ctx) => closuresPage(ctx, speaker, form)), { status: 422 })
    return
  }
  const added = await inClinic((ctx) => addClosure(ctx, form.value))
  const { visits } = added
  flash(
    req,
    visits === 0
      ? { kind: 'success', key: 'clinics.flash.closed' }
      : { kind: 'info', key: 'clinics.flash.closed_with_visits', params: { count: visits } },
  )
  await redirect(at('/settings/closures'))
})

routes.post('/settings/closures/:id/removal', 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
  const id = idParam<'closure'>(req, 'id')
  await inClinic((ctx) => removeClosure(ctx, id))
  const undo = at(`/settings/closures/${id}/removal/undo`)
  flash(req, { kind: 'success', key: 'clinics.flash.closure_removed', undo })
  await redirect(at('/settings/closures'))
})

routes.post('/settings/closures/:id/removal/undo', 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
  const id = idParam<'closure'>(req, 'id')
  const restored = await inClinic((ctx) => restoreClosure(ctx, id))
  sayRestored(req, restored)
  await redirect(at('/settings/closures'))
})
