// Calendar feeds: an address that shows a doctor's visits to whoever knows it, in the calendar they use anyway.
import { createHash, randomBytes } from 'node:crypto'
import { calendarFile, calendarUid } from '../../kernel/calendar-file.ts'
import { done, refuse, type Outcome } from '../../kernel/outcome.ts'
import { audit } from '../../platform/audit.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { notFound } from '../../platform/errors.ts'
import { parseLanguage } from '../../platform/i18n/languages.ts'
import type { Services } from '../../platform/services.ts'
import { addressBlock, throttle } from '../../platform/throttle.ts'
import { listLocations, listPractitioners } from '../clinics/queries.ts'
import {
  countWorkingFeeds,
  feedExists,
  findFeedByToken,
  insertFeed,
  listFeedVisits,
  updateFeedRevoked,
  upsertFeedUse,
  type Feed,
  type FeedVisit,
} from './queries.ts'
import { daysAhead, daysBack, everyMinutes, mostFeeds, newFeedId, titleOf, type FeedId } from './rules.ts'
import type { FeedForm } from './schema.ts'

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/** A new feed. Its token is told this once; what is stored can't be turned back. */
export async function createFeed(
  ctx: Ctx,
  { name, practitioner, location, names }: FeedForm,
): Promise<Outcome<{ id: FeedId; token: string }, 'too_many'>> {
  if (ctx.actor.kind !== 'user') throw new Error('a feed is made by a person')
  const [practitioners, locations] = [await listPractitioners(ctx), await listLocations(ctx)]
  if (practitioner && !practitioners.some(({ id }) => id === practitioner)) return notFound('practitioner')
  if (location && !locations.some(({ id }) => id === location)) return notFound('location')
  if ((await countWorkingFeeds(ctx)) >= mostFeeds) return refuse('too_many')
  const id = newFeedId()
  const token = randomBytes(32).toString('base64url')
  const feed = { id, name, practitionerId: practitioner ?? null, locationId: location ?? null, names }
  await insertFeed(ctx, { ...feed, tokenHash: hashOf(token), by: ctx.actor.userId })
  await audit(ctx, 'feed.created', { kind: 'feed', id }, { names, practitioner: practitioner ?? null }, { name })
  return done({ id, token })
}

/** From the next time it is asked for, it is not there. Once is enough. */
export async function revokeFeed(ctx: Ctx, id: FeedId): Promise<void> {
  if (await updateFeedRevoked(ctx, id)) await audit(ctx, 'feed.revoked', { kind: 'feed', id })
  else if (!(await feedExists(ctx, id))) notFound('feed')
}

/** Calendars ask a few times an hour; guesses of a token are as hopeless as many. */
const perFeed = { purpose: 'feed', max: 120, per: { minutes: 60 } }
const perAddress = { purpose: 'feed-unknown', max: 60, per: { minutes: 60 } }
/** A busy clinic's whole half year. */
const mostVisits = 20_000

export type FeedFile = { text: string; etag: string }

/** The file behind a token. Unknown and ended ones are answered alike, and so are clinics that are closed. */
export async function readFeed(
  services: Services,
  token: string | undefined,
  address: string | undefined,
): Promise<Outcome<FeedFile, 'unknown'> | { ok: false; reason: 'slow_down'; wait: number }> {
  const { db, keys, clock } = services
  const now = clock.now()
  const feed = token === undefined ? undefined : await findFeedByToken(db, hashOf(token))
  const [limit, subject] = feed ? [perFeed, feed.id] : [perAddress, addressBlock(address ?? '')]
  const wait = await throttle(db, keys.platform, now, limit, subject)
  if (wait !== undefined) return { ok: false, reason: 'slow_down', wait }
  const clinic = feed && (await services.clinics.byId(feed.clinicId))
  if (!feed || !clinic || clinic.status === 'locked' || clinic.status === 'suspended') return refuse('unknown')
  await upsertFeedUse(db, feed, now)
  const actor = { kind: 'system', job: 'feeds' } as const
  const file = await services.inClinic(clinic, actor, { requestId: 'feeds' }, (ctx) => feedFile(services, ctx, feed))
  return done(file)
}

async function feedFile(services: Pick<Services, 'config' | 'speakers'>, ctx: Ctx, feed: Feed): Promise<FeedFile> {
  const { baseUrl } = services.config
  const { t } = services.speakers(parseLanguage(ctx.clinic.language) ?? 'en', ctx.clinic)
  const from = ctx.now.subtract({ hours: 24 * daysBack })
  const visits = await listFeedVisits(ctx, feed, from, ctx.now.add({ hours: 24 * daysAhead }), mostVisits)
  const describe = (visit: FeedVisit) =>
    [
      // Why somebody comes is told where they are named, and nowhere else.
      feed.names === 'full' && visit.patientName !== null ? visit.serviceName : undefined,
      feed.practitionerId === null ? visit.practitionerName : undefined,
    ].filter((part) => part !== undefined)
  const text = calendarFile(
    visits.map((visit) => ({
      uid: calendarUid(visit.id, baseUrl),
      sequence: visit.sequence,
      cancelled: visit.status === 'cancelled',
      startsAt: visit.startsAt,
      endsAt: visit.endsAt,
      stamp: ctx.now,
      summary: titleOf(feed.names, visit.patientName ?? undefined, t('feeds.visit')),
      location: [visit.locationName, visit.locationAddress].filter((part) => part !== '').join(', '),
      description: describe(visit).join(' · '),
      url: `${baseUrl}/app/${ctx.clinic.slug}/appointments/${visit.id}`,
    })),
    { name: `${feed.name} · ${ctx.clinic.name}`, everyMinutes },
  )
  // The stamp says when this was written, which is always now; what was written is the same until something changes.
  const etag = createHash('sha256')
    .update(text.replaceAll(/^DTSTAMP:.*\r\n/gm, ''))
    .digest('base64url')
    .slice(0, 27)
  return { text, etag: `"${etag}"` }
}
