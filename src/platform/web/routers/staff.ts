// The doors for people with an account: their own pages, the workspace of a clinic, the console.
import type { Request, Response } from 'express'
import type { UserId } from '../../../kernel/ids.ts'
import { allowed, type Permission, type Role } from '../../../kernel/permissions.ts'
import { clinicColumns } from '../../clinic-directory.ts'
import { proveClinic, type Actor, type Clinic, type ClinicFacts, type Ctx } from '../../clinic-scope.ts'
import { rows } from '../../db/rows.ts'
import { forbidden, notFound } from '../../errors.ts'
import { parseLanguage } from '../../i18n/languages.ts'
import type { Speaker } from '../../i18n/speaker.ts'
import { servicesOf, type Services } from '../../services.ts'
import { consoleShell } from '../console-shell.ts'
import { sessionUser, storedSession } from '../session.ts'
import { render, type Layout } from '../views.ts'
import { basics, originOf, takeFlash, tokenOf, type Basics } from './basics.ts'
import { deskNoticesOf, shellOf, type DeskPlace, type Person, type SubscriptionFacts, type Workspace } from './shell.ts'
import { routes, routeTable, type RouteOptions, type Routes } from './table.ts'

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

/** For whoever is signed in, outside any clinic: choosing a clinic, one's own account. */
export function accountRouter(feature: string): Routes<AccountRequest, 'signed_in'> {
  return routes('account', '', feature, async (req, res, _access, options) => {
    const person = await signedIn(req, res, options)
    if (!person) return undefined
    const speaker = servicesOf(req).speakers(person.language, { country: 'GB', zone: 'UTC' })
    return { ...staffBasics(req, res, speaker, person, 'plain', undefined, options), person }
  })
}

/**
 * The workspace, `/app/:slug/…`: members only (others get 404), then the permission (403), then whether the clinic may do
 * it as its subscription stands.
 */
export function clinicRouter(feature: string): Routes<ClinicRequest, Permission> {
  return routes('clinic', '/app/:slug', feature, async (req, res, permission, options) => {
    const person = await signedIn(req, res, options)
    if (!person) return undefined
    const services = servicesOf(req)
    const memberships = await membershipsOf(services, person.userId)
    const membership = memberships.find(({ slug }) => slug === req.params.slug)
    if (!membership) return notFound('clinic')
    const { role, subscription, ...facts } = membership
    if (!allowed(role, permission)) forbidden(`${role} may not ${permission}`)
    const clinic = proveClinic(facts)
    const speaker = services.speakers(person.language, clinic)
    const actor: Actor = { kind: 'user', userId: person.userId, name: person.name, role }
    const origin = originOf(req)
    const place: DeskPlace = { clinic, subscription, role, speaker, now: services.clock.now() }
    const shell = () => shellOf({ place, person, memberships, current: req.path }, deskNoticesOf(req))
    const answers = staffBasics(req, res, speaker, person, 'desk', shell, options)
    if (!standsOpen(clinic, role, req.method, options)) {
      if (options.background) res.status(403).end()
      else answers.show(deskNoticesOf(req).closed(place), { status: clinic.status === 'read_only' ? 409 : 403 })
      return undefined
    }
    return {
      ...answers,
      person,
      role,
      clinic,
      at: (path) => `/app/${clinic.slug}${path}`,
      stillAllowed: async () => {
        const stored = await storedSession(req)
        const user = stored?.userId === undefined ? undefined : await findPerson(services, stored.userId)
        if (!user || user.userId !== person.userId || user.passwordVersion !== stored?.passwordVersion) return false
        const now = (await membershipsOf(services, person.userId)).find(({ slug }) => slug === clinic.slug)
        return now !== undefined && allowed(now.role, permission) && standsOpen(now, now.role, req.method, options)
      },
      inClinic: (work) => services.inClinic(clinic, actor, origin, work),
    }
  })
}

/**
 * Whether a clinic's standing lets this happen. Read-only: everything can be looked at, and nothing changed but by
 * routes that say so. Locked or suspended: the owner's way out, and nothing else.
 */
function standsOpen({ status }: Pick<Clinic, 'status'>, role: Role, method: string, options: RouteOptions): boolean {
  switch (status) {
    case 'active':
      return true
    case 'read_only':
      return method !== 'POST' || options.whileReadOnly === true || options.whileLocked === true
    case 'locked':
    case 'suspended':
      return role === 'owner' && options.whileLocked === true
  }
}

/** The console, `/admin/…`, for platform admins; for everyone else it does not exist. */
export function operatorRouter(feature: string): Routes<AccountRequest, Permission> {
  return routes('operator', '/admin', feature, async (req, res, permission, options) => {
    const person = await signedIn(req, res, options)
    if (!person) return undefined
    if (!person.platformAdmin || !allowed('platform_admin', permission)) return notFound('page')
    const speaker = servicesOf(req).speakers(person.language, { country: 'GB', zone: 'UTC' })
    const shell = () => consoleShell({ person, speaker, current: req.path, routes: routeTable })
    return { ...staffBasics(req, res, speaker, person, 'desk', shell, options), person }
  })
}

export type Membership = ClinicFacts & { role: Role; subscription: SubscriptionFacts }

/** The clinics a person works at, with the facts of each: one query serves the door and the switcher. */
export async function membershipsOf(services: Services, userId: UserId): Promise<Membership[]> {
  const found = await rows<ClinicFacts & { role: Role } & SubscriptionFacts>(
    services.db,
    'select m.role, s.status as life, s.status_since as "lifeSince", s.period_end as "periodEnd",' +
      ' s.cancelled_at as "cancelledAt", s.suspension_reason as "suspensionReason", ' +
      clinicColumns +
      ' from platform.memberships m join platform.clinics c on c.id = m.clinic_id' +
      ' join platform.diaries d on d.clinic_id = c.id left join platform.subscriptions s on s.clinic_id = c.id' +
      ' where m.user_id = ? order by c.name, c.id',
    [userId],
  )
  return found.map(({ life, lifeSince, periodEnd, cancelledAt, suspensionReason, ...rest }) => ({
    ...rest,
    subscription: { life, lifeSince, periodEnd, cancelledAt, suspensionReason },
  }))
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

function staffBasics(
  req: Request,
  res: Response,
  speaker: Speaker,
  person: Person,
  usual: Layout,
  shellFor: (() => { accent: string }) | undefined,
  options: RouteOptions,
): Basics {
  res.setHeader('Cache-Control', 'no-store')
  return basics(req, res, servicesOf(req), speaker, originOf(req), (view, layout = usual) => {
    const shell = layout === 'bare' ? undefined : shellFor?.()
    return render(view, {
      speaker,
      layout,
      url: (path) => path,
      csrfToken: () => tokenOf(req),
      // What is said once is for the page somebody asked for, not for what a page fetches by itself.
      flash: options.background ? undefined : takeFlash(req, speaker),
      shell,
      languageLinks: [],
      accent: shell?.accent ?? 'teal',
    })
  })
}
