import { dateAt, hours, parseDate, type Instant } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { inPages, type Cell } from '../../../platform/csv.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { countClinics, countedTo, listClinics, type ClinicFilter, type ClinicLine } from '../queries/clinics.ts'
import { getFacets } from '../queries/facets.ts'
import {
  healthOf,
  healths,
  clinicSorts,
  clinicStatuses,
  endingDays,
  endings,
  idleDays,
  statusOf,
  type ClinicSort,
} from '../rules/clinics.ts'
import { clinicSearch } from '../rules/clinics.ts'
import { pageOf, parseLook, withQuery, type Place } from '../rules/paging.ts'
import type { ClinicsQuery } from '../schema.ts'
import { clinicHref, countryName, healthPill, meter, statusPill } from './words.ts'

const pageSize = 50

function filterOf(query: ClinicsQuery, now: Instant): ClinicFilter {
  return {
    search: clinicSearch(query.q),
    plan: query.plan,
    status: query.status,
    country: query.country,
    health: query.health,
    ends: query.ends && { from: now, to: now.add(hours(endingDays[query.ends] * 24)) },
    idleSince: idleSince(now),
  }
}

const idleSince = (now: Instant) => dateAt(now, 'UTC').subtract({ days: idleDays })

const validKeys: Record<ClinicSort, (key: string) => boolean> = {
  created: (key) => key === '',
  name: () => true,
  active: (key) => parseDate(key) !== undefined,
  usage: (key) => /^\d{1,9}$/.test(key),
}

const placeOf =
  (sort: ClinicSort) =>
  (line: ClinicLine): Place => {
    const keys = {
      created: '',
      name: line.nameKey,
      active: line.lastActiveOn.toString(),
      usage: String(line.bookings),
    }
    return { id: line.id, key: keys[sort] }
  }

export async function clinicsPage(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  speaker: Speaker,
  query: ClinicsQuery,
): Promise<View> {
  const { t } = speaker
  const now = clock.now()
  const filter = filterOf(query, now)
  const look = parseLook(query.after, query.before, validKeys[query.sort])
  const order = { sort: query.sort, descending: query.order === 'desc' }
  const [lines, count, facets] = await Promise.all([
    listClinics(db, filter, order, look, pageSize + 1),
    countClinics(db, filter),
    getFacets(db),
  ])
  const { shown, previous, next } = pageOf(lines, pageSize, look, placeOf(query.sort))
  const planNames = new Map(facets.plans.map(({ code, names }) => [code, names[speaker.lang]]))
  const country = countryName(speaker)
  const chosen = {
    q: query.q,
    plan: query.plan,
    status: query.status,
    country: query.country,
    health: query.health,
    ends: query.ends,
  }
  const sorted = { sort: query.sort, order: query.order }
  const address = (more: Record<string, string | undefined>, path = '/admin/clinics') =>
    withQuery(path, { ...chosen, ...sorted, ...more })
  const heading = (sort: ClinicSort) => {
    const current = sort === query.sort
    // The first press sorts the way one usually wants it, the next turns it round.
    const usual = sort === 'name' ? 'asc' : 'desc'
    const order = current ? (query.order === 'asc' ? 'desc' : 'asc') : usual
    return {
      href: address({ sort, order }),
      current,
      ascending: query.order === 'asc',
      aria: current ? (query.order === 'asc' ? 'ascending' : 'descending') : 'none',
    }
  }
  const option = (value: string, label: string) => ({ value, label })
  return view('console/clinics', {
    title: t('console.clinics.title'),
    scripts: ['/js/console.js'],
    count:
      count > countedTo && query.q !== ''
        ? t('console.clinics.many', { count: countedTo })
        : t('console.clinics.count', { count }),
    q: query.q,
    sorted,
    filtered: Object.values(chosen).some((value) => value !== undefined && value !== ''),
    filters: [
      {
        name: 'status',
        label: t('console.clinics.status'),
        value: query.status ?? '',
        options: [
          option('', t('console.filter.any_status')),
          ...clinicStatuses.map((status) => option(status, t(`console.status.${status}`))),
        ],
      },
      {
        name: 'health',
        label: t('console.clinics.health'),
        value: query.health ?? '',
        options: [
          option('', t('console.filter.any_health')),
          ...healths.map((health) => option(health, t(`console.health.${health}`))),
        ],
      },
      {
        name: 'ends',
        label: t('console.clinics.ends'),
        value: query.ends ?? '',
        options: [
          option('', t('console.filter.any_end')),
          ...endings.map((ending) => option(ending, t(`console.ends.${ending}`))),
        ],
      },
      {
        name: 'plan',
        label: t('console.clinics.plan'),
        value: query.plan ?? '',
        options: [
          option('', t('console.filter.any_plan')),
          ...facets.plans.map(({ code, names }) => option(code, names[speaker.lang] ?? code)),
        ],
      },
      {
        name: 'country',
        label: t('console.clinics.country'),
        value: query.country ?? '',
        options: [
          option('', t('console.filter.any_country')),
          ...facets.countries
            .map((code) => option(code, country(code)))
            .sort((a, b) => a.label.localeCompare(b.label, speaker.lang)),
        ],
      },
    ],
    headings: Object.fromEntries(clinicSorts.map((sort) => [sort, heading(sort)])),
    clinics: shown.map((line) => ({
      name: line.name,
      href: clinicHref(line.id),
      slug: line.slug,
      place: `${line.city} · ${country(line.country)}`,
      plan: planNames.get(line.plan) ?? line.plan,
      status: statusPill(speaker, statusOf(line)),
      health: healthPill(speaker, healthOf(line, filter.idleSince)),
      bookings: meter(speaker, line.bookings, line.bookingLimit),
      messages: t('console.clinics.messages', { count: line.messages }),
      lastActive: speaker.date(line.lastActiveOn),
      opened: speaker.date(dateAt(line.createdAt, line.zone)),
    })),
    exportAction: address({}, '/admin/clinics/export'),
    pagination: {
      ...(previous === undefined ? {} : { previous: address({ before: previous }) }),
      ...(next === undefined ? {} : { next: address({ after: next }) }),
      summary: t('console.clinics.shown', {
        shown: speaker.number(shown.length),
        all: count > countedTo && query.q !== '' ? `${speaker.number(countedTo)}+` : speaker.number(count),
      }),
    },
  })
}

export const clinicsHeader = [
  'id', 'name', 'address', 'city', 'country', 'plan', 'status', 'health', 'bookings_this_month', 'booking_limit',
  'messages_this_month', 'message_limit', 'last_active_on', 'opened_on',
] // prettier-ignore

/** The whole filtered list, in its order, for a file. Codes rather than words, so that it reads alike in every language. */
export async function* clinicLines(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  query: ClinicsQuery,
): AsyncGenerator<Cell[]> {
  const filter = filterOf(query, clock.now())
  const order = { sort: query.sort, descending: query.order === 'desc' }
  const place = placeOf(query.sort)
  const lines = inPages<ClinicLine>(1000, (last, size) =>
    listClinics(db, filter, order, last && { from: place(last), back: false }, size),
  )
  for await (const line of lines) {
    yield [
      line.id,
      line.name,
      line.slug,
      line.city,
      line.country,
      line.plan,
      statusOf(line),
      healthOf(line, filter.idleSince),
      line.bookings,
      line.bookingLimit,
      line.messages,
      line.messageLimit,
      line.lastActiveOn.toString(),
      dateAt(line.createdAt, line.zone).toString(),
    ]
  }
}
