// Answers kept while they are true, for the pages that everybody asks for.
import { LRUCache } from 'lru-cache'
import type { Instant } from '../../../kernel/time.ts'
import type { Clinic } from '../../../platform/clinic-scope.ts'

/** Until when an answer stands if nothing but the time changes; for ever when undefined. */
export type Lasting = { validUntil: Instant | undefined }

type Kept = { settingsVersion: number; diaryVersion: number; validUntil: number; answer: unknown }

// By size, since a month of every doctor's times is a hundred times a page.
const answers = new LRUCache<string, { kept: Kept; bytes: number }>({
  maxSize: 48 * 1024 * 1024,
  sizeCalculation: ({ bytes }) => Math.ceil(bytes),
})
const underWay = new Map<string, Promise<Kept>>()

/**
 * Keeps an answer that depends only on the diary, the settings and the time. The versions were read by the clinic's door
 * after the request came in and before the answer is made, and every booking anywhere raises them as it commits: so a
 * kept answer is never older than the request that gets it. For the same reason whoever read the same versions may wait
 * for an answer that is being made. `validUntil` is when time alone would change it; `bytes` is about how much room it
 * takes.
 */
export async function whileTrue<T>(
  clinic: Clinic,
  now: Instant,
  question: string,
  answer: () => Promise<{ value: T; bytes?: number } & Lasting>,
): Promise<T> {
  const { diaryVersion, settingsVersion } = clinic
  const key = `${clinic.id} ${question}`
  const isTrue = (kept: Kept | undefined): kept is Kept =>
    kept?.diaryVersion === diaryVersion &&
    kept.settingsVersion === settingsVersion &&
    now.epochMilliseconds < kept.validUntil
  const make = async () => {
    const { value, validUntil, bytes = 4096 } = await answer()
    const kept = { diaryVersion, settingsVersion, validUntil: validUntil?.epochMilliseconds ?? Infinity, answer: value }
    // A request that took long does not put away what a later one found; the diary's version grows with either.
    if ((answers.peek(key)?.kept.diaryVersion ?? diaryVersion) <= diaryVersion) answers.set(key, { kept, bytes })
    return kept
  }
  const known = answers.get(key)?.kept
  if (isTrue(known)) return known.answer as T
  const making = `${key} ${diaryVersion} ${settingsVersion}`
  const begun = underWay.get(making)
  const others = begun && (await begun)
  if (isTrue(others)) return others.answer as T
  const own = make().finally(() => underWay.delete(making))
  underWay.set(making, own)
  return (await own).answer
}
