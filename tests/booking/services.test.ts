// Services as they are, over HTTP: questions, new patients, follow-ups, each doctor's own length and price, rules of
// their own.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApp } from '../support/app.ts'
import { startTestApp } from '../support/app.ts'
import {
  makeAppointment,
  makePatient,
  makePractitioner,
  makeQuestion,
  makeService,
  makeShift,
} from '../support/factories.ts'
import { wordsOf } from '../support/http.ts'
import { bookableClinic, hold, slotsOf, typed, type Scene } from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const changeService = (scene: Scene, columns: Record<string, unknown>) =>
  scene.clinic.inClinic(async (ctx) => {
    await ctx.db.withSchema('clinic').table('services').where({ id: scene.service.id }).update(columns)
    ctx.settingsChanged()
  })

const visitsOf = (scene: Scene) =>
  app.superuser<{ id: string; price_minor: number | null; answers_sealed: Buffer | null; minutes: number }>(
    `select id, price_minor::int as price_minor, answers_sealed,
       (extract(epoch from ends_at - starts_at) / 60)::int as minutes
     from clinic.appointments where clinic_id = $1 and status = 'booked' order by created_at, id`,
    [scene.clinic.id],
  )

describe('questions', () => {
  async function asking() {
    const scene = await bookableClinic(app)
    const asked = { serviceId: scene.service.id, required: true }
    const why = await makeQuestion(scene.clinic, asked)
    const fasting = await makeQuestion(scene.clinic, { ...asked, kind: 'yes_no', label: 'Have you been fasting?' })
    return { scene, why: `q_${why.id}`, fasting: `q_${fasting.id}` }
  }

  it('stand on the page, are asked for, and what was typed stays', async () => {
    const { scene, why, fasting } = await asking()
    const agent = app.agent()
    const address = await hold(agent, scene)
    const page = await agent.get(address).expect(200)
    expect(wordsOf(page.text)).toContain('Why do you come?')
    expect(wordsOf(page.text)).toContain('Have you been fasting?')
    const wrong = await agent.postForm(address, typed({ [why]: 'My knee' }))
    expect(wrong.status).toBe(422)
    expect(wordsOf(wrong.text)).toContain('Choose an answer')
    expect(wrong.text).toContain('value="My knee"')
    const made = await agent.postForm(address, typed({ [why]: 'My knee', [fasting]: 'maybe' }))
    expect(made.status).toBe(422)
    const right = await agent.postForm(address, typed({ [why]: 'My knee', [fasting]: 'no' }))
    expect(right.status).toBe(303)
    const [visit] = await visitsOf(scene)
    expect(visit!.answers_sealed!.toString('latin1')).not.toContain('knee')
    const desk = await (
      await scene.clinic.as(scene.clinic.cast.bilal)
    )
      .get(`/app/${scene.clinic.slug}/appointments/${visit!.id}`)
      .expect(200)
    expect(wordsOf(desk.text)).toContain('Why do you come? My knee')
    expect(wordsOf(desk.text)).toContain('Have you been fasting? No')
    const sent = await app.superuser<{ row: string }>(
      'select m::text as row from clinic.messages m where clinic_id = $1',
      [scene.clinic.id],
    )
    expect(JSON.stringify(sent)).not.toContain('knee')
    expect(app.logLines.join('\n')).not.toContain('knee')
  })
})

describe('for new patients only', () => {
  it('says so on the page, and keeps what was typed by somebody who has been there', async () => {
    const scene = await bookableClinic(app)
    await makeService(scene.clinic, { name: 'Consultation for all' })
    await changeService(scene, { new_only: true })
    const patient = await makePatient(scene.clinic, { name: 'Omar Farooq', phone: '+923001112233' })
    await makeAppointment(scene.clinic, { ...scene, patientId: patient.id, status: 'fulfilled', at: '09:00' })
    expect(wordsOf((await app.agent().get(scene.home)).text)).toContain('For new patients only')
    const agent = app.agent()
    const address = await hold(agent, scene)
    const refused = await agent.postForm(address, typed({ name: 'omar  farooq', phone: '0300 1112233' }))
    expect(refused.status).toBe(422)
    expect(wordsOf(refused.text)).toContain('This is for new patients')
    expect(refused.text).toContain('value="0300 1112233"')
    expect(wordsOf(refused.text)).toContain('See times for')
    // A child of the same family, on the same telephone.
    const child = await agent.postForm(address, typed({ name: 'Zainab Farooq', phone: '0300 1112233' }))
    expect(child.status).toBe(303)
  })
})

describe('a follow-up', () => {
  const followUp = { visit_type: 'follow_up', follow_up_days: 14, follow_up_price_minor: 0 }

  async function examined(on: string) {
    const scene = await bookableClinic(app)
    const examination = await makeService(scene.clinic, { name: 'Examination' })
    await changeService(scene, followUp)
    const patient = await makePatient(scene.clinic, { phone: '+923005556677' })
    const { locationId } = scene
    const visit = { service: examination, locationId, patientId: patient.id, status: 'fulfilled', on } as const
    await makeAppointment(scene.clinic, visit)
    return scene
  }

  it('is free fourteen days after the examination', async () => {
    const scene = await examined('2026-11-11')
    const agent = app.agent()
    const address = await hold(agent, scene)
    expect(wordsOf((await agent.get(address)).text)).toContain('Free within 14 days of your visit to')
    expect((await agent.postForm(address, typed({ name: 'Another Name', phone: '0300 5556677' }))).status).toBe(303)
    expect(await visitsOf(scene)).toMatchObject([{ price_minor: 0 }])
  })

  it('on the fifteenth it is said what it costs, and booked at that once agreed to', async () => {
    const scene = await examined('2026-11-10')
    const agent = app.agent()
    const address = await hold(agent, scene)
    const refused = await agent.postForm(address, typed({ phone: '0300 5556677' }))
    expect(refused.status).toBe(422)
    expect(wordsOf(refused.text)).toContain('We found no recent visit')
    expect(wordsOf(refused.text)).toContain('Book at the full price')
    expect(refused.text).toContain('value="0300 5556677"')
    const agreed = await agent.postForm(address, typed({ phone: '0300 5556677', full_price: 'yes' }))
    expect(agreed.status).toBe(303)
    expect(await visitsOf(scene)).toMatchObject([{ price_minor: 150_000 }])
  })
})

describe('a doctor of their own length and price', () => {
  it('is shown and booked as that doctor has it', async () => {
    const scene = await bookableClinic(app)
    const hamid = await makePractitioner(scene.clinic)
    await makeShift(scene.clinic, { practitionerId: hamid.id, locationId: scene.locationId })
    await scene.clinic.inClinic(async (ctx) => {
      await ctx.db
        .withSchema('clinic')
        .table('practitioner_services')
        .where({ practitioner_id: hamid.id })
        .update({ duration_min: 45, price_minor: 250_000 })
      ctx.settingsChanged()
    })
    const words = wordsOf((await app.agent().get(scene.home)).text)
    expect(words).toContain('30–45 minutes')
    const agent = app.agent()
    const page = await hold(agent, { ...scene, practitionerId: hamid.id })
    const summary = wordsOf((await agent.get(page)).text)
    expect(summary).toContain('45 min')
    expect(summary).toContain('2,500')
    expect((await agent.postForm(page, typed())).status).toBe(303)
    expect(await visitsOf(scene)).toMatchObject([{ minutes: 45, price_minor: 250_000 }])
  })
})

describe('rules of its own', () => {
  it('nothing for the same day, however late the notice', async () => {
    const scene = await bookableClinic(app)
    const today = async () => {
      const page = await app.agent().get(`${scene.home}/times?service=${scene.service.id}&date=2026-11-24`)
      return slotsOf(page.text).filter(({ value }) => value.startsWith('2026-11-24')).length
    }
    expect(await today()).toBeGreaterThan(0)
    await changeService(scene, { same_day: false })
    expect(await today()).toBe(0)
  })

  it('further ahead than the clinic, where the service says so', async () => {
    const scene = await bookableClinic(app)
    const far = '2027-01-20' // 57 days, where the clinic takes 42
    const there = async () =>
      slotsOf((await app.agent().get(`${scene.home}/times?service=${scene.service.id}&date=${far}`)).text)
    expect((await there()).some(({ value }) => value.startsWith(far))).toBe(false)
    await changeService(scene, { horizon_days: 90 })
    expect((await there()).some(({ value }) => value.startsWith(far))).toBe(true)
  })
})
