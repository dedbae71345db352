// A patient and what a clinic holds about them: what is shown to whom, and what they can do.
import { describe, expect, it } from 'vitest'
import { listConsents } from '../../src/features/consents/queries.ts'
import { isOptedOut } from '../../src/features/messaging/actions/stop.ts'
import { noteOpening } from '../../src/features/patients/actions/record.ts'
import type { PatientId } from '../../src/kernel/ids.ts'
import { testNow, type TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment, makePatient } from '../support/factories.ts'
import { wordsOf } from '../support/http.ts'
import { inShort } from '../support/messages.ts'
import { withPatients } from './scene.ts'

let app: TestApp
let clinic: TestClinic
const { browser, freshNumber, somebody, opened, textOf, requestsOf } = withPatients(
  (started) => ({ app, clinic } = started),
)

describe('what is shown', () => {
  it('is everything: name, visits, messages, consents, openings, and nothing of the log', async () => {
    const patient = await somebody({ email: 'ayesha@example.org' })
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26', at: '10:00' })
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-02', at: '11:00', status: 'fulfilled' })
    await clinic.inClinic((ctx) => noteOpening(ctx, patient.id))
    await clinic.inClinic((ctx) => noteOpening(ctx, patient.id), {
      kind: 'user', userId: clinic.cast.sana.userId, name: 'Dr Sana Malik', role: 'doctor',
    }) // prettier-ignore
    const { agent, at } = await opened(patient.phone)
    const text = await textOf(agent, at)
    for (const word of [
      'Ayesha Khan',
      'ayesha@example.org',
      '10:00',
      '11:00',
      'Agreed',
      'Nadia',
      'Owner',
      'Dr Sana',
      'Doctor',
    ]) {
      expect(text).toContain(word)
    }
    expect(text).not.toContain('Nadia Khan')
    expect(await textOf(agent, `${at}/people/${patient.id}/openings`)).toContain('Dr Sana')
    expect(await textOf(agent, `${at}/people/${patient.id}/copy`)).toContain('ayesha@example.org')
  })

  it('is each of a family under one number, and of a number nobody has that nothing is held', async () => {
    const phone = freshNumber()
    const mother = await makePatient(clinic, { phone, name: 'Ayesha Khan' })
    const child = await makePatient(clinic, { phone, name: 'Hamza Khan' })
    const { agent, at } = await opened(phone)
    const page = await agent.get(at).expect(200)
    for (const { id, name } of [mother, child]) {
      expect(page.text).toContain(`/people/${id}`)
      expect(await textOf(agent, `${at}/people/${id}`)).toContain(name)
    }
    const nobody = await opened(freshNumber())
    expect(await textOf(nobody.agent, nobody.at)).toContain('The clinic holds nothing about this number')
  })

  it('comes as a file too, and that it was taken is written down', async () => {
    const patient = await somebody()
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26' })
    const { agent, at } = await opened(patient.phone)
    await agent.getForm(at)
    const file = await agent.postForm(`${at}/people/${patient.id}/copy`, {}).expect(200)
    expect(file.headers['content-disposition']).toContain('attachment')
    const record = JSON.parse(file.text) as Record<string, unknown[]>
    expect(record.patients).toMatchObject([{ name: 'Ayesha Khan', phone: patient.phone }])
    expect(record.appointments).toHaveLength(1)
    expect(record.consents).toHaveLength(1)
    expect(record.audit_entries).toBeUndefined()
    expect(await textOf(agent, at)).toMatch(/You\s+took a copy/)
  })

  it('leads to each visit to come', async () => {
    const patient = await somebody()
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26' })
    const { agent, at } = await opened(patient.phone)
    expect((await agent.get(at)).text).toMatch(/href="\/a\/[\w-]{32}(\?[^"]*)?"/)
  })
})

describe('what they can do', () => {
  async function mine() {
    const patient = await somebody({ email: 'old@example.org' })
    const { agent, at } = await opened(patient.phone)
    const own = `${at}/people/${patient.id}`
    await agent.getForm(own)
    return { patient, agent, own }
  }
  const fields = (patient: { name: string; phone: string }, more: Record<string, string> = {}) => ({
    name: patient.name, phone: patient.phone, email: 'old@example.org', language: 'en', words: '', ...more,
  }) // prettier-ignore
  const stored = (id: string) =>
    app.superuser<{ name: string; language: string }>('select name, language from clinic.patients where id = $1', [id])

  it('put small things right at once', async () => {
    const { patient, agent, own } = await mine()
    const saved = await agent.postForm(
      `${own}/correction`,
      fields(patient, { name: 'Aisha Khan', language: 'ur', email: '' }),
    )
    expect(saved.status).toBe(303)
    expect(saved.headers.location).toContain('news=corrected')
    expect(await stored(patient.id)).toEqual([{ name: 'Aisha Khan', language: 'ur' }])
    expect(await requestsOf(patient.id)).toEqual([])
    expect(await textOf(agent, own)).not.toContain('old@example.org')
  })

  it('ask for what the clinic has to look at, a number or another name, with the small things done', async () => {
    const { patient, agent, own } = await mine()
    const sent = await agent
      .postForm(
        `${own}/correction`,
        fields(patient, { name: 'Fatima Siddiqui', phone: '0300 7654321', language: 'ar' }),
      )
      .expect(303)
    expect(sent.headers.location).toContain('news=requested')
    expect(await stored(patient.id)).toEqual([{ name: 'Ayesha Khan', language: 'ar' }])
    expect(await requestsOf(patient.id)).toEqual([
      { kind: 'correction', state: 'identity_proven', identity: 'patient_page' },
    ])
    const again = await agent.postForm(`${own}/correction`, fields(patient, { name: 'Fatima Siddiqui' })).expect(409)
    expect(wordsOf(again.text)).toContain('You have asked for this already')
    expect(await requestsOf(patient.id)).toHaveLength(1)
  })

  it('not take the name of somebody else under their number', async () => {
    const { patient, agent, own } = await mine()
    await makePatient(clinic, { phone: patient.phone, name: 'Ayesha Khann' })
    const taken = await agent.postForm(`${own}/correction`, fields(patient, { name: 'Ayesha Khann' })).expect(409)
    expect(wordsOf(taken.text)).toContain('Somebody with this name and number is known here already')
  })

  it('take a consent back and give it again, from the next message on', async () => {
    const { patient, agent, own } = await mine()
    await agent.postForm(`${own}/consents`, { purpose: 'appointment_messages', decision: 'deny' }).expect(303)
    app.clock.advance({ minutes: 1 })
    await agent.postForm(`${own}/consents`, { purpose: 'appointment_messages', decision: 'permit' }).expect(303)
    await agent.postForm(`${own}/consents`, { purpose: 'feedback', decision: 'permit' }).expect(303)
    const history = await clinic.inClinic((ctx) => listConsents(ctx, patient.id))
    expect(history.map(({ purpose, decision, source, wording }) => [purpose, decision, source, wording])).toEqual(
      expect.arrayContaining([
        ['appointment_messages', 'deny', 'patient_page', null],
        ['appointment_messages', 'permit', 'patient_page', 'page'],
        ['feedback', 'permit', 'patient_page', 'feedback_page'],
      ]),
    )
    await agent.postForm(`${own}/consents`, { purpose: 'marketing', decision: 'permit' }).expect(422)
  })

  it('agree after they booked without, and are told of what is to come', async () => {
    const patient = await somebody({ consent: false })
    await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-26', at: '16:30', messagesWanted: false })
    const { agent, at } = await opened(patient.phone)
    const own = `${at}/people/${patient.id}`
    await agent.getForm(own)
    await agent.postForm(`${own}/consents`, { purpose: 'appointment_messages', decision: 'permit' }).expect(303)
    expect(await inShort(app, clinic.id)).toEqual(
      expect.arrayContaining(['confirmation queued', 'reminder_24h queued', 'reminder_2h queued']),
    )
  })

  it('stop everything for the number, and start it again', async () => {
    const { patient, agent, own } = await mine()
    const off = () => clinic.inClinic((ctx) => isOptedOut(ctx, patient.phone))
    await agent.postForm(`${own}/messages`, { wish: 'stop' }).expect(303)
    expect(await off()).toBe(true)
    expect(await textOf(agent, own)).toContain('WhatsApp messages are stopped')
    app.clock.advance({ minutes: 1 })
    await agent.postForm(`${own}/messages`, { wish: 'start' }).expect(303)
    expect(await off()).toBe(false)
  })

  it.each(['erasure', 'restriction', 'objection'] as const)(
    'ask for %s once, see how it stands, and take it back',
    async (kind) => {
      const { patient, agent, own } = await mine()
      expect(await textOf(agent, `${own}/requests?kind=${kind}`)).toContain('24 Dec 2026')
      const asked = await Promise.all([1, 2, 3].map(() => agent.postForm(`${own}/requests`, { kind, words: 'Please' })))
      expect(asked.map(({ status }) => status).sort()).toEqual([303, 409, 409])
      expect(await requestsOf(patient.id)).toEqual([{ kind, state: 'identity_proven', identity: 'patient_page' }])
      const text = await textOf(agent, `${own}?news=requested`)
      expect(text).toMatch(/D-[0-9A-F]{8}/)
      expect(text).toMatch(/Answer by .*24 Dec/)
      const [row] = await app.superuser<{ id: string }>('select id from clinic.rights_requests where patient_id = $1', [
        patient.id,
      ])
      await agent.postForm(`${own}/requests/removal`, { request: row!.id }).expect(303)
      expect(await requestsOf(patient.id)).toMatchObject([{ state: 'withdrawn' }])
      await agent.postForm(`${own}/requests/removal`, { request: row!.id }).expect(409)
    },
  )

  it('not take back what somebody else asked', async () => {
    const { agent, own } = await mine()
    const other = await mine()
    await other.agent.postForm(`${other.own}/requests`, { kind: 'erasure', words: '' }).expect(303)
    const [row] = await app.superuser<{ id: string }>('select id from clinic.rights_requests where patient_id = $1', [
      other.patient.id,
    ])
    await agent.postForm(`${own}/requests/removal`, { request: row!.id }).expect(404)
    await agent.postForm(`${own}/requests/removal`, { request: 'x' }).expect(404)
    expect(await requestsOf(other.patient.id)).toMatchObject([{ state: 'identity_proven' }])
  })

  it('see hostile words as words', async () => {
    const { agent, own, patient } = await mine()
    const nasty = '<script>alert(1)</script>'
    await agent.postForm(`${own}/requests`, { kind: 'objection', words: nasty }).expect(303)
    await agent.postForm(`${own}/requests`, { kind: 'erasure', words: 'a'.repeat(1001) }).expect(422)
    await agent.postForm(`${own}/requests`, { kind: 'nonsense' }).expect(422)
    await agent.postForm(`${own}/requests`, { kind: 'objection', words: ' ' }).expect(422)
    await agent.postForm(`${own}/correction`, fields(patient, { name: '', email: 'x', phone: '1' })).expect(422)
    expect((await agent.get(own)).text).not.toContain(nasty)
    await agent.get(`${own}?news=<script>`).expect(200)
    await agent.get(`${own}/requests?kind=nonsense`).expect(404)
  })

  it('are still let in when their data is restricted, and told so', async () => {
    const patient = await somebody()
    await app.superuser('update clinic.patients set restricted_at = $1 where id = $2', [testNow, patient.id])
    const { agent, at } = await opened(patient.phone)
    expect(await textOf(agent, at)).toContain('kept but no longer used')
  })

  it('find nothing once they are erased', async () => {
    const { agent, own, patient } = await mine()
    await app.superuser('delete from clinic.patients where id = $1', [patient.id satisfies PatientId])
    await agent.get(own).expect(404)
    expect(await textOf(agent, own.split('/people/')[0]!)).toContain('The clinic holds nothing')
  })
})

it('is linked from the clinic’s page and from a visit’s', async () => {
  const agent = browser()
  expect((await agent.get(`/c/${clinic.slug}`)).text).toContain(`/c/${clinic.slug}/privacy`)
})
