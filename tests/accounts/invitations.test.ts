// Inviting somebody to work here, and coming in by the invitation.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { invitationDays } from '../../src/features/accounts/rules.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { goodPassword, isSignedIn, mailsTo, newestMail, openAClinic, tryToSignIn } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let nadia: Agent
let made = 0
let guest: string
beforeAll(async () => {
  app = await startTestApp({ passwordCost: 4 })
})
beforeEach(async () => {
  clinic = await makeClinic(app)
  nadia = await clinic.as(clinic.cast.nadia)
  guest = `guest-${++made}@example.org`
})
afterAll(() => app.stop())

const staff = (path = '') => `/app/${clinic.slug}/settings/staff${path}`
async function invite(fields: Record<string, string> = {}) {
  await nadia.getForm(staff())
  return nadia.postForm(staff('/invitations'), { email: guest, role: 'receptionist', ...fields })
}
async function invited(fields: Record<string, string> = {}): Promise<string> {
  expect((await invite(fields)).status).toBe(303)
  return (await newestMail(app, guest)).path
}
async function accept(path: string, fields: Record<string, string> = {}, browser = app.agent()) {
  await browser.getForm(path)
  return { browser, answer: await browser.postForm(path, { name: 'Maryam Iqbal', password: goodPassword, ...fields }) }
}
const roleOf = async (email: string, id = clinic.id) => {
  const [member] = await app.superuser<{ role: string }>(
    `select m.role from platform.memberships m join platform.users u on u.id = m.user_id
     where m.clinic_id = $1 and u.email = $2`,
    [id, email],
  )
  return member?.role
}

describe('an invitation', () => {
  it('brings somebody new in with the role it names', async () => {
    const answer = await invite()
    expect(answer.status).toBe(303)
    expect(wordsOf((await nadia.get(staff())).text)).toContain(guest)
    const mail = await newestMail(app, guest)
    expect(mail.subject).toBe('Join Shifa Clinic on Nabz')
    expect(mail.text).toContain('Nadia Khan invites you')
    expect(mail.text).toContain('Your role: Receptionist')
    const page = await app.agent().get(mail.path).expect(200)
    expect(wordsOf(page.text)).toContain(guest)
    const { browser, answer: joined } = await accept(mail.path)
    expect(joined.headers.location).toBe(`/app/${clinic.slug}/today`)
    await browser.get(`/app/${clinic.slug}/today`).expect(200)
    await browser.get(staff()).expect(403)
    expect(await roleOf(guest)).toBe('receptionist')
    expect((await tryToSignIn(app, guest)).isIn).toBe(true)
    expect(wordsOf((await nadia.get(staff())).text)).toContain('Maryam Iqbal')
  })

  it('makes a doctor the one whose diary they are to work in', async () => {
    const id = await clinic.inClinic(async (ctx) => {
      const { addPractitioner } = await import('../../src/features/clinics/actions/people.ts')
      const added = await addPractitioner(ctx, { name: 'Dr Hamid Raza', title: undefined, services: [] })
      if (!added.ok) throw new Error('the plan has no room')
      return added.value
    })
    await accept(await invited({ role: 'doctor', practitionerId: id }))
    const [doctor] = await app.superuser(
      `select u.email from clinic.practitioners p join platform.users u on u.id = p.user_id where p.id = $1`,
      [id],
    )
    expect(doctor).toEqual({ email: guest })
    expect(await roleOf(guest)).toBe('doctor')
  })

  it('makes nobody the doctor that somebody else is, nor one of another clinic', async () => {
    const other = await makeClinic(app)
    for (const practitionerId of [clinic.cast.sana.practitionerId, other.cast.sana.practitionerId]) {
      guest = `guest-${++made}@example.org`
      const { answer } = await accept(await invited({ role: 'doctor', practitionerId }))
      expect(answer.status).toBe(303)
    }
    const linked = await app.superuser(
      `select u.email from clinic.practitioners p join platform.users u on u.id = p.user_id where p.id = any($1)`,
      [[clinic.cast.sana.practitionerId, other.cast.sana.practitionerId]],
    )
    expect(linked.map(({ email }) => email).sort()).toEqual([clinic.cast.sana.email, other.cast.sana.email].sort())
  })

  it('is accepted by the account of its e-mail, once it is signed in', async () => {
    const huda = await openAClinic(app, { email: guest })
    const path = await invited()
    const stranger = app.agent()
    const page = await stranger.get(path).expect(200)
    expect(wordsOf(page.text)).toContain('has an account already')
    // The link alone does not do: whoever reads the mail still needs the password.
    await stranger.getForm('/sign-in')
    await stranger.postForm(path, { name: 'Impostor', password: 'another long password' })
    expect(await roleOf(guest)).toBeUndefined()
    await huda.browser.getForm(path)
    const answer = await huda.browser.postForm(path).expect(303)
    expect(answer.headers.location).toBe(`/app/${clinic.slug}/today`)
    expect(await roleOf(guest)).toBe('receptionist')
    expect((await huda.browser.get('/app')).headers.location).toBe('/account/clinics')
  })

  it('is not accepted by another account, whoever has the link', async () => {
    const other = await openAClinic(app)
    const path = await invited()
    const page = await other.browser.get(path).expect(200)
    expect(wordsOf(page.text)).toContain('signed in with another e-mail')
    await other.browser.getForm(path)
    await other.browser.postForm(path, { name: 'Other', password: goodPassword }).expect(200)
    expect(await roleOf(other.email)).toBeUndefined()
    expect(await roleOf(guest)).toBeUndefined()
    expect((await accept(path)).answer.status).toBe(303)
  })

  it('is not accepted with a cookie from before the password was changed', async () => {
    const huda = await openAClinic(app, { email: guest })
    const path = await invited()
    await app.superuser('update platform.users set password_version = password_version + 1 where email = $1', [guest])
    await huda.browser.getForm(path)
    await huda.browser.postForm(path)
    expect(await roleOf(guest)).toBeUndefined()
  })

  it('works once', async () => {
    const path = await invited()
    await accept(path)
    const again = await accept(path)
    expect(again.answer.status).toBe(404)
    expect(await isSignedIn(again.browser)).toBe(false)
  })

  it('V2.3.4: works once also for twenty at the same time', async () => {
    const path = await invited()
    const tries = await Promise.all(Array.from({ length: 20 }, (_, i) => accept(path, { name: `Guest ${i}` })))
    expect(tries.filter(({ answer }) => answer.status === 303)).toHaveLength(1)
    expect(tries.some(({ answer }) => answer.status >= 500)).toBe(false)
    expect(await app.superuser('select 1 from platform.users where email = $1', [guest])).toHaveLength(1)
  })

  it(`is over after ${invitationDays} days, to the second, and can be sent again`, async () => {
    const path = await invited()
    app.clock.advance({ seconds: invitationDays * 86_400 - 1 })
    await app.agent().get(path).expect(200)
    app.clock.advance({ seconds: 1 })
    await app.agent().get(path).expect(404)
    expect((await accept(path)).answer.status).toBe(404)
    nadia = await clinic.as(clinic.cast.nadia)
    expect(wordsOf((await nadia.get(staff())).text)).toContain('has expired')
    const page = await nadia.getForm(staff())
    const again = page.forms.find(({ action }) => action.endsWith('/again'))!
    await nadia.postForm(again.action).expect(303)
    const { path: fresh } = await newestMail(app, guest)
    expect(fresh).not.toBe(path)
    expect((await accept(fresh)).answer.status).toBe(303)
    app.clock.set(testNow)
  })

  it('is dead once it was withdrawn', async () => {
    const path = await invited()
    const page = await nadia.getForm(staff())
    await nadia.postForm(page.forms.find(({ action }) => action.endsWith('/withdrawal'))!.action).expect(303)
    expect((await accept(path)).answer.status).toBe(404)
    expect(wordsOf((await nadia.get(staff())).text)).not.toContain(guest)
    expect(await roleOf(guest)).toBeUndefined()
  })

  it('is void once a newer one was sent', async () => {
    const first = await invited()
    const second = await invited({ role: 'doctor' })
    expect((await accept(first)).answer.status).toBe(404)
    expect((await accept(second)).answer.status).toBe(303)
    expect(await roleOf(guest)).toBe('doctor')
  })

  it('is kept as a hash only, and its link is made of the configured address', async () => {
    await nadia.getForm(staff())
    await nadia
      .postForm(staff('/invitations'), { email: guest, role: 'doctor' })
      .set({ 'X-Forwarded-Host': 'evil.test' })
    const { link, path } = await newestMail(app, guest)
    expect(link).toMatch(/^https:\/\/nabz\.test\/invitations\//)
    const token = /invitations\/([^?]+)/.exec(path)![1]!
    const [row] = await app.superuser<{ all: string }>(
      `select string_agg(i::text, '') as all from platform.invitations i`,
    )
    expect(row!.all).not.toContain(token)
  })

  it('asks a newcomer for a name and a good password, and is not spent by a bad one', async () => {
    const path = await invited()
    for (const [fields, words] of [
      [{ name: '' }, 'Enter your name'],
      [{ password: 'short' }, 'Use at least 12 characters'],
      [{ password: 'shifa clinic 1' }, 'Leave names'],
    ] as const) {
      const { answer } = await accept(path, fields)
      expect(answer.status).toBe(422)
      expect(wordsOf(answer.text)).toContain(words)
    }
    expect((await accept(path)).answer.status).toBe(303)
  })
})

describe('inviting', () => {
  it('is refused for who works here already', async () => {
    const answer = await invite({ email: clinic.cast.bilal.email.toUpperCase() })
    expect(answer.status).toBe(422)
    expect(wordsOf(answer.text)).toContain('works here already')
    expect(await mailsTo(app, clinic.cast.bilal.email)).toEqual([])
  })

  it.each([
    [{ email: 'no address' }, 'Enter an e-mail address like'],
    [{ email: 'a@example.org,b@example.org' }, 'Enter an e-mail address like'],
    [{ role: 'emperor' }, 'Choose a role'],
    [{ role: 'platform_admin' }, 'Choose a role'],
  ])('is refused with the words of why: %j', async (fields, words) => {
    const answer = await invite(fields)
    expect(answer.status).toBe(422)
    expect(wordsOf(answer.text)).toContain(words)
  })

  it('is for owners; a colleague may not, a stranger finds nothing', async () => {
    for (const [person, status] of [
      [clinic.cast.sana, 403],
      [clinic.cast.bilal, 403],
      [clinic.cast.omar, 404],
    ] as const) {
      const browser = await clinic.as(person)
      await browser.get(staff()).expect(status)
      await browser.postForm(staff('/invitations'), { email: guest, role: 'owner' }).expect(status)
    }
    expect(await app.superuser('select 1 from platform.invitations where email = $1', [guest])).toEqual([])
  })

  it('of one clinic is not withdrawn or sent again by another', async () => {
    await invited()
    const [{ id }] = (await app.superuser<{ id: string }>('select id from platform.invitations where email = $1', [
      guest,
    ])) as [{ id: string }]
    const omar = await clinic.as(clinic.cast.omar)
    for (const verb of ['again', 'withdrawal']) {
      await omar.postForm(`/app/${clinic.other.slug}/settings/staff/invitations/${id}/${verb}`).expect(404)
    }
    expect(await mailsTo(app, guest)).toHaveLength(1)
  })
})
