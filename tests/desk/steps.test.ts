import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bookAtDesk } from '../../src/features/appointments/actions/book.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner } from '../support/factories.ts'
import { bareWordsOf, type Agent } from '../support/http.ts'
import { inShort } from '../support/messages.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  clinic = await makeClinic(app)
  await makeBookable(clinic)
  bilal = await clinic.as(clinic.cast.bilal)
})

async function visitOf(name: string, visit: Parameters<typeof makeAppointment>[1] = {}) {
  const patient = await makePatient(clinic, { name })
  return makeAppointment(clinic, { patientId: patient.id, at: '11:30', ...visit })
}

const back = () => `/app/${clinic.slug}/today?view=list`
const take = (agent: Agent, id: string, step: string, fields: Record<string, string> = { back: back() }) =>
  agent.postForm(`/app/${clinic.slug}/appointments/${id}/${step}`, fields)
const statusOf = async (id: string) => {
  const [row] = await app.superuser<{ status: string }>('select status from clinic.appointments where id = $1', [id])
  return row!.status
}
/** What the next page says once, and where its Undo button leads. */
async function said(agent: Agent) {
  const { text } = await agent.get(back()).expect(200)
  const flash = /<div class="notice notice-(\w+) flash"[\s\S]*?<\/form>|<div class="notice notice-(\w+) flash"[\s\S]*?<\/div>\s*<\/div>/.exec(text)?.[0] ?? '' // prettier-ignore
  const undo = /<form method="post" action="([^"]+)"/.exec(flash)?.[1]
  return { words: bareWordsOf(flash), undo: undo?.replaceAll('&amp;', '&') }
}

describe('a step of the day', () => {
  it('takes a visit from the door to the doctor and out again, each by one press, and back to the same page', async () => {
    const visit = await visitOf('Omar Farid')
    for (const [step, status, words] of [
      ['arrival', 'arrived', 'Omar Farid is checked in. Undo'],
      ['room', 'in_room', 'Omar Farid is with the doctor. Undo'],
      ['completion', 'fulfilled', 'The visit of Omar Farid is done. Undo'],
    ] as const) {
      await take(bilal, visit.id, step).expect(303).expect('Location', back())
      expect(await statusOf(visit.id)).toBe(status)
      expect((await said(bilal)).words).toBe(words)
    }
  })

  it('is written down', async () => {
    const visit = await visitOf('Omar Farid')
    await take(bilal, visit.id, 'arrival')
    const entries = await app.superuser('select action, actor_id from clinic.audit_entries where record_id = $1', [
      visit.id,
    ])
    expect(entries).toEqual([{ action: 'appointment.arrived', actor_id: clinic.cast.bilal.userId }])
  })

  it('can be taken back by the button beside the words', async () => {
    const visit = await visitOf('Omar Farid')
    await take(bilal, visit.id, 'arrival')
    const { undo } = await said(bilal)
    await bilal.postForm(undo!).expect(303).expect('Location', back())
    expect(await statusOf(visit.id)).toBe('booked')
    expect((await said(bilal)).words).toContain('Undone: Omar Farid is "Booked" again.')
    await take(bilal, visit.id, 'undo')
    expect((await said(bilal)).words).toContain('There is nothing left to undo here.')
  })

  it('that somebody else was faster with is refused kindly, and says how things stand', async () => {
    const visit = await visitOf('Omar Farid')
    const nadia = await clinic.as(clinic.cast.nadia)
    const answers = await Promise.all([bilal, nadia].map((agent) => take(agent, visit.id, 'arrival')))
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    const words = [(await said(bilal)).words, (await said(nadia)).words].sort()
    expect(words[0]).toContain('Omar Farid is checked in.')
    expect(words[1]).toContain('Somebody else was a moment faster, so nothing was done. Omar Farid is now "Arrived".')
    await take(nadia, visit.id, 'no-show')
    expect((await said(nadia)).words).toContain('Omar Farid is now "Arrived".')
    expect(await statusOf(visit.id)).toBe('arrived')
  })

  it('is offered once of twenty at the same moment', async () => {
    const visit = await visitOf('Omar Farid')
    await Promise.all(Array.from({ length: 20 }, () => take(bilal, visit.id, 'arrival').expect(303)))
    const entries = await app.superuser('select 1 from clinic.audit_entries where record_id = $1', [visit.id])
    expect(entries).toHaveLength(1)
  })

  it('"did not come" waits until the visit should have begun', async () => {
    const visit = await visitOf('Omar Farid', { at: '15:00' })
    await take(bilal, visit.id, 'no-show')
    expect(await statusOf(visit.id)).toBe('booked')
    expect((await said(bilal)).words).toContain('It is too early for that: the visit of Omar Farid has not begun.')
  })

  it('leads back only to a page of this clinic', async () => {
    const visit = await visitOf('Omar Farid')
    await take(bilal, visit.id, 'arrival', { back: 'https://evil.test/' })
      .expect(303)
      .expect('Location', `/app/${clinic.slug}/appointments/${visit.id}`)
  })

  it('is for the doctor too, in the own diary only; cancelling is for the desk', async () => {
    const hamid = await makePractitioner(clinic)
    const own = await visitOf('Own Patient')
    const foreign = await visitOf('Patient Of Hamid', { practitionerId: hamid.id })
    const sana = await clinic.as(clinic.cast.sana)
    await take(sana, own.id, 'arrival').expect(303)
    await take(sana, foreign.id, 'arrival').expect(404)
    await take(sana, own.id, 'cancellation').expect(403)
    expect([await statusOf(own.id), await statusOf(foreign.id)]).toEqual(['arrived', 'booked'])
  })

  it('does nothing at another clinic', async () => {
    const visit = await visitOf('Omar Farid')
    const omar = await clinic.as(clinic.cast.omar)
    await take(omar, visit.id, 'arrival').expect(404)
    await omar.postForm(`/app/${clinic.other.slug}/appointments/${visit.id}/arrival`).expect(404)
    expect(await statusOf(visit.id)).toBe('booked')
  })
})

describe('cancelling', () => {
  /** Booked long enough ago that the confirmation has left. */
  async function toldVisit() {
    const patient = await makePatient(clinic, { name: 'Fatima Noor' })
    const { service, locationId, practitionerId } = await inTheDiary()
    const booked = await clinic.inClinic((ctx) =>
      bookAtDesk(ctx, {
        wish: { serviceId: service, practitionerId, locationId, startsAt: ctx.now.add({ hours: 27 }) },
        patient: { id: patient.id },
        language: 'en',
        messagesWanted: true,
      }),
    )
    if (!booked.ok) throw new Error(booked.reason)
    await app.superuser(
      `update clinic.messages set status = 'sent' where appointment_id = $1 and kind = 'confirmation'`,
      [booked.value.id],
    )
    return booked.value
  }
  async function inTheDiary() {
    const visit = await makeAppointment(clinic, { on: '2026-12-20' })
    const [row] = await app.superuser<{ location_id: never }>('select location_id from clinic.appointments where id = $1', [
      visit.id,
    ]) // prettier-ignore
    return { service: visit.service.id, locationId: row!.location_id, practitionerId: clinic.cast.sana.practitionerId }
  }

  it('says when the message leaves, and undone before that nobody hears a word', async () => {
    const visit = await toldVisit()
    await take(bilal, visit.id, 'cancellation').expect(303)
    const { words, undo } = await said(bilal)
    expect(words).toContain('The visit of Fatima Noor is cancelled. The message about it leaves at 12:03 pm')
    expect(await inShort(app, clinic.id)).toContain('cancelled queued')
    await bilal.postForm(undo!).expect(303)
    expect(await statusOf(visit.id)).toBe('booked')
    const after = await inShort(app, clinic.id)
    expect(after).toContain('cancelled dropped (undone)')
    expect(after.filter((one) => one.endsWith(' queued'))).toEqual(['reminder_24h queued', 'reminder_2h queued'])
  })

  it('of a visit nobody was told of sends nothing', async () => {
    const visit = await visitOf('Omar Farid', { at: '16:00', messagesWanted: false })
    await take(bilal, visit.id, 'cancellation').expect(303)
    expect((await said(bilal)).words).toContain('The visit of Omar Farid is cancelled. No message will be sent.')
  })

  it('can’t be taken back when the time was given away, and says so', async () => {
    const visit = await visitOf('Omar Farid', { at: '16:00' })
    await take(bilal, visit.id, 'cancellation')
    await visitOf('Next In Line', { at: '16:00' })
    await take(bilal, visit.id, 'undo')
    expect((await said(bilal)).words).toContain('That time has been given to somebody else')
    expect(await statusOf(visit.id)).toBe('cancelled')
  })

  it('is not the doctor’s to take back', async () => {
    const visit = await visitOf('Omar Farid', { at: '16:00' })
    await take(bilal, visit.id, 'cancellation')
    await take(await clinic.as(clinic.cast.sana), visit.id, 'undo').expect(403)
    expect(await statusOf(visit.id)).toBe('cancelled')
  })
})
