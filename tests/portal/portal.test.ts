// A patient and what a clinic holds about them: the way in by a code, what is shown to whom, and what they can do.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listConsents } from '../../src/features/consents/queries.ts'
import { isOptedOut } from '../../src/features/messaging/actions/stop.ts'
import { noteOpening } from '../../src/features/patients/actions/record.ts'
import { isSmallCorrection, shortName, stageOf } from '../../src/features/portal/rules.ts'
import type { PatientId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { inShort } from '../support/messages.ts'
import { statementsOf } from '../support/statements.ts'
import { ask, codesOf, open } from './scene.ts'

let app: TestApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  clinic = await makeClinic(app)
  await makeBookable(clinic)
})

let addresses = 0
/** Every test from another address, as the limits of one hour are shared by everybody behind one. */
const browser = () => app.agent(`198.51.100.${++addresses}`)
let numbers = 0
const freshNumber = () => `+92302${String(5_000_000 + ++numbers)}`

async function somebody(overrides: Parameters<typeof makePatient>[1] = {}) {
  return makePatient(clinic, { phone: freshNumber(), name: 'Ayesha Khan', ...overrides })
}
async function opened(phone: string, agent = browser()): Promise<{ agent: Agent; at: string }> {
  return { agent, at: await open(app, agent, clinic, phone) }
}
const textOf = async (agent: Agent, path: string) => wordsOf((await agent.get(path).expect(200)).text)
const requestsOf = (id: string) =>
  app.superuser<{ kind: string; state: string; identity: string }>(
    'select kind, state, identity from clinic.rights_requests where clinic_id = $1 and patient_id = $2 order by received_at, id',
    [clinic.id, id],
  )

describe('the rules', () => {
  const at = (minutes: number) => Temporal.Instant.from(testNow).add({ minutes })

  it.each([
    [{ provenAt: null, endedAt: null, expiresAt: at(1) }, 'code'],
    [{ provenAt: at(0), endedAt: null, expiresAt: at(1) }, 'open'],
    [{ provenAt: at(0), endedAt: at(0), expiresAt: at(1) }, 'over'],
    [{ provenAt: at(0), endedAt: null, expiresAt: at(0) }, 'over'],
  ] as const)('a visit is %o: %s', (visit, stage) => {
    expect(stageOf(visit, at(0))).toBe(stage)
  })

  it.each([
    ['Ayesha Khan', 'Ayesha  KHAN', true],
    ['Ayesha Khan', 'Aisha Khan', true],
    ['Ayesha Khan', 'Ayesha Khann', true],
    ['Ayesha Khan', 'Fatima Khan', false],
    ['Ayesha Khan', 'Ayesha Siddiqui', false],
    ['Ali', 'Eli', false],
    ['عائشة خان', 'عائشه خان', true],
  ])('from %s to %s is a small correction: %s', (before, after, small) => {
    expect(isSmallCorrection(before, after)).toBe(small)
  })

  it.each([
    ['Bilal Ahmed', 'Bilal'],
    ['Dr Sana Malik', 'Dr Sana'],
    ['د. سناء مالك', 'د. سناء'],
    ['Dr', 'Dr'],
  ])('%s is shown as %s', (name, shown) => {
    expect(shortName(name)).toBe(shown)
  })
})

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

describe('what is shown', () => {
  it('is everything: name, visits, messages, consents, openings, and nothing of the log', async () => {
    const patient = await somebody({ email: 'ayesha@example.org' })
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26', at: '10:00' })
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-02', at: '11:00', status: 'fulfilled' })
    await clinic.inClinic((ctx) => noteOpening(ctx, patient.id))
    await clinic.inClinic((ctx) => noteOpening(ctx, patient.id), {
      kind: 'user', userId: clinic.cast.sana.userId, name: 'Dr Sana Malik', role: 'doctor',
    }) // prettier-ignore
    const { agent, at } = await opened(patient.phone)
    const text = await textOf(agent, at)
    for (const word of [
      'Ayesha Khan',
      'ayesha@example.org',
      '10:00',
      '11:00',
      'Agreed',
      'Nadia',
      'Owner',
      'Dr Sana',
      'Doctor',
    ]) {
      expect(text).toContain(word)
    }
    expect(text).not.toContain('Nadia Khan')
    expect(await textOf(agent, `${at}/people/${patient.id}/openings`)).toContain('Dr Sana')
    expect(await textOf(agent, `${at}/people/${patient.id}/copy`)).toContain('ayesha@example.org')
  })

  it('is each of a family under one number, and of a number nobody has that nothing is held', async () => {
    const phone = freshNumber()
    const mother = await makePatient(clinic, { phone, name: 'Ayesha Khan' })
    const child = await makePatient(clinic, { phone, name: 'Hamza Khan' })
    const { agent, at } = await opened(phone)
    const page = await agent.get(at).expect(200)
    for (const { id, name } of [mother, child]) {
      expect(page.text).toContain(`/people/${id}`)
      expect(await textOf(agent, `${at}/people/${id}`)).toContain(name)
    }
    const nobody = await opened(freshNumber())
    expect(await textOf(nobody.agent, nobody.at)).toContain('The clinic holds nothing about this number')
  })

  it('comes as a file too, and that it was taken is written down', async () => {
    const patient = await somebody()
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26' })
    const { agent, at } = await opened(patient.phone)
    await agent.getForm(at)
    const file = await agent.postForm(`${at}/people/${patient.id}/copy`, {}).expect(200)
    expect(file.headers['content-disposition']).toContain('attachment')
    const record = JSON.parse(file.text) as Record<string, unknown[]>
    expect(record.patients).toMatchObject([{ name: 'Ayesha Khan', phone: patient.phone }])
    expect(record.appointments).toHaveLength(1)
    expect(record.consents).toHaveLength(1)
    expect(record.audit_entries).toBeUndefined()
    expect(await textOf(agent, at)).toMatch(/You\s+took a copy/)
  })

  it('leads to each visit to come', async () => {
    const patient = await somebody()
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26' })
    const { agent, at } = await opened(patient.phone)
    expect((await agent.get(at)).text).toMatch(/href="\/a\/[\w-]{32}(\?[^"]*)?"/)
  })
})

describe('what they can do', () => {
  async function mine() {
    const patient = await somebody({ email: 'old@example.org' })
    const { agent, at } = await opened(patient.phone)
    const own = `${at}/people/${patient.id}`
    await agent.getForm(own)
    return { patient, agent, own }
  }
  const fields = (patient: { name: string; phone: string }, more: Record<string, string> = {}) => ({
    name: patient.name, phone: patient.phone, email: 'old@example.org', language: 'en', words: '', ...more,
  }) // prettier-ignore
  const stored = (id: string) =>
    app.superuser<{ name: string; language: string }>('select name, language from clinic.patients where id = $1', [id])

  it('put small things right at once', async () => {
    const { patient, agent, own } = await mine()
    const saved = await agent.postForm(
      `${own}/correction`,
      fields(patient, { name: 'Aisha Khan', language: 'ur', email: '' }),
    )
    expect(saved.status).toBe(303)
    expect(saved.headers.location).toContain('news=corrected')
    expect(await stored(patient.id)).toEqual([{ name: 'Aisha Khan', language: 'ur' }])
    expect(await requestsOf(patient.id)).toEqual([])
    expect(await textOf(agent, own)).not.toContain('old@example.org')
  })

  it('ask for what the clinic has to look at, a number or another name, with the small things done', async () => {
    const { patient, agent, own } = await mine()
    const sent = await agent
      .postForm(
        `${own}/correction`,
        fields(patient, { name: 'Fatima Siddiqui', phone: '0300 7654321', language: 'ar' }),
      )
      .expect(303)
    expect(sent.headers.location).toContain('news=requested')
    expect(await stored(patient.id)).toEqual([{ name: 'Ayesha Khan', language: 'ar' }])
    expect(await requestsOf(patient.id)).toEqual([
      { kind: 'correction', state: 'identity_proven', identity: 'patient_page' },
    ])
    const again = await agent.postForm(`${own}/correction`, fields(patient, { name: 'Fatima Siddiqui' })).expect(409)
    expect(wordsOf(again.text)).toContain('You have asked for this already')
    expect(await requestsOf(patient.id)).toHaveLength(1)
  })

  it('not take the name of somebody else under their number', async () => {
    const { patient, agent, own } = await mine()
    await makePatient(clinic, { phone: patient.phone, name: 'Ayesha Khann' })
    const taken = await agent.postForm(`${own}/correction`, fields(patient, { name: 'Ayesha Khann' })).expect(409)
    expect(wordsOf(taken.text)).toContain('Somebody with this name and number is known here already')
  })

  it('take a consent back and give it again, from the next message on', async () => {
    const { patient, agent, own } = await mine()
    await agent.postForm(`${own}/consents`, { purpose: 'appointment_messages', decision: 'deny' }).expect(303)
    app.clock.advance({ minutes: 1 })
    await agent.postForm(`${own}/consents`, { purpose: 'appointment_messages', decision: 'permit' }).expect(303)
    await agent.postForm(`${own}/consents`, { purpose: 'feedback', decision: 'permit' }).expect(303)
    const history = await clinic.inClinic((ctx) => listConsents(ctx, patient.id))
    expect(history.map(({ purpose, decision, source, wording }) => [purpose, decision, source, wording])).toEqual(
      expect.arrayContaining([
        ['appointment_messages', 'deny', 'patient_page', null],
        ['appointment_messages', 'permit', 'patient_page', 'page'],
        ['feedback', 'permit', 'patient_page', 'feedback_page'],
      ]),
    )
    await agent.postForm(`${own}/consents`, { purpose: 'marketing', decision: 'permit' }).expect(422)
  })

  it('agree after they booked without, and are told of what is to come', async () => {
    const patient = await somebody({ consent: false })
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26', at: '16:30', messagesWanted: false })
    const { agent, at } = await opened(patient.phone)
    const own = `${at}/people/${patient.id}`
    await agent.getForm(own)
    await agent.postForm(`${own}/consents`, { purpose: 'appointment_messages', decision: 'permit' }).expect(303)
    expect(await inShort(app, clinic.id)).toEqual(
      expect.arrayContaining(['confirmation queued', 'reminder_24h queued', 'reminder_2h queued']),
    )
  })

  it('stop everything for the number, and start it again', async () => {
    const { patient, agent, own } = await mine()
    const off = () => clinic.inClinic((ctx) => isOptedOut(ctx, patient.phone))
    await agent.postForm(`${own}/messages`, { wish: 'stop' }).expect(303)
    expect(await off()).toBe(true)
    expect(await textOf(agent, own)).toContain('WhatsApp messages are stopped')
    app.clock.advance({ minutes: 1 })
    await agent.postForm(`${own}/messages`, { wish: 'start' }).expect(303)
    expect(await off()).toBe(false)
  })

  it.each(['erasure', 'restriction', 'objection'] as const)(
    'ask for %s once, see how it stands, and take it back',
    async (kind) => {
      const { patient, agent, own } = await mine()
      expect(await textOf(agent, `${own}/requests?kind=${kind}`)).toContain('24 Dec 2026')
      const asked = await Promise.all([1, 2, 3].map(() => agent.postForm(`${own}/requests`, { kind, words: 'Please' })))
      expect(asked.map(({ status }) => status).sort()).toEqual([303, 409, 409])
      expect(await requestsOf(patient.id)).toEqual([{ kind, state: 'identity_proven', identity: 'patient_page' }])
      const text = await textOf(agent, `${own}?news=requested`)
      expect(text).toMatch(/D-[0-9A-F]{8}/)
      expect(text).toMatch(/Answer by .*24 Dec/)
      const [row] = await app.superuser<{ id: string }>('select id from clinic.rights_requests where patient_id = $1', [
        patient.id,
      ])
      await agent.postForm(`${own}/requests/removal`, { request: row!.id }).expect(303)
      expect(await requestsOf(patient.id)).toMatchObject([{ state: 'withdrawn' }])
      await agent.postForm(`${own}/requests/removal`, { request: row!.id }).expect(409)
    },
  )

  it('not take back what somebody else asked', async () => {
    const { agent, own } = await mine()
    const other = await mine()
    await other.agent.postForm(`${other.own}/requests`, { kind: 'erasure', words: '' }).expect(303)
    const [row] = await app.superuser<{ id: string }>('select id from clinic.rights_requests where patient_id = $1', [
      other.patient.id,
    ])
    await agent.postForm(`${own}/requests/removal`, { request: row!.id }).expect(404)
    await agent.postForm(`${own}/requests/removal`, { request: 'x' }).expect(404)
    expect(await requestsOf(other.patient.id)).toMatchObject([{ state: 'identity_proven' }])
  })

  it('see hostile words as words', async () => {
    const { agent, own, patient } = await mine()
    const nasty = '<script>alert(1)</script>'
    await agent.postForm(`${own}/requests`, { kind: 'objection', words: nasty }).expect(303)
    await agent.postForm(`${own}/requests`, { kind: 'erasure', words: 'a'.repeat(1001) }).expect(422)
    await agent.postForm(`${own}/requests`, { kind: 'nonsense' }).expect(422)
    await agent.postForm(`${own}/requests`, { kind: 'objection', words: ' ' }).expect(422)
    await agent.postForm(`${own}/correction`, fields(patient, { name: '', email: 'x', phone: '1' })).expect(422)
    expect((await agent.get(own)).text).not.toContain(nasty)
    await agent.get(`${own}?news=<script>`).expect(200)
    await agent.get(`${own}/requests?kind=nonsense`).expect(404)
  })

  it('are still let in when their data is restricted, and told so', async () => {
    const patient = await somebody()
    await app.superuser('update clinic.patients set restricted_at = $1 where id = $2', [testNow, patient.id])
    const { agent, at } = await opened(patient.phone)
    expect(await textOf(agent, at)).toContain('kept but no longer used')
  })

  it('find nothing once they are erased', async () => {
    const { agent, own, patient } = await mine()
    await app.superuser('delete from clinic.patients where id = $1', [patient.id satisfies PatientId])
    await agent.get(own).expect(404)
    expect(await textOf(agent, own.split('/people/')[0]!)).toContain('The clinic holds nothing')
  })
})

it('is linked from the clinic’s page and from a visit’s', async () => {
  const agent = browser()
  expect((await agent.get(`/c/${clinic.slug}`)).text).toContain(`/c/${clinic.slug}/privacy`)
})
