// The way in: a number, a code to it, and an address that is open for half an hour, in one browser, to one number's own.
import { describe, expect, it } from 'vitest'
import { testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makePatient } from '../support/factories.ts'
import { wordsOf } from '../support/http.ts'
import { statementsOf } from '../support/statements.ts'
import { ask, codesOf, withPatients } from './scene.ts'

let app: TestApp
let clinic: TestClinic
const { browser, freshNumber, somebody, opened, textOf, requestsOf } = withPatients(
  (started) => ({ app, clinic } = started),
)

describe('the way in', () => {
  it('is the same for numbers that are known, unknown and stopped: one answer, one list of statements', async () => {
    const known = await somebody()
    const stopped = await somebody({ name: 'Zara' })
    await app.superuser(
      `insert into platform.opt_outs (sender, number_hash, stopped_at, wording) values ('platform', $1, $2, 'STOP')`,
      [app.services.keys.platform.hash('number', stopped.phone), testNow],
    )
    const answers: unknown[] = []
    for (const phone of [known.phone, freshNumber(), stopped.phone]) {
      const agent = browser()
      await agent.getForm(`/c/${clinic.slug}/privacy`)
      let status = 0
      let location = ''
      const statements = await statementsOf(async () => {
        const sent = await agent.postForm(`/c/${clinic.slug}/privacy`, { phone, website: '' })
        status = sent.status
        location = sent.headers.location as string
      })
      const page = wordsOf((await agent.get(location)).text).replaceAll(/\+92[\d ]+/g, '+92')
      answers.push({ status, page, statements: statements.map((text) => text.slice(0, 60)) })
    }
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    expect(await codesOf(app, clinic)).toHaveLength(3)
  })

  it('opens with the right code, typed in any digits, and closes after half an hour to the second', async () => {
    const { phone } = await somebody()
    const agent = browser()
    const path = await ask(agent, clinic, phone)
    const [code] = await codesOf(app, clinic)
    const typed = [...code!].map((digit) => '٠١٢٣٤٥٦٧٨٩'[Number(digit)]).join('')
    const proven = await agent.postForm(path, { step: 'code', code: typed }).expect(303)
    const at = proven.headers.location as string
    expect(await textOf(agent, at)).toContain('Ayesha Khan')
    app.clock.advance({ minutes: 29, seconds: 59 })
    await agent.get(at).expect(200)
    app.clock.advance({ seconds: 1 })
    const over = await agent.get(at).expect(404)
    expect(wordsOf(over.text)).toContain('This page has closed')
    expect(over.headers['cache-control']).toBe('no-store')
  })

  it('keeps the code as a bcrypt hash, and the number sealed', async () => {
    const { phone } = await somebody()
    await ask(browser(), clinic, phone)
    const [row] = await app.superuser<Record<string, unknown>>(
      'select * from clinic.portal_visits where clinic_id = $1',
      [clinic.id],
    )
    expect(row!.code_hash).toMatch(/^\$2b\$10\$/)
    expect(JSON.stringify(row)).not.toContain(phone.slice(1))
  })

  it('counts five tries, also when they come at once, and then the right code is worth nothing', async () => {
    const { phone } = await somebody()
    const agent = browser()
    const path = await ask(agent, clinic, phone)
    const [code] = await codesOf(app, clinic)
    const wrong = code === '000000' ? '111111' : '000000'
    const tries = await Promise.all(
      Array.from({ length: 12 }, () => agent.postForm(path, { step: 'code', code: wrong })),
    )
    expect(tries.every(({ status }) => status === 422)).toBe(true)
    const [row] = await app.superuser<{ tries: number }>(
      'select code_tries as tries from clinic.portal_visits where clinic_id = $1',
      [clinic.id],
    )
    expect(row!.tries).toBe(5)
    const late = await agent.postForm(path, { step: 'code', code: code! }).expect(422)
    expect(wordsOf(late.text)).toContain('That code no longer works')
  })

  it('takes the same code twice at once as one, and a code no longer after five minutes', async () => {
    const { phone } = await somebody()
    const agent = browser()
    const path = await ask(agent, clinic, phone)
    const [code] = await codesOf(app, clinic)
    const twice = await Promise.all([1, 2].map(() => agent.postForm(path, { step: 'code', code: code! })))
    expect(twice.map(({ status }) => status)).toEqual([303, 303])
    expect(twice[0]!.headers.location).toBe(twice[1]!.headers.location)
    const other = browser()
    const slow = await ask(other, clinic, (await somebody({ name: 'Hina' })).phone)
    const late = (await codesOf(app, clinic)).at(-1)!
    app.clock.advance({ minutes: 5 })
    await other.postForm(slow, { step: 'code', code: late }).expect(422)
  })

  it('sends another code after half a minute, and the one before no longer works', async () => {
    const { phone } = await somebody()
    const agent = browser()
    const path = await ask(agent, clinic, phone)
    const hasty = await agent.postForm(path, { step: 'resend' }).expect(429)
    expect(hasty.headers['retry-after']).toBe('30')
    app.clock.advance({ seconds: 30 })
    await agent.postForm(path, { step: 'resend' }).expect(303)
    const [first, second] = await codesOf(app, clinic)
    if (first !== second) await agent.postForm(path, { step: 'code', code: first! }).expect(422)
    await agent.postForm(path, { step: 'code', code: second! }).expect(303)
  })

  it('typing the number twice sends one code; five a day, and ten an hour from one address', async () => {
    const { phone } = await somebody()
    const agent = browser()
    expect(await ask(agent, clinic, phone)).toBe(await ask(agent, clinic, phone))
    expect(await codesOf(app, clinic)).toHaveLength(1)
    for (let sent = 1; sent < 5; sent++) {
      app.clock.advance({ minutes: 6 })
      await ask(browser(), clinic, phone)
    }
    app.clock.advance({ minutes: 6 })
    const sixth = browser()
    await sixth.getForm(`/c/${clinic.slug}/privacy`)
    const refused = await sixth.postForm(`/c/${clinic.slug}/privacy`, { phone, website: '' }).expect(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(60)
    expect(wordsOf(refused.text)).toContain('Too many codes were asked for')
    const busy = '198.51.100.250'
    for (let sent = 0; sent < 10; sent++) await ask(app.agent(busy), clinic, freshNumber())
    const eleventh = app.agent(busy)
    await eleventh.getForm(`/c/${clinic.slug}/privacy`)
    await eleventh.postForm(`/c/${clinic.slug}/privacy`, { phone: freshNumber(), website: '' }).expect(429)
  })

  it('says kindly what is wrong with a number or a code, and keeps what was typed', async () => {
    const agent = browser()
    await agent.getForm(`/c/${clinic.slug}/privacy`)
    const wrong = await agent.postForm(`/c/${clinic.slug}/privacy`, { phone: 'my phone', website: '' }).expect(422)
    expect(wordsOf(wrong.text)).toContain('Enter a phone number')
    expect(wrong.text).toContain('value="my phone"')
    await agent.postForm(`/c/${clinic.slug}/privacy`, { phone: freshNumber(), website: 'http://x' }).expect(422)
    const path = await ask(agent, clinic, freshNumber())
    for (const code of ['', '12', 'abcdef', "' or 1=1", '1'.repeat(5000)]) {
      await agent.postForm(path, { step: 'code', code }).expect(422)
    }
  })

  it('gives no cookie but the one of forms', async () => {
    const { phone } = await somebody()
    const { agent } = await opened(phone)
    expect([...agent.cookies.keys()]).toEqual(['__Host-csrf'])
  })
})

describe('an opened address', () => {
  it('opens nothing in another browser, at another clinic, or with a letter changed', async () => {
    const { phone } = await somebody()
    const { agent, at } = await opened(phone)
    await agent.get(at).expect(200)
    const stranger = browser()
    await stranger.getForm(`/c/${clinic.slug}/privacy`)
    await stranger.get(at).expect(404)
    await app.agent('198.51.100.251').get(at).expect(404)
    await agent.get(at.replace(clinic.slug, clinic.other.slug)).expect(404)
    const last = at.at(-1) === 'A' ? 'B' : 'A'
    await agent.get(at.slice(0, -1) + last).expect(404)
    for (const bad of ['x', '%00', "'", '..%2f', '0'.repeat(56)]) {
      await agent.get(`/c/${clinic.slug}/privacy/open/${bad}`).expect(404)
    }
  })

  it('that is for the code does not open the data before it is proven', async () => {
    const { phone } = await somebody()
    const agent = browser()
    const path = await ask(agent, clinic, phone)
    const token = path.split('/').at(-1)!
    await agent.get(`/c/${clinic.slug}/privacy/open/${token}`).expect(404)
  })

  it('shows nobody else: neither another number, nor a patient of another clinic', async () => {
    const mine = await somebody()
    const theirs = await somebody({ name: 'Somebody Else' })
    const other = await makeClinic(app)
    const abroad = await makePatient(other, { phone: mine.phone, name: 'Ayesha Khan' })
    const { agent, at } = await opened(mine.phone)
    for (const id of [theirs.id, abroad.id]) {
      for (const rest of ['', '/visits', '/messages', '/openings', '/copy', '/correction', '/requests?kind=erasure']) {
        await agent.get(`${at}/people/${id}${rest}`).expect(404)
      }
      await agent.getForm(`${at}/people/${mine.id}`)
      for (const [rest, fields] of [
        ['/copy', {}],
        ['/consents', { purpose: 'appointment_messages', decision: 'deny' }],
        ['/messages', { wish: 'stop' }],
        ['/requests', { kind: 'erasure' }],
        ['/correction', { name: 'Mallory', phone: '0300 1234567', email: '', language: 'en', words: '' }],
      ] as const) {
        await agent.postForm(`${at}/people/${id}${rest}`, fields).expect(404)
      }
    }
    expect(await requestsOf(theirs.id)).toEqual([])
    const text = await textOf(agent, at)
    expect(text).not.toContain('Somebody Else')
  })

  it('can be closed, and is', async () => {
    const { phone } = await somebody()
    const { agent, at } = await opened(phone)
    await agent.getForm(at)
    await agent.postForm(`${at}/end`, {}).expect(303)
    await agent.get(at).expect(404)
  })

  it('works while the clinic is read-only; a closed clinic says so', async () => {
    const patient = await somebody()
    await setStatus('read_only')
    const { agent, at } = await opened(patient.phone)
    await agent.getForm(`${at}/people/${patient.id}`)
    await agent
      .postForm(`${at}/people/${patient.id}/consents`, { purpose: 'appointment_messages', decision: 'deny' })
      .expect(303)
    await setStatus('locked')
    expect(await textOf(agent, `/c/${clinic.slug}/privacy`)).toContain('This clinic has closed')
    expect(wordsOf((await agent.get(at)).text)).not.toContain('Ayesha')
  })

  const setStatus = (status: string) =>
    app.superuser('update platform.clinics set status = $1 where id = $2', [status, clinic.id])
})
