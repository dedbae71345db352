import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createWhatsAppSimulator } from '../../src/dev/whatsapp-simulator/simulator.ts'
import {
  base,
  hello,
  idOf,
  inbound,
  names,
  number,
  options,
  send,
  simulator,
  statuses,
  template,
  useSimulator,
} from './whatsapp-scene.ts'

useSimulator()

describe('the phone in the browser', () => {
  const page = async (path: string) => (await fetch(`${base}${path}`)).text()
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${base}${path}`, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form), headers })

  it('shows the conversation, and reads it by showing it', async () => {
    await send(template(['Shifa *Clinic* <b>', 'Tuesday']))
    await simulator.controls.flush()
    const html = await page('/phone?number=%2B92%20300%201234567')
    expect(html).toContain('<strong>Clinic</strong> &lt;b&gt; is on Tuesday.')
    expect(html).toMatch(/href="https:\/\/x\.test\/a\/abc" target="_blank"/)
    expect(html).not.toMatch(/<script(?! src=)|\sstyle=|\son\w+=/)
    await simulator.controls.flush()
    expect(names()).toEqual(['sent', 'delivered', 'read'])
  })

  it('opens the phone that was written to last, and says so of a number without its country', async () => {
    await send(template())
    expect(await page('/phone')).toContain('+923001234567 ·')
    expect(await page('/phone?number=0300%201234567')).toContain('with its country code')
    expect(await page('/phone?number=٠٠٩٢٣٠٠١٢٣٤٥٦٧')).toContain('+923001234567 ·')
  })

  it('works by forms alone: a tap, a reply, a switch, a release', async () => {
    const id = await idOf(template())
    expect((await post('/phone/923001234567/tap', { message: id, button: '0' })).status).toBe(303)
    expect((await post('/phone/923001234567/tap', { message: 'gone', button: '9' })).status).toBe(303)
    await post('/phone/923001234567/reply', { text: 'بند' })
    await simulator.controls.flush()
    expect(inbound().map(({ type }) => type)).toEqual(['button', 'text'])
    const failing = { failCount: '1', failCode: '131026', failHow: 'status' }
    await post('/whatsapp/switches', { number: '923001234567', late: 'on', withoutWhatsApp: 'on', ...failing })
    expect(simulator.controls.settings()).toEqual({
      late: true,
      failByStatus: { count: 1, code: 131026 },
      withoutWhatsApp: ['923001234567'],
    })
    await send(template())
    await simulator.controls.flush()
    expect(statuses().at(-1)!.status).toBe('delivered')
    await post('/whatsapp/release', { number: '923001234567' })
    expect(statuses().at(-1)!.status).toBe('failed')
  })

  it('takes no form from another site', async () => {
    const foreign = [
      { origin: 'https://evil.test' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      expect(
        (await post('/phone/923001234567/reply', { text: 'STOP' }, headers as Record<string, string>)).status,
      ).toBe(403)
    }
    const own = { origin: new URL(base).origin }
    expect((await post('/phone/923001234567/reply', { text: 'STOP' }, own)).status).toBe(303)
  })

  it('has the same switches for scripts', async () => {
    const control = async (body: unknown) => {
      const response = await fetch(`${base}/whatsapp/controls`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return [response.status, await response.json()] as [number, Record<string, unknown>]
    }
    const id = await idOf(template())
    expect((await control({ twice: true }))[0]).toBe(200)
    expect((await control({ thrice: true }))[0]).toBe(400)
    expect((await control({ do: 'reply', from: number, text: 'STOP' }))[0]).toBe(200)
    expect((await control({ do: 'tap', from: number, message: id, button: 0 }))[0]).toBe(200)
    expect((await control({ do: 'tap', from: number, message: id, button: 1 }))[0]).toBe(404)
    expect((await control({ do: 'template', name: 'hello', status: 'PAUSED' }))[1]).toEqual({ changed: 1 })
    expect((await control({ do: 'flush' }))[1]).toEqual({ answers: Array(10).fill(200) })
    expect((await control({ do: 'subscribe' }))[1]).toEqual({ ok: true })
    expect(await (await fetch(`${base}/whatsapp/controls`)).json()).toMatchObject({
      settings: { twice: true },
      waiting: 0,
    })
    await control({ do: 'reset' })
    expect([simulator.controls.inbox(number), simulator.controls.settings()]).toEqual([[], {}])
  })

  it('keeps conversations and templates in its file, and starts without one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'phones-'))
    const stateFile = join(folder, 'deep', 'whatsapp.json')
    const first = createWhatsAppSimulator({ ...options, stateFile })
    first.controls.reply(number, 'hello')
    first.state.addTemplate({ ...hello, status: 'APPROVED' })
    await first.stop()
    const second = createWhatsAppSimulator({ ...options, stateFile })
    expect(second.state.findPhone(number)!.bubbles).toMatchObject([{ text: 'hello', direction: 'out' }])
    expect(second.state.template('hello', 'en')).toMatchObject({ status: 'APPROVED' })
    rmSync(folder, { recursive: true })
  })
})
