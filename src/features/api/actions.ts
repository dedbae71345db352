import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { newId } from '../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../kernel/outcome.ts'
import { isScope, type Scope } from '../../kernel/permissions.ts'
import { isBefore, type Instant } from '../../kernel/time.ts'
import { tokenMinutes, type ApiClientId } from '../../platform/api-tokens.ts'
import { audit } from '../../platform/audit.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { notFound } from '../../platform/errors.ts'
import type { Services } from '../../platform/services.ts'
import { addressBlock, throttle } from '../../platform/throttle.ts'
import {
  clientExists,
  countWorkingClients,
  findSecret,
  insertClient,
  listPage,
  updateRevoked,
  updateUsed,
} from './queries.ts'
import type { AppointmentAnswer } from './rules.ts'
import { cursorAfter, type AppointmentsQuery, type Credentials } from './schema.ts'

/** More keys than anybody has tools; whoever needs one revokes another. */
export const mostClients = 20

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

/** A new key. Its secret is told this once; what is stored can't be turned back. */
export async function createClient(
  ctx: Ctx,
  wish: { name: string; scopes: readonly Scope[] },
): Promise<Outcome<{ id: ApiClientId; secret: string }, 'too_many'>> {
  if (ctx.actor.kind !== 'user') throw new Error('a key is made by a person')
  if ((await countWorkingClients(ctx)) >= mostClients) return refuse('too_many')
  const id = newId<'api_client'>()
  const secret = `nabz_${randomBytes(32).toString('base64url')}`
  await insertClient(ctx, { id, ...wish, secretHash: hashOf(secret), by: ctx.actor.userId })
  await audit(
    ctx,
    'api_client.created',
    { kind: 'api_client', id },
    { scopes: wish.scopes.join(' ') },
    { name: wish.name },
  )
  return done({ id, secret })
}

/** From the next request on, tokens it was given before are refused too. Once is enough. */
export async function revokeClient(ctx: Ctx, id: ApiClientId): Promise<void> {
  if (await updateRevoked(ctx, id)) await audit(ctx, 'api_client.revoked', { kind: 'api_client', id })
  else if (!(await clientExists(ctx, id))) notFound('api client')
}

const perClient = { purpose: 'api-token', max: 60, per: { minutes: 15 } }
const perAddress = { purpose: 'api-token-address', max: 120, per: { minutes: 15 } }

export type Token = { access_token: string; token_type: 'Bearer'; expires_in: number; scope: string }

/**
 * A token for who has the secret: for all scopes of the client, or those asked for. A client that does not exist and a
 * secret that is wrong are answered alike.
 */
export async function issueToken(
  services: Services,
  credentials: Credentials,
  asked: readonly string[] | undefined,
  address: string | undefined,
): Promise<Outcome<Token, 'invalid_client' | 'invalid_scope'> | { ok: false; reason: 'slow_down'; wait: number }> {
  const { db, keys, clock } = services
  const now = clock.now()
  const waits = [
    await throttle(db, keys.platform, now, perAddress, addressBlock(address ?? '')),
    // By both, so that nobody else can use a client's tries up.
    await throttle(db, keys.platform, now, perClient, `${credentials.id} ${addressBlock(address ?? '')}`),
  ]
  const wait = waits.find((one) => one !== undefined)
  if (wait !== undefined) return { ok: false, reason: 'slow_down', wait }
  const client = await findSecret(db, credentials.id)
  const proven = timingSafeEqual(hashOf(credentials.secret), client?.secretHash ?? Buffer.alloc(32))
  if (!client || !proven) {
    services.log.warn('api.client_refused', { status: 401 })
    return refuse('invalid_client')
  }
  const scopes =
    asked === undefined ? client.scopes : asked.filter(isScope).filter((one) => client.scopes.includes(one))
  if (scopes.length === 0 || (asked && scopes.length < asked.length)) return refuse('invalid_scope')
  if (lately(client.usedAt, now)) await updateUsed(db, credentials.id, now)
  const token = await services.apiTokens.issue({ clientId: credentials.id, clinicId: client.clinicId, scopes })
  return done({ access_token: token, token_type: 'Bearer', expires_in: tokenMinutes * 60, scope: scopes.join(' ') })
}

/** Written once an hour at most. */
const lately = (usedAt: Instant | null, now: Instant) => usedAt === null || isBefore(usedAt, now.subtract({ hours: 1 }))

/** A page of appointments. Who saw names stands in the clinic's log, as for a person. */
export async function readAppointments(
  ctx: Ctx,
  query: AppointmentsQuery,
  scopes: readonly Scope[],
): Promise<{ timeZone: string; data: AppointmentAnswer[]; next: string | null }> {
  const withPatients = scopes.includes('patients.read')
  const found = await listPage(ctx, { ...query, limit: query.limit + 1 })
  const shown = found.slice(0, query.limit)
  const last = found.length > query.limit ? shown.at(-1) : undefined
  if (withPatients && shown.length > 0 && ctx.actor.kind === 'api') {
    const details = { count: shown.length, from: query.from.toString(), to: query.to.toString() }
    await audit(ctx, 'api.patients_read', { kind: 'api_client', id: ctx.actor.clientId }, details)
  }
  return {
    timeZone: ctx.clinic.zone,
    data: shown.map((one) => ({
      id: one.id,
      reference: one.reference,
      status: one.status,
      start: one.startsAt.toString(),
      end: one.endsAt.toString(),
      practitioner: { id: one.practitionerId, name: one.practitionerName },
      service: { id: one.serviceId, name: one.serviceName },
      location: { id: one.locationId, name: one.locationName },
      patient: one.patientId === null ? null : { id: one.patientId, ...(withPatients ? contactOf(one) : {}) },
      price: one.priceMinor === null ? null : { amountMinor: one.priceMinor, currency: one.currency },
      source: one.source,
      version: one.version,
    })),
    next: last ? cursorAfter(last.startsAt, last.id) : null,
  }
}

const contactOf = ({ patientName, phone }: { patientName: string | null; phone: string | null }) => ({
  ...(patientName === null ? {} : { name: patientName }),
  ...(phone === null ? {} : { phone }),
})
