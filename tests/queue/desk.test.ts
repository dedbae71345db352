// The line as the desk works it: walk-ins, calling, and what the waiting room and the patients see of it.
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { callNext } from '../../src/features/queue/actions/call.ts'
import { prioritise, skip } from '../../src/features/queue/actions/line.ts'
import { takeWalkIn } from '../../src/features/queue/actions/walk-in.ts'
import { takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { registerLink } from '../../src/platform/links.ts'
import { valueOf } from '../appointments/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner, makeShift } from '../support/factories.ts'
import { bareWordsOf, wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let bookable: Awaited<ReturnType<typeof makeBookable>>
let bilal: Agent
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  clinic = await makeClinic(app)
  bookable = await makeBookable(clinic)
  bilal = await clinic.as(clinic.cast.bilal)
})

const walkIn = (name = 'Asma Iqbal', phone = '+923001112233') => ({
  name,
  phone: phone as Phone,
  serviceId: bookable.service.id,
  practitionerId: bookable.practitionerId,
  locationId: bookable.locationId,
  language: 'en' as const,
  agreed: false,
})
const take = (facts = walkIn()) => clinic.inClinic((ctx) => takeWalkIn(ctx, facts))
const call = (previous?: Parameters<typeof callNext>[2]) =>
  clinic.inClinic((ctx) => callNext(ctx, bookable.practitionerId, previous))
async function arrived(at: string, overrides: Parameters<typeof makeAppointment>[1] = {}) {
  const visit = await makeAppointment(clinic, { service: bookable.service, at, ...overrides })
  valueOf(await clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'arrive')))
  return visit
}
const rowOf = async (id: AppointmentId) =>
  (
    await app.superuser<{ status: string; overbooked: boolean; reason: string | null; starts: Date }>(
      'select status, overbooked, overbook_reason as reason, starts_at as starts from clinic.appointments where id = $1',
      [id],
    )
  )[0]!
const home = () => `/app/${clinic.slug}`

describe('somebody walks in', () => {
  it('takes a free time that begins soon, so that nobody books it online', async () => {
    const { appointment, token } = valueOf(await take())
    expect(token).toBe(1)
    expect(await rowOf(appointment.id)).toMatchObject({ status: 'arrived', overbooked: false })
  })

  it('is squeezed in on a lane of its own when nothing is free soon, with the reason written down', async () => {
    for (const at of ['12:00', '12:30']) await makeAppointment(clinic, { service: bookable.service, at })
    const { appointment } = valueOf(await take())
    expect(await rowOf(appointment.id)).toMatchObject({ status: 'arrived', overbooked: true, reason: 'walk-in' })
  })

  it('also when the doctor has no hours at all now', async () => {
    app.clock.advance({ hours: 8 })
    expect(await rowOf(valueOf(await take()).appointment.id)).toMatchObject({ overbooked: true })
    app.clock.advance({ hours: -8 })
  })

  it('is answered with the number they have when sent twice, and somebody of the same phone with another', async () => {
    const first = valueOf(await take())
    expect(valueOf(await take())).toMatchObject({ token: first.token, again: true })
    expect(valueOf(await take(walkIn('Hina Iqbal')))).toMatchObject({ token: first.token + 1, again: false })
  })

  it('is one visit with one number when both clicks of a double click arrive at once', async () => {
    const all = (await Promise.all([take(), take(), take()])).map((one) => valueOf(one))
    expect(new Set(all.map(({ token }) => token)).size).toBe(1)
    expect(all.filter(({ again }) => !again)).toHaveLength(1)
    const visits = await app.superuser('select id from clinic.appointments where clinic_id = $1', [clinic.id])
    expect(visits).toHaveLength(1)
  })

  it('gets different numbers in a rush, one after the other', async () => {
    const taken = await Promise.all(
      Array.from({ length: 6 }, (_, index) => take(walkIn(`Asma ${index}`, `+9230011122${10 + index}`))),
    )
    expect(taken.map((one) => valueOf(one).token).sort()).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('is refused a service the doctor does not offer', async () => {
    const other = await makePractitioner(clinic)
    await app.superuser('delete from clinic.practitioner_services where practitioner_id = $1', [other.id])
    await clinic.inClinic((ctx) => Promise.resolve(ctx.settingsChanged()))
    const wrong = { ...walkIn(), practitionerId: other.id }
    expect(await take(wrong)).toEqual({ ok: false, reason: 'not_offered' })
  })

  it('goes from two fields to a slip to print', async () => {
    await bilal.getForm(`${home()}/walk-in`)
    const form = {
      name: 'Asma Iqbal',
      phone: '0300 1112233',
      practitioner: bookable.practitionerId,
      service: bookable.service.id,
      location: bookable.locationId,
      language: 'ur',
    }
    const sent = await bilal.postForm(`${home()}/walk-in`, form).expect(303)
    const slip = await bilal.get(sent.headers.location!).expect(200)
    expect(bareWordsOf(slip.text)).toContain('Asma Iqbal has number 1 for Dr Sana Malik')
    expect(slip.text).toContain('<html lang="ur" dir="rtl"')
    expect(slip.text).toContain('class="qr"')
  })

  it('reads the time of the visit on a slip printed before there is a number', async () => {
    const visit = await makeAppointment(clinic, { service: bookable.service, at: '14:30' })
    const before = wordsOf((await bilal.get(`${home()}/appointments/${visit.id}/slip`).expect(200)).text)
    expect(before).toContain('Your visit 2:30 pm')
    expect(before).toContain('Scan to see, move or cancel your visit.')
    valueOf(await clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'arrive')))
    const after = wordsOf((await bilal.get(`${home()}/appointments/${visit.id}/slip`).expect(200)).text)
    expect(after).toContain('Your number 1')
    expect(after).toContain('Scan to see how many are before you.')
  })

  it('keeps what was typed when something is missing', async () => {
    const page = await bilal.getForm(`${home()}/walk-in`)
    const answer = await bilal.postForm(`${home()}/walk-in`, { ...page.hidden, name: 'Asma', phone: '12' }).expect(422)
    expect(answer.text).toContain('value="Asma"')
    expect(wordsOf(answer.text)).toContain('Enter a phone number with all its digits')
  })

  it('is not for who may only run the line', async () => {
    const sana = await clinic.as(clinic.cast.sana)
    await sana.get(`${home()}/walk-in`).expect(403)
    await sana.get(`${home()}/queue`).expect(200)
  })
})

describe('calling in', () => {
  it('calls by the time of the appointment, and asks what becomes of who is in the room', async () => {
    const late = await arrived('12:30')
    const early = await arrived('12:00')
    expect(valueOf(await call())).toMatchObject({ appointment: { id: early.id }, token: 2 })
    expect(await call()).toEqual({ ok: false, reason: 'in_room' })
    const next = valueOf(await call({ ids: [early.id], then: 'finish' }))
    expect(next).toMatchObject({ appointment: { id: late.id }, finished: [{ id: early.id }] })
    expect((await rowOf(early.id)).status).toBe('fulfilled')
    expect(await call({ ids: [late.id], then: 'finish' })).toEqual({ ok: false, reason: 'nobody_waits' })
    expect((await rowOf(late.id)).status, 'nothing half done').toBe('in_room')
  })

  it('calls one of two desks that press at once, and tells the other', async () => {
    for (const at of ['12:00', '12:30', '13:00']) await arrived(at)
    const answers = await Promise.all([call(), call(), call()])
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
    for (const one of answers) if (!one.ok) expect(['in_room', 'changed_meanwhile']).toContain(one.reason)
    const inside = await app.superuser(
      `select 1 from clinic.appointments where clinic_id = $1 and status = 'in_room'`,
      [clinic.id],
    )
    expect(inside).toHaveLength(1)
  })

  it('calls nobody twice when two press at once with somebody staying', async () => {
    const ids = []
    for (const at of ['12:00', '12:30', '13:00']) ids.push((await arrived(at)).id)
    valueOf(await call())
    const stay = { ids: [ids[0]!], then: 'stay' } as const
    const answers = await Promise.all([call(stay), call(stay)])
    const called = answers.flatMap((one) => (one.ok ? one.value.appointment.id : []))
    expect(called.length).toBeGreaterThan(0)
    expect(new Set(called).size).toBe(called.length)
  })

  it('puts who was not there behind the next two, and undo brings them back', async () => {
    const ids: AppointmentId[] = []
    for (const at of ['12:00', '12:30', '13:00', '13:30']) ids.push((await arrived(at)).id)
    const page = `${home()}/queue`
    await bilal.getForm(page)
    await bilal.postForm(`${home()}/queue/doctors/${bookable.practitionerId}/next`).expect(303)
    await bilal.postForm(`${home()}/appointments/${ids[0]}/skip`).expect(303)
    const order = async () => {
      const { text } = await bilal.get(page).expect(200)
      return [...text.matchAll(/data-visit="([^"]+)"/g)].map(([, id]) => ids.indexOf(id as AppointmentId))
    }
    expect(await order()).toEqual([1, 2, 0, 3])
    await bilal.postForm(`${home()}/appointments/${ids[0]}/line`).expect(303)
    expect(await order()).toEqual([0, 1, 2, 3])
    await bilal.postForm(`${home()}/appointments/${ids[3]}/priority?reason=elderly`).expect(303)
    expect(await order()).toEqual([3, 0, 1, 2])
    await bilal.postForm(`${home()}/appointments/${ids[3]}/priority?reason=rich`).expect(303)
    await bilal.postForm(`${home()}/appointments/${ids[3]}/stepping-out`).expect(303)
    expect(await order()).toEqual([0, 1, 2, 3])
  })

  it('seals the reason of a priority, as it may tell of somebody’s health', async () => {
    const { id } = await arrived('12:00')
    valueOf(await clinic.inClinic((ctx) => prioritise(ctx, id, 'pregnant')))
    const [entry] = await app.superuser<{ details: object; sealed: boolean }>(
      `select details, details_sealed is not null as sealed from clinic.audit_entries
       where clinic_id = $1 and action = 'queue.prioritised'`,
      [clinic.id],
    )
    expect(entry).toEqual({ details: { token: 1 }, sealed: true })
  })

  it('keeps the number of an arrival that was taken back, and shows it as left until then', async () => {
    const { id } = await arrived('12:00')
    await arrived('12:30')
    valueOf(await clinic.inClinic((ctx) => undoStep(ctx, id)))
    expect(wordsOf((await bilal.get(`${home()}/queue`)).text)).toContain('Left: 1')
    valueOf(await clinic.inClinic((ctx) => takeStep(ctx, id, 'arrive')))
    const tokens = await app.superuser<{ token: number }>(
      'select token from clinic.tokens where clinic_id = $1 order by token',
      [clinic.id],
    )
    expect(tokens.map(({ token }) => token)).toEqual([1, 2])
  })

  it('keeps a doctor out of a colleague’s line', async () => {
    const hamid = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid.id })
    const visit = await arrived('12:00', { practitionerId: hamid.id })
    const sana = await clinic.as(clinic.cast.sana)
    await sana.getForm(`${home()}/queue`)
    await sana.postForm(`${home()}/queue/doctors/${hamid.id}/next`).expect(404)
    await sana.postForm(`${home()}/appointments/${visit.id}/skip`).expect(404)
    expect(wordsOf((await sana.get(`${home()}/queue`)).text)).not.toContain('Dr Hamid Raza')
  })
})

describe('Today', () => {
  it('shows numbers, who is called next, and the line in its order, for one question more', async () => {
    const patient = await makePatient(clinic, { name: 'Zara Early' })
    await arrived('12:30')
    await arrived('12:00', { patientId: patient.id })
    const { text } = await bilal.get(`${home()}/today`).expect(200)
    expect(text).toContain(`/queue/doctors/${bookable.practitionerId}/next`)
    expect(wordsOf(text)).toContain('Call 2')
    const waiting = text.slice(text.indexOf('id="lane-waiting"'), text.indexOf('id="lane-with-doctor"'))
    expect([...waiting.matchAll(/class="token num">(\d+)</g)].map(([, token]) => token)).toEqual(['2', '1'])
  })
})

describe('the waiting room', () => {
  it('shows numbers and doctors, and nobody’s name', async () => {
    const patient = await makePatient(clinic, { name: 'Zara Secret' })
    await arrived('12:00', { patientId: patient.id })
    for (const at of ['12:30', '13:00', '13:30', '14:00']) await arrived(at)
    valueOf(await call())
    const { text, headers } = await app.agent().get(`/q/${clinic.slug}/${bookable.locationId}`).expect(200)
    expect(wordsOf(text)).toContain('Dr Sana Malik Now 1 Next 2 3 4')
    expect(text).not.toContain('Zara')
    expect(headers['set-cookie']).toBeUndefined()
    expect(text).toContain('<noscript><meta http-equiv="refresh"')
  })

  it('is nowhere for a place of another clinic', async () => {
    const other = await makeClinic(app)
    await app.agent().get(`/q/${other.slug}/${bookable.locationId}`).expect(404)
    await app.agent().get(`/q/${clinic.slug}/nowhere`).expect(404)
    await app.agent().get(`/q/nobody/${bookable.locationId}/events`).expect(404)
  })

  it('hears of a change at once, without a session', async () => {
    const url = new URL(`${app.origin}/q/${clinic.slug}/${bookable.locationId}/events`)
    const heard = new Promise<string>((resolve, reject) => {
      const outgoing = httpRequest(
        url,
        { headers: { Host: 'nabz.test', 'X-Forwarded-Proto': 'https' } },
        (response) => {
          expect(response.statusCode).toBe(200)
          response.setEncoding('utf8').on('data', (text: string) => {
            if (!text.includes('event: diary')) return
            outgoing.destroy()
            resolve(text)
          })
          take().catch(reject)
        },
      )
      outgoing.on('error', (error) => {
        if (!outgoing.destroyed) reject(error)
      })
      outgoing.end()
    })
    expect(await heard).toContain('event: diary')
  })
})

describe('one’s own page', () => {
  async function pageOf(id: AppointmentId) {
    const token = await clinic.inClinic((ctx) => registerLink(ctx, id, 1, ctx.now.add({ hours: 24 })))
    const page = await app.agent().get(`/a/${token}`)
    if (page.status !== 200) throw new Error(app.lastError())
    return page
  }

  it('says how many are before and how long it will be', async () => {
    for (const at of ['12:00', '12:30', '13:00']) await arrived(at)
    const me = await arrived('13:30')
    const words = wordsOf((await pageOf(me.id)).text)
    expect(words).toContain('Your number 4')
    expect(words).toMatch(/3 before you, about 1 h 30 min|3 before you, about 1 hour/)
    valueOf(await call())
    expect(wordsOf((await pageOf(me.id)).text)).toContain('2 before you')
  })

  it('says when it is somebody’s turn, when they stepped out, and before they come what to expect', async () => {
    const me = await arrived('12:00')
    valueOf(await call())
    expect(wordsOf((await pageOf(me.id)).text)).toContain('It is your turn')
    const coming = await makeAppointment(clinic, { service: bookable.service, at: '14:00' })
    expect(wordsOf((await pageOf(coming.id)).text)).toContain('is about on time')
    const tomorrow = await makeAppointment(clinic, { service: bookable.service, at: '14:00', on: '2026-11-26' })
    expect(wordsOf((await pageOf(tomorrow.id)).text)).not.toContain('When you arrive')
  })

  it('learns from how long the doctor’s visits really take', async () => {
    await app.superuser(
      `insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id,
         status, starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at,
         arrived_at, in_room_at, fulfilled_at)
       select $1, gen_random_uuid(), 'P' || n, $2, $3, $4, $5, 'fulfilled', t, t + interval '30 min', t, t + interval '30 min',
         1, 1, 'desk', 'en', 'PKR', t, t - interval '5 min', t, t + interval '10 min'
       from generate_series(1, 80) n, lateral (select $6::timestamptz - interval '2 days' - n * interval '1 hour' as t) x`,
      [
        clinic.id,
        bookable.practitionerId,
        bookable.service.id,
        bookable.locationId,
        (await makePatient(clinic)).id,
        app.clock.now().toString(),
      ],
    )
    for (const at of ['12:00', '12:30']) await arrived(at)
    const me = await arrived('13:00')
    expect(wordsOf((await pageOf(me.id)).text)).toMatch(/2 before you, about (20|25) minutes/)
  })
})

it('whose time was given away after they did not come is no broken page when they come', async () => {
  const missed = await makeAppointment(clinic, { service: bookable.service, at: '12:00', status: 'noshow' })
  await makeAppointment(clinic, { service: bookable.service, at: '12:00' })
  expect(await clinic.inClinic((ctx) => takeStep(ctx, missed.id, 'arrive'))).toEqual({
    ok: false,
    reason: 'changed_meanwhile',
  })
})

it('whoever is called and skipped while another desk does the same is skipped once', async () => {
  const { id } = await arrived('12:00')
  await arrived('12:30')
  valueOf(await call())
  const both = await Promise.all([1, 2].map(() => clinic.inClinic((ctx) => skip(ctx, id))))
  expect(both.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(1)
  const [row] = await app.superuser<{ skips: number }>(
    'select skips from clinic.queue_places where appointment_id = $1',
    [id],
  )
  expect(row?.skips).toBe(both.filter(({ ok }) => ok).length)
})
