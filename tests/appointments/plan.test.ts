// What a day costs does not grow with the years behind it: told by what Postgres reads, not by how long it takes.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAppointments, listBookedAhead } from '../../src/features/appointments/queries.ts'
import { listVisits } from '../../src/features/calendar/queries.ts'
import { listWithVisitsAhead } from '../../src/features/clinics/queries/visits.ts'
import { listLine } from '../../src/features/queue/queries.ts'
import { dateAt, dayBounds } from '../../src/kernel/time.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { rows } from '../../src/platform/db/rows.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable, makePatient, makePractitioner } from '../support/factories.ts'

let app: TestApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app)
  const { practitionerId, service, locationId } = await makeBookable(clinic)
  const doctors: string[] = [practitionerId]
  for (let n = 1; n < 10; n++) doctors.push((await makePractitioner(clinic)).id)
  for (let n = 0; n < 40; n++) await makePatient(clinic)
  await app.superuser(
    `insert into clinic.patients (clinic_id, id, name, name_key, phone_sealed, phone_index, phone_last_four_index, language,
       created_at)
     select $1, uuidv7(), 'Patient ' || n, 'patient ' || n, '', decode(lpad(to_hex(n), 8, '0'), 'hex'), '', 'en', $2
     from generate_series(1, 6000) n`,
    [clinic.id, app.clock.now().toString()],
  )
  // Forty a day with ten doctors, the last of them today.
  await app.superuser(
    `with everybody as (select id, row_number() over (order by phone_sealed = '') as n from clinic.patients where clinic_id = $1)
     insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id, status,
       starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at, fulfilled_at,
       previous_status)
     select $1, uuidv7(), 'P' || n, ($2::uuid[])[1 + n % 10], $3, $4, id, 'fulfilled', t, t + interval '15 min', t, t + interval '15 min', 1, 1, 'desk',
       'en', 'PKR', t, t, 'in_room'
     from (select e.id, v.n, $5::timestamptz - (v.n / 40) * interval '1 day' + (v.n % 40) * interval '15 min' as t
           from generate_series(0, 19999) v(n) join everybody e on e.n = 1 + v.n % 6000) visits`,
    [clinic.id, doctors, service.id, locationId, today().from.add({ hours: 9 }).toString()],
  )
  await app.superuser('analyze clinic.appointments, clinic.patients')
})
afterAll(() => app.stop())

const date = () => dateAt(app.clock.now(), 'Asia/Karachi')
const today = () => dayBounds(date(), 'Asia/Karachi')

/** How many visits and patients Postgres has read in this transaction, and how often it used a plan that it had kept. */
async function reading(ctx: Ctx): Promise<{ read: number; kept: number }> {
  const [found] = await rows<{ read: number; kept: number }>(
    ctx.db,
    `select (select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables
             where schemaname = 'clinic' and relname in ('appointments', 'patients')) as read,
       (select coalesce(sum(generic_plans), 0)::bigint from pg_prepared_statements
        where strpos(statement, 'pg_prepared_statements') = 0) as kept`,
  )
  return found!
}

it.each<[string, (ctx: Ctx) => Promise<unknown[]>]>([
  ['Today', (ctx) => listAppointments(ctx, today())],
  ['the line', (ctx) => listLine(ctx, { date: date(), ...today() })],
  ['a day of the calendar', (ctx) => listVisits(ctx, { ...today(), practitionerId: undefined })],
])('%s reads little else than itself, from the first time on, by a plan that is kept', async (_name, list) => {
  await clinic.inClinic(async (ctx) => {
    const few = 90
    const fresh = await reading(ctx)
    expect(await list(ctx)).toHaveLength(40)
    expect((await reading(ctx)).read - fresh.read).toBeLessThanOrEqual(few)
    // Postgres plans the first five calls for their own values before it compares.
    for (let call = 1; call < 6; call++) await list(ctx)
    const before = await reading(ctx)
    await list(ctx)
    const after = await reading(ctx)
    expect(after.read - before.read).toBeLessThanOrEqual(few)
    expect(after.kept).toBeGreaterThan(before.kept)
  })
})

it.each<[string, (ctx: Ctx) => Promise<Iterable<unknown>>]>([
  ['what a doctor has before them', (ctx) => listBookedAhead(ctx, clinic.cast.sana.practitionerId)],
  ['who has something before them', (ctx) => listWithVisitsAhead(ctx, [clinic.cast.sana.practitionerId])],
])('%s is told without what is behind them, whichever plan is used', async (_name, list) => {
  await clinic.inClinic(async (ctx) => {
    for (let call = 0; call < 8; call++) {
      const before = await reading(ctx)
      expect([...(await list(ctx))]).toEqual([])
      expect((await reading(ctx)).read - before.read).toBeLessThanOrEqual(10)
    }
  })
})
