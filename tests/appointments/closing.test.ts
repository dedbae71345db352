// A time is taken in the same moment in which it closes. Whoever commits first counts: either the visit is there and the
// closure finds it, or the time is closed and nobody gets it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bookAtDesk, bookHeldSlot } from '../../src/features/appointments/actions/book.ts'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { returnByPatient } from '../../src/features/appointments/actions/return.ts'
import { calledOff } from '../../src/features/appointments/rules.ts'
import { addClosure } from '../../src/features/clinics/actions/closures.ts'
import { takeOutOfUse } from '../../src/features/clinics/actions/people.ts'
import { declare } from '../../src/features/disruptions/actions/declare.ts'
import { planFor } from '../../src/features/disruptions/actions/plan.ts'
import { takeWalkIn } from '../../src/features/queue/actions/walk-in.ts'
import { bookSeries, planSeries, type Booked } from '../../src/features/series/actions/book.ts'
import { moveLater, planMove } from '../../src/features/series/actions/later.ts'
import { acceptOffer } from '../../src/features/waitlist/actions/answer.ts'
import { offerByHand } from '../../src/features/waitlist/actions/by-hand.ts'
import { joinList } from '../../src/features/waitlist/actions/join.ts'
import type { OfferId } from '../../src/features/waitlist/rules.ts'
import { newId, type AppointmentId } from '../../src/kernel/ids.ts'
import { dateAt } from '../../src/kernel/time.ts'
import { lockDiary, type Ctx } from '../../src/platform/clinic-scope.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makePatient } from '../support/factories.ts'
import { weekly } from '../series/scene.ts'
import { countWaiting } from '../support/locks.ts'
import { browser, details, scene, valueOf } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

type Answer = { ok: boolean; reason?: string }
type Scene = Awaited<ReturnType<typeof scene>>
type Race = {
  scene: Scene
  take: () => Promise<Answer>
  standing: () => Promise<string[]>
}

const waiting = () => countWaiting(app)

/** Both have looked and written, and wait to commit; then they do, in this order. */
async function inOrder(
  { scene: { clinic } }: Race,
  first: () => Promise<Answer>,
  second: () => Promise<Answer>,
): Promise<[Answer, Answer]> {
  const answers = await clinic.inClinic(async (ctx) => {
    await lockDiary(ctx)
    const one = first()
    await expect.poll(waiting, { timeout: 10_000 }).toBe(1)
    const two = second()
    await expect.poll(waiting, { timeout: 10_000 }).toBe(2)
    return { both: Promise.all([one, two]) }
  })
  return answers.both
}

const ways = {
  'a time that is held': async (at: Scene) => {
    const wish = at.at('10:00')
    const held = valueOf(await at.hold(wish))
    return () => at.book(held, wish)
  },
  'a time at the desk': (at: Scene) => Promise.resolve(() => at.bookByPhone(at.at('10:00'))),
  'the time a visit is moved to': async (at: Scene) => {
    const { id } = valueOf(await at.bookByPhone(at.at('14:00')))
    return () => at.clinic.inClinic((ctx) => moveAppointment(ctx, id, at.at('10:00'), 'desk'))
  },
} satisfies Record<string, (at: Scene) => Promise<() => Promise<Answer>>>

describe.each(Object.entries(ways))('%s', (_name, way) => {
  let race: Race
  const noon = () => ({ from: race.scene.at('09:00').startsAt, to: race.scene.at('12:00').startsAt })
  beforeEach(async () => {
    const at = await scene(app)
    race = {
      scene: at,
      take: await way(at),
      standing: async () => {
        const { from, to } = noon()
        const found = await app.superuser<{ status: string }>(
          `select status from clinic.appointments
           where clinic_id = $1 and occupies and status <> 'pending' and starts_at >= $2 and starts_at < $3`,
          [at.clinic.id, from.toString(), to.toString()],
        )
        return found.map(({ status }) => status)
      },
    }
  })

  describe('while the clinic closes', () => {
    const close = () =>
      race.scene.clinic.inClinic(async (ctx): Promise<Answer> => {
        const { from, to } = noon()
        await addClosure(ctx, { startsAt: from, endsAt: to, reason: 'water', shown: false })
        return { ok: true }
      })

    it('is closed, once it is', async () => {
      expect(await inOrder(race, close, race.take)).toEqual([{ ok: true }, { ok: false, reason: 'slot_taken' }])
      expect(await race.standing()).toEqual([])
    })

    it('is taken, if that was sooner', async () => {
      const [taken, closed] = await inOrder(race, race.take, close)
      expect([taken.ok, closed.ok]).toEqual([true, true])
      expect(await race.standing()).toEqual(['booked'])
    })
  })

  describe('while the doctor is taken out of use', () => {
    let left: number | undefined
    const end = () =>
      race.scene.clinic.inClinic(async (ctx): Promise<Answer> => {
        left = valueOf(await takeOutOfUse(ctx, { kind: 'practitioner', id: race.scene.practitionerId })).visits
        return { ok: true }
      })

    it('is closed, once that is said', async () => {
      expect(await inOrder(race, end, race.take)).toEqual([{ ok: true }, { ok: false, reason: 'slot_taken' }])
      expect(await race.standing()).toEqual([])
    })

    it('is taken, if that was sooner, and counted among what stays', async () => {
      const [taken, ended] = await inOrder(race, race.take, end)
      expect([taken.ok, ended.ok]).toEqual([true, true])
      expect(await race.standing()).toEqual(['booked'])
      expect(left).toBe(1)
    })
  })

  describe('while the doctor is said to be away', () => {
    async function shown() {
      const { from, to } = noon()
      const { practitionerId } = race.scene
      const declaration = { kind: 'leave', practitionerId, locationId: undefined, from, to, then: 'move' } as const
      const { clinic } = race.scene
      const { digest } = valueOf(await clinic.inClinic((ctx) => planFor(ctx, declaration, new Map(), { lock: false })))
      return () => clinic.inClinic((ctx) => declare(ctx, declaration, new Map(), digest, 'leave'))
    }

    it('is closed, once that is said', async () => {
      const [said, taken] = await inOrder(race, await shown(), race.take)
      expect([said.ok, taken]).toEqual([true, { ok: false, reason: 'slot_taken' }])
      expect(await race.standing()).toEqual([])
    })

    it('is taken, if that was sooner, and nothing is done that was not seen', async () => {
      const [taken, said] = await inOrder(race, race.take, await shown())
      expect([taken.ok, said]).toEqual([true, { ok: false, reason: 'changed' }])
      expect(await race.standing()).toEqual(['booked'])
      const closures = await app.superuser('select 1 from clinic.closures where clinic_id = $1', [race.scene.clinic.id])
      expect(closures).toEqual([])
    })
  })
})

describe('a time that closed while it was held', () => {
  it('is not booked any more', async () => {
    const { clinic, at, hold, book } = await scene(app)
    const wish = at('10:00')
    const held = valueOf(await hold(wish))
    await clinic.inClinic((ctx) =>
      addClosure(ctx, { startsAt: at('09:00').startsAt, endsAt: at('12:00').startsAt, reason: 'water', shown: false }),
    )
    expect(await book(held, wish)).toEqual({ ok: false, reason: 'slot_taken' })
  })

  it('is booked all the same when the hours changed elsewhere', async () => {
    const { clinic, at, hold, book } = await scene(app)
    const wish = at('10:00')
    const held: AppointmentId = valueOf(await hold(wish))
    await clinic.inClinic((ctx) =>
      addClosure(ctx, { startsAt: at('11:00').startsAt, endsAt: at('12:00').startsAt, reason: 'water', shown: false }),
    )
    expect((await book(held, wish, browser(1), details())).ok).toBe(true)
  })
})

describe('a time that is held', () => {
  it.each([
    ['the service', 'update clinic.services set active = false where clinic_id = $1'],
    ['the doctor', 'update clinic.practitioners set active = false where clinic_id = $1'],
    ['the day', 'delete from clinic.shifts where clinic_id = $1'],
  ])('is not booked any more once %s is gone', async (_name, sql) => {
    const { clinic, at, hold, book } = await scene(app)
    const held = valueOf(await hold(at('10:00')))
    await app.superuser(sql, [clinic.id])
    await clinic.inClinic((ctx) => Promise.resolve(ctx.settingsChanged()))
    expect(await book(held, at('10:00'))).toEqual({ ok: false, reason: 'slot_taken' })
  })

  it('is booked when it has become too late to take it while its patient typed', async () => {
    const { at, hold, book } = await scene(app)
    const wish = at('10:00')
    // Patients come no sooner than an hour from now.
    app.clock.set(wish.startsAt.subtract({ minutes: 62 }).toString())
    const held = valueOf(await hold(wish))
    app.clock.advance({ minutes: 4 })
    expect(await hold(wish, browser(2))).toEqual({ ok: false, reason: 'slot_taken' })
    valueOf(await book(held, wish))
  })
})

describe('what is done once more because the settings changed', () => {
  const desk = (at: Scene) => async (ctx: Ctx) => {
    const patient = details()
    return bookAtDesk(ctx, { wish: at.at('10:00'), patient, language: 'en', messagesWanted: true })
  }
  const series = (at: Scene) => {
    const [id, anchor, rule, end] = [newId<'series'>(), { slot: at.at('10:00') }, weekly, { count: 4 }] as const
    const who = { patient: { name: 'Ayesha Khan', phone: details().phone }, language: 'en', agreed: true } as const
    return async (ctx: Ctx) => {
      const { rows } = await planSeries(ctx, anchor, rule, end, new Map())
      const picks = new Map(rows.flatMap(({ key, to }) => (to ? [[key, to] as const] : [])))
      return bookSeries(ctx, { id, anchor, rule, end, picks, who })
    }
  }
  const moved = (at: Scene, id: AppointmentId) => (ctx: Ctx) => moveAppointment(ctx, id, at.at('12:00'), 'desk')

  const held = async (at: Scene) => {
    const wish = at.at('10:00')
    const id = valueOf(await at.hold(wish))
    return (ctx: Ctx) => bookHeldSlot(ctx, { id, wish, holder: browser(1) }, details())
  }
  const letGo = async (at: Scene) => {
    const again = await held(at)
    await app.superuser('delete from clinic.appointments where clinic_id = $1', [at.clinic.id])
    return again
  }
  const returned = async (at: Scene) => {
    const { id } = valueOf(await at.bookByPhone(at.at('10:00')))
    await app.superuser(
      `update clinic.appointments set status = 'cancelled', previous_status = 'booked', cancelled_by = 'clinic',
         cancelled_at = now(), cancel_reason = $2 where id = $1`,
      [id, calledOff],
    )
    return (ctx: Ctx) => returnByPatient(ctx, id, at.at('12:00'))
  }
  const walkIn =
    ({ at }: Scene) =>
    (ctx: Ctx) => {
      const { serviceId, practitionerId, locationId } = at('10:00')
      const person = { name: 'Walks In', phone: details().phone, language: 'en', agreed: true } as const
      return takeWalkIn(ctx, { serviceId, practitionerId, locationId, ...person })
    }
  const away = async ({ clinic, at, practitionerId, bookByPhone }: Scene) => {
    valueOf(await bookByPhone(at('10:00')))
    const [from, to] = [at('09:00').startsAt, at('12:00').startsAt]
    const declaration = { kind: 'leave', practitionerId, locationId: undefined, from, to, then: 'move' } as const
    const { digest } = valueOf(await clinic.inClinic((ctx) => planFor(ctx, declaration, new Map(), { lock: false })))
    return (ctx: Ctx) => declare(ctx, declaration, new Map(), digest, 'leave')
  }
  const later = async (at: Scene) => {
    const { visits } = valueOf<Booked>(await at.clinic.inClinic(series(at)))
    const [{ id }, to] = [visits[0]!, at.at('12:00')]
    return async (ctx: Ctx) => {
      const { rows } = await planMove(ctx, id, to, new Map())
      return moveLater(ctx, id, to, new Map(rows.flatMap((row) => (row.to ? [[row.key, row.to] as const] : []))))
    }
  }
  const offered = async ({ clinic, at }: Scene) => {
    const slot = at('10:00')
    const { serviceId, startsAt } = slot
    const patient = await makePatient(clinic, { name: 'Waits', consent: true })
    const day = dateAt(startsAt, 'Asia/Karachi')
    const anywhere = { practitionerIds: [], locationId: null, weekdays: [], parts: [], from: day, until: day }
    const offer = await clinic.inClinic(async (ctx) => {
      const entry = valueOf(
        await joinList(ctx, {
          patient: { id: patient.id, agreed: true },
          wish: { serviceId, ...anywhere },
          language: 'en',
          source: 'online',
        }),
      )
      valueOf(await offerByHand(ctx, { ...slot, endsAt: startsAt.add({ minutes: 30 }) }, [entry.id]))
      const [made] = await ctx.db.withSchema('clinic').table('waiting_offers').where({ clinic_id: ctx.clinic.id })
      return (made as { id: OfferId }).id
    })
    return (ctx: Ctx) => acceptOffer(ctx, offer)
  }

  async function left({ clinic }: Scene) {
    const count = async (sql: string) => (await app.superuser<{ it: string }>(sql, [clinic.id])).map(({ it }) => it)
    return {
      visits: await count(`select starts_at::text as it from clinic.appointments where clinic_id = $1 order by 1`),
      patients: await count(`select name as it from clinic.patients where clinic_id = $1 order by 1`),
      told: await count(`select kind || ' ' || status as it from clinic.messages where clinic_id = $1 order by 1`),
      noted: await count(`select action as it from clinic.audit_entries where clinic_id = $1 order by id`),
      counted: await count(
        `select metric || ' ' || count as it from platform.daily_counts where clinic_id = $1 order by 1`,
      ),
    }
  }

  type Way = (at: Scene) => Promise<(ctx: Ctx) => Promise<Answer>>
  const known: [string, Way][] = [
    ['a visit', (at) => Promise.resolve(desk(at))],
    ['a series', (at) => Promise.resolve(series(at))],
    ['a time that was held', held],
    ['a time that was let go and is taken again', letGo],
    ['a visit that was called off and comes back', returned],
    ['somebody who walks in', (at) => Promise.resolve(walkIn(at))],
    ['a doctor who is away', away],
    ['the rest of a series that moves', later],
    ['a time that was offered', offered],
    ['a move', async (at) => moved(at, valueOf(await at.bookByPhone(at.at('10:00'))).id)],
  ]

  it.each(known)('%s leaves nothing twice', async (_name, way) => {
    const [once, twice] = [await scene(app), await scene(app)]
    expect((await once.clinic.inClinic(await way(once))).ok).toBe(true)
    const work = await way(twice)
    let runs = 0
    const again = await twice.clinic.inClinic(async (ctx) => {
      // Behind the door, which has read what they were, and in front of all that relies on it.
      if (runs++ === 0) await twice.clinic.inClinic((other) => Promise.resolve(other.settingsChanged()))
      return work(ctx)
    })
    expect([again.ok, runs]).toEqual([true, 2])
    expect(await left(twice)).toEqual(await left(once))
  })
})
