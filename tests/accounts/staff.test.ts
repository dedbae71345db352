// Who works here, in which role, and until when.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makePractitioner } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let nadia: Agent
beforeAll(async () => {
  app = await startTestApp()
})
beforeEach(async () => {
  clinic = await makeClinic(app)
  nadia = await clinic.as(clinic.cast.nadia)
})
afterAll(() => app.stop())

const staff = (path = '') => `/app/${clinic.slug}/settings/staff${path}`
const roles = async (): Promise<Record<string, string>> => {
  const members = await app.superuser<{ user_id: string; role: string }>(
    'select user_id, role from platform.memberships where clinic_id = $1',
    [clinic.id],
  )
  return Object.fromEntries(members.map((member) => [member.user_id, member.role]))
}
const doctorOf = async (userId: string) =>
  (
    await app.superuser<{ name: string }>(
      'select name from clinic.practitioners where clinic_id = $1 and user_id = $2',
      [clinic.id, userId],
    )
  )[0]?.name
const change = async (userId: string, fields: Record<string, string>, browser = nadia) => {
  await browser.getForm(staff())
  return browser.postForm(staff(`/${userId}`), fields)
}
const remove = async (userId: string, browser = nadia) => {
  await browser.getForm(staff())
  return browser.postForm(staff(`/${userId}/removal`))
}

describe('the list of staff', () => {
  it('names everybody with their role, and nobody of another clinic', async () => {
    const words = wordsOf((await nadia.get(staff()).expect(200)).text)
    const { nadia: owner, bilal, sana, omar } = clinic.cast
    for (const { name, email } of [owner, bilal, sana]) {
      expect(words).toContain(name)
      expect(words).toContain(email)
    }
    expect(words).not.toContain(omar.name)
    expect(words).toContain('(you)')
  })

  it('is for owners: a colleague may not look, a stranger finds nothing', async () => {
    for (const path of [
      staff(),
      staff(`/${clinic.cast.bilal.userId}`),
      staff(`/${clinic.cast.bilal.userId}/removal`),
    ]) {
      await nadia.get(path).expect(200)
      await (await clinic.as(clinic.cast.sana)).get(path).expect(403)
      await (await clinic.as(clinic.cast.bilal)).get(path).expect(403)
      await (await clinic.as(clinic.cast.omar)).get(path).expect(404)
    }
  })

  it('shows no member of another clinic under this address', async () => {
    await nadia.get(staff(`/${clinic.cast.omar.userId}`)).expect(404)
    await nadia.get(staff('/not-an-id')).expect(404)
  })
})

describe('a role', () => {
  it('V8.3.2: holds from the next request on, in a session that is already open', async () => {
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.get(staff()).expect(403)
    expect((await change(clinic.cast.bilal.userId, { role: 'owner' })).status).toBe(303)
    await bilal.get(staff()).expect(200)
    expect((await change(clinic.cast.bilal.userId, { role: 'receptionist' })).status).toBe(303)
    await bilal.get(staff()).expect(403)
    const log = await clinic.inClinic((ctx) =>
      ctx.db.withSchema('clinic').table('audit_entries').where({ action: 'staff.role_changed' }).select('details'),
    )
    expect(log).toHaveLength(2)
  })

  it.each([[{ role: 'emperor' }], [{ role: 'platform_admin' }], [{}]])(
    'is one of those there are: %j',
    async (fields) => {
      expect((await change(clinic.cast.bilal.userId, fields)).status).toBe(422)
      expect((await roles())[clinic.cast.bilal.userId]).toBe('receptionist')
    },
  )

  it('nobody gives themselves', async () => {
    for (const person of [clinic.cast.bilal, clinic.cast.sana, clinic.cast.omar]) {
      const browser = await clinic.as(person)
      const answer = await browser.postForm(staff(`/${person.userId}`), { role: 'owner' })
      expect(answer.status).toBe(person === clinic.cast.omar ? 404 : 403)
    }
    expect(Object.values(await roles()).filter((role) => role === 'owner')).toHaveLength(1)
  })

  it('of a member of another clinic is not there to be changed', async () => {
    expect((await change(clinic.cast.omar.userId, { role: 'receptionist' })).status).toBe(404)
    expect((await remove(clinic.cast.omar.userId)).status).toBe(404)
  })
})

describe('which doctor somebody is', () => {
  it('is chosen with the role, changed and taken away again', async () => {
    const { id } = await makePractitioner(clinic, { name: 'Dr Hamid Raza' })
    const { userId } = clinic.cast.bilal
    expect((await change(userId, { role: 'doctor', practitionerId: id })).status).toBe(303)
    expect(await doctorOf(userId)).toBe('Dr Hamid Raza')
    // The desk has no diary of its own.
    expect((await change(userId, { role: 'receptionist', practitionerId: id })).status).toBe(303)
    expect(await doctorOf(userId)).toBeUndefined()
  })

  it('an owner can be, who sees patients too', async () => {
    const { id } = await makePractitioner(clinic, { name: 'Dr Nadia Khan' })
    expect((await change(clinic.cast.nadia.userId, { role: 'owner', practitionerId: id })).status).toBe(303)
    expect(await doctorOf(clinic.cast.nadia.userId)).toBe('Dr Nadia Khan')
  })

  it('is nobody whom somebody else is, and nobody of another clinic', async () => {
    const { bilal, sana } = clinic.cast
    const taken = await change(bilal.userId, { role: 'doctor', practitionerId: sana.practitionerId })
    expect(taken.status).toBe(422)
    expect(wordsOf(taken.text)).toContain('Somebody else signs in as this doctor')
    const other = await makeClinic(app)
    const foreign = await change(bilal.userId, { role: 'doctor', practitionerId: other.cast.sana.practitionerId })
    expect(foreign.status).toBe(404)
    expect((await roles())[bilal.userId]).toBe('receptionist')
    expect(await doctorOf(sana.userId)).toBe(sana.name)
  })
})

describe('leaving', () => {
  it('V7.4.2: ends access at once, also in a session that is open; what was done stays', async () => {
    const sana = await clinic.as(clinic.cast.sana)
    await sana.get(`/app/${clinic.slug}/today`).expect(200)
    expect((await remove(clinic.cast.sana.userId)).status).toBe(303)
    await sana.get(`/app/${clinic.slug}/today`).expect(404)
    expect((await sana.get('/app')).headers.location).toBe('/account/clinics')
    expect(await doctorOf(clinic.cast.sana.userId)).toBeUndefined()
    const [doctor] = await app.superuser('select name, active from clinic.practitioners where id = $1', [
      clinic.cast.sana.practitionerId,
    ])
    expect(doctor).toEqual({ name: clinic.cast.sana.name, active: true })
  })

  it('is asked about first', async () => {
    const page = await nadia.get(staff(`/${clinic.cast.bilal.userId}/removal`)).expect(200)
    expect(wordsOf(page.text)).toContain('Remove Bilal Ahmed from the clinic?')
    expect((await roles())[clinic.cast.bilal.userId]).toBe('receptionist')
  })

  it('twice is once', async () => {
    await remove(clinic.cast.bilal.userId)
    expect((await remove(clinic.cast.bilal.userId)).status).toBe(404)
  })
})

describe('the last owner', () => {
  it('can neither go nor become anything else', async () => {
    const { userId } = clinic.cast.nadia
    const demoted = await change(userId, { role: 'receptionist' })
    expect(demoted.status).toBe(422)
    expect(wordsOf(demoted.text)).toContain('A clinic needs an owner')
    await remove(userId)
    expect(wordsOf((await nadia.get(staff())).text)).toContain('A clinic needs an owner')
    expect(wordsOf((await nadia.get(staff(`/${userId}/removal`))).text)).toContain('A clinic needs an owner')
    expect((await roles())[userId]).toBe('owner')
  })

  it('may go when there is another', async () => {
    await change(clinic.cast.bilal.userId, { role: 'owner' })
    expect((await remove(clinic.cast.nadia.userId)).status).toBe(303)
    expect(await roles()).not.toHaveProperty(clinic.cast.nadia.userId)
    await nadia.get(staff()).expect(404)
  })

  it('V2.3.4: is left, though two owners demote or remove each other at the same moment', async () => {
    await change(clinic.cast.bilal.userId, { role: 'owner' })
    const bilal = await clinic.as(clinic.cast.bilal)
    await Promise.all([
      change(clinic.cast.bilal.userId, { role: 'receptionist' }),
      remove(clinic.cast.nadia.userId, bilal),
    ])
    expect(Object.values(await roles()).filter((role) => role === 'owner')).toHaveLength(1)
  })
})
