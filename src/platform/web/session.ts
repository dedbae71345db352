import connectPgSimple from 'connect-pg-simple'
import type { Request, RequestHandler, Response } from 'express'
import session, { type SessionData } from 'express-session'
import { newId, type UserId } from '../../kernel/ids.ts'
import { browserOf, networkOf, type Browser } from '../browsers.ts'
import { servicesOf, type Services } from '../services.ts'

export type Flash = {
  kind: 'success' | 'info' | 'error'
  key: string
  params?: Record<string, string | number>
  /** A form action that takes the step back, shown as a button beside the words. */
  undo?: string
}

/** How somebody proves to be who they say: a code is an authenticator app's, or one of those kept for its loss. */
export type Factor = 'password' | 'code' | 'passkey'

/** Somebody whose password was right and whose second factor is still missing. Signed in as nobody. */
export type Pending = { userId: UserId; passwordVersion: number; since: number; next?: string }

/**
 * By what its owner knows a session again, in the list of their own. Goes when the session goes. `id` is a name for it
 * that opens nothing and stays when the session's own id changes.
 */
export type SessionFacts = Browser & { id: string; network: string }

declare module 'express-session' {
  interface SessionData {
    userId: UserId
    facts: SessionFacts
    /** The account's password version at sign-in: a changed password ends every other session. */
    passwordVersion: number
    startedAt: number
    seenAt: number
    /** When each factor was last proven in this session. */
    proven: Partial<Record<Factor, number>>
    /** Somebody of the platform, whose sessions are shorter. */
    strict: boolean
    pending: Pending
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
/** Whoever runs the platform could reach into every clinic, so their sessions end sooner. */
export const strictIdleMinutes = 15
export const strictAbsoluteHours = 8
/** How long a factor counts as proven just now, for what can't be taken back. */
export const freshMinutes = 10
/** Between the password and the second factor. */
export const pendingMinutes = 10

/** `__Host-` wherever there is TLS: no other host of the domain can set it then. Browsers refuse that name without. */
export function sessionCookieName(secure: boolean): string {
  return secure ? '__Host-nabz' : 'nabz'
}

/**
 * Sessions in Postgres; nothing is stored for a visitor who has not signed in. The cookie ends with the browser; the
 * idle and absolute limits are kept here because the store's own expiry is only for sweeping up.
 */
export function sessions(services: Services): RequestHandler {
  const { config } = services
  return session({
    name: sessionCookieName(config.secureCookies),
    secret: [...config.sessionSecrets],
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, secure: config.secureCookies, sameSite: 'lax', path: '/' },
    store: sessionStore(services.sessionPool),
  })
}

/**
 * Postgres, with one difference from the package: a session that was read is only ever written over its own row. A request
 * that is still on its way when its session is ended would else bring it back to life.
 */
function sessionStore(pool: Services['sessionPool']) {
  const stored = new WeakSet<object>()
  class Store extends connectPgSimple(session) {
    override createSession(req: Request, data: SessionData) {
      const read = super.createSession(req, data)
      stored.add(read)
      return read
    }

    override set(sid: string, data: SessionData, done?: (error?: unknown) => void): void {
      const add = () =>
        super.set(sid, data, (error?: unknown) => {
          if (!error) stored.add(data)
          done?.(error)
        })
      if (!stored.has(data)) return add()
      pool.query('update platform.sessions set sess = $1 where sid = $2', [JSON.stringify(data), sid]).then(
        () => done?.(),
        (error: unknown) => done?.(error),
      )
    }
  }
  return new Store({
    pool,
    schemaName: 'platform',
    tableName: 'sessions',
    createTableIfMissing: false,
    pruneSessionInterval: false,
    disableTouch: true,
    ttl: absoluteHours * 3600,
    errorLog: () => undefined,
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

/** Whether a session has reached one of its limits, though its row may still lie there. */
export function isOver({ seenAt = 0, startedAt = 0, strict = false }: Partial<SessionData>, now: number): boolean {
  const [idle, absolute] = strict ? [strictIdleMinutes, strictAbsoluteHours] : [idleMinutes, absoluteHours]
  return now - seenAt > idle * 60_000 || now - startedAt > absolute * 3_600_000
}

/** Whether a factor was proven a few minutes ago; for who has a second one, the password alone is none. */
export function provenLately(req: Request, hasSecondFactor: boolean): boolean {
  const { password = 0, code = 0, passkey = 0 } = req.session.proven ?? {}
  const last = hasSecondFactor ? Math.max(code, passkey) : Math.max(password, code, passkey)
  return servicesOf(req).clock.now().epochMilliseconds - last <= freshMinutes * 60_000
}

/** Notes that a factor was proven just now, under a new session id, so that what was known of the old one is worth less. */
export async function noteProven(req: Request, factor: Factor): Promise<void> {
  const now = servicesOf(req).clock.now().epochMilliseconds
  await renewSession(req, { proven: { ...req.session.proven, [factor]: now } })
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

type Signing = { id: UserId; passwordVersion: number; platformAdmin: boolean }

/**
 * Signs in, by the factors that were proven: a new session id, so that one planted before sign-in is worthless after.
 * Saved before it returns.
 */
export async function startSession(req: Request, account: Signing, factors: readonly Factor[]): Promise<void> {
  const returnTo = req.session.returnTo
  await regenerate(req)
  const now = servicesOf(req).clock.now().epochMilliseconds
  const { id: userId, passwordVersion, platformAdmin: strict } = account
  const proven = Object.fromEntries(factors.map((factor) => [factor, now]))
  const facts: SessionFacts = {
    id: newId<'session'>(),
    ...browserOf(req.headers['user-agent']),
    network: networkOf(req.ip),
  }
  Object.assign(req.session, { userId, facts, passwordVersion, startedAt: now, seenAt: now, proven, strict })
  if (returnTo !== undefined) req.session.returnTo = returnTo
  await saveSession(req)
}

/** Half signed in: remembers whose password was right, in a session that no door takes for anybody's. */
export async function startPending(req: Request, account: Signing, next: string | undefined): Promise<void> {
  await regenerate(req)
  const since = servicesOf(req).clock.now().epochMilliseconds
  const { id: userId, passwordVersion } = account
  req.session.pending = { userId, passwordVersion, since, ...(next === undefined ? {} : { next }) }
  await saveSession(req)
}

/** Whose password was right a few minutes ago in this browser. */
export function pendingOf(req: Request): Pending | undefined {
  const pending = req.session?.pending
  const now = servicesOf(req).clock.now().epochMilliseconds
  return pending && now - pending.since <= pendingMinutes * 60_000 ? pending : undefined
}

/** The same session with some things changed, under a new id. Its limits go on counting from where they did. */
export async function renewSession(req: Request, changed: Partial<SessionData>): Promise<void> {
  const { cookie: _cookie, ...kept } = req.session
  await regenerate(req)
  Object.assign(req.session, kept, changed)
  await saveSession(req)
}

async function regenerate(req: Request): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    req.session.regenerate((error) => (error ? reject(error as Error) : resolve())),
  )
}

/**
 * Enters a support visit, or leaves it with `undefined`: a new session id either way, with the same limits as before, so
 * that what was known outside of the visit is worth nothing within.
 */
export async function changeVisit(req: Request, visitId: string | undefined): Promise<void> {
  delete req.session.supportVisitId
  await renewSession(req, visitId === undefined ? {} : { supportVisitId: visitId })
}

/** Writes the session now. Without it the next page may be asked for before the session is stored. */
async function saveSession(req: Request): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    req.session.save((error) => (error ? reject(error as Error) : resolve())),
  )
}

/** Ends the session and deletes its row; the cookie opens nothing any more. */
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
