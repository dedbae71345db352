// Writing to all clinics, or to some.
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { idParam, operatorRouter, type AccountRequest } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { editAnnouncement, withdrawAnnouncement, writeAnnouncement } from '../../announcements/actions.ts'
import { announcementPage, announcementsPage } from '../pages/announcements.ts'
import { announcementForm, joined, jobsQuery } from '../schema/operations.ts'

const routes = operatorRouter('console')
export const consoleAnnouncementsRoutes = routes

const lists = ['plans', 'countries', 'languages']
const handling = ({ services, origin, person }: AccountRequest) => ({ services, origin, actorId: person.userId })
const wantsPreview = (body: unknown) => typeof body === 'object' && body !== null && 'preview' in body

routes.get('/announcements', 'console.operate', async ({ req, services, speaker, show }) => {
  show(await announcementsPage(services, speaker, jobsQuery.parse(req.query).after))
})

routes.get('/announcements/new', 'console.operate', async ({ services, speaker, show }) => {
  show(await announcementPage(services, speaker, undefined))
})

routes.post('/announcements/new', 'console.operate', async (request) => {
  const { req, services, speaker, show, redirect } = request
  const form = parseForm(announcementForm, joined(req.body, lists))
  if (!form.ok) return show(await announcementPage(services, speaker, undefined, form), { status: 422 })
  const { wording, publish } = form.value
  if (wantsPreview(req.body)) {
    const typed = { values: form.values, errors: {} }
    return show(await announcementPage(services, speaker, undefined, typed, wording))
  }
  const id = await writeAnnouncement(handling(request), wording, publish)
  flash(req, { kind: 'success', key: publish ? 'announcements.flash.published' : 'announcements.flash.saved' })
  await redirect(`/admin/announcements/${id}`)
})

routes.get('/announcements/:id', 'console.operate', async ({ req, services, speaker, show }) => {
  show(await announcementPage(services, speaker, idParam<'announcement'>(req, 'id')))
})

routes.post('/announcements/:id', 'console.operate', async (request) => {
  const { req, services, speaker, show, redirect } = request
  const id = idParam<'announcement'>(req, 'id')
  const form = parseForm(announcementForm, joined(req.body, lists))
  if (!form.ok) return show(await announcementPage(services, speaker, id, form), { status: 422 })
  const { wording, publish } = form.value
  if (wantsPreview(req.body)) {
    const typed = { values: form.values, errors: {} }
    return show(await announcementPage(services, speaker, id, typed, wording))
  }
  const edited = await editAnnouncement(handling(request), id, wording, publish)
  if (!edited.ok) {
    const wrong = withErrors(form, { form: `announcements.error.${edited.reason}` })
    return show(await announcementPage(services, speaker, id, wrong), { status: 409 })
  }
  flash(req, { kind: 'success', key: publish ? 'announcements.flash.published' : 'announcements.flash.saved' })
  await redirect(`/admin/announcements/${id}`)
})

routes.post('/announcements/:id/withdrawal', 'console.operate', async (request) => {
  const { req, redirect } = request
  const id = idParam<'announcement'>(req, 'id')
  const withdrawn = await withdrawAnnouncement(handling(request), id)
  flash(
    req,
    withdrawn.ok
      ? { kind: 'success', key: 'announcements.flash.withdrawn' }
      : { kind: 'info', key: `announcements.error.${withdrawn.reason}` },
  )
  await redirect(`/admin/announcements/${id}`)
})
