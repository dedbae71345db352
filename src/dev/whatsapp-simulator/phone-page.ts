// The phone in the browser: read, tap, reply. Beside it, the switches that make the network misbehave.
import { fileURLToPath } from 'node:url'
import ejs from 'ejs'
import express, { Router, type Request } from 'express'
import { controlApi } from './control-api.ts'
import { networkView } from './network-forms.ts'
import { back, field, form, ownForms } from './posted-forms.ts'
import { pieces } from './rich-text.ts'
import type { Controls } from './simulator.ts'
import { digitsOf, type Bubble, type Phone, type SimulatorState } from './state.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export function phonePages(parts: { state: SimulatorState; controls: Controls; business: string }): Router {
  const { state, controls } = parts
  const router = Router()
  router.use('/phone-assets', express.static(here('./assets'), { maxAge: 0 }))
  router.use(['/phone', '/whatsapp'], ownForms)

  router.get('/phone', async (req, res) => {
    const typed = typeof req.query.number === 'string' ? req.query.number : undefined
    const digits = typed === undefined ? latest(state)?.number : digitsOf(typed)
    const wrong = typed !== undefined && typed.trim() !== '' && !/^[1-9]\d{6,14}$/.test(digits ?? '')
    const phone =
      digits === undefined || digits === '' || wrong ? undefined : (state.findPhone(digits) ?? blank(digits))
    // Looking at a conversation is what reads it; the ticks follow as they would from a real phone.
    if (phone && phone.unread > 0) controls.open(phone.number)
    const html = await ejs.renderFile(here('./views/phone.ejs'), {
      base: req.baseUrl,
      business: parts.business,
      typed: wrong ? typed : '',
      wrong,
      phones: listed(state, phone),
      phone: phone && { number: phone.number, days: days(phone) },
      network: networkView(state, controls, phone),
    })
    res.type('html').set('Cache-Control', 'no-store').send(html)
  })

  router.post('/phone/:number/reply', form, (req, res) => {
    const text = field(req, 'text').trim()
    if (text !== '' && text.length <= 4096) controls.reply(numberOf(req), text)
    res.redirect(303, back(req, numberOf(req)))
  })
  router.post('/phone/:number/tap', form, (req, res) => {
    const message = state.findPhone(numberOf(req))?.bubbles.find(({ id }) => id === field(req, 'message'))
    const index = Number(field(req, 'button'))
    // A button that is no longer there, after a restart or a reset, does nothing.
    if (message?.buttons[index]?.kind === 'reply') controls.tap(numberOf(req), message.id, index)
    res.redirect(303, back(req, numberOf(req)))
  })
  router.use(controlApi(state, controls))
  return router
}

const numberOf = (req: Request): string => digitsOf(String(req.params.number))

const blank = (number: string): Phone => ({ number, bubbles: [], unread: 0, windowUntil: 0 })
const shown = ({ bubbles }: Phone): Bubble[] => bubbles.filter(({ status }) => status !== 'failed')
const lastAt = (phone: Phone): number => shown(phone).at(-1)?.at ?? 0
const byLatest = (state: SimulatorState): Phone[] =>
  [...state.phones.values()].filter((phone) => lastAt(phone) > 0).sort((a, b) => lastAt(b) - lastAt(a))
const latest = (state: SimulatorState): Phone | undefined => {
  const phones = byLatest(state)
  return phones.find(({ unread }) => unread > 0) ?? phones[0]
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })

function listed(state: SimulatorState, open: Phone | undefined) {
  return byLatest(state)
    .slice(0, 50)
    .map((phone) => {
      const last = shown(phone).at(-1)
      return {
        number: phone.number,
        unread: phone.unread,
        current: phone.number === open?.number,
        time: clock.format(lastAt(phone)),
        last: last?.text.replace(/[*_~]/g, '').slice(0, 80) ?? '',
      }
    })
}

/** The conversation as it is drawn, a heading for each day. */
function days(phone: Phone) {
  const found: { name: string; bubbles: ReturnType<typeof drawn>[] }[] = []
  for (const bubble of shown(phone)) {
    const name = day.format(bubble.at)
    if (found.at(-1)?.name !== name) found.push({ name, bubbles: [] })
    found.at(-1)?.bubbles.push(drawn(bubble, phone))
  }
  return found
}

function drawn(bubble: Bubble, phone: Phone) {
  const { id, header, footer, buttons, tapped, answers } = bubble
  const quoted = answers === undefined ? undefined : phone.bubbles.find((one) => one.id === answers)
  const mine = bubble.direction === 'out'
  return {
    id,
    header,
    footer,
    buttons,
    tapped,
    mine,
    pieces: pieces(bubble.text),
    time: clock.format(bubble.at),
    quoted: quoted?.text.replace(/\s+/g, ' ').slice(0, 70),
    ticks: mine ? (bubble.seen ? 'read' : bubble.taken ? 'delivered' : 'sent') : undefined,
  }
}
