// The live day over real HTTP: what a browser's event stream hears, and when it is over.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { bookHeldSlot } from '../../src/features/appointments/actions/book.ts'
import { holdSlot } from '../../src/features/appointments/actions/hold.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { hire, makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
let bookable: Awaited<ReturnType<typeof makeBookable>>
const opened: Stream[] = []
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  for (const stream of opened.splice(0)) stream.leave()
  clinic = await makeClinic(app)
  bookable = await makeBookable(clinic)
  bilal = await clinic.as(clinic.cast.bilal)
})

type Stream = {
  status: number
  headers: IncomingMessage['headers']
  /** Resolves with the next event's data after those already taken. */
  next(): Promise<string>
  ended: Promise<void>
  leave(): void
}

async function listen(agent: Agent, slug = clinic.slug): Promise<Stream> {
  const url = new URL(`${app.origin}/app/${slug}/today/events`)
  const outgoing = httpRequest(url, {
    headers: {
      Host: 'nabz.test',
      'X-Forwarded-Proto': 'https',
      'Accept-Encoding': 'gzip, br',
      Cookie: [...agent.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    },
  })
  outgoing.end()
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject)
  })
  outgoing.on('error', () => undefined)
  const heard: string[] = []
  const waiting: ((data: string) => void)[] = []
  response.setEncoding('utf8').on('data', (text: string) => {
    for (const [, data = ''] of text.matchAll(/event: diary\ndata: (\d+)/g)) {
      const taker = waiting.shift()
      if (taker) taker(data)
      else heard.push(data)
    }
  })
  const ended = new Promise<void>((resolve) => response.on('close', () => resolve()))
  const stream: Stream = {
    status: response.statusCode ?? 0,
    headers: response.headers,
    next: () => {
      const data = heard.shift()
      return data === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(data)
    },
    ended,
    leave: () => outgoing.destroy(),
  }
  opened.push(stream)
  return stream
}

/** A patient on the public side, from a free slot to a booking. */
async function bookOnline(name: string) {
  const services = app.services
  const visitor = <T>(work: Parameters<TestClinic['inClinic']>[0]) =>
    clinic.inClinic(work, { kind: 'visitor' }) as Promise<T>
  const holder = { owner: Buffer.alloc(32, 9), language: 'en' } as const
  const wish = {
    serviceId: bookable.service.id,
    practitionerId: bookable.practitionerId,
    locationId: bookable.locationId,
    startsAt: services.clock.now().add({ hours: 2 }),
  }
  const held = await visitor<Awaited<ReturnType<typeof holdSlot>>>((ctx) => holdSlot(ctx, wish, holder))
  if (!held.ok) throw new Error(held.reason)
  const booked = await visitor<Awaited<ReturnType<typeof bookHeldSlot>>>((ctx) =>
    bookHeldSlot(
      ctx,
      { id: held.value, wish, holder },
      {
        name,
        phone: '+923001234567' as Phone,
        email: undefined,
        language: 'en',
        proven: true,
        consentWording: undefined,
      },
    ),
  )
  if (!booked.ok) throw new Error(booked.reason)
}

describe('the live day', () => {
  it('hears of an online booking as it commits, uncompressed and unbuffered, and fetches it', async () => {
    const stream = await listen(bilal)
    expect(stream.status).toBe(200)
    expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8' })
    expect(stream.headers['content-encoding']).toBeUndefined()
    expect(stream.headers['cache-control']).toContain('no-store')
    await bookOnline('Live Layla')
    const held = Number(await stream.next())
    const booked = Number(await stream.next())
    expect(booked).toBeGreaterThan(held)
    const { text } = await bilal.get(`/app/${clinic.slug}/today/board`).set('X-Fragment', 'board').expect(200)
    expect(wordsOf(text)).toContain('Live Layla')
    expect(text).not.toContain('<html')
  })

  it('hears nothing of another clinic', async () => {
    const other = await makeClinic(app)
    await makeBookable(other)
    const stream = await listen(bilal)
    await makeAppointment(other)
    await makeAppointment(clinic)
    // The first thing heard is the second thing that happened.
    const version = Number(await stream.next())
    const [row] = await app.superuser<{ v: number }>('select diary_version v from platform.diaries where clinic_id = $1', [clinic.id]) // prettier-ignore
    expect(version).toBe(Number(row!.v))
  })

  it('is six to a session; a seventh is told to wait', async () => {
    const streams = await Promise.all(Array.from({ length: 6 }, () => listen(bilal)))
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
    const seventh = await listen(bilal)
    expect([seventh.status, seventh.headers['retry-after']]).toEqual([429, '60'])
    expect((await listen(await clinic.as(clinic.cast.bilal))).status).toBe(200)
    streams[0]!.leave()
    await vi.waitFor(async () => expect((await listen(bilal)).status).toBe(200))
  })

  it('ends within a minute when the session does, or the membership', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const nadia = await clinic.as(clinic.cast.nadia)
      const [mine, hers, stays] = [await listen(bilal), await listen(nadia), await listen(await clinic.as(clinic.cast.bilal))] // prettier-ignore
      await app.superuser('delete from platform.memberships where clinic_id = $1 and user_id = $2', [
        clinic.id,
        clinic.cast.nadia.userId,
      ])
      const sid = decodeURIComponent([...bilal.cookies.values()].find((value) => value.startsWith('s%3A'))!)
      await app.superuser('delete from platform.sessions where sid = $1', [sid.slice(2).split('.')[0]])
      let over = false
      void stays.ended.then(() => (over = true))
      vi.advanceTimersByTime(60_000)
      await Promise.all([mine.ended, hers.ended])
      expect(over).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })

  it('does not keep a desk that was left alone signed in, nor bring a session back', async () => {
    await listen(bilal)
    app.clock.advance({ minutes: 29 })
    await bilal.get(`/app/${clinic.slug}/today/board`).expect(200)
    app.clock.advance({ minutes: 2 })
    await bilal.get(`/app/${clinic.slug}/today/board`).expect(401)
    await bilal.get(`/app/${clinic.slug}/today`).expect(303)
    app.clock.advance({ minutes: -31 })
  })

  it('leaves what is said once to the page somebody asked for', async () => {
    const visit = await makeAppointment(clinic, { at: '11:30' })
    await bilal.postForm(`/app/${clinic.slug}/appointments/${visit.id}/arrival`).expect(303)
    const fragment = await bilal.get(`/app/${clinic.slug}/today/board`).expect(200)
    expect(wordsOf(fragment.text)).not.toContain('is checked in')
    const page = await bilal.get(`/app/${clinic.slug}/today`).expect(200)
    expect(wordsOf(page.text)).toContain('is checked in')
  })

  it('is worked out once for all desks that show the same, each with a form token of its own', async () => {
    const visit = await makeAppointment(clinic, { at: '11:30' })
    const path = `/app/${clinic.slug}/today/board`
    const colleague = await clinic.as(await hire(clinic, 'receptionist'))
    // Any page gives the browser what a token is made of.
    for (const desk of [bilal, colleague]) await desk.getForm(`/app/${clinic.slug}/today`)
    const counted = vi.spyOn(app.services, 'inClinic')
    const [mine = '', theirs = ''] = (await Promise.all([bilal.get(path), colleague.get(path)])).map(({ text }) => text)
    expect(counted).toHaveBeenCalledTimes(1)
    counted.mockRestore()
    const tokens = (html: string) => [...html.matchAll(/name="_csrf" value="([^"]*)"/g)].map(([, token]) => token)
    expect(new Set([...tokens(mine), ...tokens(theirs)]).size).toBe(2)
    const without = (html: string) => html.replace(/name="_csrf" value="[^"]*"/g, '')
    expect(without(mine)).toBe(without(theirs))
    const [_csrf = ''] = tokens(theirs)
    await colleague
      .post(`/app/${clinic.slug}/appointments/${visit.id}/arrival`)
      .type('form')
      .send({ _csrf })
      .expect(303)
    expect((await bilal.get(path)).text).toContain(`data-visit="${visit.id}" data-status="arrived"`)
  })

  it('ends when the server stops', async () => {
    const own = await startTestApp()
    const shop = await makeClinic(own)
    const agent = await shop.as(shop.cast.bilal)
    const [there, here] = [app, own]
    app = here
    const stream = await listen(agent, shop.slug)
    app = there
    own.services.stopping.abort()
    await stream.ended
    await own.stop()
  })
})
