// A clinic with something of everything, and ways to get its export and look into it without our own readers.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { parse } from 'csv-parse/sync'
import { newId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { minutes } from '../../src/kernel/time.ts'
import { audit } from '../../src/platform/audit.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { rows } from '../../src/platform/db/rows.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import type { TestApp } from '../support/app.ts'
import { makeClinic, type CastMember, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'

export const ownPassword = 'four unrelated plain words'

/** Gives somebody a password of their own, since exports ask for it. */
export async function givePassword(app: TestApp, { userId }: CastMember): Promise<void> {
  const hash = await app.services.passwords.hash(ownPassword)
  await app.superuser('update platform.users set password_hash = $1 where id = $2', [hash, userId])
}

/** Of who asks by right what is kept of them. */
export const askersPhone = '+923001234599' as Phone
export const nastyNames = ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\t=1', "'=1", 'عائشة, "صديقي"', 'two\nlines', '＝1+1']

export async function furnishedClinic(app: TestApp): Promise<TestClinic> {
  const clinic = await makeClinic(app)
  await givePassword(app, clinic.cast.nadia)
  const { service, locationId } = await makeBookable(clinic)
  for (const [index, name] of nastyNames.entries()) {
    const patient = await makePatient(clinic, { name, email: `p${index}@patient.test`, language: 'ar' })
    const at = `${String(9 + Math.floor(index / 2)).padStart(2, '0')}:${index % 2 === 0 ? '00' : '30'}`
    const visit = await makeAppointment(clinic, { service, locationId, patientId: patient.id, at })
    await clinic.inClinic(async (ctx) => {
      await queueMessage(ctx, {
        kind: 'confirmation',
        template: 'confirmation',
        recipient: { channel: 'whatsapp', phone: patient.phone },
        language: 'ar',
        appointmentId: visit.id,
        patientId: patient.id,
        version: 1,
        dueAt: ctx.now.add(minutes(3)),
        params: { name },
      })
      await audit(ctx, 'patient.seen', { kind: 'patient', id: patient.id }, { index }, { was: name })
    })
  }
  const [messages] = [
    await app.superuser<{ id: string }>('select id from clinic.messages where clinic_id = $1', [clinic.id]),
  ]
  await clinic.inClinic(async (ctx) => {
    const [inbound, attempt, closure, request] = [newId(), newId(), newId(), newId()]
    await rows(
      ctx.db,
      `insert into clinic.inbound_messages (clinic_id, id, sender_hash, body_sealed, meaning, received_at) values (?, ?, ?, ?, 'unknown', ?)`,
      [
        ctx.clinic.id,
        inbound,
        Buffer.from('ab', 'hex'),
        ctx.seal.seal('=thanks', 'inbound_messages.body', inbound),
        ctx.now,
      ],
    )
    await rows(
      ctx.db,
      `insert into clinic.message_attempts (clinic_id, id, message_id, started_at, outcome) values (?, ?, ?, ?, 'retry')`,
      [ctx.clinic.id, attempt, messages[0]!.id, ctx.now],
    )
    await rows(
      ctx.db,
      `insert into clinic.closures (clinic_id, id, starts_at, ends_at, reason, created_at)
       values (?, ?, '2027-01-01T00:00Z', '2027-01-02T00:00Z', '=New year', ?)`,
      [ctx.clinic.id, closure, ctx.now],
    )
    await rows(
      ctx.db,
      `insert into clinic.rights_requests (clinic_id, id, kind, source, language, subject_sealed, received_at, due_at)
       values (?, ?, 'access', 'desk', 'en', ?, ?, ?)`,
      [
        ctx.clinic.id,
        request,
        ctx.seal.seal(JSON.stringify({ name: '=Asma', phone: askersPhone }), 'rights_requests.subject', request),
        ctx.now,
        ctx.now.add({ hours: 30 * 24 }),
      ],
    )
    const [seen] = await rows<{ id: string; practitioner_id: string }>(
      ctx.db,
      'select id, practitioner_id from clinic.appointments where clinic_id = ? order by id limit 1',
      [ctx.clinic.id],
    )
    await rows(
      ctx.db,
      `insert into clinic.token_counters (clinic_id, practitioner_id, day, issued) values (?, ?, '2026-11-24', 1)`,
      [ctx.clinic.id, seen!.practitioner_id],
    )
    await rows(
      ctx.db,
      `insert into clinic.tokens (clinic_id, id, practitioner_id, day, token, appointment_id, issued_at)
       values (?, ?, ?, '2026-11-24', 1, ?, ?)`,
      [ctx.clinic.id, newId(), seen!.practitioner_id, seen!.id, ctx.now],
    )
    await rows(
      ctx.db,
      `insert into clinic.queue_places (clinic_id, appointment_id, walk_in, priority, priority_at, place_at, place_tie, skips, changed_at)
       values (?, ?, true, 'elderly', ?, ?, 1048576, 2, ?)`,
      [ctx.clinic.id, seen!.id, ctx.now, ctx.now, ctx.now],
    )
    await addDiary(ctx, seen!.id)
    await rows(ctx.db, `update clinic.profiles set about = '-about', phone = '+922134567890' where clinic_id = ?`, [
      ctx.clinic.id,
    ])
    await rows(ctx.db, `update clinic.messages set status = 'sent', body_sealed = ? where clinic_id = ? and id = ?`, [
      ctx.seal.seal('+What was sent', 'messages.body', messages[1]!.id),
      ctx.clinic.id,
      messages[1]!.id,
    ])
  })
  return clinic
}

/** A row of everything else a diary has: special hours, rooms, questions, repeat visits, a late doctor, who waits. */
async function addDiary(ctx: Ctx, visitId: string): Promise<void> {
  const [timetable, resource, series, disruption, entry] = [newId(), newId(), newId(), newId(), newId()]
  /** Of the visit, the clinic, its doctor, service and place: `v`. */
  const add = (into: string, values: string, bindings: string[] = []) =>
    rows(
      ctx.db,
      `insert into clinic.${into} select v.clinic_id, ${values} from clinic.appointments v where v.clinic_id = ? and v.id = ?`,
      [...bindings, ctx.clinic.id, visitId],
    )
  await add(
    'timetables (clinic_id, id, practitioner_id, location_id, name, kind, hijri_month, hijri_year, created_at)',
    `?::uuid, v.practitioner_id, v.location_id, '=Ramadan', 'hijri_month', 9, 1448, now()`,
    [timetable],
  )
  await add(
    'moon_corrections (clinic_id, id, hijri_year, hijri_month, days, created_at)',
    `?::uuid, 1448, 9, -1, now()`,
    [newId()],
  )
  await add(
    'resources (clinic_id, id, kind, name, location_id, created_at)',
    `?::uuid, 'room', '@Room 2', v.location_id, now()`,
    [resource],
  )
  await add('service_resources (clinic_id, service_id, need, resource_id)', 'v.service_id, 1, ?::uuid', [resource])
  await add(
    `appointment_resources (clinic_id, appointment_id, resource_id, practitioner_id, session, occupied_from, occupied_to, occupies)`,
    'v.id, ?::uuid, v.practitioner_id, v.session, v.occupied_from, v.occupied_to, v.occupies',
    [resource],
  )
  await add(
    'service_questions (clinic_id, id, service_id, position, kind, label, choices, required)',
    `?::uuid, v.service_id, 1, 'choice', '+Which side', '["Left", "Right"]', true`,
    [newId()],
  )
  await add(
    'series (clinic_id, id, every, step, weekdays, visits, created_at)',
    `?::uuid, 'week', 2, '1,3', 6, now()`,
    [series],
  )
  await rows(
    ctx.db,
    'update clinic.appointments set series_id = ?, series_index = 1, series_of = 6 where clinic_id = ? and id = ?',
    [series, ctx.clinic.id, visitId],
  )
  await add(
    'disruptions (clinic_id, id, kind, practitioner_id, starts_at, ends_at, closure_id, created_at, tells_at)',
    `?::uuid, 'late', v.practitioner_id, v.starts_at, v.ends_at, ?::uuid, now(), now()`,
    [disruption, newId()],
  )
  await add(
    `disruption_visits (clinic_id, id, disruption_id, appointment_id, outcome, version_after, was_practitioner_id,
       was_location_id, was_starts_at, was_ends_at, was_occupied_from, was_occupied_to, was_lane, was_capacity,
       was_overbooked)`,
    `?::uuid, ?::uuid, v.id, 'shifted', 2, v.practitioner_id, v.location_id, v.starts_at, v.ends_at, v.occupied_from,
       v.occupied_to, v.lane, v.capacity, v.overbooked`,
    [newId(), disruption],
  )
  await add(
    `waiting_entries (clinic_id, id, patient_id, service_id, location_id, weekdays, from_date, until_date, language,
       source, joined_at)`,
    `?::uuid, v.patient_id, v.service_id, v.location_id, '[1, 3]', '2026-11-25', '2026-12-25', 'ar', 'desk', now()`,
    [entry],
  )
  await add(
    'waiting_offers (clinic_id, id, entry_id, practitioner_id, location_id, starts_at, ends_at, offered_at, expires_at)',
    `?::uuid, ?::uuid, v.practitioner_id, v.location_id, v.starts_at, v.ends_at, now(), now() + interval '30 minutes'`,
    [newId(), entry],
  )
}

/** Asks for an export as Nadia, has it made and answers the file. */
export async function exportOf(clinic: TestClinic, password?: string): Promise<Buffer> {
  const { app } = clinic
  const nadia = await clinic.as(clinic.cast.nadia)
  const page = `/app/${clinic.slug}/settings/export`
  await nadia.postForm(page, password === undefined ? {} : { password, again: password }).expect(303)
  await app.runJob('export.make')
  const [made] = await app.superuser<{ id: string; state: string }>(
    'select id, state from clinic.exports where clinic_id = $1 order by asked_at desc, id desc limit 1',
    [clinic.id],
  )
  if (made?.state !== 'ready') throw new Error(`the export is ${made?.state}: ${app.lastError()}`)
  const answer = await nadia.postForm(`${page}/${made.id}/download`).responseType('blob').expect(200)
  return answer.body as Buffer
}

/** The exports of a clinic, as far as they have come. */
export const stateOf = ({ app, id }: TestClinic) =>
  app.superuser<Record<string, unknown>>(
    'select id, state, key_sealed, password_sealed, attempts from clinic.exports where clinic_id = $1 order by asked_at',
    [id],
  )

type SevenZip = {
  FS: {
    writeFile(path: string, bytes: Uint8Array): void
    readFile(path: string): Uint8Array
    readdir(path: string): string[]
    mkdir(path: string): void
  }
  callMain(args: string[]): void
}
type SevenZipFactory = (options: { print: () => void; printErr: () => void }) => Promise<SevenZip>
const sevenZip = createRequire(import.meta.url)('7z-wasm') as SevenZipFactory

/** What 7-Zip finds in a ZIP; undefined when it does not open. */
export async function unzipBytes(file: Buffer, password?: string): Promise<Record<string, Buffer> | undefined> {
  const seven = await sevenZip({ print: () => undefined, printErr: () => undefined })
  seven.FS.writeFile('/in.zip', file)
  seven.FS.mkdir('/out')
  try {
    seven.callMain(['x', '/in.zip', '-o/out', '-y', `-p${password ?? ''}`])
  } catch {
    return undefined
  }
  const inside = (folder: string) => seven.FS.readdir(`/out/${folder}`).filter((name) => !name.startsWith('.'))
  const names = inside('').flatMap((name) => (name === 'slips' ? inside(name).map((one) => `slips/${one}`) : name))
  const files = names.map((name) => [name, Buffer.from(seven.FS.readFile(`/out/${name}`))] as const)
  if (files.length === 0 || files.some(([, bytes]) => bytes.length === 0)) return undefined
  return Object.fromEntries(files)
}

/** The same, where everything is text. */
export async function unzip(file: Buffer, password?: string): Promise<Record<string, string> | undefined> {
  const files = await unzipBytes(file, password)
  return files && Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString()]))
}

/** A CSV as an independent reader reads it; `'` in front of what would run is taken off. */
export function readCsv(text: string): Record<string, string>[] {
  const found = parse(text, { bom: true, columns: true }) as unknown as Record<string, string>[]
  return found.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        /^'+\s*[=+\-@\t\r＝＋－＠]/u.test(value) ? value.slice(1) : value,
      ]),
    ),
  )
}

export async function inFile<T>(bytes: Buffer, work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'nabz-export-'))
  try {
    const path = join(folder, 'export.zip')
    await writeFile(path, bytes)
    return await work(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
