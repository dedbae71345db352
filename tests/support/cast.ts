// The people of every test. Nadia owns the clinic, Bilal is at its desk, Dr Sana sees patients there; Omar owns ANOTHER
// clinic and must never notice this one. A name in a test tells the expected answer.
import { beforeAll, beforeEach } from 'vitest'
import { openClinic } from '../../src/features/clinics/actions.ts'
import { newId, type ClinicId, type PractitionerId, type UserId } from '../../src/kernel/ids.ts'
import type { Role } from '../../src/kernel/permissions.ts'
import type { Actor, Clinic, Ctx } from '../../src/platform/clinic-scope.ts'
import { newSeed } from '../../src/platform/totp.ts'
import { idleMinutes, sessionCookieName } from '../../src/platform/web/session.ts'
import { startTestApp, type TestApp } from './app.ts'
import { signIn, type Agent } from './http.ts'

export type CastMember = {
  userId: UserId
  name: string
  email: string
  /** The role at the clinic they belong to; for Omar that is the other one. */
  role: Role
}

export type ClinicFactsOverrides = {
  slug?: string
  name?: string
  city?: string
  country?: string
  specialty?: string
  zone?: string
  currency?: string
  language?: string
}

export type TestClinic = {
  app: TestApp
  id: ClinicId
  slug: string
  cast: {
    nadia: CastMember
    bilal: CastMember
    sana: CastMember & { practitionerId: PractitionerId }
    omar: CastMember
  }
  /** Omar's clinic: the same in everything but its rows. */
  other: { id: ClinicId; slug: string }
  /** A browser in which this person is signed in. */
  as(person: { userId: UserId }): Promise<Agent>
  /** The clinic as a door would hand it out now. */
  proven(): Promise<Clinic>
  /** Works directly on the clinic's data, as Nadia unless told otherwise. */
  inClinic<T>(work: (ctx: Ctx) => Promise<T>, actor?: Actor): Promise<T>
}

/** Of bcrypt's shape, made from nothing: nobody signs in with it. */
const noPassword = '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7QXr5CkwoQ1xM5Z7lQvTzJbDSVpWq2a'

let made = 0

/** An app for the tests of a file, and for each of them a clinic of which nobody has read or done anything yet. */
export function withClinic(take: (started: { app: TestApp; clinic: TestClinic }) => void): void {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
    return () => app.stop()
  })
  beforeEach(async () => take({ app, clinic: await makeClinic(app) }))
}

/** A clinic of the test's own in Karachi with its cast, and Omar's beside it. One location, no hours and no services yet. */
export async function makeClinic(app: TestApp, overrides: ClinicFactsOverrides = {}): Promise<TestClinic> {
  const number = ++made
  const slug = overrides.slug ?? `shifa-${number}`
  const [nadia, bilal, sana, omar] = await Promise.all([
    makeUser(app, 'Nadia Khan', `nadia-${number}@shifa.test`, 'owner'),
    makeUser(app, 'Bilal Ahmed', `bilal-${number}@shifa.test`, 'receptionist'),
    makeUser(app, 'Dr Sana Malik', `sana-${number}@shifa.test`, 'doctor'),
    makeUser(app, 'Omar Farooq', `omar-${number}@other.test`, 'owner'),
  ])
  const id = await openWith(app, { ...overrides, slug }, [nadia, bilal, sana])
  const otherId = await openWith(app, { ...overrides, slug: `other-${number}`, name: 'Other Clinic' }, [omar])
  const practitionerId = newId<'practitioner'>()
  await app.superuser(
    `insert into clinic.practitioners (clinic_id, id, user_id, name, title, created_at) values ($1, $2, $3, $4, $5, $6)`,
    [id, practitionerId, sana.userId, sana.name, 'General physician', app.clock.now().toString()],
  )
  const proven = async () => {
    const clinic = await app.services.clinics.byId(id)
    if (!clinic) throw new Error('the clinic is gone')
    return clinic
  }
  const asNadia: Actor = { kind: 'user', userId: nadia.userId, name: nadia.name, role: 'owner' }
  return {
    app,
    id,
    slug,
    cast: { nadia, bilal, sana: { ...sana, practitionerId }, omar },
    other: { id: otherId, slug: `other-${number}` },
    as: (person) => signedIn(app, person.userId),
    proven,
    inClinic: async (work, actor = asNadia) =>
      app.services.inClinic(await proven(), actor, { requestId: 'test' }, work),
  }
}

export async function signedIn(app: TestApp, userId: UserId): Promise<Agent> {
  const agent = app.agent()
  await signIn(app.services, agent, userId)
  return agent
}

/** Someone of the platform itself, who runs the console and is in no clinic. */
export async function makePlatformAdmin(app: TestApp): Promise<{ userId: UserId; name: string; email: string }> {
  const admin = await makeUser(app, 'Platform Admin', `admin-${++made}@nabz.test`, 'owner')
  await app.superuser('update platform.users set platform_admin = true where id = $1', [admin.userId])
  return admin
}

/** Somebody more who works at the clinic, in a role the cast has not. */
export async function hire(clinic: TestClinic, role: Role, name = `The ${role}`): Promise<CastMember> {
  const { app } = clinic
  const member = await makeUser(app, name, `${role}-${++made}@shifa.test`, role)
  await app.superuser(
    'insert into platform.memberships (clinic_id, user_id, role, created_at) values ($1, $2, $3, $4)',
    [clinic.id, member.userId, role, app.clock.now().toString()],
  )
  return member
}

/** Somebody of the platform on a visit to the clinic that its owner allowed, and the browser they are on it in. */
export async function visiting(clinic: TestClinic, operatorId: UserId): Promise<Agent> {
  const { app, id, cast } = clinic
  const visitId = newId()
  await app.superuser(
    `insert into platform.support_visits (id, clinic_id, operator_id, reason, asked_at, allowed_by, allowed_at, started_at, expires_at)
     values ($1, $2, $3, 'To help', $5, $4, $5, $5, $5::timestamptz + interval '60 minutes')`,
    [visitId, id, operatorId, cast.nadia.userId, app.clock.now().toString()],
  )
  const browser = await signedIn(app, operatorId)
  await amendSession(app, browser, { supportVisitId: visitId })
  return browser
}

/** A browser whose session is over: it was left alone for longer than any may be. */
export async function expired(app: TestApp, userId: UserId): Promise<Agent> {
  const browser = await signedIn(app, userId)
  const left = app.clock.now().subtract({ minutes: idleMinutes, seconds: 1 })
  await amendSession(app, browser, { seenAt: left.epochMilliseconds })
  return browser
}

async function amendSession(app: TestApp, browser: Agent, facts: Record<string, unknown>): Promise<void> {
  const cookie = decodeURIComponent(browser.cookies.get(sessionCookieName(true)) ?? '')
  await app.superuser('update platform.sessions set sess = (sess::jsonb || $2::jsonb)::json where sid = $1', [
    cookie.slice('s:'.length, cookie.lastIndexOf('.')),
    JSON.stringify(facts),
  ])
}

async function makeUser(app: TestApp, name: string, email: string, role: Role): Promise<CastMember> {
  const userId = newId<'user'>()
  await app.superuser(
    `insert into platform.users (id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5)`,
    [userId, email, name, noPassword, app.clock.now().toString()],
  )
  await enrol(app, userId)
  return { userId, name, email, role }
}

/** Gives somebody an authenticator app, so that no day of grace runs out on them. Answers its seed. */
export async function enrol(app: TestApp, userId: UserId, seed = newSeed()): Promise<string> {
  const id = newId()
  await app.superuser('delete from platform.totp_seeds where user_id = $1', [userId])
  await app.superuser(
    `insert into platform.totp_seeds (id, user_id, seed_sealed, created_at, confirmed_at) values ($1, $2, $3, $4, $4)`,
    [id, userId, app.services.keys.platform.seal(seed, 'totp_seeds.seed', id), app.clock.now().toString()],
  )
  return seed
}

/** Takes it away again, for tests of what happens without one. */
export async function unenrol(app: TestApp, userId: UserId): Promise<void> {
  await app.superuser('delete from platform.totp_seeds where user_id = $1', [userId])
}

async function openWith(
  app: TestApp,
  facts: ClinicFactsOverrides & { slug: string },
  members: CastMember[],
): Promise<ClinicId> {
  const { id } = await app.services.db.transaction((trx) =>
    openClinic(app.services, trx, {
      name: facts.name ?? 'Shifa Clinic',
      city: facts.city ?? 'Karachi',
      country: facts.country ?? 'PK',
      zone: facts.zone ?? 'Asia/Karachi',
      currency: facts.currency ?? 'PKR',
      specialty: facts.specialty ?? 'general_practice',
      language: facts.language ?? 'en',
      slug: facts.slug,
    }),
  )
  for (const { userId, role } of members) {
    await app.superuser(
      'insert into platform.memberships (clinic_id, user_id, role, created_at) values ($1, $2, $3, $4)',
      [id, userId, role, app.clock.now().toString()],
    )
  }
  return id
}
