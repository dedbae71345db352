// The door for a clinic's own tools: a bearer token instead of a session, JSON instead of pages.
import type { Request, Response } from 'express'
import { scopesAllow, type Permission, type Scope } from '../../../kernel/permissions.ts'
import type { ApiClientId } from '../../api-tokens.ts'
import type { Clinic, Ctx } from '../../clinic-scope.ts'
import { rows } from '../../db/rows.ts'
import { noteScopeMissing } from '../../security-notes.ts'
import { servicesOf, type Services } from '../../services.ts'
import { throttle } from '../../throttle.ts'
import { originOf, requestIdOf } from './basics.ts'
import { routes, type Routes } from './table.ts'

export type ApiRequest = {
  req: Request
  res: Response
  services: Services
  clinic: Clinic
  scopes: readonly Scope[]
  inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>
}

type Problem = { status: 400 | 401 | 403 | 404 | 422 | 429; code: string; detail: string }

/** An error as RFC 9457 has it. `code` is for programs and never changes, `detail` is for whoever writes them. */
export function problem(req: Request, res: Response, { status, code, detail }: Problem): void {
  res.status(status)
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('Content-Type', 'application/problem+json; charset=utf-8')
  res.send(
    JSON.stringify({ type: 'about:blank', title: titles[status], status, code, detail, requestId: requestIdOf(req) }),
  )
}

const titles: Record<Problem['status'], string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
}

/** Of one client, whatever it asks for. */
const pace = { purpose: 'api', max: 300, per: { minutes: 1 } }

/**
 * `/api/v1/…`: a token that is valid, of a client that was not revoked, of a clinic that is open, with a scope that stands
 * for the route's permission. The clinic is the client's own: no address names another.
 */
export function apiRouter(feature: string): Routes<ApiRequest, Permission> {
  return routes('api', '/api/v1', feature, async (req, res, permission) => {
    const services = servicesOf(req)
    const refuse = (status: 401 | 403 | 429, code: string, detail: string, challenge?: string) => {
      if (challenge !== undefined) res.setHeader('WWW-Authenticate', `Bearer realm="nabz"${challenge}`)
      problem(req, res, { status, code, detail })
      return undefined
    }
    const token = bearerOf(req)
    if (token === undefined) return refuse(401, 'token_missing', 'Send a token as "Authorization: Bearer …".', '')
    const claims = await services.apiTokens.read(token)
    const client = claims && (await findClient(services, claims.clientId))
    if (!claims || client?.clinicId !== claims.clinicId) {
      return refuse(401, 'token_invalid', 'The token is not valid, or no longer.', ', error="invalid_token"')
    }
    const wait = await throttle(services.db, services.keys.platform, services.clock.now(), pace, claims.clientId)
    if (wait !== undefined) {
      res.setHeader('Retry-After', wait)
      return refuse(429, 'too_many_requests', `At most ${pace.max} requests a minute.`)
    }
    const scopes = claims.scopes.filter((scope) => client.scopes.includes(scope))
    if (!scopesAllow(scopes, permission)) {
      const { clientId, clinicId } = claims
      await noteScopeMissing(services, originOf(req), { clientId, clinicId, permission })
      return refuse(403, 'scope_missing', 'The token has no scope for this.', ', error="insufficient_scope"')
    }
    const clinic = await services.clinics.byId(client.clinicId)
    if (!clinic || clinic.status === 'locked' || clinic.status === 'suspended') {
      return refuse(403, 'clinic_closed', 'The clinic is closed.')
    }
    if (clinic.status === 'read_only' && req.method !== 'GET') {
      return refuse(403, 'clinic_read_only', 'The clinic can only be read at present.')
    }
    res.setHeader('Cache-Control', 'no-store')
    const actor = { kind: 'api', clientId: claims.clientId, name: client.name } as const
    return {
      req,
      res,
      services,
      clinic,
      scopes,
      inClinic: (work) => services.inClinic(clinic, actor, originOf(req), work),
    }
  })
}

/** From the header alone: what stands in an address ends up in logs. */
function bearerOf(req: Request): string | undefined {
  const sent = req.headersDistinct.authorization ?? []
  const [, token] = sent.length === 1 ? (/^Bearer ([\w.~+/-]+=*)$/i.exec(sent[0] ?? '') ?? []) : []
  return token
}

type Client = { clinicId: string & Clinic['id']; name: string; scopes: Scope[] }

async function findClient({ db }: Services, id: ApiClientId): Promise<Client | undefined> {
  const [found] = await rows<Client>(
    db,
    'select clinic_id as "clinicId", name, scopes from platform.api_clients where id = ? and revoked_at is null',
    [id],
  )
  return found
}
