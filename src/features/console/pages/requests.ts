import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { newId, type UserId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Cell } from '../../../platform/csv.ts'
import { inPages } from '../../../platform/csv.ts'
import { notFound } from '../../../platform/errors.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import {
  countRequests,
  findRequest,
  listOperators,
  listRequests,
  listSteps,
  type Request,
  type RequestFilter,
  type RequestId,
} from '../../requests/queries.ts'
import {
  clockOf,
  closeReasons,
  escalationDays,
  clockDays,
  referenceOf,
  requestStatuses,
  requestTopics,
} from '../../requests/rules.ts'
import { lookAt, placeAt } from '../rules/operations.ts'
import { pageOf, withQuery } from '../rules/paging.ts'
import type { RequestsQuery } from '../schema/operations.ts'
import { clinicHref, type Pill } from './words.ts'

const pageSize = 50

type Parts = Pick<Services, 'db' | 'clock' | 'keys' | 'clinics'>

const statusLooks = {
  open: { css: 'pill-info', icon: 'mail' },
  routed: { css: 'pill-warning', icon: 'building-hospital' },
  closed: { css: '', icon: 'check' },
} as const

const statusPill = ({ t }: Speaker, { status }: Request): Pill => ({
  ...statusLooks[status],
  word: t(`requests.status.${status}`),
})

function clockPill({ t }: Speaker, request: Request, now: Instant): Pill | undefined {
  if (request.dueAt === null) return undefined
  const clock = clockOf({ dueAt: request.dueAt, closedAt: request.closedAt }, now)
  const left = () => t('requests.clock.left', { count: clock.daysLeft })
  switch (clock.state) {
    case 'running':
      return { css: 'pill-success', icon: 'clock', word: left() }
    case 'escalated':
      return { css: 'pill-warning', icon: 'alert-triangle', word: left() }
    case 'overdue':
      return { css: 'pill-danger', icon: 'alert-triangle', word: t('requests.clock.late', { count: -clock.daysLeft }) }
    case 'stopped':
      return clock.daysLeft > 0
        ? { css: '', icon: 'check', word: t('requests.clock.stopped') }
        : { css: 'pill-danger', icon: 'x', word: t('requests.clock.stopped_late') }
  }
}

async function filterOf(
  { clinics }: Parts,
  query: RequestsQuery,
  me: UserId,
): Promise<Omit<RequestFilter, 'limit' | 'before'>> {
  const clinic = query.clinic === undefined ? undefined : await clinics.bySlug(query.clinic)
  return {
    status: query.status,
    topic: query.topic,
    running: query.view === 'running',
    assignedTo: query.view === 'mine' ? me : undefined,
    // A clinic that is not there has sent nothing.
    clinicId: query.clinic === undefined ? undefined : (clinic?.id ?? newId<'clinic'>()),
  }
}

/** By what the list is in order: the deadline, or when it came in. */
const orderOf = (running: boolean) => (request: Request) =>
  running && request.dueAt ? request.dueAt : request.receivedAt

export async function requestsPage(services: Parts, speaker: Speaker, query: RequestsQuery, me: UserId): Promise<View> {
  const { db, keys, clock } = services
  const { t } = speaker
  const now = clock.now()
  const filter = await filterOf(services, query, me)
  const running = filter.running === true
  const { look, before } = lookAt<'request'>(query.after)
  const [found, counts] = await Promise.all([
    listRequests(db, keys.platform, { ...filter, before, limit: pageSize + 1 }),
    countRequests(db, now, now.add({ hours: 24 * (clockDays - escalationDays) })),
  ])
  const { shown, next } = pageOf(found, pageSize, look, (one) => placeAt(orderOf(running)(one), one.id))
  const chosen = {
    status: query.status,
    topic: query.topic,
    clinic: query.clinic,
    view: query.view === 'all' ? undefined : query.view,
  }
  const address = (more: Record<string, string | undefined>, path = '/admin/requests') =>
    withQuery(path, { ...chosen, ...more })
  return view('console/requests', {
    title: t('requests.inbox.title'),
    counts: [
      { label: t('requests.inbox.open'), value: speaker.number(counts.open) },
      { label: t('requests.inbox.routed'), value: speaker.number(counts.routed) },
      { label: t('requests.inbox.escalated'), value: speaker.number(counts.escalated), bad: counts.escalated > 0 },
      { label: t('requests.inbox.overdue'), value: speaker.number(counts.overdue), bad: counts.overdue > 0 },
    ],
    tabs: (['all', 'running', 'mine'] as const).map((name) => ({
      href: address({ view: name === 'all' ? undefined : name }),
      label: t(`requests.inbox.${name}`),
      current: query.view === name,
    })),
    view: chosen.view ?? '',
    clinic: query.clinic ?? '',
    filters: [
      {
        name: 'status',
        label: t('requests.inbox.state'),
        value: query.status ?? '',
        options: [
          { value: '', label: t('console.filter.any_status') },
          ...requestStatuses.map((status) => ({ value: status, label: t(`requests.status.${status}`) })),
        ],
      },
      {
        name: 'topic',
        label: t('requests.inbox.topic'),
        value: query.topic ?? '',
        options: [
          { value: '', label: t('requests.inbox.any_topic') },
          ...requestTopics.map((topic) => ({ value: topic, label: t(`requests.topic.${topic}`) })),
        ],
      },
    ],
    requests: shown.map((request) => ({
      href: `/admin/requests/${request.id}`,
      reference: referenceOf(request.id),
      name: request.name,
      topic: t(`requests.topic.${request.topic}`),
      clinic: request.clinicName ?? '',
      received: speaker.dateTime(request.receivedAt),
      status: statusPill(speaker, request),
      clock: clockPill(speaker, request, now),
      assigned: request.assigneeName ?? t('requests.inbox.nobody'),
    })),
    exportAction: address({}, '/admin/requests/export'),
    pagination: next === undefined ? {} : { next: address({ after: next }) },
  })
}

export const requestsHeader = [
  'reference', 'topic', 'status', 'language', 'clinic', 'received_at', 'due_at', 'answered_at', 'routed_at',
  'closed_at', 'close_reason', 'assigned_to',
] // prettier-ignore

/** Without who asked and what: a file travels further than it should. */
export async function* requestLines(services: Parts, query: RequestsQuery, me: UserId): AsyncGenerator<Cell[]> {
  const filter = await filterOf(services, query, me)
  const order = orderOf(filter.running === true)
  const found = inPages<Request>(500, (last, limit) => {
    const before = last && { at: order(last), id: last.id }
    return listRequests(services.db, services.keys.platform, { ...filter, before, limit })
  })
  for await (const one of found) {
    yield [
      referenceOf(one.id),
      one.topic,
      one.status,
      one.language,
      one.clinicSlug,
      one.receivedAt.toString(),
      one.dueAt?.toString(),
      one.answeredAt?.toString(),
      one.routedAt?.toString(),
      one.closedAt?.toString(),
      one.closeReason,
      one.assigneeName,
    ]
  }
}

const stepIcons = {
  note: 'note',
  answer: 'send',
  routed: 'building-hospital',
  assigned: 'user',
  closed: 'check',
  reopened: 'rotate',
  escalated: 'alert-triangle',
} as const

export type RequestForms = { answer?: Form; note?: Form; route?: Form; close?: Form }

/** One request, what was done, and what can be done next. */
export async function requestPage(
  { db, keys, clock }: Parts,
  speaker: Speaker,
  id: RequestId,
  forms: RequestForms = {},
): Promise<View> {
  const { t } = speaker
  const now = clock.now()
  const request = (await findRequest(db, keys.platform, id)) ?? notFound('request')
  const [steps, operators] = await Promise.all([listSteps(db, keys.platform, id), listOperators(db)])
  const at = (path: string) => `/admin/requests/${id}${path}`
  const open = request.status !== 'closed'
  const { answer = emptyForm, note = emptyForm, route = emptyForm, close = emptyForm } = forms
  // The page has one summary, and only one form of it can have been posted.
  const wrong = [answer, note, route, close].find(({ errors }) => Object.keys(errors).length > 0) ?? emptyForm
  const area = (form: Form, name: string, label: string, hint?: string) => ({
    name,
    label,
    type: 'textarea',
    rows: 6,
    value: form.values.text ?? '',
    error: form.errors.text,
    ...(hint === undefined ? {} : { hint }),
  })
  return view('console/request', {
    title: t('requests.page.title', { reference: referenceOf(id) }),
    scripts: ['/js/error-summary.js'],
    form: wrong,
    message: request.message,
    name: request.name,
    email: request.email,
    language: languageNames[request.language],
    topic: t(`requests.topic.${request.topic}`),
    clinic: request.clinicName ?? undefined,
    clinicHref: request.clinicId ? clinicHref(request.clinicId) : undefined,
    received: speaker.dateTime(request.receivedAt),
    assigned: request.assigneeName ?? t('requests.inbox.nobody'),
    status: statusPill(speaker, request),
    clock: clockPill(speaker, request, now),
    due: request.dueAt ? t('requests.clock.due', { due: speaker.date(request.dueAt) }) : t('requests.clock.none'),
    marks: [
      request.escalatedAt && t('requests.clock.escalated'),
      request.answeredAt && t('requests.page.answered_on', { date: speaker.date(request.answeredAt) }),
      request.routedAt && t('requests.page.routed_on', { date: speaker.date(request.routedAt) }),
      request.closedAt && t('requests.page.closed_on', { date: speaker.date(request.closedAt) }),
      request.closeReason && t(`requests.close.${request.closeReason}`),
    ].filter((mark): mark is string => typeof mark === 'string'),
    steps: steps.map(({ at: when, kind, author, body, detail }) => ({
      at: speaker.dateTime(when),
      icon: stepIcons[kind],
      what: t(`requests.step.${kind === 'assigned' && detail === null ? 'unassigned' : kind}`),
      detail: kind === 'closed' ? t(`requests.close.${detail ?? 'answered'}`) : (detail ?? ''),
      author: author ?? '',
      body: body ?? '',
    })),
    open,
    answerAction: at('/answer'),
    answerField: area(answer, 'text', t('requests.page.answer_label'), t('requests.page.answer_hint')),
    noteAction: at('/notes'),
    noteField: { ...area(note, 'text', t('requests.page.note_label')), rows: 3 },
    assignAction: at('/assignment'),
    assignField: {
      name: 'to',
      label: t('requests.page.assign_label'),
      type: 'select',
      value: request.assignedTo ?? '',
      options: [
        { value: '', label: t('requests.inbox.nobody') },
        ...operators.map(({ userId, name }) => ({ value: userId, label: name })),
      ],
    },
    route:
      request.dueAt === null
        ? undefined
        : {
            action: at('/routing'),
            field: {
              name: 'clinic',
              label: t('requests.page.route_label'),
              hint: t('requests.page.route_hint'),
              dir: 'ltr',
              value: route.values.clinic ?? request.clinicSlug ?? '',
              error: route.errors.clinic,
            },
          },
    closeAction: at('/closing'),
    reopenAction: at('/closing/undo'),
    closeField: {
      name: 'reason',
      label: t('requests.page.close_label'),
      type: 'select',
      value: close.values.reason ?? 'answered',
      error: close.errors.reason,
      options: closeReasons.map((reason) => ({ value: reason, label: t(`requests.close.${reason}`) })),
    },
  })
}
