// What patients ask by right: from the first word to the answer, and what nobody may find afterwards.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bookForCaller } from '../../src/features/desk/actions.ts'
import { fileRequest } from '../../src/features/requests/actions.ts'
import { answerToken } from '../../src/features/rights/actions/answer.ts'
import { takeInRouted, watchClock } from '../../src/features/rights/actions/clock.ts'
import { decideRequest, type Decision } from '../../src/features/rights/actions/decide.ts'
import { proveInPerson, sendIdentityCode, tryIdentityCode } from '../../src/features/rights/actions/identity.ts'
import { eraseSubjectsAgain, keepJournal } from '../../src/features/rights/actions/journal.ts'
import { receiveRequest } from '../../src/features/rights/actions/receive.ts'
import { listOpenings } from '../../src/features/rights/queries/effects.ts'
import { getRequest } from '../../src/features/rights/queries/requests.ts'
import {
  dueOf,
  parseRequestReference,
  referenceOf,
  type RightKind,
  type RightsRequestId,
  type Wishes,
} from '../../src/features/rights/rules.ts'
import { judge, keptOf, partsOf, type Effects } from '../../src/features/rights/rules/decision.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { newId, type PatientId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import type { Ctx, InClinic } from '../../src/platform/clinic-scope.ts'
import { readErasureNotes, writeErasureNote } from '../../src/platform/erasure-journal.ts'
import { freshMinutes } from '../../src/platform/web/session.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'

const start = '2026-11-24T07:00:00Z'
let app: TestApp
let clinic: TestClinic
let nadia: Agent
beforeAll(async () => {
  app = await startTestApp({ now: start })
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(Temporal.Instant.from(start))
  clinic = await makeClinic(app)
  nadia = await clinic.as(clinic.cast.nadia)
})

const home = () => `/app/${clinic.slug}/settings/privacy/requests`
async function ask(patientId: PatientId, kind: RightKind, wishes: Wishes = {}): Promise<RightsRequestId> {
  const asked = await clinic.inClinic((ctx) =>
    receiveRequest(ctx, { kind, source: 'desk', language: 'en', wishes, patientId }),
  )
  if (!asked.ok) throw new Error(asked.reason)
  return asked.value.id
}
async function askProven(patientId: PatientId, kind: RightKind, wishes: Wishes = {}): Promise<RightsRequestId> {
  const id = await ask(patientId, kind, wishes)
  await clinic.inClinic((ctx) => proveInPerson(ctx, id, 'Identity card 4321'))
  return id
}
const decide = (id: RightsRequestId, decision: Partial<Decision> = {}) =>
  clinic.inClinic((ctx) =>
    decideRequest(ctx, app.services, id, { decision: 'done', parts: [], reasons: undefined, tell: false, ...decision }),
  )
const count = async (sql: string, params: unknown[] = []) =>
  Number((await app.superuser<{ count: string }>(`select count(*) from ${sql}`, params))[0]!.count)

/** Every value of every table, bytes as text, in one string. */
async function everything(): Promise<string> {
  const tables = await app.superuser<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('clinic', 'platform') and c.relkind = 'r'`,
  )
  const parts = await Promise.all(
    tables.map(({ name }) => app.superuser<{ row: string }>(`select t::text as row from ${name} t`)),
  )
  return parts.flatMap((found) => found.map(({ row }) => row)).join('\n') + app.logLines.join('\n')
}

describe('the rules', () => {
  const none: Effects = {
    visits: 0, recordVisits: 0, openVisits: 0, underWay: 0, messages: 0, inbound: 0, consents: 0, logEntries: 0,
    stopped: false, hold: undefined,
  } // prettier-ignore
  const erasure = { kind: 'erasure' as const, wishes: {}, proven: true, known: true }
  const wish = { decision: 'done' as const, parts: [], reasons: undefined }

  it('give thirty days by the clinic’s calendar', () => {
    expect(String(dueOf(Temporal.Instant.from('2026-11-24T07:00:00Z'), 'Asia/Karachi'))).toBe('2026-12-24T07:00:00Z')
    // Clocks change in between: still ten in the morning.
    expect(String(dueOf(Temporal.Instant.from('2026-10-10T09:00:00Z'), 'Europe/London'))).toBe('2026-11-09T10:00:00Z')
  })

  it('do nothing for somebody who did not prove who they are, but may refuse', () => {
    const unproven = { ...erasure, proven: false }
    expect(judge(unproven, wish, none)).toEqual({ ok: false, reason: 'unproven' })
    expect(judge(unproven, { ...wish, decision: 'refused' }, none)).toEqual({ ok: false, reason: 'reasons_required' })
    expect(judge(unproven, { ...wish, decision: 'refused', reasons: 'No' }, none)).toMatchObject({ outcome: 'refused' })
  })

  it('make an erasure one in part where something has to stay, and want to hear why', () => {
    const record = { ...none, recordVisits: 2 }
    expect(judge(erasure, wish, none)).toMatchObject({ ok: true, outcome: 'done' })
    expect(judge(erasure, wish, record)).toEqual({ ok: false, reason: 'reasons_required' })
    expect(judge(erasure, { ...wish, reasons: 'The law' }, record)).toMatchObject({ ok: true, outcome: 'partly' })
    expect(keptOf(record).map(({ code }) => code)).toEqual(['medical_record', 'audit_log', 'answer'])
  })

  it('erase nothing while the law forbids it, or the patient is at the clinic', () => {
    const hold = { ...none, hold: { reason: 'Court', until: Temporal.Instant.from(start) } }
    expect(judge(erasure, { ...wish, reasons: 'x' }, hold)).toEqual({ ok: false, reason: 'on_hold' })
    expect(judge(erasure, wish, { ...none, underWay: 1 })).toEqual({ ok: false, reason: 'under_way' })
  })

  it('want a part for a part', () => {
    const partly = { ...wish, decision: 'partly' as const, reasons: 'x' }
    expect(judge(erasure, partly, none)).toEqual({ ok: false, reason: 'no_parts' })
    expect(judge(erasure, { ...partly, parts: ['messages', 'nonsense'] }, none)).toMatchObject({ parts: ['messages'] })
    expect(partsOf('withdrawal', { purposes: ['feedback'] })).toEqual(['feedback'])
  })

  it('know a reference however it is typed', () => {
    const id = newId()
    expect(parseRequestReference(referenceOf(id).toLowerCase())).toBe(id.slice(-8))
    expect(parseRequestReference('Ayesha')).toBeUndefined()
  })
})

describe('identity', () => {
  it('is proven by a code to the number on file, which counts five tries and is good once', async () => {
    const patient = await makePatient(clinic)
    const id = await ask(patient.id, 'access')
    const asking = {
      services: app.services,
      clinic: await clinic.proven(),
      origin: { requestId: 't' },
      inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => clinic.inClinic(work),
    }
    expect(await sendIdentityCode(asking, id, 'desk')).toEqual({ ok: true, value: null })
    expect(await sendIdentityCode(asking, id, 'desk')).toEqual({ ok: false, reason: 'too_soon' })
    const [message] = await app.superuser<{ id: string; params_sealed: Buffer }>(
      `select id, params_sealed from clinic.messages where clinic_id = $1 and kind = 'code'`, [clinic.id],
    ) // prettier-ignore
    const { code } = await clinic.inClinic((ctx) =>
      Promise.resolve(ctx.seal.openJson(message!.params_sealed, 'messages.params', message!.id) as { code: string }),
    )
    const wrong = code === '000000' ? '000001' : '000000'
    expect(await tryIdentityCode(asking, id, wrong, 'desk')).toEqual({ ok: false, reason: 'wrong' })
    expect(await tryIdentityCode(asking, id, code, 'desk')).toEqual({ ok: true, value: null })
    expect(await tryIdentityCode(asking, id, code, 'desk')).toEqual({ ok: false, reason: 'not_now' })
    expect(await clinic.inClinic((ctx) => getRequest(ctx, id))).toMatchObject({
      state: 'identity_proven',
      identity: 'code',
    })
  })

  it('is spent after five tries and after ten minutes', async () => {
    const patient = await makePatient(clinic)
    const id = await ask(patient.id, 'access')
    const asking = {
      services: app.services,
      clinic: await clinic.proven(),
      origin: { requestId: 't' },
      inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => clinic.inClinic(work),
    }
    await sendIdentityCode(asking, id, 'desk')
    for (let round = 0; round < 5; round++) await tryIdentityCode(asking, id, '999999', 'desk')
    expect(await tryIdentityCode(asking, id, '999999', 'desk')).toEqual({ ok: false, reason: 'spent' })
    app.clock.set(app.clock.now().add({ seconds: 31 }))
    await sendIdentityCode(asking, id, 'desk')
    app.clock.set(app.clock.now().add({ minutes: 10 }))
    expect(await tryIdentityCode(asking, id, '999999', 'desk')).toEqual({ ok: false, reason: 'spent' })
  })

  it('may be a document, whose note is sealed', async () => {
    const patient = await makePatient(clinic)
    const id = await askProven(patient.id, 'access')
    expect(await everything()).not.toContain('Identity card 4321')
    expect(await clinic.inClinic((ctx) => getRequest(ctx, id))).toMatchObject({
      identity: 'in_person',
      identityNote: 'Identity card 4321',
    })
  })
})

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

describe('the copy', () => {
  it('opens with a code for whoever has the link, holds what was decided, and the look is written down', async () => {
    const patient = await makePatient(clinic, { name: 'Copy Cat' })
    const id = await askProven(patient.id, 'access')
    await decide(id, { decision: 'partly', parts: ['details', 'visits'], reasons: 'The rest names others' })
    const token = await clinic.inClinic((ctx) => Promise.resolve(answerToken(ctx, id)))
    const visitor = app.agent()
    const path = `/c/${clinic.slug}/privacy/answer/${token}`
    await visitor.getForm(path)
    const page = await visitor.get(path).expect(200)
    expect(page.text).toContain('Your copy')
    expect(page.text).not.toContain('Copy Cat')
    await visitor.postForm(`${path}/code`).expect(200)
    await visitor.postForm(`${path}/copy`, { code: '12345', format: 'json' }).expect(422)
    const [message] = await app.superuser<{ id: string; params_sealed: Buffer }>(
      `select id, params_sealed from clinic.messages where clinic_id = $1 and kind = 'code'`, [clinic.id],
    ) // prettier-ignore
    const { code } = await clinic.inClinic((ctx) =>
      Promise.resolve(ctx.seal.openJson(message!.params_sealed, 'messages.params', message!.id) as { code: string }),
    )
    const file = await visitor.postForm(`${path}/copy`, { code, format: 'json' }).expect(200)
    const copy = JSON.parse(file.text) as Record<string, unknown[]>
    expect(copy.patients).toHaveLength(1)
    expect(copy.messages).toEqual([])
    expect(copy.audit_entries).toEqual([])
    const openings = await clinic.inClinic((ctx) => listOpenings(ctx, patient.id))
    expect(openings.map(({ action }) => action)).toContain('patient.exported')
    app.clock.set(app.clock.now().add({ hours: 30 * 24 + 1 }))
    await visitor.get(path).expect(404)
  })

  it('V7.5.3: leaves the desk only with who proved to be the owner, as every export', async () => {
    const patient = await makePatient(clinic, { name: 'Copy Cat' })
    const id = await askProven(patient.id, 'access')
    await decide(id)
    await nadia.getForm(`${home()}/${id}`)
    app.clock.advance({ minutes: freshMinutes, seconds: 1 })
    const asked = await nadia.postForm(`${home()}/${id}/copy`, { format: 'json' })
    expect(asked.status).toBe(403)
    expect(asked.text).not.toContain('Copy Cat')
    const again = await clinic.as(clinic.cast.nadia)
    expect((await again.postForm(`${home()}/${id}/copy`, { format: 'json' }).expect(200)).text).toContain('Copy Cat')
  })

  it('is for this clinic’s answer only', async () => {
    const patient = await makePatient(clinic)
    const id = await askProven(patient.id, 'access')
    await decide(id)
    const token = await clinic.inClinic((ctx) => Promise.resolve(answerToken(ctx, id)))
    await app.agent().get(`/c/${clinic.other.slug}/privacy/answer/${token}`).expect(404)
    await app
      .agent()
      .get(`/c/${clinic.slug}/privacy/answer/${'x'.repeat(32)}`)
      .expect(404)
  })
})

describe('who looked', () => {
  it('is noted once an hour for each person', async () => {
    const patient = await makePatient(clinic)
    const bilal = await clinic.as(clinic.cast.bilal)
    const look = (person: Agent) => person.get(`/app/${clinic.slug}/patients/${patient.id}`).expect(200)
    await look(nadia)
    await look(nadia)
    await look(bilal)
    const openings = () => clinic.inClinic((ctx) => listOpenings(ctx, patient.id))
    expect((await openings()).map(({ name }) => name).sort()).toEqual(['Bilal Ahmed', 'Nadia Khan'])
    app.clock.set(app.clock.now().add({ minutes: 61 }))
    nadia = await clinic.as(clinic.cast.nadia)
    await look(nadia)
    expect(await openings()).toHaveLength(3)
  })
})

describe('walls', () => {
  it('show another clinic’s owner nothing, and a colleague a closed door', async () => {
    const patient = await makePatient(clinic)
    const id = await ask(patient.id, 'access')
    const omar = await clinic.as(clinic.cast.omar)
    await omar.get(`${home()}/${id}`).expect(404)
    await omar.get(`/app/${clinic.other.slug}/settings/privacy/requests/${id}`).expect(404)
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.get(home()).expect(403)
  })
})

describe('the list', () => {
  it('has what is due soonest on top and is found by name, number and reference', async () => {
    const first = await makePatient(clinic, { name: 'Amina Early', phone: '+923007770001' })
    const id = await ask(first.id, 'access')
    app.clock.set(app.clock.now().add({ hours: 24 * 22 }))
    const second = await makePatient(clinic, { name: 'Badar Late' })
    await ask(second.id, 'erasure')
    nadia = await clinic.as(clinic.cast.nadia)
    const page = (query: string) =>
      nadia
        .get(`${home()}${query}`)
        .expect(200)
        .then(({ text }) => wordsOf(text))
    const all = await page('')
    expect(all.indexOf('Amina Early')).toBeLessThan(all.indexOf('Badar Late'))
    expect(all).toContain('8 days left')
    for (const q of ['amina', '0300 7770001', referenceOf(id)]) {
      const found = await page(`?q=${encodeURIComponent(q)}`)
      expect([q, found.includes('Amina Early'), found.includes('Badar Late')]).toEqual([q, true, false])
    }
    expect(await page('?kind=portability')).toContain('Nothing fits')
    app.clock.set(app.clock.now().add({ hours: 24 * 9 }))
    nadia = await clinic.as(clinic.cast.nadia)
    expect(await page('')).toContain('1 day late')
  })
})

describe('by way of the platform', () => {
  const file = (clinicSlug: string, n: number) =>
    fileRequest(app.services, { requestId: 'test', address: `2001:db8:77:${n}::1` }, {
      topic: 'privacy', name: 'Contact Form', email: 'form@patient.test', message: 'Erase me please', language: 'ar', clinicSlug,
    }) // prettier-ignore

  it('a request that names a clinic is the clinic’s, with the same clock, and closes there when it is answered', async () => {
    const filed = await file(clinic.slug, 1)
    if (!filed.ok) throw new Error('not filed')
    await takeInRouted(app.services)
    await takeInRouted(app.services)
    const taken = await app.superuser<{ id: RightsRequestId; due_at: Temporal.Instant }>(
      'select id, due_at from clinic.rights_requests where clinic_id = $1', [clinic.id],
    ) // prettier-ignore
    expect(taken).toHaveLength(1)
    const [platform] = await app.superuser<{ status: string; due_at: Temporal.Instant }>(
      'select status, due_at from platform.requests where id = $1', [filed.value.id],
    ) // prettier-ignore
    expect(platform!.status).toBe('routed')
    expect(String(platform!.due_at)).toBe(String(taken[0]!.due_at))
    await app.runJob('messaging.mails')
    expect(
      app.mail
        .mailsTo(clinic.cast.nadia.email)
        .map(({ text }) => text)
        .join(),
    ).toContain('/settings/privacy/requests')
    await nadia.getForm(`${home()}/${taken[0]!.id}`)
    const page = await nadia.get(`${home()}/${taken[0]!.id}`).expect(200)
    expect(page.text).toContain('Erase me please')
    await nadia.postForm(`${home()}/${taken[0]!.id}/kind`, { kind: 'erasure' }).expect(303)
    expect(await decide(taken[0]!.id, { decision: 'refused', reasons: 'We do not know you' })).toMatchObject({
      value: { sent: 'email' },
    })
    expect(
      await count(`platform.requests where id = $1 and status = 'closed' and close_reason = 'done_by_clinic'`, [
        filed.value.id,
      ]),
    ).toBe(1)
  })

  it('reminds owners and the platform on the twentieth and the twenty-seventh day, once each', async () => {
    const admin = await makePlatformAdmin(app)
    const patient = await makePatient(clinic)
    const asked = await clinic.inClinic((ctx) =>
      receiveRequest(ctx, {
        kind: 'access',
        source: 'patient_page',
        language: 'en',
        wishes: {},
        patientId: patient.id,
      }),
    )
    if (!asked.ok) throw new Error(asked.reason)
    const reference = asked.value.reference
    const told = async (to: string) => {
      await watchClock(app.services)
      await watchClock(app.services)
      await app.runJob('messaging.mails')
      return app.mail.mailsTo(to).filter(({ subject }) => subject?.includes(reference)).length
    }
    const at = (days: number, seconds: number) =>
      app.clock.set(
        Temporal.Instant.from(start)
          .add({ hours: days * 24 })
          .add({ seconds }),
      )
    expect([await told(clinic.cast.nadia.email), await told(admin.email)]).toEqual([1, 0])
    at(20, -1)
    expect([await told(clinic.cast.nadia.email), await told(admin.email)]).toEqual([1, 0])
    at(20, 0)
    expect([await told(clinic.cast.nadia.email), await told(admin.email)]).toEqual([2, 1])
    at(27, -1)
    expect(await told(admin.email)).toBe(1)
    at(27, 0)
    expect([await told(clinic.cast.nadia.email), await told(admin.email)]).toEqual([3, 2])
  })

  it('tells the others when one clinic can’t be worked on', async () => {
    const patient = await makePatient(clinic)
    const troubled = await makeClinic(app)
    const theirs = await makePatient(troubled)
    for (const [where, patientId] of [
      [troubled, theirs.id],
      [clinic, patient.id],
    ] as const) {
      await where.inClinic((ctx) =>
        receiveRequest(ctx, { kind: 'access', source: 'patient_page', language: 'en', wishes: {}, patientId }),
      )
    }
    // Told in the order of their ids, whichever that is: each has its turn at being the one in trouble.
    for (const [broken, whole] of [
      [troubled, clinic],
      [clinic, troubled],
    ] as const) {
      await app.superuser('update clinic.rights_requests set told_at = null')
      const services = {
        ...app.services,
        inClinic: ((one, ...rest) =>
          one.id === broken.id ? Promise.reject(new Error('no key')) : app.services.inClinic(one, ...rest)) as InClinic,
      }
      await expect(watchClock(services)).rejects.toThrow('1 clinics could not be told')
      const told = await app.superuser<{ clinic_id: string }>(
        'select clinic_id from clinic.rights_requests where told_at is not null and clinic_id = any($1)',
        [[broken.id, whole.id]],
      )
      expect(told).toEqual([{ clinic_id: whole.id }])
    }
  })
})

describe('after a restore', () => {
  it('whoever was erased is erased again', async () => {
    const { service, locationId } = await makeBookable(clinic)
    const patient = await makePatient(clinic, { name: 'Returned Rowan' })
    const visit = await makeAppointment(clinic, {
      service,
      locationId,
      patientId: patient.id,
      on: '2026-11-20',
      at: '10:00',
      status: 'fulfilled',
    })
    const row = await app.superuser('select * from clinic.patients where id = $1', [patient.id])
    await decide(await askProven(patient.id, 'erasure'))
    await keepJournal(app.services)
    expect(await keepJournal(app.services)).toBe(0)
    expect(await everything()).not.toContain('Returned Rowan')
    // What a backup of the day before would bring back.
    const names = Object.keys(row[0]!)
    await app.superuser(
      `insert into clinic.patients (${names.join(', ')}) values (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
      names.map((name) => { const value = row[0]![name]; return value instanceof Temporal.Instant ? value.toString() : value }),
    ) // prettier-ignore
    await app.superuser('update clinic.appointments set patient_id = $1, identity_erased_at = null where id = $2', [
      patient.id,
      visit.id,
    ])
    expect(await eraseSubjectsAgain(app.services)).toBe(1)
    expect(await everything()).not.toContain('Returned Rowan')
    expect(await count('clinic.appointments where id = $1 and patient_id is null', [visit.id])).toBe(1)
    expect(await eraseSubjectsAgain(app.services)).toBe(0)
  })

  it('is told by notes that hold nobody’s name, and never say less than before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nabz-journal-'))
    const subject = Buffer.alloc(32, 9)
    await writeErasureNote(folder, subject, { parts: ['messages'], at: start })
    await writeErasureNote(folder, subject, { parts: ['contact'], at: start })
    const notes = await readErasureNotes(folder)
    expect([...notes]).toEqual([[subject.toString('hex'), { parts: ['contact', 'messages'], at: start }]])
    await rm(folder, { recursive: true })
  })
})
