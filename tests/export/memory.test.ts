// An export of a large clinic in a flat piece of memory: some 20,000 visits here, whose rows and file would take several
// times what is allowed. Larger ones are a number away: `visits`.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { makeClinic } from '../support/cast.ts'
import { exportOf, givePassword, readCsv, unzip } from './scene.ts'

const visits = 20_000
const megabyte = 1_048_576

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

it('takes no more memory for many visits than for few', { timeout: 300_000 }, async () => {
  const clinic = await makeClinic(app)
  await givePassword(app, clinic.cast.nadia)
  const { service, locationId } = await makeBookable(clinic)
  const patient = await makePatient(clinic)
  const visit = await makeAppointment(clinic, { service, locationId, patientId: patient.id })
  // Once with little, so that what is loaded and cached is so before it is measured.
  await exportOf(clinic)
  await app.superuser(
    `insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id, status,
       starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at, cancel_reason)
     select clinic_id, gen_random_uuid(), 'M' || n, practitioner_id, service_id, location_id, patient_id, 'cancelled',
       starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at,
       repeat(md5(n::text), 20)
     from clinic.appointments, generate_series(2, $2::int) n where id = $1`,
    [visit.id, visits],
  )
  app.clock.advance({ minutes: 1 })
  // What is really held, not what nobody has swept up yet.
  setFlagsFromString('--expose-gc')
  const sweep = runInNewContext('gc') as () => void
  sweep()
  const start = process.memoryUsage()
  let [heap, buffers] = [0, 0]
  // Where much is loaded a sweep takes long: it is never let to take more than a fifth of the time.
  let looks = 0
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    const began = performance.now()
    sweep()
    const now = process.memoryUsage()
    heap = Math.max(heap, now.heapUsed - start.heapUsed)
    buffers = Math.max(buffers, now.arrayBuffers - start.arrayBuffers)
    looks++
    timer = setTimeout(look, Math.max(100, 4 * (performance.now() - began)))
  }
  look()
  const before = looks
  const file = await exportOf(clinic).finally(() => clearTimeout(timer))
  expect(looks - before, 'looks while it was made').toBeGreaterThanOrEqual(3)
  expect({ heap: heap / megabyte < 60, buffers: buffers / megabyte < 60 }).toEqual({ heap: true, buffers: true })
  const read = readCsv((await unzip(file))!['appointments.csv']!)
  expect(new Set(read.map(({ id }) => id)).size).toBe(visits)
})
