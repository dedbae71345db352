// Hours for some dates only, when months began, and public holidays to close on.
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { dateAt, parseDate } from '../../../kernel/time.ts'
import { clinicRouter, idParam } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { closeHolidays, comingHolidays, type Ticked } from '../actions/holidays.ts'
import { removeTimetable, restoreTimetable, setMoon, setTimetable } from '../actions/timetables.ts'
import { holidaysPage } from '../pages/holidays.ts'
import { moonPage } from '../pages/moon.ts'
import { specialPage } from '../pages/special.ts'
import { editedGrid } from '../rules/hours.ts'
import { timetableKinds } from '../rules/timetables.ts'
import { oneText } from '../schema.ts'
import { parseMoon, parseTimetable, timetableFields } from '../schema/timetables.ts'
import { z } from 'zod'
import { sayRemoved, sayRestored } from './taken-back.ts'

const routes = clinicRouter('clinics')
export const clinicTimetableRoutes = routes

routes.get('/settings/hours/moon', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => moonPage(ctx, speaker)))
})

routes.post('/settings/hours/moon', 'clinic.settings', async ({ req, speaker, show, redirect, at, inClinic }) => {
  const form = parseForm(z.looseObject({}), req.body)
  const saved = await inClinic((ctx) => setMoon(ctx, (offered) => parseMoon(form.values, offered)))
  if (!saved.ok) {
    const refused = withErrors(form, { [`m${saved.year}_${saved.month}`]: 'clinics.timetables.error.month_length' })
    show(await inClinic((ctx) => moonPage(ctx, speaker, refused)), { status: 422 })
    return
  }
  flash(req, { kind: 'success', key: 'clinics.timetables.flash.moon' })
  await redirect(at('/settings/hours'))
})

routes.get('/settings/hours/:id/special', 'clinic.settings', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'practitioner'>(req, 'id')
  const kind = timetableKinds.find((one) => one === req.query.kind) ?? 'dates'
  const date = parseDate(req.query.date)
  show(await inClinic((ctx) => specialPage(ctx, speaker, id, { kind, date })))
})

routes.get('/settings/hours/:id/special/:timetable', 'clinic.settings', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'practitioner'>(req, 'id')
  const timetable = idParam<'timetable'>(req, 'timetable')
  show(await inClinic((ctx) => specialPage(ctx, speaker, id, { timetable })))
})

routes.post('/settings/hours/:id/special', 'clinic.settings', async (request) => {
  const { req, services, clinic, speaker, show, redirect, at, inClinic } = request
  const id = idParam<'practitioner'>(req, 'id')
  const fields = parseForm(timetableFields, oneText(req.body, ['copy_to', 'break_days']))
  const edited = editedGrid(fields.values, fields.values.kind === 'day')
  if (edited !== undefined) {
    show(await inClinic((ctx) => specialPage(ctx, speaker, id, { refused: edited })))
    return
  }
  const form = parseTimetable(fields, dateAt(services.clock.now(), clinic.zone))
  if (!form.ok) {
    show(await inClinic((ctx) => specialPage(ctx, speaker, id, { refused: form })), { status: 422 })
    return
  }
  const saved = await inClinic((ctx) => setTimetable(ctx, id, form.value))
  if (saved.ok) {
    const { visits } = saved.value
    flash(
      req,
      visits === 0
        ? { kind: 'success', key: 'clinics.timetables.flash.saved' }
        : { kind: 'info', key: 'clinics.timetables.flash.saved_with_visits', params: { count: visits } },
    )
    const query = new URLSearchParams({
      practitioner: id,
      from: saved.value.from.toString(),
      to: saved.value.to.toString(),
    })
    // Time off with visits in it: to where they are moved in one go.
    const away = visits > 0 && form.value.spans.length === 0
    await redirect(at(away ? `/disruptions/new?${query.toString()}` : '/settings/hours'))
    return
  }
  switch (saved.reason) {
    case 'contradiction': {
      const { other } = saved
      const field = { day: 'date', dates: 'valid_from', hijri: 'month' }[form.values.kind ?? ''] ?? 'form'
      const refused = withErrors(form, { [field]: 'clinics.timetables.error.contradiction' })
      show(await inClinic((ctx) => specialPage(ctx, speaker, id, { refused, other })), { status: 409 })
      return
    }
    case 'overlap': {
      const refused = withErrors(form, { form: 'clinics.timetables.error.two_places' })
      const { clashes } = saved
      show(await inClinic((ctx) => specialPage(ctx, speaker, id, { refused, clashes })), { status: 409 })
      return
    }
    case 'changed_meanwhile': {
      const refused = withErrors(form, { form: 'clinics.error.hours_changed_meanwhile' })
      show(await inClinic((ctx) => specialPage(ctx, speaker, id, { refused })), { status: 409 })
    }
  }
})

routes.post('/settings/hours/:id/special/:timetable/removal', 'clinic.settings', async (request) => {
  const { req, redirect, at, inClinic } = request
  const id = idParam<'practitioner'>(req, 'id')
  const timetable = idParam<'timetable'>(req, 'timetable')
  const removed = await inClinic((ctx) => removeTimetable(ctx, id, timetable))
  sayRemoved(req, removed, 'clinics.timetables.flash.removed', at(`/settings/hours/${id}/special/undo`))
  await redirect(at('/settings/hours'))
})

routes.post('/settings/hours/:id/special/undo', 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
  const id = idParam<'practitioner'>(req, 'id')
  const restored = await inClinic((ctx) => restoreTimetable(ctx, id))
  sayRestored(req, restored)
  await redirect(at('/settings/hours'))
})

// Public holidays.

routes.get('/settings/closures/holidays', 'clinic.settings', async (request) => {
  const { services, clinic, speaker, show, inClinic } = request
  const holidays = await comingHolidays(clinic.country, dateAt(services.clock.now(), clinic.zone))
  show(await inClinic((ctx) => holidaysPage(ctx, speaker, holidays)))
})

routes.post('/settings/closures/holidays', 'clinic.settings', async (request) => {
  const { req, services, clinic, speaker, show, redirect, at, inClinic } = request
  const holidays = await comingHolidays(clinic.country, dateAt(services.clock.now(), clinic.zone))
  const form = parseForm(z.looseObject({}), oneText(req.body, ['holiday']))
  const keys = (form.values.holiday ?? '').split(' ')
  const ticked = holidays
    .filter(({ key }) => keys.includes(key))
    .map((holiday): Ticked => {
      const shift = holiday.moon ? form.values[`shift_${holiday.key}`] : undefined
      return { holiday, shift: shift === '-1' ? -1 : shift === '1' ? 1 : 0 }
    })
  if (ticked.length === 0) {
    const refused = withErrors(form, { holiday: 'clinics.timetables.error.no_holiday' })
    show(await inClinic((ctx) => holidaysPage(ctx, speaker, holidays, refused)), { status: 422 })
    return
  }
  const { closed, visits } = await inClinic((ctx) => closeHolidays(ctx, ticked, speaker.lang))
  flash(
    req,
    visits === 0
      ? { kind: 'success', key: 'clinics.timetables.flash.closed', params: { count: closed } }
      : { kind: 'info', key: 'clinics.flash.closed_with_visits', params: { count: visits } },
  )
  await redirect(at('/settings/closures'))
})
