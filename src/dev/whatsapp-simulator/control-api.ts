// The same switches for scripts, as JSON, and for the forms of the page.
import express, { Router, type Request, type Response } from 'express'
import { controlAction, controlSettings, type ControlAction } from './controls.ts'
import { settingsOf } from './network-forms.ts'
import { back, field, form } from './posted-forms.ts'
import type { Controls } from './simulator.ts'
import type { SimulatorState } from './state.ts'

export function controlApi(state: SimulatorState, controls: Controls): Router {
  const router = Router()

  router.get('/whatsapp/controls', (_req, res) => {
    res.json({
      settings: controls.settings(),
      waiting: controls.waiting(),
      kept: controls.kept(),
      lines: controls.lines(),
    })
  })
  // A body with `do` makes one thing happen; any other is how to misbehave from now on, and `{}` is not at all.
  router.post('/whatsapp/controls', express.json(), async (req: Request, res: Response) => {
    const body: unknown = req.body ?? {}
    const action = typeof body === 'object' && body !== null && 'do' in body
    const wanted = action ? controlAction.safeParse(body) : controlSettings.safeParse(body)
    if (!wanted.success) {
      res.status(400).json({ error: wanted.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) })
    } else if ('do' in wanted.data) {
      const answer = await act(wanted.data, state, controls)
      res.status(answer === undefined ? 404 : 200).json(answer ?? { error: ['there is no such message or template'] })
    } else {
      controls.set(wanted.data)
      res.json({ ok: true })
    }
  })
  router.get('/whatsapp/inbox/:number', (req, res) => {
    res.json({ messages: controls.inbox(req.params.number) })
  })

  router.post('/whatsapp/switches', form, (req, res) => {
    const wanted = controlSettings.safeParse(settingsOf((name) => field(req, name), controls.settings()))
    if (wanted.success) controls.set(wanted.data)
    res.redirect(303, back(req, field(req, 'number')))
  })
  router.post('/whatsapp/calm', form, (req, res) => {
    controls.set({})
    res.redirect(303, back(req, field(req, 'number')))
  })
  router.post('/whatsapp/release', form, async (req, res) => {
    await controls.release()
    res.redirect(303, back(req, field(req, 'number')))
  })
  router.post('/whatsapp/person', form, (req, res) => {
    const number = field(req, 'number')
    const wish = field(req, 'wish')
    if (wish === 'close-window') controls.closeWindow(number)
    if (wish === 'stop' || wish === 'resume') controls.marketing(number, wish)
    res.redirect(303, back(req, number))
  })
  router.post('/whatsapp/template', form, (req, res) => {
    const wanted = controlAction.safeParse({ do: 'template', name: field(req, 'name'), status: field(req, 'status') })
    if (wanted.success && wanted.data.do === 'template') {
      controls.setTemplate(wanted.data.name, undefined, wanted.data.status)
    }
    res.redirect(303, back(req, field(req, 'number')))
  })
  return router
}

/** What it answers; `undefined` where there is nothing to do it to. */
async function act(
  action: ControlAction,
  state: SimulatorState,
  controls: Controls,
): Promise<Record<string, unknown> | undefined> {
  switch (action.do) {
    case 'flush':
      return { answers: await controls.flush() }
    case 'release':
      return { answers: await controls.release() }
    case 'subscribe':
      return { ok: await controls.subscribe() }
    case 'reset':
      controls.reset()
      return { ok: true }
    case 'reply':
      return { id: controls.reply(action.from, action.text) }
    case 'tap': {
      const message = state.findPhone(action.from)?.bubbles.find(({ id }) => id === action.message)
      if (message?.buttons[action.button]?.kind !== 'reply') return undefined
      return { id: controls.tap(action.from, action.message, action.button) }
    }
    case 'read':
      controls.open(action.from)
      return { ok: true }
    case 'marketing':
      controls.marketing(action.from, action.value)
      return { ok: true }
    case 'change-number':
      controls.changeNumber(action.from, action.to)
      return { ok: true }
    case 'close-window':
      controls.closeWindow(action.from)
      return { ok: true }
    case 'template': {
      const changed = controls.setTemplate(action.name, action.language, action.status)
      return changed === 0 ? undefined : { changed }
    }
    case 'webhook':
      controls.webhook(action.field, action.value)
      return { ok: true }
  }
}
