// Which clinics there are: `platform.clinics` with the versions of their diaries. Read anew for every request, because
// the versions vouch for what caches hold, but many requests share one query.
import type { ClinicId } from '../kernel/ids.ts'
import { proveClinic, type Clinic, type ClinicFacts } from './clinic-scope.ts'
import type { Database } from './db/connect.ts'
import { rows } from './db/rows.ts'

export type ClinicDirectory = {
  /** The clinic at a public address, as it stands now or later than the call. */
  bySlug(slug: string): Promise<Clinic | undefined>
  /** For jobs, webhooks and links, which know the id from a source they verified. */
  byId(id: ClinicId): Promise<Clinic | undefined>
  /** Every clinic there is, each as it stands when its turn comes, in the order of their ids. */
  every(): AsyncGenerator<Clinic>
}

export const clinicColumns = `
  c.id, c.slug, c.name, c.city, c.country, c.specialty, c.time_zone as zone, c.currency, c.language, c.accent,
  c.placement, c.status, c.plan, c.practitioner_limit as "practitionerLimit", c.location_limit as "locationLimit",
  c.booking_limit as "bookingLimit", c.message_limit as "messageLimit", c.features, c.listed, d.usage_month as "usageMonth",
  d.bookings_used as "bookingsUsed", d.messages_used as "messagesUsed", d.diary_version as "diaryVersion", d.settings_version as "settingsVersion"`

// What is no address is not asked about: one request's NUL would fail the query it shares with others.
const addressShape = /^[a-z0-9-]{1,80}$/

/**
 * The directory of one process. It keeps nothing: calls made in the same moment share a query, and no answer is older
 * than its question.
 */
export function createClinicDirectory(db: Database): ClinicDirectory {
  const bySlug = batched<string, ClinicFacts>(async (slugs) => {
    const found = await rows<ClinicFacts>(
      db,
      'select ' +
        clinicColumns +
        ' from platform.clinics c join platform.diaries d on d.clinic_id = c.id where c.slug = any(?)',
      [slugs],
    )
    return new Map(found.map((row) => [row.slug, row]))
  })
  const byId = batched<string, ClinicFacts>(async (ids) => {
    const found = await rows<ClinicFacts>(
      db,
      'select ' +
        clinicColumns +
        ' from platform.clinics c join platform.diaries d on d.clinic_id = c.id where c.id = any(?::uuid[])',
      [ids],
    )
    return new Map(found.map((row) => [row.id, row]))
  })
  const prove = (facts: ClinicFacts | undefined) => facts && proveClinic(facts)
  return {
    bySlug: async (slug) => (addressShape.test(slug) ? prove(await bySlug(slug)) : undefined),
    byId: async (id) => prove(await byId(id)),
    async *every() {
      for (let ids = await idsBehind(db, undefined); ids.length > 0; ids = await idsBehind(db, ids.at(-1))) {
        for (const id of ids) {
          const clinic = prove(await byId(id))
          // Erased since the list was read.
          if (clinic) yield clinic
        }
      }
    },
  }
}

async function idsBehind(db: Database, last: ClinicId | undefined): Promise<ClinicId[]> {
  const found = await rows<{ id: ClinicId }>(
    db,
    'select id from platform.clinics where ?::uuid is null or id > ?::uuid order by id limit 500',
    [last ?? null, last ?? null],
  )
  return found.map(({ id }) => id)
}

/**
 * Gathers calls into shared queries. A call never joins a query that has already started: it waits for the next one, so
 * what it gets is never older than the call itself.
 */
export function batched<K, V>(load: (keys: K[]) => Promise<Map<K, V>>): (key: K) => Promise<V | undefined> {
  let running = false
  let waiting = new Map<K, { resolve: (value: V | undefined) => void; reject: (error: unknown) => void }[]>()

  async function run() {
    running = true
    while (waiting.size > 0) {
      const batch = waiting
      waiting = new Map()
      try {
        const found = await load([...batch.keys()])
        for (const [key, calls] of batch) for (const call of calls) call.resolve(found.get(key))
      } catch (error) {
        for (const calls of batch.values()) for (const call of calls) call.reject(error)
      }
    }
    running = false
  }

  return (key) =>
    new Promise((resolve, reject) => {
      const calls = waiting.get(key)
      if (calls) calls.push({ resolve, reject })
      else waiting.set(key, [{ resolve, reject }])
      if (!running) void run()
    })
}
