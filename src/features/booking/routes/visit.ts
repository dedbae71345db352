// A patient's own page, behind the link of a message: how the visit stands, and what can be done about it. Looking
// changes nothing, since messengers open links by themselves.
import { parseForm } from '../../../kernel/forms.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { publicRouter } from '../../../platform/web/routers.ts'
import type { View } from '../../../platform/web/views.ts'

import type { Appointment } from '../../appointments/queries.ts'
import { listOthersOfSeries } from '../../appointments/queries/series.ts'
import { patientMayChange, patientMayReturn } from '../../appointments/rules.ts'
import { listFreeTimes } from '../../availability/actions.ts'
import { isLive } from '../../clinics/rules.ts'
import { listUnreached } from '../../messaging/actions/reach.ts'
import { findStanding } from '../../queue/queries/look.ts'
import { nearestTo, weekOf } from '../actions/look.ts'
import { cancelSeen, confirmSeen, moveSeen } from '../actions/seen.ts'
import { lostPage } from '../pages/details.ts'
import { soonText } from '../pages/frame.ts'
import { type Moving, horizonOf, timesPage } from '../pages/times.ts'
import { cancelPage, visitCalendar, visitPage, type News } from '../pages/visit.ts'
import { moveForm, seenForm, timesQuery } from '../schema.ts'
import { backTo, look, openLink, type Linked, type Standing } from './link.ts'

const routes = publicRouter('booking')
export const visitRoutes = routes

async function showVisit(linked: Linked, news: News | undefined, status = 200): Promise<void> {
  const { request, page } = await look(linked, async ({ ctx, request, scene, visit }) => ({
    request,
    page: visitPage(scene, visit, linked.token, news, {
      standing: await findStanding(ctx, visit),
      others: await listOthersOfSeries(ctx, visit),
      told: news === 'booked' && (await isTold(ctx, visit)),
    }),
  }))
  request.show(page, { status })
}

/** Whether messages about a visit reach its patient: some said STOP, or took their consent back. */
async function isTold(ctx: Ctx, { messagesWanted, patientId, patientPhone: phone }: Appointment): Promise<boolean> {
  if (!messagesWanted || patientId === null || phone === null) return false
  return !(await listUnreached(ctx, [{ patientId, phone }])).has(patientId)
}

/** Nothing was done: the page says why, and how the visit stands. */
const refuseVisit = (linked: Linked, reason: 'too_late' | 'changed_meanwhile') =>
  showVisit(linked, reason === 'too_late' ? 'too_late' : 'changed', 409)

/** Which version of the visit the form was about. */
function seenIn({ request }: Linked): number | undefined {
  const form = parseForm(seenForm, request.req.body)
  return form.ok ? form.value.version : undefined
}

const backToVisit = ({ request, token }: Linked, news: News) => backTo(request, `/a/${token}`, news)

routes.get('/a/:token', 'public', async (request) => {
  const linked = await openLink(request)
  const news = (['booked', 'confirmed', 'moved', 'cancelled'] as const).find((one) => one === request.req.query.news)
  if (linked) await showVisit(linked, news)
})

routes.get('/a/:token/visit.ics', 'public', async (request) => {
  const linked = await openLink(request)
  if (!linked) return
  const { baseUrl } = request.services.config
  const file = await look(linked, ({ ctx, scene, visit }) => visitCalendar(ctx, scene, visit, linked.token, baseUrl))
  request.res.setHeader('Content-Type', 'text/calendar; charset=utf-8; method=PUBLISH')
  request.res.setHeader('Content-Disposition', 'attachment; filename="visit.ics"')
  request.res.send(file)
})

routes.post('/a/:token/confirmation', 'public', async (request) => {
  const linked = await openLink(request)
  if (!linked) return
  const confirmed = await linked.request.inClinic((ctx) => confirmSeen(ctx, linked.id, seenIn(linked)))
  return confirmed.ok ? backToVisit(linked, 'confirmed') : refuseVisit(linked, confirmed.reason)
})

routes.get('/a/:token/cancellation', 'public', async (request) => {
  const linked = await openLink(request)
  if (!linked) return
  const { own, page } = await look(linked, async ({ ctx, request, scene, visit }) => ({
    own: request,
    page: patientMayChange(visit, scene.now)
      ? cancelPage(scene, visit, linked.token, await listOthersOfSeries(ctx, visit))
      : visitPage(scene, visit, linked.token, visit.status === 'cancelled' ? 'cancelled' : 'too_late'),
  }))
  own.show(page)
})

routes.post('/a/:token/cancellation', 'public', async (request) => {
  const linked = await openLink(request)
  if (!linked) return
  const cancelled = await linked.request.inClinic((ctx) => cancelSeen(ctx, linked.id, seenIn(linked)))
  return cancelled.ok ? backToVisit(linked, 'cancelled') : refuseVisit(linked, cancelled.reason)
})

routes.get('/a/:token/move', 'public', async (request) => {
  const linked = await openLink(request)
  if (linked) await showMove(linked)
})

/** The times for this visit, its own not being in the way. */
async function showMove(linked: Linked, wrong?: string): Promise<void> {
  const { own, page } = await look(linked, async (standing) => ({
    own: standing.request,
    page: await movePage(linked, standing, wrong),
  }))
  own.show(page, { status: wrong === undefined ? 200 : 422 })
}

async function movePage(linked: Linked, { ctx, request, scene, visit }: Standing, wrong?: string): Promise<View> {
  const { clinic, settings, now, speaker, url } = scene
  const may = patientMayChange(visit, now) || patientMayReturn(visit)
  if (may && clinic.status !== 'active') return visitPage(scene, visit, linked.token, 'closed')
  if (!may || !isLive(clinic, settings)) {
    return visitPage(scene, visit, linked.token, visit.status === 'cancelled' ? 'cancelled' : 'too_late')
  }
  const asked = timesQuery(request.req.query)
  const anybody = request.req.query.practitioner === 'any'
  const choice = {
    serviceId: visit.serviceId,
    practitionerId: anybody ? ('any' as const) : (asked.practitionerId ?? visit.practitionerId),
    locationId: asked.locationId,
    otherDoctor: false,
  }
  const today = dateAt(now, clinic.zone)
  const week = await weekOf(today, horizonOf(settings, choice.serviceId), asked, (from, days) =>
    listFreeTimes(ctx, 'patient', { ...choice, from, days }, [visit.id]),
  )
  const others = await listOthersOfSeries(ctx, visit)
  const moving: Moving = {
    path: `/a/${linked.token}/move`,
    action: `/a/${linked.token}/move`,
    version: visit.version,
    back: { href: url(`/a/${linked.token}`) },
    lead: [
      speaker.t('booking.move.lead', { when: soonText(scene, visit.startsAt) }),
      ...(others.length > 0 ? [speaker.t('booking.series.stay')] : []),
    ].join(' '),
  }
  return timesPage(scene, { choice, ...week }, { moving, ...(wrong === undefined ? {} : { wrong }) })
}

routes.post('/a/:token/move', 'public', async (request) => {
  const linked = await openLink(request)
  if (!linked) return
  if (linked.request.clinic.status !== 'active') return showVisit(linked, 'closed', 409)
  const form = parseForm(moveForm, request.req.body)
  if (!form.ok) return showMove(linked, 'booking.error.slot')
  const { slot, version } = form.value
  const moved = await linked.request.inClinic((ctx) => moveSeen(ctx, linked.id, version, slot))
  if (moved.ok) return backToVisit(linked, 'moved')
  if (moved.reason !== 'slot_taken') return refuseVisit(linked, moved.reason)
  const { own, page } = await look(linked, async ({ ctx, request, scene, visit }) => {
    const wish = { ...slot, serviceId: visit.serviceId }
    const path = `/a/${linked.token}/move`
    const nearest = await nearestTo(ctx, wish, [visit.id])
    const moving = { action: path, timesHref: scene.url(path), version }
    return { own: request, page: lostPage(scene, { wish, nearest }, moving) }
  })
  own.show(page, { status: 409 })
})
