import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { parseId, type PatientId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { PatientRequest, Routes } from '../../../platform/web/routers.ts'
import { idParam } from '../../../platform/web/routers.ts'
import type { View } from '../../../platform/web/views.ts'
import { listPatientsByPhone, type Patient } from '../../patients/queries.ts'
import { leave } from '../actions/enter.ts'
import {
  askFor,
  correctOwn,
  decideConsent,
  decideMessages,
  getOwn,
  hearAgain,
  noteCopy,
  takeRequestBack,
} from '../actions/own.ts'
import { patientFile } from '../pages/file.ts'
import { correctionPage, requestPage } from '../pages/forms.ts'
import { pathOf, startOf } from '../pages/frame.ts'
import { copyPage, listPage, newsKinds, peoplePage, personPage, type List, type News, type Open } from '../pages/own.ts'
import { askable, type Askable } from '../rules.ts'
import { consentForm, correctionForm, requestForm, wishForm } from '../schema.ts'
import { entered, type Entered } from './scene.ts'

const base = '/privacy/open/:token'
const person = `${base}/people/:id`

/** An opened visit and the one of its people the address names. */
type At = Entered & { open: Open; id: PatientId }

const openOf = ({ token, visit }: Entered): Open => ({ token, phone: visit.phone, until: visit.expiresAt })

async function personOf(request: PatientRequest): Promise<At | undefined> {
  const at = await entered(request, 'open')
  return at && { ...at, open: openOf(at), id: idParam<'patient'>(request.req, 'id') }
}

/** Works with the record of whoever the address names, if the proven number is theirs. */
const withOwn = <T>({ request, open, id }: At, work: (ctx: Ctx, patient: Patient) => Promise<T>): Promise<T> =>
  request.inClinic(async (ctx) => work(ctx, await getOwn(ctx, open.phone, id)))

async function showOwn(at: At, page: (ctx: Ctx, patient: Patient) => Promise<View>, status = 200): Promise<void> {
  at.request.show(await withOwn(at, page), { status })
}

const backTo = ({ scene, token, id, request }: At, news: News) => {
  const path = pathOf(scene, token, `/people/${id}?news=${news}`)
  return request.redirect(path)
}

export function ownRoutes(routes: Routes<PatientRequest, 'public'>): void {
  lookRoutes(routes)
  changeRoutes(routes)
  askRoutes(routes)

  routes.post(`${base}/end`, 'public', async (request) => {
    const at = await entered(request, 'open')
    if (!at) return
    await at.request.inClinic((ctx) => leave(ctx, at.visit.id))
    return at.request.redirect(startOf(at.scene))
  })
}

function lookRoutes(routes: Routes<PatientRequest, 'public'>): void {
  routes.get(base, 'public', async (request) => {
    const at = await entered(request, 'open')
    if (!at) return
    const open = openOf(at)
    at.request.show(
      await at.request.inClinic(async (ctx) => {
        const people = await listPatientsByPhone(ctx, open.phone)
        const [only] = people
        return only && people.length === 1 ? personPage(ctx, at.scene, open, only) : peoplePage(at.scene, open, people)
      }),
    )
  })

  routes.get(person, 'public', async (request) => {
    const at = await personOf(request)
    if (!at) return
    const news = newsKinds.find((one) => one === request.req.query.news)
    await showOwn(at, (ctx, patient) => personPage(ctx, at.scene, at.open, patient, news))
  })

  for (const list of ['visits', 'messages', 'openings'] satisfies List[]) {
    routes.get(`${person}/${list}`, 'public', async (request) => {
      const at = await personOf(request)
      if (at) await showOwn(at, (ctx, patient) => listPage(ctx, at.scene, at.open, patient, list))
    })
  }

  routes.get(`${person}/copy`, 'public', async (request) => {
    const at = await personOf(request)
    if (at) await showOwn(at, (ctx, patient) => copyPage(ctx, at.scene, at.open, patient))
  })

  routes.post(`${person}/copy`, 'public', async (request) => {
    const at = await personOf(request)
    if (!at) return
    const file = await withOwn(at, async (ctx, patient) => {
      await noteCopy(ctx, patient)
      return patientFile(ctx, patient)
    })
    request.res.setHeader('Content-Type', 'application/json; charset=utf-8')
    request.res.setHeader('Content-Disposition', `attachment; filename="${file.name}"`)
    request.res.send(file.text)
  })
}

function changeRoutes(routes: Routes<PatientRequest, 'public'>): void {
  routes.get(`${person}/correction`, 'public', async (request) => {
    const at = await personOf(request)
    if (at) await showOwn(at, (_ctx, patient) => Promise.resolve(correctionPage(at.scene, at.open, patient)))
  })

  routes.post(`${person}/correction`, 'public', async (request) => {
    const at = await personOf(request)
    if (!at) return
    const { scene, open } = at
    const form = parseForm(correctionForm(scene.clinic.country), request.req.body)
    const again = (status: number, errors: Record<string, string>, wrong?: string) =>
      showOwn(
        at,
        (_ctx, patient) => Promise.resolve(correctionPage(scene, open, patient, withErrors(form, errors), wrong)),
        status,
      )
    if (!form.ok) return again(422, form.errors)
    const corrected = await withOwn(at, (ctx, patient) => correctOwn(ctx, patient, form.value, scene.speaker.lang))
    if (corrected.ok) return backTo(at, corrected.value.request ? 'requested' : 'corrected')
    if (corrected.reason === 'known_already') return again(409, { name: 'portal.error.known_already' })
    return again(409, {}, scene.speaker.t('portal.right.open_already'))
  })

  routes.post(`${person}/consents`, 'public', async (request) => {
    const at = await personOf(request)
    if (!at) return
    const form = parseForm(consentForm, request.req.body)
    if (!form.ok) return showOwn(at, (ctx, patient) => personPage(ctx, at.scene, at.open, patient), 422)
    await withOwn(at, (ctx, patient) => decideConsent(ctx, patient, form.value, at.scene.speaker.lang))
    return backTo(at, 'consent')
  })

  routes.post(`${person}/messages`, 'public', async (request) => {
    const at = await personOf(request)
    if (!at) return
    const form = parseForm(wishForm, request.req.body)
    if (!form.ok) return showOwn(at, (ctx, patient) => personPage(ctx, at.scene, at.open, patient), 422)
    const { wish } = form.value
    await withOwn(at, (ctx, patient) => decideMessages(ctx, patient, wish))
    if (wish === 'start') await hearAgain(request.services, at.open.phone)
    return backTo(at, wish === 'stop' ? 'stopped' : 'started')
  })
}

function askRoutes(routes: Routes<PatientRequest, 'public'>): void {
  routes.get(`${person}/requests`, 'public', async (request) => {
    const at = await personOf(request)
    if (!at) return
    const kind = askable.find((one) => one === request.req.query.kind) ?? notFound('right')
    await showOwn(at, (ctx, patient) => requestPage(ctx, at.scene, at.open, patient, kind))
  })

  routes.post(`${person}/requests`, 'public', async (request) => {
    const at = await personOf(request)
    if (!at) return
    const { scene, open } = at
    const form = parseForm(requestForm, request.req.body)
    const kind: Askable = form.ok ? form.value.kind : (askable.find((one) => one === form.values.kind) ?? 'objection')
    const again = (status: number, errors: Record<string, string>, wrong?: string) =>
      showOwn(
        at,
        (ctx, patient) => requestPage(ctx, scene, open, patient, kind, withErrors(form, errors), wrong),
        status,
      )
    if (!form.ok) return again(422, form.errors)
    const asked = await withOwn(at, (ctx, patient) => askFor(ctx, patient, kind, form.value.words, scene.speaker.lang))
    return asked.ok ? backTo(at, 'requested') : again(409, {}, scene.speaker.t('portal.right.open_already'))
  })

  routes.post(`${person}/requests/removal`, 'public', async (request) => {
    const at = await personOf(request)
    if (!at) return
    const body = (request.req.body ?? {}) as Record<string, unknown>
    const id = parseId<'rights_request'>(body.request) ?? notFound('request')
    // One that was answered meanwhile stays as it is, and the page shows how.
    const taken = await withOwn(at, (ctx, patient) => takeRequestBack(ctx, patient, id))
    return taken.ok
      ? backTo(at, 'taken_back')
      : showOwn(at, (ctx, patient) => personPage(ctx, at.scene, at.open, patient), 409)
  })
}
