// Who works here, in which role, and until when.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bookAtDesk } from '../../src/features/appointments/actions/book.ts'
import { noticeBooked } from '../../src/features/notices/actions.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { lockDiary } from '../../src/platform/clinic-scope.ts'
import { details } from '../appointments/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner, makeShift } from '../support/factories.ts'
import { plainText, wordsOf, type Agent } from '../support/http.ts'
import { countWaiting } from '../support/locks.ts'
import { factsNow } from '../support/messages.ts'

type Bookable = Awaited<ReturnType<typeof makeBookable>>

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
    // Their sessions are over, here and everywhere; once they sign in again there is no clinic.
    const after = await sana.get(`/app/${clinic.slug}/today`).expect(303)
    expect(after.headers.location).toMatch(/^\/sign-in/)
    const again = await clinic.as(clinic.cast.sana)
    await again.get(`/app/${clinic.slug}/today`).expect(404)
    expect((await again.get('/app')).headers.location).toBe('/account/clinics')
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

describe('a doctor with visits ahead who leaves', () => {
  let visits: { id: string }[]
  let hamid: { id: string }
  let service: Bookable['service']
  let locationId: Bookable['locationId']
  const handOver = () => `/app/${clinic.slug}/disruptions/new?practitioner=${clinic.cast.sana.practitionerId}`
  const standing = () =>
    app.superuser<{ id: string; status: string; practitioner: string }>(
      `select id, status, practitioner_id as practitioner from clinic.appointments where clinic_id = $1 order by starts_at`,
      [clinic.id],
    )
  const told = () =>
    app.superuser<{ kind: string; appointment: string }>(
      `select kind, appointment_id as appointment from clinic.messages
       where clinic_id = $1 and kind in ('moved', 'cancelled') order by appointment_id`,
      [clinic.id],
    )
  const inUse = async () =>
    (
      await app.superuser<{ active: boolean }>('select active from clinic.practitioners where id = $1', [
        clinic.cast.sana.practitionerId,
      ])
    )[0]?.active
  const answer = async (fields: Record<string, string>, browser = nadia) => {
    await browser.getForm(staff())
    return browser.postForm(staff(`/${clinic.cast.sana.userId}/removal`), fields)
  }

  beforeEach(async () => {
    const bookable = await makeBookable(clinic)
    const { practitionerId } = bookable
    ;({ service, locationId } = bookable)
    hamid = await makePractitioner(clinic, { name: 'Dr Hamid Raza' })
    await makeShift(clinic, { practitionerId: hamid.id as typeof practitionerId, locationId })
    visits = []
    for (const time of ['15:00', '16:00']) {
      const { id: patientId } = await makePatient(clinic)
      visits.push(await makeAppointment(clinic, { service, locationId, practitionerId, patientId, at: time }))
    }
    // They have been told of it.
    await clinic.inClinic(async (ctx) => {
      for (const { id } of visits) await noticeBooked(ctx, await factsNow(ctx, id as AppointmentId), { by: 'desk' })
    })
    await app.superuser(
      `update clinic.messages set status = 'delivered' where clinic_id = $1 and kind = 'confirmation'`,
      [clinic.id],
    )
    // The other doctor has somebody at four.
    const { id: patientId } = await makePatient(clinic)
    const busy = { service, locationId, practitionerId: hamid.id as typeof practitionerId, patientId, at: '16:00' }
    await makeAppointment(clinic, busy)
  })

  it('is not removed before somebody says what becomes of them', async () => {
    const page = wordsOf((await nadia.get(staff(`/${clinic.cast.sana.userId}/removal`))).text)
    expect(page).toContain('Booked visits still to come: 2')
    expect(page).toContain('Dr Hamid Raza')
    for (const [fields, words] of [
      [{}, 'Say what happens with the visits'],
      [{ visits: 'forget' }, 'Say what happens with the visits'],
      [{ visits: 'move' }, 'Choose the doctor who takes them over'],
      [{ visits: 'move', to: clinic.cast.sana.practitionerId }, 'Choose the doctor who takes them over'],
      [{ visits: 'move', to: (await makeClinic(app)).cast.sana.practitionerId }, 'Choose the doctor who takes them'],
    ] as const) {
      const refused = await answer(fields)
      expect(refused.status).toBe(422)
      expect(wordsOf(refused.text)).toContain(words)
    }
    expect((await roles())[clinic.cast.sana.userId]).toBe('doctor')
    expect(await told()).toEqual([])
  })

  it('leaves them on the list when they are kept, and the doctor bookable', async () => {
    expect((await answer({ visits: 'keep' })).status).toBe(303)
    expect((await standing()).filter(({ status }) => status === 'booked')).toHaveLength(3)
    expect(await told()).toEqual([])
    expect(await inUse()).toBe(true)
    expect(wordsOf((await nadia.get(staff())).text)).toContain('Visits that stay on the doctor’s list: 2')
  })

  it('hands them to another doctor where that one is free, and each patient is told', async () => {
    expect((await answer({ visits: 'move', to: hamid.id })).status).toBe(303)
    const after = await standing()
    expect(after.find(({ id }) => id === visits[0]!.id)?.practitioner).toBe(hamid.id)
    expect(after.find(({ id }) => id === visits[1]!.id)?.practitioner).toBe(clinic.cast.sana.practitionerId)
    expect(await told()).toEqual([{ kind: 'moved', appointment: visits[0]!.id }])
    expect(await inUse()).toBe(false)
    expect(wordsOf((await nadia.get(staff())).text)).toContain('Visits moved: 1. Still on the doctor’s list: 1')
  })

  it('has them cancelled, and each patient is told', async () => {
    expect((await answer({ visits: 'cancel' })).status).toBe(303)
    const gone = (await standing()).filter(({ status }) => status === 'cancelled')
    expect(gone.map(({ id }) => id).sort()).toEqual(visits.map(({ id }) => id).sort())
    expect((await told()).map(({ kind }) => kind)).toEqual(['cancelled', 'cancelled'])
    expect(await inUse()).toBe(false)
    const [entry] = await app.superuser<{ details: unknown }>(
      `select details from clinic.audit_entries where clinic_id = $1 and action = 'staff.removed'`,
      [clinic.id],
    )
    expect(entry?.details).toEqual({ role: 'doctor', visits: 'cancel', moved: 0, cancelled: 2, left: 0 })
  })

  it('leads to what was booked in the same moment, for somebody to see to', async () => {
    const wish = { serviceId: service.id, practitionerId: clinic.cast.sana.practitionerId, locationId }
    const startsAt = app.clock.now().add({ hours: 24 })
    const { removal, booked } = await clinic.inClinic(async (ctx) => {
      await lockDiary(ctx)
      const booked = clinic.inClinic((other) =>
        bookAtDesk(other, { wish: { ...wish, startsAt }, patient: details(), language: 'en', messagesWanted: true }),
      )
      await expect.poll(() => countWaiting(app), { timeout: 10_000 }).toBe(1)
      const removal = Promise.resolve(answer({ visits: 'cancel' }))
      await expect.poll(() => countWaiting(app), { timeout: 10_000 }).toBe(2)
      return { removal, booked }
    })
    expect((await booked).ok).toBe(true)
    const { headers } = await removal
    expect(headers.location).toBe(handOver())
    expect(wordsOf((await nadia.get(handOver())).text)).toContain('Visits cancelled: 2. Still on the doctor’s list: 1')
  })

  describe('of their own accord, as one of the owners', () => {
    let sana: Agent
    beforeEach(async () => {
      await change(clinic.cast.sana.userId, { role: 'owner', practitionerId: clinic.cast.sana.practitionerId })
      sana = await clinic.as(clinic.cast.sana)
    })

    it('is promised no page that they will not see', async () => {
      const removal = staff(`/${clinic.cast.sana.userId}/removal`)
      const own = wordsOf((await sana.get(removal)).text)
      expect(own).toContain('The other owners get a mail about the rest.')
      expect(own).toContain('until another owner takes the doctor out of use')
      expect(own).not.toContain('next page')
      expect(wordsOf((await nadia.get(removal)).text)).toContain('The rest you see to on the next page')
    })

    it('leaves the rest to the other owners, who are told and find it', async () => {
      expect((await answer({ visits: 'move', to: hamid.id }, sana)).headers.location).toBe('/app')
      await app.runJob('messaging.mails')
      const [mail] = app.mail.mailsTo(clinic.cast.nadia.email)
      expect(mail?.subject).toBe('Booked visits to see to at Shifa Clinic')
      expect(mail?.text).toContain('Dr Sana Malik has left Shifa Clinic. Booked visits still on the doctor’s list: 1')
      expect(mail?.text).toContain(handOver())
      expect(app.mail.mailsTo(clinic.cast.sana.email)).toEqual([])
      const { text } = await nadia.get(`/app/${clinic.slug}/settings/doctors`).expect(200)
      expect(plainText(text)).toContain(`href="${handOver()}"`)
      expect(wordsOf((await nadia.get(handOver())).text)).toContain('Dr Sana Malik')
    })

    it('leaves nobody anything to do when all are handed over', async () => {
      await app.superuser('delete from clinic.appointments where id = $1', [visits[1]!.id])
      await answer({ visits: 'move', to: hamid.id }, sana)
      await app.runJob('messaging.mails')
      expect(app.mail.mailsTo(clinic.cast.nadia.email)).toEqual([])
      expect(plainText((await nadia.get(`/app/${clinic.slug}/settings/doctors`)).text)).not.toContain(handOver())
    })
  })

  it('keeps them whatever is asked while the clinic is read-only', async () => {
    await app.superuser(`update platform.clinics set status = 'read_only' where id = $1`, [clinic.id])
    expect((await answer({ visits: 'cancel' })).status).toBe(303)
    expect((await standing()).filter(({ status }) => status === 'booked')).toHaveLength(3)
    expect(await roles()).not.toHaveProperty(clinic.cast.sana.userId)
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

  it('V2.3.4: is left, though three owners demote each other in a ring, over and over', async () => {
    const { nadia: one, bilal: two, sana: three } = clinic.cast
    for (let round = 0; round < 4; round++) {
      await app.superuser(`update platform.memberships set role = 'owner' where clinic_id = $1`, [clinic.id])
      const browsers = await Promise.all([one, two, three].map((person) => clinic.as(person)))
      const answers = await Promise.all(
        [two, three, one].map(({ userId }, at) => change(userId, { role: 'assistant' }, browsers[at])),
      )
      expect(answers.every(({ status }) => [303, 403, 422].includes(status))).toBe(true)
      // Whoever was demoted a moment ago demotes nobody any more.
      const owners = Object.values(await roles()).filter((role) => role === 'owner')
      expect(owners.length).toBe(3 - answers.filter(({ status }) => status === 303).length)
      expect(owners.length).toBeGreaterThan(0)
    }
  })
})
