// The link a patient's message carries. It is derived from the appointment rather than drawn by lot, so that a message
// sent days later can be given the same address without the address being stored anywhere.
import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import type { AppointmentId, ClinicId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import type { Ctx } from './clinic-scope.ts'
import { changes, rows } from './db/rows.ts'
import type { PlatformSeal } from './seal/key-ring.ts'

export type Link = { clinicId: ClinicId; appointmentId: AppointmentId }

/** 24 bytes of a keyed hash, as 32 characters that need no escaping in an address. */
export function appointmentToken(
  seal: Pick<PlatformSeal, 'hash'>,
  clinicId: ClinicId,
  appointmentId: AppointmentId,
  linkVersion: number,
): string {
  return seal
    .hash('appointment-link', `${clinicId}|${appointmentId}|${linkVersion}`)
    .subarray(0, 24)
    .toString('base64url')
}

/** The token of an appointment's link as it stands: raise `link_version` and the old link is dead. */
export function linkToken(ctx: Pick<Ctx, 'platformSeal' | 'clinic'>, id: AppointmentId, linkVersion: number): string {
  return appointmentToken(ctx.platformSeal, ctx.clinic.id, id, linkVersion)
}

/** The token of somebody's place on the waiting list, made in the same way. */
export function waitingToken(ctx: Pick<Ctx, 'platformSeal' | 'clinic'>, entryId: string): string {
  return ctx.platformSeal.hash('waiting-link', `${ctx.clinic.id}|${entryId}`).subarray(0, 24).toString('base64url')
}

/** Makes the link of an entry work until `expiresAt`. It lies with those of visits: an id is nobody else's. */
export async function registerWaitingLink(ctx: Ctx, entryId: string, expiresAt: Instant): Promise<string> {
  const token = waitingToken(ctx, entryId)
  await insertLink(ctx, token, entryId, expiresAt)
  return token
}

/** Makes the link work until `expiresAt` (24 hours after the visit's end), or moves that moment. Answers the token. */
export async function registerLink(
  ctx: Ctx,
  id: AppointmentId,
  linkVersion: number,
  expiresAt: Instant,
): Promise<string> {
  const token = linkToken(ctx, id, linkVersion)
  await insertLink(ctx, token, id, expiresAt)
  return token
}

async function insertLink(ctx: Ctx, token: string, id: string, expiresAt: Instant): Promise<void> {
  await changes(
    ctx.db,
    `insert into platform.appointment_links (token_hash, clinic_id, appointment_id, expires_at) values (?, ?, ?, ?)
     on conflict (token_hash) do update set expires_at = excluded.expires_at`,
    [hashOf(token), ctx.clinic.id, id, expiresAt],
  )
}

/** The same for several in one statement. */
export async function registerLinks(
  ctx: Ctx,
  links: readonly { id: AppointmentId; linkVersion: number; expiresAt: Instant }[],
): Promise<void> {
  if (links.length === 0) return
  await changes(
    ctx.db,
    `insert into platform.appointment_links (token_hash, clinic_id, appointment_id, expires_at)
     select l.token_hash, ?::uuid, l.id, l.expires_at from unnest(?::bytea[], ?::uuid[], ?::timestamptz[]) as l (token_hash, id, expires_at)
     on conflict (token_hash) do update set expires_at = excluded.expires_at`,
    [
      ctx.clinic.id,
      links.map(({ id, linkVersion }) => hashOf(linkToken(ctx, id, linkVersion))),
      links.map(({ id }) => id),
      links.map(({ expiresAt }) => expiresAt.toString()),
    ],
  )
}

/** Whose link this is; undefined for one that never was, has run out or was revoked: from outside they are the same. */
export async function findLink(db: Knex, token: string, now: Instant): Promise<Link | undefined> {
  if (!/^[A-Za-z0-9_-]{32}$/.test(token)) return undefined
  const [link] = await rows<Link>(
    db,
    `select clinic_id as "clinicId", appointment_id as "appointmentId"
     from platform.appointment_links where token_hash = ? and expires_at > ?`,
    [hashOf(token), now],
  )
  return link
}

/** Kills every link of an appointment; raise its `link_version` in the same transaction before registering a new one. */
export async function revokeLinks(ctx: Ctx, id: AppointmentId): Promise<void> {
  await changes(ctx.db, 'delete from platform.appointment_links where clinic_id = ? and appointment_id = ?', [
    ctx.clinic.id,
    id,
  ])
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()
