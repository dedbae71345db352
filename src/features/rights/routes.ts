// What an owner does about requests: one list, one screen each.
import type { z } from 'zod'
import { parseForm, withErrors, type Form } from '../../kernel/forms.ts'
import { parseId } from '../../kernel/ids.ts'
import { clinicRouter, idParam, type ClinicRequest } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { codeIn } from '../booking/rules/codes.ts'
import { patientFile } from '../export/rules/patient.ts'
import { liftRestriction, noteOpening, type Corrections } from '../patients/actions/record.ts'
import { takeCopy } from './actions/copy.ts'
import { classifyRequest, decideRequest, namePatient, withdrawRequest } from './actions/decide.ts'
import { proveInPerson, sendIdentityCode, tryIdentityCode, type Asking } from './actions/identity.ts'
import { findRequestPatient, lookAtRequest, receiveRequest } from './actions/receive.ts'
import { copyPage, printedAnswerPage } from './pages/answer.ts'
import { newRequestPage, requestsPage, restrictedPage } from './pages/list.ts'
import { requestPage, type RequestShown } from './pages/request.ts'
import { only } from './rules/copy.ts'
import { referenceOf, type RightsRequestId } from './rules.ts'
import {
  askedForm,
  codeForm,
  copyForm,
  correctionForm,
  decisionForm,
  kindForm,
  listQuery,
  partsTicked,
  patientForm,
  seenForm,
} from './schema.ts'

const routes = clinicRouter('rights')
export const rightsRoutes = routes

/** Patients are answered however the clinic's subscription stands. */
const always = { whileReadOnly: true, whileLocked: true }
const home = '/settings/privacy/requests'
const one = `${home}/:request`

const idOf = ({ req }: ClinicRequest) => idParam<'rights_request'>(req, 'request')
const asking = ({ services, clinic, origin, inClinic }: ClinicRequest): Asking => ({
  services,
  clinic,
  origin,
  inClinic,
})

routes.get(home, 'clinic.privacy', async ({ req, speaker, show, inClinic }) => {
  const asked = listQuery.parse(req.query)
  show(await inClinic((ctx) => requestsPage(ctx, speaker, asked)))
}, always) // prettier-ignore

routes.get(`${home}/new`, 'clinic.privacy', async ({ req, speaker, show, inClinic }) => {
  const { q } = listQuery.parse(req.query)
  const patientId = parseId<'patient'>(req.query.patient)
  show(await inClinic((ctx) => newRequestPage(ctx, speaker, { q, patientId })))
}, always) // prettier-ignore

routes.post(home, 'clinic.privacy', async ({ req, clinic, speaker, show, redirect, at, inClinic }) => {
  const body: unknown = req.body
  const form = parseForm(askedForm(clinic.country), body)
  const again = async (wrong: Form, status = 422) => {
    const patientId = parseId<'patient'>(wrong.values.patient)
    show(await inClinic((ctx) => newRequestPage(ctx, speaker, { q: '', patientId, form: wrong })), { status })
  }
  if (!form.ok) return again(form)
  const { kind, words } = form.value
  const received = await inClinic(async (ctx) => {
    const asked = form.value
    if (asked.who === 'new') {
      const { name, phone, language } = asked
      return receiveRequest(ctx, { kind, source: 'desk', language, wishes: { words }, subject: { name, phone } })
    }
    const patient = await findRequestPatient(ctx, asked.patient)
    return receiveRequest(ctx, { kind, source: 'desk', language: patient.language, wishes: { words }, patientId: patient.id })
  })
  if (!received.ok) return again(withErrors(form, { kind: 'rights.error.open_already' }), 409)
  flash(req, { kind: 'success', key: 'rights.flash.received', params: { reference: received.value.reference } })
  await redirect(at(`${home}/${received.value.id}`))
}, always) // prettier-ignore

routes.get(`${home}/restricted`, 'clinic.privacy', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => restrictedPage(ctx, speaker)))
}, always) // prettier-ignore

routes.post(`${home}/restricted/:id/removal`, 'clinic.privacy', async ({ req, redirect, at, inClinic }) => {
  const id = idParam<'patient'>(req, 'id')
  await inClinic((ctx) => liftRestriction(ctx, id))
  flash(req, { kind: 'success', key: 'rights.flash.lifted' })
  await redirect(at(`${home}/restricted`))
}, always) // prettier-ignore

routes.get(one, 'clinic.privacy', async (request) => {
  const { req, speaker, show, inClinic } = request
  const { q } = listQuery.parse(req.query)
  const id = idOf(request)
  show(
    await inClinic(async (ctx) => {
      await lookAtRequest(ctx, id, noteOpening)
      return requestPage(ctx, speaker, id, { q })
    }),
  )
}, always) // prettier-ignore

async function again(
  { speaker, show, inClinic }: ClinicRequest,
  id: RightsRequestId,
  shown: RequestShown,
  status = 422,
) {
  show(await inClinic((ctx) => requestPage(ctx, speaker, id, shown)), { status })
}

async function back(
  request: ClinicRequest,
  id: RightsRequestId,
  told: { kind: 'success' | 'info' | 'error'; key: string },
) {
  flash(request.req, told)
  await request.redirect(request.at(`${home}/${id}`))
}

const refused = (reason: string) => ({ kind: 'error', key: `rights.refused.${reason}` }) as const

routes.post(`${one}/kind`, 'clinic.privacy', async (request) => {
  const id = idOf(request)
  const form = parseForm(kindForm, request.req.body)
  if (!form.ok) return again(request, id, { form })
  const classified = await request.inClinic((ctx) => classifyRequest(ctx, id, form.value.kind))
  await back(request, id, classified.ok ? { kind: 'success', key: 'rights.flash.classified' } : refused(classified.reason))
}, always) // prettier-ignore

routes.post(`${one}/patient`, 'clinic.privacy', async (request) => {
  const id = idOf(request)
  const form = parseForm(patientForm, request.req.body)
  if (!form.ok) return again(request, id, { form })
  const named = await request.inClinic((ctx) => namePatient(ctx, id, form.value.patient))
  await back(request, id, named.ok ? { kind: 'success', key: 'rights.flash.named' } : refused(named.reason))
}, always) // prettier-ignore

routes.post(`${one}/code`, 'clinic.privacy', async (request) => {
  const id = idOf(request)
  const sent = await sendIdentityCode(asking(request), id, 'desk')
  await back(request, id, sent.ok ? { kind: 'success', key: 'rights.flash.code_sent' } : refused(sent.reason))
}, always) // prettier-ignore

routes.post(`${one}/identity`, 'clinic.privacy', async (request) => {
  const id = idOf(request)
  const form = parseForm(codeForm, request.req.body)
  if (!form.ok) return again(request, id, { form })
  const digits = codeIn(form.value.code)
  if (digits === undefined) return again(request, id, { form: withErrors(form, { code: 'rights.error.code' }) })
  const tried = await tryIdentityCode(asking(request), id, digits, 'desk')
  if (tried.ok) return back(request, id, { kind: 'success', key: 'rights.flash.proven' })
  await again(request, id, { form: withErrors(form, { code: `rights.error.code_${tried.reason}` }) })
}, always) // prettier-ignore

routes.post(`${one}/identity/in-person`, 'clinic.privacy', async (request) => {
  const id = idOf(request)
  const form = parseForm(seenForm, request.req.body)
  if (!form.ok) return again(request, id, { form })
  const proven = await request.inClinic((ctx) => proveInPerson(ctx, id, form.value.note))
  await back(request, id, proven.ok ? { kind: 'success', key: 'rights.flash.proven' } : refused(proven.reason))
}, always) // prettier-ignore

const correctionsOf = (form: z.output<ReturnType<typeof correctionForm>>): Corrections => ({
  name: form.correct_name,
  phone: form.correct_phone,
  email: form.correct_email ?? null,
  language: form.correct_language,
})

const onForm = { reasons_required: 'reasons', no_parts: 'parts', known_already: 'correct_name' } as const

routes.post(`${one}/decision`, 'clinic.privacy', async (request) => {
  const { req, clinic, services, inClinic } = request
  const id = idOf(request)
  const kind = await inClinic((ctx) => lookAtRequest(ctx, id))
  const form = parseForm(decisionForm, req.body)
  const parts = partsTicked(req.body)
  if (!form.ok) return again(request, id, { form, parts })
  const { decision, reasons, tell } = form.value
  const corrections = kind === 'correction' && decision !== 'refused' ? parseForm(correctionForm(clinic.country), req.body) : undefined
  if (corrections && !corrections.ok) return again(request, id, { form: corrections, parts })
  const decided = await inClinic((ctx) => decideRequest(ctx, services, id, { decision, parts, reasons, tell, corrections: corrections && correctionsOf(corrections.value) }))
  if (decided.ok) return back(request, id, { kind: 'success', key: `rights.flash.decided_${decided.value.sent}` })
  const field = decided.reason in onForm ? onForm[decided.reason as keyof typeof onForm] : 'decision'
  // Somebody else decided meanwhile: what they did is what there is to see.
  if (decided.reason === 'closed') return back(request, id, refused('closed'))
  await again(request, id, { form: withErrors(form, { [field]: `rights.refused.${decided.reason}` }), parts }, 409)
}, always) // prettier-ignore

routes.post(`${one}/withdrawal`, 'clinic.privacy', async (request) => {
  const id = idOf(request)
  const withdrawn = await request.inClinic((ctx) => withdrawRequest(ctx, id))
  await back(request, id, withdrawn.ok ? { kind: 'info', key: 'rights.flash.withdrawn' } : refused(withdrawn.reason))
}, always) // prettier-ignore

// A form, because it is written down who took it; like every export only for who proved to be the owner.
routes.post(`${one}/copy`, 'clinic.privacy', async (request) => {
  const { req, res, speaker, show, at, inClinic } = request
  const id = idOf(request)
  const form = parseForm(copyForm, req.body)
  const format = form.ok ? form.value.format : 'page'
  const copy = await inClinic(async (ctx) => {
    const taken = await takeCopy(ctx, id, format)
    if (!taken) return undefined
    const { record, parts } = taken
    if (format === 'json') return patientFile(ctx, only(record, parts))
    const from = { back: { href: at(`${home}/${id}`), label: referenceOf(id) } }
    return copyPage(ctx, speaker, record, parts, from)
  })
  if (!copy) return back(request, id, refused('not_now'))
  if ('template' in copy) return show(copy)
  res.status(200)
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Disposition', `attachment; filename="${copy.name}"`)
  res.send(copy.text)
}, { ...always, stepUp: true }) // prettier-ignore

routes.get(`${one}/answer`, 'clinic.privacy', async (request) => {
  const id = idOf(request)
  const page = await request.inClinic((ctx) => printedAnswerPage(ctx, request.speaker, id))
  if (page) return request.show(page)
  await request.redirect(request.at(`${home}/${id}`))
}, always) // prettier-ignore
