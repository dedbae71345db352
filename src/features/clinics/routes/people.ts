// Doctors, services, locations, rooms and equipment.
import { parseForm } from '../../../kernel/forms.ts'
import type { Id } from '../../../kernel/ids.ts'
import { clinicRouter, idParam } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import {
  addLocation,
  addPractitioner,
  addResource,
  addService,
  changeLocation,
  changePractitioner,
  changeResource,
  changeService,
  putBackInUse,
  rearrange,
  takeOutOfUse,
  type Thing,
} from '../actions/people.ts'
import { doctorPage, doctorsPage } from '../pages/doctors.ts'
import { endingPage } from '../pages/ending.ts'
import { locationPage, locationsPage } from '../pages/locations.ts'
import { findPlanFullPage, planFullPage } from '../pages/plan.ts'
import { roomPage, roomsPage } from '../pages/rooms.ts'
import { servicePage } from '../pages/service.ts'
import { servicesPage } from '../pages/services.ts'
import { handOverPath } from '../rules/settings.ts'
import { doctorForm, locationForm, oneText, positionForm } from '../schema.ts'
import { resourceForm, serviceForm, serviceTicks } from '../schema/services.ts'

const routes = clinicRouter('clinics')
export const clinicPeopleRoutes = routes

// Doctors.

routes.get('/settings/doctors', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => doctorsPage(ctx, speaker)))
})

routes.get('/settings/doctors/new', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(
    await inClinic(
      async (ctx) => (await findPlanFullPage(ctx, speaker, 'practitioner')) ?? doctorPage(ctx, speaker, undefined),
    ),
  )
})

routes.post('/settings/doctors', 'clinic.settings', async ({ req, speaker, show, redirect, at, inClinic }) => {
  const form = parseForm(doctorForm, oneText(req.body, ['services']))
  if (!form.ok) {
    show(await inClinic((ctx) => doctorPage(ctx, speaker, undefined, form)), { status: 422 })
    return
  }
  const added = await inClinic((ctx) => addPractitioner(ctx, form.value))
  if (!added.ok) {
    show(await inClinic((ctx) => Promise.resolve(planFullPage(ctx, speaker, 'practitioner'))), { status: 409 })
    return
  }
  flash(req, { kind: 'success', key: 'clinics.flash.doctor_added', params: { name: form.value.name } })
  await redirect(at(`/settings/hours/${added.value}`))
})

routes.get('/settings/doctors/:id', 'clinic.settings', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'practitioner'>(req, 'id')
  show(await inClinic((ctx) => doctorPage(ctx, speaker, id)))
})

routes.post('/settings/doctors/:id', 'clinic.settings', async ({ req, speaker, show, redirect, at, inClinic }) => {
  const id = idParam<'practitioner'>(req, 'id')
  const form = parseForm(doctorForm, oneText(req.body, ['services']))
  if (!form.ok) {
    show(await inClinic((ctx) => doctorPage(ctx, speaker, id, form)), { status: 422 })
    return
  }
  await inClinic((ctx) => changePractitioner(ctx, id, form.value))
  flash(req, { kind: 'success', key: 'clinics.flash.saved' })
  await redirect(at('/settings/doctors'))
})

// Services.

routes.get('/settings/services', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => servicesPage(ctx, speaker)))
})

routes.get('/settings/services/new', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => servicePage(ctx, speaker, undefined)))
})

routes.post('/settings/services', 'clinic.settings', async (request) => {
  const { req, speaker, clinic, show, redirect, at, inClinic } = request
  const form = parseForm(serviceForm(clinic.currency), oneText(req.body, serviceTicks))
  if (!form.ok) {
    show(await inClinic((ctx) => servicePage(ctx, speaker, undefined, form)), { status: 422 })
    return
  }
  await inClinic((ctx) => addService(ctx, form.value))
  flash(req, { kind: 'success', key: 'clinics.flash.added', params: { name: form.value.name } })
  await redirect(at('/settings/services'))
})

routes.get('/settings/services/:id', 'clinic.settings', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'service'>(req, 'id')
  show(await inClinic((ctx) => servicePage(ctx, speaker, id)))
})

routes.post('/settings/services/:id', 'clinic.settings', async (request) => {
  const { req, speaker, clinic, show, redirect, at, inClinic } = request
  const id = idParam<'service'>(req, 'id')
  const form = parseForm(serviceForm(clinic.currency), oneText(req.body, serviceTicks))
  if (!form.ok) {
    show(await inClinic((ctx) => servicePage(ctx, speaker, id, form)), { status: 422 })
    return
  }
  await inClinic((ctx) => changeService(ctx, id, form.value))
  flash(req, { kind: 'success', key: 'clinics.flash.saved' })
  await redirect(at('/settings/services'))
})

// Locations.

routes.get('/settings/locations', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => locationsPage(ctx, speaker)))
})

routes.get('/settings/locations/new', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(
    await inClinic(
      async (ctx) => (await findPlanFullPage(ctx, speaker, 'location')) ?? locationPage(ctx, speaker, undefined),
    ),
  )
})

routes.post('/settings/locations', 'clinic.settings', async (request) => {
  const { req, speaker, clinic, show, redirect, at, inClinic } = request
  const form = parseForm(locationForm(clinic.country), req.body)
  if (!form.ok) {
    show(await inClinic((ctx) => locationPage(ctx, speaker, undefined, form)), { status: 422 })
    return
  }
  const added = await inClinic((ctx) => addLocation(ctx, form.value))
  if (!added.ok) {
    show(await inClinic((ctx) => Promise.resolve(planFullPage(ctx, speaker, 'location'))), { status: 409 })
    return
  }
  flash(req, { kind: 'success', key: 'clinics.flash.added', params: { name: form.value.name } })
  await redirect(at('/settings/locations'))
})

routes.get('/settings/locations/:id', 'clinic.settings', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'location'>(req, 'id')
  show(await inClinic((ctx) => locationPage(ctx, speaker, id)))
})

routes.post('/settings/locations/:id', 'clinic.settings', async (request) => {
  const { req, speaker, clinic, show, redirect, at, inClinic } = request
  const id = idParam<'location'>(req, 'id')
  const form = parseForm(locationForm(clinic.country), req.body)
  if (!form.ok) {
    show(await inClinic((ctx) => locationPage(ctx, speaker, id, form)), { status: 422 })
    return
  }
  await inClinic((ctx) => changeLocation(ctx, id, form.value))
  flash(req, { kind: 'success', key: 'clinics.flash.saved' })
  await redirect(at('/settings/locations'))
})

// Rooms and equipment.

routes.get('/settings/rooms', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => roomsPage(ctx, speaker)))
})

routes.get('/settings/rooms/new', 'clinic.settings', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => roomPage(ctx, speaker, undefined)))
})

routes.post('/settings/rooms', 'clinic.settings', async ({ req, speaker, show, redirect, at, inClinic }) => {
  const form = parseForm(resourceForm, req.body)
  if (!form.ok) {
    show(await inClinic((ctx) => roomPage(ctx, speaker, undefined, form)), { status: 422 })
    return
  }
  await inClinic((ctx) => addResource(ctx, form.value))
  flash(req, { kind: 'success', key: 'clinics.flash.added', params: { name: form.value.name } })
  await redirect(at('/settings/rooms'))
})

routes.get('/settings/rooms/:id', 'clinic.settings', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'resource'>(req, 'id')
  show(await inClinic((ctx) => roomPage(ctx, speaker, id)))
})

routes.post('/settings/rooms/:id', 'clinic.settings', async ({ req, speaker, show, redirect, at, inClinic }) => {
  const id = idParam<'resource'>(req, 'id')
  const form = parseForm(resourceForm, req.body)
  if (!form.ok) {
    show(await inClinic((ctx) => roomPage(ctx, speaker, id, form)), { status: 422 })
    return
  }
  await inClinic((ctx) => changeResource(ctx, id, form.value))
  flash(req, { kind: 'success', key: 'clinics.flash.saved' })
  await redirect(at('/settings/rooms'))
})

// All of these are put in order, taken out of use and put back in the same way.

const things = [
  { path: '/settings/doctors', thing: (id: string): Thing => ({ kind: 'practitioner', id: id as Id<'practitioner'> }) },
  { path: '/settings/services', thing: (id: string): Thing => ({ kind: 'service', id: id as Id<'service'> }) },
  { path: '/settings/locations', thing: (id: string): Thing => ({ kind: 'location', id: id as Id<'location'> }) },
  { path: '/settings/rooms', thing: (id: string): Thing => ({ kind: 'resource', id: id as Id<'resource'> }) },
]

for (const { path, thing } of things) {
  routes.post(`${path}/:id/position`, 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
    const asked = thing(idParam(req, 'id'))
    const form = parseForm(positionForm, req.body)
    const move = form.ok ? form.value.move : undefined
    if (move !== undefined) await inClinic((ctx) => rearrange(ctx, asked, move))
    await redirect(at(path))
  })

  routes.get(`${path}/:id/deactivation`, 'clinic.settings', async ({ req, speaker, show, inClinic }) => {
    const { kind, id } = thing(idParam(req, 'id'))
    show(await inClinic((ctx) => endingPage(ctx, speaker, kind, id)))
  })

  routes.post(`${path}/:id/deactivation`, 'clinic.settings', async ({ req, redirect, at, inClinic }) => {
    const asked = thing(idParam(req, 'id'))
    const ended = await inClinic((ctx) => takeOutOfUse(ctx, asked))
    if (!ended.ok) flash(req, { kind: 'error', key: 'clinics.flash.last_location' })
    else {
      const { visits } = ended.value
      flash(req, {
        kind: 'success',
        undo: at(`${path}/${asked.id}/deactivation/undo`),
        ...(visits === 0
          ? { key: 'clinics.flash.ended' }
          : { key: 'clinics.flash.ended_with_visits', params: { count: visits } }),
      })
      // Whose visits stay has nobody to see them: straight to where all of them are handed over.
      if (asked.kind === 'practitioner' && visits > 0) return redirect(at(handOverPath(asked.id)))
    }
    await redirect(at(path))
  })

  routes.post(`${path}/:id/deactivation/undo`, 'clinic.settings', async (request) => {
    const { req, speaker, show, redirect, at, inClinic } = request
    const asked = thing(idParam(req, 'id'))
    const back = await inClinic((ctx) => putBackInUse(ctx, asked))
    if (!back.ok && (asked.kind === 'practitioner' || asked.kind === 'location')) {
      const { kind } = asked
      show(await inClinic((ctx) => Promise.resolve(planFullPage(ctx, speaker, kind))), { status: 409 })
      return
    }
    flash(req, { kind: 'success', key: 'clinics.flash.back_in_use' })
    await redirect(at(path))
  })
}
