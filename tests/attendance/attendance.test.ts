import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listToConfirm } from '../../src/features/attendance/actions.ts'
import { listPasts } from '../../src/features/attendance/queries.ts'
import { scoreOf } from '../../src/features/attendance/rules.ts'
import type { PatientId } from '../../src/kernel/ids.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { Temporal } from '../../src/kernel/time.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const now = Temporal.Instant.from(testNow)

/** A clinic with somebody who missed a visit so many days ago, for each number, and has one tomorrow. */
async function scene(missedDaysAgo: number[], rule = 'none', after = 2) {
  const clinic = await makeClinic(app)
  const { service, locationId } = await makeBookable(clinic)
  const patient = await makePatient(clinic)
  for (const [at, days] of missedDaysAgo.entries()) {
    const visit = await makeAppointment(clinic, { service, locationId, patientId: patient.id, at: `1${at}:00` })
    await inPast(clinic, visit.id, days, `status = 'noshow', noshow_at = now()`)
  }
  const visit = await makeAppointment(clinic, {
    service,
    locationId,
    patientId: patient.id,
    on: '2026-11-25',
    at: '16:00',
  })
  await clinic.inClinic(async (ctx) => {
    await app.superuser('update clinic.profiles set missed_rule = $2, missed_after = $3 where clinic_id = $1', [
      clinic.id,
      rule,
      after,
    ])
    ctx.settingsChanged()
  })
  return { clinic, patient, visit, service, locationId }
}

const inPast = (clinic: TestClinic, id: string, days: number, set: string) =>
  app.superuser(
    `update clinic.appointments set ${set}, starts_at = starts_at - make_interval(days => $3),
       ends_at = ends_at - make_interval(days => $3), occupied_from = occupied_from - make_interval(days => $3),
       occupied_to = occupied_to - make_interval(days => $3) where clinic_id = $1 and id = $2`,
    [clinic.id, id, days],
  )

const pastOf = async (clinic: TestClinic, id: PatientId) =>
  (await clinic.inClinic((ctx) => listPasts(ctx, [id], now))).get(id)!

describe('what is looked at', () => {
  it('is what was missed, and what the patient cancelled at short notice', async () => {
    const { clinic, patient, service, locationId } = await scene([3])
    for (const [hour, by, hours] of [
      ['11', 'patient', 2],
      ['12', 'patient', 13],
      ['13', 'clinic', 2],
    ] as const) {
      const late = await makeAppointment(clinic, { service, locationId, patientId: patient.id, at: `${hour}:00` })
      await inPast(
        clinic,
        late.id,
        5,
        `status = 'cancelled', cancelled_by = '${by}', cancelled_at = starts_at - interval '${5 * 24 + hours} hours'`,
      )
    }
    const past = await pastOf(clinic, patient.id)
    expect(past.misses.map(({ kind }) => kind)).toEqual(['missed', 'short_notice'])
    expect(past.seen).toBe(false)
    expect(scoreOf(past.misses, now)).toBeCloseTo(0.5 ** (2.5 / 180) * 1.5, 1)
  })

  it('is nothing older than two years, and nothing still to come', async () => {
    const { clinic, patient } = await scene([1, 800])
    expect((await pastOf(clinic, patient.id)).misses).toHaveLength(1)
  })

  it('is nothing where the data is restricted, and nothing once it is nobody’s', async () => {
    const { clinic, patient } = await scene([1])
    await app.superuser('update clinic.patients set restricted_at = now() where clinic_id = $1', [clinic.id])
    expect((await pastOf(clinic, patient.id)).misses).toEqual([])
    await app.superuser('update clinic.patients set restricted_at = null where clinic_id = $1', [clinic.id])
    await app.superuser(
      `update clinic.appointments set patient_id = null, identity_erased_at = now()
       where clinic_id = $1 and status = 'noshow'`,
      [clinic.id],
    )
    expect((await pastOf(clinic, patient.id)).misses).toEqual([])
  })
})

describe('who is to be called', () => {
  const names = (clinic: TestClinic) =>
    clinic.inClinic(async (ctx) => (await listToConfirm(ctx)).map(({ need }) => need))
  it.each([
    ['nobody, while the clinic only wants a flag', [1, 1, 1], 'none', []],
    ['who reaches the number, when the clinic calls', [1, 1], 'call', ['call']],
    ['who reaches the number, when the clinic asks', [1, 1], 'confirm', ['confirm']],
    ['nobody below it', [1], 'call', []],
    ['nobody whose misses are old', [200, 200], 'call', []],
  ])('%s', async (_name, missed, rule, expected) => {
    const { clinic } = await scene(missed, rule)
    expect(await names(clinic)).toEqual(expected)
  })

  it('is off the list once they said on the phone that they come', async () => {
    const { clinic, visit } = await scene([1, 1], 'call')
    const desk = await clinic.as(clinic.cast.bilal)
    const page = await desk.get(`/app/${clinic.slug}/confirmations`)
    expect(page.text).toContain('Call to confirm')
    const answer = await desk.postForm(`/app/${clinic.slug}/appointments/${visit.id}/confirmation`)
    expect(answer.status).toBe(303)
    expect(await names(clinic)).toEqual([])
    const [entry] = await app.superuser<{ action: string }>(
      `select action from clinic.audit_entries where clinic_id = $1 order by id desc limit 1`,
      [clinic.id],
    )
    expect(entry?.action).toBe('appointment.confirmed_by_phone')
  })
})

describe('the request to confirm', () => {
  const requests = (clinic: TestClinic) =>
    app.superuser<{ status: string; template: string }>(
      `select status, template from clinic.messages where clinic_id = $1 and kind = 'confirm_request'`,
      [clinic.id],
    )
  it('goes out once, the day before, to who misses visits, where the clinic wants it', async () => {
    const { clinic } = await scene([1, 1], 'confirm')
    await app.superuser('update clinic.appointments set messages_wanted = true where clinic_id = $1', [clinic.id])
    await app.runJob('attendance.confirm')
    expect(await requests(clinic)).toEqual([])
    app.clock.advance({ hours: 8, minutes: 40 })
    await app.runJob('attendance.confirm')
    await app.runJob('attendance.confirm')
    expect(await requests(clinic)).toEqual([{ status: 'queued', template: 'nabz_reminder' }])
    app.clock.advance({ hours: -8, minutes: -40 })
  })

  it('goes to nobody else', async () => {
    const { clinic } = await scene([1], 'confirm')
    await app.superuser('update clinic.appointments set messages_wanted = true where clinic_id = $1', [clinic.id])
    app.clock.advance({ hours: 8, minutes: 40 })
    await app.runJob('attendance.confirm')
    expect(await requests(clinic)).toEqual([])
    app.clock.advance({ hours: -8, minutes: -40 })
  })
})
