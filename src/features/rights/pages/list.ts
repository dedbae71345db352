import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { PatientId } from '../../../kernel/ids.ts'
import { fold } from '../../../kernel/names.ts'
import { parsePhone, phoneText } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { searchPatients } from '../../patients/actions.ts'
import { findPatient } from '../../patients/queries.ts'
import { listRestricted } from '../../patients/queries/record.ts'
import { countRequests, listRequests } from '../queries/requests.ts'
import { parseRequestReference, referenceOf, rightKinds, type RightKind, type RightsRequest } from '../rules.ts'
import { at, clockPill, home, kindIcons, statePill } from './words.ts'

export type ListQuestion = { state?: 'open' | 'closed' | undefined; kind?: RightKind | undefined; q: string }

/** More than a clinic is asked in years; who and what is sealed, so a search opens them and looks. */
const most = 500

export async function requestsPage(ctx: Ctx, speaker: Speaker, asked: ListQuestion): Promise<View> {
  const { t } = speaker
  const { state, kind, q } = asked
  const all = await listRequests(ctx, { open: state === undefined ? undefined : state === 'open', kind, limit: most })
  const counts = await countRequests(ctx)
  const restricted = await listRestricted(ctx)
  const found = q === '' ? all : all.filter(matching(ctx, q))
  const address = (change: Partial<Record<'state' | 'kind' | 'q', string | undefined>>) => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries({ state, kind, q, ...change })) if (value) query.set(name, value)
    return at(ctx, home) + (query.size > 0 ? `?${query.toString()}` : '')
  }
  return view('rights/list', {
    title: t('rights.list.title'),
    menu: settingsMenu(ctx, speaker, 'privacy'),
    back: { href: at(ctx, '/settings/privacy'), label: t('rights.list.back') },
    newHref: at(ctx, `${home}/new`),
    restrictedHref: restricted.length > 0 ? at(ctx, `${home}/restricted`) : undefined,
    restricted: t('rights.list.restricted', { count: restricted.length }),
    counts: [
      { label: t('rights.list.open'), value: speaker.number(counts.open) },
      { label: t('rights.list.late'), value: speaker.number(counts.late), bad: counts.late > 0 },
      { label: t('rights.list.closed'), value: speaker.number(counts.closed) },
    ],
    tabs: ([undefined, 'open', 'closed'] as const).map((one) => ({
      href: address({ state: one }),
      label: t(`rights.list.tab.${one ?? 'all'}`),
      current: state === one,
    })),
    action: at(ctx, home),
    state: state ?? '',
    q,
    kind: kind ?? '',
    kinds: rightKinds.map((value) => ({ value, label: t(`rights.kind.${value}`) })),
    filtered: q !== '' || kind !== undefined || state !== undefined,
    clearHref: at(ctx, home),
    requests: found.map((request) => ({
      href: at(ctx, `${home}/${request.id}`),
      reference: referenceOf(request.id),
      name: request.subject?.name ?? t('rights.erased'),
      kind: t(`rights.kind.${request.kind}`),
      icon: kindIcons[request.kind],
      received: speaker.date(request.receivedAt),
      source: t(`rights.source.${request.source}`),
      state: statePill(speaker, request),
      clock: clockPill(speaker, request, ctx.now),
    })),
  })
}

function matching(ctx: Ctx, q: string): (request: RightsRequest) => boolean {
  const reference = parseRequestReference(q)
  const phone = parsePhone(q, ctx.clinic.country)
  const words = fold(q).split(' ').filter(Boolean)
  return ({ id, subject }) => {
    if (reference !== undefined && id.replaceAll('-', '').endsWith(reference)) return true
    if (phone !== undefined) return subject?.phone === phone
    const name = fold(subject?.name ?? '').split(' ')
    return words.length > 0 && words.every((word) => name.some((part) => part.startsWith(word)))
  }
}

/** Writing down what somebody asks in person or on the telephone. */
export async function newRequestPage(
  ctx: Ctx,
  speaker: Speaker,
  asked: { q: string; patientId: PatientId | undefined; form?: Form },
): Promise<View> {
  const { t } = speaker
  const { form = emptyForm, q } = asked
  const patient = asked.patientId === undefined ? undefined : await findPatient(ctx, asked.patientId)
  const people = patient || q === '' ? [] : await searchPatients(ctx, q, 8)
  const field = (one: { name: string; [option: string]: unknown }) => ({
    ...one,
    value: form.values[one.name] ?? one.value,
    error: form.errors[one.name],
  })
  const href = at(ctx, `${home}/new`)
  return view('rights/new', {
    title: t('rights.new.title'),
    scripts: ['/js/error-summary.js'],
    menu: settingsMenu(ctx, speaker, 'privacy'),
    back: { href: at(ctx, home), label: t('rights.list.title') },
    form,
    action: at(ctx, home),
    findAction: href,
    q,
    asked: q !== '',
    patient: patient && { id: patient.id, name: patient.name, phone: phoneText(patient.phone), changeHref: href },
    people: people.map(({ id, name, phone }) => ({ href: `${href}?patient=${id}`, name, phone: phoneText(phone) })),
    kindField: field({
      name: 'kind',
      type: 'radio',
      label: t('rights.new.kind'),
      value: '',
      options: rightKinds.map((value) => ({
        value,
        label: t(`rights.kind.${value}`),
        hint: t(`rights.about.${value}`),
      })),
    }),
    wordsField: field({
      name: 'words',
      type: 'textarea',
      label: t('rights.new.words'),
      hint: t('rights.new.words_hint'),
      required: false,
      maxlength: 4_000,
    }),
    personFields: [
      field({ name: 'name', label: t('rights.field.name'), autocomplete: 'off' }),
      field({ name: 'phone', type: 'tel', label: t('rights.field.phone'), autocomplete: 'off' }),
      field({
        name: 'language',
        type: 'select',
        label: t('rights.field.language'),
        value: ctx.clinic.language,
        options: Object.entries(languageNames).map(([value, label]) => ({ value, label })),
      }),
    ],
  })
}

export async function restrictedPage(ctx: Ctx, speaker: Speaker): Promise<View> {
  const { t } = speaker
  return view('rights/restricted', {
    title: t('rights.restricted.title'),
    menu: settingsMenu(ctx, speaker, 'privacy'),
    back: { href: at(ctx, home), label: t('rights.list.title') },
    people: (await listRestricted(ctx)).map(({ id, name, restrictedAt }) => ({
      name,
      href: at(ctx, `/patients/${id}`),
      since: t('rights.restricted.since', { date: speaker.date(restrictedAt) }),
      action: at(ctx, `${home}/restricted/${id}/removal`),
    })),
  })
}
