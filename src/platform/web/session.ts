import connectPgSimple from 'connect-pg-simple'
import type { Request, RequestHandler, Response } from 'express'
import session, { type SessionData } from 'express-session'
import type { UserId } from '../../kernel/ids.ts'
import { servicesOf, type Services } from '../services.ts'

export type Flash = {
  kind: 'success' | 'info' | 'error'
  key: string
  params?: Record<string, string | number>
  /** A form action that takes the step back, shown as a button beside the words. */
  undo?: string
}

declare module 'express-session' {
  interface SessionData {
    userId: UserId
    /** The account's password version at sign-in: a changed password ends every other session. */
    passwordVersion: number
    startedAt: number
    seenAt: number
    flash: Flash
    returnTo: string
    /** The support visit this operator is on: the session holds both identities. */
    supportVisitId: string
  }
}

/** 30 minutes: a desk left alone locks itself. Written here once, shown in the README. */
export const idleMinutes = 30
/** A working day. */
export const absoluteHours = 12

export function sessionCookieName(secure: boolean): string {
  return secure ? '__Host-nabz' : 'nabz'
}

/**
 * Sessions in Postgres; nothing is stored for a visitor who has not signed in. The cookie ends with the browser; the
 * idle and absolute limits are kept here because the store's own expiry is only for sweeping up.
 */
export function sessions(services: Services): RequestHandler {
  const Store = connectPgSimple(session)
  const { config } = services
  return session({
    name: sessionCookieName(config.secureCookies),
    secret: [...config.sessionSecrets],
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, secure: config.secureCookies, sameSite: 'lax', path: '/' },
    store: new Store({
      pool: services.sessionPool,
      schemaName: 'platform',
      tableName: 'sessions',
      createTableIfMissing: false,
      pruneSessionInterval: false,
      disableTouch: true,
      ttl: absoluteHours * 3600,
      errorLog: () => undefined,
    }),
  })
}

/** Who is signed in, if the session is still good. `background` requests (event streams) don't count as activity. */
export async function sessionUser(req: Request, background: boolean): Promise<UserId | undefined> {
  const current = req.session
  if (current?.userId === undefined) return undefined
  const now = servicesOf(req).clock.now().epochMilliseconds
  if (isOver(current, now)) {
    await destroySession(req)
    return undefined
  }
  // Once a minute is enough to know, and spares a write on every page.
  if (!background && now - (current.seenAt ?? 0) > 60_000) current.seenAt = now
  return current.userId
}

function isOver({ seenAt = 0, startedAt = 0 }: Partial<SessionData>, now: number): boolean {
  return now - seenAt > idleMinutes * 60_000 || now - startedAt > absoluteHours * 3_600_000
}

/**
 * The session as the store has it now, for a request that stays open: its own copy is as old as itself. Not by
 * `reload`, which would make express-session write the copy back, and a signed-out session alive, when the request ends.
 */
export async function storedSession(req: Request): Promise<Partial<SessionData> | undefined> {
  const stored = await new Promise<SessionData | null | undefined>((resolve, reject) =>
    req.sessionStore.get(req.sessionID, (error, found) => (error ? reject(error as Error) : resolve(found))),
  )
  const now = servicesOf(req).clock.now().epochMilliseconds
  return !stored || isOver(stored, now) ? undefined : stored
}

/** Signs in: a new session id, so that one planted before sign-in is worthless after. Saved before it returns. */
export async function startSession(req: Request, userId: UserId, passwordVersion: number): Promise<void> {
  const returnTo = req.session.returnTo
  await new Promise<void>((resolve, reject) =>
    req.session.regenerate((error) => (error ? reject(error as Error) : resolve())),
  )
  const now = servicesOf(req).clock.now().epochMilliseconds
  Object.assign(req.session, { userId, passwordVersion, startedAt: now, seenAt: now })
  if (returnTo !== undefined) req.session.returnTo = returnTo
  await saveSession(req)
}

/**
 * Enters a support visit, or leaves it with `undefined`: a new session id either way, with the same limits as before, so
 * that what was known outside of the visit is worth nothing within.
 */
export async function changeVisit(req: Request, visitId: string | undefined): Promise<void> {
  const { userId, passwordVersion, startedAt, seenAt, flash: said } = req.session
  await new Promise<void>((resolve, reject) =>
    req.session.regenerate((error) => (error ? reject(error as Error) : resolve())),
  )
  Object.assign(req.session, { userId, passwordVersion, startedAt, seenAt })
  if (said !== undefined) req.session.flash = said
  if (visitId !== undefined) req.session.supportVisitId = visitId
  await saveSession(req)
}

export async function saveSession(req: Request): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    req.session.save((error) => (error ? reject(error as Error) : resolve())),
  )
}

export async function destroySession(req: Request): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    req.session.destroy((error) => (error ? reject(error as Error) : resolve())),
  )
}

/** Says something once, on the next page. Saved by the caller's redirect, which waits for it. */
export function flash(req: Request, message: Flash): void {
  req.session.flash = message
}

/** Redirects after a form (303), when the session is safely stored, so that the next page can't overtake it. */
export async function redirect(req: Request, res: Response, path: string): Promise<void> {
  if (req.session?.userId !== undefined || req.session?.flash !== undefined) await saveSession(req)
  res.redirect(303, path)
}
