// The same for scripts, as JSON.
import express, { Router } from 'express'
import { controlAction, controlSettings, type StripeAction } from './controls.ts'
import type { PageParts } from './pages.ts'

export function stripeControlApi({ state, controls }: PageParts): Router {
  const router = Router()
  router.get('/stripe/controls', (_req, res) => {
    const { sessions, subscriptions, invoices, charges } = state.tables
    res.json({
      settings: controls.settings(),
      waiting: controls.waiting(),
      lines: controls.lines(),
      sessions: [...sessions.values()],
      subscriptions: [...subscriptions.values()],
      invoices: [...invoices.values()],
      charges: [...charges.values()],
    })
  })
  // A body with `do` makes one thing happen; any other is how to misbehave from now on, and `{}` is not at all.
  router.post('/stripe/controls', express.json(), async (req, res) => {
    const body: unknown = req.body ?? {}
    const action = typeof body === 'object' && body !== null && 'do' in body
    const wanted = action ? controlAction.safeParse(body) : controlSettings.safeParse(body)
    if (!wanted.success) {
      res.status(400).json({ error: wanted.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) })
    } else if ('do' in wanted.data) {
      const answer = await act(wanted.data, { state, controls })
      res.status(answer === undefined ? 404 : 200).json(answer ?? { error: ['there is no such thing'] })
    } else {
      controls.set(wanted.data)
      res.json({ ok: true })
    }
  })
  return router
}

/** What it answers; `undefined` where there is nothing to do it to. */
async function act(action: StripeAction, { state, controls }: PageParts): Promise<Record<string, unknown> | undefined> {
  const ok = { ok: true }
  switch (action.do) {
    case 'flush':
      return { answers: await controls.flush() }
    case 'release':
      return { answers: await controls.release() }
    case 'reset':
      controls.reset()
      return ok
    case 'tick':
      controls.tick()
      return ok
    case 'pay':
      return state.find('sessions', action.session) && { outcome: controls.pay(action.session, action.card) }
    case 'expire':
      if (state.find('sessions', action.session)?.status !== 'open') return undefined
      controls.expire(action.session)
      return ok
    case 'renew':
    case 'cancel':
    case 'resume': {
      const found = state.find('subscriptions', action.subscription)
      if (!found || found.status === 'canceled') return undefined
      if (action.do === 'renew') controls.renew(found.id, action.fails)
      else if (action.do === 'cancel') controls.cancel(found.id, action.at)
      else controls.resume(found.id)
      return ok
    }
    case 'card':
      if (!state.find('customers', action.customer)) return undefined
      controls.changeCard(action.customer, action.card)
      return ok
    case 'refund': {
      const id = controls.refund(action.payment, action.amount)
      return id === undefined ? undefined : { id }
    }
    case 'dispute':
      return controls.dispute(action.payment) ? ok : undefined
    case 'event':
      controls.send({ type: action.type, object: action.object })
      return ok
  }
}
