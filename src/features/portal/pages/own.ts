// What a clinic holds about somebody, for their own eyes.
import { phoneText, type Phone } from '../../../kernel/phone.ts'
import { isBefore, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import { linkToken } from '../../../platform/links.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listAppointmentsOfPatient, type Appointment } from '../../appointments/queries.ts'
import { referenceText } from '../../appointments/rules.ts'
import { listConsents } from '../../consents/queries.ts'
import { currentWordingKey, purposes, standing, wordingFor, wordingKey, type Consent } from '../../consents/rules.ts'
import { isOptedOut } from '../../messaging/actions/stop.ts'
import { listRecentMessages, type LoggedMessage } from '../../messaging/queries/log.ts'
import { listPatientsByPhone, type Patient } from '../../patients/queries.ts'
import { listOpenings, type Opening } from '../../rights/queries/effects.ts'
import { listRequestsOfPatient } from '../../rights/queries/requests.ts'
import { referenceOf, type RightsRequest } from '../../rights/rules.ts'
import { tokenOf } from '../../waitlist/actions/join.ts'
import { listEntriesOf } from '../../waitlist/queries/entries.ts'
import { askable, shortName } from '../rules.ts'
import { frameOf, pathOf, type Scene } from './frame.ts'

/** An opened visit: the address it has, the number it proved, and until when. */
export type Open = { token: string; phone: Phone; until: Instant }

/** What has just happened on this page; an address can be typed by anybody, so that each only says what is so. */
export const newsKinds = ['corrected', 'requested', 'consent', 'stopped', 'started', 'taken_back'] as const
export type News = (typeof newsKinds)[number]

/** On the first page of each list; all of them have a page of their own. */
const few = 3
const many = 200
/** More visits than anybody has. */
const all = 10_000

const personPath = (scene: Scene, { token }: Open, { id }: Patient, rest = '') =>
  pathOf(scene, token, `/people/${id}${rest}`)

/** A number that belongs to several people, or to nobody the clinic knows. */
export function peoplePage(scene: Scene, open: Open, people: readonly Patient[]): View {
  const { speaker, clinic } = scene
  return view('portal/people', {
    title: speaker.t('portal.people.title', { clinic: clinic.name }),
    ...frameOf(scene),
    ...chromeOf(scene, open),
    people: people.map((patient) => ({ name: patient.name, href: personPath(scene, open, patient) })),
  })
}

/** Everything about one of them, the latest of it; changes are buttons on it. */
export async function personPage(ctx: Ctx, scene: Scene, open: Open, patient: Patient, news?: News): Promise<View> {
  const { speaker, clinic } = scene
  const { t } = speaker
  const at = (rest: string) => personPath(scene, open, patient, rest)
  const visits = await listAppointmentsOfPatient(ctx, patient.id, all)
  const toCome = visits.filter((visit) => isToCome(visit, ctx.now)).reverse()
  const past = visits.filter((visit) => !isToCome(visit, ctx.now))
  const messages = await listRecentMessages(ctx, { patientId: patient.id, limit: few + 1 })
  const openings = await listOpenings(ctx, patient.id, few + 1)
  const history = await listConsents(ctx, patient.id)
  const requests = await listRequestsOfPatient(ctx, patient.id)
  const family = await listPatientsByPhone(ctx, open.phone)
  const stopped = await isOptedOut(ctx, open.phone)
  const waiting = (await listEntriesOf(ctx, patient.id)).filter(({ state }) => state === 'waiting')
  return view('portal/person', {
    title: t('portal.person.title', { clinic: clinic.name }),
    ...frameOf(scene),
    ...chromeOf(scene, open),
    back: family.length > 1 ? { href: pathOf(scene, open.token), label: t('portal.back.people') } : undefined,
    news: news && newsText(scene, news, requests),
    name: patient.name,
    restricted: patient.restrictedAt !== null,
    facts: factsOf(scene, patient),
    correctionHref: at('/correction'),
    toCome: toCome.map((visit) => ({ ...visitRow(scene, visit), href: visitHref(ctx, scene, visit) })),
    waiting: waiting.map(({ id, wish, serviceName }) => ({
      what: serviceName,
      when: t('waitlist.span', { from: speaker.longDate(wish.from), until: speaker.longDate(wish.until) }),
      href: scene.url(`/w/${tokenOf(ctx, id)}`),
    })),
    past: past.slice(0, few).map((visit) => visitRow(scene, visit)),
    visitsHref: past.length > few ? at('/visits') : undefined,
    stopped,
    messagesAction: at('/messages'),
    messages: messages.slice(0, few).map((message) => messageRow(scene, message)),
    messagesHref: messages.length > few ? at('/messages') : undefined,
    consents: consentsOf(scene, history),
    consentsAction: at('/consents'),
    copyHref: at('/copy'),
    copyAction: at('/copy'),
    requests: requests.map((request) => requestRow(scene, request)),
    requestsAction: at('/requests/removal'),
    rights: askable.map((kind) => ({
      href: at(`/requests?kind=${kind}`),
      title: t(`portal.right.${kind}.title`),
      text: t(`portal.right.${kind}.text`),
      open: requests.some((one) => one.kind === kind && one.closedAt === null),
    })),
    openings: openings.slice(0, few).map((opening) => openingRow(scene, opening)),
    openingsHref: openings.length > few ? at('/openings') : undefined,
  })
}

export type List = 'visits' | 'messages' | 'openings'

/** One of the lists in full. */
export async function listPage(ctx: Ctx, scene: Scene, open: Open, patient: Patient, list: List): Promise<View> {
  const { t } = scene.speaker
  return view('portal/list', {
    title: t(`portal.${list}.title`),
    ...frameOf(scene),
    ...chromeOf(scene, open),
    back: { href: personPath(scene, open, patient), label: t('portal.back.person') },
    name: patient.name,
    ...(await listsOf(ctx, scene, patient, [list], many)),
  })
}

/** Everything at once, to read and to print. */
export async function copyPage(ctx: Ctx, scene: Scene, open: Open, patient: Patient): Promise<View> {
  const { t } = scene.speaker
  const history = await listConsents(ctx, patient.id)
  return view('portal/copy', {
    title: t('portal.copy.title', { clinic: scene.clinic.name }),
    ...frameOf(scene),
    ...chromeOf(scene, open),
    back: { href: personPath(scene, open, patient), label: t('portal.back.person') },
    name: patient.name,
    made: t('portal.copy.made', { at: scene.speaker.dateTime(ctx.now) }),
    facts: factsOf(scene, patient),
    consents: history.map((consent) => consentRow(scene, consent)),
    ...(await listsOf(ctx, scene, patient, ['visits', 'messages', 'openings'], all)),
  })
}

async function listsOf(ctx: Ctx, scene: Scene, { id }: Patient, wanted: readonly List[], limit: number) {
  const wants = (list: List) => wanted.includes(list)
  const visits = wants('visits') ? await listAppointmentsOfPatient(ctx, id, limit) : undefined
  const messages = wants('messages') ? await listRecentMessages(ctx, { patientId: id, limit }) : undefined
  const openings = wants('openings') ? await listOpenings(ctx, id, limit) : undefined
  return {
    visits: visits?.map((visit) => visitRow(scene, visit)),
    messages: messages?.map((message) => messageRow(scene, message)),
    openings: openings?.map((opening) => openingRow(scene, opening)),
  }
}

function chromeOf(scene: Scene, { token, phone, until }: Open) {
  return { number: phoneText(phone), until: scene.speaker.time(until), endAction: pathOf(scene, token, '/end') }
}

function factsOf({ speaker }: Scene, patient: Patient) {
  const { t } = speaker
  return [
    { label: t('portal.person.name'), text: patient.name, ltr: false },
    { label: t('portal.person.phone'), text: phoneText(patient.phone), ltr: true },
    {
      label: t('portal.person.email'),
      text: patient.email ?? t('portal.person.no_email'),
      ltr: patient.email !== undefined,
    },
    { label: t('portal.person.language'), text: languageNames[patient.language], ltr: false },
    { label: t('portal.person.since'), text: speaker.date(patient.createdAt), ltr: false },
  ]
}

const isToCome = ({ status, startsAt }: Appointment, now: Instant) => status === 'booked' && isBefore(now, startsAt)

function visitRow({ speaker }: Scene, visit: Appointment) {
  return {
    when: speaker.dateTime(visit.startsAt),
    what: visit.serviceName,
    doctor: visit.practitionerName,
    place: visit.locationName,
    status: visit.status,
    reference: referenceText(visit.reference),
  }
}

const visitHref = (ctx: Ctx, { url }: Scene, { id, linkVersion }: Appointment) =>
  url(`/a/${linkToken(ctx, id, linkVersion)}`)

function messageRow({ speaker }: Scene, message: LoggedMessage) {
  const { t } = speaker
  return {
    kind: t(message.kindKey),
    when: speaker.dateTime(message.sentAt ?? message.createdAt),
    how: t(message.channel === 'email' ? 'portal.messages.by_mail' : 'portal.messages.by_whatsapp'),
    status: t(message.statusKey),
    reason: message.reasonKey === undefined ? undefined : t(message.reasonKey),
    text: message.body,
    lang: message.language,
  }
}

function openingRow({ speaker, clinic }: Scene, { at, action, actorKind, actorRole, name }: Opening) {
  const { t } = speaker
  const who =
    actorKind === 'patient' || actorKind === 'visitor'
      ? t('portal.openings.you')
      : actorKind === 'support'
        ? t('portal.openings.support')
        : name === undefined
          ? t('portal.openings.somebody', { clinic: clinic.name })
          : shortName(name)
  return {
    when: speaker.dateTime(at),
    who,
    role: actorKind === 'user' && actorRole !== null ? t(`shared.role.${actorRole}`) : undefined,
    what: t(action === 'patient.exported' ? 'portal.openings.copied' : 'portal.openings.opened'),
  }
}

function consentRow({ speaker, clinic }: Scene, consent: Consent) {
  const { t } = speaker
  const { wording, wordingVersion } = consent
  return {
    when: speaker.dateTime(consent.decidedAt),
    purpose: t(`consents.purpose.${consent.purpose}`),
    decision: t(`consents.decision.${consent.decision}`),
    how: t(`portal.source.${consent.source}`),
    words:
      wording === null || wordingVersion === null
        ? undefined
        : t(wordingKey(wording, wordingVersion), { clinic: clinic.name }),
  }
}

/** For each purpose what holds, since when and how, and what can be said instead. */
function consentsOf(scene: Scene, history: readonly Consent[]) {
  const { t } = scene.speaker
  const now = standing(history)
  return purposes.map((purpose) => {
    const consent = now[purpose]
    return {
      purpose,
      title: t(`consents.purpose.${purpose}`),
      given: consent?.decision === 'permit',
      standing: consent && consentRow(scene, consent),
      wording: t(currentWordingKey(wordingFor(purpose, 'patient_page')), { clinic: scene.clinic.name }),
    }
  })
}

function requestRow({ speaker }: Scene, request: RightsRequest) {
  const { t } = speaker
  const { id, kind, outcome, closedAt, dueAt, receivedAt } = request
  return {
    id,
    title: t(`portal.kind.${kind}`),
    reference: referenceOf(id),
    asked: t('portal.requests.asked', { date: speaker.date(receivedAt) }),
    state:
      closedAt === null
        ? t('portal.requests.due', { date: speaker.date(dueAt) })
        : t(`portal.requests.${outcome ?? 'withdrawn'}`, { date: speaker.date(closedAt) }),
    open: closedAt === null,
  }
}

function newsText({ speaker, clinic }: Scene, news: News, requests: readonly RightsRequest[]) {
  const { t } = speaker
  if (news !== 'requested') return { text: t(`portal.news.${news}`, { clinic: clinic.name }) }
  const [newest] = requests.filter(({ closedAt }) => closedAt === null)
  if (!newest) return undefined
  return {
    text: t('portal.news.requested', { clinic: clinic.name, date: speaker.date(newest.dueAt) }),
    reference: referenceOf(newest.id),
  }
}
