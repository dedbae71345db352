// Announcements, who has put them away, who was written to, and who wants no news.
import type { Knex } from 'knex'
import type { UserId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { changes, rows, type Binding } from '../../platform/db/rows.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'
import type { AnnouncementId, Audience, Words } from '../../platform/noticeboard.ts'
import { tellChanged } from '../../platform/remembered.ts'

/** What somebody writes; the rest happens to it. */
export type Wording = Audience & {
  titles: Words
  texts: Words
  tone: 'info' | 'warning'
  banner: boolean
  email: boolean
  operational: boolean
  startsAt: Instant
  endsAt: Instant | null
}
export type Announcement = Wording & {
  id: AnnouncementId
  publishedAt: Instant | null
  withdrawnAt: Instant | null
  mails: number
  mailedUpTo: UserId | null
  mailingDoneAt: Instant | null
  createdAt: Instant
}

const selected = `select id, titles, texts, tone, banner, email, operational, plans, countries, languages,
  starts_at as "startsAt", ends_at as "endsAt", published_at as "publishedAt", withdrawn_at as "withdrawnAt", mails,
  mailed_up_to as "mailedUpTo", mailing_done_at as "mailingDoneAt", created_at as "createdAt"
  from platform.announcements`

export async function findAnnouncement(db: Knex, id: AnnouncementId): Promise<Announcement | undefined> {
  return (await rows<Announcement>(db, selected + ' where id = ?', [id]))[0]
}

export async function lockAnnouncement(trx: Knex, id: AnnouncementId): Promise<Announcement | undefined> {
  return (await rows<Announcement>(trx, selected + ' where id = ? for update', [id]))[0]
}

/** The newest first. */
export async function listAnnouncements(
  db: Knex,
  before: { at: Instant; id: AnnouncementId } | undefined,
  limit: number,
): Promise<Announcement[]> {
  return rows<Announcement>(
    db,
    selected + (before ? ' where (created_at, id) < (?, ?)' : '') + ' order by created_at desc, id desc limit ?',
    [...(before ? [before.at, before.id] : []), limit],
  )
}

export async function insertAnnouncement(
  trx: Knex,
  one: Wording & { id: AnnouncementId; createdBy: UserId; now: Instant; published: boolean },
): Promise<void> {
  await changes(
    trx,
    `insert into platform.announcements (id, created_by, created_at, updated_at, published_at, titles, texts, tone, banner,
       email, operational, plans, countries, languages, starts_at, ends_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [one.id, one.createdBy, one.now, one.now, one.published ? one.now : null, ...wordingOf(one)],
  )
  await tellChanged(trx, 'announcements')
}

export async function updateAnnouncement(
  trx: Knex,
  one: Wording & { id: AnnouncementId; now: Instant; published: boolean },
): Promise<void> {
  await changes(
    trx,
    `update platform.announcements set updated_at = ?, published_at = case when ? then coalesce(published_at, ?) end,
       titles = ?, texts = ?, tone = ?, banner = ?, email = ?, operational = ?, plans = ?, countries = ?, languages = ?,
       starts_at = ?, ends_at = ?
     where id = ?`,
    [one.now, one.published, one.now, ...wordingOf(one), one.id],
  )
  await tellChanged(trx, 'announcements')
}

const wordingOf = (one: Wording): Binding[] => [
  JSON.stringify(one.titles),
  JSON.stringify(one.texts),
  one.tone,
  one.banner,
  one.email,
  one.operational,
  one.plans,
  one.countries,
  one.languages,
  one.startsAt,
  one.endsAt,
]

export async function updateWithdrawn(trx: Knex, id: AnnouncementId, now: Instant): Promise<void> {
  await changes(trx, 'update platform.announcements set withdrawn_at = ?, updated_at = ? where id = ?', [now, now, id])
  await tellChanged(trx, 'announcements')
}

const audience = `(cardinality(?::text[]) = 0 or c.plan = any(?)) and (cardinality(?::text[]) = 0 or c.country = any(?))
  and (cardinality(?::text[]) = 0 or c.language = any(?))`
const audienceOf = ({ plans, countries, languages }: Audience): Binding[] => [
  plans,
  plans,
  countries,
  countries,
  languages,
  languages,
]

/** How many clinics and owners an announcement reaches, and how many of those owners want no news. */
export async function countReached(
  db: Knex,
  one: Audience,
): Promise<{ clinics: number; owners: number; optedOut: number }> {
  const [counted] = await rows<{ clinics: number; owners: number; optedOut: number }>(
    db,
    `select count(distinct c.id) as clinics, count(distinct m.user_id) as owners,
       count(distinct o.user_id) as "optedOut"
     from platform.clinics c
     left join platform.memberships m on m.clinic_id = c.id and m.role = 'owner'
     left join platform.news_opt_outs o on o.user_id = m.user_id
     where ${audience}`,
    audienceOf(one),
  )
  if (!counted) throw new Error('a count without a row')
  return counted
}

/** Countries that clinics are in, those with most clinics first. */
export async function listCountries(db: Knex): Promise<{ country: string; clinics: number }[]> {
  return rows(
    db,
    'select country, count(*) as clinics from platform.clinics group by country order by count(*) desc, country',
  )
}

/** One whose mails are due and that no other process is at, locked until the transaction ends. */
export async function claimMailing(trx: Knex, now: Instant): Promise<Announcement | undefined> {
  const [found] = await rows<Announcement>(
    trx,
    selected +
      ` where email and published_at is not null and withdrawn_at is null and mailing_done_at is null and starts_at <= ?
        order by starts_at, id limit 1 for update skip locked`,
    [now],
  )
  return found
}

export type Addressee = { userId: UserId; email: string; language: Language }

/** The next owners of an announcement's clinics, in the order of their ids. Who wants no news gets operational ones only. */
export async function listNextOwners(trx: Knex, one: Announcement, limit: number): Promise<Addressee[]> {
  const found = await rows<Omit<Addressee, 'language'> & { language: string }>(
    trx,
    `select u.id as "userId", u.email, u.language from platform.users u
     where (?::uuid is null or u.id > ?::uuid)
       and exists (select from platform.memberships m join platform.clinics c on c.id = m.clinic_id
         where m.user_id = u.id and m.role = 'owner' and ${audience})
       and (? or not exists (select from platform.news_opt_outs o where o.user_id = u.id))
     order by u.id limit ?`,
    [one.mailedUpTo, one.mailedUpTo, ...audienceOf(one), one.operational, limit],
  )
  return found.map((owner) => ({ ...owner, language: parseLanguage(owner.language) ?? 'en' }))
}

/** Writes down who is written to; answers those who were not before. */
export async function insertMailed(
  trx: Knex,
  id: AnnouncementId,
  userIds: readonly UserId[],
  now: Instant,
): Promise<Set<UserId>> {
  const written = await rows<{ userId: UserId }>(
    trx,
    `insert into platform.announcement_mails (announcement_id, user_id, at) select ?, u, ? from unnest(?::uuid[]) u
     on conflict do nothing returning user_id as "userId"`,
    [id, now, userIds],
  )
  return new Set(written.map(({ userId }) => userId))
}

export async function updateMailed(
  trx: Knex,
  id: AnnouncementId,
  progress: { upTo: UserId; mails: number },
): Promise<void> {
  await changes(trx, 'update platform.announcements set mailed_up_to = ?, mails = mails + ? where id = ?', [
    progress.upTo,
    progress.mails,
    id,
  ])
}

export async function updateMailingDone(trx: Knex, id: AnnouncementId, now: Instant): Promise<void> {
  await changes(trx, 'update platform.announcements set mailing_done_at = ? where id = ?', [now, id])
}

/** False when there is no such announcement. */
export async function insertDismissal(trx: Knex, userId: UserId, id: AnnouncementId, now: Instant): Promise<boolean> {
  const [known] = await rows(trx, 'select 1 from platform.announcements where id = ?', [id])
  if (!known) return false
  await changes(
    trx,
    `insert into platform.announcement_dismissals (user_id, announcement_id, at) values (?, ?, ?) on conflict do nothing`,
    [userId, id, now],
  )
  return true
}

/** Forgets what people put away of announcements that are over. */
export async function deleteOldDismissals(db: Knex, now: Instant): Promise<number> {
  return changes(
    db,
    `delete from platform.announcement_dismissals d using platform.announcements a
     where a.id = d.announcement_id and (a.withdrawn_at is not null or a.ends_at < ?)`,
    [now],
  )
}

export type NewsReader = { userId: UserId; email: string; language: Language; wantsNews: boolean }

export async function findNewsReader(db: Knex, userId: UserId): Promise<NewsReader | undefined> {
  const [found] = await rows<Omit<NewsReader, 'language'> & { language: string }>(
    db,
    `select u.id as "userId", u.email, u.language,
       not exists (select from platform.news_opt_outs o where o.user_id = u.id) as "wantsNews"
     from platform.users u where u.id = ?`,
    [userId],
  )
  return found && { ...found, language: parseLanguage(found.language) ?? 'en' }
}

export async function insertNewsOptOut(trx: Knex, userId: UserId, now: Instant): Promise<boolean> {
  const inserted = await changes(
    trx,
    'insert into platform.news_opt_outs (user_id, at) values (?, ?) on conflict do nothing',
    [userId, now],
  )
  return inserted > 0
}

export async function deleteNewsOptOut(trx: Knex, userId: UserId): Promise<boolean> {
  return (await changes(trx, 'delete from platform.news_opt_outs where user_id = ?', [userId])) > 0
}
