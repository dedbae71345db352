import { dateAt, type Instant } from '../../kernel/time.ts'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Clinic, Ctx } from '../../platform/clinic-scope.ts'
import { queueMail } from '../../platform/mails.ts'
import { listOwners } from '../../platform/owners.ts'
import type { Services } from '../../platform/services.ts'
import {
  findAuditMail,
  findLastSeq,
  findUnlinked,
  insertHead,
  insertLinks,
  listClinicsWritingSince,
  listHeads,
  listLinks,
  listUnlinked,
  lockChain,
} from './queries.ts'
import { ChainWalk, linkAfter, type BadEntry, type Head, type PublishedHead } from '../../platform/seal/chain.ts'

/** Entries of one transaction at most: the lock is short, and whatever a kill undoes is little. */
const batch = 500
/** An entry commits a little after the time it bears; one that comes later than this is none of the application's. */
const lateHours = 24
const actor = { kind: 'system', job: 'trail.link' } as const

function within<T>(services: Services, clinic: Clinic, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  return services.inClinic(clinic, actor, { requestId: 'trail' }, work)
}

/** Links what was written at a clinic since the last time; answers how many entries. Any number of processes may. */
export async function linkEntries(services: Services, clinic: Clinic): Promise<number> {
  let linked = 0
  for (;;) {
    const added = await within(services, clinic, async (ctx) => {
      const chain = await lockChain(ctx)
      return (await linkSome(ctx, chain, chain.linkedUntil?.subtract({ hours: lateHours }) ?? null)).added
    })
    linked += added
    if (added < batch || services.stopping.signal.aborted) return linked
  }
}

/** Links entries that were brought along from elsewhere, however old they are, in the transaction that brought them. */
export async function linkImported(ctx: Ctx): Promise<void> {
  let head: Head = await lockChain(ctx)
  let since: Instant | null = null
  for (;;) {
    const some: Linked = await linkSome(ctx, head, since)
    if (some.added < batch) return
    head = some.head
    since = some.newest
  }
}

type Linked = { added: number; head: Head; newest: Instant | null }

async function linkSome(ctx: Ctx, chain: Head, since: Instant | null): Promise<Linked> {
  const entries = await listUnlinked(ctx, since, batch)
  let head: Head = chain
  const links = entries.map((entry) => {
    const link = linkAfter(ctx.clinic.id, head, entry)
    head = link
    return link
  })
  const newest = entries.at(-1)?.at ?? null
  const until = newest !== null && newest.epochMilliseconds < ctx.now.epochMilliseconds ? newest : ctx.now
  await insertLinks(ctx, links, until)
  return { added: entries.length, head, newest }
}

/** Links the logs of all clinics in which something was written since `since`. One clinic's trouble is not another's. */
export async function linkAll(services: Services, since: Instant): Promise<void> {
  await eachClinic(services, await listClinicsWritingSince(services.jobsDb, since), (clinic) =>
    linkEntries(services, clinic),
  )
}

/**
 * Publishes the head of every chain that grew: a line in the store of heads, a row for the page, a mail to the owners as
 * the clinic chose. Once a day of UTC; a chain that did not grow is still vouched for by the head before.
 */
export async function publishHeads(services: Services): Promise<void> {
  const since = services.clock.now().subtract({ hours: 24 * 8 })
  await eachClinic(services, await listClinicsWritingSince(services.jobsDb, since), async (clinic) => {
    await linkEntries(services, clinic)
    await within(services, clinic, async (ctx) => {
      const { seq, hash } = await lockChain(ctx)
      const [before] = await listHeads(ctx, 1)
      if (seq === 0 || (before && before.seq >= seq)) return
      const head = { seq, hash, publishedAt: ctx.now }
      const today = dateAt(ctx.now, 'UTC')
      if (!(await insertHead(ctx, today, head))) return
      const mail = await findAuditMail(ctx)
      const newWeek = !before || weekOf(before.publishedAt) !== weekOf(ctx.now)
      if (mail === 'daily' || (mail === 'weekly' && newWeek)) await mailHeads(services, ctx, mail === 'daily' ? 1 : 7)
      // Last: should it fail, so does the rest; should the rest fail after it, the line is true all the same.
      await services.auditHeads.add(ctx.clinic.id, head)
    })
  })
}

const weekOf = (at: Instant): string => {
  const { yearOfWeek, weekOfYear } = dateAt(at, 'UTC')
  return `${yearOfWeek}-${weekOfYear}`
}

async function mailHeads(services: Services, ctx: Ctx, most: number): Promise<void> {
  const heads = await listHeads(ctx, most)
  const lines = heads.map(({ day, seq, hash }) => `${day.toString()}  ${seq}  ${hash.toString('hex')}`)
  for (const owner of await listOwners(ctx.db, ctx.clinic.id)) {
    const { t } = services.speakers(owner.language, ctx.clinic)
    const words = { clinic: ctx.clinic.name, name: owner.name, heads: lines.join('\n') }
    const subject = t('trail.mail.head.subject', words)
    const text = t('trail.mail.head.text', words)
    await queueMail(ctx.db, ctx.platformSeal, {
      kind: 'audit_head',
      clinicId: ctx.clinic.id,
      to: owner.email,
      subject,
      text,
      now: ctx.now,
    })
  }
}

export type Verdict = {
  entries: number
  /** The published head that only what came behind it was compared with. */
  from: PublishedHead | undefined
  head: Head
  publishedUntil: PublishedHead | undefined
  bad: BadEntry | undefined
}

/**
 * Goes through a clinic's whole log and says the first thing that is wrong with it. Believes the heads that were
 * published outside the database over anything in it. Throws when those can't be read. With `most`, of a log with more
 * entries than that only the end is looked at, from a published head on.
 */
export async function verifyTrail(
  services: Services,
  clinic: Clinic,
  { most }: { most?: number } = {},
): Promise<Verdict> {
  const published = await services.auditHeads.list(clinic.id)
  const now = services.clock.now()
  // A day more than the promise, since an entry may go while we look and calendars differ.
  const keptSince = now.toZonedDateTimeISO('UTC').subtract({ months: 12 }).add({ days: 1 }).toInstant()
  const from = most === undefined ? undefined : startFor(published, await within(services, clinic, findLastSeq), most)
  const walk = new ChainWalk(clinic.id, { keptSince, originSince: now.subtract({ hours: 29 * 24 }) }, published, from)
  let after = from?.seq ?? 0
  for (;;) {
    const links = await within(services, clinic, (ctx) => listLinks(ctx, after, 1000))
    for (const { link, entry } of links) {
      walk.next(link, entry)
      after = link.seq
    }
    if (links.length < 1000 || walk.bad) break
  }
  const linkedSince = from?.publishedAt.subtract({ hours: lateHours })
  const unlinked = await within(services, clinic, (ctx) =>
    findUnlinked(ctx, now.subtract({ hours: lateHours }), linkedSince),
  )
  return { entries: walk.entries, from, head: walk.head, publishedUntil: published.at(-1), bad: walk.finish(unlinked) }
}

/**
 * Where to begin so that about `most` entries are left to look at: the latest published head with as many behind it, or
 * the last of all where a single day wrote more.
 */
function startFor(published: readonly PublishedHead[], last: number, most: number): PublishedHead | undefined {
  if (last <= most) return undefined
  const heads = [...published].sort((a, b) => a.seq - b.seq).filter(({ seq }) => seq < last)
  return heads.find(({ seq }) => last - seq <= most) ?? heads.at(-1)
}

/** Throws at the end, so that the job's alarm is raised, when any clinic could not be worked on. */
async function eachClinic(services: Services, ids: readonly ClinicId[], work: (clinic: Clinic) => Promise<unknown>) {
  const failures: unknown[] = []
  for (const id of ids) {
    if (services.stopping.signal.aborted) return
    const clinic = await services.clinics.byId(id)
    if (!clinic) continue
    await work(clinic).catch((error: unknown) => {
      services.log.error('trail.clinic_failed', error, { clinicId: id })
      failures.push(error)
    })
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} clinics could not be worked on`)
}
