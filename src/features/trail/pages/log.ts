import { dayBounds, parseInstant } from '../../../kernel/time.ts'
import { inPages, type Cell } from '../../../platform/csv.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listMembers } from '../../accounts/queries.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { pageOf, parseLook, withQuery, type Place } from '../../console/rules/paging.ts'
import { openingActions } from '../../rights/rules.ts'
import { listEntries, listRecordNames, type EntryFilter, type EntryLine } from '../queries/entries.ts'
import { actionGroups, groupNames, recordPath } from '../rules.ts'
import type { LogQuery } from '../schema.ts'
import { actionText, factsIn, factText, logPath, momentText, recordText, roleText, whoText } from './words.ts'

const pageSize = 50

const placeOf = ({ id, at }: EntryLine): Place => ({ id, key: at.toString() })

function filterOf(ctx: Ctx, { person, kind, from, to, patient, record }: LogQuery): EntryFilter {
  const { zone } = ctx.clinic
  return {
    actorId: person,
    actions: patient === undefined ? kind && actionGroups[kind] : openingActions,
    recordId: patient ?? record,
    from: from && dayBounds(from, zone).from,
    to: to && dayBounds(to, zone).to,
  }
}

/** What was chosen, as it stands in an address. */
export const chosenOf = ({ person, kind, from, to, patient, record }: LogQuery) => ({
  person,
  kind: patient === undefined ? kind : undefined,
  from: from?.toString(),
  to: to?.toString(),
  patient,
  record: patient === undefined ? record : undefined,
})

export async function logPage(ctx: Ctx, speaker: Speaker, query: LogQuery): Promise<View> {
  const { t } = speaker
  const at = (below: string) => `/app/${ctx.clinic.slug}${below}`
  const look = parseLook(query.after, query.before, (key) => parseInstant(key) !== undefined)
  const found = await listEntries(ctx, filterOf(ctx, query), look, pageSize + 1)
  const { shown, previous, next } = pageOf(found, pageSize, look, placeOf)
  const members = await listMembers(ctx.db, ctx.clinic.id)
  const wanted = [...shown.map(({ recordId }) => recordId), query.patient, query.record, query.person]
  const names = await listRecordNames(
    ctx,
    wanted.filter((id) => typeof id === 'string'),
  )
  const chosen = chosenOf(query)
  const address = (more: Record<string, string | undefined>) => withQuery(at(logPath), { ...chosen, ...more })
  const people = members.map(({ userId, name }) => ({ value: userId, label: name }))
  if (query.person !== undefined && people.every(({ value }) => value !== query.person)) {
    people.push({ value: query.person, label: names.get(query.person) ?? t('trail.who.gone') })
  }
  return view('trail/log', {
    title: t('trail.title'),
    menu: settingsMenu(ctx, speaker, 'log'),
    action: at(logPath),
    checkHref: at(`${logPath}/check`),
    securityHref: at(`${logPath}/security`),
    exportAction: at(`${logPath}/export`),
    chosen,
    filtered: Object.values(chosen).some((value) => value !== undefined),
    about: aboutOf(speaker, query, names, address),
    people: [{ value: '', label: t('trail.filter.anybody') }, ...people],
    kinds: [
      { value: '', label: t('trail.filter.anything') },
      ...groupNames.map((group) => ({ value: group, label: t(`trail.group.${group}`) })),
    ],
    entries: shown.map((line) => {
      const { recordKind, recordId } = line
      const path = recordKind !== null && recordId !== null ? recordPath(recordKind, recordId) : undefined
      const { facts, unreadable } = factsIn(ctx, line)
      return {
        at: momentText(speaker, line.at),
        what: actionText(speaker, line.action),
        who: whoText(speaker, line),
        whoHref: line.actorKind === 'user' && line.actorId !== null ? address({ person: line.actorId }) : undefined,
        role: roleText(speaker, line),
        record: recordKind === null ? undefined : recordText(speaker, recordKind, names.get(recordId ?? '')),
        recordHref: path && at(path),
        onlyHref:
          recordId === null || recordKind === 'clinic' || recordId === query.record
            ? undefined
            : withQuery(at(logPath), { record: recordId }),
        facts: facts.map((fact) => factText(speaker, fact)),
        unreadable,
        request: line.requestId,
      }
    }),
    pagination: {
      ...(previous === undefined ? {} : { previous: address({ before: previous }) }),
      ...(next === undefined ? {} : { next: address({ after: next }) }),
    },
  })
}

/** The one record the page is about, and the way to the other of "who looked" and "everything". */
function aboutOf(
  { t }: Speaker,
  { patient, record }: LogQuery,
  names: ReadonlyMap<string, string>,
  address: (more: Record<string, string | undefined>) => string,
) {
  const id = patient ?? record
  if (id === undefined) return undefined
  const name = names.get(id) ?? t('trail.record.other')
  if (patient === undefined) return { text: t('trail.filter.record', { name }) }
  return {
    text: t('trail.filter.openings', { name }),
    other: { href: address({ patient: undefined, record: id }), label: t('trail.filter.all_of_patient') },
  }
}

export const logHeader = [
  'at', 'action', 'words', 'who', 'who_kind', 'role', 'allowed_by', 'record', 'record_id', 'details', 'request_id',
  'entry_id',
] // prettier-ignore

/** Sealed details stay where they are: what was before and after belongs to the log, not to a spreadsheet. */
export async function* logLines(
  inClinic: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>,
  speaker: Speaker,
  query: LogQuery,
): AsyncGenerator<Cell[]> {
  const lines = inPages<EntryLine>(1000, (last, size) =>
    inClinic((ctx) => listEntries(ctx, filterOf(ctx, query), last && { from: placeOf(last), back: false }, size)),
  )
  for await (const line of lines) {
    yield [
      line.at.toString(),
      line.action,
      actionText(speaker, line.action),
      whoText(speaker, line, (name) => name),
      line.actorKind,
      line.actorRole,
      line.ownerName,
      line.recordKind,
      line.recordId,
      line.details === null ? '' : JSON.stringify(line.details),
      line.requestId,
      line.id,
    ]
  }
}
