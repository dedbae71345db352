// The chain over a clinic's audit log (security.md 15): each link commits to its entry and to every entry before it, so
// that none can be changed, left out, put elsewhere or added later without the links from there on coming out otherwise.
// Pure: bytes in, bytes out.
import { createHash } from 'node:crypto'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

export type Entry = {
  id: string
  at: Instant
  actorKind: string
  actorId: string | null
  actorRole: string | null
  onBehalfId: string | null
  visitId: string | null
  action: string
  recordKind: string | null
  recordId: string | null
  details: Record<string, unknown> | null
  detailsSealed: Buffer | null
  requestId: string | null
  salt: Buffer | null
  address: string | null
  browser: string | null
  originDigest: Buffer | null
}

/** A place in the chain. `detailsDigest` stands for sealed details, which may have to be erased before their entry. */
export type Link = { seq: number; entryId: string; at: Instant; detailsDigest: Buffer | null; hash: Buffer }

export type Head = { seq: number; hash: Buffer }

/** Published on a day of UTC, outside the database. */
export type PublishedHead = Head & { publishedAt: Instant }

const sha256 = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/**
 * What stands for sealed details in the chain: SHA-256 of the sealed bytes, so that they can go and the chain still
 * holds.
 */
export const digestOf = (sealed: Buffer | null): Buffer | null => (sealed === null ? null : sha256(sealed))

/** What the first link builds on: no clinic's chain can be passed off as another's. */
export function genesis(clinicId: ClinicId): Head {
  return { seq: 0, hash: sha256(`nabz audit chain 1\n${clinicId}`) }
}

/** The entry as the one text that is hashed: fixed order, keys of details sorted, what may be erased as its digest. */
export function canonical(clinicId: ClinicId, seq: number, entry: Entry, detailsDigest: Buffer | null): string {
  const details = entry.details === null ? null : Object.entries(entry.details).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([
    clinicId,
    seq,
    entry.id,
    entry.at.toString(),
    entry.actorKind,
    entry.actorId,
    entry.actorRole,
    entry.onBehalfId,
    entry.visitId,
    entry.action,
    entry.recordKind,
    entry.recordId,
    details,
    detailsDigest?.toString('hex') ?? null,
    entry.requestId,
    entry.originDigest?.toString('hex') ?? null,
  ])
}

/** The link of `entry` behind `head`. */
export function linkAfter(clinicId: ClinicId, head: Head, entry: Entry): Link {
  const seq = head.seq + 1
  const detailsDigest = digestOf(entry.detailsSealed)
  const hash = sha256(head.hash, canonical(clinicId, seq, entry, detailsDigest))
  return { seq, entryId: entry.id, at: entry.at, detailsDigest, hash }
}

/**
 * What is wrong with an entry or the chain:
 * `altered` the entry, or its place, is not what was linked; `missing` linked and gone before its time; `gap` links are
 * gone; `cut` the end, or more of the beginning than is past keeping, is gone; `rewritten` not the chain that was
 * published; `unlinked` an entry that was put in without a link.
 */
export type Defect = 'altered' | 'missing' | 'gap' | 'cut' | 'rewritten' | 'unlinked'
export type BadEntry = { defect: Defect; seq: number | null; entryId: string | null; at: Instant | null }

/** What may be gone: entries from before the one, address and browser of those from before the other. */
export type KeptSince = { keptSince: Instant; originSince: Instant }

const isBefore = (one: Instant, other: Instant) => one.epochMilliseconds < other.epochMilliseconds

/**
 * Goes along a chain. Feed it every link in order with its entry (undefined when that is gone), then ask `finish`.
 * Entries from before `keptSince` may be gone, from the beginning on, but none linked after a head that was published
 * since: those are younger, whatever the database says of them.
 */
export class ChainWalk {
  readonly clinicId: ClinicId
  readonly #since: KeptSince
  readonly #published: PublishedHead[]
  readonly #youngest: number
  #head: Head | undefined
  #bad: BadEntry | undefined
  #met = 0
  entries = 0

  /** `from` is a head that was published: the walk begins behind it and believes it for everything before. */
  constructor(clinicId: ClinicId, kept: KeptSince, published: readonly PublishedHead[], from?: PublishedHead) {
    this.clinicId = clinicId
    this.#since = kept
    this.#head = from && { seq: from.seq, hash: from.hash }
    this.#published = [...published].sort((a, b) => a.seq - b.seq)
    const first = this.#published.find(({ publishedAt }) => !isBefore(publishedAt, kept.keptSince))
    this.#youngest = first?.seq ?? Number.MAX_SAFE_INTEGER
  }

  get bad(): BadEntry | undefined {
    return this.#bad
  }

  next(link: Link, entry: Entry | undefined): void {
    if (this.#bad) return
    const blame = (defect: Defect) => {
      this.#bad = { defect, seq: link.seq, entryId: link.entryId, at: link.at }
    }
    const before = this.#head ?? (link.seq === 1 ? genesis(this.clinicId) : undefined)
    if (before && link.seq !== before.seq + 1) return blame('gap')
    if (entry) {
      // Without what came before it, nothing vouches for the first.
      if (!before) return blame('cut')
      this.entries += 1
      if (!sound(link, entry, this.#since.originSince) || !linkedAs(this.clinicId, before, entry, link))
        return blame('altered')
    } else if (!this.#mayBeGone(link)) return blame(before ? 'missing' : 'cut')
    this.#head = { seq: link.seq, hash: link.hash }
    if (!this.#agrees()) return blame('rewritten')
  }

  /** `unlinked`: the oldest entry that has had time to be linked and is not. */
  finish(unlinked: { id: string; at: Instant } | undefined): BadEntry | undefined {
    if (this.#bad) return this.#bad
    const last = this.#published.at(-1)
    if (last && last.seq > (this.#head?.seq ?? 0)) {
      return { defect: 'cut', seq: (this.#head?.seq ?? 0) + 1, entryId: null, at: null }
    }
    if (unlinked) return { defect: 'unlinked', seq: null, entryId: unlinked.id, at: unlinked.at }
    return undefined
  }

  get head(): Head {
    return this.#head ?? genesis(this.clinicId)
  }

  #mayBeGone(link: Link): boolean {
    return isBefore(link.at, this.#since.keptSince) && link.seq <= this.#youngest
  }

  /** Whether the chain still runs through every published head passed so far. */
  #agrees(): boolean {
    const head = this.#head
    if (!head) return true
    for (;;) {
      const published = this.#published[this.#met]
      if (!published || published.seq > head.seq) return true
      if (published.seq === head.seq && !published.hash.equals(head.hash)) return false
      this.#met += 1
    }
  }
}

/** Whether what the digests stand for is what is there, as far as it has not been erased. */
function sound(link: Link, entry: Entry, originSince: Instant): boolean {
  if (entry.id !== link.entryId || entry.at.toString() !== link.at.toString()) return false
  if (entry.detailsSealed !== null && !link.detailsDigest?.equals(sha256(entry.detailsSealed))) return false
  if (entry.salt === null) {
    // Of what was brought along from another clinic neither was, and no digest either.
    const past = entry.originDigest === null || isBefore(entry.at, originSince)
    return entry.address === null && entry.browser === null && past
  }
  const digest = sha256(entry.salt, JSON.stringify([entry.address, entry.browser]))
  return entry.originDigest?.equals(digest) ?? false
}

function linkedAs(clinicId: ClinicId, before: Head, entry: Entry, link: Link): boolean {
  return sha256(before.hash, canonical(clinicId, link.seq, entry, link.detailsDigest)).equals(link.hash)
}
