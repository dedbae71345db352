// Whoever was asked answers: yes, no, too late, from another telephone, or all at once.
import { describe, expect, it } from 'vitest'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { changeWaitlistSettings, leaveList } from '../../src/features/waitlist/actions/join.ts'
import type { TestApp } from '../support/app.ts'
import { makeShift } from '../support/factories.ts'
import type { FakeWhatsApp } from '../support/whatsapp.ts'
import { digits, newPhone, offersIn, offersOf, visitsIn, withWaitingList, wordsFor, type Scene } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let scene: Scene
withWaitingList((started) => ({ app, whatsapp, scene } = started))

const { settle, later, entryOf, freed } = wordsFor(() => ({ app, whatsapp, scene }))

describe('an answer', () => {
  it('yes: booked, confirmed, off the list, and nobody else is told they have it', async () => {
    const [one, two] = await freed(2)
    const [message, other] = offersOf(await settle())
    await whatsapp.tap(one!.phone, message!, 0).expect(200)
    const answers = await settle()
    expect(answers.map(({ name, to }) => [name, to])).toEqual([['nabz_confirmation', digits(one!.phone)]])
    expect(await visitsIn(scene.clinic)).toMatchObject([{ patient_id: one!.patientId, status: 'booked' }])
    expect(await entryOf(one!.patientId)).toMatchObject({ state: 'booked' })

    await whatsapp.tap(two!.phone, other!, 0).expect(200)
    const [sorry, ...rest] = await settle()
    expect(rest).toEqual([])
    expect(sorry!.texts[0]).toMatch(/^Thank you for answering\..*You stay on the waiting list/)
    // A second yes to the same is not answered again.
    await whatsapp.tap(two!.phone, other!, 0).expect(200)
    expect(await settle()).toEqual([])
    expect(await entryOf(two!.patientId)).toMatchObject({ state: 'waiting' })
    // The winner's own second tap neither.
    await whatsapp.tap(one!.phone, message!, 0).expect(200)
    expect(await settle()).toEqual([])
  })

  it.each(['yes', 'نعم', 'ہاں', 'haan'])('“%s” typed is a yes while an offer stands', async (text) => {
    const [one] = await freed(1)
    await settle()
    await whatsapp.write(one!.phone, text).expect(200)
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_confirmation'])
    expect(await visitsIn(scene.clinic)).toHaveLength(1)
  })

  it('“yes” is nothing of the kind when nothing was offered', async () => {
    const one = await scene.book()
    app.clock.set(app.clock.now().add({ minutes: 4 }))
    await settle()
    await whatsapp.write(one.patientPhone!, 'yes').expect(200)
    const [answer] = await settle()
    expect(answer!.texts[0]).toMatch(/nobody reads the answers/)
  })

  it('no: thanked, stays on the list, and the next in line is asked', async () => {
    await scene.clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: true, most: 1, minutes: 30 }))
    const [one, two] = await freed(2)
    const [message] = offersOf(await settle())
    await whatsapp.tap(one!.phone, message!, 1).expect(200)
    expect((await settle()).map(({ texts }) => texts[0])).toEqual([expect.stringMatching(/^Thank you for telling us/)])
    later(2)
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(two!.phone)])
    expect(await entryOf(one!.patientId)).toMatchObject({ state: 'waiting' })
  })

  it('after its time: kindly too late, and nothing is booked', async () => {
    const [one] = await freed(1)
    const [message] = offersOf(await settle())
    later(31)
    await whatsapp.tap(one!.phone, message!, 0).expect(200)
    const answers = await settle()
    expect(answers.map(({ texts }) => texts[0])).toEqual([expect.stringMatching(/^That offer has ended/)])
    expect(await visitsIn(scene.clinic)).toEqual([])
  })

  it('after leaving the list: that both are over, and no promise to write', async () => {
    const [one] = await freed(1)
    const [message] = offersOf(await settle())
    await scene.clinic.inClinic((ctx) => leaveList(ctx, one!.id, 'desk'))
    await whatsapp.tap(one!.phone, message!, 0).expect(200)
    const [answer] = await settle()
    expect(answer!.texts[0]).toMatch(/^That offer has ended, and you are no longer on the waiting list/)
  })

  it('from another telephone counts for nothing', async () => {
    const [one] = await freed(1)
    const [message] = offersOf(await settle())
    await whatsapp.tap(newPhone(), message!, 0).expect(200)
    await settle()
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'open' }])
    expect(await visitsIn(scene.clinic)).toEqual([])
    expect(await entryOf(one!.patientId)).toMatchObject({ state: 'waiting' })
  })

  it('ten at once: one visit, nine kind answers', async () => {
    await scene.clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: true, most: 10, minutes: 30 }))
    const waiting = await freed(10)
    const messages = offersOf(await settle())
    expect(messages).toHaveLength(10)
    for (const [at, message] of messages.entries()) await whatsapp.tap(waiting[at]!.phone, message, 0).expect(200)
    whatsapp.sent.length = 0
    await Promise.all(Array.from({ length: 10 }, () => workOnEvents(app.services)))
    await dispatchDue(app.services)
    const names = whatsapp.sent.map(({ name }) => name).sort()
    expect(names).toEqual(['nabz_confirmation', ...Array<string>(9).fill('text')])
    expect(new Set(whatsapp.sent.map(({ to }) => to)).size).toBe(10)
    for (const { texts } of whatsapp.sent.filter(({ name }) => name === 'text')) {
      expect(texts[0]).toMatch(/Somebody else was a moment faster/)
    }
    expect(await visitsIn(scene.clinic)).toHaveLength(1)
    const states = (await offersIn(scene.clinic)).map(({ state }) => state).sort()
    expect(states).toEqual(['accepted', ...Array<string>(9).fill('taken')])
  })

  it('STOP in between: the offer is over, nothing is booked or said, and no more are made', async () => {
    const [one] = await freed(1)
    const [message] = offersOf(await settle())
    await whatsapp.write(one!.phone, 'STOP').expect(200)
    expect((await settle()).map(({ texts }) => texts[0])).toEqual([expect.stringMatching(/no more WhatsApp/)])
    await whatsapp.tap(one!.phone, message!, 0).expect(200)
    expect(await settle()).toEqual([])
    expect(await visitsIn(scene.clinic)).toEqual([])
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'withdrawn' }])
    await makeShift(scene.clinic, { locationId: scene.locationId, from: '15:00', to: '15:30' })
    expect(await settle()).toEqual([])
  })
})
