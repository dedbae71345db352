// What somebody agreed to and took back, as a history, and that the next message already keeps to it.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { give, withdraw } from '../../src/features/consents/actions.ts'
import { findConsent, listConsents } from '../../src/features/consents/queries.ts'
import {
  changes,
  standing,
  wordingKey,
  wordings,
  type Consent,
  type Purpose,
} from '../../src/features/consents/rules.ts'
import { resumeForPatient, stopForPatient } from '../../src/features/messaging/actions/stop.ts'
import type { AppointmentId, PatientId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { languages } from '../../src/platform/i18n/languages.ts'
import { readLocale } from '../../src/platform/i18n/translate.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { inShort, settle as settleAll, startOver, tellOfBooking } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let clinic: TestClinic
let patientId: PatientId
beforeAll(async () => {
  app = await startTestApp()
  whatsapp = fakeWhatsApp(app)
})
afterAll(() => app.stop())
beforeEach(async () => {
  await startOver(app, whatsapp)
  clinic = await makeClinic(app)
  await makeBookable(clinic)
  patientId = (await makePatient(clinic, { phone })).id
})

const phone = '+923001234567' as Phone
const messages = { purpose: 'appointment_messages', channel: 'phone', source: 'desk' } as const

async function book(at = '16:30', of = patientId): Promise<AppointmentId> {
  const { id } = await makeAppointment(clinic, { on: '2026-11-26', at, patientId: of })
  await tellOfBooking(clinic, id)
  return id
}
const settle = () => settleAll(app, whatsapp)
const agrees = async (purpose: Purpose) =>
  (await clinic.inClinic((ctx) => findConsent(ctx, patientId, purpose)))?.decision === 'permit'
const history = async (id = patientId) =>
  (await clinic.inClinic((ctx) => listConsents(ctx, id)))
    .reverse()
    .map(({ decision, source, channel }) => `${decision} ${source} ${channel}`)

describe('the wordings', () => {
  const texts = Object.fromEntries(
    languages.map((lang) => {
      const { wording } = (readLocale(lang) as { consents: { wording: Record<string, string> } }).consents
      return [lang, Object.fromEntries(Object.entries(wording).map(([key, text]) => [key, digest(text)]))]
    }),
  )
  function digest(text: string) {
    return createHash('sha256').update(text).digest('hex').slice(0, 16)
  }

  it('are what people agreed to, word for word: a new meaning is a new version', () => {
    const pinned: unknown = JSON.parse(readFileSync(new URL('wordings.json', import.meta.url), 'utf8'))
    expect(texts).toEqual(pinned)
  })

  it('are there in every version up to the one in use', () => {
    const known = Object.keys(texts.en!)
    for (const [wording, { version }] of Object.entries(wordings)) {
      for (let edition = 1; edition <= version; edition++) {
        expect(known).toContain(wordingKey(wording, edition).replace('consents.wording.', ''))
      }
    }
  })

  it('in use all name the clinic', () => {
    for (const lang of languages) {
      const { wording } = (readLocale(lang) as { consents: { wording: Record<string, string> } }).consents
      for (const [code, { version }] of Object.entries(wordings)) {
        expect(wording[`${code}_v${version}`]).toContain('{{clinic}}')
      }
    }
  })
})

describe('what holds', () => {
  const at = (minute: number) => Temporal.Instant.fromEpochMilliseconds(minute * 60_000)

  it.each([
    [undefined, 'permit', 1, true],
    [undefined, 'deny', 1, false],
    [{ decision: 'permit', decidedAt: at(1) }, 'permit', 2, false],
    [{ decision: 'permit', decidedAt: at(1) }, 'deny', 2, true],
    [{ decision: 'permit', decidedAt: at(3) }, 'deny', 2, false],
    [{ decision: 'deny', decidedAt: at(3) }, 'permit', 2, false],
    [{ decision: 'deny', decidedAt: at(3) }, 'permit', 3, true],
  ] as const)('after %o, %s at %i: news %s', (newest, said, minute, news) => {
    expect(changes(newest, said, at(minute))).toBe(news)
  })

  it('is the newest of each purpose', () => {
    const one = (id: string, purpose: Consent['purpose'], decision: Consent['decision'], minute: number): Consent => ({
      id, purpose, decision, wording: null, wordingVersion: null, language: null, channel: 'web', source: 'desk',
      decidedAt: at(minute),
    }) // prettier-ignore
    const now = standing([
      one('a', 'appointment_messages', 'permit', 1),
      one('c', 'appointment_messages', 'deny', 2),
      one('b', 'appointment_messages', 'permit', 2),
    ])
    expect(now.appointment_messages?.id).toBe('c')
    expect(now.feedback).toBeUndefined()
  })
})

describe('a consent', () => {
  it('is kept with its words, edition, language, time, channel and place, and named in the audit log', async () => {
    const { id } = await makePatient(clinic, { consent: false })
    expect(await clinic.inClinic((ctx) => give(ctx, { ...messages, patientId: id, language: 'ur' }))).toBe(true)
    const [given] = await clinic.inClinic((ctx) => listConsents(ctx, id))
    expect(given).toMatchObject({
      purpose: 'appointment_messages', decision: 'permit', wording: 'desk', wordingVersion: 2, language: 'ur',
      channel: 'phone', source: 'desk', decidedAt: Temporal.Instant.from(testNow),
    }) // prettier-ignore
    const [entry] = await app.superuser(
      `select action, details from clinic.audit_entries where record_id = $1 and action like 'consent.%'`,
      [id],
    )
    expect(entry).toEqual({
      action: 'consent.given',
      details: {
        purpose: 'appointment_messages', wording: 'desk', version: 2, language: 'ur', channel: 'phone', source: 'desk',
      },
    }) // prettier-ignore
  })

  it('given twice is one entry, and taken back twice as well; nothing is ever changed or removed', async () => {
    const say = (action: typeof give | typeof withdraw) =>
      clinic.inClinic((ctx) => action(ctx, { ...messages, patientId }))
    expect([await say(give), await say(withdraw), await say(withdraw), await say(give)]).toEqual([
      false,
      true,
      false,
      true,
    ])
    expect(await history()).toEqual(['permit public_page web', 'deny desk phone', 'permit desk phone'])
    await expect(
      clinic.inClinic((ctx) => ctx.db.raw(`update clinic.consents set decision = 'permit'`)),
    ).rejects.toMatchObject({ code: '42501' })
  })

  it('to one thing is none to another, and somebody who never agreed has nothing to take back', async () => {
    expect(await agrees('feedback')).toBe(false)
    expect(await clinic.inClinic((ctx) => withdraw(ctx, { ...messages, purpose: 'feedback', patientId }))).toBe(false)
    await clinic.inClinic((ctx) => give(ctx, { ...messages, purpose: 'feedback', patientId }))
    await clinic.inClinic((ctx) => withdraw(ctx, { ...messages, patientId }))
    expect(await agrees('feedback')).toBe(true)
    expect(await agrees('appointment_messages')).toBe(false)
  })

  it('taken back from twenty places at once is taken back once', async () => {
    const said = await Promise.all(
      Array.from({ length: 20 }, () => clinic.inClinic((ctx) => withdraw(ctx, { ...messages, patientId }))),
    )
    expect(said.filter(Boolean)).toHaveLength(1)
    expect(await history()).toHaveLength(2)
  })

  it('goes with the patient', async () => {
    await app.superuser('delete from clinic.patients where id = $1', [patientId])
    expect(await history()).toEqual([])
  })
})

describe('taken back, the next message already stays', () => {
  it.each([
    ['the desk', (id: PatientId) => clinic.inClinic((ctx) => withdraw(ctx, { ...messages, patientId: id }))],
    [
      'their own page',
      (id: PatientId) =>
        clinic.inClinic((ctx) =>
          withdraw(ctx, { purpose: 'appointment_messages', channel: 'web', source: 'patient_page', patientId: id }),
        ),
    ],
    [
      'a request about their data',
      (id: PatientId) =>
        clinic.inClinic((ctx) => withdraw(ctx, { ...messages, source: 'rights_request', patientId: id })),
    ],
  ])('by %s: a queued reminder does not leave, and the log says why', async (_who, takeBack) => {
    await book()
    await settle()
    app.clock.set('2026-11-25T11:29:59Z')
    expect(await settle()).toEqual([])
    await takeBack(patientId)
    app.clock.set('2026-11-25T11:31:00Z')
    expect(await settle()).toEqual([])
    expect(await inShort(app, clinic.id)).toContain('reminder_24h dropped (consent_withdrawn)')
  })

  it('given again before it was due, it leaves after all', async () => {
    await book()
    await settle()
    await clinic.inClinic((ctx) => withdraw(ctx, { ...messages, patientId }))
    await clinic.inClinic((ctx) => give(ctx, { ...messages, patientId }))
    app.clock.set('2026-11-25T11:31:00Z')
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_reminder'])
  })

  it('by one of a family, the others still hear of theirs', async () => {
    const { id: child } = await makePatient(clinic, { phone, name: 'Hamza' })
    await book('16:30')
    await book('17:30', child)
    await settle()
    await clinic.inClinic((ctx) => withdraw(ctx, { ...messages, patientId: child }))
    app.clock.set('2026-11-25T13:00:00Z')
    expect(await settle()).toHaveLength(1)
  })

  it('holds for the mail in its place as well', async () => {
    const { id } = await makePatient(clinic, { phone: '+923009999999', email: 'mona@example.org' })
    await book('12:00', id)
    await settle()
    await app.superuser(`update clinic.messages set channel = 'email' where kind = 'reminder_24h'`)
    await clinic.inClinic((ctx) => withdraw(ctx, { ...messages, patientId: id }))
    app.clock.set('2026-11-25T07:05:00Z')
    await settle()
    expect(await inShort(app, clinic.id)).toContain('reminder_24h by mail dropped (consent_withdrawn)')
    expect(app.mail.mailsTo('mona@example.org')).toEqual([])
  })

  it('is no word about a visit booked later with the box ticked', async () => {
    await clinic.inClinic((ctx) => withdraw(ctx, { ...messages, patientId }))
    app.clock.advance({ minutes: 5 })
    await makePatient(clinic, { phone, name: 'Mona' })
    await clinic.inClinic((ctx) =>
      give(ctx, { purpose: 'appointment_messages', channel: 'web', source: 'public_page', patientId }),
    )
    await book()
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_confirmation'])
  })
})

describe('STOP and START', () => {
  it('are written into the consents of everybody the number belongs to', async () => {
    const { id: child } = await makePatient(clinic, { phone, name: 'Hamza' })
    const { id: never } = await makePatient(clinic, { phone, name: 'Dada', consent: false })
    await book()
    await settle()
    await whatsapp.write(phone, 'STOP').expect(200)
    await settle()
    app.clock.advance({ minutes: 5 })
    await whatsapp.write(phone, 'START').expect(200)
    expect((await settle()).map(({ texts }) => texts[0])).toEqual([expect.stringContaining('again')])
    for (const id of [patientId, child]) {
      expect(await history(id)).toEqual([
        'permit public_page web',
        'deny whatsapp_reply whatsapp',
        'permit whatsapp_reply whatsapp',
      ])
    }
    expect(await history(never)).toEqual([])
  })

  it('in the wrong order hold as they were said', async () => {
    await book()
    await settle()
    app.clock.advance({ minutes: 10 })
    const at = (seconds: number) => String(Math.floor(app.clock.now().epochMilliseconds / 1000) + seconds)
    await whatsapp.write(phone, 'STOP', { timestamp: at(-300) }).expect(200)
    await whatsapp.write(phone, 'START', { timestamp: at(-100) }).expect(200)
    await settle()
    await whatsapp.write(phone, 'STOP', { timestamp: at(-200) }).expect(200)
    await settle()
    expect(await agrees('appointment_messages')).toBe(true)
  })

  it('START brings back what somebody took back at the desk, and is answered', async () => {
    await book()
    await settle()
    await clinic.inClinic((ctx) => withdraw(ctx, { ...messages, patientId }))
    app.clock.advance({ minutes: 5 })
    await whatsapp.write(phone, 'start').expect(200)
    expect((await settle()).map(({ texts }) => texts[0])).toEqual([expect.stringContaining('again')])
    app.clock.set('2026-11-25T11:31:00Z')
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_reminder'])
  })

  it('START brings back the reminders that STOP took out of the queue and that are still to come', async () => {
    await book()
    await settle()
    await whatsapp.write(phone, 'STOP').expect(200)
    await settle()
    expect(await inShort(app, clinic.id)).toContain('reminder_24h dropped (opted_out)')
    app.clock.advance({ minutes: 5 })
    await whatsapp.write(phone, 'START').expect(200)
    await settle()
    app.clock.set('2026-11-25T11:31:00Z')
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_reminder'])
  })

  it('on their own page work like written ones; the desk can only stop', async () => {
    await clinic.inClinic((ctx) => stopForPatient(ctx, { id: patientId, phone }), { kind: 'patient' })
    app.clock.advance({ minutes: 1 })
    await expect(clinic.inClinic((ctx) => resumeForPatient(ctx, { id: patientId, phone }))).rejects.toThrow(
      'the person',
    )
    const resumed = await clinic.inClinic((ctx) => resumeForPatient(ctx, { id: patientId, phone }), { kind: 'patient' })
    expect(resumed.ok).toBe(true)
    expect(await history()).toEqual(['permit public_page web', 'deny patient_page web', 'permit patient_page web'])
  })
})
