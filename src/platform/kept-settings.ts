// What a clinic has set up is read by nearly every request and changes seldom: kept per process while the version stands.
import type { Knex } from 'knex'
import { LRUCache } from 'lru-cache'
import type { Clinic, Ctx } from './clinic-scope.ts'

type Asked = Pick<Clinic, 'id' | 'settingsVersion'>

export type KeptSettings<T> = {
  /** As of the version the clinic's door read, or newer. */
  get(ctx: Ctx): Promise<T>
  /** The same without the database, when this process has them already. */
  findKnown(clinic: Asked): T | undefined
}

/**
 * Keeps what `read` finds. The version was read before, so what is kept is never older than what it is kept under; and it
 * is kept behind the commit of a transaction that changed no settings, so it is nothing that was taken back.
 */
export function keepSettings<T extends object>(read: (ctx: Ctx) => Promise<T>): KeptSettings<T> {
  const known = new LRUCache<string, { version: number; settings: T }>({ max: 500 })
  // Whoever asks again before the commit does not read again.
  const underWay = new WeakMap<Knex.Transaction, Promise<T>>()

  const findKnown = ({ id, settingsVersion }: Asked) => {
    const kept = known.get(id)
    return kept?.version === settingsVersion ? kept.settings : undefined
  }
  const readOnce = async (ctx: Ctx) => {
    const settings = await read(ctx)
    const { id, settingsVersion: version } = ctx.clinic
    ctx.settingsRead(() => {
      // A request that took long does not put away what a later one found.
      if ((known.peek(id)?.version ?? version) <= version) known.set(id, { version, settings })
    })
    return settings
  }
  return {
    findKnown,
    async get(ctx) {
      const found = findKnown(ctx.clinic) ?? underWay.get(ctx.db)
      if (found !== undefined) return found
      const reading = readOnce(ctx)
      underWay.set(ctx.db, reading)
      return reading
    },
  }
}
