// The doors for people with an account: their own pages, the workspace of a clinic, the console.
import type { Request, Response } from 'express'
import type { UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import {
  allowed,
  factorGraceDays,
  rolesThatNeedFactor,
  type DeskRole,
  type Permission,
  type Role,
} from '../../../kernel/permissions.ts'
import { isBefore } from '../../../kernel/time.ts'
import { audit } from '../../audit.ts'
import { clinicColumns } from '../../clinic-directory.ts'
import { proveClinic, type Actor, type Clinic, type ClinicFacts, type Ctx } from '../../clinic-scope.ts'
import { rows } from '../../db/rows.ts'
import { forbidden, notFound } from '../../errors.ts'
import { homePlace } from '../../home-place.ts'
import { parseLanguage } from '../../i18n/languages.ts'
import type { Speaker } from '../../i18n/speaker.ts'
import { noteDenied } from '../../security-notes.ts'
import { servicesOf, type Services } from '../../services.ts'
import { consoleShell } from '../console-shell.ts'
import { sessionUser, storedSession } from '../session.ts'
import { render, type Layout } from '../views.ts'
import { basics, originOf, takeFlash, tokenOf, type Basics } from './basics.ts'
import { deskNoticesOf, shellOf, type DeskPlace, type Person, type SubscriptionFacts, type Visit } from './shell.ts'
import { provesLately } from './step-up.ts'
import { routes, routeTable, type RouteOptions, type Routes } from './table.ts'

export type AccountRequest = Basics & { person: Person }
export type ClinicRequest = Basics & {
  person: Person
  role: DeskRole
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
    const services = servicesOf(req)
    const speaker = services.speakers(person.language, await homePlace(services.db, person.userId))
    const request = { ...staffBasics(req, res, speaker, person, 'plain', undefined, options), person }
    return (await provesLately(request, options)) ? request : undefined
  })
}

/**
 * The workspace, `/app/:slug/…`: members only (others get 404), then the permission (403), then whether the clinic may do
 * it as its subscription stands. Somebody of the platform may look, and only look, on a support visit.
 */
export function clinicRouter(feature: string): Routes<ClinicRequest, Permission> {
  return routes('clinic', '/app/:slug', feature, async (req, res, permission, options) => {
    const person = await signedIn(req, res, options)
    if (!person) return undefined
    const services = servicesOf(req)
    const memberships = await membershipsOf(services, person.userId)
    const membership =
      memberships.find(({ slug }) => slug === req.params.slug) ??
      (await visitOf(services, person, req.session.supportVisitId, req.params.slug))
    if (!membership) return notFound('clinic')
    const { role, subscription, visit, ...facts } = membership
    if (!allowed(role, permission)) {
      await noteDenied(services, originOf(req), { userId: person.userId, clinicId: facts.id, permission })
      forbidden(`${role} may not ${permission}`)
    }
    const clinic = proveClinic(facts)
    const speaker = services.speakers(person.language, clinic)
    const { userId, name } = person
    const actor: Actor =
      role === 'support'
        ? { kind: 'support', userId, name, visitId: visit.id, onBehalfOf: visit.allowedBy }
        : { kind: 'user', userId, name, role }
    const origin = originOf(req)
    const now = services.clock.now()
    const place: DeskPlace = { clinic, subscription, role, speaker, now, person, current: req.path, visit }
    const shell = () => shellOf({ place, person, memberships, current: req.path }, deskNoticesOf(req))
    const answers = staffBasics(req, res, speaker, person, 'desk', shell, options)
    if (!standsOpen(clinic, role, req.method, options)) {
      if (options.background) res.status(403).end()
      else answers.show(deskNoticesOf(req).closed(place), { status: clinic.status === 'read_only' ? 409 : 403 })
      return undefined
    }
    if (!(await provesLately({ ...answers, person }, options))) return undefined
    if (visit) {
      if (req.method !== 'GET' && req.method !== 'HEAD') {
        answers.show(deskNoticesOf(req).lookOnly(place), { status: 403 })
        return undefined
      }
      if (!options.background) await services.inClinic(clinic, actor, origin, (ctx) => noteLook(ctx, req, visit))
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
        if (mustEnrol(user, services.clock.now())) return false
        const now =
          (await membershipsOf(services, person.userId)).find(({ slug }) => slug === clinic.slug) ??
          (await visitOf(services, person, stored?.supportVisitId, clinic.slug))
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
function standsOpen(
  { status }: Pick<Clinic, 'status'>,
  role: DeskRole,
  method: string,
  options: RouteOptions,
): boolean {
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
    const request = { ...staffBasics(req, res, speaker, person, 'desk', shell, options), person }
    return (await provesLately(request, options)) ? request : undefined
  })
}

export type Membership = ClinicFacts & { role: Role; subscription: SubscriptionFacts; visit?: undefined }

/** The clinics a person works at, with the facts of each: one query serves the door and the switcher. */
export async function membershipsOf(services: Services, userId: UserId): Promise<Membership[]> {
  const found = await rows<ClinicFacts & { role: Role } & SubscriptionFacts>(
    services.db,
    'select m.role, s.status as life, s.status_since as "lifeSince", s.period_end as "periodEnd",' +
      ' s.cancelled_at as "cancelledAt", s.suspension_reason as "suspensionReason", s.closed_at as "closedAt", ' +
      clinicColumns +
      ' from platform.memberships m join platform.clinics c on c.id = m.clinic_id' +
      ' join platform.diaries d on d.clinic_id = c.id left join platform.subscriptions s on s.clinic_id = c.id' +
      ' where m.user_id = ? order by c.name, c.id',
    [userId],
  )
  return found.map(withSubscription)
}

const withSubscription = <T extends SubscriptionFacts>({
  life,
  lifeSince,
  periodEnd,
  cancelledAt,
  suspensionReason,
  closedAt,
  ...rest
}: T) => ({ ...rest, subscription: { life, lifeSince, periodEnd, cancelledAt, suspensionReason, closedAt } })

type Visiting = ClinicFacts & { role: 'support'; subscription: SubscriptionFacts; visit: Visit }

/**
 * The clinic that somebody of the platform is visiting, asked anew at every request: ended, withdrawn or over, the very
 * next one is outside.
 */
async function visitOf(
  services: Services,
  { userId, platformAdmin }: Person,
  visitId: string | undefined,
  slug: unknown,
): Promise<Visiting | undefined> {
  if (!platformAdmin || visitId === undefined || typeof slug !== 'string') return undefined
  const [found] = await rows<ClinicFacts & SubscriptionFacts & { allowedBy: UserId; expiresAt: Instant }>(
    services.db,
    'select v.allowed_by as "allowedBy", v.expires_at as "expiresAt", s.status as life, s.status_since as "lifeSince",' +
      ' s.period_end as "periodEnd", s.cancelled_at as "cancelledAt", s.suspension_reason as "suspensionReason", s.closed_at as "closedAt", ' +
      clinicColumns +
      ' from platform.support_visits v join platform.clinics c on c.id = v.clinic_id' +
      ' join platform.diaries d on d.clinic_id = c.id left join platform.subscriptions s on s.clinic_id = c.id' +
      ' where v.id = ? and v.operator_id = ? and v.ended_at is null and v.started_at is not null and v.expires_at > ?' +
      ' and c.slug = ?',
    [visitId, userId, services.clock.now(), slug],
  )
  if (!found) return undefined
  const { allowedBy, expiresAt, ...rest } = found
  return { ...withSubscription(rest), role: 'support', visit: { id: visitId, allowedBy, expiresAt } }
}

/** What somebody on a visit looked at stands in the clinic's own log: the page, and the row it is about. */
async function noteLook(ctx: Ctx, req: Request, visit: Visit): Promise<void> {
  const { id } = req.params
  const page = (req.route as { path: string }).path
  await audit(ctx, 'support_visit.looked', { kind: 'support_visit', id: visit.id }, {
    page,
    ...(typeof id === 'string' ? { id } : {}),
  }) // prettier-ignore
}

async function signedIn(req: Request, res: Response, options: RouteOptions): Promise<Person | undefined> {
  const userId = await sessionUser(req, options.background === true)
  if (userId !== undefined) {
    const user = await findPerson(servicesOf(req), userId)
    if (user && user.passwordVersion === req.session.passwordVersion) {
      if (options.withoutFactor || !mustEnrol(user, servicesOf(req).clock.now())) {
        return { ...user, language: parseLanguage(user.language) ?? 'en' }
      }
      res.setHeader('Cache-Control', 'no-store')
      if (options.background) res.status(401).end()
      else res.redirect(303, '/account/second-factor')
      return undefined
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

/** The days of grace are over: nothing but getting a second factor. */
const mustEnrol = ({ secondFactor, factorDue }: Pick<Person, 'secondFactor' | 'factorDue'>, now: Instant): boolean =>
  !secondFactor && factorDue !== null && !isBefore(now, factorDue)

async function findPerson({ db }: Services, userId: UserId) {
  const [user] = await rows<Person & { passwordVersion: number }>(
    db,
    `select id as "userId", name, email, email_unproven as "emailUnproven", language, theme, shortcuts, platform_admin as "platformAdmin",
            password_version as "passwordVersion",
            array(select announcement_id::text from platform.announcement_dismissals where user_id = u.id) as dismissed,
            coalesce((select jsonb_object_agg(code, version) from (select code, max(version) as version
              from platform.policy_acceptances where user_id = u.id group by code) a), '{}') as accepted,
            (exists (select from platform.totp_seeds s where s.user_id = u.id and s.confirmed_at is not null)
             or exists (select from platform.passkeys p where p.user_id = u.id)) as "secondFactor",
            case when platform_admin then created_at else
              (select min(greatest(coalesce(m.role_since, m.created_at), c.factor_since) + ?::int * interval '24 hours')
               from platform.memberships m join platform.clinics c on c.id = m.clinic_id
               where m.user_id = u.id and c.factor_required and m.role = any(?::text[])) end as "factorDue"
     from platform.users u where id = ?`,
    [factorGraceDays, rolesThatNeedFactor, userId],
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
