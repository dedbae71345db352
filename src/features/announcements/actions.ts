// Writing, publishing and taking back announcements; sending their mails; saying no to news.
import { newId, parseId, type UserId } from '../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../kernel/outcome.ts'
import { auditPlatform } from '../../platform/audit.ts'
import type { Origin } from '../../platform/clinic-scope.ts'
import { inTransaction, type Transaction } from '../../platform/db/transaction.ts'
import { notFound } from '../../platform/errors.ts'
import { queueMail } from '../../platform/mails.ts'
import type { AnnouncementId } from '../../platform/noticeboard.ts'
import { sameSecret } from '../../platform/seal/key-ring.ts'
import type { Services } from '../../platform/services.ts'
import {
  claimMailing,
  deleteNewsOptOut,
  deleteOldDismissals,
  findNewsReader,
  insertAnnouncement,
  insertDismissal,
  insertMailed,
  insertNewsOptOut,
  listNextOwners,
  lockAnnouncement,
  updateAnnouncement,
  updateMailed,
  updateMailingDone,
  updateWithdrawn,
  type Announcement,
  type NewsReader,
  type Wording,
} from './queries.ts'
import { editable, ownersAtOnce, stageOf, withdrawable } from './rules.ts'

export type Handling = { services: Services; origin: Origin; actorId: UserId }

/** Keeps what was written: as a draft, or to be shown from its beginning on. */
export async function writeAnnouncement(
  { services, origin, actorId }: Handling,
  wording: Wording,
  published: boolean,
): Promise<AnnouncementId> {
  const now = services.clock.now()
  const id = newId<'announcement'>()
  await inTransaction(services.db, async (trx) => {
    await insertAnnouncement(trx, { ...wording, id, createdBy: actorId, now, published })
    await auditPlatform(trx, published ? 'announcement.published' : 'announcement.written', {
      at: now,
      origin,
      actorId,
      record: { kind: 'announcement', id },
    })
  })
  await services.noticeboard.refresh()
  return id
}

export async function editAnnouncement(
  { services, origin, actorId }: Handling,
  id: AnnouncementId,
  wording: Wording,
  published: boolean,
): Promise<Outcome<null, 'begun'>> {
  const now = services.clock.now()
  const edited = await inTransaction(services.db, async (trx): Promise<Outcome<null, 'begun'>> => {
    const before = (await lockAnnouncement(trx, id)) ?? notFound('announcement')
    if (!editable(stageOf(before, now))) return refuse('begun')
    await updateAnnouncement(trx, { ...wording, id, now, published })
    await auditPlatform(trx, published ? 'announcement.published' : 'announcement.edited', {
      at: now,
      origin,
      actorId,
      record: { kind: 'announcement', id },
    })
    return done(null)
  })
  await services.noticeboard.refresh()
  return edited
}

/** Takes it back, or down: see `withdrawable`. */
export async function withdrawAnnouncement(
  { services, origin, actorId }: Handling,
  id: AnnouncementId,
): Promise<Outcome<null, 'over'>> {
  const now = services.clock.now()
  const withdrawn = await inTransaction(services.db, async (trx): Promise<Outcome<null, 'over'>> => {
    const before = (await lockAnnouncement(trx, id)) ?? notFound('announcement')
    if (!withdrawable(stageOf(before, now))) return refuse('over')
    await updateWithdrawn(trx, id, now)
    await auditPlatform(trx, 'announcement.withdrawn', {
      at: now,
      origin,
      actorId,
      record: { kind: 'announcement', id },
    })
    return done(null)
  })
  await services.noticeboard.refresh()
  return withdrawn
}

/** One person has read it. Theirs alone, and for good. */
export async function dismissAnnouncement(
  { db, clock }: Services,
  userId: UserId,
  id: AnnouncementId,
): Promise<boolean> {
  return inTransaction(db, (trx) => insertDismissal(trx, userId, id, clock.now()))
}

/**
 * Sends the mails of announcements that have begun, to each owner once. Each batch is one transaction that holds the
 * announcement: whichever process comes next goes on behind the last owner written to, after a restart as well. What
 * has ended meanwhile is not sent late. Answers how many mails it queued.
 */
export async function sendAnnouncements(services: Services): Promise<number> {
  let sent = 0
  while (!services.stopping.signal.aborted && services.switches.on('announcement_mails')) {
    const batch = await inTransaction(services.db, (trx) => sendBatch(services, trx))
    if (batch === undefined) break
    sent += batch
  }
  return sent
}

async function sendBatch(services: Services, trx: Transaction): Promise<number | undefined> {
  const now = services.clock.now()
  const announcement = await claimMailing(trx, now)
  if (!announcement) return undefined
  const { id } = announcement
  const owners = stageOf(announcement, now) === 'running' ? await listNextOwners(trx, announcement, ownersAtOnce) : []
  const last = owners.at(-1)
  if (!last) {
    await updateMailingDone(trx, id, now)
    return 0
  }
  const fresh = await insertMailed(
    trx,
    id,
    owners.map(({ userId }) => userId),
    now,
  )
  for (const owner of owners) {
    if (fresh.has(owner.userId)) await mail(services, trx, announcement, owner)
  }
  await updateMailed(trx, id, { upTo: last.userId, mails: fresh.size })
  return fresh.size
}

async function mail(
  { keys, clock, config, speakers }: Services,
  trx: Transaction,
  announcement: Announcement,
  { userId, email, language }: Pick<NewsReader, 'userId' | 'email' | 'language'>,
): Promise<void> {
  const { t } = speakers(language, { country: 'GB', zone: 'UTC' })
  const link = `${config.baseUrl}/unsubscribe/${newsToken(keys.platform, userId)}?lang=${language}`
  // What was typed stays outside of the translation, which would look for placeholders in it.
  const foot = announcement.operational
    ? t('announcements.mail.operational')
    : t('announcements.mail.unsubscribe', { link })
  await queueMail(trx, keys.platform, {
    kind: announcement.operational ? 'announcement_operational' : 'announcement',
    to: email,
    subject: announcement.titles[language],
    text: `${announcement.texts[language]}\n\n${foot}`,
    now: clock.now(),
    ...(announcement.endsAt ? { expiresAt: announcement.endsAt } : {}),
  })
}

/** The link in a mail: whose it is, and a keyed hash that only we can make. It works for good, as a mail is kept. */
export function newsToken(seal: Services['keys']['platform'], userId: UserId): string {
  return `${userId}.${seal.hash('news', userId).subarray(0, 18).toString('base64url')}`
}

/** Whose link it is; 404 for one that was made up. */
export async function getNewsReader({ db, keys }: Services, token: string): Promise<NewsReader> {
  const userId = parseId<'user'>(token.split('.')[0])
  if (userId === undefined || !sameSecret(token, newsToken(keys.platform, userId))) return notFound('link')
  return (await findNewsReader(db, userId)) ?? notFound('link')
}

/** No more news, or news again. Saying it twice changes nothing. */
export async function chooseNews(services: Services, origin: Origin, token: string, wanted: boolean): Promise<void> {
  const { userId } = await getNewsReader(services, token)
  const now = services.clock.now()
  await inTransaction(services.db, async (trx) => {
    const changed = wanted ? await deleteNewsOptOut(trx, userId) : await insertNewsOptOut(trx, userId, now)
    if (!changed) return
    const record = { kind: 'user', id: userId }
    await auditPlatform(trx, wanted ? 'news.wanted' : 'news.stopped', { at: now, origin, actorId: userId, record })
  })
}

/** Nobody needs to know any more who has put away what is over. */
export async function tidyDismissals({ db, clock }: Services): Promise<void> {
  await deleteOldDismissals(db, clock.now())
}
