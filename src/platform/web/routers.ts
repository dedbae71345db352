// The doors. Every route of the product is made here, with its permission as the second argument: leaving it out does
// not compile, and each lands in `routeTable`, which the access tests walk.
import { Router, type Request, type Response } from 'express'
import { randomUUID } from 'node:crypto'
import { parseId, type Id, type UserId } from '../../kernel/ids.ts'
import { allowed, type Permission, type Role } from '../../kernel/permissions.ts'
import { clinicColumns } from '../clinic-directory.ts'
import { proveClinic, type Actor, type Clinic, type ClinicFacts, type Ctx, type Origin } from '../clinic-scope.ts'
import { rows } from '../db/rows.ts'
import { forbidden, notFound } from '../errors.ts'
import { languageChoices, languageNames, languages, parseLanguage, type Language } from '../i18n/languages.ts'
import type { Speaker } from '../i18n/speaker.ts'
import { servicesOf, type Services } from '../services.ts'
import { consoleShell } from './console-shell.ts'
import { redirect, sessionUser, storedSession } from './session.ts'
import { render, type Layout, type View } from './views.ts'

/** `signed_in`: whoever has an account. Everything else names a permission of the one table in the kernel. */
export type Access = Permission | 'public' | 'signed_in'
export type RouteEntry = { door: Door; method: 'get' | 'post'; path: string; access: Access; feature: string }
type Door = 'public' | 'patient' | 'account' | 'clinic' | 'operator'

/** Every route there is, filled as the features are loaded. */
export const routeTable: RouteEntry[] = []

type Basics = {
  req: Request
  res: Response
  services: Services
  speaker: Speaker
  origin: Origin
  show: (view: View, options?: { status?: number; layout?: Layout }) => void
  /** 303 after a form, once the session is stored. */
  redirect: (path: string) => Promise<void>
}
export type PublicRequest = Basics
export type PatientRequest = Basics & {
  clinic: Clinic
  /** The path as seen from this clinic, keeping the language the patient chose. */
  url: (path: string) => string
  inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>
}
export type Person = {
  userId: UserId
  name: string
  email: string
  language: Language
  theme: string
  /** Whether single keys do something at the desk. */
  shortcuts: boolean
  platformAdmin: boolean
}
export type AccountRequest = Basics & { person: Person }
export type ClinicRequest = Basics & {
  person: Person
  role: Role
  clinic: Clinic
  /** A path below this clinic's workspace: `at('/today')` is `/app/<slug>/today`. */
  at: (path: string) => string
  /** Asks anew whether this person may still be here, for a request that stays open. */
  stillAllowed(): Promise<boolean>
  inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>
}

type Handler<R> = (request: R) => Promise<void> | void
export type RouteOptions = {
  /** An event stream or a poll: does not count as activity of the session. */
  background?: boolean
}
export type Routes<R, A extends Access = Access> = {
  express: Router
  get(path: string, access: A, handler: Handler<R>, options?: RouteOptions): void
  post(path: string, access: A, handler: Handler<R>, options?: RouteOptions): void
}

function routes<R, A extends Access>(
  door: Door,
  base: string,
  feature: string,
  open: (req: Request, res: Response, access: A, options: RouteOptions) => Promise<R | undefined>,
): Routes<R, A> {
  const express = Router({ mergeParams: true, strict: false, caseSensitive: true })
  const add =
    (method: 'get' | 'post') =>
    (path: string, access: A, handler: Handler<R>, options: RouteOptions = {}) => {
      const full = base + (path === '/' && base !== '' ? '' : path)
      routeTable.push({ door, method, path: full, access, feature })
      express[method](full === '' ? '/' : full, async (req, res) => {
        const request = await open(req, res, access, options)
        if (request !== undefined) await handler(request)
      })
    }
  return { express, get: add('get'), post: add('post') }
}

/** Pages and webhooks for anybody, outside any clinic. */
export function publicRouter(feature: string): Routes<PublicRequest, 'public'> {
  return routes('public', '', feature, (req, res) => Promise.resolve(visitorBasics(req, res)))
}

/** A clinic's public side, `/c/:slug/…`. */
export function patientRouter(feature: string): Routes<PatientRequest, 'public'> {
  return routes('patient', '/c/:slug', feature, async (req, res) => {
    const slug = req.params.slug
    const clinic = typeof slug === 'string' ? await servicesOf(req).clinics.bySlug(slug) : undefined
    return clinic ? patientRequest(req, res, clinic, { kind: 'visitor' }) : notFound('clinic')
  })
}

/**
 * What a patient's handler gets; also for routes that find their clinic through a link's token, which know what language
 * its patient `speaks`. The address wins, then that, then the clinic's own.
 */
export function patientRequest(
  req: Request,
  res: Response,
  clinic: Clinic,
  actor: Actor,
  speaks?: Language,
): PatientRequest {
  const services = servicesOf(req)
  const own = parseLanguage(clinic.language) ?? 'en'
  const lang = parseLanguage(req.query.lang) ?? speaks ?? own
  // What an address without a language means here; nothing that all pages agree on, when the patient's differs.
  const usual = speaks === undefined || speaks === own ? own : undefined
  const speaker = services.speakers(lang, clinic)
  const origin = originOf(req)
  const url = (path: string) => withLanguage(path, lang, usual)
  return {
    ...basics(req, res, services, speaker, origin, (view, layout = 'patient') =>
      render(view, {
        speaker,
        layout,
        url,
        csrfToken: () => tokenOf(req),
        flash: undefined,
        shell: undefined,
        languageLinks: languageLinks(req.originalUrl, lang, usual),
        accent: clinic.accent,
      }),
    ),
    clinic,
    url,
    inClinic: (work) => services.inClinic(clinic, actor, origin, work),
  }
}

/**
 * A page of a clinic's public side as text that anybody may be given: it holds no token, and nothing of the address it
 * was first asked for by. `path` is the page's own address without a language.
 */
export function pageForAll({ clinic, speaker, url }: PatientRequest, path: string, view: View): string {
  return render(view, {
    speaker,
    layout: 'patient',
    url,
    csrfToken: () => undefined,
    flash: undefined,
    shell: undefined,
    languageLinks: languageLinks(path, speaker.lang, parseLanguage(clinic.language) ?? 'en'),
    accent: clinic.accent,
  })
}

/** For whoever is signed in, outside any clinic: choosing a clinic, one's own account. */
export function accountRouter(feature: string): Routes<AccountRequest, 'signed_in'> {
  return routes('account', '', feature, async (req, res, _access, options) => {
    const person = await signedIn(req, res, options)
    if (!person) return undefined
    const speaker = servicesOf(req).speakers(person.language, { country: 'GB', zone: 'UTC' })
    return { ...staffBasics(req, res, speaker, person, 'plain', undefined, options), person }
  })
}

/** The workspace, `/app/:slug/…`: members only (others get 404), then the permission (403). */
export function clinicRouter(feature: string): Routes<ClinicRequest, Permission> {
  return routes('clinic', '/app/:slug', feature, async (req, res, permission, options) => {
    const person = await signedIn(req, res, options)
    if (!person) return undefined
    const services = servicesOf(req)
    const memberships = await membershipsOf(services, person.userId)
    const membership = memberships.find(({ slug }) => slug === req.params.slug)
    if (!membership) return notFound('clinic')
    const { role, ...facts } = membership
    if (!allowed(role, permission)) forbidden(`${role} may not ${permission}`)
    const clinic = proveClinic(facts)
    const speaker = services.speakers(person.language, clinic)
    const actor: Actor = { kind: 'user', userId: person.userId, name: person.name, role }
    const origin = originOf(req)
    const shell = shellOf({ clinic, role, person, memberships, current: req.path }, speaker, person)
    return {
      ...staffBasics(req, res, speaker, person, 'desk', shell, options),
      person,
      role,
      clinic,
      at: (path) => `/app/${clinic.slug}${path}`,
      stillAllowed: async () => {
        const stored = await storedSession(req)
        const user = stored?.userId === undefined ? undefined : await findPerson(services, stored.userId)
        if (!user || user.userId !== person.userId || user.passwordVersion !== stored?.passwordVersion) return false
        const now = (await membershipsOf(services, person.userId)).find(({ slug }) => slug === clinic.slug)
        return now !== undefined && allowed(now.role, permission)
      },
      inClinic: (work) => services.inClinic(clinic, actor, origin, work),
    }
  })
}

/** The console, `/admin/…`, for platform admins; for everyone else it does not exist. */
export function operatorRouter(feature: string): Routes<AccountRequest, Permission> {
  return routes('operator', '/admin', feature, async (req, res, permission, options) => {
    const person = await signedIn(req, res, options)
    if (!person) return undefined
    if (!person.platformAdmin || !allowed('platform_admin', permission)) return notFound('page')
    const speaker = servicesOf(req).speakers(person.language, { country: 'GB', zone: 'UTC' })
    const shell = consoleShell({ person, speaker, current: req.path, routes: routeTable })
    return { ...staffBasics(req, res, speaker, person, 'desk', shell, options), person }
  })
}

type Membership = ClinicFacts & { role: Role }

/** The clinics a person works at, with the facts of each: one query serves the door and the switcher. */
export async function membershipsOf(services: Services, userId: UserId): Promise<Membership[]> {
  return rows<Membership>(
    services.db,
    'select m.role, ' +
      clinicColumns +
      ' from platform.memberships m join platform.clinics c on c.id = m.clinic_id' +
      ' join platform.diaries d on d.clinic_id = c.id where m.user_id = ? order by c.name, c.id',
    [userId],
  )
}

async function signedIn(req: Request, res: Response, options: RouteOptions): Promise<Person | undefined> {
  const userId = await sessionUser(req, options.background === true)
  if (userId !== undefined) {
    const user = await findPerson(servicesOf(req), userId)
    if (user && user.passwordVersion === req.session.passwordVersion) {
      return { ...user, language: parseLanguage(user.language) ?? 'en' }
    }
  }
  res.setHeader('Cache-Control', 'no-store')
  if (options.background) {
    res.status(401).end()
    return undefined
  }
  // Where to go on after signing in; only ever a path of ours.
  const back = req.method === 'GET' ? `?next=${encodeURIComponent(req.originalUrl)}` : ''
  res.redirect(303, `/sign-in${back}`)
  return undefined
}

async function findPerson({ db }: Services, userId: UserId) {
  const [user] = await rows<Person & { passwordVersion: number }>(
    db,
    `select id as "userId", name, email, language, theme, shortcuts, platform_admin as "platformAdmin",
            password_version as "passwordVersion"
     from platform.users where id = ?`,
    [userId],
  )
  return user
}

function visitorBasics(req: Request, res: Response): Basics {
  const services = servicesOf(req)
  const lang = visitorLanguage(req)
  const speaker = services.speakers(lang, { country: 'GB', zone: 'UTC' })
  const url = (path: string) => withLanguage(path, lang, undefined)
  return basics(req, res, services, speaker, originOf(req), (view, layout = 'plain') =>
    render(view, {
      speaker,
      layout,
      url,
      csrfToken: () => tokenOf(req),
      flash: takeFlash(req, speaker),
      shell: undefined,
      languageLinks: languageLinks(req.originalUrl, lang, undefined),
      accent: 'teal',
    }),
  )
}

/** The address wins, then what the browser asks for, then English. */
export function visitorLanguage(req: Request): Language {
  return parseLanguage(req.query.lang) ?? parseLanguage(req.acceptsLanguages([...languages])) ?? 'en'
}

function staffBasics(
  req: Request,
  res: Response,
  speaker: Speaker,
  person: Person,
  usual: Layout,
  shell: { accent: string } | undefined,
  options: RouteOptions,
): Basics {
  res.setHeader('Cache-Control', 'no-store')
  return basics(req, res, servicesOf(req), speaker, originOf(req), (view, layout = usual) =>
    render(view, {
      speaker,
      layout,
      url: (path) => path,
      csrfToken: () => tokenOf(req),
      // What is said once is for the page somebody asked for, not for what a page fetches by itself.
      flash: options.background ? undefined : takeFlash(req, speaker),
      shell,
      languageLinks: [],
      accent: shell?.accent ?? 'teal',
    }),
  )
}

function basics(
  req: Request,
  res: Response,
  services: Services,
  speaker: Speaker,
  origin: Origin,
  html: (view: View, layout?: Layout) => string,
): Basics {
  return {
    req,
    res,
    services,
    speaker,
    origin,
    show: (view, options = {}) => {
      res.status(options.status ?? 200)
      res.setHeader('Content-Type', 'text/html; charset=utf-8')
      res.setHeader('Content-Language', speaker.lang)
      res.send(html(view, options.layout))
    },
    redirect: (path) => redirect(req, res, path),
  }
}

function takeFlash(req: Request, speaker: Speaker) {
  const flash = req.session?.flash
  if (!flash) return undefined
  delete req.session.flash
  return {
    kind: flash.kind,
    text: speaker.t(flash.key, flash.params),
    ...(flash.undo === undefined ? {} : { undo: { action: flash.undo, label: speaker.t('shared.action.undo') } }),
  }
}

type Workspace = { clinic: Clinic; role: Role; person: Person; memberships: Membership[]; current: string }

const navigation: { path: string; icon: string; label: string; permission: Permission }[] = [
  { path: '/today', icon: 'calendar', label: 'shared.nav.today', permission: 'today.see' },
  { path: '/patients', icon: 'users', label: 'shared.nav.patients', permission: 'patients.find' },
  { path: '/messages', icon: 'message', label: 'shared.nav.messages', permission: 'messages.see' },
  { path: '/settings', icon: 'settings', label: 'shared.nav.settings', permission: 'clinic.settings' },
]

function shellOf(
  { clinic, role, person, memberships, current }: Workspace,
  speaker: Speaker,
  { theme, shortcuts }: Person,
) {
  const base = `/app/${clinic.slug}`
  return {
    clinicName: clinic.name,
    clinicSlug: clinic.slug,
    accent: clinic.accent,
    userName: person.name,
    role: speaker.t(`shared.role.${role}`),
    theme,
    shortcuts,
    canBook: allowed(role, 'appointments.book'),
    nav: navigation
      .filter((item) => allowed(role, item.permission))
      .map((item) => ({
        href: base + item.path,
        icon: item.icon,
        label: speaker.t(item.label),
        current: current.startsWith(base + item.path),
      })),
    clinics: memberships.map(({ name, slug }) => ({ name, href: `/app/${slug}/today`, current: slug === clinic.slug })),
    languageLinks: languageChoices(speaker.lang),
  }
}

function tokenOf(req: Request): string | undefined {
  return typeof req.csrfToken === 'function' ? req.csrfToken() : undefined
}

function withLanguage(path: string, lang: Language, usual: Language | undefined): string {
  if (lang === usual) return path
  const [beforeHash = '', hash] = path.split('#')
  const joined = `${beforeHash}${beforeHash.includes('?') ? '&' : '?'}lang=${lang}`
  return hash === undefined ? joined : `${joined}#${hash}`
}

/** The same page in each language. Only for pages reached by GET; after a refused form it leads to the page itself. */
function languageLinks(address: string, current: Language, usual: Language | undefined) {
  const query = new URLSearchParams(address.split('?')[1] ?? '')
  query.delete('lang')
  const path = address.split('?')[0] ?? '/'
  const plain = query.size > 0 ? `${path}?${query.toString()}` : path
  return languages.map((lang) => ({
    lang,
    label: languageNames[lang],
    href: withLanguage(plain, lang, usual),
    current: lang === current,
  }))
}

function originOf(req: Request): Origin {
  const browser = req.headers['user-agent']
  return {
    requestId: requestIdOf(req),
    ...(req.ip === undefined ? {} : { address: req.ip }),
    ...(browser === undefined ? {} : { browser }),
  }
}

export function requestIdOf(req: Request): string {
  return (req as Request & { id?: string }).id ?? randomUUID()
}

/** An id of the path, or 404: what can't be an id names nothing. */
export function idParam<T extends string>(req: Request, name: string): Id<T> {
  return parseId<T>(req.params[name]) ?? notFound(name)
}
