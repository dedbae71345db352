// From the owner's word on: locked at once, told, taken back in time or not, and held back by the law or a wrong clock.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { changes, rows } from '../../src/platform/db/rows.ts'
import { freshMinutes } from '../../src/platform/web/session.ts'
import { furnishedClinic, givePassword } from '../export/scene.ts'
import { setLife } from '../subscription/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn } from '../support/cast.ts'
import { makeAppointment, makeBookable } from '../support/factories.ts'
import { closeIt, closingPath, rowsOf, runAt, start, stateOf, undoEnd } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

describe('an owner who closes the clinic', () => {
  it('V7.5.3: has to be an owner, to type its name, and to prove to be who they are', async () => {
    const clinic = await makeClinic(app)
    await givePassword(app, clinic.cast.nadia)
    const path = closingPath(clinic)
    await (await clinic.as(clinic.cast.bilal)).get(path).expect(403)
    await (await clinic.as(clinic.cast.omar)).get(path).expect(404)
    const nadia = await clinic.as(clinic.cast.nadia)
    const page = await nadia.getForm(path)
    expect(page.html).toContain('Close the clinic')
    const fields = { tell: 'keep', name: 'Shifa Clinic' }
    const refused = await nadia.postForm(path, { ...fields, name: 'Sifa', reasons: 'missing', comment: 'It was nice' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('That is not the name of this clinic')
    expect(refused.text).toContain('It was nice')
    expect(refused.text).toMatch(/value="missing" checked/)
    app.clock.advance({ minutes: freshMinutes, seconds: 1 })
    const asked = await nadia.postForm(path, fields).expect(403)
    expect(asked.text).toContain('Confirm that it’s you')
    expect(await stateOf(clinic)).toBeUndefined()
    const again = await clinic.as(clinic.cast.nadia)
    await again.postForm(path, { ...fields, name: '  shifa   CLINIC ' }).expect(303)
    expect(await stateOf(clinic)).toMatchObject({ state: 'waiting' })
  })

  it('locks it at once for everybody but the owners, who are told; undoing brings back everything as it was', async () => {
    const clinic = await furnishedClinic(app)
    const before = await rowsOf(clinic)
    const [sub] = await app.superuser('select * from platform.subscriptions where clinic_id = $1', [clinic.id])
    await closeIt(clinic, { reasons: 'missing', comment: 'Thank you all the same' })
    const nadia = await clinic.as(clinic.cast.nadia)
    const bilal = await clinic.as(clinic.cast.bilal)
    expect((await bilal.get(`/app/${clinic.slug}/today`).expect(403)).text).toContain('Its owner has closed it')
    await nadia.get(`/app/${clinic.slug}/today`).expect(403)
    expect((await nadia.get(closingPath(clinic)).expect(200)).text).toContain('7 days left')
    await nadia.get(`/app/${clinic.slug}/settings/export`).expect(200)
    expect((await app.agent().get(`/c/${clinic.slug}`)).text).not.toContain('Choose')
    const mails = await app.superuser<{ kind: string }>('select kind from platform.mails where clinic_id = $1', [
      clinic.id,
    ])
    expect(mails).toEqual([{ kind: 'closing_asked' }])
    // The reason they gave is for whoever runs the service, until the clinic is gone.
    const admin = await makePlatformAdmin(app)
    const list = await (await signedIn(app, admin.userId)).get('/admin/closings').expect(200)
    expect(list.text).toContain('Thank you all the same')
    expect(list.text).toContain('Something I need is missing')

    app.clock.set(app.clock.now().add({ hours: 7 * 24 }))
    const later = await clinic.as(clinic.cast.nadia)
    await later.postForm(`${closingPath(clinic)}/undo`).expect(303)
    await later.get(`/app/${clinic.slug}/today`).expect(200)
    const after = await rowsOf(clinic)
    for (const table of Object.keys(before)) expect([table, after[table] ?? 0]).toEqual([table, expect.any(Number)])
    for (const table of ['clinic.patients', 'clinic.appointments', 'clinic.messages', 'platform.memberships']) {
      expect([table, after[table]]).toEqual([table, before[table]])
    }
    const [again] = await app.superuser('select * from platform.subscriptions where clinic_id = $1', [clinic.id])
    const same = ['status', 'plan_id', 'closed_at', 'cancelled_at', 'cancel_reason'] as const
    for (const column of same) expect([column, again![column]]).toEqual([column, sub![column]])
    app.clock.set(start)
  })

  it('holds reminders back while it is closed, and has the patients told an hour later if that is the wish', async () => {
    const clinic = await makeClinic(app)
    await givePassword(app, clinic.cast.nadia)
    app.clock.set(start)
    const { service, locationId } = await makeBookable(clinic)
    for (let n = 0; n < 30; n++) {
      const on = Temporal.PlainDate.from('2026-12-01').add({ days: n }).toString()
      await makeAppointment(clinic, { service, locationId, on, at: '10:00' })
    }
    await makeAppointment(clinic, { service, locationId, at: '09:00', status: 'fulfilled' })
    const [visit] = await app.superuser<{ id: string }>(
      `select id from clinic.appointments where clinic_id = $1 and status = 'booked' limit 1`,
      [clinic.id],
    )
    await app.superuser(
      `insert into clinic.messages (clinic_id, id, appointment_id, version, kind, channel, template, language, recipient_sealed,
         recipient_hash, due_at, created_at)
       values ($1, $2, $3, 1, 'reminder_24h', 'whatsapp', 'x', 'en', '', '', '2026-12-01T00:00:00Z', now())`,
      [clinic.id, newId(), visit!.id],
    )
    const reminder = async () =>
      (
        await app.superuser<{ status: string }>(
          `select status from clinic.messages where clinic_id = $1 and kind = 'reminder_24h'`,
          [clinic.id],
        )
      )[0]!.status
    await closeIt(clinic, { tell: 'cancel' })
    expect(await reminder()).toBe('dropped')
    const booked = async () =>
      Number(
        (
          await app.superuser<{ count: string }>(
            `select count(*) from clinic.appointments where clinic_id = $1 and status = 'booked'`,
            [clinic.id],
          )
        )[0]!.count,
      )
    await runAt(app, start.add({ seconds: 3_599 }))
    expect(await booked()).toBe(30)
    await runAt(app, start.add({ seconds: 3_600 }))
    expect(await booked()).toBe(0)
    expect(await stateOf(clinic)).toMatchObject({ visits_cancelled: 30, state: 'waiting' })
    const [told] = await app.superuser<{ count: string }>(
      `select count(*) from clinic.messages where clinic_id = $1 and kind = 'cancelled' and status = 'queued'`,
      [clinic.id],
    )
    // Nobody had been told of these visits, so nobody is told that they are off.
    expect(Number(told!.count)).toBe(0)
    app.clock.set(start)
  })
})

describe('what may still be said', () => {
  it('is nothing after the last second, by owner or operator', async () => {
    app.clock.set(start)
    const clinic = await furnishedClinic(app)
    await closeIt(clinic)
    const operator = await makePlatformAdmin(app)
    const closing = await stateOf(clinic)
    app.clock.set(undoEnd.add({ seconds: 1 }))
    const nadia = await clinic.as(clinic.cast.nadia)
    await nadia.postForm(`${closingPath(clinic)}/undo`).expect(303)
    const admin = await signedIn(app, operator.userId)
    await admin.postForm(`/admin/closings/${closing!.id}/undo`, { reason: 'Nadia called' }).expect(303)
    expect((await stateOf(clinic))?.state).toBe('waiting')
    app.clock.set(undoEnd)
    await admin.postForm(`/admin/closings/${closing!.id}/undo`, {}).expect(422)
    await admin.postForm(`/admin/closings/${closing!.id}/undo`, { reason: 'Nadia called from her number' }).expect(303)
    expect((await stateOf(clinic))?.state).toBe('undone')
    expect((await clinic.proven()).status).toBe('active')
    expect((await admin.get('/admin/closings')).text).toContain('Nadia called from her number')
    app.clock.set(start)
  })

  it('is that the law forbids it: a hold moves the moment, and nothing else does', async () => {
    app.clock.set(start)
    const clinic = await furnishedClinic(app)
    await closeIt(clinic)
    const until = undoEnd.add({ hours: 48 })
    await app.superuser(
      `insert into platform.legal_holds (id, clinic_id, reason, owner_name, set_by, set_at, until)
       values ($1, $2, 'Court order', 'Nadia', $1, $3, $4)`,
      [newId(), clinic.id, start.toString(), until.toString()],
    )
    const nadia = await clinic.as(clinic.cast.nadia)
    expect((await nadia.get(closingPath(clinic))).text).toContain('Court order')
    await runAt(app, undoEnd.add({ seconds: 1 }))
    await runAt(app, until.subtract({ seconds: 1 }))
    expect((await stateOf(clinic))?.state).toBe('waiting')
    await runAt(app, until)
    expect((await stateOf(clinic))?.state).toBe('done')
    app.clock.set(start)
  })

  it('is that the clock is wrong: nothing is erased', async () => {
    app.clock.set(start)
    const clinic = await furnishedClinic(app)
    await closeIt(clinic)
    await app.superuser('delete from platform.retention_clock')
    await app.runJob('privacy.closing')
    app.clock.set(undoEnd.add({ seconds: 1 }))
    await expect(app.runJob('privacy.closing')).rejects.toThrow(/leapt/)
    expect((await stateOf(clinic))?.state).toBe('waiting')
    await runAt(app, app.clock.now())
    expect((await stateOf(clinic))?.state).toBe('done')
    app.clock.set(start)
  })
})

describe('a clinic that was not paid for', () => {
  it('goes the same way without being asked, and comes back when it is paid for in time', async () => {
    app.clock.set(start)
    const clinic = await furnishedClinic(app)
    await setLife(clinic, 'purge_scheduled')
    await runAt(app, start)
    expect((await stateOf(clinic))?.state).toBe('waiting')
    const nadia = await clinic.as(clinic.cast.nadia)
    expect((await nadia.get(closingPath(clinic)).expect(200)).text).toContain('Go to the subscription')
    // No button brings it back: money does.
    await nadia.postForm(`${closingPath(clinic)}/undo`).expect(303)
    expect((await stateOf(clinic))?.state).toBe('waiting')
    await runAt(app, undoEnd)
    await setLife(clinic, 'active')
    await runAt(app, undoEnd.add({ seconds: 1 }))
    expect((await stateOf(clinic))?.state).toBe('undone')
    expect(Object.keys(await rowsOf(clinic))).toContain('clinic.patients')

    await setLife(clinic, 'purge_scheduled')
    const again = app.clock.now()
    await runAt(app, again)
    await runAt(app, again.add({ hours: 7 * 24 }))
    expect((await stateOf(clinic))?.state).toBe('waiting')
    await runAt(app, again.add({ hours: 7 * 24, seconds: 1 }))
    expect((await stateOf(clinic))?.state).toBe('done')
    app.clock.set(start)
  })
})

describe('money', () => {
  it('is not taken any more: the card provider is told to end the subscription and the open payment', async () => {
    app.clock.set(start)
    const clinic = await furnishedClinic(app)
    await app.superuser(`update platform.subscriptions set collection = 'card', stripe_subscription = 'sub_x' where clinic_id = $1`, [clinic.id]) // prettier-ignore
    await app.superuser(
      `insert into platform.card_checkouts (id, clinic_id, order_id, attempt, session, state, language, created_at)
       values ($1, $2, $1, 1, 'cs_x', 'open', 'en', now())`,
      [newId(), clinic.id],
    )
    await closeIt(clinic)
    await runAt(app, undoEnd.add({ seconds: 1 }))
    const commands = await app.superuser<{ kind: string; target: string; due_at: unknown }>(
      `select kind, target from platform.card_commands where clinic_id = $1 and kind <> 'follow' order by kind`,
      [clinic.id],
    )
    expect(commands).toEqual([
      { kind: 'cancel', target: 'sub_x' },
      { kind: 'expire', target: 'cs_x' },
    ])
    app.clock.set(start)
  })
})

it('leaves people who also work elsewhere, and the platform’s own', async () => {
  app.clock.set(start)
  const clinic = await furnishedClinic(app)
  const { bilal, sana } = clinic.cast
  await app.superuser(
    `insert into platform.memberships (clinic_id, user_id, role, created_at) values ($1, $2, 'doctor', now())`,
    [clinic.other.id, bilal.userId],
  )
  await app.superuser('update platform.users set platform_admin = true where id = $1', [sana.userId])
  await closeIt(clinic)
  await runAt(app, undoEnd.add({ seconds: 1 }))
  const left = await app.superuser<{ id: string }>('select id from platform.users where id = any($1) order by id', [
    [clinic.cast.nadia.userId, bilal.userId, sana.userId],
  ])
  expect(left.map(({ id }) => id).sort()).toEqual([bilal.userId, sana.userId].sort())
  expect((await rows(app.services.db, 'select 1 from platform.clinics where id = ?', [clinic.other.id])).length).toBe(1)
  expect(await changes(app.services.db, 'update platform.clinics set name = name where id = ?', [clinic.id])).toBe(0)
})

it('one clinic’s trouble keeps no other from being erased', { timeout: 60_000 }, async () => {
  app.clock.set(start)
  const leaving = await furnishedClinic(app)
  await closeIt(leaving)
  // Its patients are to be told in an hour, and its key can't be read: somebody moved the file.
  app.clock.set(undoEnd)
  const troubled = await furnishedClinic(app)
  await closeIt(troubled, { tell: 'cancel' })
  const path = join(app.services.config.keyStoreDir, `${troubled.id}.key`)
  const key = await readFile(path)
  await rm(path)
  app.services.keys.forget(troubled.id)
  await expect(runAt(app, undoEnd.add({ hours: 1 }))).rejects.toThrow('1 closings')
  expect((await stateOf(leaving))?.state).toBe('done')
  await writeFile(path, key)
  await runAt(app, undoEnd.add({ hours: 2 }))
  const told = await app.superuser('select 1 from platform.closings where clinic_id = $1 and told_at is not null', [
    troubled.id,
  ])
  expect(told).toHaveLength(1)
  app.clock.set(start)
})
