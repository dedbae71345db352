// The switches beside the phone: what they show, and what a posted form asks for.
import { templateStates, type ControlSettings } from './controls.ts'
import type { Controls } from './simulator.ts'
import { digitsOf, type Phone, type SimulatorState } from './state.ts'

const switches = [
  { name: 'late', label: 'Keep statuses back until released' },
  { name: 'twice', label: 'Deliver every webhook twice' },
  { name: 'outOfOrder', label: 'Read before delivered before sent' },
  { name: 'withoutDelivered', label: 'Read without delivered' },
  { name: 'together', label: 'All waiting statuses in one request' },
  { name: 'statusBeforeAnswer', label: 'Status before the answer to the send' },
  { name: 'wrongSignature', label: 'Sign with the wrong secret' },
  { name: 'foreignPhoneNumber', label: 'Name a foreign phone_number_id' },
  { name: 'tokenInvalid', label: 'Refuse the access token (190)' },
] as const

const codes = [
  { code: 131026, label: 'no WhatsApp on this number' },
  { code: 131000, label: 'something went wrong' },
  { code: 131016, label: 'service unavailable' },
  { code: 130429, label: 'too many requests (429)' },
  { code: 131056, label: 'too many to one person' },
  { code: 131047, label: '24 hours have passed' },
  { code: 131048, label: 'spam rate limit' },
  { code: 131042, label: 'payment problem' },
  { code: 131050, label: 'person stopped marketing' },
  { code: 132001, label: 'no such template' },
  { code: 132015, label: 'template paused' },
  { code: 190, label: 'token expired' },
]

const perPhone = ['withoutWhatsApp', 'hidden'] as const

export function networkView(state: SimulatorState, controls: Controls, phone: Phone | undefined) {
  const settings = controls.settings()
  const has = (numbers: string[] | undefined) => (numbers ?? []).some((one) => digitsOf(one) === phone?.number)
  const templates = new Map<string, string[]>()
  for (const { name, status } of state.templates.values()) templates.set(name, [...(templates.get(name) ?? []), status])
  const failing = settings.failSends ?? settings.failByStatus
  return {
    switches: switches.map((one) => ({ ...one, on: settings[one.name] === true })),
    codes,
    fail: { count: failing?.count ?? 0, code: failing?.code ?? 131026, how: settings.failSends ? 'send' : 'status' },
    silent: (settings.timeOutAfterAccepting ?? 0) > 0,
    broken: (settings.breakAfterAccepting ?? 0) > 0,
    noWhatsApp: has(settings.withoutWhatsApp),
    hidden: has(settings.hidden),
    misbehaving: Object.values(settings).some((value) => value !== undefined && value !== false && value !== 0),
    waiting: controls.waiting(),
    kept: controls.kept(),
    templates: [...templates].map(([name, statuses]) => ({ name, status: [...new Set(statuses)].join(', ') })),
    templateStates,
    lines: controls
      .lines()
      .slice(0, 25)
      .map((line) => ({ ...line, time: new Date(line.at).toISOString().slice(11, 19) })),
  }
}

/** The settings a posted form stands for. What it says of a phone is about the one that is open. */
export function settingsOf(field: (name: string) => string, before: ControlSettings): ControlSettings {
  const wanted: ControlSettings = {}
  for (const { name } of switches) if (field(name) !== '') wanted[name] = true
  const [count, code] = [Number(field('failCount')), Number(field('failCode'))]
  if (count > 0 && code > 0) {
    if (field('failHow') === 'status') wanted.failByStatus = { count, code }
    else wanted.failSends = { count, code, ...(code === 130429 ? { retryAfter: 5 } : {}) }
  }
  if (field('answer') === 'silent') wanted.timeOutAfterAccepting = 1
  if (field('answer') === 'broken') wanted.breakAfterAccepting = 1
  const number = digitsOf(field('number'))
  for (const name of perPhone) {
    const others = (before[name] ?? []).filter((one) => digitsOf(one) !== number)
    const numbers = field(name) === '' || number === '' ? others : [...others, number]
    if (numbers.length > 0) wanted[name] = numbers
  }
  return wanted
}
