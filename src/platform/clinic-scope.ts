// The only door to a clinic's data. A `Ctx` is made here and nowhere else: it carries an open transaction in which the
// database itself knows the clinic, so a query that forgets the clinic finds nothing or fails.
import type { Knex } from 'knex'
import type { ClinicId, UserId } from '../kernel/ids.ts'
import type { Role } from '../kernel/permissions.ts'
import { dateAt, type Instant, type PlainDate } from '../kernel/time.ts'
import { inTransaction, isRefusal } from './db/transaction.ts'
import type { Clock } from './clock.ts'
import { writeJournal } from './audit.ts'
import type { Notifications } from './db/notifications.ts'
import type { Database } from './db/connect.ts'
import { rows, type Binding } from './db/rows.ts'
import type { ClinicSeal, KeyRing, PlatformSeal } from './seal/key-ring.ts'

const proven: unique symbol = Symbol('a door has seen to it that this clinic may be entered')

export type ClinicFacts = {
  id: ClinicId
  slug: string
  name: string
  city: string
  country: string
  specialty: string
  zone: string
  currency: string
  language: string
  accent: string
  placement: string
  status: 'active' | 'read_only' | 'locked' | 'suspended'
  /** Grow with every change of appointments, and of hours, services and people; read before whatever they vouch for. */
  diaryVersion: number
  settingsVersion: number
  /** The code of the clinic's plan, and what it allows; null is as many as one likes. */
  plan: string
  practitionerLimit: number | null
  locationLimit: number | null
  bookingLimit: number | null
  messageLimit: number | null
  features: string[]
  /** Wants to be found: in the directory and by search engines. Counts only while the plan has `directory`. */
  listed: boolean
  /** What was used in `usageMonth`, the first day of a month of the clinic's calendar; stale once another began. */
  usageMonth: PlainDate | null
  bookingsUsed: number
  messagesUsed: number
}

/** What is counted a day and, for the limits of plans, a month; never who or what. */
export type Metric =
  | 'bookings'
  | 'bookings_online'
  | 'messages'
  | 'messages_failed'
  | 'cancelled'
  | 'moved'
  | 'fulfilled'
  | 'noshow'
  // Of those, the ones whose patient had been reminded.
  | 'fulfilled_reminded'
  | 'noshow_reminded'

/** A clinic that one of the doors has let somebody into. A bare id will not do. */
export type Clinic = ClinicFacts & { readonly [proven]: true }

/** For the doors only (routers, jobs by `ClinicDirectory`); the architecture test keeps features away from it. */
export function proveClinic(facts: ClinicFacts): Clinic {
  return { ...facts, [proven]: true }
}

export type Actor =
  | { kind: 'user'; userId: UserId; name: string; role: Role }
  /** Somebody of the platform on a visit that an owner allowed. Both stand in every entry of the audit log. */
  | { kind: 'support'; userId: UserId; name: string; visitId: string; onBehalfOf: UserId }
  /** A tool of the clinic's own. */
  | { kind: 'api'; clientId: string; name: string }
  | { kind: 'patient' }
  | { kind: 'visitor' }
  | { kind: 'system'; job: string }

/** Where a request came from, for the audit log and for throttles. Jobs have only an id. */
export type Origin = { requestId: string; address?: string; browser?: string }

export type Ctx = {
  readonly db: Knex.Transaction
  readonly clinic: Clinic
  readonly actor: Actor
  readonly origin: Origin
  /** Read once when the transaction began. */
  readonly now: Instant
  readonly seal: ClinicSeal
  readonly platformSeal: PlatformSeal
  /** The transaction's audit entries so far; filled by `audit` and written before the commit. */
  readonly journal: Binding[][]
  /** Says that appointments or holds changed: the diary's version grows at the commit, and live pages look again. */
  diaryChanged(): void
  /** Says that hours, closures, services, people or the profile changed. */
  settingsChanged(): void
  /** Has `keep` called behind the commit, where this transaction changed no settings: what it read of them then stands. */
  settingsRead(keep: () => void): void
  /**
   * Says that what is written to the diary is right only by the hours, closures and services that were read. Should these
   * have changed until the commit, it is rolled back and the work is done once more.
   */
  reliesOnSettings(): void
  /** Wakes the dispatcher behind the commit; for messages that are due now. */
  messagesQueued(): void
  /** Counts something that happened, in the clinic's present day and month; takes it back when `by` is below zero. */
  tally(metric: Metric, by?: number): void
}

export type InClinic = <T>(clinic: Clinic, actor: Actor, origin: Origin, work: (ctx: Ctx) => Promise<T>) => Promise<T>

/** Settings that change so often while somebody books that this is not enough are a fault. */
const mostTries = 5

/** The settings are no longer those that the work relied on. */
class Outdated extends Error {
  constructor() {
    super('the settings of the clinic changed each time its diary was about to')
  }
}

/**
 * Makes `inClinic`: one transaction per call, in which `app.clinic_id` is set and row-level security does the rest. When
 * `work` answers a refusal (`{ ok: false, reason }`) everything it wrote is rolled back. What must survive a refusal
 * belongs in a call of its own. Actions never open another transaction and never talk to the network.
 *
 * Nobody gets a time that closed before they had it. A change of the diary waits at its end for a change of the settings
 * that is being committed, and the other way round; when it finds other settings than those it relied on, nothing of it
 * stays and `work` runs again from the start, with the clinic as it is then. So work that relies on settings leaves
 * nothing behind but what it writes through its `ctx`, and what it collects on the way is its own.
 */
export function createInClinic(services: {
  db: Database
  keys: KeyRing
  clock: Clock
  clinics: { byId(id: ClinicId): Promise<Clinic | undefined> }
  notifications: Pick<Notifications, 'tell'>
  /** Hears what was counted, once it is committed. */
  tallied?: (metric: Metric, by: number) => void
}): InClinic {
  // Where a clinic lives is known here and nowhere else: `placement` will one day pick another database.
  const databaseOf = (_clinic: Clinic) => services.db
  const { tell } = services.notifications

  return async function inClinic(clinic, actor, origin, work) {
    let current = clinic
    for (let tries = 1; ; tries++) {
      try {
        return await once(current, actor, origin, work)
      } catch (error) {
        const fresh = error instanceof Outdated && tries < mostTries && (await services.clinics.byId(clinic.id))
        if (!fresh) throw error
        current = fresh
      }
    }
  }

  async function once<T>(clinic: Clinic, actor: Actor, origin: Origin, work: (ctx: Ctx) => Promise<T>): Promise<T> {
    const seal = await services.keys.forClinic(clinic.id)
    const tallies = new Map<Metric, number>()
    const changed = { diary: false, settings: false, messages: false }
    const keeping: (() => void)[] = []
    let versions: Versions | undefined
    const result = await inTransaction(databaseOf(clinic), async (db) => {
      // Goes along with the first statement of the work. Should it fail, so does everything behind it.
      const named = rows(db, 'select app_set_clinic(?::uuid)', [clinic.id])
      const journal: Binding[][] = []
      let relies = false
      const now = services.clock.now()
      const working = work({
        db,
        clinic,
        actor,
        origin,
        now,
        seal,
        platformSeal: services.keys.platform,
        journal,
        diaryChanged: () => {
          changed.diary = true
        },
        settingsChanged: () => {
          changed.settings = true
        },
        settingsRead: (keep) => {
          keeping.push(keep)
        },
        reliesOnSettings: () => {
          relies = true
        },
        messagesQueued: () => {
          changed.messages = true
        },
        tally: (metric, by = 1) => {
          tallies.set(metric, (tallies.get(metric) ?? 0) + by)
        },
      })
      const result = await afterBoth(named, working)
      if (isRefusal(result)) return result
      const raised = changed.diary || changed.settings
      const [, written] = await Promise.all([
        writeJournal(db, journal),
        // Late, so that the row every booking of the clinic writes is locked as briefly as can be.
        raised || tallies.size > 0 ? writeDiary(db, clinic, now, changed, tallies) : undefined,
      ])
      versions = written
      const expected = clinic.settingsVersion + (changed.settings ? 1 : 0)
      if (relies && raised && versions?.settings !== expected) throw new Outdated()
      return result
    })
    if (isRefusal(result)) return result
    if (!changed.settings) for (const keep of keeping) keep()
    const clinicId = clinic.id
    if (versions && (changed.diary || changed.settings))
      tell({ channel: 'nabz_diary', clinicId, diary: versions.diary })
    if (changed.messages) tell({ channel: 'nabz_messages', clinicId })
    for (const [metric, by] of tallies) services.tallied?.(metric, by)
    return result
  }
}

/** The result of the second when both are over; of two errors the first's, which caused the other. */
async function afterBoth<T>(first: Promise<unknown>, second: Promise<T>): Promise<T> {
  const [one, two] = await Promise.allSettled([first, second])
  if (one.status === 'rejected') throw one.reason
  if (two.status === 'rejected') throw two.reason
  return two.value
}

/**
 * Lets those finish who are about to change the diary, and keeps those waiting who come after: what is read behind it
 * stands until the transaction has ended. To be asked for last, behind every visit that is written: bookings write their
 * visit first and the diary's row at the end, and the other way round two would wait for each other.
 */
export async function lockDiary({ db, clinic }: Pick<Ctx, 'db' | 'clinic'>): Promise<void> {
  await rows(db, 'select clinic_id from platform.diaries where clinic_id = ? for no key update', [clinic.id])
}

type Versions = { diary: number; settings: number }

/**
 * The versions and what was counted, for the day and the month: one statement, so that a booking pays one trip for all of
 * them. Answers which versions there are then.
 */
async function writeDiary(
  db: Knex.Transaction,
  clinic: Clinic,
  now: Instant,
  changed: { diary: boolean; settings: boolean },
  tallies: ReadonlyMap<Metric, number>,
): Promise<Versions | undefined> {
  const day = dateAt(now, clinic.zone)
  // Only what is counted begins a month.
  const month = tallies.size > 0 ? day.with({ day: 1 }) : null
  const [row] = await rows<Versions>(
    db,
    `with counted as (
       insert into platform.daily_counts (clinic_id, day, metric, count)
       select ?::uuid, ?::date, metric, by from unnest(?::text[], ?::bigint[]) as t (metric, by)
       on conflict (clinic_id, day, metric) do update set count = daily_counts.count + excluded.count),
     this as (select ?::date as month)
     update platform.diaries set
       diary_version = diary_version + ?, settings_version = settings_version + ?,
       bookings_used = greatest(0, case when usage_month is distinct from coalesce(month, usage_month) then 0 else bookings_used end + ?::int),
       messages_used = greatest(0, case when usage_month is distinct from coalesce(month, usage_month) then 0 else messages_used end + ?::int),
       usage_month = coalesce(month, usage_month)
     from this where clinic_id = ?::uuid
     returning diary_version as diary, settings_version as settings`,
    [
      clinic.id,
      day,
      [...tallies.keys()],
      [...tallies.values()],
      month,
      changed.diary || changed.settings ? 1 : 0,
      changed.settings ? 1 : 0,
      tallies.get('bookings') ?? 0,
      tallies.get('messages') ?? 0,
      clinic.id,
    ],
  )
  return row
}
