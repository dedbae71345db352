// From the first start to a third version: what is in force when, what is frozen, who is told and who has accepted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishFirstPolicies } from '../../src/features/policies/actions/first.ts'
import { sendNotices } from '../../src/features/policies/actions/notices.ts'
import type { UserId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startServices } from '../../src/start.ts'
import { signUpFields } from '../accounts/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let here: TestClinic
let admin: Agent
let adminId: UserId
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
  here = await makeClinic(app)
  adminId = (await makePlatformAdmin(app)).userId
  admin = await signedIn(app, adminId)
})
afterAll(() => app.stop())

const page = async (path: string) => wordsOf((await app.agent().get(path).expect(200)).text)
const home = () => `/app/${here.slug}/settings/privacy/policies`
const desk = async (path: string, who = here.cast.nadia) => {
  const browser = await here.as(who)
  return { browser, words: wordsOf((await browser.get(path).expect(200)).text) }
}

/** What the installation says of itself: another host is another text of the list of processors. */
const moveTo = (provider: string) =>
  Object.assign(app.services, { config: { ...app.services.config, hosting: { provider, region: undefined } } })

const summaries = (text: string) => ({ summary_en: text, summary_ar: `تغيير: ${text}`, summary_ur: `تبدیلی: ${text}` })

async function draft(policy = 'processors'): Promise<string> {
  const answer = await admin.postForm('/admin/policies/drafts', { policy }).expect(303)
  return answer.headers.location as string
}

const stored = (address: string) =>
  app.superuser('select * from platform.policy_versions where id = $1', [address.split('/').at(-1)])

describe('a fresh installation', () => {
  it('has each policy at once, as its first version, made once however many processes start', async () => {
    await Promise.all([publishFirstPolicies(app.services), publishFirstPolicies(app.services)])
    const found = await app.superuser(
      'select code, version, noticed_at, published_at is not null as published from platform.policy_versions order by code',
    )
    expect(found).toEqual(
      ['cookies', 'privacy', 'processors', 'security', 'terms'].map((code) => ({
        code,
        version: 1,
        noticed_at: null,
        published: true,
      })),
    )
    const words = wordsOf((await admin.get('/admin/policies').expect(200)).text)
    expect(words).not.toContain('no longer matches')
  })

  it('asks nobody to accept the first version', async () => {
    expect((await desk(`/app/${here.slug}/today`)).words).not.toContain('Please read and accept')
  })

  it('has nothing to draft while the text is that of the last version', async () => {
    expect(await draft()).toBe('/admin/policies')
    expect(wordsOf((await admin.get('/admin/policies')).text)).toContain('there is nothing to publish')
  })
})

describe('opening a clinic', () => {
  it('is agreeing to what its form showed', async () => {
    const visitor = app.agent()
    const form = await visitor.getForm('/sign-up')
    expect(form.hidden.policies).toBe('terms:1 privacy:1 processors:1')
    for (const code of ['terms', 'privacy', 'processors'])
      expect(form.html).toContain(`href="/${code}/versions/1?lang=en"`)
    await visitor
      .postForm('/sign-up', { ...signUpFields('new@agreed.test'), policies: form.hidden.policies! })
      .expect(303)
    const agreed = await app.superuser(
      `select a.code, a.version, a.language, a.sha256 = v.sha256 as same, a.clinic_id is not null as clinic
       from platform.policy_acceptances a join platform.users u on u.id = a.user_id
       join platform.policy_versions v on v.code = a.code and v.version = a.version
       where u.email = 'new@agreed.test' order by a.code`,
    )
    expect(agreed).toEqual(
      ['privacy', 'processors', 'terms'].map((code) => ({
        code,
        version: 1,
        language: 'en',
        same: true,
        clinic: true,
      })),
    )
    const [entry] = await app.superuser<{ address: string }>(
      `select e.* from platform.audit_entries e join platform.users u on u.id = e.actor_id
       where u.email = 'new@agreed.test' and action = 'policy.accepted' limit 1`,
    )
    expect(entry).toMatchObject({ address: '192.0.2.1', record_kind: 'policy_version' })
  })
})

describe('a change that matters', () => {
  let address: string
  beforeAll(async () => {
    moveTo('Rack and Sons')
    expect(wordsOf((await admin.get('/admin/policies')).text)).toContain('The text no longer matches version 1')
    address = await draft()
  })

  it('is shown before it is published, in each language', async () => {
    const shown = (await admin.get(address).expect(200)).text
    expect(shown).toMatch(/<ins>[^<]*Rack/)
    for (const lang of ['en', 'ar', 'ur']) expect(shown).toContain(`id="t-${lang}"`)
    expect(await page('/processors')).not.toContain('Rack and Sons')
  })

  it('needs words in each language and a date', async () => {
    const answer = await admin
      .postForm(address, { material: 'yes', summary_en: 'Another host', effective: 'soon', publish: 'yes' })
      .expect(422)
    expect(wordsOf(answer.text)).toContain('Enter a date and time')
    const missing = await admin
      .postForm(address, { material: 'yes', summary_en: 'Another host', effective: '2027-01-01T00:00', publish: 'yes' })
      .expect(422)
    expect(wordsOf(missing.text)).toContain('Say what changes, in this language')
    expect(missing.text).toContain('value="2027-01-01T00:00"')
  })

  it('does not take effect 13 days, 23 hours, 59 minutes and 59 seconds after the notice, nor by an empty date', async () => {
    // It is seven o'clock: two weeks from now is the first moment.
    for (const effective of ['2026-12-08T06:59:59', '2026-12-08T06:59', '', '2026-11-24T07:00']) {
      const answer = await admin
        .postForm(address, { material: 'yes', ...summaries('Another host'), effective, publish: 'yes' })
        .expect(422)
      expect(wordsOf(answer.text)).toContain('at least 14 days before')
    }
    expect(await stored(address)).toMatchObject([{ published_at: null }])
  })

  it('is published 14 days ahead, and never changes again', async () => {
    const plan = { material: 'yes', ...summaries('Another host'), effective: '2026-12-08T07:00', publish: 'yes' }
    await admin.postForm(address, plan).expect(303)
    const [before] = await stored(address)
    expect(before).toMatchObject({ version: 2, material: true })
    await admin.postForm(address, plan).expect(409)
    await admin.postForm(`${address}/drop`).expect(303)
    expect(await stored(address)).toEqual([before])
    const id = address.split('/').at(-1)
    for (const change of [
      `texts = jsonb_set(texts, '{en}', '"x"')`,
      `effective_at = effective_at + interval '1 day'`,
      'material = false',
      'published_at = null',
    ]) {
      await expect(app.superuser(`update platform.policy_versions set ${change} where id = $1`, [id])).rejects.toThrow(
        'a published policy does not change',
      )
    }
    await expect(app.superuser('delete from platform.policy_versions where id = $1', [id])).rejects.toThrow()
  })

  it('is announced on its page, which stays as it was, and can be read ahead', async () => {
    const now = await page('/processors?lang=en')
    expect(now).toContain('Version 1, in force from')
    expect(now).toContain('From Tue, 8 Dec 2026, 7:00 UTC, a new version takes effect.')
    expect(now).toContain('Another host')
    expect(now).not.toContain('Rack and Sons')
    const next = await page('/processors/versions/2?lang=en')
    expect(next).toContain('This version is not in force yet')
    expect(next).toContain('Rack and Sons')
    expect(await page('/processors?lang=ar')).toContain('تغيير: Another host')
  })

  it('reaches every owner by mail once, whichever of two processes sends', async () => {
    const second = await startServices(app.services.config, { clock: app.clock, log: app.services.log })
    try {
      await Promise.all([sendNotices(app.services), sendNotices(second.services)])
      await app.runJob('policies.notices')
    } finally {
      await second.stop()
    }
    await app.runJob('messaging.mails')
    const owners = await app.superuser<{ email: string }>(
      `select distinct u.email from platform.users u join platform.memberships m on m.user_id = u.id where role = 'owner'`,
    )
    expect(owners.length).toBeGreaterThan(2)
    for (const { email } of owners) {
      const mails = app.mail.mailsTo(email).filter(({ subject }) => subject === 'Who works for us: a new version')
      expect(mails).toHaveLength(1)
      expect(mails[0]!.text).toContain('8 Dec 2026 at 7:00 UTC')
      expect(mails[0]!.text).toContain('Another host')
      expect(mails[0]!.text).toContain('https://nabz.test/processors/versions/2?lang=en')
    }
    expect(app.mail.mailsTo(here.cast.bilal.email)).toEqual([])
    expect(await stored(address)).toMatchObject([{ mails: owners.length }])
  })

  it('stands over the pages of owners, and of nobody else', async () => {
    expect((await desk(`/app/${here.slug}/today`)).words).toContain('Our documents change')
    expect((await desk(`/app/${here.slug}/today`, here.cast.bilal)).words).not.toContain('Our documents change')
    const { words, browser } = await desk(home())
    expect(words).toContain('Takes effect on Tue, 8 Dec 2026')
    const compared = await browser.get(`${home()}/compare?policy=processors&from=1&to=2`).expect(200)
    expect(compared.text).toMatch(/<ins>[^<]*Rack/)
    await browser.get(`${home()}/compare?policy=processors&from=1&to=7`).expect(404)
    await browser.get(`${home()}/compare?policy=nothing`).expect(303)
  })

  it('is in force exactly at its instant, also on a page that was kept', async () => {
    app.clock.set('2026-12-08T06:59:59.999Z')
    expect(await page('/processors?lang=en')).not.toContain('Rack and Sons')
    app.clock.set('2026-12-08T07:00:00Z')
    expect(await page('/processors?lang=en')).toContain('Rack and Sons')
    const old = await page('/processors/versions/1?lang=en')
    expect(old).toContain('This is an earlier version')
    expect(old).not.toContain('Rack and Sons')
    expect(await page('/processors?lang=en')).toContain('Version 1, Sat, 21 Nov 2026')
  })

  it('is asked about until the owner accepts, and recorded with who, when, language and text', async () => {
    const { words, browser } = await desk(`/app/${here.slug}/today`)
    expect(words).toContain('Please read and accept')
    const form = await browser.getForm(home())
    expect(form.html).toContain('value="processors:2"')
    await browser.postForm(`${home()}/acceptance`, { versions: 'processors:2' }).expect(303)
    await browser.postForm(`${home()}/acceptance`, { versions: 'processors:2' }).expect(303)
    expect((await desk(`/app/${here.slug}/today`)).words).not.toContain('Please read and accept')
    const [row] = await stored(address)
    const accepted = await app.superuser(
      'select code, version, clinic_id, language, sha256, at from platform.policy_acceptances where user_id = $1',
      [here.cast.nadia.userId],
    )
    expect(accepted).toEqual([
      {
        code: 'processors',
        version: 2,
        clinic_id: here.id,
        language: 'en',
        sha256: row!.sha256,
        at: Temporal.Instant.from('2026-12-08T07:00:00Z'),
      },
    ])
    const entries = await app.superuser(
      `select address, details from platform.audit_entries where actor_id = $1 and action = 'policy.accepted'`,
      [here.cast.nadia.userId],
    )
    expect(entries).toMatchObject([{ address: '192.0.2.1', details: { code: 'processors', version: 2 } }])
    expect((await desk(home())).words).toContain(`accepted by ${here.cast.nadia.name}`)
    // Nothing else can be agreed to: not what is past, nor what is not there.
    await browser.postForm(`${home()}/acceptance`, { versions: 'processors:1 processors:9 security:1' }).expect(303)
    const count = await app.superuser('select 1 from platform.policy_acceptances where user_id = $1', [
      here.cast.nadia.userId,
    ])
    expect(count).toHaveLength(1)
  })
})

describe('a change that does not matter', () => {
  // Two weeks later nobody is signed in any more.
  beforeAll(async () => {
    admin = await signedIn(app, adminId)
  })

  it('is published at once, tells nobody and asks nobody', async () => {
    moveTo('Rack and Sons Ltd')
    const address = await draft()
    expect(await draft()).toBe(address)
    const mails = app.mail.mails.length
    await admin.postForm(address, { material: 'no', ...summaries('Their full name'), publish: 'yes' }).expect(303)
    expect(await page('/processors?lang=en')).toContain('Rack and Sons Ltd')
    await app.runJob('policies.notices')
    await app.runJob('messaging.mails')
    expect(app.mail.mails.length).toBe(mails)
    expect((await desk(`/app/${here.slug}/today`)).words).not.toContain('Please read and accept')
  })

  it('is not published when the service says something else by then', async () => {
    moveTo('Third')
    const address = await draft()
    moveTo('Fourth')
    const plan = { material: 'no', ...summaries('Moved'), publish: 'yes' }
    const refused = await admin.postForm(address, plan).expect(409)
    expect(wordsOf(refused.text)).toContain('take the present text first')
    expect(await draft()).toBe(address)
    await admin.postForm(address, plan).expect(303)
    expect(await page('/processors?lang=en')).toContain('Fourth')
  })

  it('can be thought over: a draft is dropped, and nobody saw it', async () => {
    moveTo('Fifth')
    const address = await draft()
    await admin.postForm(address, { material: 'yes', summary_en: 'Half done' }).expect(303)
    expect((await admin.get(address)).text).toContain('Half done')
    await app.agent().get('/processors/versions/5').expect(404)
    await admin.postForm(`${address}/drop`).expect(303)
    await admin.get(address).expect(404)
  })
})

it('an address of old still leads to its page', async () => {
  expect((await app.agent().get('/subprocessors').expect(301)).headers.location).toBe('/processors')
  await app.agent().get('/privacy/versions/2026-11-21').expect(200)
  await app.agent().get('/privacy/versions/2020-01-01').expect(404)
})
