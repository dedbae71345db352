import cookieParser from 'cookie-parser'
import csurf from 'csurf'
import type { Request, RequestHandler, Response } from 'express'
import { servicesOf } from '../services.ts'

/** `__Host-` wherever there is TLS: no other host of the domain can set it then. Browsers refuse that name without. */
export function csrfCookieName(secure: boolean): string {
  return secure ? '__Host-csrf' : 'nabz-csrf'
}

/**
 * Two walls against forged forms. The token of csurf in cookie mode, so that a visitor costs no session row; taken from
 * the body or a header, never from the address, where it would end up in logs. And the browser's own word about where
 * the request came from.
 */
export function csrf(secure: boolean): RequestHandler[] {
  const token = (req: Request) => {
    const body = req.body as { _csrf?: unknown } | undefined
    const header = req.headers['x-csrf-token']
    return typeof body?._csrf === 'string' ? body._csrf : typeof header === 'string' ? header : ''
  }
  const guard = csurf({
    cookie: { key: csrfCookieName(secure), path: '/', httpOnly: true, secure, sameSite: 'lax' },
    value: token,
  })
  const guardOrWait: RequestHandler = (req, res, next) => {
    void guard(req, res, (error?: unknown) => {
      if (error === undefined || !isMultipart(req)) return next(error)
      unproven.set(req, guard)
      next()
    })
  }
  return [sameOrigin, cookieParser(), guardOrWait]
}

const isMultipart = (req: Request) => /^multipart\/form-data\b/i.test(req.headers['content-type'] ?? '')

/**
 * Forms with a file carry their token among parts that are not read before it is known whose they are. Until then no door
 * lets them do anything: those made for files prove the token once they have read it, all others refuse.
 */
const unproven = new WeakMap<Request, RequestHandler>()

/**
 * For doors that take no file: throws, answered with 403, when the form came as one with files and its token was
 * never read.
 */
export function refuseUnprovenToken(req: Request): void {
  if (unproven.has(req)) throw Object.assign(new Error('a form that no page of ours sends'), { code: 'EBADCSRFTOKEN' })
}

/** Looks at the token again, now that the form was read; throws when it is not this browser's. */
export async function proveToken(req: Request, res: Response): Promise<void> {
  const guard = unproven.get(req)
  if (!guard) return
  const error = await new Promise<unknown>((resolve) => {
    void guard(req, res, resolve)
  })
  if (error instanceof Error) throw error
  unproven.delete(req)
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Browsers say where a request came from, and only they carry cookies a stranger could abuse. A client that says nothing
 * (a script, a very old browser) still needs the token.
 */
const sameOrigin: RequestHandler = (req, _res, next) => {
  if (safeMethods.has(req.method) || saysFromHere(req)) return next()
  next(Object.assign(new Error('a form of another site'), { code: 'EBADCSRFTOKEN' }))
}

function saysFromHere(req: Request): boolean {
  const site = req.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const { origin, host } = req.headers
  if (origin === undefined) return true
  const { baseUrl, secureCookies } = servicesOf(req).config
  // Plain http is for trying things out, also from a phone on the same network under whatever name it has there.
  return origin === new URL(baseUrl).origin || (!secureCookies && origin === `http://${host ?? ''}`)
}

/** A fresh token at sign-in and sign-out: what was known before is worth nothing after. */
export function rotateCsrf(req: Request, res: Response): void {
  const secure = servicesOf(req).config.secureCookies
  res.clearCookie(csrfCookieName(secure), { path: '/', httpOnly: true, secure, sameSite: 'lax' })
}

/** Who this browser is, as far as its CSRF cookie tells; undefined before it has one. Only ever hashed and compared. */
export function browserSecret(req: Request): string | undefined {
  const cookies = req.cookies as Record<string, unknown> | undefined
  const secret = cookies?.[csrfCookieName(servicesOf(req).config.secureCookies)]
  return typeof secret === 'string' ? secret : undefined
}
