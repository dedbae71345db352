// What people wrote by the contact form, and what is done about it.
import { parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { sendCsv } from '../../../platform/csv.ts'
import { idParam, operatorRouter, type AccountRequest } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import {
  answerRequest,
  assignRequest,
  closeRequest,
  noteOnRequest,
  reopenRequest,
  routeRequest,
  type Handling,
} from '../../requests/actions.ts'
import { noteExport } from '../actions/export.ts'
import { requestLines, requestPage, requestsHeader, requestsPage, type RequestForms } from '../pages/requests.ts'
import { assignForm, closeForm, requestsQuery, routeForm, textForm } from '../schema/operations.ts'

const routes = operatorRouter('console')
export const consoleRequestsRoutes = routes

const handling = ({ services, origin, person }: AccountRequest): Handling => ({
  services,
  origin,
  actorId: person.userId,
})
const idOf = ({ req }: AccountRequest) => idParam<'request'>(req, 'id')

/** The same page with what was typed and what is wrong with it. */
async function again(request: AccountRequest, forms: RequestForms): Promise<void> {
  const { services, speaker, show } = request
  show(await requestPage(services, speaker, idOf(request), forms), { status: 422 })
}

async function said(request: AccountRequest, what: string): Promise<void> {
  flash(request.req, { kind: 'success', key: `requests.flash.${what}` })
  await request.redirect(`/admin/requests/${idOf(request)}`)
}

const refused = (form: { values: Record<string, string> }, field: string, reason: string): Form =>
  withErrors(form, { [field]: `requests.error.${reason}` })

routes.get('/requests', 'console.operate', async ({ req, services, speaker, person, show }) => {
  show(await requestsPage(services, speaker, requestsQuery.parse(req.query), person.userId))
})

// Not a GET: that a list left the house is an event of its own.
routes.post('/requests/export', 'console.operate', async ({ req, res, services, person, origin }) => {
  const name = await noteExport(services, origin, person.userId, 'requests')
  await sendCsv(res, name, requestsHeader, requestLines(services, requestsQuery.parse(req.query), person.userId))
})

routes.get('/requests/:id', 'console.operate', async (request) => {
  request.show(await requestPage(request.services, request.speaker, idOf(request)))
})

routes.post('/requests/:id/answer', 'console.operate', async (request) => {
  const form = parseForm(textForm, request.req.body)
  if (!form.ok) return again(request, { answer: form })
  const answered = await answerRequest(handling(request), idOf(request), form.value.text)
  if (!answered.ok) return again(request, { answer: refused(form, 'text', answered.reason) })
  await said(request, 'answered')
})

routes.post('/requests/:id/notes', 'console.operate', async (request) => {
  const form = parseForm(textForm, request.req.body)
  if (!form.ok) return again(request, { note: form })
  await noteOnRequest(handling(request), idOf(request), form.value.text)
  await said(request, 'noted')
})

routes.post('/requests/:id/assignment', 'console.operate', async (request) => {
  const form = parseForm(assignForm, request.req.body)
  if (!form.ok) return again(request, {})
  const given = await assignRequest(handling(request), idOf(request), form.value.to)
  if (!given.ok) return again(request, {})
  await said(request, 'assigned')
})

routes.post('/requests/:id/routing', 'console.operate', async (request) => {
  const form = parseForm(routeForm, request.req.body)
  if (!form.ok) return again(request, { route: form })
  const routed = await routeRequest(handling(request), idOf(request), form.value.clinic)
  if (!routed.ok) return again(request, { route: refused(form, 'clinic', routed.reason) })
  await said(request, 'routed')
})

routes.post('/requests/:id/closing', 'console.operate', async (request) => {
  const form = parseForm(closeForm, request.req.body)
  if (!form.ok) return again(request, { close: form })
  const closed = await closeRequest(handling(request), idOf(request), form.value.reason)
  if (!closed.ok) return again(request, { close: refused(form, 'reason', closed.reason) })
  await said(request, 'closed')
})

routes.post('/requests/:id/closing/undo', 'console.operate', async (request) => {
  const opened = await reopenRequest(handling(request), idOf(request))
  flash(
    request.req,
    opened.ok
      ? { kind: 'success', key: 'requests.flash.reopened' }
      : { kind: 'info', key: `requests.error.${opened.reason}` },
  )
  await request.redirect(`/admin/requests/${idOf(request)}`)
})
