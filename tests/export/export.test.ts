// The whole clinic as a ZIP of tables: how it is asked for and comes about, who gets it, and for how long.
import { readdir } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { exportOf, furnishedClinic, givePassword, stateOf, unzip } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const page = ({ slug }: TestClinic) => `/app/${slug}/settings/export`
const filesLeft = () => readdir(app.services.config.exportDir).catch(() => [] as string[])

async function ask(clinic: TestClinic, fields: Record<string, string> = {}) {
  const nadia = await clinic.as(clinic.cast.nadia)
  return nadia.postForm(page(clinic), fields)
}

/** Has exports made while something stands in the way: a table, or rows of one. */
async function heldAt(what: string): Promise<{ made: Promise<void>; release: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: app.database.superuserUrl })
  await client.connect()
  await client.query('begin')
  await client.query(what.includes(' ') ? `select from ${what}` : `lock table ${what} in access exclusive mode`)
  return {
    made: app.runJob('export.make'),
    release: async () => {
      await client.query('rollback')
      await client.end()
    },
  }
}

async function waitFor(done: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await done()).toBe(true), { timeout: 10_000, interval: 50 })
}

describe('asking for it', () => {
  it('says what is wrong with the password for the file', async () => {
    const clinic = await makeClinic(app)
    await givePassword(app, clinic.cast.nadia)
    const wrong: [Record<string, string>, string][] = [
      [{ password: 'short', again: 'short' }, 'too short'],
      [{ password: 'كلمة سر طويلة', again: 'كلمة سر طويلة' }, 'only Latin letters'],
      [{ password: 'Correct-horse-9', again: 'Correct-horse-8' }, 'not the same'],
    ]
    for (const [fields, words] of wrong) {
      const answer = await ask(clinic, fields)
      expect({ status: answer.status, says: answer.text.includes(words) }).toEqual({ status: 422, says: true })
    }
    expect(await stateOf(clinic)).toEqual([])
  })

  it('is one at a time, written down, and told to every owner', async () => {
    const clinic = await makeClinic(app)
    await givePassword(app, clinic.cast.nadia)
    expect((await ask(clinic)).status).toBe(303)
    expect((await ask(clinic)).status).toBe(303)
    expect(await stateOf(clinic)).toHaveLength(1)
    await app.runJob('export.make')
    await app.runJob('messaging.mails')
    const told = app.mail.mailsTo(clinic.cast.nadia.email)
    expect(told).toHaveLength(1)
    const entries = await app.superuser<{ action: string }>(
      `select action from clinic.audit_entries where clinic_id = $1 and action like 'export.%'`,
      [clinic.id],
    )
    expect(entries).toEqual([{ action: 'export.asked' }])
  })

  it('works while the clinic is read-only, locked or suspended', async () => {
    const clinic = await furnishedClinic(app)
    for (const status of ['read_only', 'locked', 'suspended']) {
      await app.superuser('update platform.clinics set status = $1 where id = $2', [status, clinic.id])
      expect(await unzip(await exportOf(clinic))).toBeDefined()
      app.clock.advance({ minutes: 1 })
    }
  })

  it('is led to from every page that says so, for owners and nobody else', async () => {
    const clinic = await furnishedClinic(app)
    const door = `href="${page(clinic)}"`
    const waysOut = (text: string) => text.split(door).length - 1
    for (const [status, closedAt] of [
      ['read_only', null],
      ['locked', null],
      ['locked', app.clock.now().toString()],
      ['suspended', null],
    ]) {
      await app.superuser('update platform.clinics set status = $1 where id = $2', [status, clinic.id])
      await app.superuser('update platform.subscriptions set closed_at = $1 where clinic_id = $2', [
        closedAt,
        clinic.id,
      ])
      const nadia = await clinic.as(clinic.cast.nadia)
      const form = await nadia.postForm(`/app/${clinic.slug}/settings/locations`, { name: 'Branch' })
      expect(form.status).toBe(status === 'read_only' ? 409 : 403)
      // In the line above every page, and on the page in place of what was wanted.
      expect({ status, ways: waysOut(form.text) }).toEqual({ status, ways: 2 })
      const bilal = await clinic.as(clinic.cast.bilal)
      const staff = await bilal.get(`/app/${clinic.slug}/today`)
      expect({ status, ways: waysOut(staff.text) }).toEqual({ status, ways: 0 })
      await bilal.postForm(page(clinic), {}).expect(403)
    }
  })
})

describe('the file', () => {
  it('is for who asked, is written down when taken, and never cached', async () => {
    const clinic = await furnishedClinic(app)
    await exportOf(clinic)
    const [{ id } = { id: '' }] = (await stateOf(clinic)) as { id: string }[]
    const download = `${page(clinic)}/${id}/download`
    const nadia = await clinic.as(clinic.cast.nadia)
    const { headers } = await nadia.postForm(download).expect(200)
    expect(headers).toMatchObject({
      'content-type': 'application/zip',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(headers['content-disposition']).toMatch(/^attachment; filename="nabz-shifa-\d+-\d{4}-\d\d-\d\d\.zip"$/)
    // Sana as a second owner: she sees that it is there and does not get it.
    await app.superuser(`update platform.memberships set role = 'owner' where user_id = $1`, [clinic.cast.sana.userId])
    const sana = await clinic.as(clinic.cast.sana)
    await sana.postForm(download).expect(404)
    expect((await sana.get(page(clinic)).expect(200)).text).toContain('Only the person who asked')
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.postForm(download).expect(403)
    await bilal.get(page(clinic)).expect(403)
    const omar = await clinic.as(clinic.cast.omar)
    await omar.postForm(download).expect(404)
    await omar.postForm(`/app/${clinic.other.slug}/settings/export/${id}/download`).expect(404)
    const taken = await app.superuser(
      `select 1 from clinic.audit_entries where clinic_id = $1 and action = 'export.downloaded'`,
      [clinic.id],
    )
    expect(taken).toHaveLength(2)
  })

  it('is there for 24 hours to the second, and then nowhere', async () => {
    const clinic = await furnishedClinic(app)
    await exportOf(clinic)
    const [{ id } = { id: '' }] = (await stateOf(clinic)) as { id: string }[]
    const nadia = await clinic.as(clinic.cast.nadia)
    const download = `${page(clinic)}/${id}/download`
    app.clock.advance({ hours: 23, minutes: 59, seconds: 59 })
    await app.runJob('export.make')
    await (await clinic.as(clinic.cast.nadia)).postForm(download).expect(200)
    expect(await filesLeft()).toContain(`${id}.sealed`)
    app.clock.advance({ seconds: 1 })
    await nadia.postForm(download).expect((answer) => expect([303, 404]).toContain(answer.status))
    await (await clinic.as(clinic.cast.nadia)).postForm(download).expect(404)
    await app.runJob('export.make')
    expect(await filesLeft()).not.toContain(`${id}.sealed`)
    expect(await stateOf(clinic)).toMatchObject([{ state: 'expired', key_sealed: null }])
  })

  it('is made by another process when the one that began was killed, and by no two at once', async () => {
    const clinic = await furnishedClinic(app)
    await ask(clinic)
    // As a process leaves it that was killed at its work.
    await app.superuser(
      `update clinic.exports set state = 'making', worker = gen_random_uuid(), attempts = 1, lease_until = $2 where clinic_id = $1`,
      [clinic.id, app.clock.now().add({ seconds: 120 }).toString()],
    )
    await app.runJob('export.make')
    expect(await stateOf(clinic)).toMatchObject([{ state: 'making', attempts: 1 }])
    app.clock.advance({ seconds: 121 })
    await Promise.all([app.runJob('export.make'), app.runJob('export.make')])
    expect(await stateOf(clinic)).toMatchObject([{ state: 'ready', attempts: 2 }])
    expect((await filesLeft()).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('says so when it had to begin again', async () => {
    const clinic = await furnishedClinic(app)
    await ask(clinic)
    await app.superuser(
      `update clinic.exports set state = 'making', worker = gen_random_uuid(), attempts = 2, rows_done = 3, rows_total = 9,
         lease_until = $2 where clinic_id = $1`,
      [clinic.id, app.clock.now().add({ seconds: 120 }).toString()],
    )
    const nadia = await clinic.as(clinic.cast.nadia)
    // The page itself, as a browser without scripts loads it again by its link.
    const { text } = await nadia.get(page(clinic)).expect(200)
    expect(text).toContain('It was interrupted and is being made again')
    expect(text).toContain('3 of 9 rows')
    expect(text).toMatch(/<progress [^>]*max="9" value="3">/)
    expect(text).toMatch(/data-no-script><a [^>]*href="\?">/)
    await app.superuser(`update clinic.exports set state = 'waiting' where clinic_id = $1`, [clinic.id])
  })

  it('is called off by a button, before it is begun and in the middle', async () => {
    const clinic = await furnishedClinic(app)
    const [first, second] = ['waiting', 'making']
    const idOf = async (at: number) => ((await stateOf(clinic))[at] as { id: string }).id
    const press = async (id: string) => (await clinic.as(clinic.cast.nadia)).postForm(`${page(clinic)}/${id}/cancel`)
    await ask(clinic, { password: 'Correct-horse-9', again: 'Correct-horse-9' })
    expect(await stateOf(clinic)).toMatchObject([{ state: first }])
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.postForm(`${page(clinic)}/${await idOf(0)}/cancel`).expect(403)
    expect((await press(await idOf(0))).status).toBe(303)
    await app.runJob('export.make')
    expect(await stateOf(clinic)).toMatchObject([{ state: 'cancelled', password_sealed: null, attempts: 0 }])
    // Gone already: nothing happens, and it says so.
    expect((await press(await idOf(0))).status).toBe(303)

    app.clock.advance({ minutes: 1 })
    await ask(clinic)
    const { made, release } = await heldAt('clinic.closures')
    await waitFor(async () => (await stateOf(clinic))[1]?.state === second)
    expect((await press(await idOf(1))).status).toBe(303)
    await release()
    await made
    expect((await stateOf(clinic))[1]).toMatchObject({ state: 'cancelled', key_sealed: null, attempts: 1 })
    expect((await filesLeft()).filter((name) => name.startsWith(String(second)) || name.endsWith('.part'))).toEqual([])
    const nadia = await clinic.as(clinic.cast.nadia)
    expect((await nadia.get(page(clinic)).expect(200)).text).toContain('Stopped')
    const told = await app.superuser(
      `select 1 from clinic.audit_entries where clinic_id = $1 and action = 'export.cancelled'`,
      [clinic.id],
    )
    expect(told).toHaveLength(2)
    expect((await ask(clinic)).status).toBe(303)
  })

  it('is made beside another’s that takes long', async () => {
    const [large, small] = [await furnishedClinic(app), await furnishedClinic(app)]
    await ask(large)
    app.clock.advance({ seconds: 1 })
    await ask(small)
    const { made, release } = await heldAt(`clinic.exports where clinic_id = '${large.id}' for update`)
    await waitFor(async () => (await stateOf(small))[0]?.state === 'ready')
    expect(await stateOf(large)).toMatchObject([{ state: 'waiting' }])
    await release()
    await made
    expect(await stateOf(large)).toMatchObject([{ state: 'ready' }])
  })

  it('is given up after five tries, and another can be asked for', async () => {
    const clinic = await furnishedClinic(app)
    await ask(clinic)
    await app.superuser(`update clinic.exports set attempts = 5 where clinic_id = $1`, [clinic.id])
    await app.runJob('export.make')
    expect(await stateOf(clinic)).toMatchObject([{ state: 'failed', password_sealed: null }])
    expect((await ask(clinic)).status).toBe(303)
    expect(await stateOf(clinic)).toHaveLength(2)
  })
})
