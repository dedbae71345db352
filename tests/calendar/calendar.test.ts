import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { calendarPage } from '../../src/features/calendar/pages/calendar.ts'
import { restrictPatient } from '../../src/features/patients/actions/record.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { hire, makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner, makeShift } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { statementsOf } from '../support/statements.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
let scene: Awaited<ReturnType<typeof makeBookable>>
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  clinic = await makeClinic(app)
  scene = await makeBookable(clinic)
  bilal = await clinic.as(clinic.cast.bilal)
})

const at = (path: string) => `/app/${clinic.slug}${path}`
const attribute = (html: string, name: string) =>
  [...html.matchAll(new RegExp(`${name}="([^"]*)"`, 'g'))].map(([, value]) => value)

describe('the day', () => {
  it('has a column for each doctor, with hours, visits, closures, holds and the free time between', async () => {
    const hamid = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid.id, from: '13:00', to: '16:00' })
    const visit = await makeAppointment(clinic, { at: '14:00' })
    await makeAppointment(clinic, { at: '15:00', status: 'pending' })
    await makeAppointment(clinic, { at: '16:00', status: 'cancelled' })
    await clinic.inClinic(async (ctx) => {
      await ctx.db('clinic.closures').insert({
        clinic_id: clinic.id, id: crypto.randomUUID(), practitioner_id: hamid.id, reason: 'Hospital round',
        starts_at: '2026-11-24T09:00:00Z', ends_at: '2026-11-24T10:00:00Z', created_at: ctx.now,
      }) // prettier-ignore
      ctx.settingsChanged()
    })
    const { text } = await bilal.get(at('/calendar')).expect(200)
    expect(attribute(text, 'data-practitioner').filter((id) => id !== '')).toEqual(
      expect.arrayContaining([scene.practitionerId, hamid.id]),
    )
    const words = wordsOf(text)
    for (const said of ['9:00 am – 5:00 pm', 'Hospital round', 'Being booked online']) expect(words).toContain(said)
    // Closed from two to three, so two stretches are worked.
    expect(words).toContain('\u20681:00 pm – 2:00 pm\u2069 and \u20683:00 pm – 4:00 pm\u2069')
    expect(text).toContain(`data-visit="${visit.id}" data-status="booked" data-start="840" data-minutes="30"`)
    expect(text.match(/data-status="/g)).toHaveLength(2)
    expect(attribute(text, 'data-from').slice(1).map(Number)).toEqual([720, 870, 930, 780, 900])
  })

  it('offers free time with doctor, place, date and time filled in, and the panel points at that time', async () => {
    await makeAppointment(clinic, { at: '14:00' })
    const { text } = await bilal.get(at('/calendar?date=2026-11-25')).expect(200)
    const [href] = [...text.matchAll(/<a href="([^"]*)" data-free/g)].map(([, link]) => link!.replaceAll('&amp;', '&'))
    const query = new URL(href!, app.origin).searchParams
    expect(Object.fromEntries(query)).toMatchObject({
      practitioner: scene.practitionerId, location: scene.locationId, date: '2026-11-25', time: '09:00',
      back: at('/calendar?date=2026-11-25'),
    }) // prettier-ignore
    query.set('time', '10:07')
    const panel = await bilal.get(`${at('/appointments/new')}?${query.toString()}`).expect(200)
    expect(panel.text).toMatch(/class="slot is-wanted" aria-current="time"[^>]*aria-label="Book 10:00/)
    expect(panel.text).toMatch(/id="f-time"[^>]*value="10:07"/)
  })

  it('shows a group as one, with who is in it and a place to book', async () => {
    const group = await makeBookable(clinic, { capacity: 3, name: 'Class' })
    for (const lane of [1, 2]) await makeAppointment(clinic, { at: '14:00', service: group.service, lane })
    const { text } = await bilal.get(at('/calendar')).expect(200)
    expect(wordsOf(text)).toContain('2 of 3 places')
    expect(wordsOf(text)).toContain('Book a place')
  })

  it('is coloured by status or by service, and the address says which', async () => {
    await makeAppointment(clinic, { at: '14:00', status: 'arrived' })
    expect((await bilal.get(at('/calendar'))).text).toMatch(/cal-visit [^"]*is-arrived[ "]/)
    const { text } = await bilal.get(at('/calendar?colour=service')).expect(200)
    expect(text).toMatch(/cal-visit [^"]*is-arrived service-1[ "]/)
    expect(text).toContain('/calendar?view=week&amp;colour=service')
  })
})

describe('who looks', () => {
  it('sees what their role may: doctors their own diary, an assistant without moving, others nothing', async () => {
    const hamid = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid.id })
    const [own, other] = [
      await makeAppointment(clinic, { at: '14:00' }),
      await makeAppointment(clinic, { at: '14:00', practitionerId: hamid.id }),
    ]
    const visible = async (agent: Agent) => {
      const { text } = await agent.get(at('/calendar')).expect(200)
      return {
        ids: attribute(text, 'data-visit'),
        movable: text.includes('data-movable'),
        free: text.includes('data-free'),
      }
    }
    expect(await visible(bilal)).toEqual({
      ids: expect.arrayContaining([own.id, other.id]) as string[],
      movable: true,
      free: true,
    })
    expect(await visible(await clinic.as(clinic.cast.sana))).toEqual({ ids: [own.id], movable: false, free: false })
    await app.superuser(`update platform.memberships set role = 'assistant' where user_id = $1`, [
      clinic.cast.bilal.userId,
    ])
    expect(await visible(bilal)).toMatchObject({ movable: false, free: false })
    await bilal.get(at(`/calendar/times?visit=${own.id}`)).expect(403)
    await bilal.postForm(at(`/appointments/${own.id}/length`), { minutes: '45' }).expect(403)
    await (await clinic.as(clinic.cast.omar)).get(at('/calendar')).expect(404)
  })

  it('reads no name of somebody whose data is restricted', async () => {
    const patient = await makePatient(clinic, { name: 'Hidden Person' })
    await makeAppointment(clinic, { at: '14:00', patientId: patient.id })
    await clinic.inClinic((ctx) => restrictPatient(ctx, patient.id))
    const { text } = await bilal.get(at('/calendar')).expect(200)
    expect(text).not.toContain('Hidden Person')
    expect(wordsOf(text)).toContain('Restricted')
  })
})

describe('the board of an open calendar', () => {
  const board = (query = '') => at(`/calendar/board${query}`)
  const workedFor = async (desks: (readonly [Agent, string])[]) => {
    const counted = vi.spyOn(app.services, 'inClinic')
    const answers = await Promise.all(desks.map(([desk, path]) => desk.get(path).expect(200)))
    const times = counted.mock.calls.length
    counted.mockRestore()
    return { times, texts: answers.map(({ text }) => text) }
  }

  it('is worked out once for all desks that show the same, and anew for all once something changed', async () => {
    const visit = await makeAppointment(clinic, { at: '14:00' })
    const colleague = await clinic.as(await hire(clinic, 'receptionist'))
    for (const view of ['', '?view=week', '?view=month']) {
      const { times, texts } = await workedFor([bilal, colleague, bilal].map((desk) => [desk, board(view)] as const))
      expect(times).toBe(1)
      expect(new Set(texts).size).toBe(1)
    }
    // Compressed once for all who take it so, and plain for who does not.
    const answer = await bilal.get(board())
    expect([answer.headers['content-encoding'], answer.headers.vary]).toEqual(['gzip', 'Accept-Encoding'])
    const plain = await bilal.get(board()).set('Accept-Encoding', 'identity')
    expect([plain.headers['content-encoding'], plain.text]).toEqual([undefined, answer.text])
    // Nothing in it is one person's: its forms stand in the page around it, with the token of whoever opened that.
    expect((await bilal.get(board())).text).not.toMatch(/_csrf|token-/)
    await colleague.postForm(at(`/appointments/${visit.id}/arrival`)).expect(303)
    const after = await workedFor([[bilal, board()], [colleague, board()]]) // prettier-ignore
    expect(after.times).toBe(1)
    for (const text of after.texts) expect(text).toContain(`data-visit="${visit.id}" data-status="arrived"`)
  })

  it('is another for each doctor, each language, each role and each question', async () => {
    const sana = clinic.cast.sana
    const [person, hamid] = [await hire(clinic, 'doctor'), await makePractitioner(clinic)]
    await clinic.inClinic(async (ctx) => {
      await ctx
        .db('clinic.practitioners')
        .where({ clinic_id: clinic.id, id: hamid.id })
        .update({ user_id: person.userId })
      ctx.settingsChanged()
    })
    const [own, other] = [
      await makeAppointment(clinic, { at: '14:00' }),
      await makeAppointment(clinic, { at: '14:00', practitionerId: hamid.id }),
    ]
    const urdu = await hire(clinic, 'receptionist')
    await app.superuser(`update platform.users set language = 'ur' where id = $1`, [urdu.userId])
    const visits = ({ texts }: { texts: string[] }) => texts.map((text) => attribute(text, 'data-visit').sort())
    // Whatever a doctor asks for, the answer is the own diary.
    const asked = board(`?doctor=${sana.practitionerId}`)
    const doctors = await workedFor([[await clinic.as(sana), asked], [await clinic.as(person), asked]]) // prettier-ignore
    expect([doctors.times, visits(doctors)]).toEqual([2, [[own.id], [other.id]]])
    const desks = await workedFor([[bilal, board()], [bilal, asked], [await clinic.as(urdu), board()]]) // prettier-ignore
    const both = [own.id, other.id].sort()
    expect([desks.times, visits(desks)]).toEqual([3, [both, [own.id], both]])
    expect(desks.texts.map((text) => text.includes('data-movable'))).toEqual([true, true, true])
    expect(doctors.texts[0]).not.toContain('data-movable')
    expect(desks.texts[2]).not.toBe(desks.texts[0])
  })

  it('goes on with the clock: a hold lapses, free time passes', async () => {
    await makeAppointment(clinic, { at: '15:00', status: 'pending', holdExpiresAt: '2026-11-24T07:00:30Z' })
    const colleague = await clinic.as(await hire(clinic, 'receptionist'))
    const seen = async (instant: string) => {
      app.clock.set(instant)
      const { times, texts } = await workedFor([[bilal, board()], [colleague, board()]]) // prettier-ignore
      const [, free] = attribute(texts[1]!, 'data-from')
      return [times, texts[1]!.includes('is-held'), free]
    }
    expect(await seen('2026-11-24T07:00:05Z')).toEqual([1, true, '720'])
    expect(await seen('2026-11-24T07:00:29Z')).toEqual([0, true, '720'])
    expect(await seen('2026-11-24T07:00:30Z')).toEqual([1, false, '720'])
    expect(await seen('2026-11-24T07:00:59Z')).toEqual([0, false, '720'])
    expect(await seen('2026-11-24T07:01:00Z')).toEqual([1, false, '721'])
  })
})

describe('the month', () => {
  it('counts the visits of each local day, for everybody or one doctor', async () => {
    const hamid = await makePractitioner(clinic)
    for (const at of ['09:00', '10:00']) await makeAppointment(clinic, { on: '2026-11-10', at })
    await makeAppointment(clinic, { on: '2026-11-10', at: '09:00', practitionerId: hamid.id })
    await makeAppointment(clinic, { on: '2026-11-10', at: '11:00', status: 'cancelled' })
    // Half past midnight in Karachi is the day before in Greenwich.
    await makeAppointment(clinic, { on: '2026-11-12', at: '00:30' })
    const labels = async (query: string) =>
      attribute((await bilal.get(at(`/calendar?view=month${query}`)).expect(200)).text, 'aria-label')
    expect(await labels('')).toEqual(
      expect.arrayContaining([
        'Tuesday, 10 November: 3 visits, 19 % of the hours taken',
        'Thursday, 12 November: 1 visit, 6 % of the hours taken',
      ]),
    )
    expect(await labels(`&doctor=${hamid.id}`)).toContain('Tuesday, 10 November: 1 visit')
  })

  it.each(['month', 'week', 'day'] as const)(
    'asks four questions at most for a %s, however full it is',
    async (view) => {
      const doctors = [scene.practitionerId]
      for (let n = 1; n < 8; n++) doctors.push((await makePractitioner(clinic, { name: `Dr ${n}` })).id)
      for (const practitionerId of doctors.slice(1)) await makeShift(clinic, { practitionerId })
      const { patientId } = await makeAppointment(clinic, { at: '09:00' })
      await app.superuser(
        `insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id, status,
           starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at)
         select $1, gen_random_uuid(), 'R' || n || '-' || d.no, d.id, $3, $4, $5, 'booked', at, at + interval '30 min', at,
           at + interval '30 min', 1, 1, 'desk', 'en', 'PKR', now()
         from unnest($2::uuid[]) with ordinality as d (id, no), generate_series(1, 250) as n,
           lateral (select timestamptz '2026-11-01T05:00:00Z' + (n / 10) * interval '1 day' + (n % 10) * interval '30 min' as at) t
         where at <> timestamptz '2026-11-24T04:00:00Z'`,
        [clinic.id, doctors, scene.service.id, scene.locationId, patientId],
      )
      const speaker = app.services.speakers('en', { country: 'PK', zone: 'Asia/Karachi' })
      const asked = {
        view,
        date: Temporal.PlainDate.from('2026-11-24'),
        practitionerId: undefined,
        colour: 'status',
      } as const
      const statements = await statementsOf(() => clinic.inClinic((ctx) => calendarPage(ctx, speaker, asked)))
      const questions = statements.filter((text) => /^\s*(select|with)\b/i.test(text) && /\bclinic\./.test(text))
      expect(questions.length, statements.join('\n')).toBeLessThanOrEqual(4)
      expect(questions.length).toBeGreaterThan(0)
    },
    30_000,
  )
})

describe('a drop', () => {
  it('is offered where the visit may be booked: with other doctors, with its own length, not on itself alone', async () => {
    const hamid = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid.id, from: '15:00', to: '16:00' })
    const visit = await makeAppointment(clinic, { at: '14:00' })
    await makeAppointment(clinic, { at: '14:30' })
    const drops = async (query = '') =>
      JSON.parse((await bilal.get(at(`/calendar/times?visit=${visit.id}${query}`)).expect(200)).text) as {
        slot: string; practitioner: string; date: string; minute: number; label: string
      }[] // prettier-ignore
    const all = await drops()
    expect(all.filter(({ practitioner }) => practitioner === hamid.id).map(({ minute }) => minute)).toEqual([
      900, 915, 930,
    ])
    const own = all.filter(({ practitioner }) => practitioner === scene.practitionerId).map(({ minute }) => minute)
    expect(own).toContain(840)
    expect(own).not.toContain(870)
    await bilal
      .postForm(at(`/appointments/${visit.id}/move`), { slot: all.find(({ minute }) => minute === 915)!.slot })
      .expect(303)
    await bilal.postForm(at(`/appointments/${visit.id}/length`), { minutes: '45' }).expect(303)
    expect((await drops()).filter(({ practitioner }) => practitioner === hamid.id).map(({ minute }) => minute)).toEqual(
      [900, 915],
    )
    expect((await bilal.get(at('/calendar/times?visit=nonsense')).expect(200)).text).toBe('[]')
    const theirs = await makeAppointment(await makeClinic(app))
    await bilal.get(at(`/calendar/times?visit=${theirs.id}`)).expect(404)
  })

  it('outside what is offered is refused with the nearest times, and goes on top when somebody says why', async () => {
    const visit = await makeAppointment(clinic, { at: '14:00' })
    await makeAppointment(clinic, { at: '15:00' })
    const place = { practitioner: scene.practitionerId, date: '2026-11-24', time: '15:10' }
    const back = at('/calendar')
    const refused = await bilal
      .postForm(at(`/appointments/${visit.id}/move`), { step: 'place', ...place, back })
      .expect(409)
    expect(refused.text).toContain('data-lost')
    expect(refused.text.match(/class="slot slot-wide"/g)).toHaveLength(3)
    await bilal.postForm(at(`/appointments/${visit.id}/move`), { step: 'overbook', ...place, back }).expect(422)
    await bilal
      .postForm(at(`/appointments/${visit.id}/move`), { step: 'overbook', ...place, reason: 'In pain', back })
      .expect(303)
    const { text } = await bilal.get(back).expect(200)
    expect(text).toMatch(new RegExp(`is-on-top[^>]*data-visit="${visit.id}"[^>]*data-start="910"`))
    expect(wordsOf(text)).toContain('Moved:')
  })
})

describe('the length of a visit', () => {
  it('is changed by a form, says until when, and is taken back from the note about it', async () => {
    const visit = await makeAppointment(clinic, { at: '14:00' })
    const page = await bilal.get(at(`/appointments/${visit.id}/length`)).expect(200)
    expect(page.text).toMatch(/name="minutes"[^>]*value="30"/)
    await bilal.postForm(at(`/appointments/${visit.id}/length`), { minutes: '50' }).expect(303)
    const { text } = await bilal.get(at('/calendar')).expect(200)
    expect(wordsOf(text)).toContain('now ends at 2:50 pm')
    const undo = /action="([^"]*\/length[^"]*)"/.exec(text)![1]!.replaceAll('&amp;', '&')
    await bilal.postForm(undo).expect(303)
    expect((await bilal.get(at('/calendar'))).text).toContain('data-start="840" data-minutes="30"')
  })

  it('keeps what was typed when it is wrong or meets the next visit', async () => {
    const visit = await makeAppointment(clinic, { at: '14:00' })
    await makeAppointment(clinic, { at: '14:30' })
    const wrong = await bilal.postForm(at(`/appointments/${visit.id}/length`), { minutes: 'ages' }).expect(422)
    expect(wrong.text).toMatch(/name="minutes"[^>]*value="ages"/)
    const long = await bilal.postForm(at(`/appointments/${visit.id}/length`), { minutes: '35' }).expect(409)
    expect(wordsOf(long.text)).toContain('The next visit or its preparation begins before that.')
    const over = await makeAppointment(clinic, { at: '16:00', status: 'fulfilled' })
    await bilal.postForm(at(`/appointments/${over.id}/length`), { minutes: '35' }).expect(303)
    expect(wordsOf((await bilal.get(at('/calendar'))).text)).toContain("can't be changed any more")
  })
})
