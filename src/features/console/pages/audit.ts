import { inPages, type Cell } from '../../../platform/csv.ts'
import { newId } from '../../../kernel/ids.ts'
import { securityEvents } from '../../../kernel/security-events.ts'
import { parseInstant } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findPersonByEmail, listActions, listAudit, type AuditFilter, type AuditLine } from '../queries/audit.ts'
import { pageOf, parseLook, withQuery, type Place } from '../rules/paging.ts'
import type { AuditQuery } from '../schema/operations.ts'
import { clinicHref } from './words.ts'

const pageSize = 50
/** What the choice is called that stands for all of them. */
const security = 'security'

const placeOf = ({ id, at }: AuditLine): Place => ({ id, key: at.toString() })

async function filterOf({ db, clinics }: Pick<Services, 'db' | 'clinics'>, query: AuditQuery): Promise<AuditFilter> {
  const [person, clinic] = await Promise.all([
    query.person === undefined ? undefined : findPersonByEmail(db, query.person.toLowerCase()),
    query.clinic === undefined ? undefined : clinics.bySlug(query.clinic),
  ])
  const start = (day: AuditQuery['from']) => day?.toZonedDateTime('UTC').toInstant()
  return {
    ...(query.action === security ? { actions: securityEvents } : { action: query.action }),
    // Nothing is found by an address that no account has, or a clinic that is not there.
    actorId: query.person === undefined ? undefined : (person ?? newId<'user'>()),
    clinicId: query.clinic === undefined ? undefined : (clinic?.id ?? newId<'clinic'>()),
    from: start(query.from),
    to: start(query.to?.add({ days: 1 })),
  }
}

const detailsOf = (line: AuditLine): string =>
  Object.entries(line.details ?? {})
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join(' · ')

export async function auditPage(
  services: Pick<Services, 'db' | 'clinics'>,
  speaker: Speaker,
  query: AuditQuery,
): Promise<View> {
  const { t } = speaker
  const filter = await filterOf(services, query)
  const look = parseLook(query.after, query.before, (key) => parseInstant(key) !== undefined)
  const [lines, actions] = await Promise.all([
    listAudit(services.db, filter, look, pageSize + 1),
    listActions(services.db),
  ])
  const { shown, previous, next } = pageOf(lines, pageSize, look, placeOf)
  const chosen = {
    action: query.action,
    person: query.person,
    clinic: query.clinic,
    from: query.from?.toString(),
    to: query.to?.toString(),
  }
  const address = (more: Record<string, string | undefined>, path = '/admin/audit') =>
    withQuery(path, { ...chosen, ...more })
  return view('console/audit', {
    title: t('operations.audit.title'),
    chosen,
    filtered: Object.values(chosen).some((value) => value !== undefined),
    actions: [
      { value: '', label: t('operations.audit.any_action') },
      { value: security, label: t('operations.audit.security') },
      ...actions.map((action) => ({ value: action, label: action })),
    ],
    entries: shown.map((line) => ({
      at: `${speaker.date(line.at)}, ${speaker.time(line.at)}`,
      action: line.action,
      who: line.actorName ?? t(`operations.audit.actor.${line.actorId === null ? 'visitor' : 'gone'}`),
      clinic: line.clinicName ?? undefined,
      clinicHref: line.clinicId ? clinicHref(line.clinicId) : undefined,
      record: line.recordKind ?? '',
      details: detailsOf(line),
      request: line.requestId ?? '',
    })),
    exportAction: address({}, '/admin/audit/export'),
    pagination: {
      ...(previous === undefined ? {} : { previous: address({ before: previous }) }),
      ...(next === undefined ? {} : { next: address({ after: next }) }),
    },
  })
}

export const auditHeader = [
  'at', 'action', 'actor', 'actor_id', 'clinic', 'record', 'record_id', 'details', 'request_id', 'address',
] // prettier-ignore

export async function* auditLines(
  services: Pick<Services, 'db' | 'clinics'>,
  query: AuditQuery,
): AsyncGenerator<Cell[]> {
  const filter = await filterOf(services, query)
  const lines = inPages<AuditLine>(1000, (last, size) =>
    listAudit(services.db, filter, last && { from: placeOf(last), back: false }, size),
  )
  for await (const line of lines) {
    yield [
      line.at.toString(),
      line.action,
      line.actorName,
      line.actorId,
      line.clinicSlug,
      line.recordKind,
      line.recordId,
      detailsOf(line),
      line.requestId,
      line.address,
    ]
  }
}
