// What a service asks, at the desk: on the form for a caller and for who walks in, on the visit, and later.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listAppointmentsOfSeries } from '../../src/features/appointments/queries.ts'
import type { AppointmentId, SeriesId } from '../../src/kernel/ids.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { hire, makeClinic, makePlatformAdmin, visiting, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makeQuestion, makeService } from '../support/factories.ts'
import { readPage, wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
let bookable: Awaited<ReturnType<typeof makeBookable>>
let why: string
let fasting: string
let side: string
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  clinic = await makeClinic(app)
  bookable = await makeBookable(clinic)
  bilal = await clinic.as(clinic.cast.bilal)
  const serviceId = bookable.service.id
  why = `q_${(await makeQuestion(clinic, { serviceId, label: 'Why do you come?', required: true })).id}`
  fasting = `q_${(await makeQuestion(clinic, { serviceId, label: 'Fasting?', kind: 'yes_no' })).id}`
  const choices = ['left knee', 'right knee']
  side = `q_${(await makeQuestion(clinic, { serviceId, label: 'Which side?', kind: 'choice', choices })).id}`
})

const base = () => `/app/${clinic.slug}`
const caller = { name: 'Ayesha Siddiqua', phone: '0300-765 4321', language: 'ur' }
const visits = () =>
  app.superuser<{ id: AppointmentId; sealed: Buffer | null; series: SeriesId | null }>(
    `select id, answers_sealed as sealed, series_id as series from clinic.appointments
     where clinic_id = $1 and status <> 'pending' order by starts_at, id`,
    [clinic.id],
  )
async function slotAt(time: string) {
  const { text } = await bilal.get(`${base()}/appointments/new?service=${bookable.service.id}`).expect(200)
  const buttons = text.matchAll(/<button class="slot[^"]*" name="slot" value="([^"]+)"[^>]*>([\s\S]*?)<\/button>/g)
  return [...buttons].find(([, , label = '']) => wordsOf(label) === time)![1]!
}
const book = async (fields: Record<string, string>) =>
  bilal.postForm(`${base()}/appointments/new`, { ...caller, slot: fields.slot ?? (await slotAt('3:00 pm')), ...fields })
const pageOf = async (id: string, agent = bilal) =>
  wordsOf((await agent.get(`${base()}/appointments/${id}`).expect(200)).text)

describe('for a caller', () => {
  it('the questions of the chosen service stand on the form, and of no other', async () => {
    const other = await makeService(clinic, { name: 'Check-up' })
    const page = async (service: string) =>
      (await bilal.get(`${base()}/appointments/new?service=${service}`).expect(200)).text
    expect(wordsOf(await page(bookable.service.id))).toContain('Why do you come?')
    expect(await page(other.id)).not.toContain('Why do you come?')
  })

  it('are sealed with the visit and shown on it, whichever were answered', async () => {
    await book({ [why]: 'My knee', [side]: 'left knee' })
    const [visit] = await visits()
    expect(visit!.sealed!.toString('latin1')).not.toContain('knee')
    const words = await pageOf(visit!.id)
    expect(words).toContain('Why do you come? My knee')
    expect(words).toContain('Which side? left knee')
    expect(words).not.toContain('Fasting?')
  })

  it('may all be left open, a required one too', async () => {
    expect((await book({})).status).toBe(303)
    const [visit] = await visits()
    expect(visit!.sealed).toBeNull()
    expect(await pageOf(visit!.id)).toContain('Nothing answered yet.')
  })

  it('keep what was typed when something else is wrong, and say what is wrong with them', async () => {
    const wrong = await book({ [why]: 'My knee', [fasting]: 'yes', phone: '12' })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toContain('value="My knee"')
    expect(wrong.text).toMatch(/<option value="yes" selected>/)
    const long = 'knee '.repeat(50)
    const tooLong = await book({ [why]: long, [side]: 'middle knee', name: '' })
    expect(tooLong.status).toBe(422)
    expect(tooLong.text).toContain(`value="${long}"`)
    expect(tooLong.text).toContain(`id="f-${why}-error"`)
    expect(tooLong.text).toContain(`id="f-${side}-error"`)
    expect(tooLong.text).toContain('id="f-name-error"')
    expect(await visits()).toEqual([])
    const slot = await slotAt('3:00 pm')
    await makeAppointment(clinic, { service: bookable.service, at: '15:00' })
    const lost = await book({ slot, [why]: 'My knee' })
    expect(lost.status).toBe(409)
    expect(lost.text).toContain('value="My knee"')
  })

  it('go along onto another’s visit, and onto each of several', async () => {
    const onTop = {
      step: 'overbook',
      date: '2026-11-24',
      time: '15:00',
      reason: 'in pain',
      practitioner: bookable.practitionerId,
      service: bookable.service.id,
    }
    const added = await bilal.postForm(`${base()}/appointments/new`, { ...caller, ...onTop, [why]: 'My tooth' })
    expect(added.status).toBe(303)
    expect(await pageOf((await visits())[0]!.id)).toContain('Why do you come? My tooth')
    const planned = await bilal.postForm(`${base()}/series/plan`, {
      ...caller,
      slot: await slotAt('4:00 pm'),
      repeat: 'week',
      count: '3',
      [why]: 'My back',
    })
    expect(planned.status).toBe(200)
    const { _csrf, ...hidden } = readPage(planned).hidden
    const [, typed = ''] = new RegExp(`name="${why}"[^>]* value="([^"]*)"`).exec(planned.text) ?? []
    expect(typed).toBe('My back')
    await bilal.postForm(`${base()}/series`, { ...hidden, [why]: typed, repeat: 'week', count: '3' }).expect(303)
    const series = (await visits()).find(({ series: id }) => id !== null)!.series!
    const all = await clinic.inClinic((ctx) => listAppointmentsOfSeries(ctx, series))
    expect(all).toHaveLength(3)
    for (const { id } of all) expect(await pageOf(id)).toContain('Why do you come? My back')
  })
})

describe('for who walks in', () => {
  const fields = () => ({
    name: 'Asma Iqbal',
    phone: '0300 111 2233',
    language: 'en',
    service: bookable.service.id,
    practitioner: bookable.practitionerId,
    location: bookable.locationId,
  })
  const walkIn = (more: Record<string, string>) => bilal.postForm(`${base()}/walk-in`, { ...fields(), ...more })

  it('stand on the form, another service’s when that is looked for, and nobody is taken in by looking', async () => {
    const silent = await makeService(clinic, { name: 'Vaccination' })
    expect(wordsOf((await bilal.get(`${base()}/walk-in`)).text)).toContain('Why do you come?')
    const other = await walkIn({ service: silent.id, step: 'look' })
    expect(other.status).toBe(200)
    expect(other.text).not.toContain('Why do you come?')
    const back = await walkIn({ step: 'look', [why]: 'My knee' })
    expect(back.text).toContain('value="My knee"')
    expect(back.text).toContain('value="Asma Iqbal"')
    expect(await visits()).toEqual([])
  })

  it('go onto the visit, and what was typed stays when something is wrong', async () => {
    const wrong = await walkIn({ phone: '1', [why]: 'My knee' })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toContain('value="My knee"')
    await walkIn({ [why]: 'My knee' }).expect(303)
    const [visit] = await visits()
    expect(await pageOf(visit!.id)).toContain('Why do you come? My knee')
  })

  it('are added to by the same person coming again, and nothing that was said is lost', async () => {
    await walkIn({ [why]: 'My knee', [side]: 'left knee' }).expect(303)
    const [visit] = await visits()
    await app.superuser('delete from clinic.service_questions where clinic_id = $1 and id = $2', [
      clinic.id,
      side.slice(2),
    ])
    await clinic.inClinic((ctx) => Promise.resolve(ctx.settingsChanged()))
    await walkIn({ [fasting]: 'yes' }).expect(303)
    const words = await pageOf(visit!.id)
    expect(words).toContain('Why do you come? My knee')
    expect(words).toContain('Which side? left knee')
    expect(words).toContain('Fasting? Yes')
    await walkIn({ [why]: 'My hip' }).expect(303)
    expect(await pageOf(visit!.id)).toContain('Why do you come? My hip')
    expect(await visits()).toHaveLength(1)
  })

  it('are not touched by what another service asks', async () => {
    await walkIn({ [why]: 'My knee' }).expect(303)
    const [visit] = await visits()
    const other = await makeService(clinic, { name: 'Vaccination' })
    const which = `q_${(await makeQuestion(clinic, { serviceId: other.id, label: 'Which vaccine?' })).id}`
    await walkIn({ service: other.id, [which]: 'Flu' }).expect(303)
    const words = await pageOf(visit!.id)
    expect(words).toContain('Why do you come? My knee')
    expect(words).not.toContain('Which vaccine?')
    expect(await visits()).toHaveLength(1)
  })

  it('are not filled in where data is restricted: who comes again is told the number and no more', async () => {
    await walkIn({ [why]: 'My knee' }).expect(303)
    const [visit] = await visits()
    await app.superuser('update clinic.patients set restricted_at = now() where clinic_id = $1', [clinic.id])
    const again = await walkIn({ [why]: 'My hip' })
    expect(again.status).toBe(303)
    expect(again.headers.location).toContain(`/appointments/${visit!.id}/slip`)
    expect(await visits()).toEqual([visit])
  })
})

describe('later', () => {
  const answersOf = (id: string) => `${base()}/appointments/${id}/answers`

  it('they are filled in and corrected by who may book, which is written down without a word of them', async () => {
    await book({})
    const [visit] = await visits()
    const filled = await bilal.postForm(answersOf(visit!.id), { [why]: 'My knee', [fasting]: 'no' })
    expect(filled.status).toBe(303)
    expect(await pageOf(visit!.id)).toContain('Fasting? No')
    const form = (await bilal.get(answersOf(visit!.id)).expect(200)).text
    expect(form).toContain('value="My knee"')
    const wrong = await bilal.postForm(answersOf(visit!.id), { [why]: 'x'.repeat(201), [fasting]: 'yes' })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toContain('x'.repeat(201))
    await bilal.postForm(answersOf(visit!.id), { [why]: 'My shoulder', [fasting]: '' }).expect(303)
    // The same again is no change.
    await bilal.postForm(answersOf(visit!.id), { [why]: 'My shoulder', [fasting]: '' }).expect(303)
    const words = await pageOf(visit!.id)
    expect(words).toContain('Why do you come? My shoulder')
    expect(words).not.toContain('Fasting?')
    const entries = await app.superuser<{ details: unknown; row: string }>(
      `select details, e::text as row from clinic.audit_entries e where clinic_id = $1 and action = 'appointment.answers_changed' order by id`,
      [clinic.id],
    )
    expect(entries.map(({ details }) => details)).toEqual([{ answers: 2 }, { answers: 1 }])
    expect(JSON.stringify(entries)).not.toMatch(/knee|shoulder/)
    expect(app.logLines.join('\n')).not.toMatch(/knee|shoulder/)
  })

  it('are nobody else’s: not the doctor’s of another diary, nor another clinic’s, nor where data is restricted', async () => {
    await book({ [why]: 'My knee' })
    const [visit] = await visits()
    expect(await pageOf(visit!.id, await clinic.as(clinic.cast.sana))).toContain('My knee')
    const stranger = await clinic.as(await hire(clinic, 'doctor'))
    await stranger.get(`${base()}/appointments/${visit!.id}`).expect(404)
    const omar = await clinic.as(clinic.cast.omar)
    await omar.postForm(answersOf(visit!.id).replace(clinic.slug, clinic.other.slug), { [why]: 'x' }).expect(404)
    await app.superuser('update clinic.patients set restricted_at = now() where clinic_id = $1', [clinic.id])
    await bilal.get(answersOf(visit!.id)).expect(404)
    await bilal.postForm(answersOf(visit!.id), { [why]: 'x' }).expect(404)
    expect(await pageOf(visit!.id)).not.toContain('My knee')
  })

  it('are for the clinic’s own people: somebody of the platform on a visit reads none and fills in none', async () => {
    await book({ [why]: 'My knee' })
    const [visit] = await visits()
    const guest = await visiting(clinic, (await makePlatformAdmin(app)).userId)
    const words = await pageOf(visit!.id, guest)
    expect(words).toContain('Ayesha Siddiqua')
    expect(words).not.toContain('My knee')
    await guest.get(answersOf(visit!.id)).expect(403)
  })
})
