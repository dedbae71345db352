import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { slotText } from '../../src/features/desk/rules.ts'
import { valueOf } from '../appointments/scene.ts'
import { makePractitioner, makeQuestion, makeShift } from '../support/factories.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { seriesScene } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ simulator: true })
})
afterAll(() => app.stop())

/** The fields a plan's form would send as it stands. */
function fieldsOf(html: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [, name, value] of html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
    if (name && name !== '_csrf') fields[name] = (value ?? '').replaceAll('&amp;', '&').replaceAll('&#34;', '"')
  }
  return fields
}
const rule = { repeat: 'week', step: '1', ends: 'count', count: '4' }

async function desk() {
  const scene = await seriesScene(app)
  const bilal = await scene.clinic.as(scene.clinic.cast.bilal)
  return { ...scene, bilal, base: `/app/${scene.clinic.slug}` }
}

describe('from the booking panel', () => {
  it('shows every date before anything is booked, then books them all', async () => {
    const { bilal, base, at, stand } = await desk()
    const typed = {
      name: 'Maryam Iqbal',
      phone: '0300 1234567',
      agreed: 'yes',
      language: 'en',
      slot: slotText(at('10:00')),
    }
    const sent = await bilal.postForm(`${base}/appointments/new`, { ...typed, repeat: 'week' })
    expect([sent.status, sent.headers.location]).toEqual([307, `${base}/series/plan`])
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...rule })
    expect(shown.status).toBe(200)
    expect(shown.text).toContain('Book all 4 visits')
    expect(shown.text).toContain('Maryam Iqbal')
    expect(await stand()).toEqual([])
    const booked = await bilal.postForm(`${base}/series`, { ...fieldsOf(shown.text), ...rule })
    expect(booked.status).toBe(303)
    expect((await stand()).map(({ index }) => index)).toEqual([1, 2, 3, 4])
    const page = await bilal.get(String(booked.headers.location))
    expect(page.text).toContain('Visit 3 of 4')
    expect(page.text).toContain('Undo all of it')
    expect((await bilal.get(`${base}/today?date=2026-12-09`)).text).toContain('Visit 3 of 4')
  })

  it('asks who it is for before it shows any dates', async () => {
    const { bilal, base, at } = await desk()
    const sent = await bilal.postForm(`${base}/appointments/new`, { slot: slotText(at('10:00')), repeat: 'week' })
    expect(sent.status).toBe(422)
  })

  it('shows the plan again when a date went meanwhile, and says which', async () => {
    const { bilal, base, at, bookByPhone, stand } = await desk()
    const typed = { name: 'Maryam Iqbal', phone: '0300 1234567', slot: slotText(at('10:00')) }
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...rule })
    valueOf(await bookByPhone(at('10:00', '2026-12-02')))
    const again = await bilal.postForm(`${base}/series`, { ...fieldsOf(shown.text), ...rule })
    expect(again.status).toBe(409)
    expect(again.text).toContain('This time was free when you looked')
    expect(again.text).toContain('Somebody else has this time')
    expect(await stand()).toHaveLength(1)
    const pick = /name="pick_2026-12-02" value="([^"]+)"/.exec(again.text)?.[1] ?? ''
    const chosen = { ...fieldsOf(again.text), ...rule, 'pick_2026-12-02': pick }
    expect((await bilal.postForm(`${base}/series`, chosen)).status).toBe(303)
    expect(await stand()).toHaveLength(5)
  })

  it('books nothing when an answer is no longer one of those asked for', async () => {
    const { clinic, service, bilal, base, at, stand } = await desk()
    const { id } = await makeQuestion(clinic, { serviceId: service.id, kind: 'choice', choices: ['Left', 'Right'] })
    const typed = { name: 'Maryam Iqbal', phone: '0300 1234567', slot: slotText(at('10:00')), [`q_${id}`]: 'Both' }
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...rule })
    const answer = await bilal.postForm(`${base}/series`, { ...fieldsOf(shown.text), ...rule })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('An answer is none of those asked for any more')
    expect(await stand()).toEqual([])
    const right = { ...fieldsOf(shown.text), ...rule, [`q_${id}`]: 'Right' }
    expect((await bilal.postForm(`${base}/series`, right)).status).toBe(303)
  })

  it('is never a date nobody decided about', async () => {
    const { bilal, base, at, bookByPhone } = await desk()
    valueOf(await bookByPhone(at('10:00', '2026-12-02')))
    const typed = { name: 'Maryam Iqbal', phone: '0300 1234567', slot: slotText(at('10:00')) }
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...rule })
    const answer = await bilal.postForm(`${base}/series`, { ...fieldsOf(shown.text), ...rule })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('1 date is not free')
  })
})

describe('of a visit', () => {
  it('repeats it, moves what is left of it and takes that back', async () => {
    const { bilal, base, at, bookByPhone, stand } = await desk()
    const visit = valueOf(await bookByPhone(at('10:00')))
    expect((await bilal.get(`${base}/appointments/${visit.id}`)).text).toContain('Repeat this visit')
    const shown = await bilal.get(`${base}/appointments/${visit.id}/repeat?count=4`)
    const booked = await bilal.postForm(`${base}/series`, { ...fieldsOf(shown.text), ...rule })
    expect(booked.status).toBe(303)
    const own = await bilal.get(`${base}/appointments/${visit.id}`)
    expect(own.text).toContain('Visit 1 of 4')
    const slot = slotText(at('15:00'))
    const sent = await bilal.postForm(`${base}/appointments/${visit.id}/move`, { slot, scope: 'later' })
    expect([sent.status, sent.headers.location]).toEqual([307, `${base}/appointments/${visit.id}/later/move`])
    const plan = await bilal.postForm(`${base}/appointments/${visit.id}/later/move`, { slot })
    expect(plan.text).toContain('Move 4 visits')
    const moved = await bilal.postForm(`${base}/appointments/${visit.id}/later/move`, fieldsOf(plan.text))
    expect(moved.status).toBe(303)
    expect((await stand()).every(({ at: when }) => when.endsWith('15:00'))).toBe(true)
    const undone = await bilal.postForm(`${String(moved.headers.location)}/undo`)
    expect(undone.status).toBe(303)
    expect((await stand()).every(({ at: when }) => when.endsWith('10:00'))).toBe(true)
  })

  it('moves what is left to another doctor at the same times, and says so when nothing is another', async () => {
    const { clinic, bilal, base, repeat, locationId } = await desk()
    const hamid = await makePractitioner(clinic, { name: 'Dr Hamid' })
    await makeShift(clinic, { practitionerId: hamid.id, locationId })
    const { visits } = await repeat()
    const { id, practitionerId } = visits[4]!
    const own = `${base}/appointments/${id}/later`
    const same = await bilal.postForm(`${own}/move`, { time: '10:00', practitioner: practitionerId })
    expect([same.status, same.headers.location]).toEqual([303, own])
    expect((await bilal.get(own)).text).toContain('Change the time or the doctor first.')
    const plan = await bilal.postForm(`${own}/move`, { time: '10:00', practitioner: hamid.id })
    expect(plan.text).toContain('Move 2 visits')
    expect((await bilal.postForm(`${own}/move`, fieldsOf(plan.text))).status).toBe(303)
    const stand = await app.superuser<{ at: string; hamid: boolean }>(
      `select to_char(starts_at at time zone 'Asia/Karachi', 'HH24:MI') as at, practitioner_id = $2 as hamid
       from clinic.appointments where clinic_id = $1 order by series_index`,
      [clinic.id, hamid.id],
    )
    expect(stand.map((visit) => visit.hamid)).toEqual([false, false, false, false, true, true])
    expect(new Set(stand.map(({ at }) => at))).toEqual(new Set(['10:00']))
  })

  it('cancels what is left after saying what that is', async () => {
    const { bilal, base, repeat, stand } = await desk()
    const { visits } = await repeat()
    const page = await bilal.get(`${base}/appointments/${visits[4]!.id}/later`)
    expect(page.text).toContain('Cancel all 2 visits')
    await bilal.postForm(`${base}/appointments/${visits[4]!.id}/later/cancellation`).expect(303)
    expect((await stand()).filter(({ status }) => status === 'cancelled')).toHaveLength(2)
  })
})

describe('what the patient reads', () => {
  it('is one message with all dates it is still true of', async () => {
    const { clinic, repeat, move, cancel } = await desk()
    const { visits } = await repeat()
    valueOf(await cancel(visits[5]!.id))
    app.clock.advance({ minutes: 4 })
    await dispatchDue(app.services)
    const bodies = async () =>
      clinic.inClinic(async (ctx) => {
        const rows = await app.superuser<{ id: string; body: Buffer }>(
          `select id, body_sealed as body from clinic.messages
           where clinic_id = $1 and status = 'accepted' order by created_at`,
          [clinic.id],
        )
        return rows.map(({ id, body }) => ctx.seal.open(body, 'messages.body', id))
      })
    const [first, ...none] = await bodies()
    expect(none).toEqual([])
    for (const date of ['25 Nov', '2 Dec', '9 Dec', '16 Dec', '23 Dec']) expect(first).toContain(date)
    expect(first).not.toContain('30 Dec')
    valueOf(await move(visits[3]!.id, '12:00', '2026-12-17'))
    app.clock.advance({ minutes: 4 })
    await dispatchDue(app.services)
    const [, second, ...more] = await bodies()
    expect(more).toEqual([])
    expect(second).toContain('17 Dec')
    expect(second).toContain('24 Dec')
    expect(second).not.toContain('25 Nov')
    valueOf(await cancel(visits[3]!.id))
    app.clock.advance({ minutes: 4 })
    await dispatchDue(app.services)
    expect((await bodies())[2]).toContain('cancelled')
  })
})
