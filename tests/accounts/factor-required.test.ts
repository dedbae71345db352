// Who must have a second factor, from when on, and what opens for them before they do.
import { describe, expect, it } from 'vitest'
import { factorGraceDays } from '../../src/kernel/permissions.ts'
import { testNow, type TestApp } from '../support/app.ts'
import { enrol, makeClinic, makePlatformAdmin, signedIn, unenrol } from '../support/cast.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { withFactors } from './scene.ts'

let app: TestApp
const { owner, setUp } = withFactors((started) => (app = started))

describe('who must have one', () => {
  const hub = '/account/second-factor'
  const openTo = async (browser: Agent, path: string) => {
    const { status, headers } = await browser.get(path)
    return status === 303 && headers.location === hub ? 'enrolment' : status
  }
  async function without(role: 'nadia' | 'sana' | 'bilal') {
    const clinic = await makeClinic(app)
    const person = clinic.cast[role]
    await unenrol(app, person.userId)
    return { clinic, person, today: `/app/${clinic.slug}/today` }
  }

  it('V6.3.3: platform admins, from their first sign-in on: nothing else opens before', async () => {
    const { userId } = await makePlatformAdmin(app)
    await unenrol(app, userId)
    const admin = await signedIn(app, userId)
    for (const path of ['/admin', '/admin/clinics', '/account', '/account/clinics', '/app']) {
      expect({ path, opens: await openTo(admin, path) }).toEqual({ path, opens: 'enrolment' })
    }
    expect(wordsOf((await admin.get(hub).expect(200)).text)).toContain('Whoever runs the service')
    expect((await admin.postForm('/account/profile', { name: 'Eve' })).headers.location).toBe(hub)
    await enrol(app, userId)
    expect(await openTo(admin, '/admin')).toBe(200)
  })

  it.each(['nadia', 'sana'] as const)(
    'V6.3.3: %s, seven days after the role: a banner counts them down',
    async (who) => {
      const { clinic, person, today } = await without(who)
      expect(wordsOf((await (await clinic.as(person)).get(today)).text)).toContain(
        `needed for your role in ${factorGraceDays} days`,
      )
      app.clock.advance({ hours: 24 * (factorGraceDays - 1) })
      expect(wordsOf((await (await clinic.as(person)).get(today)).text)).toContain(
        'needed for your role from tomorrow on',
      )
      app.clock.advance({ hours: 23, minutes: 59, seconds: 59 })
      const browser = await clinic.as(person)
      expect(await openTo(browser, today)).toBe(200)
      app.clock.advance({ seconds: 1 })
      expect(await openTo(browser, today)).toBe('enrolment')
      const { codes } = await setUp(browser, person.email)
      expect(codes).toHaveLength(10)
      const page = await browser.get(today).expect(200)
      expect(wordsOf(page.text)).not.toContain('Two-step sign-in is needed')
      app.clock.set(testNow)
    },
  )

  it('not the desk; but whoever becomes a doctor, seven days from then', async () => {
    const { clinic, person, today } = await without('bilal')
    app.clock.advance({ hours: 24 * 30 })
    expect(await openTo(await clinic.as(person), today)).toBe(200)
    const nadia = await clinic.as(clinic.cast.nadia)
    await nadia.postForm(`/app/${clinic.slug}/settings/staff/${person.userId}`, { role: 'doctor' }).expect(303)
    app.clock.advance({ hours: 24 * factorGraceDays - 1 })
    expect(await openTo(await clinic.as(person), today)).toBe(200)
    app.clock.advance({ hours: 1 })
    expect(await openTo(await clinic.as(person), today)).toBe('enrolment')
    app.clock.set(testNow)
  })

  it('V6.3.3: nobody where an owner relaxes it, which is written down and said on the page; new days when it is asked again', async () => {
    const { clinic, person, today } = await without('sana')
    app.clock.advance({ hours: 24 * factorGraceDays })
    const nadia = await clinic.as(clinic.cast.nadia)
    const settings = `/app/${clinic.slug}/settings`
    expect(await openTo(await clinic.as(person), today)).toBe('enrolment')
    await nadia.postForm(`${settings}/second-factor`, { required: 'no' }).expect(303)
    expect(wordsOf((await nadia.get(`${settings}/staff`)).text)).toContain('Relaxed by Nadia Khan')
    expect(await openTo(await clinic.as(person), today)).toBe(200)
    await nadia.postForm(`${settings}/second-factor`, { required: 'yes' }).expect(303)
    expect(wordsOf((await nadia.get(`${settings}/staff`)).text)).toContain('Asked for by Nadia Khan')
    expect(await openTo(await clinic.as(person), today)).toBe(200)
    const entries = await app.superuser<{ action: string }>(
      `select action from clinic.audit_entries where clinic_id = $1 and action like 'clinic.factor%' order by id`,
      [clinic.id],
    )
    expect(entries.map(({ action }) => action)).toEqual(['clinic.factor_relaxed', 'clinic.factor_required'])
    await (await clinic.as(person)).postForm(`${settings}/second-factor`, { required: 'no' }).expect(403)
    app.clock.set(testNow)
  })

  it('and then it can’t be taken away, only replaced', async () => {
    const { clinic, userId } = await owner()
    const browser = await clinic.as({ userId })
    const answer = await browser.postForm('/account/second-factor/app/removal').expect(303)
    expect(wordsOf((await browser.get(answer.headers.location!)).text)).toContain('Your role needs a second step')
    expect(await app.superuser('select 1 from platform.totp_seeds where user_id = $1', [userId])).toHaveLength(1)
  })
})
