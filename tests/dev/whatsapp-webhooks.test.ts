import { describe, expect, it } from 'vitest'
import { escaped, signatureOf } from '../../src/dev/whatsapp-simulator/payloads.ts'
import { createWhatsAppSimulator } from '../../src/dev/whatsapp-simulator/simulator.ts'
import {
  type Webhook,
  buttons,
  errorOf,
  idOf,
  inbound,
  names,
  now,
  number,
  options,
  productAnswers,
  received,
  send,
  simulator,
  statuses,
  template,
  useSimulator,
} from './whatsapp-scene.ts'

useSimulator()

describe('calling back', () => {
  it('reports sent and delivered, and read when the conversation is opened', async () => {
    const id = await idOf(template())
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered'])
    simulator.controls.open(number)
    simulator.controls.open(number)
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered', 'read'])
    for (const status of statuses()) {
      expect(status).toMatchObject({ id, recipient_id: '923001234567', biz_opaque_callback_data: 'clinic.message' })
    }
    expect(statuses()[0]!.pricing!.category).toBe('utility')
  })

  it('signs what it sends, with everything beyond ASCII escaped', async () => {
    simulator.controls.reply(number, 'إيقاف')
    await simulator.controls.flush()
    const [{ body, signature }] = received as [Webhook]
    expect(body).toMatch(/^[\x20-\x7e]*$/)
    expect(signature).toBe(signatureOf('app-secret', body))
    expect(inbound()[0]).toMatchObject({ type: 'text', from: '923001234567', text: { body: 'إيقاف' } })
  })

  it('agrees with the published vectors', () => {
    expect(signatureOf('app-secret', '{"object":"whatsapp_business_account","entry":[]}')).toBe(
      'sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f',
    )
    expect(escaped({ t: 'مرحبا' })).toBe('{"t":"\\u0645\\u0631\\u062d\\u0628\\u0627"}')
    expect(signatureOf('app-secret', escaped({ t: 'مرحبا' }))).toBe(
      'sha256=cd205121827ca0b5f316b1a0525be5e15fc5a85e788afb443b2418c434aefa32',
    )
  })

  it('tells which button of which message was tapped', async () => {
    const id = await idOf(template())
    simulator.controls.tap(number, id, 0)
    const asked = await idOf(buttons(['one', 'two']))
    simulator.controls.tap(number, asked, 1)
    await simulator.controls.flush()
    expect(inbound()).toMatchObject([
      { type: 'button', button: { payload: 'confirm:abc', text: 'Confirm' }, context: { id } },
      {
        type: 'interactive',
        interactive: { type: 'button_reply', button_reply: { id: 'two', title: 'two' } },
        context: { id: asked },
      },
    ])
    expect(() => simulator.controls.tap(number, id, 1)).toThrow('no such button')
  })

  it('asks the product to prove that it knows the verify token', async () => {
    expect(await simulator.controls.subscribe()).toBe(true)
    expect(await createWhatsAppSimulator({ ...options, verifyToken: 'guess' }).controls.subscribe()).toBe(false)
  })

  it('comes again with what the product did not take, and then gives up', async () => {
    simulator.controls.reply(number, 'hello')
    productAnswers(500)
    expect(await simulator.controls.flush()).toEqual([500])
    productAnswers(200)
    expect(await simulator.controls.flush()).toEqual([200])
    expect(received[1]!.body).toBe(received[0]!.body)
    expect(await simulator.controls.flush()).toEqual([])

    productAnswers(503)
    simulator.controls.reply(number, 'hello again')
    for (let tries = 0; tries < 5; tries++) expect(await simulator.controls.flush()).toEqual([503])
    expect(simulator.controls.waiting()).toBe(0)
  })

  it('marks what the person wrote as taken, and as read when the business says so', async () => {
    const id = simulator.controls.reply(number, 'hello')
    await simulator.controls.flush()
    expect(simulator.state.bubble(id)!.bubble).toMatchObject({ taken: true })
    expect((await send({ messaging_product: 'whatsapp', status: 'read', message_id: id })).json).toEqual({
      success: true,
    })
    expect(simulator.state.bubble(id)!.bubble).toMatchObject({ seen: true })
    expect(await errorOf({ messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.x' })).toBe(131009)
  })

  it('knows what else comes: marketing stopped, a number changed, a field nobody has heard of', async () => {
    simulator.controls.marketing(number, 'stop')
    simulator.controls.changeNumber(number, '+923009999999')
    simulator.controls.webhook('weather', { rain: true })
    await simulator.controls.flush()
    expect(received.map(({ field }) => field)).toEqual(['user_preferences', 'messages', 'weather'])
    expect(received[0]!.value.user_preferences![0]).toMatchObject({ value: 'stop', timestamp: Math.floor(now / 1000) })
    expect(inbound()[0]).toMatchObject({ type: 'system', system: { wa_id: '923009999999' } })
    expect(received[1]!.value.contacts).toBeUndefined()
  })
})
