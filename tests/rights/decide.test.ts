// A decision about a request: made once, done everywhere it reaches, and answered.
import { describe, expect, it } from 'vitest'
import { bookForCaller } from '../../src/features/desk/actions.ts'
import { getRequest } from '../../src/features/rights/queries/requests.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { Temporal } from '../../src/kernel/time.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { withRights } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let nadia: Agent
const { home, ask, askProven, decide, count, everything } = withRights((started) => ({ app, clinic, nadia } = started))

describe('a decision', () => {
  it('is made once: of two owners at once one is told', async () => {
    const patient = await makePatient(clinic)
    const id = await askProven(patient.id, 'restriction')
    const both = await Promise.all([decide(id), decide(id)])
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(both.find(({ ok }) => !ok)).toEqual({ ok: false, reason: 'closed' })
    expect(await count(`clinic.messages where clinic_id = $1 and kind = 'rights_answer'`, [clinic.id])).toBe(1)
  })

  it('erases somebody from every table, and cancels what was to come', async () => {
    const { service, locationId } = await makeBookable(clinic)
    const patient = await makePatient(clinic, {
      name: 'Canary Zebrawood',
      email: 'canary@zebrawood.test',
      phone: '+923009871234',
    })
    await makeAppointment(clinic, {
      service,
      locationId,
      patientId: patient.id,
      on: '2026-11-20',
      at: '16:00',
      status: 'fulfilled',
    })
    const open = await makeAppointment(clinic, {
      service,
      locationId,
      patientId: patient.id,
      on: '2026-11-30',
      at: '16:00',
    })
    const id = await askProven(patient.id, 'erasure', { words: 'Forget Zebrawood' })
    const page = wordsOf((await nadia.get(`${home()}/${id}`).expect(200)).text)
    expect(page).toContain('Visits to come')
    expect(await everything()).toContain('Canary Zebrawood')
    expect(await decide(id)).toMatchObject({ ok: true, value: { outcome: 'done', sent: 'whatsapp' } })
    const left = (await everything()).toLowerCase()
    for (const canary of ['zebrawood', '923009871234']) expect(left.includes(canary), canary).toBe(false)
    expect(await count('clinic.patients where id = $1', [patient.id])).toBe(0)
    expect(
      await count(`clinic.appointments where id = $1 and status = 'cancelled' and patient_id is null`, [open.id]),
    ).toBe(1)
    expect(await count(`clinic.messages where clinic_id = $1 and kind <> 'rights_answer'`, [clinic.id])).toBe(0)
    // Who it was is forgotten here too; that it was asked and done stays.
    expect(await clinic.inClinic((ctx) => getRequest(ctx, id))).toMatchObject({
      subject: undefined,
      wishes: {},
      outcome: 'done',
    })
    expect(wordsOf((await nadia.get(`${home()}/${id}`).expect(200)).text)).toContain('Erased patient')
    // The day's board shows a visit that is nobody's, and no step can be taken on it.
    expect((await nadia.get(`/app/${clinic.slug}/today?date=2026-11-20`).expect(200)).text).toContain('No longer named')
  })

  it('keeps a medical record with the name it belongs to, and says so', async () => {
    const { service, locationId } = await makeBookable(clinic)
    const patient = await makePatient(clinic, { email: 'kept@patient.test' })
    const kept = await makeAppointment(clinic, {
      service,
      locationId,
      patientId: patient.id,
      on: '2026-11-20',
      at: '10:00',
      status: 'fulfilled',
    })
    const gone = await makeAppointment(clinic, {
      service,
      locationId,
      patientId: patient.id,
      on: '2026-11-21',
      at: '10:00',
      status: 'fulfilled',
    })
    await app.superuser('update clinic.appointments set record_kept = true where id = $1', [kept.id])
    const id = await askProven(patient.id, 'erasure')
    expect(await decide(id)).toEqual({ ok: false, reason: 'reasons_required' })
    expect(await decide(id, { reasons: 'Ten years by law' })).toMatchObject({ ok: true, value: { outcome: 'partly' } })
    expect(await count('clinic.appointments where id = $1 and patient_id is not null', [kept.id])).toBe(1)
    expect(await count('clinic.appointments where id = $1 and patient_id is null', [gone.id])).toBe(1)
    expect(await count('clinic.patients where id = $1 and email_sealed is null', [patient.id])).toBe(1)
    const answer = wordsOf((await nadia.get(`${home()}/${id}/answer`).expect(200)).text)
    expect(answer).toContain('belongs to a medical record')
    expect(answer).toContain('Ten years by law')
  })

  it('puts right what is wrong, where messages wait as well', async () => {
    const { service, locationId } = await makeBookable(clinic)
    const patient = await makePatient(clinic, { name: 'Ayesha Kahn' })
    const slot = {
      practitionerId: clinic.cast.sana.practitionerId,
      locationId,
      serviceId: service.id,
      startsAt: Temporal.Instant.from('2026-11-30T05:00:00Z'),
    }
    await clinic.inClinic((ctx) =>
      bookForCaller(ctx, { slot, patient: { id: patient.id }, language: 'en', agreed: true }),
    )
    const id = await askProven(patient.id, 'correction', {
      correction: { name: 'Ayesha Khan', phone: '+923331112223' },
    })
    const corrections = { name: 'Ayesha Khan', phone: '+923331112223' as never }
    expect(await decide(id, { corrections })).toMatchObject({ ok: true, value: { outcome: 'done' } })
    expect((await nadia.get(`/app/${clinic.slug}/patients?q=Khan`).expect(200)).text).toContain('Ayesha Khan')
    expect((await nadia.get(`/app/${clinic.slug}/patients?q=Kahn`).expect(200)).text).not.toContain('Ayesha')
    const [row] = await app.superuser<{ hashes: string }>(
      `select count(distinct recipient_hash) as hashes from clinic.messages where clinic_id = $1 and status = 'queued'`, [clinic.id],
    ) // prettier-ignore
    expect(Number(row!.hashes)).toBe(1)
    const [entry] = await app.superuser<{ id: string; details: unknown }>(
      `select id, details from clinic.audit_entries where clinic_id = $1 and action = 'patient.corrected'`, [clinic.id],
    ) // prettier-ignore
    expect(entry!.details).toEqual({ fields: 'name phone' })
  })

  it('is not told to a number that the clinic did not accept', async () => {
    const patient = await makePatient(clinic, { name: 'Asma Noor' })
    const wanted = '+923217654321' as Phone
    const id = await askProven(patient.id, 'correction', { correction: { name: 'Asma Noori', phone: wanted } })
    const corrections = { name: 'Asma Noori', phone: wanted, email: null, language: 'en' as const }
    await decide(id, { decision: 'partly', parts: ['name'], reasons: 'Not your number', corrections })
    const [answer] = await app.superuser<{ id: string; recipient_sealed: Buffer }>(
      `select id, recipient_sealed from clinic.messages where clinic_id = $1 and kind = 'rights_answer'`,
      [clinic.id],
    )
    const to = await clinic.inClinic((ctx) =>
      Promise.resolve(ctx.seal.open(answer!.recipient_sealed, 'messages.recipient', answer!.id)),
    )
    expect(to).toBe(patient.phone)
  })

  it('refuses a correction to somebody else’s name and number', async () => {
    const other = await makePatient(clinic, { name: 'Sara Malik' })
    const patient = await makePatient(clinic, { name: 'Sara Malick' })
    const id = await askProven(patient.id, 'correction')
    expect(await decide(id, { corrections: { name: 'Sara Malik', phone: other.phone } })).toEqual({
      ok: false,
      reason: 'known_already',
    })
  })

  it('hides whose data is restricted from the day, lists, searches and messages, and can be lifted', async () => {
    const { service, locationId } = await makeBookable(clinic)
    const patient = await makePatient(clinic, { name: 'Hidden Hyacinth', phone: '+923004445556' })
    const visit = await makeAppointment(clinic, { service, locationId, patientId: patient.id, at: '16:00' })
    await decide(await askProven(patient.id, 'restriction'))
    const bilal = await clinic.as(clinic.cast.bilal)
    const sana = await clinic.as(clinic.cast.sana)
    const pages = [
      '/today',
      '/today?view=list',
      '/today/board',
      '/patients?q=Hyacinth',
      '/patients?q=5556',
      '/patients?q=03004445556',
      `/appointments/${visit.id}`,
      '/appointments/new/people?q=Hyacinth',
      '/messages',
    ]
    for (const path of pages) {
      for (const person of [bilal, sana]) {
        const page = await person.get(`/app/${clinic.slug}${path}`)
        expect([path, /Hidden|300 4445556/.test(page.text)]).toEqual([path, false])
      }
    }
    expect((await bilal.get(`/app/${clinic.slug}/today`)).text).toContain('Restricted')
    await bilal.get(`/app/${clinic.slug}/patients/${patient.id}`).expect(404)
    // Whoever answers for privacy sees who it is, and finds them in one place.
    expect((await nadia.get(`/app/${clinic.slug}/today`)).text).toContain('Hidden Hyacinth')
    expect((await nadia.get(`/app/${clinic.slug}/patients?q=Hidden`)).text).not.toContain('Hidden Hyacinth')
    expect((await nadia.get(`${home()}/restricted`)).text).toContain('Hidden Hyacinth')
    const slot = {
      practitionerId: clinic.cast.sana.practitionerId,
      locationId,
      serviceId: service.id,
      startsAt: Temporal.Instant.from('2026-11-30T05:00:00Z'),
    }
    const booking = clinic.inClinic((ctx) =>
      bookForCaller(ctx, { slot, patient: { id: patient.id }, language: 'en', agreed: true }),
    )
    await expect(booking).rejects.toThrow()
    await nadia.getForm(`${home()}/restricted`)
    await nadia.postForm(`${home()}/restricted/${patient.id}/removal`).expect(303)
    expect((await bilal.get(`/app/${clinic.slug}/patients?q=Hidden`)).text).toContain('Hidden Hyacinth')
  })

  it('stops the messages that are objected to, and no others', async () => {
    const patient = await makePatient(clinic)
    await decide(await askProven(patient.id, 'withdrawal', { purposes: ['appointment_messages'] }))
    const found = await app.superuser(
      `select purpose, decision, source from clinic.consents where clinic_id = $1 order by decided_at desc, id desc limit 1`, [clinic.id],
    ) // prettier-ignore
    expect(found).toEqual([{ purpose: 'appointment_messages', decision: 'deny', source: 'rights_request' }])
  })

  it('answers by hand where nothing was proven, and never breaks a STOP', async () => {
    const patient = await makePatient(clinic)
    expect(await decide(await ask(patient.id, 'access'), { decision: 'refused', reasons: 'Not proven' })).toMatchObject(
      { value: { sent: 'by_hand' } },
    )
  })
})
