// A few routes behind the same doors as the product's, for tests of the doors themselves.
import express, { type RequestHandler } from 'express'
import { parseId } from '../../src/kernel/ids.ts'
import { HttpError } from '../../src/platform/errors.ts'
import type { Services } from '../../src/platform/services.ts'
import { csrf, rotateCsrf } from '../../src/platform/web/csrf.ts'
import { openEventStream } from '../../src/platform/web/event-stream.ts'
import {
  accountRouter,
  clinicRouter,
  operatorRouter,
  patientRouter,
  publicRouter,
} from '../../src/platform/web/routers.ts'
import { destroySession, flash, sessions, startSession } from '../../src/platform/web/session.ts'

export function testRoutes(services: Services): RequestHandler {
  const visitor = publicRouter('test')
  visitor.get('/t/form', 'public', ({ req, res }) => {
    res.send(
      `<form method="post" action="/t/form"><input type="hidden" name="_csrf" value="${req.csrfToken()}"></form>`,
    )
  })
  visitor.post('/t/form', 'public', ({ res }) => {
    res.send('done')
  })
  visitor.post('/t/sign-in', 'public', async ({ req, res }) => {
    const { userId } = req.body as { userId: string }
    await startSession(req, { id: parseId<'user'>(userId)!, passwordVersion: 1, platformAdmin: false }, ['password'])
    rotateCsrf(req, res)
    res.redirect(303, '/t/account')
  })
  visitor.post('/t/sign-out', 'public', async ({ req, res }) => {
    await destroySession(req)
    res.redirect(303, '/sign-in')
  })
  visitor.get('/t/fails/:token', 'public', async ({ req }) => {
    const { status } = req.query
    if (status === 'database')
      await services.db.raw(
        'insert into platform.users (id, email, name, password_hash, created_at) select id, email, name, password_hash, created_at from platform.users limit 1',
      )
    if (status === '500') throw new Error('secret detail of the failure')
    throw new HttpError(Number(status) as HttpError['status'], 'secret reason', status === '429' ? 42 : undefined)
  })

  const patient = patientRouter('test')
  patient.get('/t', 'public', (request) => {
    request.res.json({ id: request.clinic.id, back: request.url('/c/x?day=2#top') })
  })

  const account = accountRouter('test')
  account.get('/t/account', 'signed_in', ({ person, res }) => {
    res.json({ userId: person.userId })
  })
  account.get('/t/poll', 'signed_in', ({ res }) => {
    res.send('nothing new')
  }, { background: true }) // prettier-ignore
  account.post('/t/account', 'signed_in', async (request) => {
    flash(request.req, { kind: 'success', key: 'shared.action.undo' })
    await request.redirect('/t/account')
  })

  const workspace = clinicRouter('test')
  workspace.get('/t/settings', 'clinic.settings', ({ clinic, role, res }) => {
    res.json({ id: clinic.id, role })
  })
  workspace.get('/t/today', 'today.see', ({ role, res }) => {
    res.json({ role })
  })

  workspace.get('/t/stream', 'today.see', (request) => {
    openEventStream(request)?.send('diary', '7')
  }, { background: true }) // prettier-ignore

  const console_ = operatorRouter('test')
  console_.get('/t', 'console.see', ({ res }) => {
    res.send('console')
  })

  const router = express.Router()
  router.use(express.urlencoded({ extended: false }), csrf(services.config.secureCookies), sessions(services))
  for (const { express: routes } of [visitor, patient, account, workspace, console_]) router.use(routes)
  // Everything else goes on to the product untouched.
  return (req, res, next) => (/(^|\/)t(\/|$)/.test(req.path) ? router(req, res, next) : next())
}
