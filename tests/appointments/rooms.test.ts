// Rooms and equipment: what the database promises of them, whoever writes, and what a visit takes along.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { resizeAppointment } from '../../src/features/appointments/actions/resize.ts'
import { takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { undoMove } from '../../src/features/appointments/actions/undo-move.ts'
import { findFreeSlot, listFreeTimes } from '../../src/features/availability/actions.ts'
import type { Id, PractitionerId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makePractitioner, makeResource, makeService, makeShift } from '../support/factories.ts'
import { statementsOf } from '../support/statements.ts'
import { browser, details, scene, valueOf, visitor } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

/** Dr Sana and Dr Hamid, who share `machines` ultrasounds for a service of half an hour. */
async function ultrasound(machines = 1, service: Parameters<typeof scene>[1] = {}) {
  const base = await scene(app, service)
  const { clinic, locationId } = base
  const hamid = await makePractitioner(clinic)
  await makeShift(clinic, { practitionerId: hamid.id, locationId })
  const ids: Id<'resource'>[] = []
  for (let at = 1; at <= machines; at++) {
    ids.push(await makeResource(clinic, { name: `Ultrasound ${at}`, kind: 'equipment', neededBy: base.service.id }))
  }
  const at = (time: string, practitionerId: PractitionerId = base.practitionerId) => ({
    ...base.at(time),
    practitionerId,
  })
  return { ...base, at, hamid: hamid.id, machines: ids }
}

const takenBy = (id: string) =>
  app.superuser<{ resource_id: string; occupies: boolean; occupied_from: unknown; practitioner_id: string }>(
    'select resource_id, occupies, occupied_from, practitioner_id from clinic.appointment_resources where appointment_id = $1',
    [id],
  )

const clashes = (clinicId: string) =>
  app.superuser(
    `select a.appointment_id from clinic.appointment_resources a join clinic.appointment_resources b
       on a.clinic_id = b.clinic_id and a.resource_id = b.resource_id and a.appointment_id < b.appointment_id
      and a.occupies and b.occupies and a.occupied_from < b.occupied_to and b.occupied_from < a.occupied_to
      and (a.session <> b.session or a.practitioner_id <> b.practitioner_id)
     where a.clinic_id = $1`,
    [clinicId],
  )

describe('one machine, two doctors', () => {
  it('50 at once for a time get as many visits as there are machines, and no machine is anywhere twice', async () => {
    const { clinic, at, hamid, hold } = await ultrasound(1)
    const ends = await Promise.all(
      Array.from({ length: 50 }, (_, number) =>
        hold(number % 2 === 0 ? at('10:00') : at('10:00', hamid), browser(number + 1)),
      ),
    )
    expect(ends.filter(({ ok }) => ok)).toHaveLength(1)
    expect(ends.filter((end) => !end.ok && end.reason !== 'slot_taken')).toEqual([])
    expect(await clashes(clinic.id)).toEqual([])
    // Nothing is left of those who had a doctor and no machine.
    expect(await app.superuser('select id from clinic.appointments where clinic_id = $1', [clinic.id])).toHaveLength(1)
  })

  it('50 at once over two hours, online and at the desk, fill them exactly', async () => {
    const { clinic, at, hamid, hold, bookByPhone } = await ultrasound(1)
    const times = ['10:00', '10:15', '10:30', '10:45', '11:00', '11:15', '11:30']
    await Promise.all(
      Array.from({ length: 50 }, (_, number) => {
        const wish = at(times[number % times.length]!, number % 2 === 0 ? undefined : hamid)
        return number % 3 === 0 ? bookByPhone(wish, details(number)) : hold(wish, browser(number + 1))
      }),
    )
    expect(await clashes(clinic.id)).toEqual([])
    const free = await clinic.inClinic(
      (ctx) =>
        listFreeTimes(ctx, 'desk', {
          serviceId: at('10:00').serviceId,
          practitionerId: 'any',
          locationId: undefined,
          from: Temporal.PlainDate.from('2026-11-25'),
          days: 1,
        }),
      visitor,
    )
    const [from, to] = [at('10:00').startsAt.epochMilliseconds, at('11:30').startsAt.epochMilliseconds]
    expect(free!.days[0]!.slots.filter(({ startsAt }) => startsAt >= from && startsAt <= to)).toEqual([])
  })

  it('with two machines both doctors get one, the first first', async () => {
    const { at, hamid, bookByPhone, machines } = await ultrasound(2)
    const [one, two] = [
      valueOf(await bookByPhone(at('10:00'))),
      valueOf(await bookByPhone(at('10:00', hamid), details(2))),
    ]
    expect((await takenBy(one.id)).map(({ resource_id }) => resource_id)).toEqual([machines[0]])
    expect((await takenBy(two.id)).map(({ resource_id }) => resource_id)).toEqual([machines[1]])
  })

  it('plain SQL that takes a room twice is refused by the table', async () => {
    const { clinic, at, hamid, bookByPhone, machines } = await ultrasound(2)
    await bookByPhone(at('10:00'))
    const other = valueOf(await bookByPhone(at('10:00', hamid), details(2)))
    await expect(
      app.superuser(
        'update clinic.appointment_resources set resource_id = $3 where clinic_id = $1 and appointment_id = $2',
        [clinic.id, other.id, machines[0]],
      ),
    ).rejects.toMatchObject({ code: '23P01' })
  })
})

describe('a visit and its room', () => {
  it('cancelled it frees the machine; undone it takes it again, or is refused once somebody has it', async () => {
    const { clinic, at, hamid, bookByPhone } = await ultrasound(1)
    const visit = valueOf(await bookByPhone(at('10:00')))
    expect(await bookByPhone(at('10:15', hamid), details(2))).toEqual({ ok: false, reason: 'slot_taken' })
    await clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'cancel'))
    expect(await takenBy(visit.id)).toMatchObject([{ occupies: false }])
    expect((await clinic.inClinic((ctx) => undoStep(ctx, visit.id))).ok).toBe(true)
    expect(await takenBy(visit.id)).toMatchObject([{ occupies: true }])
    await clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'cancel'))
    expect((await bookByPhone(at('10:15', hamid), details(2))).ok).toBe(true)
    expect(await clinic.inClinic((ctx) => undoStep(ctx, visit.id))).toEqual({ ok: false, reason: 'slot_taken' })
  })

  it('moves with it, to another time or to the doctor whose machine is free', async () => {
    const { clinic, at, hamid, bookByPhone, machines } = await ultrasound(2)
    const visit = valueOf(await bookByPhone(at('10:00')))
    await bookByPhone(at('11:00', hamid), details(2)) // takes the first machine at eleven
    const moved = await clinic.inClinic((ctx) => moveAppointment(ctx, visit.id, at('11:00'), 'desk'))
    expect(moved.ok).toBe(true)
    expect(await takenBy(visit.id)).toMatchObject([{ resource_id: machines[1], occupies: true }])
    const back = await clinic.inClinic((ctx) => moveAppointment(ctx, visit.id, at('10:00', hamid), 'desk'))
    expect(back.ok).toBe(true)
    expect(await takenBy(visit.id)).toMatchObject([{ resource_id: machines[0], practitioner_id: hamid }])
  })

  it('made longer it is refused where the machine is needed next', async () => {
    const { clinic, at, hamid, bookByPhone } = await ultrasound(1)
    const visit = valueOf(await bookByPhone(at('10:00')))
    await bookByPhone(at('10:30', hamid), details(2))
    const longer = await clinic.inClinic((ctx) => resizeAppointment(ctx, visit.id, 45))
    expect(longer).toEqual({ ok: false, reason: 'slot_taken' })
    expect((await clinic.inClinic((ctx) => resizeAppointment(ctx, visit.id, 20))).ok).toBe(true)
  })

  it('squeezed in it takes none', async () => {
    const { at, bookByPhone } = await ultrasound(1)
    await bookByPhone(at('10:00'))
    const visit = valueOf(await bookByPhone(at('10:00'), details(2), 'in pain'))
    expect(await takenBy(visit.id)).toEqual([])
  })

  it('is shared by the people of one session', async () => {
    const { at, bookByPhone, hamid } = await ultrasound(1, { capacity: 3 })
    for (const number of [1, 2, 3]) expect((await bookByPhone(at('10:00'), details(number))).ok).toBe(true)
    expect((await bookByPhone(at('10:00'), details(4))).ok).toBe(false)
    // The same class at the same time by somebody else is another session.
    expect((await bookByPhone(at('10:00', hamid), details(5))).ok).toBe(false)
  })

  it('a hold that lapsed keeps nobody from the machine', async () => {
    const { clinic, at, hamid, hold, bookByPhone } = await ultrasound(1)
    expect((await hold(at('10:00'))).ok).toBe(true)
    expect((await bookByPhone(at('10:00', hamid), details(2))).ok).toBe(false)
    app.clock.set(app.clock.now().add({ minutes: 6 }).toString())
    expect((await bookByPhone(at('10:00', hamid), details(2))).ok).toBe(true)
    expect(await clashes(clinic.id)).toEqual([])
  })
})

describe('needs', () => {
  it('a machine out of use is offered no more, and a room elsewhere is of no use here', async () => {
    const { clinic, at, machines } = await ultrasound(1)
    const slot = () => clinic.inClinic((ctx) => findFreeSlot(ctx, 'desk', at('10:00')))
    expect((await slot())?.slot.resourceIds).toEqual(machines)
    await app.superuser('update clinic.resources set active = false where id = $1', [machines[0]])
    await clinic.inClinic((ctx) => Promise.resolve(ctx.settingsChanged()))
    expect(await slot()).toBeUndefined()
  })

  it('a service that needs nothing asks nothing more of the database', async () => {
    const { clinic, at, practitionerId } = await ultrasound(1)
    const plain = await makeService(clinic, { practitioners: [practitionerId] })
    const wish = { ...at('10:00'), serviceId: plain.id }
    const count = async (one: typeof wish) =>
      clinic.inClinic(async (ctx) => {
        await findFreeSlot(ctx, 'desk', one)
        return (await statementsOf(() => findFreeSlot(ctx, 'desk', one))).length
      })
    expect(await count(wish)).toBe(1)
    expect(await count(at('10:00'))).toBe(2)
  })
})

describe('a move is taken back', () => {
  it('with the machine the visit had, which the new time did not find free', async () => {
    const { clinic, at, hamid, bookByPhone, machines } = await ultrasound(2)
    const { id } = valueOf(await bookByPhone(at('10:00')))
    valueOf(await bookByPhone(at('11:00', hamid), details(2)))
    valueOf(await clinic.inClinic((ctx) => moveAppointment(ctx, id, at('11:00'), 'desk')))
    expect((await takenBy(id)).map(({ resource_id }) => resource_id)).toEqual([machines[1]])
    // Somebody else has the second one at the old time.
    valueOf(await bookByPhone(at('10:00', hamid), details(3)))
    const other = await app.superuser<{ resource_id: string }>(
      `select resource_id from clinic.appointment_resources where clinic_id = $1 and occupied_from = $2`,
      [clinic.id, at('10:00').startsAt.toString()],
    )
    expect(other).toEqual([{ resource_id: machines[0] }])
    expect(await clinic.inClinic((ctx) => undoMove(ctx, id))).toEqual({ ok: false, reason: 'slot_taken' })
    await app.superuser(`delete from clinic.appointments where clinic_id = $1 and occupied_from = $2`, [
      clinic.id,
      at('10:00').startsAt.toString(),
    ])
    valueOf(await clinic.inClinic((ctx) => undoMove(ctx, id)))
    expect((await takenBy(id)).map(({ resource_id }) => resource_id)).toEqual([machines[0]])
  })

  it('with the length it had, from a doctor who takes longer, and over a hold that lapsed', async () => {
    const { clinic, at, hamid, bookByPhone, hold, service } = await ultrasound(1)
    await app.superuser(
      `update clinic.practitioner_services set duration_min = 60 where clinic_id = $1 and practitioner_id = $2 and service_id = $3`,
      [clinic.id, hamid, service.id],
    )
    const { id } = valueOf(await bookByPhone(at('10:00')))
    await app.superuser('update platform.diaries set settings_version = settings_version + 1 where clinic_id = $1', [
      clinic.id,
    ])
    const moved = valueOf(await clinic.inClinic((ctx) => moveAppointment(ctx, id, at('12:00', hamid), 'desk')))
    expect(moved.endsAt.toString()).toBe(at('13:00').startsAt.toString())
    valueOf(await hold(at('10:00')))
    app.clock.advance({ minutes: 6 })
    const back = valueOf(await clinic.inClinic((ctx) => undoMove(ctx, id)))
    expect([back.startsAt, back.endsAt].map(String)).toEqual(
      [at('10:00'), at('10:30')].map((one) => String(one.startsAt)),
    )
    app.clock.advance({ minutes: -6 })
  })
})
