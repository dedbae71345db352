// A clinic in which every kind of row that an address may name exists, for tests that walk the table of routes.
import { createHash, randomBytes } from 'node:crypto'
import { photoPlace, upsertPhoto } from '../../src/features/accounts/queries/photos.ts'
import { newsToken } from '../../src/features/announcements/actions.ts'
import { signCertificate } from '../../src/features/closing/actions/certificate.ts'
import { insertCertificate } from '../../src/features/closing/queries.ts'
import { fileRequest } from '../../src/features/requests/actions.ts'
import { answerToken } from '../../src/features/rights/actions/answer.ts'
import { decideRequest } from '../../src/features/rights/actions/decide.ts'
import { receiveRequest } from '../../src/features/rights/actions/receive.ts'
import { newId, type PatientId, type UserId } from '../../src/kernel/ids.ts'
import { minutes } from '../../src/kernel/time.ts'
import { registerLink, registerWaitingLink } from '../../src/platform/links.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import type { RouteEntry } from '../../src/platform/web/routers.ts'
import type { TestApp } from './app.ts'
import { makeDeclaredPayment, makeDocument } from './books.ts'
import { makeClinic, makePlatformAdmin, type TestClinic } from './cast.ts'
import { makeAppointment, makeBookable, makePatient, makeQuestion, makeResource } from './factories.ts'

/** Ids by the word that stands before them in an address: `services` of `/services/:id`. */
export type Ids = Record<string, string>

/** The clinic, another one furnished alike, and somebody of the platform. */
export type World = { here: TestClinic; there: TestClinic; ids: Ids; foreignIds: Ids; adminId: UserId }

export async function makeWorld(app: TestApp): Promise<World> {
  const [here, there, admin] = await Promise.all([makeClinic(app), makeClinic(app), makePlatformAdmin(app)])
  const [ids, foreignIds] = await Promise.all([furnish(here), furnish(there)])
  // What the public site and the price list name in their addresses belongs to nobody.
  const [sold] = await app.superuser<{ plan: string; issuer: string }>(
    `select p.id as plan, i.id as issuer from platform.plans p, platform.issuers i where p.code = 'group' and i.code = 'NBZ'`,
  )
  // Those that a fresh installation has are everybody's too.
  const [policy] = await app.superuser<{ id: string }>(
    `select id from platform.policy_versions where code = 'privacy' and version = 1`,
  )
  const named = {
    policies: policy!.id,
    help: 'getting-started',
    versions: '2026-11-21',
    sitemaps: 'site',
    plans: sold!.plan,
    markets: 'PK',
    issuers: sold!.issuer,
    certificates: await makeCertificate(app),
  }
  return { here, there, ids: { ...ids, ...named }, foreignIds, adminId: admin.userId }
}

async function furnish(clinic: TestClinic): Promise<Ids> {
  const { app } = clinic
  const { service, locationId, practitionerId } = await makeBookable(clinic)
  await makeQuestion(clinic, { serviceId: service.id })
  const patient = await makePatient(clinic)
  const visit = await makeAppointment(clinic, { service, locationId, patientId: patient.id, at: '16:00' })
  const token = await clinic.inClinic((ctx) => registerLink(ctx, visit.id, 1, visit.endsAt.add(minutes(1440))))
  const messageId = await clinic.inClinic((ctx) =>
    queueMessage(ctx, {
      kind: 'confirmation',
      template: 'confirmation',
      recipient: { channel: 'whatsapp', phone: patient.phone },
      language: 'en',
      appointmentId: visit.id,
      patientId: patient.id,
      version: 1,
      dueAt: ctx.now.add(minutes(3)),
    }),
  )
  // One that is part of nothing yet.
  const single = await makeAppointment(clinic, { service, locationId, patientId: patient.id, at: '15:00' })
  const rooms = await makeResource(clinic)
  const [shift] = await app.superuser<{ id: string }>('select id from clinic.shifts where clinic_id = $1', [clinic.id])
  const closureId = newId()
  await app.superuser(
    `insert into clinic.closures (clinic_id, id, starts_at, ends_at, reason, created_at)
     values ($1, $2, '2027-01-01T00:00Z', '2027-01-02T00:00Z', 'New year', now())`,
    [clinic.id, closureId],
  )
  const timetableId = newId()
  await app.superuser(
    `insert into clinic.timetables (clinic_id, id, practitioner_id, kind, hijri_month, created_at)
     values ($1, $2, $3, 'hijri_month', 9, now())`,
    [clinic.id, timetableId, practitionerId],
  )
  const invitationId = newId()
  const invitation = randomBytes(32).toString('base64url')
  await app.superuser(
    `insert into platform.invitations (id, clinic_id, email, role, language, token_hash, invited_by, created_at, expires_at)
     values ($1, $2, 'new@shifa.test', 'receptionist', 'en', $5, $3, $4, $4::timestamptz + interval '7 days')`,
    [
      invitationId,
      clinic.id,
      clinic.cast.nadia.userId,
      app.clock.now().toString(),
      createHash('sha256').update(invitation).digest(),
    ],
  )
  const reset = randomBytes(32).toString('base64url')
  await app.superuser(
    `insert into platform.account_tokens (token_hash, user_id, purpose, password_version, created_at, expires_at)
     values ($1, $2, 'password_reset', 1, $3, $3::timestamptz + interval '30 minutes')`,
    [createHash('sha256').update(reset).digest(), clinic.cast.nadia.userId, app.clock.now().toString()],
  )
  const factorRows = await lostFactor(clinic)
  const linkRows = await mailedLinks(clinic)
  const { requests, announcements, support } = await platformRows(clinic)
  const [payment, document] = [await makeDeclaredPayment(clinic), await makeDocument(clinic)]
  const [paid, notes] = [await makeDeclaredPayment(clinic), newId()]
  await app.superuser(`update platform.payments set status = 'confirmed' where id = $1`, [paid.id])
  await app.superuser(
    `insert into platform.clinic_notes (id, clinic_id, at, author_id, body) values ($1, $2, $3, $4, 'A note')`,
    [notes, clinic.id, app.clock.now().toString(), clinic.cast.nadia.userId],
  )
  const cards = newId()
  await app.superuser(
    `insert into platform.card_incidents (id, key, kind, clinic_id, details, at) values ($1::uuid, $1::text, 'dispute', $2, '{}', $3)`,
    [cards, clinic.id, app.clock.now().toString()],
  )
  const holds = newId()
  await app.superuser(
    `insert into platform.legal_holds (id, clinic_id, reason, owner_name, set_by, set_at, until)
     values ($1, $2, 'Order of the court, file 17', 'Nadia Khan', $3, $4, $4::timestamptz + interval '9 days')`,
    [holds, clinic.id, clinic.cast.nadia.userId, app.clock.now().toString()],
  )
  const closings = newId()
  await app.superuser(
    `insert into platform.closings (id, clinic_id, kind, asked_at, undo_until, purge_by, state, undone_at)
     values ($1, $2, 'asked', $3, $3, $3, 'undone', $3)`,
    [closings, clinic.id, app.clock.now().toString()],
  )
  const api = newId()
  await app.superuser(
    `insert into platform.api_clients (id, clinic_id, name, secret_hash, scopes, created_by, created_at)
     values ($1, $2, 'Till', sha256('x'), '{appointments.read}', $3, $4)`,
    [api, clinic.id, clinic.cast.nadia.userId, app.clock.now().toString()],
  )
  const series = newId()
  await app.superuser(
    `insert into clinic.series (clinic_id, id, every, step, visits, created_at) values ($1, $2, 'week', 1, 2, now())`,
    [clinic.id, series],
  )
  await app.superuser(
    'update clinic.appointments set series_id = $2, series_index = 1, series_of = 2 where clinic_id = $1 and id = $3',
    [clinic.id, series, visit.id],
  )
  const disruptions = newId()
  await app.superuser(
    `insert into clinic.disruptions (clinic_id, id, kind, practitioner_id, starts_at, ends_at, closure_id, created_at, tells_at)
     values ($1, $2, 'leave', $3, '2027-01-01T00:00Z', '2027-01-02T00:00Z', $4, now(), now())`,
    [clinic.id, disruptions, practitionerId, closureId],
  )
  const [feeds, feed] = [newId(), randomBytes(32).toString('base64url')]
  await app.superuser(
    `insert into platform.feeds (id, clinic_id, name, names, token_hash, created_by, created_at)
     values ($1, $2, 'Diary', 'full', $3, $4, $5)`,
    [
      feeds,
      clinic.id,
      createHash('sha256').update(feed).digest(),
      clinic.cast.nadia.userId,
      app.clock.now().toString(),
    ],
  )
  const place = newId()
  await app.superuser(
    `insert into clinic.waiting_entries (clinic_id, id, patient_id, service_id, from_date, until_date, language, source,
       joined_at) values ($1, $2, $3, $4, $5::date, $5::date + 30, 'en', 'desk', $6)`,
    [clinic.id, place, patient.id, service.id, '2026-11-24', app.clock.now().toString()],
  )
  const w = await clinic.inClinic((ctx) => registerWaitingLink(ctx, place, ctx.now.add(minutes(1440))))
  return {
    api,
    'waiting-list/:id': place,
    w,
    feeds,
    'feeds/:token.ics': `${feed}.ics`,
    series,
    disruptions,
    closings,
    requests,
    ...(await rightsOf(clinic, patient.id)),
    restricted: patient.id,
    announcements,
    support,
    cards,
    holds,
    unsubscribe: newsToken(app.services.keys.platform, clinic.cast.nadia.userId),
    'reset-password': reset,
    ...factorRows,
    ...linkRows,
    appointments: visit.id,
    'appointments/:id/repeat': single.id,
    visits: visit.id,
    patients: patient.id,
    services: service.id,
    locations: locationId,
    rooms,
    ':slug/:location': locationId,
    practitioners: practitionerId,
    doctors: practitionerId,
    hours: practitionerId,
    shifts: shift!.id,
    closures: closureId,
    special: timetableId,
    invitations: invitationId,
    'invitations/:token': invitation,
    staff: clinic.cast.bilal.userId,
    people: clinic.cast.bilal.userId,
    messages: messageId!,
    payments: payment.id,
    'payments/:paid': paid.id,
    clinics: clinic.id,
    notes,
    documents: document.id,
    a: token,
  }
}

/** Of a clinic that is gone. */
async function makeCertificate({ services }: TestApp): Promise<string> {
  const id = newId()
  const [now, at] = [services.clock.now(), services.clock.now().toString()]
  const body = {
    kind: 'nabz-erasure' as const,
    version: 1 as const,
    id,
    issuer: services.config.baseUrl,
    clinic: newId(),
    because: 'asked' as const,
    asked: at,
    began: at,
    erased: at,
    key: 'ab'.repeat(32),
    audit: { entries: 3, head: 'cd'.repeat(32) },
    erasedRows: { 'clinic.appointments': 2, 'clinic.profiles': 1 },
    kept: ['platform.documents'],
  }
  await insertCertificate(services.db, signCertificate(services.config, body, now))
  return id
}

/** A passkey of the desk's, and the reset of its second factor, which a link may cancel. */
async function lostFactor({ app, cast, id }: TestClinic) {
  const [passkeys, resetId, reset] = [newId(), newId(), randomBytes(32).toString('base64url')]
  const now = app.clock.now().toString()
  await app.superuser(
    `insert into platform.passkeys (id, user_id, credential_id, public_key, counter, name, created_at)
     values ($1::uuid, $2, ($1::uuid)::text, '', 0, 'Phone', $3)`,
    [passkeys, cast.bilal.userId, now],
  )
  await app.superuser(
    `insert into platform.factor_resets (id, user_id, asked_by, clinic_id, proof_sealed, token_hash, asked_at, due_at)
     values ($1, $2, $5, $6, '', $3, $4, $4::timestamptz + interval '1 day')`,
    [resetId, cast.bilal.userId, createHash('sha256').update(reset).digest(), now, cast.nadia.userId, id],
  )
  return { passkeys, 'second-factor-reset': reset, 'second-factors': resetId }
}

/** Links in mails about Nadia's account, and a photo of everybody. */
async function mailedLinks({ app, cast }: TestClinic) {
  const [alert, confirmation] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')]
  const now = app.clock.now().toString()
  for (const [token, purpose, email] of [
    [alert, 'not_me', null],
    [confirmation, 'verify_email', cast.nadia.email],
  ] as const) {
    await app.superuser(
      `insert into platform.account_tokens (token_hash, user_id, purpose, password_version, email, created_at, expires_at)
       values ($1, $2, $3, 1, $4, $5, $5::timestamptz + interval '7 days')`,
      [createHash('sha256').update(token).digest(), cast.nadia.userId, purpose, email, now],
    )
  }
  for (const { id } of await app.superuser<{ id: UserId }>('select id from platform.users')) {
    await upsertPhoto(
      app.services.db,
      id,
      app.services.keys.platform.sealBytes(Buffer.from('ffd8ff', 'hex'), photoPlace, id),
      app.clock.now(),
    )
  }
  return { 'not-me': alert, 'confirm-email': confirmation }
}

/** What a patient asked by right, open and answered. */
async function rightsOf(clinic: TestClinic, patientId: PatientId): Promise<Ids> {
  const ask = { source: 'desk', language: 'en', wishes: {}, patientId } as const
  return clinic.inClinic(async (ctx) => {
    const open = await receiveRequest(ctx, { ...ask, kind: 'access' })
    const closed = await receiveRequest(ctx, { ...ask, kind: 'correction' })
    if (!open.ok || !closed.ok) throw new Error('no request could be taken in')
    const refusal = { decision: 'refused', parts: [], reasons: 'No', tell: false } as const
    await decideRequest(ctx, clinic.app.services, closed.value.id, refusal)
    return { 'requests/:request': open.value.id, answer: answerToken(ctx, closed.value.id) }
  })
}

/** What the console knows of a clinic: a request about it, an announcement, a visit that is asked for. */
async function platformRows({ app, id: clinicId }: TestClinic) {
  const filed = await fileRequest(
    app.services,
    { requestId: 'test', address: `2001:db8:${++asked}::1` },
    {
      topic: 'privacy',
      name: 'Ayesha',
      email: 'ayesha@patient.test',
      message: 'What do you know of me?',
      language: 'en',
    },
  )
  if (!filed.ok) throw new Error('no request could be filed')
  const now = app.clock.now().toString()
  const [announcements, support, operator] = [newId(), newId(), newId()]
  await app.superuser(
    `insert into platform.announcements (id, titles, texts, banner, email, starts_at, created_at, updated_at)
     values ($1, $2, $2, true, false, $3::timestamptz + interval '1 day', $3, $3)`,
    [announcements, JSON.stringify({ en: 'News', ar: 'خبر', ur: 'خبر' }), now],
  )
  await app.superuser(
    `insert into platform.users (id, email, name, password_hash, platform_admin, created_at)
     values ($1::uuid, ($1::uuid)::text || '@nabz.test', 'Somebody of Nabz', 'x', true, $2)`,
    [operator, now],
  )
  await app.superuser(
    `insert into platform.support_visits (id, clinic_id, operator_id, reason, asked_at) values ($1, $2, $3, 'To help', $4)`,
    [support, clinicId, operator, now],
  )
  return { requests: filed.value.id, announcements, support }
}
let asked = 0

/** The address with its parameters filled in; `ids` undefined means ids nobody has. Undefined when one is not known. */
export function addressOf(route: RouteEntry, slug: string, ids: Ids | undefined): string | undefined {
  let unknown = false
  const path = route.path
    .split('/')
    .map((part, at, parts) => {
      if (!part.startsWith(':')) return part
      if (part === ':slug') return slug
      if (ids === undefined) return newId()
      const before = parts[at - 1] ?? ''
      const id = ids[`${before}/${part}/${parts[at + 1] ?? ''}`] ?? ids[`${before}/${part}`] ?? ids[before]
      unknown ||= id === undefined
      return id ?? ''
    })
    .join('/')
  return unknown ? undefined : path
}

/** Whether the address names a row besides the clinic. */
export const namesARow = (route: RouteEntry) => /:(?!slug\b)/.test(route.path)
