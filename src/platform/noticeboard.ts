// What stands over the pages of desks and was not said by the desk itself: announcements of the platform, and visits of
// its people. Kept in memory, because every page asks.
import type { ClinicId, Id, UserId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import type { Clinic } from './clinic-scope.ts'
import type { Database } from './db/connect.ts'
import { rows } from './db/rows.ts'
import type { Language } from './i18n/languages.ts'
import { remember } from './remembered.ts'
import type { Services } from './services.ts'

export type AnnouncementId = Id<'announcement'>
export type SupportVisitId = Id<'support_visit'>
export type Words = Record<Language, string>

/** Whom an announcement is for; an empty list is everybody. */
export type Audience = { plans: readonly string[]; countries: readonly string[]; languages: readonly string[] }

export type PostedAnnouncement = Audience & {
  id: AnnouncementId
  titles: Words
  texts: Words
  tone: 'info' | 'warning'
  startsAt: Instant
  endsAt: Instant | null
}

export type VisitUnderWay = {
  id: SupportVisitId
  clinicId: ClinicId
  operatorId: UserId
  operator: string
  expiresAt: Instant
}

export type Noticeboard = {
  /** What is to be said at a clinic now, the newest first. */
  announcementsFor(clinic: Pick<Clinic, 'plan' | 'country' | 'language'>, now: Instant): PostedAnnouncement[]
  /** Who of the platform is looking at a clinic now. */
  visitAt(clinicId: ClinicId, now: Instant): VisitUnderWay | undefined
  refresh(): Promise<void>
  stop(): void
}

/** Whether a clinic is among those somebody speaks to; a list that names nobody leaves nobody out. */
export function isFor(
  { plans, countries, languages }: Audience,
  clinic: Pick<Clinic, 'plan' | 'country' | 'language'>,
): boolean {
  const among = (list: readonly string[], one: string) => list.length === 0 || list.includes(one)
  return among(plans, clinic.plan) && among(countries, clinic.country) && among(languages, clinic.language)
}

/** More at a time would be no news; whoever publishes more sees the oldest go. */
const posted = 50

/**
 * Reads the board and keeps it, as `remember` does: other processes' changes are heard within moments. Where the
 * database can't be read it starts empty.
 */
export async function createNoticeboard(
  db: Database,
  parts: Pick<Services, 'notifications' | 'log'>,
): Promise<Noticeboard> {
  const announcements = await remember<PostedAnnouncement[]>(
    'announcements',
    [],
    () =>
      rows(
        db,
        `select id, titles, texts, tone, plans, countries, languages, starts_at as "startsAt", ends_at as "endsAt"
         from platform.announcements where banner and published_at is not null and withdrawn_at is null
         order by starts_at desc, id desc limit ?`,
        [posted],
      ),
    parts,
  )
  const visits = await remember(
    'support_visits',
    new Map<ClinicId, VisitUnderWay>(),
    async () => {
      const found = await rows<VisitUnderWay>(
        db,
        `select v.id, v.clinic_id as "clinicId", v.operator_id as "operatorId", u.name as operator,
           v.expires_at as "expiresAt"
         from platform.support_visits v join platform.users u on u.id = v.operator_id
         where v.ended_at is null and v.started_at is not null`,
      )
      return new Map(found.map((visit) => [visit.clinicId, visit]))
    },
    parts,
  )
  const before = (a: Instant, b: Instant) => a.epochMilliseconds <= b.epochMilliseconds
  return {
    announcementsFor: (clinic, now) =>
      announcements
        .current()
        .filter(({ startsAt, endsAt }) => before(startsAt, now) && (endsAt === null || !before(endsAt, now)))
        .filter((one) => isFor(one, clinic)),
    visitAt(clinicId, now) {
      const visit = visits.current().get(clinicId)
      return visit && !before(visit.expiresAt, now) ? visit : undefined
    },
    async refresh() {
      await Promise.all([announcements.refresh(), visits.refresh()])
    },
    stop() {
      announcements.stop()
      visits.stop()
    },
  }
}
