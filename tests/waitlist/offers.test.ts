// A time comes free: who is asked about it, in which order, and who is left alone.
import { describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { withdraw } from '../../src/features/consents/actions.ts'
import { takePatient } from '../../src/features/export/actions/patient.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { erasePatient } from '../../src/features/rights/actions/erase.ts'
import { offerByHand } from '../../src/features/waitlist/actions/by-hand.ts'
import { changeWaitlistSettings, leaveList, restoreEntry } from '../../src/features/waitlist/actions/join.ts'
import { offerFreedTimes } from '../../src/features/waitlist/actions/offer.ts'
import type { TestApp } from '../support/app.ts'
import { makeShift } from '../support/factories.ts'
import { inShort } from '../support/messages.ts'
import type { FakeWhatsApp } from '../support/whatsapp.ts'
import {
  digits,
  newPhone,
  offersIn,
  offersOf,
  patientActor,
  visitsIn,
  waitingScene,
  withWaitingList,
  wordsFor,
  type Scene,
} from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let scene: Scene
withWaitingList((started) => ({ app, whatsapp, scene } = started))

const { settle, later, cancel, entryOf, freed } = wordsFor(() => ({ app, whatsapp, scene }))

describe('a time that comes free', () => {
  it('is offered to the three who have waited longest, with what they need to know', async () => {
    const waiting = await freed(5)
    const sent = offersOf(await settle())
    expect(sent.map(({ to }) => to)).toEqual(waiting.slice(0, 3).map(({ phone }) => digits(phone)))
    const [message] = sent
    expect(message!.texts.slice(0, 2)).toEqual(['Shifa Clinic', expect.stringMatching(/Wednesday.*10:00/)])
    expect(message!.texts.at(-1)).toMatch(/^12:3\d/)
    expect(JSON.stringify(message!.payload)).toContain(`"${waiting[0]!.token}"`)
    expect(offersOf(await settle())).toEqual([])
  })

  it('goes to nobody when nobody waits, and costs no row', async () => {
    const visit = await scene.book()
    await cancel(visit.id)
    expect(await app.superuser('select 1 from clinic.freed_times where clinic_id = $1', [scene.clinic.id])).toEqual([])
  })

  it('is not offered while the desk may still take its cancellation back', async () => {
    const visit = await scene.book()
    await scene.join()
    await settle()
    await scene.clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'cancel'))
    expect(offersOf(await settle())).toEqual([])
    later(2)
    await scene.clinic.inClinic((ctx) => undoStep(ctx, visit.id))
    later(2)
    expect(offersOf(await settle())).toEqual([])
    await scene.clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'cancel'))
    later(3)
    expect(offersOf(await settle())).toHaveLength(1)
  })

  it('is the one that a moved visit left', async () => {
    const visit = await scene.book()
    const one = await scene.join()
    await settle()
    const moved = await scene.clinic.inClinic(
      (ctx) => moveAppointment(ctx, visit.id, scene.slot('2026-11-28'), 'patient'),
      patientActor,
    )
    expect(moved.ok).toBe(true)
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(one.phone)])
  })

  it('is one of hours that were added', async () => {
    await scene.book()
    const one = await scene.join()
    expect(offersOf(await settle())).toEqual([])
    await makeShift(scene.clinic, { locationId: scene.locationId, from: '15:00', to: '15:30' })
    const [message] = offersOf(await settle())
    expect([message!.to, message!.texts[1]]).toEqual([digits(one.phone), expect.stringContaining('3:00')])
  })

  it('goes to nobody whom the list is not for: another day, no consent, such a visit already, a list that is off', async () => {
    const visit = await scene.book()
    await scene.join({ weekdays: [1] })
    const two = await scene.join()
    const three = await scene.join()
    const four = await scene.join()
    await settle()
    await scene.clinic.inClinic((ctx) =>
      withdraw(ctx, { patientId: two.patientId, purpose: 'appointment_messages', channel: 'phone', source: 'desk' }),
    )
    const other = await scene.book('2026-11-27')
    await app.superuser('update clinic.appointments set patient_id = $2 where id = $1', [other.id, three.patientId])
    await cancel(visit.id)
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(four.phone)])

    await scene.clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: false, most: 3, minutes: 30 }))
    await scene.clinic.inClinic((ctx) => leaveList(ctx, four.id, 'patient'))
    later(2)
    expect(offersOf(await settle())).toEqual([])
  })

  it('is offered to as many, and for as long, as the clinic says', async () => {
    await scene.clinic.inClinic((ctx) => changeWaitlistSettings(ctx, { on: true, most: 1, minutes: 60 }))
    const waiting = await freed(2)
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(waiting[0]!.phone)])
    later(59)
    expect(offersOf(await settle())).toEqual([])
    later(2)
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(waiting[1]!.phone)])
  })
})

describe('before it is sent', () => {
  it('the time is looked at again: taken meanwhile, nothing leaves', async () => {
    await freed(1)
    await app.runJob('waitlist.offer')
    await scene.book()
    await dispatchDue(app.services)
    expect(await inShort(app, scene.clinic.id)).toContain('waitlist_offer dropped (offer_over)')
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'taken' }])
  })

  it('STOP and the consent are looked at again', async () => {
    const [one] = await freed(1)
    await app.runJob('waitlist.offer')
    await whatsapp.write(one!.phone, 'STOP').expect(200)
    await workOnEvents(app.services)
    await dispatchDue(app.services)
    expect(offersOf(whatsapp.sent)).toEqual([])
  })

  it('whoever left hears nothing', async () => {
    const [one] = await freed(1)
    await app.runJob('waitlist.offer')
    await scene.clinic.inClinic((ctx) => leaveList(ctx, one!.id, 'patient'), patientActor)
    await dispatchDue(app.services)
    expect(offersOf(whatsapp.sent)).toEqual([])
  })
})

describe('offers', () => {
  it('that run out go on to the next three', async () => {
    const waiting = await freed(5)
    await settle()
    later(31)
    const sent = offersOf(await settle())
    expect(sent.map(({ to }) => to)).toEqual(waiting.slice(3).map(({ phone }) => digits(phone)))
    later(31)
    // Nobody is asked twice about the same.
    expect(offersOf(await settle())).toEqual([])
    expect(await app.superuser('select 1 from clinic.freed_times where clinic_id = $1', [scene.clinic.id])).toEqual([])
  })

  it('are never two at once to one number, not even of a family', async () => {
    const phone = newPhone()
    const visits = [await scene.book(), await scene.book('2026-11-26')]
    const both = { until: scene.wish().until.add({ days: 1 }) }
    await scene.join(both, { phone, name: 'Bilal Family' })
    await scene.join(both, { phone, name: 'Hina Family' })
    await settle()
    for (const { id } of visits) await cancel(id)
    expect(offersOf(await settle())).toHaveLength(1)
    later(31)
    expect(offersOf(await settle())).toHaveLength(1)
  })

  it('wait for the morning', async () => {
    app.clock.set('2026-11-24T17:00:00Z') // ten in the evening
    scene = await waitingScene(app, { hours: ['16:00', '16:30'] })
    const visit = await scene.book('2026-11-25', '16:00')
    await scene.join()
    await settle()
    await cancel(visit.id)
    expect(offersOf(await settle())).toEqual([])
    app.clock.set('2026-11-25T02:59:00Z')
    expect(offersOf(await settle())).toEqual([])
    app.clock.set('2026-11-25T03:00:01Z')
    expect(offersOf(await settle())).toHaveLength(1)
  })

  it('are not made of a time that begins too soon', async () => {
    await freed(1)
    app.clock.set('2026-11-25T04:00:00Z')
    expect(offersOf(await settle())).toEqual([])
  })

  it('are made once by two processes at the same moment', async () => {
    await freed(5)
    const made = await Promise.all(Array.from({ length: 4 }, () => offerFreedTimes(app.services)))
    expect(made.reduce((sum, count) => sum + count, 0)).toBe(3)
    await dispatchDue(app.services)
    expect(offersOf(whatsapp.sent)).toHaveLength(3)
  })

  it('whose job dies before the end were never made, and are made by the next', async () => {
    await freed(2)
    const { inClinic } = app.services
    const dying = {
      ...app.services,
      inClinic: ((clinic, actor, origin, work) =>
        inClinic(clinic, actor, origin, async (ctx) => {
          await work(ctx)
          throw new Error('killed')
        })) as typeof inClinic,
    }
    expect(await offerFreedTimes(dying)).toBe(0)
    expect(await offersIn(scene.clinic)).toEqual([])
    expect(offersOf(await settle())).toHaveLength(2)
  })
})

describe('something sooner', () => {
  it('moves the visit somebody has, and what it leaves is offered on', async () => {
    const early = await scene.book()
    const phone = newPhone()
    const late = await scene.book('2026-11-28', '10:00', { name: 'Omar Sooner', phone })
    const one = await scene.join({}, { phone, name: 'Omar Sooner', insteadOf: late.id })
    const two = await scene.join({
      from: scene.wish().from.add({ days: 3 }),
      until: scene.wish().until.add({ days: 3 }),
    })
    later(4)
    await settle()
    await cancel(early.id)
    const sent = offersOf(await settle())
    expect(sent.map(({ name, to }) => [name, to])).toEqual([['nabz_waitlist_sooner', digits(one.phone)]])
    await whatsapp.tap(one.phone, sent[0]!, 0).expect(200)
    const after = await settle()
    expect(after.map(({ name }) => name)).toContain('nabz_moved')
    expect(await visitsIn(scene.clinic)).toMatchObject([{ id: late.id, starts_at: scene.slot().startsAt }])
    expect(offersOf(after).map(({ to }) => to)).toEqual([digits(two.phone)])
  })

  it('is over when the visit is', async () => {
    await scene.book()
    const phone = newPhone()
    const late = await scene.book('2026-11-28', '10:00', { name: 'Omar Sooner', phone })
    const one = await scene.join({}, { phone, name: 'Omar Sooner', insteadOf: late.id })
    await cancel(late.id)
    app.clock.set('2026-11-25T00:00:00Z')
    await settle()
    expect(await entryOf(one.patientId)).toMatchObject({ state: 'over' })
  })
})

describe('the desk', () => {
  it('offers a free time to people of its choice, by the same rules', async () => {
    const visit = await scene.book()
    const [one, two] = [await scene.join(), await scene.join()]
    await settle()
    await cancel(visit.id)
    await app.superuser('delete from clinic.freed_times where clinic_id = $1', [scene.clinic.id])
    const slot = { ...scene.slot(), endsAt: scene.slot().startsAt.add({ minutes: 30 }) }
    expect(await scene.clinic.inClinic((ctx) => offerByHand(ctx, slot, [two.id]))).toEqual({ ok: true, value: 1 })
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(two.phone)])
    expect(await scene.clinic.inClinic((ctx) => offerByHand(ctx, slot, [two.id]))).toMatchObject({ reason: 'nobody' })
    await scene.book()
    expect(await scene.clinic.inClinic((ctx) => offerByHand(ctx, slot, [one.id]))).toMatchObject({
      reason: 'slot_taken',
    })
  })

  it('takes somebody off, and puts them back where they were', async () => {
    await scene.book()
    const [one, two] = [await scene.join(), await scene.join()]
    await scene.clinic.inClinic((ctx) => leaveList(ctx, one.id, 'desk'))
    expect(await entryOf(one.patientId)).toMatchObject({ state: 'removed' })
    expect((await scene.clinic.inClinic((ctx) => restoreEntry(ctx, one.id))).ok).toBe(true)
    expect((await scene.clinic.inClinic((ctx) => restoreEntry(ctx, one.id))).ok).toBe(false)
    const entries = [await entryOf(one.patientId), await entryOf(two.patientId)]
    expect(entries[0]!.joinedAt.epochMilliseconds).toBeLessThan(entries[1]!.joinedAt.epochMilliseconds)
  })
})

describe('what came free meanwhile is offered', () => {
  it('to somebody the desk had taken off the list and put back', async () => {
    const visit = await scene.book()
    const one = await scene.join()
    await settle()
    await scene.clinic.inClinic((ctx) => leaveList(ctx, one.id, 'desk'))
    await cancel(visit.id)
    expect(offersOf(await settle())).toEqual([])
    await scene.clinic.inClinic((ctx) => restoreEntry(ctx, one.id))
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(one.phone)])
  })

  it('to somebody who had said STOP, and says START', async () => {
    const [early, late] = [await scene.book(), await scene.book('2026-11-26')]
    const one = await scene.join({ until: scene.wish().until.add({ days: 1 }) })
    await settle()
    await cancel(early.id)
    expect(offersOf(await settle())).toHaveLength(1)
    await whatsapp.write(one.phone, 'STOP').expect(200)
    await settle()
    await cancel(late.id)
    later(1)
    expect(offersOf(await settle())).toEqual([])
    await whatsapp.write(one.phone, 'START').expect(200)
    expect(offersOf(await settle()).map(({ to, texts }) => [to, texts[1]])).toEqual([
      [digits(one.phone), expect.stringContaining('26 November')],
    ])
  })

  it('to nobody while the desk may still take its cancellation back, whoever joins', async () => {
    const visit = await scene.book()
    const one = await scene.join()
    await settle()
    await scene.clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'cancel'))
    const two = await scene.join()
    expect(offersOf(await settle())).toEqual([])
    later(3)
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(one.phone), digits(two.phone)])
  })
})

describe('of all that is free', () => {
  const looks = () =>
    app.superuser<{ open: string[] | null }>(
      'select open_offers as open from clinic.freed_times where clinic_id = $1 and practitioner_id is null',
      [scene.clinic.id],
    )

  it('more is offered once the first answer came, and nothing is left to look at when nothing is left to offer', async () => {
    const until = scene.wish().until.add({ days: 1 })
    const one = await scene.join({ until })
    const [first] = offersOf(await settle())
    const { id } = (await offersIn(scene.clinic))[0]!
    later(2)
    expect(offersOf(await settle())).toEqual([])
    expect(await looks()).toEqual([{ open: [id] }, { open: [id] }])
    await whatsapp.tap(one.phone, first!, 1).expect(200)
    await settle()
    later(2)
    const [second] = offersOf(await settle())
    expect(second!.texts[1]).toContain('26 November')
    expect(await looks()).toEqual([])
  })

  it('more is offered to whoever lost the first to somebody who booked it', async () => {
    await scene.join({ until: scene.wish().until.add({ days: 1 }) })
    await settle()
    await scene.book()
    later(2)
    const [second] = offersOf(await settle())
    expect(second!.texts[1]).toContain('26 November')
  })
})

describe('whose data it is', () => {
  it('gets it with a copy, and has it erased with what was offered', async () => {
    const [one] = await freed(1)
    await settle()
    const copy = await scene.clinic.inClinic((ctx) => takePatient(ctx, one!.patientId, 'json'))
    expect([copy.held.waiting_entries.length, copy.held.waiting_offers.length]).toEqual([1, 1])
    await scene.clinic.inClinic((ctx) => erasePatient(ctx, one!.patientId, ['visits'], { tell: false }))
    expect(await offersIn(scene.clinic)).toEqual([])
    expect(await entryOf(one!.patientId)).toBeUndefined()
  })
})
