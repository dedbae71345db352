// Pages and messages share a processor. Somebody waits for a page; nobody sees whether a message leaves a moment later.
import { setTimeout as pause } from 'node:timers/promises'

export type PagesFirst = {
  /** A request came in or was answered. */
  seen(): void
  /**
   * Resolves once no request has come or gone for a moment, or after a fifth of a second at most: background work is
   * put off, and never starved. To be awaited between its pieces.
   */
  gap(): Promise<void>
}

const momentMs = 15
const patienceMs = 200

/** One for a process. The time and the waiting are given by tests; in milliseconds. */
export function createPagesFirst(now: () => number = () => performance.now(), wait = pause): PagesFirst {
  let last = -Infinity
  return {
    seen() {
      last = now()
    },
    async gap() {
      const until = now() + patienceMs
      for (;;) {
        const rest = Math.min(last + momentMs, until) - now()
        if (rest <= 0) return
        await wait(Math.ceil(rest))
      }
    },
  }
}
