// Random walks through a day at the desk, against a model of it: whatever is pressed, in whatever order, nobody is in two
// places, no number is given twice or left out, and nothing happens without its entry in the log.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { canTake, steps, type Status, type Step } from '../../src/features/appointments/rules.ts'
import { callNext } from '../../src/features/queue/actions/call.ts'
import { comeBack, endPriority, prioritise, skip, stepOut } from '../../src/features/queue/actions/line.ts'
import { listTodaysLine } from '../../src/features/queue/queries/look.ts'
import { inOrder, lineOf, placeAfterSkip, type Queued } from '../../src/features/queue/rules/line.ts'
import type { AppointmentId, LocationId, PractitionerId } from '../../src/kernel/ids.ts'
import { Temporal, type Instant } from '../../src/kernel/time.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { valueOf } from '../appointments/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePractitioner, makeShift } from '../support/factories.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const visitsADay = 5

type Visit = {
  /** Its own times, with either doctor: nobody is ever in another's way. */
  times: Instant[]
  doctor: number
  startsAt: Instant
  status: Status
  previous: Status | null
  arrivedAt: Instant | null
  inRoomAt: Instant | null
  /** By doctor. */
  tokens: (number | undefined)[]
  away: boolean
  first: Instant | null
  place: { placeAt: number; placeTie: number } | null
}
type Model = { visits: Visit[]; issued: number[]; log: Record<string, number> }
type Real = {
  clinic: TestClinic
  ids: AppointmentId[]
  doctors: PractitionerId[]
  locationId: LocationId
}

async function open(): Promise<{ model: Model; real: Real }> {
  const clinic = await makeClinic(app)
  const { service, locationId, practitionerId } = await makeBookable(clinic, { durationMin: 10 })
  const other = await makePractitioner(clinic)
  const doctors = [practitionerId, other.id]
  await makeShift(clinic, { practitionerId: other.id, locationId })
  const start = Temporal.Instant.fromEpochMilliseconds(
    Math.ceil(app.clock.now().epochMilliseconds / 900_000) * 900_000,
  ).add({ minutes: 60 })
  const visits: Visit[] = []
  const ids: AppointmentId[] = []
  for (let index = 0; index < visitsADay; index++) {
    const times = [0, 1].map((time) => start.add({ minutes: 15 * (index * 2 + time) }))
    const doctor = index % 3 === 2 ? 1 : 0
    const made = await makeAppointment(clinic, {
      service,
      locationId,
      practitionerId: doctors[doctor]!,
      startsAt: times[0]!,
    })
    ids.push(made.id)
    visits.push({
      times,
      doctor,
      startsAt: times[0]!,
      status: 'booked',
      previous: null,
      arrivedAt: null,
      inRoomAt: null,
      tokens: [],
      away: false,
      first: null,
      place: null,
    })
  }
  await app.superuser('delete from clinic.audit_entries where clinic_id = $1', [clinic.id])
  return { model: { visits, issued: [0, 0], log: {} }, real: { clinic, ids, doctors, locationId } }
}

/** The model's visit as the rule of the line takes it. */
function queued(model: Model, real: Real, index: number): Queued {
  const visit = model.visits[index]!
  return {
    id: real.ids[index]!,
    practitionerId: real.doctors[visit.doctor]!,
    status: visit.status,
    startsAt: visit.startsAt,
    arrivedAt: visit.arrivedAt,
    inRoomAt: visit.inRoomAt,
    token: visit.tokens[visit.doctor],
    walkIn: false,
    priority: visit.first ? 'other' : null,
    priorityAt: visit.first,
    placeAt: visit.place && Temporal.Instant.fromEpochMilliseconds(visit.place.placeAt),
    placeTie: visit.place?.placeTie ?? null,
    skips: 0,
    steppedOutAt: visit.away ? visit.arrivedAt : null,
  }
}

const indexes = (model: Model, doctor: number, test: (visit: Visit) => boolean) =>
  model.visits.flatMap((visit, index) => (visit.doctor === doctor && test(visit) ? [index] : []))

function waitingOf(model: Model, real: Real, doctor: number): number[] {
  const there = indexes(model, doctor, ({ status, away }) => status === 'arrived' && !away)
  return inOrder(there.map((index) => queued(model, real, index))).map(({ id }) => real.ids.indexOf(id))
}

const noted = (model: Model, ...actions: string[]) => {
  for (const action of actions) model.log[action] = (model.log[action] ?? 0) + 1
}

function step(model: Model, index: number, name: Step): void {
  const visit = model.visits[index]!
  const now = app.clock.now()
  const { to } = steps[name]
  visit.previous = visit.status
  visit.status = to
  if (to === 'arrived') Object.assign(visit, { arrivedAt: now, away: false, first: null, place: null })
  if (to === 'in_room') visit.inRoomAt = now
  if (to === 'arrived' || to === 'in_room') visit.tokens[visit.doctor] ??= ++model.issued[visit.doctor]!
  noted(model, `appointment.${to}`)
}

function undo(model: Model, index: number): void {
  const visit = model.visits[index]!
  if (visit.status === 'arrived') visit.arrivedAt = null
  if (visit.status === 'in_room') visit.inRoomAt = null
  visit.status = visit.previous!
  visit.previous = null
  noted(model, 'appointment.step_undone')
}

type Answer = { ok: boolean }

/** One press at the desk: what the model says of it, and what really came of it, must be the same. */
class Press implements fc.AsyncCommand<Model, Real> {
  private readonly name: string
  /** Whether it may be done, and then what becomes of the model. */
  private readonly expected: (model: Model, real: Real) => (() => void) | undefined
  private readonly press: (ctx: Ctx, model: Model, real: Real) => Promise<Answer>
  constructor(name: string, expected: Press['expected'], press: Press['press']) {
    this.name = name
    this.expected = expected
    this.press = press
  }
  check = () => true
  toString = () => this.name
  async run(model: Model, real: Real): Promise<void> {
    app.clock.advance({ minutes: 1 })
    const happens = this.expected(model, real)
    const answer = await real.clinic.inClinic((ctx) => this.press(ctx, model, real))
    expect(answer.ok, this.name).toBe(happens !== undefined)
    happens?.()
    await compare(model, real)
  }
}

async function compare(model: Model, real: Real): Promise<void> {
  const { clinic, ids, doctors } = real
  const [rows, tokens, counters, log] = await Promise.all([
    app.superuser<{ id: AppointmentId; status: Status; doctor: PractitionerId }>(
      'select id, status, practitioner_id as doctor from clinic.appointments where clinic_id = $1',
      [clinic.id],
    ),
    app.superuser<{ id: AppointmentId; doctor: PractitionerId; token: number }>(
      `select appointment_id as id, practitioner_id as doctor, token from clinic.tokens where clinic_id = $1 order by token`,
      [clinic.id],
    ),
    app.superuser<{ doctor: PractitionerId; issued: number }>(
      'select practitioner_id as doctor, issued from clinic.token_counters where clinic_id = $1',
      [clinic.id],
    ),
    app.superuser<{ action: string; count: number }>(
      'select action, count(*)::int as count from clinic.audit_entries where clinic_id = $1 group by 1',
      [clinic.id],
    ),
  ])
  for (const [index, visit] of model.visits.entries()) {
    expect(rows.find(({ id }) => id === ids[index])).toMatchObject({
      status: visit.status,
      doctor: doctors[visit.doctor],
    })
  }
  const day = await clinic.inClinic((ctx) => listTodaysLine(ctx))
  const seen: AppointmentId[] = []
  for (const [doctor, practitionerId] of doctors.entries()) {
    const own = tokens.filter((one) => one.doctor === practitionerId)
    // 1 to n: none left out, none twice, each with the visit it was given to.
    expect(own.map(({ token }) => token)).toEqual(Array.from({ length: model.issued[doctor]! }, (_, at) => at + 1))
    expect(own.map(({ id }) => ids.indexOf(id))).toEqual(
      own.map(({ token }) => model.visits.findIndex((visit) => visit.tokens[doctor] === token)),
    )
    expect(counters.find((one) => one.doctor === practitionerId)?.issued ?? 0).toBe(model.issued[doctor])
    const line = lineOf(day.filter((visit) => visit.practitionerId === practitionerId))
    const numbers = (visits: { id: AppointmentId }[]) => visits.map(({ id }) => ids.indexOf(id))
    expect(numbers(line.waiting), 'who is next').toEqual(waitingOf(model, real, doctor))
    expect(numbers(line.inRoom).sort()).toEqual(indexes(model, doctor, ({ status }) => status === 'in_room'))
    expect(numbers(line.steppedOut).sort()).toEqual(
      indexes(model, doctor, ({ status, away }) => status === 'arrived' && away),
    )
    const left = ({ status, tokens: had }: Visit) =>
      had[doctor] !== undefined && ['booked', 'cancelled', 'noshow'].includes(status)
    expect(numbers(line.left).sort()).toEqual(indexes(model, doctor, left))
    seen.push(...[line.inRoom, line.waiting, line.steppedOut, line.left].flat().map(({ id }) => id))
  }
  expect(new Set(seen).size, 'nobody stands in two places').toBe(seen.length)
  expect(Object.fromEntries(log.map(({ action, count }) => [action, count]))).toEqual(model.log)
}

const some = fc.nat({ max: visitsADay - 1 })
const idOf = ({ ids }: Real, index: number) => ids[index]!

const take = (name: Step) =>
  some.map(
    (index) =>
      new Press(
        `${name} ${index}`,
        ({ visits }, _) => {
          const visit = visits[index]!
          const early = name === 'miss' && Temporal.Instant.compare(app.clock.now(), visit.startsAt) < 0
          return canTake(name, visit.status) && !early ? () => step(current, index, name) : undefined
        },
        (ctx, _, real) => takeStep(ctx, idOf(real, index), name),
      ),
  )
const presses = [
  take('arrive'),
  take('arrive'),
  take('enter'),
  take('finish'),
  take('cancel'),
  some.map(
    (index) =>
      new Press(
        `undo ${index}`,
        (model) => (model.visits[index]!.previous === null ? undefined : () => undo(model, index)),
        (ctx, _, real) => undoStep(ctx, idOf(real, index)),
      ),
  ),
  fc.record({ doctor: fc.nat({ max: 1 }), then: fc.constantFrom('finish', 'stay', 'unasked') }).map(
    ({ doctor, then }) =>
      new Press(
        `call next of ${doctor}, ${then}`,
        (model, real) => {
          const [next] = waitingOf(model, real, doctor)
          const inside = indexes(model, doctor, ({ status }) => status === 'in_room')
          if (next === undefined || (inside.length > 0 && then === 'unasked')) return undefined
          return () => {
            if (then === 'finish') for (const index of inside) step(model, index, 'finish')
            step(model, next, 'enter')
            noted(model, 'queue.called')
          }
        },
        (ctx, model, real) => {
          const ids = indexes(model, doctor, ({ status }) => status === 'in_room').map((index) => idOf(real, index))
          return callNext(ctx, real.doctors[doctor]!, then === 'unasked' ? undefined : { ids, then })
        },
      ),
  ),
  some.map(
    (index) =>
      new Press(
        `skip ${index}`,
        (model, real) => {
          const visit = model.visits[index]!
          const called = visit.status === 'in_room' && visit.previous === 'arrived'
          if (!called && (visit.status !== 'arrived' || visit.away)) return undefined
          return () => {
            const own = queued(model, real, index)
            const others = waitingOf(model, real, visit.doctor).map((one) => queued(model, real, one))
            if (called) undo(model, index)
            visit.place = placeAfterSkip(own, others) ?? visit.place
            visit.first = null
            visit.away = false
            noted(model, 'queue.skipped')
          }
        },
        (ctx, _, real) => skip(ctx, idOf(real, index)),
      ),
  ),
  some.map(
    (index) =>
      new Press(
        `step out ${index}`,
        (model) => {
          const visit = model.visits[index]!
          if (visit.status !== 'arrived' || visit.away) return undefined
          return () => {
            visit.away = true
            noted(model, 'queue.stepped_out')
          }
        },
        (ctx, _, real) => stepOut(ctx, idOf(real, index)),
      ),
  ),
  some.map(
    (index) =>
      new Press(
        `come back ${index}`,
        (model) => {
          const visit = model.visits[index]!
          if (visit.status !== 'arrived' || (!visit.away && visit.place === null)) return undefined
          return () => {
            Object.assign(visit, { away: false, place: null })
            noted(model, 'queue.returned')
          }
        },
        (ctx, _, real) => comeBack(ctx, idOf(real, index)),
      ),
  ),
  some.map(
    (index) =>
      new Press(
        `priority for ${index}`,
        (model) => {
          const visit = model.visits[index]!
          if (visit.status !== 'arrived' || visit.first !== null) return undefined
          return () => {
            visit.first = app.clock.now()
            noted(model, 'queue.prioritised')
          }
        },
        (ctx, _, real) => prioritise(ctx, idOf(real, index), 'urgent'),
      ),
  ),
  some.map(
    (index) =>
      new Press(
        `no more priority for ${index}`,
        (model) => {
          const visit = model.visits[index]!
          if (visit.status !== 'arrived' || visit.first === null) return undefined
          return () => {
            visit.first = null
            noted(model, 'queue.priority_ended')
          }
        },
        (ctx, _, real) => endPriority(ctx, idOf(real, index)),
      ),
  ),
  fc.record({ index: some, doctor: fc.nat({ max: 1 }), time: fc.nat({ max: 1 }) }).map(
    ({ index, doctor, time }) =>
      new Press(
        `move ${index} to ${doctor} at ${time}`,
        (model) => {
          const visit = model.visits[index]!
          if (visit.status !== 'booked') return undefined
          const startsAt = visit.times[time]!
          const same = visit.doctor === doctor && visit.startsAt.equals(startsAt)
          return () => {
            if (same) return
            Object.assign(visit, { doctor, startsAt })
            noted(model, 'appointment.moved')
          }
        },
        (ctx, model, real) =>
          moveAppointment(
            ctx,
            idOf(real, index),
            {
              practitionerId: real.doctors[doctor]!,
              locationId: real.locationId,
              startsAt: model.visits[index]!.times[time]!,
            },
            'desk',
          ),
      ),
  ),
]

let current: Model
const happened: Record<string, number> = {}

it('nobody is in two places, no number is missing or given twice, and everything is in the log', { timeout: 300_000 }, async () => {
  const opened = app.clock.now()
  await fc.assert(
    fc.asyncProperty(fc.commands(presses, { maxCommands: 40, size: 'max' }), async (commands) => {
      app.clock.advance({ milliseconds: opened.epochMilliseconds - app.clock.now().epochMilliseconds })
      const { model, real } = await open()
      current = model
      // Some are there already when the walk begins: an empty waiting room has little to tell.
      for (const index of [0, 1, 2]) {
        valueOf(await real.clinic.inClinic((ctx) => takeStep(ctx, real.ids[index]!, 'arrive')))
        step(model, index, 'arrive')
      }
      await fc.asyncModelRun(() => ({ model, real }), commands)
      for (const [action, count] of Object.entries(model.log)) happened[action] = (happened[action] ?? 0) + count
    }),
    { numRuns: 25, endOnFailure: true },
  )
  // The walks went somewhere.
  for (const action of ['queue.called', 'queue.skipped', 'appointment.step_undone']) {
    expect(happened[action] ?? 0, action).toBeGreaterThan(0)
  }
}) // prettier-ignore
