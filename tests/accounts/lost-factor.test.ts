// A second factor that was lost: reset a day after somebody vouched, unless somebody says no.
import { describe, expect, it } from 'vitest'
import { resetDelayHours } from '../../src/features/accounts/rules/factors.ts'
import { testNow, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn } from '../support/cast.ts'
import { wordsOf } from '../support/http.ts'
import { mailsTo, newestMail, tryToSignIn, withFactors } from './scene.ts'

let app: TestApp
const { able, half } = withFactors((started) => (app = started))

describe('a second factor that was lost', () => {
  const proof = 'Came in person with her identity card'
  async function lost() {
    const clinic = await makeClinic(app)
    const { nadia } = clinic.cast
    const sana = await able(clinic.cast.sana)
    const browser = await clinic.as(nadia)
    const path = `/app/${clinic.slug}/settings/staff/${sana.userId}/second-factor`
    return { clinic, nadia, sana, browser, path }
  }
  const due = () => {
    app.clock.advance({ hours: resetDelayHours })
    return app.runJob('accounts.factor_resets')
  }

  it('V6.4.4: is reset a day after an owner vouched in words; the person hears at once, and sets up a new one', async () => {
    const { clinic, sana, browser, path } = await lost()
    await browser.get(path).expect(200)
    await browser.postForm(path, { proof: 'I know' }).expect(422)
    await browser.postForm(path, { proof }).expect(303)
    const mail = await newestMail(app, sana.email)
    expect(mail.text).toContain('Nadia Khan says that you lost your phone')
    expect(wordsOf((await browser.postForm(path, { proof }).expect(422)).text)).toContain('under way already')
    app.clock.advance({ hours: resetDelayHours - 1, minutes: 59 })
    await app.runJob('accounts.factor_resets')
    await half(sana.email)
    app.clock.advance({ minutes: 1 })
    await app.runJob('accounts.factor_resets')
    expect((await newestMail(app, sana.email)).text).toContain('Your second step was reset')
    expect((await tryToSignIn(app, sana.email)).answer.headers.location).toBe(`/app/${clinic.slug}/today`)
    const entries = await app.superuser<{ action: string }>(
      `select action from platform.audit_entries where record_id = $1 and action like '%reset%' order by id`,
      [sana.userId],
    )
    expect(entries.map(({ action }) => action)).toEqual(['account.factor_reset_asked', 'account.factor_reset'])
    const [entry] = await app.superuser<{ all: string }>(
      `select string_agg(r::text, '|') as all from platform.factor_resets r`,
    )
    expect(entry!.all).not.toContain('identity card')
    app.clock.set(testNow)
  })

  it('V6.4.4: stays when the person says no, by the link or signed in', async () => {
    const { sana, clinic, browser, path } = await lost()
    await browser.postForm(path, { proof }).expect(303)
    const link = (await newestMail(app, sana.email)).path
    const anybody = app.agent()
    await anybody.getForm(link)
    expect(wordsOf((await anybody.postForm(link).expect(200)).text)).toContain('The reset is cancelled')
    await anybody.get(link).expect(404)
    await anybody.postForm(link).expect(404)
    await due()
    await half(sana.email)
    const again = await clinic.as(clinic.cast.nadia)
    await again.postForm(path, { proof }).expect(303)
    const herself = await clinic.as(sana)
    expect(wordsOf((await herself.get('/account/second-factor')).text)).toContain('Cancel the reset')
    await herself.postForm('/account/second-factor/reset/cancellation').expect(303)
    await due()
    await half(sana.email)
    app.clock.set(testNow)
  })

  it('V6.4.4: is taken back by the clinic that asked, or the platform, and by nobody else', async () => {
    const { clinic, sana, browser, path } = await lost()
    const takeBack = `${path}/cancellation`
    const member = path.replace('/second-factor', '')
    await browser.postForm(takeBack).expect(404)
    await browser.postForm(path, { proof }).expect(303)
    expect(wordsOf((await browser.get(member).expect(200)).text)).toContain('Nadia Khan asked for the reset')
    const theirs = takeBack.replace(clinic.slug, clinic.other.slug)
    await (await clinic.as(clinic.cast.omar)).postForm(theirs).expect(404)
    await (await clinic.as(clinic.cast.bilal)).postForm(takeBack).expect(403)
    await browser.postForm(takeBack).expect(303)
    expect(wordsOf((await browser.get(member)).text)).toContain('Taken back. Nothing will be reset.')
    await due()
    await half(sana.email)
    app.clock.set(testNow)
    // What the platform was asked for is not the owner's to take back.
    const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
    await admin.postForm('/admin/second-factors', { email: sana.email, proof }).expect(303)
    const owner = await clinic.as(clinic.cast.nadia)
    await owner.postForm(takeBack).expect(404)
    const { forms } = await admin.getForm('/admin/second-factors')
    const [row] = await app.superuser<{ id: string }>(
      'select id from platform.factor_resets where user_id = $1 and cancelled_at is null',
      [sana.userId],
    )
    const form = forms.find(({ action }) => action === `/admin/second-factors/${row!.id}/cancellation`)
    await admin.postForm(form!.action).expect(303)
    await admin.postForm(form!.action).expect(404)
    await due()
    await half(sana.email)
    app.clock.set(testNow)
  })

  it('V6.4.4: can be taken back while the clinic is read-only, by the person and by who asked', async () => {
    const { clinic, sana, browser, path } = await lost()
    const ask = async () => {
      await app.superuser(`update platform.clinics set status = 'active' where id = $1`, [clinic.id])
      await browser.postForm(path, { proof }).expect(303)
      await app.superuser(`update platform.clinics set status = 'read_only' where id = $1`, [clinic.id])
    }
    const standing = async () =>
      (
        await app.superuser<{ count: number }>(
          `select count(*)::int as count from platform.factor_resets where user_id = $1 and cancelled_at is null`,
          [sana.userId],
        )
      )[0]!.count
    await ask()
    await browser.postForm(path, { proof }).expect(409)
    await browser.postForm(`${path}/cancellation`).expect(303)
    expect(await standing()).toBe(0)
    await ask()
    await (await clinic.as(sana)).postForm('/account/second-factor/reset/cancellation').expect(303)
    expect(await standing()).toBe(0)
    await ask()
    await app
      .agent()
      .postForm((await newestMail(app, sana.email)).path)
      .expect(200)
    expect(await standing()).toBe(0)
  })

  it('V6.4.4: is nobody’s own to reset, nor an owner’s whose colleague works elsewhere, nor the desk’s', async () => {
    const { clinic, nadia, sana, browser, path } = await lost()
    const own = path.replace(sana.userId, nadia.userId)
    expect(wordsOf((await browser.postForm(own, { proof }).expect(422)).text)).toContain('Somebody else has to vouch')
    await app.superuser(
      `insert into platform.memberships (clinic_id, user_id, role, created_at) values ($1, $2, 'doctor', now())`,
      [clinic.other.id, sana.userId],
    )
    expect(wordsOf((await browser.postForm(path, { proof }).expect(422)).text)).toContain('work elsewhere too')
    await (await clinic.as(clinic.cast.bilal)).postForm(path, { proof }).expect(403)
    const theirs = path.replace(sana.userId, clinic.cast.omar.userId)
    await browser.postForm(theirs, { proof }).expect(404)
    expect(await app.superuser('select 1 from platform.factor_resets where user_id = $1', [sana.userId])).toEqual([])
  })

  it('V6.4.4: is reset by the platform too, for whoever has an account', async () => {
    const nadia = await able((await makeClinic(app)).cast.nadia)
    const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
    const path = '/admin/second-factors'
    await admin.postForm(path, { email: 'nobody@example.org', proof }).expect(422)
    await admin.postForm(path, { email: nadia.email, proof }).expect(303)
    expect(wordsOf((await admin.get(path)).text)).toContain(nadia.email)
    expect(await mailsTo(app, nadia.email)).toEqual(['Did you lose your second step?'])
    await due()
    expect((await tryToSignIn(app, nadia.email)).answer.headers.location).not.toContain('second-step')
    app.clock.set(testNow)
  })
})
