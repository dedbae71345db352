// What owners see of retention and may decide, and what the console sees across clinics, holds and all.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { applyRetention } from '../../src/features/privacy/actions.ts'
import { setHold } from '../../src/features/privacy/actions/holds.ts'
import { retentionRules } from '../../src/features/privacy/rules/retention.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Instant } from '../../src/kernel/time.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { wordsOf } from '../support/http.ts'
import { countWaiting } from '../support/locks.ts'
import { statementsOf } from '../support/statements.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
afterEach(() => app.clock.set(testNow))

const page = (clinic: TestClinic) => `/app/${clinic.slug}/settings/privacy/retention`

async function runAt(instant: Instant) {
  app.clock.set(instant)
  await app.superuser('delete from platform.retention_clock; delete from platform.retention_turns')
  return applyRetention(app.services, { everyClinic: true })
}

/** Three visits on the day, of as many patients. */
async function withVisits(): Promise<TestClinic> {
  const clinic = await makeClinic(app)
  const { service, locationId } = await makeBookable(clinic)
  for (const at of ['10:00', '11:00', '12:00']) {
    const patient = await makePatient(clinic)
    await makeAppointment(clinic, { service, locationId, patientId: patient.id, at })
  }
  return clinic
}

describe('the hub', () => {
  it('leads to everything about privacy, and from the settings to it, however the clinic stands', async () => {
    const clinic = await makeClinic(app)
    for (const status of ['active', 'read_only', 'locked', 'suspended']) {
      await app.superuser('update platform.clinics set status = $2 where id = $1', [clinic.id, status])
      const nadia = await clinic.as(clinic.cast.nadia)
      const { text } = await nadia.get(`/app/${clinic.slug}/settings/privacy`).expect(200)
      for (const path of ['privacy/retention', 'privacy/requests', 'export', 'privacy/policies', 'privacy/closing']) {
        expect(text).toContain(`href="/app/${clinic.slug}/settings/${path}"`)
      }
      await nadia.get(page(clinic)).expect(200)
    }
  })
})

describe('the page of retention', () => {
  it('says of every rule what, how long, what is due and what went, in eight statements at most', async () => {
    const clinic = await withVisits()
    // Years go by: each time somebody signs in anew.
    const nadia = () => clinic.as(clinic.cast.nadia)
    const first = wordsOf((await (await nadia()).get(page(clinic)).expect(200)).text)
    expect(first).toContain('Who had which visit')
    expect(first).toContain('24 months')
    expect(first).toContain('Last gone through Not yet')

    // A week before, three visits and their patients are due; then they are erased, and counted.
    const end = app.clock.now().toZonedDateTimeISO('Asia/Karachi').add({ months: 24 }).toInstant()
    await runAt(end.subtract({ hours: 6 * 24 }))
    const asked = await statementsOf(async () => {
      const words = wordsOf((await (await nadia()).get(page(clinic)).expect(200)).text)
      expect(words).toMatch(/Who had which visit .{0,160} 3 0 0/)
      expect(words).toMatch(/Patients without any visit left .{0,120} 3 0 0/)
    })
    const own = asked.filter((statement) => /clinic\.|retention_turns|erasures|legal_holds/.test(statement))
    expect(own.length).toBeLessThanOrEqual(8)
    await runAt(end.add({ hours: 24 }))
    expect(wordsOf((await (await nadia()).get(page(clinic)).expect(200)).text)).toMatch(
      /Who had which visit .{0,160} 0 3 3/,
    )
    app.clock.advance({ hours: 24 * 31 })
    expect(wordsOf((await (await nadia()).get(page(clinic)).expect(200)).text)).toMatch(
      /Who had which visit .{0,160} 0 0 3/,
    )
  })

  it('shows what a shorter period would do, does it only when confirmed, and writes it down', async () => {
    const clinic = await withVisits()
    // Years go by: each time somebody signs in anew.
    const nadia = () => clinic.as(clinic.cast.nadia)
    app.clock.advance({ hours: 24 * 300 })
    const answer = await (await nadia()).postForm(page(clinic), { identity: '6', records: '15' }).expect(200)
    const words = wordsOf(answer.text)
    expect(words).toContain('3 visits would lose the names of their patients')
    expect(words).not.toContain('patients without another visit would be erased. 3')
    const settings = () =>
      app.superuser(
        'select booking_identity_months as identity, medical_record_months as records from clinic.profiles where clinic_id = $1',
        [clinic.id],
      )
    expect(await settings()).toEqual([{ identity: 24, records: 120 }])
    await (await nadia()).postForm(page(clinic), { identity: '6', records: '15', confirmed: 'yes' }).expect(303)
    expect(await settings()).toEqual([{ identity: 6, records: 180 }])
    const [entry] = await app.superuser<{ details: unknown }>(
      `select details from clinic.audit_entries where clinic_id = $1 and action = 'retention.changed'`,
      [clinic.id],
    )
    expect(entry!.details).toEqual({
      identityMonths: 6,
      identityMonthsBefore: 24,
      recordMonths: 180,
      recordMonthsBefore: 120,
    })
    expect(await runAt(app.clock.now())).toMatchObject({ booking_identity: 3 })
    // The same again is no change.
    await (await nadia()).postForm(page(clinic), { identity: '6', records: '15', confirmed: 'yes' }).expect(303)
    const entries = await app.superuser(
      `select 1 from clinic.audit_entries where clinic_id = $1 and action = 'retention.changed'`,
      [clinic.id],
    )
    expect(entries).toHaveLength(1)
  })

  it('says that a longer period erases nothing, and reads Arabic digits', async () => {
    const clinic = await withVisits()
    const nadia = await clinic.as(clinic.cast.nadia)
    const answer = await nadia.postForm(page(clinic), { identity: '٢٤', records: '٢٠' }).expect(200)
    expect(wordsOf(answer.text)).toContain('Nothing more would be erased at the next run')
  })

  it.each([
    [{ identity: '5', records: '10' }, 'from 6 to 24'],
    [{ identity: '25', records: '10' }, 'from 6 to 24'],
    [{ identity: '12', records: '1' }, 'from 2 to 50'],
    [{ identity: '12', records: '51' }, 'from 2 to 50'],
    [{ identity: 'a year', records: '10' }, 'from 6 to 24'],
    [{}, 'from 6 to 24'],
  ])('refuses %j and keeps what was typed', async (typed, told) => {
    const clinic = await makeClinic(app)
    const nadia = await clinic.as(clinic.cast.nadia)
    const { text } = await nadia.postForm(page(clinic), { ...typed, confirmed: 'yes' }).expect(422)
    expect(wordsOf(text)).toContain(told)
    for (const value of Object.values(typed)) expect(text).toContain(`value="${value}"`)
    const [settings] = await app.superuser<{ identity: number }>(
      'select booking_identity_months as identity from clinic.profiles where clinic_id = $1',
      [clinic.id],
    )
    expect(settings!.identity).toBe(24)
  })
})

describe('a legal hold', () => {
  const asked = (clinic: TestClinic) => ({
    clinic: clinic.slug,
    owner: 'Nadia Khan',
    reason: 'Order of the court, file 17/2026',
    until: '2029-01-31',
    typed: clinic.slug,
  })

  it('is set, extended and lifted by the console: audited twice, told to the owners, shown to them, and it pauses', async () => {
    const clinic = await withVisits()
    const { userId } = await makePlatformAdmin(app)
    let admin = await signedIn(app, userId)
    await admin.postForm('/admin/retention/holds', asked(clinic)).expect(303)
    const [hold] = await app.superuser<{ id: string; until: Date; reason: string }>(
      'select id, until::text, reason from platform.legal_holds where clinic_id = $1',
      [clinic.id],
    )
    // To the end of that day where the clinic is.
    expect(String(hold!.until)).toContain('2029-01-31 19:00:00')
    const nadia = await clinic.as(clinic.cast.nadia)
    const words = wordsOf((await nadia.get(page(clinic)).expect(200)).text)
    expect(words).toContain('The law pauses erasing at your clinic')
    expect(words).toContain('Order of the court, file 17/2026')
    expect(words).toContain('Waits')
    expect(wordsOf((await nadia.get(`/app/${clinic.slug}/settings/privacy`).expect(200)).text)).toContain(
      'pauses erasing',
    )

    // Named, so that it goes when the clinic does.
    expect(await app.superuser(`select clinic_id from platform.mails where kind = 'legal_hold'`)).toEqual([
      { clinic_id: clinic.id },
    ])

    // 25 months on everything is due, and waits.
    const later = app.clock.now().toZonedDateTimeISO('Asia/Karachi').add({ months: 25 }).toInstant()
    const known = async () =>
      (
        await app.superuser('select 1 from clinic.appointments where clinic_id = $1 and patient_id is not null', [
          clinic.id,
        ])
      ).length
    await runAt(later)
    expect(await known()).toBe(3)
    const change = await (
      await clinic.as(clinic.cast.nadia)
    )
      .postForm(page(clinic), { identity: '6', records: '10' })
      .expect(200)
    expect(wordsOf(change.text)).toContain('A legal hold stands')

    const path = `/admin/retention/holds/${hold!.id}`
    admin = await signedIn(app, userId)
    await admin.get(path).expect(200)
    const sooner = await admin
      .postForm(`${path}/extension`, { until: '2029-01-30', extension_typed: clinic.slug })
      .expect(422)
    expect(wordsOf(sooner.text)).toContain('to end it sooner, lift it')
    await admin.postForm(`${path}/extension`, { until: '2030-01-31', extension_typed: 'another' }).expect(422)
    await admin.postForm(`${path}/extension`, { until: '2030-01-31', extension_typed: clinic.slug }).expect(303)
    await admin.postForm(`${path}/lifting`, { typed: 'another' }).expect(422)
    await admin.postForm(`${path}/lifting`, { typed: clinic.slug }).expect(303)
    // Lifted once.
    await admin.postForm(`${path}/lifting`, { typed: clinic.slug }).expect(422)
    await runAt(later.add({ minutes: 10 }))
    expect(await known()).toBe(0)

    const actions = ['legal_hold.set', 'legal_hold.extended', 'legal_hold.lifted']
    for (const schema of ['clinic', 'platform']) {
      const entries = await app.superuser<{ action: string }>(
        `select action from ${schema}.audit_entries where clinic_id = $1 and record_id = $2 order by at, id`,
        [clinic.id, hold!.id],
      )
      expect(entries.map(({ action }) => action)).toEqual(actions)
    }
    const mails = await app.superuser(`select 1 from platform.mails where kind = 'legal_hold'`)
    // The one about the setting is two years old by now, and gone by its own rule.
    expect(mails).toHaveLength(2)
  })

  it.each([
    ['clinic', 'nowhere', 'No clinic has this address'],
    ['typed', 'shifa', 'not the clinic’s address'],
    ['owner', '', 'Enter the name of the owner'],
    ['reason', 'law', 'a few words more'],
    ['until', 'soon', 'Enter a day'],
    ['until', '2026-11-23', 'This day is past'],
    ['until', '2036-11-25', 'ten years'],
  ])('is not set with %s "%s"', async (field, value, told) => {
    const clinic = await makeClinic(app)
    const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
    const { text } = await admin.postForm('/admin/retention/holds', { ...asked(clinic), [field]: value }).expect(422)
    expect(wordsOf(text).replaceAll("'", '’')).toContain(told)
    expect(text).toContain('Nadia Khan'.slice(0, field === 'owner' ? 0 : 5))
    expect(await app.superuser('select 1 from platform.legal_holds where clinic_id = $1', [clinic.id])).toEqual([])
  })

  it('is not promised to a clinic whose erasure begins in the same moment', async () => {
    const clinic = await makeClinic(app)
    const { userId } = await makePlatformAdmin(app)
    const id = newId()
    await app.superuser(
      `insert into platform.closings (id, clinic_id, kind, asked_at, undo_until, purge_by, state)
       values ($1, $2, 'asked', $3, $3, $3, 'waiting')`,
      [id, clinic.id, testNow],
    )
    const { db } = app.services
    const ordering = { services: app.services, origin: { requestId: 'test' }, by: userId }
    const wish = { clinic: clinic.slug, typed: clinic.slug, owner: 'Nadia Khan', reason: 'Order of the court' }
    const until = app.clock.now().toZonedDateTimeISO('UTC').toPlainDate().add({ years: 1 })
    let settled = false
    const held = await db.transaction(async (trx) => {
      // As the job does it, which has asked for holds already.
      await trx.raw('select 1 from platform.closings where id = ? for update', [id])
      const held = setHold(ordering, { ...wish, until }).finally(() => (settled = true))
      await vi.waitFor(async () => {
        expect((await countWaiting(app)) > 0 || settled).toBe(true)
      })
      await trx.raw(`update platform.closings set state = 'purging', began_at = asked_at where id = ?`, [id])
      return { held }
    })
    expect(await held.held).toEqual({ ok: false, reason: 'no_clinic' })
    expect(await app.superuser('select 1 from platform.legal_holds where clinic_id = $1', [clinic.id])).toEqual([])
    await app.superuser('delete from platform.closings where id = $1', [id])
  })
})

describe('the console', () => {
  it('shows every rule, what it erased, what is late and why, and whether the clock is believed', async () => {
    const clinic = await makeClinic(app)
    const { userId } = await makePlatformAdmin(app)
    const look = async () => wordsOf((await (await signedIn(app, userId)).get('/admin/retention').expect(200)).text)
    const stale = newId()
    await runAt(app.clock.now())
    await app.superuser(`insert into platform.throttles (key, window_start, count) values ($1, $2, 1)`, [
      Buffer.from(stale),
      app.clock.now().subtract({ hours: 73 }).toString(),
    ])
    const words = await look()
    for (const { code } of retentionRules) expect(words).toContain(code)
    expect(words).toContain('The clocks agree.')
    expect(words).toMatch(/throttles .{0,80} Late .{0,10}1 there, the oldest for 49 h/)
    expect(words).not.toContain('Clinics whose turn is late')
    await runAt(app.clock.now())
    expect(await look()).not.toMatch(/throttles .{0,80} there/)

    // A week without a run: the clock is waited for, and the clinics' turns are late.
    app.clock.advance({ hours: 24 * 7 })
    const after = await look()
    expect(after).toContain('Nothing is erased yet: the clock leapt.')
    expect(after).toContain('Clinics whose turn is late')
    await app.superuser('update platform.retention_turns set behind = array[$2] where clinic_id = $1', [
      clinic.id,
      'messages',
    ])
    expect(await look()).toMatch(/messages .{0,120}Late Fails at 1 clinic/)
  })
})
