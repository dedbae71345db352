import { createHmac } from 'node:crypto'
import bcrypt from 'bcrypt'
import { HttpError } from './errors.ts'

export type Passwords = {
  hash(password: string): Promise<string>
  /** For codes that chance made and nobody chose: there is less to gain by guessing, so each costs less. */
  hashCode(code: string): Promise<string>
  /** False for a wrong password and for a value that is no hash. */
  verify(password: string, hash: string): Promise<boolean>
  /** Takes as long as `verify`, for an account that does not exist: the time tells nothing. */
  pretend(): Promise<void>
  /** Whether a hash was made with another cost than is usual now; who signs in with it is given a new one. */
  outdated(hash: string): boolean
}

/** At most this many hashes at once, and this many waiting: sign-in can't starve the pages. */
const atOnce = 2
const mayWait = 40

/**
 * bcrypt over a keyed hash of the password. bcrypt sees 72 bytes and says nothing of the rest (36 Arabic letters fill
 * it), so it is given 64 base64 characters of HMAC-SHA-384 instead: every letter counts, no NUL can cut it short, and a
 * stolen table is useless without `pepper`. The password is used exactly as typed. What is stored is bcrypt's own string,
 * which names its scheme and cost; a second pepper would need a column beside it.
 */
export function createPasswords(pepper: Buffer, cost = 12, codeCost = Math.min(cost, 10)): Passwords {
  const keyed = (password: string) => createHmac('sha384', pepper).update(password, 'utf8').digest('base64')
  const queue = limited(atOnce, mayWait)
  // Of the right shape and cost, and of no password.
  const decoy = `$2b$${String(cost).padStart(2, '0')}$C6UzMDM.H6dfI/f/IKcEeO7QXr5CkwoQ1xM5Z7lQvTzJbDSVpWq2a`
  const hash = (password: string) => queue(() => bcrypt.hash(keyed(password), cost))
  const verify = async (password: string, stored: string) =>
    /^\$2b\$/.test(stored) && (await queue(() => bcrypt.compare(keyed(password), stored)))
  return {
    hash,
    hashCode: (code) => queue(() => bcrypt.hash(keyed(code), codeCost)),
    verify,
    async pretend() {
      await verify('', decoy)
    },
    outdated: (stored) => bcrypt.getRounds(stored) !== cost,
  }
}

function limited(slots: number, places: number): <T>(work: () => Promise<T>) => Promise<T> {
  let busy = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (busy >= slots) {
      if (waiting.length >= places) throw new HttpError(503, 'too many passwords to check', 5)
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    busy++
    try {
      return await work()
    } finally {
      busy--
      waiting.shift()?.()
    }
  }
}
