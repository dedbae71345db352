// Visits of the platform's people to clinics, and the owners' word that they may.
import type { Knex } from 'knex'
import type { ClinicId, UserId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { changes, rows, type Binding } from '../../platform/db/rows.ts'
import type { SupportVisitId } from '../../platform/noticeboard.ts'
import type { Language } from '../../platform/i18n/languages.ts'
import { tellChanged } from '../../platform/remembered.ts'
import type { Ending } from './rules.ts'

export type SupportVisit = {
  id: SupportVisitId
  clinicId: ClinicId
  clinicName: string
  clinicSlug: string
  operatorId: UserId
  operator: string
  operatorContact: { email: string; language: Language }
  reason: string
  askedAt: Instant
  allowedBy: UserId | null
  allowedByName: string | null
  allowedAt: Instant | null
  refusedAt: Instant | null
  startedAt: Instant | null
  expiresAt: Instant | null
  endedAt: Instant | null
  endedBy: Ending | null
}

const selected = `select v.id, v.clinic_id as "clinicId", c.name as "clinicName", c.slug as "clinicSlug",
  v.operator_id as "operatorId", o.name as operator,
  json_build_object('email', o.email, 'language', o.language) as "operatorContact", v.reason, v.asked_at as "askedAt", v.allowed_by as "allowedBy",
  a.name as "allowedByName", v.allowed_at as "allowedAt", v.refused_at as "refusedAt", v.started_at as "startedAt",
  v.expires_at as "expiresAt", v.ended_at as "endedAt", v.ended_by as "endedBy"
  from platform.support_visits v
  join platform.clinics c on c.id = v.clinic_id
  join platform.users o on o.id = v.operator_id
  left join platform.users a on a.id = v.allowed_by`

export async function findVisit(db: Knex, id: SupportVisitId): Promise<SupportVisit | undefined> {
  return (await rows<SupportVisit>(db, selected + ' where v.id = ?', [id]))[0]
}

/** The same, locked until the transaction ends: two who decide about it decide one after the other. */
export async function lockVisit(trx: Knex, id: SupportVisitId): Promise<SupportVisit | undefined> {
  return (await rows<SupportVisit>(trx, selected + ' where v.id = ? for update of v', [id]))[0]
}

/** The newest first: of one clinic, or of all. */
export async function listVisits(
  db: Knex,
  filter: { clinicId?: ClinicId; before?: { at: Instant; id: SupportVisitId } | undefined; limit: number },
): Promise<SupportVisit[]> {
  const conditions: [sql: string, bindings: Binding[]][] = []
  if (filter.clinicId) conditions.push(['v.clinic_id = ?', [filter.clinicId]])
  if (filter.before) conditions.push(['(v.asked_at, v.id) < (?, ?)', [filter.before.at, filter.before.id]])
  return rows<SupportVisit>(
    db,
    selected +
      (conditions.length === 0 ? '' : ' where ' + conditions.map(([sql]) => sql).join(' and ')) +
      ' order by v.asked_at desc, v.id desc limit ?',
    [...conditions.flatMap(([, bindings]) => bindings), filter.limit],
  )
}

/** Those of a clinic that are not over, locked: one operator has one at a time. */
export async function lockOpenVisits(trx: Knex, clinicId: ClinicId): Promise<SupportVisit[]> {
  // The clinic's row keeps two who ask at once apart.
  await rows(trx, 'select 1 from platform.clinics where id = ? for no key update', [clinicId])
  return rows<SupportVisit>(
    trx,
    selected +
      ' where v.clinic_id = ? and v.ended_at is null and v.refused_at is null order by v.asked_at for update of v',
    [clinicId],
  )
}

export async function insertVisit(
  trx: Knex,
  visit: Pick<SupportVisit, 'id' | 'clinicId' | 'operatorId' | 'reason' | 'askedAt'>,
): Promise<void> {
  await changes(
    trx,
    `insert into platform.support_visits (id, clinic_id, operator_id, reason, asked_at) values (?, ?, ?, ?, ?)`,
    [visit.id, visit.clinicId, visit.operatorId, visit.reason, visit.askedAt],
  )
}

export async function updateAllowed(trx: Knex, id: SupportVisitId, by: UserId, now: Instant): Promise<void> {
  await changes(trx, 'update platform.support_visits set allowed_by = ?, allowed_at = ? where id = ?', [by, now, id])
}

export async function updateRefused(trx: Knex, id: SupportVisitId, now: Instant): Promise<void> {
  await changes(trx, 'update platform.support_visits set refused_at = ? where id = ?', [now, id])
}

export async function updateStarted(trx: Knex, id: SupportVisitId, now: Instant, until: Instant): Promise<void> {
  await changes(trx, 'update platform.support_visits set started_at = ?, expires_at = ? where id = ?', [now, until, id])
  await tellChanged(trx, 'support_visits')
}

export async function updateEnded(trx: Knex, id: SupportVisitId, by: Ending, now: Instant): Promise<void> {
  await changes(trx, 'update platform.support_visits set ended_at = ?, ended_by = ? where id = ?', [now, by, id])
  await tellChanged(trx, 'support_visits')
}

/** Visits that the clock has ended and nobody else. */
export async function listOverdueVisits(
  db: Knex,
  limits: { now: Instant; allowedBefore: Instant; askedBefore: Instant },
  limit: number,
): Promise<{ id: SupportVisitId; clinicId: ClinicId }[]> {
  return rows(
    db,
    `select id, clinic_id as "clinicId" from platform.support_visits
     where ended_at is null and refused_at is null and (expires_at <= ?
       or (started_at is null and allowed_at <= ?) or (allowed_at is null and asked_at <= ?))
     order by asked_at limit ?`,
    [limits.now, limits.allowedBefore, limits.askedBefore, limit],
  )
}

export type Consent = { allowedBy: UserId; name: string; allowedAt: Instant }

export async function findConsent(db: Knex, clinicId: ClinicId): Promise<Consent | undefined> {
  const [found] = await rows<Consent>(
    db,
    `select s.allowed_by as "allowedBy", u.name, s.allowed_at as "allowedAt"
     from platform.support_consents s join platform.users u on u.id = s.allowed_by where s.clinic_id = ?`,
    [clinicId],
  )
  return found
}

export async function insertConsent(trx: Knex, clinicId: ClinicId, by: UserId, now: Instant): Promise<boolean> {
  const inserted = await changes(
    trx,
    `insert into platform.support_consents (clinic_id, allowed_by, allowed_at) values (?, ?, ?) on conflict do nothing`,
    [clinicId, by, now],
  )
  return inserted > 0
}

export async function deleteConsent(trx: Knex, clinicId: ClinicId): Promise<boolean> {
  return (await changes(trx, 'delete from platform.support_consents where clinic_id = ?', [clinicId])) > 0
}
