// A doctor is late or away: what the desk is shown is what happens, each patient hears of it once, and a slip costs
// nobody a word.
import { describe, expect, it } from 'vitest'
import { confirmByPatient, takeStep } from '../../src/features/appointments/actions/run.ts'
import { stopForPatient } from '../../src/features/messaging/actions/stop.ts'
import type { PatientId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { linkToken } from '../../src/platform/links.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makePractitioner, makeShift } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { statementsOf } from '../support/statements.ts'
import { booked, desk, inbox, readPreview, timeOf, visitNow, withDesk } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
const { minutes, allTold, statusOf, entries } = withDesk((started) => ({ app, clinic, bilal } = started))
const atDesk = () => desk(app, clinic, bilal)
const closures = () => app.superuser('select 1 from clinic.closures where clinic_id = $1', [clinic.id])

describe('a doctor who is late', () => {
  async function afternoon() {
    const here = await booked(clinic, 'Here Already', '12:30')
    const english = await booked(clinic, 'Ayesha Khan', '13:00')
    const arabic = await booked(clinic, 'منى حسن', '13:30', { language: 'ar' })
    const silent = await booked(clinic, 'Wants Nothing', '14:30', { wanted: false })
    const later = await booked(clinic, 'Much Later', '16:00')
    await allTold()
    await clinic.inClinic((ctx) => takeStep(ctx, here.id, 'arrive'))
    return { here, english, arabic, silent, later }
  }

  it('is shown with every visit it touches and the very words each patient will read, and nothing is done yet', async () => {
    const { here, english, arabic, silent, later } = await afternoon()
    const page = await atDesk().look({ late_min: '90' })
    expect([page.status, page.status === 200 ? '' : page.words + app.lastError()]).toEqual([200, ''])
    expect(page.visits.map(({ id }) => id)).toEqual([here.id, english.id, arabic.id, silent.id])
    expect(page.words).toContain('Dr Sana Malik is late until 1:40 pm')
    expect(page.words).toContain('4 visits change · 2 patients get a message')
    expect(page.words).toContain('Is at the clinic already: tell them in person.')
    expect(page.words).toContain('Wants no messages, so nothing is sent. Please call.')
    expect(page.texts).toHaveLength(2)
    expect(page.texts[0]).toMatch(/New time: .*2:10/)
    expect(page.texts[1]).toContain('الموعد الجديد:')
    expect(page.words).not.toContain('Much Later')
    expect(await timeOf(clinic, english.id)).toBe('13:00')
    expect(await closures()).toEqual([])

    const address = await atDesk().done(page)
    expect(await Promise.all([here, english, arabic, silent, later].map(({ id }) => timeOf(clinic, id)))).toEqual([
      '13:40', '14:10', '14:40', '15:10', '16:00',
    ]) // prettier-ignore
    expect(await atDesk().said(address)).toBe('Done. 2 messages leave from 12:13 pm on.')
    minutes(2)
    for (const { phone } of [here, english, arabic, silent, later]) expect(await inbox(app, phone)).toEqual([])
    minutes(2)
    expect((await inbox(app, english.phone)).map(({ text }) => text)).toEqual([expect.stringContaining(page.texts[0]!)])
    expect((await inbox(app, arabic.phone)).map(({ text }) => text)).toEqual([expect.stringContaining(page.texts[1]!)])
    for (const { phone } of [here, silent, later]) expect(await inbox(app, phone)).toEqual([])
  })

  it('writes one entry for itself and one for each visit, and keeps new bookings out of the time', async () => {
    await afternoon()
    await atDesk().done(await atDesk().look({ late_min: '90' }))
    expect([await entries('disruption.declared'), await entries('appointment.moved')]).toEqual([1, 4])
    const free = await app.agent().get(`/c/${clinic.slug}/times`).expect(200)
    expect(wordsOf(free.text)).not.toContain('1:00 pm')
  })

  it('leads each patient to other times by a button of their message', async () => {
    const { english } = await afternoon()
    await atDesk().done(await atDesk().look({ late_min: '90' }))
    minutes(4)
    await inbox(app, english.phone)
    const [bubble] = app.simulator!.controls.inbox(english.phone)
    const token = await clinic.inClinic(async (ctx) => linkToken(ctx, english.id, (await visitNow(clinic, english.id)).linkVersion))
    expect(JSON.stringify(bubble)).toContain(`/a/${token}/move`)
    const times = await app.agent().get(`/a/${token}/move`).expect(200)
    expect(wordsOf(times.text)).toContain('4:30 pm')
  }) // prettier-ignore

  it('taken back within three minutes leaves everything as it was, and nobody hears a word', async () => {
    const { english, ...others } = await afternoon()
    await clinic.inClinic((ctx) => confirmByPatient(ctx, english.id))
    const before = await visitNow(clinic, english.id)
    const address = await atDesk().done(await atDesk().look({ late_min: '90' }))
    expect((await visitNow(clinic, english.id)).confirmedAt).toBeNull()
    minutes(2)
    await atDesk().undo(address)
    expect(await atDesk().said(address)).toBe('Taken back. Everything is as it was, and nobody was told.')
    const after = await visitNow(clinic, english.id)
    const same = ({ version, calendarSequence, ...visit }: typeof after) => {
      expect(version + calendarSequence).toBeGreaterThan(0)
      return JSON.stringify(visit)
    }
    expect(same(after)).toBe(same(before))
    expect(await closures()).toEqual([])
    minutes(30)
    for (const { phone } of [english, ...Object.values(others)]) expect(await inbox(app, phone)).toEqual([])
    await atDesk().undo(address)
    expect(await atDesk().said(address)).toBe('There is nothing left to take back here.')
  })

  it('keeps the reminders a visit had when it is taken back', async () => {
    const later = await booked(clinic, 'In Two Days', '14:00', { days: 2 })
    await allTold()
    // Half an hour before the first reminder: a visit booked now would have none, since it would come too soon.
    minutes(25 * 60 + 20)
    const due = () =>
      app.superuser(`select kind, due_at::text from clinic.messages where appointment_id = $1 and status = 'queued' order by 1`, [
        later.id,
      ]) // prettier-ignore
    const before = await due()
    expect(before).toHaveLength(2)
    const address = await atDesk().done(await atDesk().look({ what: 'leave', from_date: '2026-11-26' }))
    await atDesk().undo(address)
    expect(await due()).toEqual(before)
  })

  it('taken back later tells again whoever was told, as far as the old time is still to come', async () => {
    const { english, arabic } = await afternoon()
    const address = await atDesk().done(await atDesk().look({ late_min: '90' }))
    minutes(4)
    await inbox(app, english.phone)
    app.simulator!.controls.reset()
    await atDesk().undo(address)
    expect(await atDesk().said(address)).toContain('Whoever was told is told how it stands again.')
    expect([await timeOf(clinic, english.id), await timeOf(clinic, arabic.id)]).toEqual(['13:00', '13:30'])
    minutes(4)
    expect((await inbox(app, english.phone)).map(({ text }) => text)).toEqual([
      expect.stringContaining('has changed. This is how it stands now.'),
    ])
  })

  it('can be told at once, when the desk is sure', async () => {
    const { english, arabic } = await afternoon()
    const address = await atDesk().done(await atDesk().look({ late_min: '90' }))
    await atDesk().now(address)
    expect(await atDesk().said(address)).toBe('2 messages leave now.')
    expect([(await inbox(app, english.phone)).length, (await inbox(app, arabic.phone)).length]).toEqual([1, 1])
    await atDesk().now(address)
    expect(await atDesk().said(address)).toBe('No message is waiting any more.')
  })

  it('moves somebody elsewhere, or calls their visit off, when the desk says so; the others come sooner for it', async () => {
    const { here, english, arabic, silent } = await afternoon()
    const first = await atDesk().look({ late_min: '90' })
    const chosen = first.visits.find(({ id }) => id === english.id)!
    const again = await atDesk().again(first, { [english.id]: chosen.options['Cancelled; the patient finds another time']! })
    expect(again.texts[0]).toContain('cannot take place')
    await atDesk().done(again)
    expect(await statusOf(english.id)).toBe('cancelled')
    expect(await Promise.all([here, arabic, silent].map(({ id }) => timeOf(clinic, id)))).toEqual(['13:40', '14:10', '14:40'])
  }) // prettier-ignore

  it('is not confirmed unseen: whoever chooses otherwise sees the new page first', async () => {
    const { english } = await afternoon()
    const page = await atDesk().look({ late_min: '90' })
    const response = await atDesk()
      .confirm(page, { [english.id]: 'cancel' })
      .expect(409)
    expect(readPreview(response).words).toContain('You chose something else for some visits.')
    expect(await statusOf(english.id)).toBe('booked')
    await atDesk().done(readPreview(response))
    expect(await statusOf(english.id)).toBe('cancelled')
  })

  it('warns where it runs beyond the hours, and lets the desk decide', async () => {
    await booked(clinic, 'The Last', '16:30')
    const page = await atDesk().look({ late_min: '20', from_time: '16:30' })
    expect(page.words).toContain('Outside the doctor’s hours')
    await atDesk().done(page)
  })

  it('tells nobody who said STOP, and says so', async () => {
    const { english } = await afternoon()
    const { patientId } = await visitNow(clinic, english.id)
    await clinic.inClinic((ctx) => stopForPatient(ctx, { id: patientId as PatientId, phone: english.phone as Phone }))
    const page = await atDesk().look({ late_min: '90' })
    expect(page.words).toContain('Said STOP, so nothing is sent. Please call.')
    expect(page.texts).toHaveLength(1)
  })
})

describe('a doctor who is away', () => {
  async function days() {
    const hamid = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid.id })
    const one = await booked(clinic, 'Ayesha Khan', '10:00', { days: 2 })
    const two = await booked(clinic, 'Bushra Noor', '10:30', { days: 2 })
    const busy = await booked(clinic, 'With Hamid', '10:30', { days: 2, practitionerId: hamid.id })
    await allTold()
    return { hamid, one, two, busy, dates: { what: 'leave', from_date: '2026-11-26', to_date: '2026-11-27' } }
  }

  it('has each visit moved to the next free time that is nobody else’s', async () => {
    const { one, two, dates } = await days()
    await atDesk().done(await atDesk().look(dates))
    const [a, b] = await Promise.all([one, two].map(({ id }) => visitNow(clinic, id)))
    expect([a!, b!].map(({ startsAt }) => startsAt.toString())).toEqual(['2026-11-28T04:00:00Z', '2026-11-28T04:30:00Z'])
    minutes(4)
    expect((await inbox(app, one.phone)).map(({ text }) => text)).toEqual([
      expect.stringContaining('cannot be there at the time you booked'),
    ])
  }) // prettier-ignore

  it('has them seen by another doctor at the same time, as far as that one is free', async () => {
    const { hamid, one, two, dates } = await days()
    const page = await atDesk().look({ ...dates, then: hamid.id })
    expect(page.words).toContain('Same time, with Dr Hamid Raza')
    await atDesk().done(page)
    const [a, b] = await Promise.all([one, two].map(({ id }) => visitNow(clinic, id)))
    expect([a!.practitionerId, a!.startsAt.toString()]).toEqual([hamid.id, '2026-11-26T05:00:00Z'])
    expect(b!.practitionerId).toBe(clinic.cast.sana.practitionerId)
  })

  it('has them called off, with a way to another time that brings the visit back', async () => {
    const { one, two, dates } = await days()
    await atDesk().done(await atDesk().look({ ...dates, then: 'cancel' }))
    expect([await statusOf(one.id), await statusOf(two.id)]).toEqual(['cancelled', 'cancelled'])
    minutes(4)
    await inbox(app, one.phone)
    const token = await clinic.inClinic(async (ctx) => linkToken(ctx, one.id, (await visitNow(clinic, one.id)).linkVersion))
    expect(JSON.stringify(app.simulator!.controls.inbox(one.phone))).toContain(`/a/${token}/move`)
    const phone = app.agent()
    const times = await phone.getForm(`/a/${token}/move`)
    const slot = /<button[^>]*name="slot" value="([^"]+)"/.exec(times.html)?.[1]
    expect(slot).toBeDefined()
    await phone.postForm(`/a/${token}/move`, { ...times.hidden, slot: slot! }).expect(303)
    const back = await visitNow(clinic, one.id)
    expect([back.status, back.cancelReason, back.cancelledBy]).toEqual(['booked', null, null])
    // Once is enough: it is theirs to move and cancel like any other now.
    await phone.get(`/a/${token}`).expect(200)
  }) // prettier-ignore

  it('lets nobody else bring back a visit that the desk called off for other reasons', async () => {
    const { one } = await days()
    await clinic.inClinic((ctx) => takeStep(ctx, one.id, 'cancel'))
    const token = await clinic.inClinic(async (ctx) => linkToken(ctx, one.id, (await visitNow(clinic, one.id)).linkVersion))
    const page = await app.agent().get(`/a/${token}/move`).expect(200)
    expect(page.text).not.toContain('name="slot"')
  }) // prettier-ignore

  it('for the rest of today leaves those who are here to be talked to', async () => {
    const here = await booked(clinic, 'Here Already', '13:00')
    const coming = await booked(clinic, 'Still Coming', '15:00')
    await allTold()
    await clinic.inClinic((ctx) => takeStep(ctx, here.id, 'arrive'))
    const page = await atDesk().look({ what: 'off' })
    expect(page.visits.map(({ id }) => id)).toEqual([coming.id])
    expect(page.words).toContain('These patients are at the clinic and their visits stay as they are.')
    await atDesk().done(page)
    expect(await statusOf(here.id)).toBe('arrived')
    expect((await visitNow(clinic, coming.id)).startsAt.toString()).toBe('2026-11-25T04:00:00Z')
  })

  it('waits for the morning with news of another day, and not with news of the same', async () => {
    app.clock.set('2026-11-24T17:30:00Z') // half past ten at night in Karachi
    bilal = await clinic.as(clinic.cast.bilal)
    const soon = await booked(clinic, 'Tomorrow Early', '09:00', { days: 1 })
    const far = await booked(clinic, 'In Two Days', '09:00', { days: 2 })
    await allTold()
    const page = await atDesk().look({ what: 'leave', from_date: '2026-11-25', to_date: '2026-11-26' })
    await atDesk().done(page)
    const due = await app.superuser<{ id: string; due: string }>(
      `select appointment_id as id, to_char(due_at at time zone 'Asia/Karachi', 'DD HH24:MI') as due from clinic.messages
       where clinic_id = $1 and kind = 'moved' and status = 'queued'`,
      [clinic.id],
    )
    expect(Object.fromEntries(due.map(({ id, due: at }) => [id, at]))).toEqual({
      [soon.id]: '24 22:43',
      [far.id]: '25 08:00',
    })
  })
})

describe('a place that is closed', () => {
  it('has its visits moved', async () => {
    const visit = await booked(clinic, 'Ayesha Khan', '15:00')
    await allTold()
    const [place] = await app.superuser<{ id: string }>('select id from clinic.locations where clinic_id = $1', [clinic.id])
    const page = await atDesk().look({ what: 'off', who: `place:${place!.id}` })
    expect(page.words).toContain('is closed on')
    await atDesk().done(page)
    expect((await visitNow(clinic, visit.id)).startsAt.toString()).toBe('2026-11-25T04:00:00Z')
  }) // prettier-ignore
})

it('refuses what makes no sense, and keeps what was typed', async () => {
  const { path } = atDesk()
  const send = async (fields: Record<string, string>) => {
    const whose = { who: `doctor:${clinic.cast.sana.practitionerId}`, then: 'move' }
    const response = await bilal.postForm(`${path}/new`, { ...whose, ...fields }).expect(422)
    return wordsOf(response.text)
  }
  expect(await send({ what: 'late', late_min: 'soon' })).toContain('Enter how many minutes, from 5 to 600')
  expect(await send({ what: 'late', late_min: '10', from_time: '09:00' })).toContain('That time is over already')
  expect(await send({ what: 'leave', from_date: '2026-11-20' })).toContain('The first day is over already')
  expect(await send({ what: 'leave', from_date: '2026-11-26', to_date: '2026-11-25' })).toContain(
    'not before the first',
  )
  expect(await send({ who: '', what: 'off' })).toContain('Choose the doctor or the place')
})

it('forty visits are one transaction whose statements do not grow with them', async () => {
  await app.superuser('update clinic.services set duration_min = 10 where clinic_id = $1', [clinic.id])
  await app.superuser('update clinic.profiles set slot_step_min = 10 where clinic_id = $1', [clinic.id])
  await clinic.inClinic((ctx) => Promise.resolve(ctx.settingsChanged()))
  const fill = async (visits: number, days: number) => {
    const ids = []
    for (let n = 0; n < visits; n++) {
      const time = `${String(9 + Math.floor(n / 6)).padStart(2, '0')}:${String((n % 6) * 10).padStart(2, '0')}`
      ids.push((await booked(clinic, `Patient ${n}`, time, { days })).id)
    }
    return ids
  }
  await fill(2, 3)
  const many = await fill(40, 7)
  await allTold()
  /** What one request to the pool's connections says to the database. */
  const statements = async (date: string) => {
    const page = await atDesk().look({ what: 'leave', from_date: date })
    let address = ''
    const said = await statementsOf(async () => {
      address = await atDesk().done(page)
    })
    return { count: said.length, address, visits: page.visits.length }
  }
  const few = await statements('2026-11-27')
  const all = await statements('2026-12-01')
  expect([few.visits, all.visits]).toEqual([2, 40])
  expect(all.count).toBe(few.count)
  expect(all.count).toBeLessThan(45)
  const moved = await Promise.all(many.map((id) => visitNow(clinic, id)))
  const starts = moved.map(({ startsAt }) => startsAt.toString())
  expect(new Set(starts).size).toBe(40)
  expect([...starts].sort()).toEqual(starts)
  await atDesk().undo(all.address)
  expect(await atDesk().said(all.address)).toContain('Everything is as it was')
}, 60_000)
