// The list of all clinics. Everything it shows, filters and sorts by stands in platform.clinics.
import type { Knex } from 'knex'
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Instant, PlainDate } from '../../../kernel/time.ts'
import { rows } from '../../../platform/db/rows.ts'
import {
  renewing,
  unpaid,
  type ClinicSearch,
  type ClinicSort,
  type ClinicStatus,
  type Health,
} from '../rules/clinics.ts'
import type { Look } from '../rules/paging.ts'
import { afterPrefix, Conditions, found } from './run.ts'

export type ClinicLine = {
  id: ClinicId
  name: string
  nameKey: string
  slug: string
  city: string
  country: string
  zone: string
  plan: string
  status: string
  subscriptionStatus: string
  messagesFailing: boolean
  lastActiveOn: PlainDate
  bookings: number
  bookingLimit: number | null
  messages: number
  messageLimit: number | null
  createdAt: Instant
}

export type ClinicFilter = {
  search: ClinicSearch
  plan: string | undefined
  status: ClinicStatus | undefined
  country: string | undefined
  health: Health | undefined
  /** Only those whose period ends between these two. */
  ends: { from: Instant; to: Instant } | undefined
  /** Who was not active since then is idle. */
  idleSince: PlainDate
}

const columns = `c.id, c.name, c.name_key as "nameKey", c.slug, c.city, c.country, c.time_zone as zone, c.plan, c.status,
  c.subscription_status as "subscriptionStatus", c.messages_failing as "messagesFailing",
  c.last_active_on as "lastActiveOn", c.bookings_this_month as bookings, c.booking_limit as "bookingLimit",
  c.messages_this_month as messages, c.message_limit as "messageLimit", c.created_at as "createdAt"`

const sortColumns: Record<ClinicSort, string | undefined> = {
  // Ids grow with time.
  created: undefined,
  name: 'c.name_key',
  active: 'c.last_active_on',
  usage: 'c.bookings_this_month',
}
const sortTypes: Record<ClinicSort, string> = { created: 'uuid', name: 'text', active: 'date', usage: 'int' }

/** At most `limit` clinics from where the look begins, in the direction of the look. */
export async function listClinics(
  db: Knex,
  filter: ClinicFilter,
  order: { sort: ClinicSort; descending: boolean },
  look: Look,
  limit: number,
): Promise<ClinicLine[]> {
  const where = conditionsOf(filter)
  const column = sortColumns[order.sort]
  const downwards = order.descending !== (look?.back ?? false)
  if (look) {
    const beyond = downwards ? '<' : '>'
    if (column === undefined) where.add(`c.id ${beyond} ?`, look.from.id)
    else where.add(`(${column}, c.id) ${beyond} (?::${sortTypes[order.sort]}, ?::uuid)`, look.from.key, look.from.id)
  }
  const direction = downwards ? 'desc' : 'asc'
  const by = column === undefined ? '' : `${column} ${direction}, `
  return found<ClinicLine>(
    db,
    'select ' + columns + ' from platform.clinics c' + where.sql + ` order by ${by}c.id ${direction} limit ?`,
    [...where.bindings, limit],
  )
}

/** How many there are: exact, but what is searched for is counted no further than one past `countedTo`. */
export async function countClinics(db: Knex, filter: ClinicFilter): Promise<number> {
  const where = conditionsOf(filter)
  const searched = filter.search.words.length > 0 || filter.search.email !== undefined
  const [row] = await found<{ count: number }>(
    db,
    searched
      ? 'select count(*)::int as count from (select from platform.clinics c' + where.sql + ' limit ?) counted'
      : 'select count(*)::int as count from platform.clinics c' + where.sql,
    searched ? [...where.bindings, countedTo + 1] : where.bindings,
  )
  return row?.count ?? 0
}
export const countedTo = 1000

function conditionsOf({ search, plan, status, country, health, ends, idleSince }: ClinicFilter): Conditions {
  const where = new Conditions()
  if (search.email !== undefined) {
    where.add(`c.id in (${byOwner})`, search.email, afterPrefix(search.email))
  }
  for (const [at, word] of search.words.entries()) {
    const range = [word, afterPrefix(word)] as const
    const byWord = 'select clinic_id from platform.clinic_words where word >= ? and word < ?'
    // The longest word says where to look. Of the others, which may be half of all, each clinic found is looked up.
    const condition =
      at === 0 ? `c.id in (${byWord} union all ${byOwner})` : `(c.id in (${byWord}) or c.id in (${byOwner}))`
    where.add(condition, ...range, ...range)
  }
  if (plan !== undefined) where.add('c.plan = ?', plan)
  if (country !== undefined) where.add('c.country = ?', country)
  if (status === 'suspended') where.add(`c.status = 'suspended'`)
  else if (status !== undefined) where.add(`c.subscription_status = ? and c.status <> 'suspended'`, status)
  if (health === 'unpaid') where.add('c.subscription_status = any(?)', unpaid)
  else if (health !== undefined) where.add('c.subscription_status <> all(?)', unpaid)
  if (health === 'failing') where.add('c.messages_failing')
  if (health === 'idle') where.add('not c.messages_failing and c.last_active_on < ?', idleSince)
  if (health === 'ok') where.add('not c.messages_failing and c.last_active_on >= ?', idleSince)
  if (ends) {
    where.add(
      `c.id in (select clinic_id from platform.subscriptions where period_end >= ? and period_end < ? and status = any(?))`,
      ends.from,
      ends.to,
      renewing,
    )
  }
  return where
}

const byOwner = `select m.clinic_id from platform.users u join platform.memberships m on m.user_id = u.id
  where m.role = 'owner' and u.email collate "C" >= ? and u.email collate "C" < ?`

export type ClinicName = { id: ClinicId; name: string; slug: string }

/** What some clinics are called. */
export async function listClinicNames(db: Knex, ids: readonly ClinicId[]): Promise<Map<ClinicId, ClinicName>> {
  if (ids.length === 0) return new Map()
  const found = await rows<ClinicName>(db, 'select id, name, slug from platform.clinics where id = any(?::uuid[])', [
    [...new Set(ids)],
  ])
  return new Map(found.map((one) => [one.id, one]))
}
