// What the database itself guarantees, read from its catalogue, so that a table added tomorrow is held to it too; and the
// same walls tried from the outside, as the application's role.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Database } from '../src/platform/db/connect.ts'
import { startTestApp, type TestApp } from './support/app.ts'
import { makeClinic, type TestClinic } from './support/cast.ts'
import { makeAppointment, makeBookable, makeLocation, makePractitioner, makeService } from './support/factories.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const onlyAddedTo = ['audit_entries', 'audit_links', 'audit_heads']

const clinicTables = async () =>
  (
    await app.superuser<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'clinic'::regnamespace and relkind in ('r', 'p') order by 1`,
    )
  ).map(({ name }) => name)

// From here on each query answers what is wrong, so that a good schema answers nothing.
const distributionRules = `
  with t as (select a.attrelid as rel, a.attnum as col from pg_attribute a join pg_class c on c.oid = a.attrelid
    where a.attname = 'clinic_id' and c.relkind in ('r','p') and c.relnamespace = 'clinic'::regnamespace)
  select 'key without clinic_id' as rule, indexrelid::regclass::text as what from pg_index join t on t.rel = indrelid
   where (indisunique or indisexclusion) and not t.col = any (indkey::int2[])
  union all select 'tenant FK lacks clinic_id, or sets null', conname from pg_constraint
   join t on t.rel = conrelid join t r on r.rel = confrelid
   where contype = 'f' and (array_position(conkey, t.col) is distinct from array_position(confkey, r.col)
     or not t.col = any (conkey) or confdeltype in ('n','d'))
  union all select 'platform table points at tenant table', conname from pg_constraint join t on t.rel = confrelid
   where contype = 'f' and conrelid not in (select rel from t)
  union all select 'tenant table points at platform table', conname from pg_constraint join t on t.rel = conrelid
   where contype = 'f' and confrelid not in (select rel from t)
  union all select 'trigger', tgname from pg_trigger join t on t.rel = tgrelid where not tgisinternal
  union all select 'name too long for a shard number', conname from pg_constraint
   where connamespace in ('clinic'::regnamespace, 'platform'::regnamespace) and octet_length(conname) > 54
  union all select 'name too long for a shard number', relname from pg_class
   where relnamespace in ('clinic'::regnamespace, 'platform'::regnamespace) and octet_length(relname) > 54
  union all select 'clinic_id is not the first column of the key', i.indexrelid::regclass::text from pg_index i
   join t on t.rel = i.indrelid where i.indisprimary and i.indkey[0] <> t.col
  union all select 'no primary key', t.rel::regclass::text from t
   where not exists (select from pg_index i where i.indrelid = t.rel and i.indisprimary)
  union all select 'clinic_id is no uuid', t.rel::regclass::text from t
   join pg_attribute a on a.attrelid = t.rel and a.attnum = t.col where a.atttypid <> 'uuid'::regtype
`

const tenantWalls = `
  with t as (select c.oid, c.relname, c.relkind, c.relrowsecurity as rls, c.relforcerowsecurity as forced, c.relowner, c.reloptions
    from pg_class c where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r','p','v','m','f'))
  select relname, 'not ENABLE + FORCE' as why from t where relkind in ('r','p') and not (rls and forced)
  union all select relname, 'no clinic_id NOT NULL' from t where relkind in ('r','p') and not exists
    (select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'clinic_id' and a.attnotnull)
  union all select relname, 'a policy of the app role is missing or is not exactly the tenant check' from t where relkind in ('r','p') and
    (select count(*) = 0 or count(*) <> count(*) filter (where p.polcmd = '*' and pg_get_expr(p.polqual, p.polrelid)
       = '(clinic_id = (current_setting(''app.clinic_id''::text))::uuid)' and coalesce(pg_get_expr(p.polwithcheck, p.polrelid),
       pg_get_expr(p.polqual, p.polrelid)) = pg_get_expr(p.polqual, p.polrelid))
     from pg_policy p where p.polrelid = t.oid and (p.polroles = '{0}' or 'nabz_app'::regrole = any (p.polroles)))
  union all select relname, 'view without security_invoker' from t where relkind = 'v' and not coalesce('security_invoker=true' = any (reloptions), false)
  union all select relname, 'materialised view or foreign table' from t where relkind in ('m','f')
  union all select proname, 'SECURITY DEFINER' from pg_proc
    where prosecdef and pronamespace in ('clinic'::regnamespace, 'platform'::regnamespace, 'public'::regnamespace)
      and proname not in ('strip_clinic_audit', 'delete_clinic_audit', 'strip_platform_audit', 'delete_platform_audit',
        'erase_clinic_log')
  union all select rolname, 'role too strong' from pg_roles where rolname in ('nabz_app','nabz_jobs')
    and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
  union all select relname, 'owned by the app role' from t where pg_has_role('nabz_app', relowner, 'MEMBER')
  union all select relname, 'owned by the jobs role' from t where pg_has_role('nabz_jobs', relowner, 'MEMBER')
  union all select relname, 'TRUNCATE granted' from t where has_table_privilege('nabz_app', oid, 'TRUNCATE')
  union all select relname, 'a policy for somebody we do not know' from t where exists
    (select from pg_policy p where p.polrelid = t.oid and not p.polroles <@ array['nabz_app'::regrole, 'nabz_jobs'::regrole]::oid[]
      and not (t.relname in ('audit_entries', 'audit_links') and p.polname = 'shorten_own' and pg_get_expr(p.polqual, p.polrelid)
        = '(clinic_id = (current_setting(''app.clinic_id''::text))::uuid)')
      and not (p.polroles = array['nabz_owner'::regrole]::oid[] and p.polcmd = 'r' and p.polname = 'backup'
        and pg_get_expr(p.polqual, p.polrelid) = '(current_setting(''app.backup''::text, true) = ''on''::text)'))
  union all select relname, 'unseen by backups' from t where relkind = 'r' and not exists
    (select from pg_policy p where p.polrelid = t.oid and p.polname = 'backup')
`

describe('the catalogue', () => {
  it('keeps every rule a distributed engine will ask for', async () => {
    const broken = await app.superuser(distributionRules)
    expect(broken).toEqual([])
  })

  it('V8.4.1: walls every clinic off from every other', async () => {
    const broken = await app.superuser(tenantWalls)
    expect(broken).toEqual([])
  })

  it('would notice a table or view that was forgotten', async () => {
    await app.superuser(`
      create table clinic.forgotten (id serial primary key, patient uuid);
      create view clinic.shortcut as select * from clinic.patients;
      alter table platform.clinics add constraint back_link foreign key (id) references clinic.profiles`)
    try {
      const noticed = [...(await app.superuser(distributionRules)), ...(await app.superuser(tenantWalls))]
      const whats = noticed.flatMap((row) => Object.values(row))
      expect(whats).toEqual(expect.arrayContaining(['forgotten', 'shortcut', 'back_link']))
    } finally {
      await app.superuser(`
        alter table platform.clinics drop constraint back_link;
        drop view clinic.shortcut;
        drop table clinic.forgotten`)
    }
  })

  it('uses only column types whose comparisons an index may serve under row security', async () => {
    const strange = await app.superuser(`
      select c.relname || '.' || a.attname as what, format_type(a.atttypid, a.atttypmod) as type
      from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
      where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        and (t.typtype <> 'b' and t.oid <> 'tstzrange'::regtype or t.typname in ('citext', 'timestamp', 'json', 'money', 'float8'))
    `)
    expect(strange).toEqual([])
  })

  it('has every table of a clinic hang on its root row, so that erasing the row erases the clinic', async () => {
    const loose = await app.superuser(`
      select c.relname from pg_class c
      where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'profiles'
        and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.confdeltype = 'c'
          and k.confrelid = 'clinic.profiles'::regclass)
    `)
    expect(loose).toEqual([])
  })

  it('lets nobody but the application and the jobs in', async () => {
    const guests = await app.superuser(`
      select distinct c.relnamespace::regnamespace::text || '.' || c.relname as what, a.grantee::regrole::text as who
      from pg_class c cross join lateral aclexplode(c.relacl) a
      where c.relnamespace in ('clinic'::regnamespace, 'platform'::regnamespace)
        and a.grantee::regrole::text not in ('nabz_owner', 'nabz_app', 'nabz_jobs')
      union all
      select n.nspname, a.grantee::regrole::text from pg_namespace n cross join lateral aclexplode(n.nspacl) a
      where n.nspname in ('clinic', 'platform') and a.grantee::regrole::text not in ('nabz_owner', 'nabz_app', 'nabz_jobs')
    `)
    expect(guests).toEqual([])
  })

  it('lets the jobs see which clinic has work due, and nothing else', async () => {
    const columns = await app.superuser<{ what: string }>(`
      select c.relnamespace::regnamespace || '.' || c.relname || '.' || a.attname as what
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace in ('clinic'::regnamespace, 'platform'::regnamespace) and c.relkind in ('r', 'p', 'v')
        and has_column_privilege('nabz_jobs', c.oid, a.attnum, 'SELECT')
      order by 1
    `)
    expect(columns.map(({ what }) => what)).toEqual([
      'clinic.appointments.clinic_id',
      'clinic.appointments.hold_expires_at',
      'clinic.appointments.status',
      'clinic.audit_entries.at',
      'clinic.audit_entries.clinic_id',
      'clinic.exports.asked_at',
      'clinic.exports.clinic_id',
      'clinic.exports.expires_at',
      'clinic.exports.id',
      'clinic.exports.lease_until',
      'clinic.exports.state',
      'clinic.freed_times.clinic_id',
      'clinic.freed_times.look_at',
      'clinic.messages.attempts',
      'clinic.messages.channel',
      'clinic.messages.clinic_id',
      'clinic.messages.created_at',
      'clinic.messages.due_at',
      'clinic.messages.error_code',
      'clinic.messages.failed_at',
      'clinic.messages.id',
      'clinic.messages.kind',
      'clinic.messages.lease_until',
      'clinic.messages.provider_id',
      'clinic.messages.recipient_hash',
      'clinic.messages.status',
      'clinic.profiles.clinic_id',
      'clinic.profiles.missed_rule',
      'clinic.profiles.waitlist',
      'clinic.profiles.waitlist_seen',
      'clinic.rights_requests.clinic_id',
      'clinic.rights_requests.closed_at',
      'clinic.rights_requests.due_at',
      'clinic.rights_requests.escalated_again_at',
      'clinic.rights_requests.escalated_at',
      'clinic.rights_requests.told_at',
      'clinic.waiting_entries.clinic_id',
      'clinic.waiting_entries.state',
      'clinic.waiting_offers.clinic_id',
      'clinic.waiting_offers.expires_at',
      'clinic.waiting_offers.state',
      'platform.clinics.id',
      'platform.clinics.slug',
      'platform.clinics.status',
    ])
    const writes = await app.superuser(`
      select c.relname from pg_class c
      where c.relnamespace in ('clinic'::regnamespace, 'platform'::regnamespace) and c.relkind in ('r', 'p', 'v')
        and (has_any_column_privilege('nabz_jobs', c.oid, 'INSERT') or has_any_column_privilege('nabz_jobs', c.oid, 'UPDATE')
          or has_table_privilege('nabz_jobs', c.oid, 'DELETE, TRUNCATE'))
    `)
    expect(writes).toEqual([])
  })

  it('V16.4.2: lets the application add to the audit logs, never change or remove', async () => {
    const rights = await app.superuser<{ schema: string; rights: string[] }>(`
      select t.schema, array(select p from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
        where has_table_privilege('nabz_app', t.schema || '.audit_entries', p)
           or (p <> 'DELETE' and p <> 'TRUNCATE' and has_any_column_privilege('nabz_app', t.schema || '.audit_entries', p))) as rights
      from (values ('clinic'), ('platform')) t (schema)
    `)
    expect(rights).toEqual([
      { schema: 'clinic', rights: ['SELECT', 'INSERT'] },
      { schema: 'platform', rights: ['SELECT', 'INSERT'] },
    ])
    const clinic = await makeClinic(app)
    for (const sql of [
      `update clinic.audit_entries set action = 'x'`,
      'delete from clinic.audit_entries',
      'update clinic.audit_links set seq = seq + 1',
      'delete from clinic.audit_links',
      'delete from clinic.audit_heads',
    ]) {
      await expect(clinic.inClinic((ctx) => ctx.db.raw(sql))).rejects.toMatchObject({ code: '42501' })
    }
  })
})

describe('the start', () => {
  it.each([
    ['the owner of the tables', () => app.database.ownerUrl],
    ['a superuser', () => app.database.superuserUrl],
  ])('refuses to run as %s', async (_who, url) => {
    await expect(startTestApp({ config: { DATABASE_URL: url() } })).rejects.toThrow('could read across clinics')
  })
})

describe('between two clinics with the same people at the same times', () => {
  let here: TestClinic
  let there: TestClinic
  let outside: Database
  beforeAll(async () => {
    ;[here, there] = await Promise.all([makeClinic(app), makeClinic(app)])
    for (const clinic of [here, there]) {
      await makeBookable(clinic)
      await makeAppointment(clinic)
    }
    outside = connect(app.database.appUrl, 1)
  })
  afterAll(() => outside.destroy())

  it('answers nothing to SQL that named no clinic', async () => {
    for (const table of await clinicTables()) {
      await expect(outside.withSchema('clinic').table(table).select('*'), table).rejects.toMatchObject({
        code: expect.stringMatching(/^(42704|22P02)$/) as unknown,
      })
    }
  })

  it('shows and touches only the rows of its own, whatever the SQL asks for', async () => {
    const seen: string[] = []
    for (const table of await clinicTables()) {
      const theirs = await app.superuser(`select 1 from clinic.${table} where clinic_id = $1`, [there.id])
      const { own, foreign, removed } = await here.inClinic(async ({ db }) => ({
        own: await db.withSchema('clinic').table(table).where({ clinic_id: here.id }).select('clinic_id'),
        foreign: await db.withSchema('clinic').table(table).whereNot({ clinic_id: here.id }).select('clinic_id'),
        removed:
          // Whose rows may not be removed at all, as is tried elsewhere.
          onlyAddedTo.includes(table)
            ? 0
            : await db.withSchema('clinic').table(table).where({ clinic_id: there.id }).delete(),
      }))
      expect({ table, foreign, removed }).toEqual({ table, foreign: [], removed: 0 })
      if (own.length > 0 && theirs.length > 0) seen.push(table)
    }
    // Proof that there was something to see.
    expect(seen).toEqual(expect.arrayContaining(['appointments', 'patients', 'services', 'shifts', 'audit_entries']))
  })

  it('refuses a row written for another clinic, in every table', async () => {
    for (const table of await clinicTables()) {
      const attempt = here.inClinic(({ db }) => db.withSchema('clinic').table(table).insert({ clinic_id: there.id }))
      await expect(attempt, table).rejects.toMatchObject({ code: '42501' })
    }
  })

  it('refuses to hand a row over to another clinic', async () => {
    const attempt = here.inClinic(({ db }) => db.raw('update clinic.practitioners set clinic_id = ?', [there.id]))
    await expect(attempt).rejects.toMatchObject({ code: '42501' })
  })

  it('refuses to point at a row of another clinic', async () => {
    const service = await makeService(there)
    await expect(makeAppointment(here, { service, at: '15:00' })).rejects.toMatchObject({ code: '23503' })
  })
})

describe('erasing a clinic', () => {
  it('takes every row it owned and none of anybody else', async () => {
    const [gone, stays] = await Promise.all([makeClinic(app), makeClinic(app)])
    for (const clinic of [gone, stays]) {
      await makeBookable(clinic)
      await makeAppointment(clinic, { status: 'booked' })
      await makeAppointment(clinic, { status: 'pending', at: '12:00' })
    }
    const counts = async (clinic: TestClinic) => {
      const all: [string, number][] = []
      for (const table of await clinicTables()) {
        const found = await app.superuser(`select 1 from clinic.${table} where clinic_id = $1`, [clinic.id])
        all.push([table, found.length])
      }
      return all
    }
    const before = await counts(stays)
    expect((await counts(gone)).filter(([, count]) => count > 0).length).toBeGreaterThan(7)
    await gone.inClinic(({ db }) => db.raw('delete from clinic.profiles where clinic_id = ?', [gone.id]))
    expect((await counts(gone)).filter(([, count]) => count > 0)).toEqual([])
    expect(await counts(stays)).toEqual(before)
  })
})

describe('nobody is double-booked, whoever writes the row', () => {
  const taken = { code: '23P01' }

  it('takes one visit of a doctor at a time', async () => {
    const clinic = await makeClinic(app)
    await makeAppointment(clinic, { at: '10:00' })
    await expect(makeAppointment(clinic, { at: '10:00' })).rejects.toMatchObject(taken)
    await expect(makeAppointment(clinic, { at: '10:15' })).rejects.toMatchObject(taken)
    await makeAppointment(clinic, { at: '10:30' })
    await makeAppointment(clinic, { at: '09:30' })
  })

  it('takes one even when two transactions write at once', async () => {
    const clinic = await makeClinic(app)
    const { service, locationId } = await makeBookable(clinic)
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => makeAppointment(clinic, { service, locationId, at: '10:00' })),
    )
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it.each(['pending', 'booked', 'arrived', 'in_room', 'fulfilled'] as const)(
    'counts a visit that is %s',
    async (status) => {
      const clinic = await makeClinic(app)
      await makeAppointment(clinic, { status })
      await expect(makeAppointment(clinic)).rejects.toMatchObject(taken)
    },
  )

  it.each(['cancelled', 'noshow'] as const)('gives back the time of one that is %s', async (status) => {
    const clinic = await makeClinic(app)
    await makeAppointment(clinic, { status })
    await makeAppointment(clinic)
  })

  it('keeps the buffers before and after free', async () => {
    const clinic = await makeClinic(app)
    const service = await makeService(clinic, { bufferBeforeMin: 10, bufferAfterMin: 15 })
    await makeAppointment(clinic, { service, at: '10:00' })
    await expect(makeAppointment(clinic, { service, at: '10:50' })).rejects.toMatchObject(taken)
    await makeAppointment(clinic, { service, at: '10:55' })
    await expect(makeAppointment(clinic, { service, at: '09:10' })).rejects.toMatchObject(taken)
    await makeAppointment(clinic, { service, at: '09:05' })
  })

  it('lets a group share its time up to its capacity, one lane each', async () => {
    const clinic = await makeClinic(app)
    const service = await makeService(clinic, { capacity: 3 })
    for (const lane of [1, 2, 3]) await makeAppointment(clinic, { service, lane })
    await expect(makeAppointment(clinic, { service, lane: 2 })).rejects.toMatchObject(taken)
    await expect(makeAppointment(clinic, { service, lane: 4 })).rejects.toMatchObject({
      constraint: 'appointments_lane',
    })
  })

  it('gives no lane of a group to a visit of another kind, another time or another place', async () => {
    const clinic = await makeClinic(app)
    const location = await makeLocation(clinic)
    const group = await makeService(clinic, { capacity: 3 })
    const single = await makeService(clinic, { capacity: 3 })
    const elsewhere = await makeLocation(clinic, { name: 'Second Street' })
    await makeAppointment(clinic, { service: group, lane: 1, locationId: location.id, at: '10:00' })
    for (const different of [{ service: single }, { at: '10:15' }, { locationId: elsewhere.id }]) {
      const visit = { service: group, locationId: location.id, at: '10:00', lane: 2, ...different }
      await expect(makeAppointment(clinic, visit)).rejects.toMatchObject({
        ...taken,
        constraint: 'appointments_one_session',
      })
    }
  })

  it('lets staff squeeze somebody in, in a lane of its own and with a reason', async () => {
    const clinic = await makeClinic(app)
    await makeAppointment(clinic)
    await makeAppointment(clinic, { overbookReason: 'Pain since last night' })
    await expect(makeAppointment(clinic, { overbookReason: 'Another one' })).rejects.toMatchObject(taken)
    await makeAppointment(clinic, { overbookReason: 'Another one', lane: 1002 })
    const [visit] = await app.superuser<{ id: string }>(
      'select id from clinic.appointments where clinic_id = $1 and overbooked limit 1',
      [clinic.id],
    )
    await expect(
      app.superuser('update clinic.appointments set overbook_reason = null where id = $1', [visit!.id]),
    ).rejects.toMatchObject({ constraint: 'appointments_overbook_reason' })
  })

  it('lets two doctors, and two clinics, have the same hour', async () => {
    const [here, there] = await Promise.all([makeClinic(app), makeClinic(app)])
    await makeAppointment(here)
    await makeAppointment(here, { practitionerId: (await makePractitioner(here)).id })
    await makeAppointment(there)
  })
})
