// The promise of the whole product, over HTTP: a slot has as many people as it has places, whoever comes at once.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { readPage, wordsOf } from '../support/http.ts'
import { bookableClinic, locationOf, slotAt, slotsOf, typed } from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

it.each([1, 3])(
  '200 patients at once for a time with %i places: so many visits, and every other is offered the next times',
  async (capacity) => {
    const scene = await bookableClinic(app, { service: { capacity } })
    const slot = slotAt('10:00', scene)

    const patient = async (number: number): Promise<'booked' | 'lost'> => {
      const agent = app.agent(`198.51.100.${number % 250}`)
      const times = await agent.getForm(`${scene.home}/times`)
      expect(times.response.status).toBe(200)
      const held = await agent.postForm(`${scene.home}/holds`, { service: scene.service.id, slot })
      if (held.status === 303) {
        await agent.get(locationOf(held)).expect(200)
        const person = typed({ name: `Patient ${number}`, phone: `+92300${String(3_000_000 + number)}` })
        const booked = await agent.postForm(locationOf(held), person)
        if (booked.status === 303) return 'booked'
        expect(booked.status).toBe(409)
        expect(slotsOf(booked.text).length).toBe(3)
        return 'lost'
      }
      expect({ status: held.status, words: wordsOf(held.text) }).toMatchObject({
        status: 409,
        words: expect.stringContaining('That time has just gone') as string,
      })
      expect(slotsOf(held.text)).toHaveLength(3)
      expect(readPage(held).csrf).toBeDefined()
      return 'lost'
    }
    const ends = await Promise.all(Array.from({ length: 200 }, (_, number) => patient(number)))
    expect(ends.filter((end) => end === 'booked')).toHaveLength(capacity)

    const rows = await app.superuser(
      `select status, lane from clinic.appointments where clinic_id = $1 order by lane`,
      [scene.clinic.id],
    )
    expect(rows).toEqual(Array.from({ length: capacity }, (_, at) => ({ status: 'booked', lane: at + 1 })))
    // The same row by plain SQL is refused by the table itself.
    await expect(
      app.superuser(
        `insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id,
           status, starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at)
         select clinic_id, gen_random_uuid(), 'TWICE1', practitioner_id, service_id, location_id, patient_id, 'booked',
           starts_at, ends_at, occupied_from, occupied_to, 1, capacity, source, language, currency, created_at
         from clinic.appointments where clinic_id = $1 limit 1`,
        [scene.clinic.id],
      ),
    ).rejects.toMatchObject({ code: '23P01' })
  },
  120_000,
)
