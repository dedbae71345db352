import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeAppointment, makeService } from '../support/factories.ts'
import { actionsOf, browser, details, messagesOf, scene, valueOf } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

describe('a patient books', () => {
  it('holds a slot, then has it, with a confirmation and two reminders', async () => {
    const { clinic, at, hold, book } = await scene(app)
    const wish = at('10:00', '2026-11-27')
    const id = valueOf(await hold(wish))
    const booked = valueOf(await book(id, wish))
    expect(booked).toMatchObject({ status: 'booked', patientName: 'Ayesha Khan 1', lane: 1 })
    expect((await messagesOf(clinic, id)).map(({ kind }) => kind).sort()).toEqual([
      'confirmation',
      'reminder_24h',
      'reminder_2h',
    ])
    expect(await actionsOf(clinic)).toEqual(['patient.created', 'consent.given', 'appointment.booked'])
  })

  it('gets the same appointment when the form is sent twice, even at the same moment', async () => {
    const { clinic, at, hold, book } = await scene(app)
    const wish = at('10:00')
    const id = valueOf(await hold(wish))
    const twice = await Promise.all([book(id, wish), book(id, wish)])
    const again = await book(id, wish)
    expect([...twice, again].map((outcome) => valueOf(outcome).id)).toEqual([id, id, id])
    expect((await actionsOf(clinic)).filter((action) => action === 'appointment.booked')).toHaveLength(1)
    expect((await messagesOf(clinic, id)).filter(({ kind }) => kind === 'confirmation')).toHaveLength(1)
  })

  it('holds once however often the same slot is pressed', async () => {
    const { at, hold } = await scene(app)
    expect(valueOf(await hold(at('10:00')))).toBe(valueOf(await hold(at('10:00'))))
  })

  it('lets the first slot go when another is chosen', async () => {
    const { at, hold } = await scene(app)
    await hold(at('10:00'))
    await hold(at('11:00'))
    expect(await hold(at('10:00'), browser(2))).toMatchObject({ ok: true })
  })

  it('keeps a held slot from everybody else, for five minutes', async () => {
    const { at, hold } = await scene(app)
    await hold(at('10:00'))
    app.clock.advance({ minutes: 4, seconds: 59, milliseconds: 999 })
    expect(await hold(at('10:00'), browser(2))).toEqual({ ok: false, reason: 'slot_taken' })
    app.clock.advance({ milliseconds: 1 })
    expect(await hold(at('10:00'), browser(2))).toMatchObject({ ok: true })
  })

  it('still has a lapsed slot that nobody else wanted', async () => {
    const { at, hold, book } = await scene(app)
    const id = valueOf(await hold(at('10:00')))
    app.clock.advance({ minutes: 20 })
    expect(valueOf(await book(id, at('10:00'))).status).toBe('booked')
  })

  it('is told when somebody else took the lapsed slot', async () => {
    const { at, hold, book } = await scene(app)
    const id = valueOf(await hold(at('10:00')))
    app.clock.advance({ minutes: 6 })
    await hold(at('10:00'), browser(2))
    expect(await book(id, at('10:00'))).toEqual({ ok: false, reason: 'slot_taken' })
  })

  it('can finish in the first tab after looking elsewhere in a second', async () => {
    const { at, hold, book } = await scene(app)
    const first = valueOf(await hold(at('10:00')))
    await hold(at('11:00'))
    expect(valueOf(await book(first, at('10:00'))).status).toBe('booked')
  })

  it("can't finish somebody else's hold", async () => {
    const { at, hold, book } = await scene(app)
    const id = valueOf(await hold(at('10:00')))
    expect(await book(id, at('10:00'), browser(2))).toEqual({ ok: false, reason: 'slot_taken' })
  })

  it('is stopped at the number of open visits one telephone may have', async () => {
    const { at, hold, book } = await scene(app)
    for (const time of ['09:00', '10:00', '11:00']) await book(valueOf(await hold(at(time))), at(time))
    expect(await book(valueOf(await hold(at('12:00'))), at('12:00'))).toEqual({ ok: false, reason: 'too_many_open' })
    // Refused means rolled back: the hold is as it was, and nobody was remembered.
    expect(valueOf(await book(valueOf(await hold(at('12:00'))), at('12:00'), browser(1), details(2))).status).toBe(
      'booked',
    )
  })

  it('hears nothing without having agreed to messages', async () => {
    const { clinic, at, hold, book } = await scene(app)
    const id = valueOf(await hold(at('10:00')))
    await book(id, at('10:00'), browser(1), details(1, { consentWording: undefined }))
    expect(await messagesOf(clinic, id)).toEqual([])
  })

  it.each([
    ['outside the hours', '20:00', '2026-11-25'],
    ['off the grid', '10:07', '2026-11-25'],
    ['in the past', '09:00', '2026-11-24'],
    ['beyond the horizon', '10:00', '2027-03-01'],
  ])('is refused a time %s, whatever the address says', async (_why, time, date) => {
    const { at, hold } = await scene(app)
    expect(await hold(at(time, date))).toEqual({ ok: false, reason: 'slot_taken' })
  })
})

describe('a group session', () => {
  it('takes as many as it has places, all at once', async () => {
    const { at, hold } = await scene(app, { capacity: 3 })
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, number) => hold(at('10:00'), browser(number))))
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(3)
  })

  it('keeps its time from other services while anybody is left in it', async () => {
    const { clinic, at, hold, book, service } = await scene(app, { capacity: 2 })
    const other = await makeAppointment(clinic, { on: '2026-11-25', at: '10:00', service, lane: 2 })
    const single = await makeService(clinic, { capacity: 1 })
    expect(await hold({ ...at('10:00'), serviceId: single.id })).toEqual({ ok: false, reason: 'slot_taken' })
    await expect(
      makeAppointment(clinic, { on: '2026-11-25', at: '10:00', service: single, lane: 1 }),
    ).rejects.toMatchObject({
      code: '23P01',
    })
    expect(valueOf(await book(valueOf(await hold(at('10:00'))), at('10:00'))).lane).toBe(1)
    expect(other.id).toBeDefined()
  })
})

describe('the desk books', () => {
  it('for a caller, with minutes of grace before the message leaves', async () => {
    const { clinic, at, bookByPhone } = await scene(app)
    const booked = valueOf(await bookByPhone(at('10:00')))
    const [message] = await app.superuser<{ due: string }>(
      `select extract(epoch from due_at - created_at)::text as due from clinic.messages where appointment_id = $1 and kind = 'confirmation'`,
      [booked.id],
    )
    expect(Number(message?.due)).toBe(180)
    expect(booked.source).toBe('desk')
    expect(await actionsOf(clinic)).toContain('appointment.booked')
  })

  it('is told that a time is taken, and may book on top of it with a reason', async () => {
    const { clinic, at, bookByPhone } = await scene(app)
    await bookByPhone(at('10:00'))
    expect(await bookByPhone(at('10:00'), details(2))).toEqual({ ok: false, reason: 'slot_taken' })
    const onTop = valueOf(await bookByPhone(at('10:00'), details(2), 'in pain, Dr Sana agreed'))
    expect(onTop).toMatchObject({ overbooked: true, lane: 1001 })
    expect(valueOf(await bookByPhone(at('10:00'), details(3), 'her sister')).lane).toBe(1002)
    expect(await actionsOf(clinic)).toContain('appointment.overbooked')
  })

  it('does not get past what is booked on top either', async () => {
    const { at, hold, bookByPhone } = await scene(app)
    await bookByPhone(at('10:00'), details(1), 'on top of nothing yet')
    expect(await hold(at('10:00'))).toEqual({ ok: false, reason: 'slot_taken' })
  })
})
