// Five hundred people at one clinic at once: patients book, move and cancel on their phones, desks book, drag, cancel and
// take back, people walk in and are called, the waiting list replies, and a doctor is late. Afterwards everything adds
// up. `STORM_SECONDS=60` keeps it going for a minute; without it, for as long as the whole suite can wait.
import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { declare } from '../../src/features/disruptions/actions/declare.ts'
import { planFor } from '../../src/features/disruptions/actions/plan.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { workOnEvents } from '../../src/features/messaging/actions/events.ts'
import { joinList } from '../../src/features/waitlist/actions/join.ts'
import type { AppointmentId, PractitionerId, ServiceId } from '../../src/kernel/ids.ts'
import { Temporal, type Instant } from '../../src/kernel/time.ts'
import { linkToken } from '../../src/platform/links.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { hire, makeClinic, type TestClinic } from '../support/cast.ts'
import { makePatient, makePractitioner, makeResource, makeService, makeShift } from '../support/factories.ts'
import { type Agent, type Fields } from '../support/http.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'

const seconds = Number(process.env.STORM_SECONDS ?? 15)
const clients = 500

let app: TestApp
let whatsapp: FakeWhatsApp
beforeAll(async () => {
  app = await startTestApp({ pool: 20 })
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())

const one = <T>(choices: readonly T[]): T | undefined => choices[randomInt(Math.max(1, choices.length))]

type Visit = {
  id: AppointmentId
  status: string
  service_id: ServiceId
  practitioner_id: PractitionerId
  link_version: number
  today: boolean
}
type Slot = { startsAt: string; practitionerId: string; locationId: string }

/** The clinic, and what everybody in the storm needs to know of it. */
async function scene() {
  const clinic = await makeClinic(app)
  const places = await app.superuser<{ id: string }>('select id from clinic.locations where clinic_id = $1', [
    clinic.id,
  ])
  const locationId = places[0]!.id
  const doctors = [clinic.cast.sana.practitionerId]
  for (const name of ['Dr Hamid Raza', 'Dr Lina Aziz', 'Dr Omar Said'])
    doctors.push((await makePractitioner(clinic, { name })).id)
  const visit = await makeService(clinic, { name: 'Visit', durationMin: 15 })
  const scan = await makeService(clinic, { name: 'Scan', durationMin: 15, bufferAfterMin: 5 })
  const group = await makeService(clinic, { name: 'Class', durationMin: 30, capacity: 4 })
  // One machine for everybody: the scan of one doctor stands in the way of every other's.
  await makeResource(clinic, { neededBy: scan.id })
  for (const practitionerId of doctors) await makeShift(clinic, { practitionerId, from: '09:00', to: '21:00' })
  await app.superuser(
    `update clinic.profiles set code_policy = 'off', max_open_bookings = 50, min_notice_min = 0 where clinic_id = $1`,
    [clinic.id],
  )
  await clinic.inClinic((ctx) => Promise.resolve(ctx.settingsChanged()))
  return { clinic, doctors, locationId, services: [visit.id, visit.id, scan.id, group.id] }
}
type Scene = Awaited<ReturnType<typeof scene>>

/** What is booked now, looked up once in a while for everybody: as stale as a page somebody left open. */
function diaryOf({ clinic }: Scene) {
  let visits: Visit[] = []
  const look = async () => {
    visits = await app.superuser<Visit>(
      `select id, status, service_id, practitioner_id, link_version, starts_at < '2026-11-24T19:00Z' as today
       from clinic.appointments where clinic_id = $1 and patient_id is not null and status <> 'fulfilled'`,
      [clinic.id],
    )
  }
  return { look, some: (test: (visit: Visit) => boolean) => one(visits.filter(test)) }
}

const days = ['2026-11-24', '2026-11-25', '2026-11-26']
/** Without these it was no storm. */
const mustHappen = [
  ...['book online done', 'book at desk done', 'move at desk done', 'cancel at desk done', 'undo done', 'walk in done'],
  ...['arrive done', 'call done', 'cancellation by link done', 'move by link done', 'be late done', 'offers'],
]
let people = 0
const newPerson = () => {
  const number = ++people
  return { name: `Patient Number${number}`, phone: `0301${String(2_000_000 + number)}` }
}

it(`keeps every promise to ${clients} people at once`, { timeout: (seconds + 300) * 1000 }, async () => {
  const world = await scene()
  const { clinic, doctors } = world
  const diary = diaryOf(world)
  const at = (path: string) => `/app/${clinic.slug}${path}`
  const done: Record<string, number> = {}
  const wrong: string[] = []
  let over = false

  /** Counts what came of it. Being refused is a normal end; an error, or an answer nobody would understand, is not. */
  const note = (what: string, response: { status: number }) => {
    const { status } = response
    if (![200, 303, 404, 409, 422].includes(status)) wrong.push(`${what} answers ${status}: ${app.lastError()}`)
    const key = `${what} ${status < 400 ? 'done' : 'refused'}`
    done[key] = (done[key] ?? 0) + 1
    return status < 400
  }
  const freeOf = async (agent: Agent, serviceId: ServiceId): Promise<Slot | undefined> => {
    const query = new URLSearchParams({ service: serviceId, practitioner: 'any', from: one(days)!, days: '1' })
    const answer = await agent.get(`/c/${clinic.slug}/availability.json?${query.toString()}`)
    const slots = (answer.body as { days?: { slots: Slot[] }[] }).days?.flatMap((day) => day.slots) ?? []
    // Everybody wants the next ones.
    return one(slots.slice(0, 40))
  }
  const post = async (agent: Agent, what: string, path: string, fields: Fields = {}) =>
    note(what, await agent.postForm(path, fields))

  async function bookOnline(agent: Agent) {
    const serviceId = one(world.services)!
    const slot = await freeOf(agent, serviceId)
    if (!slot) return
    const held = await agent.postForm(`/c/${clinic.slug}/holds`, {
      service: serviceId,
      slot: `${slot.startsAt}_${slot.practitionerId}_${slot.locationId}`,
    })
    if (!note('hold', held) || held.status !== 303) return
    const path = held.headers.location as string
    const { hidden, response } = await agent.getForm(path)
    if (!note('details', response)) return
    const { name, phone } = newPerson()
    await post(agent, 'book online', path.split('?')[0]!, { ...hidden, name, phone, consent: 'yes' })
  }
  async function bookAtDesk(agent: Agent) {
    const serviceId = one(world.services)!
    const slot = await freeOf(agent, serviceId)
    if (!slot) return
    await post(agent, 'book at desk', at('/appointments/new'), {
      ...newPerson(),
      service: serviceId,
      slot: [serviceId, slot.practitionerId, slot.locationId, slot.startsAt].join('_'),
      agreed: 'yes',
    })
  }
  async function drag(agent: Agent) {
    const visit = diary.some(({ status }) => status === 'booked')
    const slot = visit && (await freeOf(agent, visit.service_id))
    if (!slot) return
    const text = [visit.service_id, slot.practitionerId, slot.locationId, slot.startsAt].join('_')
    await post(agent, 'move at desk', at(`/appointments/${visit.id}/move`), { slot: text })
  }
  async function cancelAndBack(agent: Agent) {
    const visit = diary.some(({ status }) => status === 'booked')
    if (!visit) return
    await post(agent, 'cancel at desk', at(`/appointments/${visit.id}/cancellation`))
    if (randomInt(2) === 0) await post(agent, 'undo', at(`/appointments/${visit.id}/undo`))
  }
  async function byLink(agent: Agent) {
    const visit = diary.some(({ status }) => status === 'booked')
    if (!visit) return
    const token = await clinic.inClinic((ctx) => Promise.resolve(linkToken(ctx, visit.id, visit.link_version)))
    const deed = one(['confirmation', 'cancellation', 'move'] as const)!
    const slot = deed === 'move' ? await freeOf(agent, visit.service_id) : undefined
    const { hidden } = await agent.getForm(deed === 'confirmation' ? `/a/${token}` : `/a/${token}/${deed}`)
    await post(agent, `${deed} by link`, `/a/${token}/${deed}`, {
      ...hidden,
      ...(slot && { slot: `${slot.startsAt}_${slot.practitionerId}_${slot.locationId}`, service: visit.service_id }),
    })
  }
  async function runTheLine(agent: Agent) {
    const visit = diary.some(({ status, today }) => today && ['booked', 'arrived', 'in_room'].includes(status))
    const deeds: [string, string, Fields?][] = [['call', `/queue/doctors/${one(doctors)!}/next`]]
    if (visit?.status === 'booked') deeds.push(['arrive', `/appointments/${visit.id}/arrival`])
    if (visit?.status === 'arrived') deeds.push(['skip', `/appointments/${visit.id}/skip`], ['enter', `/appointments/${visit.id}/room`], ['undo arrival', `/appointments/${visit.id}/undo`])
    if (visit?.status === 'in_room') deeds.push(['finish', `/appointments/${visit.id}/completion`])
    const walkIn = { ...newPerson(), service: world.services[0]!, practitioner: one(doctors)!, location: world.locationId, language: 'en', agreed: 'yes' }
    deeds.push(['walk in', '/walk-in', walkIn])
    const [what, path, fields = {}] = one(deeds)!
    await post(agent, what, at(path), fields)
  } // prettier-ignore
  const answered = new Set<string>()
  async function reply() {
    const offer = whatsapp.sent.find(({ name, id }) => name.startsWith('nabz_waitlist') && !answered.has(id))
    if (!offer) return
    answered.add(offer.id)
    done.offers = (done.offers ?? 0) + 1
    await whatsapp.tap(`+${offer.to}`, offer, randomInt(4) === 0 ? 1 : 0)
  }
  /**
   * In such a crowd whatever a page shows of the day is no longer so when it is read, and the answer to that is to look
   * again. Here somebody decides as fast as the server looks.
   */
  async function beLate(agent: Agent) {
    const from = app.clock.now()
    const to = from.add({ minutes: one([20, 45, 90])! })
    const declaration = {
      kind: 'late',
      practitionerId: one(doctors)!,
      locationId: undefined,
      from,
      to,
      then: 'move',
    } as const
    const declared = await clinic.inClinic(async (ctx) => {
      const plan = await planFor(ctx, declaration, new Map(), { lock: true })
      return plan.ok ? declare(ctx, declaration, new Map(), plan.value.digest, 'Late') : plan
    })
    note('be late', { status: declared.ok ? 303 : 409 })
    if (declared.ok && randomInt(2) === 0) {
      await post(agent, 'be on time', at(`/disruptions/${declared.value.id}/undo`))
    }
  }

  /** Everybody does theirs again and again until the storm is over, each with a browser and an address of their own. */
  const crowd = async (count: number, deed: (agent: Agent) => Promise<void>, browser: () => Promise<Agent>) => {
    await Promise.all(
      Array.from({ length: count }, async () => {
        const agent = await browser()
        while (!over) {
          await deed(agent)
          await pause(randomInt(50, 500))
        }
      }),
    )
  }
  let visitors = 0
  const visitor = () => Promise.resolve(app.agent(`10.7.${visitors >> 8}.${visitors++ & 255}`))
  const receptionists = await Promise.all(Array.from({ length: 8 }, () => hire(clinic, 'receptionist')))
  const colleague = () => clinic.as(one(receptionists)!)
  for (let number = 0; number < 60; number++) {
    const patient = await makePatient(clinic)
    await clinic.inClinic(
      (ctx) =>
        joinList(ctx, {
          patient: { id: patient.id, agreed: true },
          wish: {
            serviceId: world.services[0]!, practitionerIds: [], locationId: null, weekdays: [], parts: [],
            from: Temporal.PlainDate.from(days[0]!), until: Temporal.PlainDate.from(days[2]!),
          },
          language: 'en',
          source: 'online',
        }),
      { kind: 'patient' },
    ) // prettier-ignore
  }

  const clock = async () => {
    while (!over) {
      app.clock.advance({ seconds: 20 })
      await workOnEvents(app.services)
      await app.runJob('waitlist.offer')
      await dispatchDue(app.services)
      await pause(50)
    }
  }
  const lookout = async () => {
    while (!over) {
      await diary.look()
      await pause(300)
    }
  }
  const storm = [
    clock(),
    lookout(),
    crowd(230, bookOnline, visitor),
    crowd(80, bookAtDesk, colleague),
    crowd(60, drag, colleague),
    crowd(40, cancelAndBack, colleague),
    crowd(40, byLink, visitor),
    crowd(38, runTheLine, colleague),
    crowd(10, reply, visitor),
    crowd(2, beLate, colleague),
  ]
  const started = performance.now()
  const lasted = () => (performance.now() - started) / 1000
  // Where the machine is slow it lasts until everything has happened.
  const missing = () => mustHappen.filter((what) => !done[what])
  while (lasted() < seconds || (missing().length > 0 && lasted() < seconds + 90)) await pause(250)
  over = true
  await Promise.all(storm)
  // Whatever is still to be said is said.
  for (const minutes of [4, 4, 6, 11, 31]) {
    app.clock.advance({ minutes })
    await workOnEvents(app.services)
    await app.runJob('waitlist.offer')
    await dispatchDue(app.services)
  }

  if (process.env.STORM_SECONDS) console.log(done)
  expect([...new Set(wrong)]).toEqual([])
  expect(missing()).toEqual([])
  await expectNobodyTwice(clinic)
  await expectNumbersWithoutGaps(clinic)
  await expectEverybodyKnows(clinic)
})

/** No two visits in one lane, no room with two sessions at once, and no doctor with two sessions but by overbooking. */
async function expectNobodyTwice(clinic: TestClinic): Promise<void> {
  const overlapping = await app.superuser(
    `select a.id, b.id from clinic.appointments a join clinic.appointments b
       on b.clinic_id = a.clinic_id and b.practitioner_id = a.practitioner_id and b.id > a.id and b.occupies
       and b.occupied_from < a.occupied_to and b.occupied_to > a.occupied_from
     where a.clinic_id = $1 and a.occupies
       and (a.lane = b.lane or (not a.overbooked and not b.overbooked and a.session <> b.session))`,
    [clinic.id],
  )
  expect(overlapping).toEqual([])
  const rooms = await app.superuser(
    `select a.id, b.id from clinic.appointment_resources x
       join clinic.appointments a on a.clinic_id = x.clinic_id and a.id = x.appointment_id
       join clinic.appointment_resources y on y.clinic_id = x.clinic_id and y.resource_id = x.resource_id
         and y.appointment_id > x.appointment_id
       join clinic.appointments b on b.clinic_id = y.clinic_id and b.id = y.appointment_id
     where x.clinic_id = $1 and a.occupies and b.occupies
       and b.occupied_from < a.occupied_to and b.occupied_to > a.occupied_from
       and (a.session <> b.session or a.practitioner_id <> b.practitioner_id)`,
    [clinic.id],
  )
  expect(rooms).toEqual([])
  const [scans] = await app.superuser<{ n: number }>(
    `select count(*)::int as n from clinic.appointment_resources where clinic_id = $1`,
    [clinic.id],
  )
  expect(scans?.n).toBeGreaterThan(0)
}

async function expectNumbersWithoutGaps(clinic: TestClinic): Promise<void> {
  const issued = await app.superuser<{ tokens: number[] }>(
    `select array_agg(token order by token) as tokens from clinic.tokens where clinic_id = $1 group by practitioner_id, day`,
    [clinic.id],
  )
  expect(issued.length).toBeGreaterThan(0)
  for (const { tokens } of issued) expect(tokens).toEqual(tokens.map((_token, index) => index + 1))
}

/** The last word of everybody who was told of a visit is how it stands, and nobody was told the same twice. */
async function expectEverybodyKnows(clinic: TestClinic): Promise<void> {
  const told = await app.superuser<{ id: string; status: string; starts_at: Instant; kind: string; sent: string[] }>(
    `select a.id, a.status, a.starts_at,
       (array_agg(m.kind order by m.accepted_at desc, m.version desc))[1] as kind, array_agg(m.kind || ' ' || m.version) as sent
     from clinic.appointments a join clinic.messages m on m.clinic_id = a.clinic_id and m.appointment_id = a.id
     where a.clinic_id = $1 and m.accepted_at is not null and m.channel = 'whatsapp'
       and m.kind not like 'reminder%' and m.kind not like 'waitlist%'
     group by a.id, a.status, a.starts_at`,
    [clinic.id],
  )
  expect(told.length).toBeGreaterThan(0)
  const now = app.clock.now()
  for (const { status, starts_at: startsAt, kind, sent } of told) {
    expect(new Set(sent).size, sent.join(', ')).toBe(sent.length)
    // Once it has begun nobody is written to any more.
    if (Temporal.Instant.compare(startsAt, now) <= 0) continue
    if (status === 'booked') expect(kind, sent.join(', ')).not.toMatch(/cancelled/)
    if (status === 'cancelled') expect(kind, sent.join(', ')).toMatch(/cancelled/)
  }
  // What was said last names the time that is true: by the words that were sent.
  const speaker = app.services.speakers('en', { country: 'PK', zone: 'Asia/Karachi' })
  const visits = await app.superuser<{ id: string; starts_at: Instant; provider_id: string; kind: string }>(
    `select distinct on (a.id) a.id, a.starts_at, m.provider_id, m.kind
     from clinic.appointments a join clinic.messages m on m.clinic_id = a.clinic_id and m.appointment_id = a.id
     where a.clinic_id = $1 and a.status = 'booked' and a.starts_at > $2 and m.accepted_at is not null
       and m.channel = 'whatsapp' and m.kind in ('confirmation', 'moved')
     order by a.id, m.accepted_at desc, m.version desc`,
    [clinic.id, now.toString()],
  )
  expect(visits.length).toBeGreaterThan(0)
  for (const { starts_at: startsAt, provider_id: id } of visits) {
    const message = whatsapp.sent.find((one) => one.id === id)
    expect(message?.texts).toContain(speaker.longDateTime(startsAt))
  }
}
