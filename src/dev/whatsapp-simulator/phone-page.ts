// The phone in the browser: read, tap, reply. And the switches that make the network misbehave.
import { fileURLToPath } from 'node:url'
import ejs from 'ejs'
import express, { Router, type Request, type RequestHandler } from 'express'
import { controlSettings, type ControlSettings } from './controls.ts'
import type { Controls } from './simulator.ts'
import { digitsOf, type SimulatorState } from './state.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The page's own forms only: it is mounted before the product's protection. */
const ownForms: RequestHandler = (req, res, next) => {
  const site = req.headers['sec-fetch-site']
  if (req.method === 'GET' || site === undefined || site === 'same-origin' || site === 'none') return next()
  res.status(403).type('text/plain').send('Not from another site.')
}

const switches = [
  { name: 'late', label: 'Keep statuses back until released' },
  { name: 'twice', label: 'Deliver every webhook twice' },
  { name: 'outOfOrder', label: 'Deliver out of order' },
  { name: 'statusBeforeAnswer', label: 'Status before the answer to the send' },
  { name: 'tokenInvalid', label: 'The access token is refused (190)' },
  { name: 'wrongSignature', label: 'Sign with the wrong secret' },
  { name: 'foreignPhoneNumber', label: 'Name a foreign phone_number_id' },
] as const

export function phonePages(state: SimulatorState, controls: Controls, settings: () => ControlSettings): Router {
  const router = Router()
  router.use('/phone-assets', express.static(here('./assets'), { maxAge: 0 }))
  router.use(['/phone', '/whatsapp'], ownForms)

  const page = async (req: Request, number: string | undefined) =>
    ejs.renderFile(here('./views/phone.ejs'), {
      base: req.baseUrl,
      phones: [...state.phones.values()].sort((a, b) => (b.bubbles.at(-1)?.at ?? 0) - (a.bubbles.at(-1)?.at ?? 0)),
      phone: number === undefined ? undefined : state.phone(number),
      switches: switches.map((one) => ({ ...one, on: settings()[one.name] === true })),
      settings: settings(),
      waiting: controls.waiting(),
      time: (at: number) => new Date(at).toISOString().slice(11, 16),
    })

  router.get('/phone', async (req, res) => {
    const typed = typeof req.query.number === 'string' ? digitsOf(req.query.number) : ''
    const [latest] = [...state.phones.values()].filter(({ unread }) => unread > 0)
    const number = typed !== '' ? typed : latest?.number
    const html = await page(req, number)
    // Looking at a conversation is what reads it; the ticks follow as they would from a real phone.
    if (number !== undefined && state.phones.has(number)) controls.open(number)
    res.type('html').send(html)
  })
  const form = express.urlencoded({ extended: false })
  const back = (req: Request, number: string) => `${req.baseUrl}/phone?number=${digitsOf(number)}`
  const field = (req: Request, name: string): string => {
    const value = (req.body as Record<string, unknown>)[name]
    return typeof value === 'string' ? value : ''
  }
  router.post('/phone/:number/reply', form, (req, res) => {
    const number = String(req.params.number)
    const text = field(req, 'text').trim()
    if (text !== '') controls.reply(number, text)
    res.redirect(303, back(req, number))
  })
  router.post('/phone/:number/tap', form, (req, res) => {
    const number = String(req.params.number)
    controls.tap(number, field(req, 'message'), Number(field(req, 'button')))
    res.redirect(303, back(req, number))
  })
  router.post('/whatsapp/switches', form, (req, res) => {
    const wanted: Record<string, unknown> = {}
    for (const { name } of switches) if (field(req, name) !== '') wanted[name] = true
    const code = Number(field(req, 'failCode'))
    if (code > 0) wanted[field(req, 'failHow') === 'status' ? 'failByStatus' : 'failSends'] = { count: 1, code }
    controls.set(controlSettings.parse(wanted))
    res.redirect(303, back(req, field(req, 'number')))
  })
  router.post('/whatsapp/release', form, async (req, res) => {
    await controls.flush()
    res.redirect(303, back(req, field(req, 'number')))
  })
  // For scripts: the same, as JSON.
  router.post('/whatsapp/controls', express.json(), (req, res) => {
    const wanted = controlSettings.safeParse(req.body)
    if (!wanted.success) {
      res.status(400).json({ error: wanted.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) })
      return
    }
    controls.set(wanted.data)
    res.json({ ok: true })
  })
  router.get('/whatsapp/inbox/:number', (req, res) => {
    res.json({ messages: controls.inbox(req.params.number) })
  })
  return router
}
