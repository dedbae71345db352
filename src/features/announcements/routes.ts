import { parseForm } from '../../kernel/forms.ts'
import { parseId } from '../../kernel/ids.ts'
import { accountRouter, publicRouter } from '../../platform/web/routers.ts'
import { chooseNews, dismissAnnouncement, getNewsReader } from './actions.ts'
import { unsubscribePage } from './pages.ts'
import { dismissalForm, newsForm } from './schema.ts'

/** Behind the link in a mail. Mail programs open links by themselves, so that looking changes nothing. */
export const newsRoutes = publicRouter('announcements')

const tokenOf = (token: unknown): string => (typeof token === 'string' ? token : '')

newsRoutes.get('/unsubscribe/:token', 'public', async ({ req, res, services, speaker, show }) => {
  res.setHeader('Cache-Control', 'no-store')
  const token = tokenOf(req.params.token)
  show(unsubscribePage(speaker, token, await getNewsReader(services, token)))
})

newsRoutes.post('/unsubscribe/:token', 'public', async ({ req, res, services, origin, speaker, show }) => {
  res.setHeader('Cache-Control', 'no-store')
  const token = tokenOf(req.params.token)
  const form = parseForm(newsForm, req.body)
  await chooseNews(services, origin, token, form.ok && form.value.news === 'yes')
  show(unsubscribePage(speaker, token, await getNewsReader(services, token)))
})

export const dismissalRoutes = accountRouter('announcements')

dismissalRoutes.post('/account/announcements/dismissal', 'signed_in', async ({ req, services, person, redirect }) => {
  const form = parseForm(dismissalForm, req.body)
  const id = form.ok ? parseId<'announcement'>(form.value.announcement) : undefined
  if (!form.ok || id === undefined) return redirect('/')
  await dismissAnnouncement(services, person.userId, id)
  await redirect(form.value.back ?? '/')
})
