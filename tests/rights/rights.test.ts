// What patients ask by right: proving who they are, their copy, who looked at them, and the clinic's list of it all.
import { describe, expect, it } from 'vitest'
import { answerToken } from '../../src/features/rights/actions/answer.ts'
import { sendIdentityCode, tryIdentityCode } from '../../src/features/rights/actions/identity.ts'
import { listOpenings } from '../../src/features/rights/queries/effects.ts'
import { getRequest } from '../../src/features/rights/queries/requests.ts'
import { referenceOf } from '../../src/features/rights/rules.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { freshMinutes } from '../../src/platform/web/session.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makePatient } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { withRights } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let nadia: Agent
const { home, ask, askProven, decide, everything } = withRights((started) => ({ app, clinic, nadia } = started))

describe('identity', () => {
  it('is proven by a code to the number on file, which counts five tries and is good once', async () => {
    const patient = await makePatient(clinic)
    const id = await ask(patient.id, 'access')
    const asking = {
      services: app.services,
      clinic: await clinic.proven(),
      origin: { requestId: 't' },
      inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => clinic.inClinic(work),
    }
    expect(await sendIdentityCode(asking, id, 'desk')).toEqual({ ok: true, value: null })
    expect(await sendIdentityCode(asking, id, 'desk')).toEqual({ ok: false, reason: 'too_soon' })
    const [message] = await app.superuser<{ id: string; params_sealed: Buffer }>(
      `select id, params_sealed from clinic.messages where clinic_id = $1 and kind = 'code'`, [clinic.id],
    ) // prettier-ignore
    const { code } = await clinic.inClinic((ctx) =>
      Promise.resolve(ctx.seal.openJson(message!.params_sealed, 'messages.params', message!.id) as { code: string }),
    )
    const wrong = code === '000000' ? '000001' : '000000'
    expect(await tryIdentityCode(asking, id, wrong, 'desk')).toEqual({ ok: false, reason: 'wrong' })
    expect(await tryIdentityCode(asking, id, code, 'desk')).toEqual({ ok: true, value: null })
    expect(await tryIdentityCode(asking, id, code, 'desk')).toEqual({ ok: false, reason: 'not_now' })
    expect(await clinic.inClinic((ctx) => getRequest(ctx, id))).toMatchObject({
      state: 'identity_proven',
      identity: 'code',
    })
  })

  it('is spent after five tries and after ten minutes', async () => {
    const patient = await makePatient(clinic)
    const id = await ask(patient.id, 'access')
    const asking = {
      services: app.services,
      clinic: await clinic.proven(),
      origin: { requestId: 't' },
      inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => clinic.inClinic(work),
    }
    await sendIdentityCode(asking, id, 'desk')
    for (let round = 0; round < 5; round++) await tryIdentityCode(asking, id, '999999', 'desk')
    expect(await tryIdentityCode(asking, id, '999999', 'desk')).toEqual({ ok: false, reason: 'spent' })
    app.clock.set(app.clock.now().add({ seconds: 31 }))
    await sendIdentityCode(asking, id, 'desk')
    app.clock.set(app.clock.now().add({ minutes: 10 }))
    expect(await tryIdentityCode(asking, id, '999999', 'desk')).toEqual({ ok: false, reason: 'spent' })
  })

  it('may be a document, whose note is sealed', async () => {
    const patient = await makePatient(clinic)
    const id = await askProven(patient.id, 'access')
    expect(await everything()).not.toContain('Identity card 4321')
    expect(await clinic.inClinic((ctx) => getRequest(ctx, id))).toMatchObject({
      identity: 'in_person',
      identityNote: 'Identity card 4321',
    })
  })
})

describe('the copy', () => {
  it('opens with a code for whoever has the link, holds what was decided, and the look is written down', async () => {
    const patient = await makePatient(clinic, { name: 'Copy Cat' })
    const id = await askProven(patient.id, 'access')
    await decide(id, { decision: 'partly', parts: ['details', 'visits'], reasons: 'The rest names others' })
    const token = await clinic.inClinic((ctx) => Promise.resolve(answerToken(ctx, id)))
    const visitor = app.agent()
    const path = `/c/${clinic.slug}/privacy/answer/${token}`
    await visitor.getForm(path)
    const page = await visitor.get(path).expect(200)
    expect(page.text).toContain('Your copy')
    expect(page.text).not.toContain('Copy Cat')
    await visitor.postForm(`${path}/code`).expect(200)
    await visitor.postForm(`${path}/copy`, { code: '12345', format: 'json' }).expect(422)
    const [message] = await app.superuser<{ id: string; params_sealed: Buffer }>(
      `select id, params_sealed from clinic.messages where clinic_id = $1 and kind = 'code'`, [clinic.id],
    ) // prettier-ignore
    const { code } = await clinic.inClinic((ctx) =>
      Promise.resolve(ctx.seal.openJson(message!.params_sealed, 'messages.params', message!.id) as { code: string }),
    )
    const file = await visitor.postForm(`${path}/copy`, { code, format: 'json' }).expect(200)
    const copy = JSON.parse(file.text) as Record<string, unknown[]>
    expect(copy.patients).toHaveLength(1)
    expect(copy.messages).toEqual([])
    expect(copy.audit_entries).toEqual([])
    const openings = await clinic.inClinic((ctx) => listOpenings(ctx, patient.id))
    expect(openings.map(({ action }) => action)).toContain('patient.exported')
    app.clock.set(app.clock.now().add({ hours: 30 * 24 + 1 }))
    await visitor.get(path).expect(404)
  })

  it('V7.5.3: leaves the desk only with who proved to be the owner, as every export', async () => {
    const patient = await makePatient(clinic, { name: 'Copy Cat' })
    const id = await askProven(patient.id, 'access')
    await decide(id)
    await nadia.getForm(`${home()}/${id}`)
    app.clock.advance({ minutes: freshMinutes, seconds: 1 })
    const asked = await nadia.postForm(`${home()}/${id}/copy`, { format: 'json' })
    expect(asked.status).toBe(403)
    expect(asked.text).not.toContain('Copy Cat')
    const again = await clinic.as(clinic.cast.nadia)
    expect((await again.postForm(`${home()}/${id}/copy`, { format: 'json' }).expect(200)).text).toContain('Copy Cat')
  })

  it('is for this clinic’s answer only', async () => {
    const patient = await makePatient(clinic)
    const id = await askProven(patient.id, 'access')
    await decide(id)
    const token = await clinic.inClinic((ctx) => Promise.resolve(answerToken(ctx, id)))
    await app.agent().get(`/c/${clinic.other.slug}/privacy/answer/${token}`).expect(404)
    await app
      .agent()
      .get(`/c/${clinic.slug}/privacy/answer/${'x'.repeat(32)}`)
      .expect(404)
  })
})

describe('who looked', () => {
  it('is noted once an hour for each person', async () => {
    const patient = await makePatient(clinic)
    const bilal = await clinic.as(clinic.cast.bilal)
    const look = (person: Agent) => person.get(`/app/${clinic.slug}/patients/${patient.id}`).expect(200)
    await look(nadia)
    await look(nadia)
    await look(bilal)
    const openings = () => clinic.inClinic((ctx) => listOpenings(ctx, patient.id))
    expect((await openings()).map(({ name }) => name).sort()).toEqual(['Bilal Ahmed', 'Nadia Khan'])
    app.clock.set(app.clock.now().add({ minutes: 61 }))
    nadia = await clinic.as(clinic.cast.nadia)
    await look(nadia)
    expect(await openings()).toHaveLength(3)
  })
})

describe('walls', () => {
  it('show another clinic’s owner nothing, and a colleague a closed door', async () => {
    const patient = await makePatient(clinic)
    const id = await ask(patient.id, 'access')
    const omar = await clinic.as(clinic.cast.omar)
    await omar.get(`${home()}/${id}`).expect(404)
    await omar.get(`/app/${clinic.other.slug}/settings/privacy/requests/${id}`).expect(404)
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.get(home()).expect(403)
  })
})

describe('the list', () => {
  it('has what is due soonest on top and is found by name, number and reference', async () => {
    const first = await makePatient(clinic, { name: 'Amina Early', phone: '+923007770001' })
    const id = await ask(first.id, 'access')
    app.clock.set(app.clock.now().add({ hours: 24 * 22 }))
    const second = await makePatient(clinic, { name: 'Badar Late' })
    await ask(second.id, 'erasure')
    nadia = await clinic.as(clinic.cast.nadia)
    const page = (query: string) =>
      nadia
        .get(`${home()}${query}`)
        .expect(200)
        .then(({ text }) => wordsOf(text))
    const all = await page('')
    expect(all.indexOf('Amina Early')).toBeLessThan(all.indexOf('Badar Late'))
    expect(all).toContain('8 days left')
    for (const q of ['amina', '0300 7770001', referenceOf(id)]) {
      const found = await page(`?q=${encodeURIComponent(q)}`)
      expect([q, found.includes('Amina Early'), found.includes('Badar Late')]).toEqual([q, true, false])
    }
    expect(await page('?kind=portability')).toContain('Nothing fits')
    app.clock.set(app.clock.now().add({ hours: 24 * 9 }))
    nadia = await clinic.as(clinic.cast.nadia)
    expect(await page('')).toContain('1 day late')
  })
})
