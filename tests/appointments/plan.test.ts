// What a day costs does not grow with the years behind it: told by what Postgres reads, not by how long it takes.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAppointments } from '../../src/features/appointments/queries.ts'
import { listVisits } from '../../src/features/calendar/queries.ts'
import { listLine } from '../../src/features/queue/queries.ts'
import { dateAt, dayBounds } from '../../src/kernel/time.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { rows } from '../../src/platform/db/rows.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable, makePatient } from '../support/factories.ts'

let app: TestApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app)
  const { practitionerId, service, locationId } = await makeBookable(clinic)
  for (let n = 0; n < 40; n++) await makePatient(clinic)
  await app.superuser(
    `insert into clinic.patients (clinic_id, id, name, name_key, phone_sealed, phone_index, phone_last_four_index, language,
       created_at)
     select $1, uuidv7(), 'Patient ' || n, 'patient ' || n, '', decode(lpad(to_hex(n), 8, '0'), 'hex'), '', 'en', $2
     from generate_series(1, 6000) n`,
    [clinic.id, app.clock.now().toString()],
  )
  // Forty a day, the last of them today; nobody came, so that none stands in another's way.
  await app.superuser(
    `with everybody as (select id, row_number() over (order by phone_sealed = '') as n from clinic.patients where clinic_id = $1)
     insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id, status,
       starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at, noshow_at,
       previous_status)
     select $1, uuidv7(), 'P' || n, $2, $3, $4, id, 'noshow', t, t + interval '15 min', t, t + interval '15 min', 1, 1, 'desk',
       'en', 'PKR', t, t, 'booked'
     from (select e.id, v.n, $5::timestamptz - (v.n / 40) * interval '1 day' + (v.n % 40) * interval '15 min' as t
           from generate_series(0, 29999) v(n) join everybody e on e.n = 1 + v.n % 6000) visits`,
    [clinic.id, practitionerId, service.id, locationId, today().from.add({ hours: 9 }).toString()],
  )
  await app.superuser('analyze clinic.appointments, clinic.patients')
})
afterAll(() => app.stop())

const date = () => dateAt(app.clock.now(), 'Asia/Karachi')
const today = () => dayBounds(date(), 'Asia/Karachi')

it.each<[string, (ctx: Ctx) => Promise<unknown[]>]>([
  ['Today', (ctx) => listAppointments(ctx, today())],
  ['the line', (ctx) => listLine(ctx, { date: date(), ...today() })],
  ['a day of the calendar', (ctx) => listVisits(ctx, { ...today(), practitionerId: undefined })],
])('%s reads nobody but its own, by a plan that is kept', async (_name, list) => {
  await clinic.inClinic(async (ctx) => {
    const read = async () => {
      const [found] = await rows<{ read: number; kept: number }>(
        ctx.db,
        `select (select seq_tup_read from pg_stat_xact_user_tables where schemaname = 'clinic' and relname = 'patients')
             + (select seq_tup_read from pg_stat_xact_user_tables where schemaname = 'clinic' and relname = 'appointments')
             as read,
           sum(generic_plans)::bigint as kept from pg_prepared_statements
         where strpos(statement, 'pg_prepared_statements') = 0`,
      )
      return found!
    }
    // Postgres plans the first five calls for their own values before it compares.
    for (let call = 0; call < 6; call++) expect(await list(ctx)).toHaveLength(40)
    const before = await read()
    await list(ctx)
    const after = await read()
    expect(after.read - before.read).toBe(0)
    expect(after.kept - before.kept).toBeGreaterThan(0)
  })
})
