// Running the service: its jobs, the outbox of all clinics, switches, the audit log.
import { parseForm } from '../../../kernel/forms.ts'
import { parseId } from '../../../kernel/ids.ts'
import { sendCsv } from '../../../platform/csv.ts'
import { notFound } from '../../../platform/errors.ts'
import { operatorRouter } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { retryMail } from '../../messaging/actions/mails.ts'
import { noteExport } from '../actions/export.ts'
import { runNow } from '../actions/jobs.ts'
import { changeSwitch } from '../actions/switches.ts'
import { auditHeader, auditLines, auditPage } from '../pages/audit.ts'
import { jobsPage } from '../pages/jobs.ts'
import { clinicMessagesPage, messagesPage } from '../pages/messages.ts'
import { switchesPage } from '../pages/switches.ts'
import {
  auditQuery,
  joined,
  jobsQuery,
  messagesQuery,
  retryForm,
  runForm,
  switchesQuery,
  switchForm,
} from '../schema/operations.ts'

const routes = operatorRouter('console')
export const operationsRoutes = routes

routes.get('/jobs', 'console.see', async ({ req, services, speaker, show }) => {
  show(await jobsPage(services, speaker, jobsQuery.parse(req.query)))
})

routes.post('/jobs/run', 'console.operate', async ({ req, services, speaker, origin, person, show, redirect }) => {
  const form = parseForm(runForm, req.body)
  if (!form.ok) return show(await jobsPage(services, speaker, {}, 'operations.error.job'), { status: 422 })
  const asked = await runNow(services, origin, person.userId, form.value.job)
  if (asked === 'unknown') notFound('job')
  flash(req, {
    kind: asked === 'asked' ? 'success' : 'info',
    key: `operations.flash.run_${asked}`,
    params: { job: form.value.job },
  })
  await redirect('/admin/jobs')
})

routes.get('/messages', 'console.see', async ({ req, services, speaker, show }) => {
  const { clinic: slug } = messagesQuery.parse(req.query)
  if (slug === undefined) return show(await messagesPage(services, speaker))
  const clinic = (await services.clinics.bySlug(slug)) ?? notFound('clinic')
  show(await clinicMessagesPage(services, speaker, clinic))
})

routes.post(
  '/messages/retry',
  'console.operate',
  async ({ req, services, speaker, origin, person, show, redirect }) => {
    const form = parseForm(retryForm, req.body)
    const id = form.ok ? parseId(form.value.mail) : undefined
    if (id === undefined) return show(await messagesPage(services, speaker, 'operations.error.mail'), { status: 422 })
    const again = await retryMail(services, origin, person.userId, id)
    flash(
      req,
      again.ok
        ? { kind: 'success', key: 'operations.flash.mail_again' }
        : { kind: 'error', key: `operations.error.mail_${again.reason}` },
    )
    await redirect('/admin/messages')
  },
)

routes.get('/switches', 'console.operate', async ({ req, services, speaker, show }) => {
  show(await switchesPage(services, speaker, switchesQuery.parse(req.query).change))
})

routes.post('/switches', 'console.operate', async ({ req, services, speaker, origin, person, show, redirect }) => {
  const form = parseForm(switchForm, joined(req.body, ['plans']))
  if (!form.ok) return show(await switchesPage(services, speaker, undefined, form), { status: 422 })
  const changed = await changeSwitch(services, origin, person.userId, form.value)
  if (!changed.ok) {
    const wrong = { values: form.values, errors: { clinics: `operations.error.${changed.reason}` } }
    return show(await switchesPage(services, speaker, undefined, wrong), { status: 422 })
  }
  flash(req, { kind: 'success', key: 'operations.flash.switched' })
  await redirect('/admin/switches')
})

routes.get('/audit', 'console.see', async ({ req, services, speaker, show }) => {
  show(await auditPage(services, speaker, auditQuery.parse(req.query)))
})

// Not a GET: that a list left the house is an event of its own.
routes.post('/audit/export', 'console.operate', async ({ req, res, services, person, origin }) => {
  const name = await noteExport(services, origin, person.userId, 'audit')
  await sendCsv(res, name, auditHeader, auditLines(services, auditQuery.parse(req.query)))
})
