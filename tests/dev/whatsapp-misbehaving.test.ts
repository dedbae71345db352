import express from 'express'
import { describe, expect, it } from 'vitest'
import { signatureOf } from '../../src/dev/whatsapp-simulator/payloads.ts'
import { createWhatsAppSimulator } from '../../src/dev/whatsapp-simulator/simulator.ts'
import {
  type Inbound,
  codeMessage,
  errorOf,
  inbound,
  listening,
  names,
  now,
  number,
  options,
  passTime,
  received,
  send,
  simulator,
  statuses,
  template,
  text,
  useSimulator,
} from './whatsapp-scene.ts'

useSimulator()

describe('misbehaving', () => {
  it('fails the next sends with a code, then no more', async () => {
    simulator.controls.set({ failSends: { count: 2, code: 131000 } })
    expect([await errorOf(template()), await errorOf(template())]).toEqual([131000, 131000])
    expect((await send(template())).status).toBe(200)
    expect(simulator.controls.inbox(number)).toHaveLength(1)
  })

  it('answers 429 and says when to come back', async () => {
    simulator.controls.set({ failSends: { count: 1, code: 130429, retryAfter: 7 } })
    const refused = await send(template())
    expect([refused.status, refused.json.error?.code, refused.headers.get('retry-after')]).toEqual([429, 130429, '7'])
  })

  it('fails by status, also for a number without WhatsApp, and shows nothing on the phone', async () => {
    simulator.controls.set({ failByStatus: { count: 1, code: 131048 } })
    await send(template())
    simulator.controls.set({ withoutWhatsApp: [number] })
    await send(template())
    await simulator.controls.flush()
    expect(statuses().map(({ status, errors }) => [status, errors?.[0]?.code])).toEqual([
      ['failed', 131048],
      ['failed', 131026],
    ])
    expect(statuses()[0]!.biz_opaque_callback_data).toBe('clinic.message')
    expect(simulator.controls.inbox(number)).toEqual([])
  })

  it('takes text outside the window and fails it by status', async () => {
    simulator.controls.set({ windowByStatus: true })
    expect((await send(text('hello'))).status).toBe(200)
    await simulator.controls.flush()
    expect(statuses()[0]!.errors![0]!.code).toBe(131047)
  })

  it('keeps statuses back until they are released, with the time of what they tell', async () => {
    simulator.controls.set({ late: true })
    await send(template())
    simulator.controls.reply(number, 'hello')
    const then = now
    await simulator.controls.flush()
    expect([names(), inbound().length, simulator.controls.kept()]).toEqual([[], 1, 2])
    passTime(3 * 24 * 3_600_000)
    await simulator.controls.release()
    expect(names()).toEqual(['sent', 'delivered'])
    expect(Number(statuses()[0]!.timestamp)).toBe(Math.floor((then + 200) / 1000))
    expect(simulator.controls.waiting()).toBe(0)
  })

  it('lets go of what it kept back once it is told to behave', async () => {
    simulator.controls.set({ late: true })
    await send(template())
    simulator.controls.set({})
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered'])
  })

  it('delivers twice, byte for byte', async () => {
    simulator.controls.set({ twice: true })
    await send(template())
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'sent', 'delivered', 'delivered'])
    expect(received[0]!.body).toBe(received[1]!.body)
  })

  it('delivers read before delivered before sent, each with its own time', async () => {
    simulator.controls.set({ outOfOrder: true })
    await send(template())
    await simulator.controls.flush()
    expect(names()).toEqual(['read', 'delivered', 'sent'])
    const times = statuses().map(({ timestamp }) => Number(timestamp))
    expect(times).toEqual([...times].sort((a, b) => b - a))
  })

  it('may say read without delivered', async () => {
    simulator.controls.set({ withoutDelivered: true })
    await send(template())
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'read'])
  })

  it('may put fifty statuses into one request', async () => {
    simulator.controls.set({ together: true })
    for (let sent = 0; sent < 25; sent++) await send(template())
    await simulator.controls.flush()
    expect(received).toHaveLength(1)
    expect(statuses()).toHaveLength(50)
  })

  it('can report a status before it answers the send', async () => {
    simulator.controls.set({ statusBeforeAnswer: true })
    await send(template())
    expect(names()).toEqual(['sent'])
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered'])
  })

  it('accepts and never answers, or breaks the line', async () => {
    const other = createWhatsAppSimulator(options)
    const url = `${await listening(express().use(other.router))}/graph/v25.0`
    simulator.controls.set({ breakAfterAccepting: 1 })
    await expect(send(template())).rejects.toThrow()
    expect(simulator.controls.inbox(number)).toHaveLength(1)

    for (const { name, language, category, components } of simulator.state.templates.values()) {
      other.state.addTemplate({ name, language, category, components, status: 'APPROVED' })
    }
    other.controls.set({ timeOutAfterAccepting: 1 })
    const unanswered = fetch(`${url}/11/messages`, {
      method: 'POST',
      headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
      body: JSON.stringify(template()),
    }).then(() => 'answered', () => 'never') // prettier-ignore
    while (other.controls.inbox(number).length === 0) await new Promise((resolve) => setImmediate(resolve))
    await other.controls.flush()
    expect(names()).toEqual(['sent', 'delivered'])
    await other.stop()
    expect(await unanswered).toBe('never')
  })

  it('signs with the wrong secret', async () => {
    simulator.controls.set({ wrongSignature: true })
    simulator.controls.reply(number, 'STOP')
    await simulator.controls.flush()
    expect(received[0]!.signature).toMatch(/^sha256=[0-9a-f]{64}$/)
    expect(received[0]!.signature).not.toBe(signatureOf('app-secret', received[0]!.body))
  })

  it('names a foreign number under a right signature', async () => {
    simulator.controls.set({ foreignPhoneNumber: true })
    simulator.controls.reply(number, 'STOP')
    await simulator.controls.flush()
    expect(received[0]!.signature).toBe(signatureOf('app-secret', received[0]!.body))
    expect(received[0]!.value.metadata!.phone_number_id).not.toBe('11')
  })

  it('refuses every token from now on', async () => {
    simulator.controls.set({ tokenInvalid: true })
    expect((await send(template())).status).toBe(401)
  })

  it('names a person who hides the number by user id alone, and can be written to by it', async () => {
    simulator.controls.set({ hidden: [number] })
    simulator.controls.reply(number, 'hello')
    await simulator.controls.flush()
    const [message] = inbound() as [Inbound]
    expect([message.from, received[0]!.value.contacts![0]!.wa_id]).toEqual([undefined, undefined])
    const byId = { ...text('hello'), to: undefined, recipient: message.from_user_id }
    expect((await send(byId)).json.contacts![0]).toMatchObject({ user_id: message.from_user_id })
    expect(await errorOf({ ...codeMessage('482913'), to: undefined, recipient: message.from_user_id })).toBe(131062)
    await simulator.controls.flush()
    expect(statuses()[0]).toMatchObject({ recipient_user_id: message.from_user_id })
    expect(statuses()[0]!.recipient_id).toBeUndefined()
  })
})
