// Pages of the service itself, the same for everybody who asks in one language: made once and kept for a while.
import { LRUCache } from 'lru-cache'
import type { Services } from '../services.ts'
import { weightOf, type CachedPage } from './cached-page.ts'

type Kept = { page: CachedPage; until: number }

// By the running service, so that two of them in one process (tests) never answer for each other.
const shelves = new WeakMap<Services, LRUCache<string, Kept>>()

/** Whatever is typed into a search makes a page of its own, so there is an end to what is kept. */
const shelfBytes = 8_000_000

/** The page kept under `key`, or a new one by `make`, which then stands for `seconds` of the service's clock. */
export async function keptPage(
  services: Services,
  key: string,
  seconds: number,
  make: () => CachedPage | Promise<CachedPage>,
): Promise<CachedPage> {
  const shelf = shelfOf(services)
  const now = services.clock.now().epochMilliseconds
  const kept = shelf.get(key)
  // A clock that was set back must not keep a page for longer than it may stand.
  if (kept && now < kept.until && kept.until - now <= seconds * 1000) return kept.page
  const page = await make()
  shelf.set(key, { page, until: now + seconds * 1000 }, { size: Math.ceil(weightOf(page)) + 1 })
  return page
}

function shelfOf(services: Services): LRUCache<string, Kept> {
  const known = shelves.get(services)
  if (known) return known
  const shelf = new LRUCache<string, Kept>({ maxSize: shelfBytes })
  shelves.set(services, shelf)
  return shelf
}
