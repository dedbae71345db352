import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  clinic = await makeClinic(app)
  await makeBookable(clinic)
  bilal = await clinic.as(clinic.cast.bilal)
})

const search = async (q: string, agent = bilal) =>
  wordsOf((await agent.get(`/app/${clinic.slug}/patients?q=${encodeURIComponent(q)}`).expect(200)).text)

describe('finding somebody', () => {
  beforeEach(async () => {
    const ayesha = await makePatient(clinic, { name: 'Ayesha Siddiqua', phone: '+923007654321' })
    await makePatient(clinic, { name: 'محمد صدیقی', phone: '+923331112222' })
    await makeAppointment(clinic, { patientId: ayesha.id, on: '2026-11-26', at: '16:30' })
    await makeAppointment(clinic, { patientId: ayesha.id, on: '2026-11-03', status: 'fulfilled' })
  })

  it.each(['ayesha', 'SIDD', 'sid aye', '4321', '0300 765 4321', '+92-300-7654321', '٠٣٠٠٧٦٥٤٣٢١'])(
    'by what a caller says: %s',
    async (q) => {
      expect(await search(q)).toContain('Ayesha Siddiqua +92 300 7654321 · next visit Thu, 26 Nov, 4:30 pm Book')
    },
  )

  it('in another script, however its letters are written', async () => {
    expect(await search('صديقي')).toContain('محمد صدیقی')
  })

  it('by the reference of a visit', async () => {
    const visit = await makeAppointment(clinic, { at: '15:00' })
    await app.superuser(`update clinic.appointments set reference = 'K7QM3P' where id = $1`, [visit.id])
    expect(await search('k7q m3p')).toMatch(/Visit K7Q M3P Ayesha Patient \d+ · today 3:00 pm · Dr Sana Malik Booked/)
  })

  it('says what to do when nobody is found, or too little was typed', async () => {
    expect(await search('nobody')).toContain('Nobody found for "nobody" Try another spelling')
    expect(await search('a')).toContain('Type at least two letters')
    expect(await search('')).toContain('Find somebody')
  })

  it('is limited to a doctor’s own patients', async () => {
    const hamid = await makePractitioner(clinic)
    const other = await makePatient(clinic, { name: 'Ayesha Of Hamid' })
    const visit = await makeAppointment(clinic, { patientId: other.id, practitionerId: hamid.id, at: '15:00' })
    await app.superuser(`update clinic.appointments set reference = 'K7QM3P' where id = $1`, [visit.id])
    const sana = await clinic.as(clinic.cast.sana)
    const words = await search('ayesha', sana)
    expect(words).toContain('Ayesha Siddiqua')
    expect(words).not.toContain('Ayesha Of Hamid')
    expect(words).not.toContain('Book')
    expect(await search('K7QM3P', sana)).toContain('Nobody found')
    await sana.get(`/app/${clinic.slug}/patients/${other.id}`).expect(404)
  })

  it('changes nothing', async () => {
    const count = async () => {
      const [row] = await app.superuser<{ n: string }>('select count(*) n from clinic.audit_entries where clinic_id = $1', [clinic.id]) // prettier-ignore
      return row!.n
    }
    const before = await count()
    await search('4321')
    expect(await count()).toBe(before)
  })
})

describe('a patient’s page', () => {
  it('shows what comes next, what was, and leads to booking again', async () => {
    const patient = await makePatient(clinic, { name: 'Omar Farid', phone: '+923001234567' })
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26', at: '16:30' })
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-03', status: 'noshow' })
    const { text } = await bilal.get(`/app/${clinic.slug}/patients/${patient.id}`).expect(200)
    const words = wordsOf(text)
    expect(words).toMatch(/Omar Farid \+92 300 1234567 · English/)
    expect(words).toContain('Agreed to messages on Tue, 24 Nov 2026')
    expect(words).toContain('Missed 1 visit')
    expect(words).toMatch(/Next Thu, 26 Nov, 4:30 pm .*Earlier Tue, 3 Nov, 10:00 am .*Did not come/)
    expect(text).toContain(`/appointments/new?patient=${patient.id}`)
  })

  it('shows a doctor the own visits only', async () => {
    const hamid = await makePractitioner(clinic, { name: 'Dr Hamid Raza' })
    const patient = await makePatient(clinic)
    await makeAppointment(clinic, { patientId: patient.id, at: '15:00' })
    await makeAppointment(clinic, { patientId: patient.id, at: '16:00', practitionerId: hamid.id })
    const sana = await clinic.as(clinic.cast.sana)
    const words = wordsOf((await sana.get(`/app/${clinic.slug}/patients/${patient.id}`).expect(200)).text)
    expect(words).toContain('today 3:00 pm')
    expect(words).not.toContain('Dr Hamid Raza')
    expect(words).not.toContain('Book again')
  })
})
