import type { PatientId } from '../../kernel/ids.ts'
import { fold } from '../../kernel/names.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { changes, rows } from '../../platform/db/rows.ts'
import { notFound } from '../../platform/errors.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'

export type Patient = {
  id: PatientId
  name: string
  phone: Phone
  email: string | undefined
  language: Language
  phoneProvenAt: Instant | null
  createdAt: Instant
  /** Their data is kept and not used: see `restrictPatient`. */
  restrictedAt: Instant | null
}

type PatientRow = {
  id: PatientId
  name: string
  phone_sealed: Buffer
  email_sealed: Buffer | null
  language: string
  phone_proven_at: Instant | null
  created_at: Instant
  restricted_at: Instant | null
}

const columns =
  'p.id, p.name, p.phone_sealed, p.email_sealed, p.language, p.phone_proven_at, p.created_at, p.restricted_at'

function opened(ctx: Ctx, row: PatientRow): Patient {
  return {
    id: row.id,
    name: row.name,
    phone: ctx.seal.open(row.phone_sealed, 'patients.phone', row.id) as Phone,
    email: row.email_sealed ? ctx.seal.open(row.email_sealed, 'patients.email', row.id) : undefined,
    language: parseLanguage(row.language) ?? 'en',
    phoneProvenAt: row.phone_proven_at,
    createdAt: row.created_at,
    restrictedAt: row.restricted_at,
  }
}

export async function findPatient(ctx: Ctx, id: PatientId): Promise<Patient | undefined> {
  const [row] = await rows<PatientRow>(
    ctx.db,
    'select ' + columns + ' from clinic.patients p where p.clinic_id = ? and p.id = ?',
    [ctx.clinic.id, id],
  )
  return row && opened(ctx, row)
}

export async function getPatient(ctx: Ctx, id: PatientId): Promise<Patient> {
  return (await findPatient(ctx, id)) ?? notFound('patient')
}

/** The people who share a number, oldest first: a family often has one phone. */
export async function listPatientsByPhone(ctx: Ctx, phone: Phone): Promise<Patient[]> {
  const found = await rows<PatientRow>(
    ctx.db,
    'select ' +
      columns +
      ' from clinic.patients p where p.clinic_id = ? and p.phone_index = ? order by p.created_at, p.id',
    [ctx.clinic.id, ctx.seal.phoneIndex(phone)],
  )
  return found.map((row) => opened(ctx, row))
}

/** The people whose number ends in these four digits. */
export async function listPatientsByLastFour(ctx: Ctx, digits: string, limit: number): Promise<Patient[]> {
  const found = await rows<PatientRow>(
    ctx.db,
    'select ' +
      columns +
      ' from clinic.patients p where p.clinic_id = ? and p.phone_last_four_index = ? and p.restricted_at is null order by p.name limit ?',
    [ctx.clinic.id, ctx.seal.lastFourIndex(digits), limit],
  )
  return found.map((row) => opened(ctx, row))
}

/**
 * The people with a word in their name that begins with each of `words` (folded), by name. The first word is found by
 * the index; range conditions rather than LIKE, which row-level security would keep from the index.
 */
export async function listPatientsByWords(ctx: Ctx, words: readonly string[], limit: number): Promise<Patient[]> {
  const [first, ...others] = [...words].sort((a, b) => b.length - a.length)
  if (first === undefined) return []
  const found = await rows<PatientRow>(
    ctx.db,
    'select ' +
      columns +
      ` from clinic.patients p where p.clinic_id = ? and p.restricted_at is null and p.id in
          (select w.patient_id from clinic.patient_words w where w.clinic_id = ? and w.word >= ? and w.word < ?)` +
      others
        .map(
          () => ` and exists (select from clinic.patient_words w where w.clinic_id = p.clinic_id
                    and w.patient_id = p.id and w.word >= ? and w.word < ?)`,
        )
        .join('') +
      ' order by p.name, p.id limit ?',
    [ctx.clinic.id, ctx.clinic.id, ...[first, ...others].flatMap((word) => [word, afterPrefix(word)]), limit],
  )
  return found.map((row) => opened(ctx, row))
}

// Sorts after every word with this prefix, as the words are compared by code point.
const afterPrefix = (word: string) => `${word}\u{10ffff}`

export async function findPatientByPhoneAndName(ctx: Ctx, phone: Phone, name: string): Promise<Patient | undefined> {
  const [row] = await rows<PatientRow>(
    ctx.db,
    'select ' + columns + ' from clinic.patients p where p.clinic_id = ? and p.phone_index = ? and p.name_key = ?',
    [ctx.clinic.id, ctx.seal.phoneIndex(phone), fold(name)],
  )
  return row && opened(ctx, row)
}

/** Inserts, unless the same name with the same number is there already (two requests at once): then undefined. */
export async function insertPatient(
  ctx: Ctx,
  id: PatientId,
  patient: { name: string; phone: Phone; email: string | undefined; language: Language; proven: boolean },
): Promise<PatientId | undefined> {
  const nameKey = fold(patient.name)
  const words = [...new Set(nameKey.split(' ').filter((word) => word !== ''))].slice(0, 12)
  const [inserted] = await rows<{ id: PatientId }>(
    ctx.db,
    `with inserted as (
       insert into clinic.patients (clinic_id, id, name, name_key, phone_sealed, phone_index, phone_last_four_index,
         email_sealed, language, phone_proven_at, created_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (clinic_id, phone_index, name_key) do nothing returning clinic_id, id),
     worded as (
       insert into clinic.patient_words (clinic_id, word, patient_id)
       select clinic_id, word, id from inserted, unnest(?::text[]) as word)
     select id from inserted`,
    [
      ctx.clinic.id,
      id,
      patient.name,
      nameKey,
      ctx.seal.seal(patient.phone, 'patients.phone', id),
      ctx.seal.phoneIndex(patient.phone),
      ctx.seal.lastFourIndex(patient.phone),
      patient.email === undefined ? null : ctx.seal.seal(patient.email, 'patients.email', id),
      patient.language,
      patient.proven ? ctx.now : null,
      ctx.now,
      words,
    ],
  )
  return inserted?.id
}

export async function updateContact(
  ctx: Ctx,
  id: PatientId,
  contact: { email: string | undefined; language: Language; proven: boolean },
): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.patients set language = ?, email_sealed = coalesce(?, email_sealed),
       phone_proven_at = coalesce(?, phone_proven_at)
     where clinic_id = ? and id = ?`,
    [
      contact.language,
      contact.email === undefined ? null : ctx.seal.seal(contact.email, 'patients.email', id),
      contact.proven ? ctx.now : null,
      ctx.clinic.id,
      id,
    ],
  )
}
