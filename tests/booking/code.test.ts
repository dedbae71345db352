import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { minutes } from '../../src/kernel/time.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makePatient } from '../support/factories.ts'
import type { Agent } from '../support/http.ts'
import {
  bookableClinic,
  hold,
  locationOf,
  setProfile,
  statesOf,
  typed,
  valueOf,
  wordsOf,
  type Scene,
} from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

let addresses = 0
/** Every test from another address, as the limits of one hour are shared by everybody behind one. */
const browser = () => app.agent(`203.0.113.${++addresses}`)

let numbers = 0
const freshNumber = () => `+92301${String(4_000_000 + ++numbers)}`

/** The codes queued for a clinic's holds, newest last. */
async function codesOf(scene: Scene): Promise<string[]> {
  const rows = await app.superuser<{ id: string; params: Buffer }>(
    `select id, params_sealed as params from clinic.messages where clinic_id = $1 and kind = 'code' order by created_at, id`,
    [scene.clinic.id],
  )
  return scene.clinic.inClinic((ctx) =>
    Promise.resolve(
      rows.map(({ id, params }) => (ctx.seal.openJson(params, 'messages.params', id) as { code: string }).code),
    ),
  )
}

/** As far as the page that asks for the code. */
async function asked(agent: Agent, scene: Scene, phone = freshNumber(), time = '10:00') {
  const path = await hold(agent, scene, time)
  const sent = await agent.postForm(path, typed({ phone }))
  return { path, phone, sent }
}

const wrongOf = (code: string) => (code === '000000' ? '111111' : '000000')

describe('a clinic that asks for a code', () => {
  it('books when it is typed, pasted with its message, or written in other digits', async () => {
    for (const write of [
      (code: string) => code,
      (code: string) => `Your code for Shifa Clinic: ${code.slice(0, 3)} ${code.slice(3)}.`,
      (code: string) => code.replace(/\d/g, (digit) => '٠١٢٣٤٥٦٧٨٩'[Number(digit)]!),
    ]) {
      const scene = await bookableClinic(app, { codePolicy: 'always' })
      const agent = browser()
      const { path, sent } = await asked(agent, scene)
      expect(sent.status).toBe(303)
      expect(locationOf(sent)).toBe(path)
      const page = await agent.getForm(path)
      expect(wordsOf(page.html)).toContain('Check your WhatsApp')
      const [code] = await codesOf(scene)
      const booked = await agent.postForm(path, { step: 'code', code: write(code!) })
      expect(booked.status).toBe(303)
      expect(locationOf(booked)).toMatch(/^\/a\/[\w-]{32}\?news=booked$/)
      const [patient] = await app.superuser(
        'select phone_proven_at is not null as proven from clinic.patients where clinic_id = $1',
        [scene.clinic.id],
      )
      expect(patient).toEqual({ proven: true })
    }
  })

  it('V6.6: keeps only a bcrypt hash, bound to clinic, hold and number', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    await asked(browser(), scene)
    const [row] = await app.superuser<{ hash: string }>(
      'select code_hash as hash from clinic.verification_codes where clinic_id = $1',
      [scene.clinic.id],
    )
    expect(row!.hash).toMatch(/^\$2b\$10\$/)
  })

  it('V6.6.3: counts five tries, and then the right code is worth nothing', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const { path } = await asked(agent, scene)
    const [code] = await codesOf(scene)
    for (let tries = 1; tries <= 5; tries++) {
      const wrong = await agent.postForm(path, { step: 'code', code: wrongOf(code!) }).expect(422)
      expect(wordsOf(wrong.text)).toContain(tries < 5 ? 'That code is not right' : 'That code no longer works')
    }
    const late = await agent.postForm(path, { step: 'code', code: code! }).expect(422)
    expect(wordsOf(late.text)).toContain('That code no longer works')
    expect(await statesOf(scene)).toEqual(['pending'])
  })

  it('counts tries sent at once before it compares any', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const { path } = await asked(agent, scene)
    const [code] = await codesOf(scene)
    await Promise.all(Array.from({ length: 12 }, () => agent.postForm(path, { step: 'code', code: wrongOf(code!) })))
    const [row] = await app.superuser('select tries from clinic.verification_codes where clinic_id = $1', [
      scene.clinic.id,
    ])
    expect(row).toEqual({ tries: 5 })
    await agent.postForm(path, { step: 'code', code: code! }).expect(422)
  })

  it('what is no code costs no try', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const { path } = await asked(agent, scene)
    for (const code of ['', '12', 'abcdef', '1234567']) await agent.postForm(path, { step: 'code', code }).expect(422)
    const [row] = await app.superuser('select tries from clinic.verification_codes where clinic_id = $1', [
      scene.clinic.id,
    ])
    expect(row).toEqual({ tries: 0 })
  })

  it('V6.6.2: works for five minutes and once', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const { path } = await asked(agent, scene)
    const [code] = await codesOf(scene)
    app.clock.advance(minutes(5))
    const late = await agent.postForm(path, { step: 'code', code: code! }).expect(422)
    expect(wordsOf(late.text)).toContain('That code no longer works')
    app.clock.set(testNow)
    app.clock.advance({ minutes: 4, seconds: 59 })
    const [one, two] = await Promise.all([1, 2].map(() => agent.postForm(path, { step: 'code', code: code! })))
    expect([one!.status, two!.status]).toEqual([303, 303])
    expect(locationOf(one!)).toMatch(/^\/a\//)
    expect(locationOf(two!).split('?')[0]).toBe(locationOf(one!).split('?')[0])
    expect(await statesOf(scene)).toEqual(['booked'])
  })

  it('does not take the code of another browser’s hold', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const [mine, theirs] = [browser(), browser()]
    const other = await asked(theirs, scene, freshNumber(), '11:00')
    const { path } = await asked(mine, scene)
    const [theirCode, myCode] = await codesOf(scene)
    if (theirCode !== myCode) await mine.postForm(path, { step: 'code', code: theirCode! }).expect(422)
    await mine.postForm(other.path, { step: 'code', code: theirCode! }).expect(409)
  })

  it('is sent again after half a minute, and the old one is void', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const { path } = await asked(agent, scene)
    const soon = await agent.postForm(path, { step: 'resend' }).expect(429)
    expect(wordsOf(soon.text)).toContain('in 30 seconds')
    expect(soon.headers['retry-after']).toBe('30')
    app.clock.advance({ seconds: 30 })
    await agent.postForm(path, { step: 'resend' }).expect(303)
    const [first, second] = await codesOf(scene)
    if (first !== second) await agent.postForm(path, { step: 'code', code: first! }).expect(422)
    await agent.postForm(path, { step: 'code', code: second! }).expect(303)
  })

  it('sent twice at once leaves with one message', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const path = await hold(agent, scene)
    const details = typed({ phone: freshNumber() })
    const answers = await Promise.all([agent.postForm(path, details), agent.postForm(path, details)])
    for (const { status } of answers) expect([303, 429]).toContain(status)
    expect(await codesOf(scene)).toHaveLength(1)
    const [code] = await codesOf(scene)
    await agent.postForm(path, { step: 'code', code: code! }).expect(303)
  })

  it('follows the number when it is changed, with everything else kept', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const { path } = await asked(agent, scene)
    const [first] = await codesOf(scene)
    const edit = await agent.getForm(`${path}&edit=1`)
    expect(valueOf(edit.html, 'name')).toBe('Ayesha Khan')
    const number = freshNumber()
    await agent.postForm(path, typed({ phone: number })).expect(303)
    const [, second] = await codesOf(scene)
    if (first !== second) await agent.postForm(path, { step: 'code', code: first! }).expect(422)
    await agent.postForm(path, { step: 'code', code: second! }).expect(303)
    const patients = await app.superuser('select count(*)::int as n from clinic.patients where clinic_id = $1', [
      scene.clinic.id,
    ])
    expect(patients).toEqual([{ n: 1 }])
  })

  it('the same details again ask for no second code', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const { path, phone } = await asked(agent, scene)
    await agent.postForm(path, typed({ phone })).expect(303)
    expect(await codesOf(scene)).toHaveLength(1)
  })

  it('keeps the time while the number is proven, but not for ever', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const path = await hold(agent, scene)
    const kept = async () =>
      (
        await app.superuser<{ at: string }>(
          `select to_char(hold_expires_at at time zone 'UTC', 'HH24:MI:SS') as at from clinic.appointments where clinic_id = $1`,
          [scene.clinic.id],
        )
      )[0]!.at
    expect(await kept()).toBe('07:05:00')
    app.clock.advance(minutes(4))
    await agent.postForm(path, typed({ phone: freshNumber() })).expect(303)
    expect(await kept()).toBe('07:09:00')
    for (let again = 0; again < 3; again++) {
      app.clock.advance(minutes(3))
      await agent.postForm(path, { step: 'resend' }).expect(303)
    }
    expect(await kept()).toBe('07:15:00')
  })
})

describe('the limits of codes', () => {
  it('one a minute to a number, from wherever it is asked for', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const { phone } = await asked(browser(), scene)
    const again = await asked(browser(), scene, phone, '11:00')
    expect(again.sent.status).toBe(429)
    expect(wordsOf(again.sent.text)).toContain('A code was sent a moment ago')
    app.clock.advance(minutes(1))
    expect((await asked(browser(), scene, phone, '12:00')).sent.status).toBe(303)
  })

  it('five a day to a number, and then the clinic’s telephone', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const phone = freshNumber()
    for (let asks = 0; asks < 5; asks++) {
      expect((await asked(browser(), scene, phone, `${10 + asks}:00`)).sent.status).toBe(303)
      app.clock.advance(minutes(2))
    }
    const sixth = await asked(browser(), scene, phone, '16:00')
    expect(sixth.sent.status).toBe(429)
    expect(wordsOf(sixth.sent.text)).toContain('Too many codes')
    expect(sixth.sent.text).toContain('href="tel:+922135870000"')
    // Another clinic knows nothing of it.
    const elsewhere = await bookableClinic(app, { codePolicy: 'always' })
    expect((await asked(browser(), elsewhere, phone, '15:00')).sent.status).toBe(303)
  })

  it('ten an hour from an address', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const agent = browser()
    const path = await hold(agent, scene)
    for (let asks = 0; asks < 10; asks++) await agent.postForm(path, typed({ phone: freshNumber() })).expect(303)
    await agent.postForm(path, typed({ phone: freshNumber() })).expect(429)
    expect(await codesOf(scene)).toHaveLength(10)
  })

  it('two hundred an hour for a clinic', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    await asked(browser(), scene)
    await app.superuser('update platform.throttles set count = 200 where key = $1', [
      app.services.keys.platform.hash('throttle/code-clinic-hour', scene.clinic.id),
    ])
    expect((await asked(browser(), scene, freshNumber(), '11:00')).sent.status).toBe(429)
  })
})

describe('who is asked', () => {
  it('with "new numbers only", nobody whose number proved itself here before', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'new' })
    const known = await makePatient(scene.clinic, { phone: freshNumber(), proven: true })
    const unproven = await makePatient(scene.clinic, { phone: freshNumber(), proven: false })
    const agent = browser()
    expect(locationOf((await asked(agent, scene, known.phone)).sent)).toMatch(/^\/a\//)
    const other = await asked(browser(), scene, unproven.phone, '11:00')
    expect(other.sent.status).toBe(303)
    expect(locationOf(other.sent)).toBe(other.path)
  })

  it('a number that said STOP is sent nothing: START or the telephone', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    const phone = freshNumber()
    await app.superuser(
      `insert into platform.opt_outs (sender, number_hash, stopped_at, wording) values ('platform', $1, $2, 'stop')`,
      [app.services.keys.platform.hash('number', phone), testNow],
    )
    const { sent } = await asked(browser(), scene, phone)
    expect(sent.status).toBe(409)
    expect(wordsOf(sent.text)).toContain('We may not write to this number')
    expect(sent.text).toContain('text=START')
    expect(sent.text).toContain('href="tel:+922135870000"')
    expect(await codesOf(scene)).toEqual([])
  })

  it('too many visits are told of only to whom the number belongs', async () => {
    const scene = await bookableClinic(app, { codePolicy: 'always' })
    await setProfile(scene.clinic, { max_open_bookings: 0 })
    const agent = browser()
    const { path, sent } = await asked(agent, scene)
    expect(sent.status).toBe(303)
    const [code] = await codesOf(scene)
    const refused = await agent.postForm(path, { step: 'code', code: code! }).expect(409)
    expect(wordsOf(refused.text)).toContain('You have several visits planned already')
  })
})
