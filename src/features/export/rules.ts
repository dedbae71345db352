// What an export is, and how long it is there.
import type { Id, UserId } from '../../kernel/ids.ts'
import { isBefore, type Instant } from '../../kernel/time.ts'

export type ExportId = Id<'export'>
export type ExportState = 'waiting' | 'making' | 'ready' | 'failed' | 'expired' | 'cancelled'

export type Export = {
  id: ExportId
  askedBy: UserId
  askedByName: string | null
  askedAt: Instant
  state: ExportState
  protected: boolean
  /** How often it was begun. */
  attempts: number
  /** Why it failed, where it is known: nowhere to put it. */
  failure: 'no_room' | null
  rowsDone: number
  rowsTotal: number | null
  bytes: number | null
  expiresAt: Instant | null
}

export const formatName = 'nabz-export'
export const formatVersion = 1

/** How long a file is there to be downloaded. */
export const hoursKept = 24
/** A process that says nothing for so long has given up what it was making, and another begins anew. */
export const leaseSeconds = 120
/** So often it is begun; what fails each time would fail for ever. */
export const attemptsAllowed = 5
export const rowsPerBatch = 1_000
/** So many a process makes at once, so that a large clinic keeps no small one waiting. */
export const madeAtOnce = 2

/** Short enough to be typed, long enough that AES-256 is worth it. */
export const zipPasswordLength = { min: 10, max: 128 }

/** For who asked, until it is removed; the job may be late, so the time is looked at as well. */
export function downloadable(
  one: Pick<Export, 'askedBy' | 'state' | 'expiresAt'>,
  userId: UserId,
  now: Instant,
): boolean {
  return one.state === 'ready' && one.askedBy === userId && one.expiresAt !== null && isBefore(now, one.expiresAt)
}

/** Whether it can still be called off. */
export const cancellable = ({ state }: Pick<Export, 'state'>): boolean => state === 'waiting' || state === 'making'

export type FileFacts = { file: string; rows: number; sha256: string; columns: { name: string; about: string }[] }

export type Attachment = { file: string; bytes: number; sha256: string }

/** `manifest.json`: enough to know what is there, that all of it is there, and how to read it. */
export type Manifest = {
  format: typeof formatName
  version: number
  madeAt: string
  clinic: { id: string; name: string; slug: string; country: string; zone: string; currency: string; language: string }
  files: FileFacts[]
  /** Pictures and the like, each as it is. */
  attachments: Attachment[]
  leftOut: { tables: Readonly<Record<string, string>>; columns: Readonly<Record<string, string>> }
}
