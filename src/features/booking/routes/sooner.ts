// Something sooner than a visit, from the visit's own page: whoever has its link has proven the number.
import { parseForm } from '../../../kernel/forms.ts'
import { dateAt } from '../../../kernel/time.ts'
import { publicRouter, type PatientRequest, type PublicRequest } from '../../../platform/web/routers.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { patientMayChange } from '../../appointments/rules.ts'
import type { JoinRefusal } from '../../waitlist/actions/join.ts'
import { getWaitlistSettings } from '../../waitlist/queries/settings.ts'
import { datesWrong, typedWish, wishOf } from '../../waitlist/rules/wish.ts'
import { wantSooner } from '../actions/waiting.ts'
import type { Scene } from '../pages/frame.ts'
import { freshWish, waitingPage, waitingStopPage, type WaitingAsk } from '../pages/waiting.ts'
import { soonerForm } from '../schema/waiting.ts'
import { backTo, look, openLink } from './link.ts'

const routes = publicRouter('booking')
export const soonerRoutes = routes

type Sooner = { request: PatientRequest; scene: Scene; visit: Appointment; ask: WaitingAsk }

/** The visit a link is for, as long as something sooner may be looked for; else it has been said that it may not. */
async function soonerOf(request: PublicRequest): Promise<Sooner | undefined> {
  const linked = await openLink(request)
  if (!linked) return undefined
  const { token } = linked
  return look(linked, async ({ ctx, request: own, scene, visit }) => {
    const back = { href: own.url(`/a/${token}`), label: own.speaker.t('waitlist.sooner.back') }
    const on = (await getWaitlistSettings(ctx)).on && own.clinic.status === 'active'
    if (on && patientMayChange(visit, ctx.now)) {
      return { request: own, scene, visit, ask: { action: own.url(`/a/${token}/sooner`), back, sooner: visit } }
    }
    own.show(waitingStopPage(scene, 'off'), { status: own.req.method === 'GET' ? 200 : 409 })
    return undefined
  })
}

routes.get('/a/:token/sooner', 'public', async (request) => {
  const at = await soonerOf(request)
  if (!at) return
  const until = dateAt(at.visit.startsAt, at.scene.clinic.zone)
  const values = { ...freshWish(at.scene, { practitioner: at.visit.practitionerId }), until: until.toString() }
  at.request.show(waitingPage(at.scene, at.ask, { values, errors: {} }))
})

routes.post('/a/:token/sooner', 'public', async (request) => {
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
  const wish = wishOf(visit.serviceId, form.value)
  const wanted = await own.inClinic((ctx) => wantSooner(ctx, visit, wish))
  if (!wanted.ok) return own.show(waitingStopPage(scene, refusalOf(wanted.reason)), { status: 409 })
  const { value } = wanted
  if (value.next === 'free') {
    return own.show(waitingPage(scene, ask, { values: typed, errors: {} }, value.slots), { status: 409 })
  }
  if (value.next !== 'joined') throw new Error('a link needs no code')
  return backTo(own, `/w/${value.joined.token}`, 'joined')
})

const refusalOf = (reason: JoinRefusal): JoinRefusal => (reason === 'has_visit' ? 'over' : reason)
