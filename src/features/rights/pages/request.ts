import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { phoneText } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { searchPatients } from '../../patients/actions.ts'
import { findPatient, listPatientsByPhone, type Patient } from '../../patients/queries.ts'
import { referenceOf as platformReferenceOf } from '../../requests/rules.ts'
import type { Answer } from '../actions/answer.ts'
import { findAnswer, findPeople, getRequest } from '../queries/requests.ts'
import { findEffects } from '../queries/effects.ts'
import { correctable, referenceOf, rightKinds, type RightsRequest, type RightsRequestId } from '../rules.ts'
import { codeIsOut, codesAllowed, secondsToResend } from '../rules/codes.ts'
import { keptOf, keptText, mustKeep, partsOf, type Effects } from '../rules/decision.ts'
import { at, clockPill, home, kindIcons, statePill } from './words.ts'

export type RequestShown = { form?: Form; q?: string; parts?: readonly string[] }

/** Everything about one request on one screen: who, what, whether it is they, what it would touch, and the decision. */
export async function requestPage(
  ctx: Ctx,
  speaker: Speaker,
  id: RightsRequestId,
  { form = emptyForm, q = '', parts }: RequestShown = {},
): Promise<View> {
  const { t } = speaker
  const request = await getRequest(ctx, id)
  const patient = request.patientId === null ? undefined : await findPatient(ctx, request.patientId)
  const effects = patient && request.closedAt === null ? await findEffects(ctx, patient) : undefined
  const answer = (await findAnswer(ctx, id)) as Answer | undefined
  const people = await findPeople(ctx, [request.identityBy, request.handledBy])
  const here = at(ctx, `${home}/${id}`)
  const field = (one: { name: string; [option: string]: unknown }) => ({
    ...one,
    value: form.values[one.name] ?? one.value,
    error: form.errors[one.name],
  })
  const { subject, wishes } = request
  return view('rights/request', {
    title: t(`rights.kind.${request.kind}`),
    scripts: ['/js/error-summary.js'],
    menu: settingsMenu(ctx, speaker, 'privacy'),
    back: { href: at(ctx, home), label: t('rights.list.title') },
    form,
    here,
    icon: kindIcons[request.kind],
    about: t(`rights.about.${request.kind}`),
    reference: referenceOf(id),
    state: statePill(speaker, request),
    clock: clockPill(speaker, request, ctx.now),
    open: request.closedAt === null,
    facts: [
      { label: t('rights.page.who'), text: subject?.name ?? t('rights.erased') },
      ...(subject?.phone ? [{ label: t('rights.field.phone'), text: phoneText(subject.phone), ltr: true }] : []),
      ...(subject?.email ? [{ label: t('rights.field.email'), text: subject.email, ltr: true }] : []),
      { label: t('rights.field.language'), text: languageNames[request.language] },
      { label: t('rights.page.received'), text: speaker.dateTime(request.receivedAt) },
      { label: t('rights.page.due'), text: speaker.date(request.dueAt) },
      { label: t('rights.page.source'), text: t(`rights.source.${request.source}`) },
      ...(request.platformRequestId
        ? [{ label: t('rights.page.platform'), text: platformReferenceOf(request.platformRequestId), ltr: true }]
        : []),
    ],
    words: wishes.words,
    asked: askedFor(speaker, request, patient),
    patientHref: patient ? at(ctx, `/patients/${patient.id}`) : undefined,
    unknown: request.patientId === null,
    kindForm: kindFormOf(speaker, request, field),
    choose: await chooseOf(ctx, speaker, request, q),
    identity: identityOf(ctx, speaker, request, patient, people, field),
    effects: effects && effectsOf(speaker, request, effects),
    nothing: request.patientId === null ? t('rights.effects.nothing') : undefined,
    decide: decideOf(ctx, speaker, request, patient, effects, parts, field),
    answer: answer && {
      ...answer,
      reasonsTitle: t('rights.answer.reasons'),
      sent: t(`rights.sent.${answer.sent}`),
      printHref: `${here}/answer`,
      at: request.answeredAt ? speaker.dateTime(request.answeredAt) : '',
      by: people.get(request.handledBy ?? '') ?? '',
      lang: request.language,
      copy: answer.copy.length > 0 && patient !== undefined,
      handOver: answer.sent === 'by_hand',
    },
  })
}

type Field = (one: { name: string; [option: string]: unknown }) => Record<string, unknown>

const valueOf = (patient: Patient, name: (typeof correctable)[number]): string =>
  name === 'phone' ? phoneText(patient.phone) : (patient[name] ?? '')

/** What is asked in particular: what is wrong and what is right, which messages. */
function askedFor({ t }: Speaker, { kind, wishes }: RightsRequest, patient: Patient | undefined) {
  if (kind === 'correction' && wishes.correction) {
    const wanted = wishes.correction
    return correctable.flatMap((name) =>
      wanted[name] === undefined
        ? []
        : [{ label: t(`rights.field.${name}`), before: patient ? valueOf(patient, name) : '', after: wanted[name] }],
    )
  }
  if ((kind === 'objection' || kind === 'withdrawal') && wishes.purposes) {
    return partsOf(kind, wishes).map((purpose) => ({ label: t(`rights.part.${purpose}`), before: '', after: '' }))
  }
  return []
}

function kindFormOf({ t }: Speaker, request: RightsRequest, field: Field) {
  if (request.closedAt !== null || request.source !== 'platform') return undefined
  return field({
    name: 'kind',
    type: 'select',
    label: t('rights.page.kind'),
    hint: t('rights.page.kind_hint'),
    value: request.kind,
    options: rightKinds.map((value) => ({ value, label: t(`rights.kind.${value}`) })),
  })
}

/** Whose request it is, where nobody has said so yet. */
async function chooseOf(ctx: Ctx, { t }: Speaker, request: RightsRequest, q: string) {
  if (request.patientId !== null || request.state !== 'received') return undefined
  const { subject } = request
  const typed = q === '' ? (subject?.name ?? '') : q
  const byPhone = subject?.phone === undefined || q !== '' ? [] : await listPatientsByPhone(ctx, subject.phone)
  const found = byPhone.length > 0 ? byPhone : await searchPatients(ctx, typed, 8)
  return {
    q: typed,
    none: t('rights.choose.none'),
    people: found.map(({ id, name, phone }) => ({ id, name, phone: phoneText(phone) })),
  }
}

function identityOf(
  ctx: Ctx,
  speaker: Speaker,
  request: RightsRequest,
  patient: Patient | undefined,
  people: ReadonlyMap<string, string>,
  field: Field,
) {
  const { t } = speaker
  if (request.identity !== null && request.identityAt !== null) {
    return {
      proven: t(`rights.identity.proven.${request.identity}`),
      at: speaker.dateTime(request.identityAt),
      by: people.get(request.identityBy ?? ''),
      note: request.identityNote,
    }
  }
  if (request.closedAt !== null) return undefined
  const number = patient?.phone ?? (request.patientId === null ? request.subject?.phone : undefined)
  return {
    number: number && phoneText(number),
    sent: codeIsOut(request, ctx.now),
    waits: secondsToResend(request.codeSentAt, ctx.now) > 0,
    hopeless: request.codesSent >= codesAllowed,
    codeField: field({
      name: 'code',
      label: t('rights.identity.code'),
      hint: t('rights.identity.code_hint'),
      inputmode: 'numeric',
      autocomplete: 'off',
      dir: 'ltr',
      css: 'input-code',
      maxlength: 12,
    }),
    noteField: field({
      name: 'note',
      label: t('rights.identity.note'),
      hint: t('rights.identity.note_hint'),
      maxlength: 500,
    }),
  }
}

/** What would be touched, and what has to stay, before anything happens. */
function effectsOf(speaker: Speaker, { kind }: RightsRequest, effects: Effects) {
  const { t } = speaker
  const count = (name: string, n: number) => ({ label: t(`rights.effects.${name}`), value: speaker.number(n) })
  return {
    lead: t(`rights.effects.lead.${kind}`),
    counts: [
      count('visits', effects.visits),
      ...(effects.recordVisits > 0 ? [count('record_visits', effects.recordVisits)] : []),
      count('open_visits', effects.openVisits),
      count('messages', effects.messages + effects.inbound),
      count('consents', effects.consents),
      count('log', effects.logEntries),
    ],
    underWay: kind === 'erasure' && effects.underWay > 0 ? t('rights.effects.under_way') : undefined,
    hold: effects.hold && kind === 'erasure' ? t('rights.effects.hold', { date: speaker.date(effects.hold.until) }) : undefined,
    kept: kind === 'erasure' ? keptOf(effects).map((one) => keptText(speaker, one)) : [],
  }
} // prettier-ignore

function decideOf(
  ctx: Ctx,
  { t }: Speaker,
  request: RightsRequest,
  patient: Patient | undefined,
  effects: Effects | undefined,
  ticked: readonly string[] | undefined,
  field: Field,
) {
  if (request.closedAt !== null) return undefined
  const { kind, wishes } = request
  const proven = request.identity !== null
  const parts = patient ? partsOf(kind, wishes) : []
  const value = (name: (typeof correctable)[number]) => wishes.correction?.[name] ?? (patient ? valueOf(patient, name) : '')
  return {
    proven,
    decision: field({
      name: 'decision',
      type: 'radio',
      label: t('rights.decide.question'),
      value: '',
      options: [
        { value: 'done', label: t(patient ? `rights.decide.done.${kind}` : 'rights.decide.nothing'), disabled: !proven },
        ...(parts.length > 1
          ? [{ value: 'partly', label: t('rights.decide.partly'), hint: t('rights.decide.partly_hint'), disabled: !proven }]
          : []),
        { value: 'refused', label: t('rights.decide.refused'), hint: t('rights.decide.refused_hint') },
      ],
    }),
    parts: parts.length > 1 ? parts.map((part) => ({
      name: `part_${part}`,
      label: t(`rights.part.${part}`),
      checked: ticked === undefined || ticked.includes(part),
    })) : [],
    corrections: kind === 'correction' && patient ? [
      field({ name: 'correct_name', label: t('rights.field.name'), value: value('name'), autocomplete: 'off' }),
      field({ name: 'correct_phone', type: 'tel', label: t('rights.field.phone'), value: value('phone'), autocomplete: 'off' }),
      field({ name: 'correct_email', type: 'email', label: t('rights.field.email'), value: value('email'), autocomplete: 'off', required: false }),
      field({
        name: 'correct_language', type: 'select', label: t('rights.field.language'), value: value('language'),
        options: Object.entries(languageNames).map(([code, label]) => ({ value: code, label })),
      }),
    ] : [],
    reasons: field({
      name: 'reasons',
      type: 'textarea',
      label: t('rights.decide.reasons'),
      hint: t(effects && mustKeep(kind, effects) ? 'rights.decide.reasons_must' : 'rights.decide.reasons_hint'),
      maxlength: 2_000,
    }),
    tell: kind === 'erasure' && effects && effects.openVisits > 0
      ? field({ name: 'tell', type: 'checkbox', label: t('rights.decide.tell', { count: effects.openVisits }), value: 'yes' })
      : undefined,
    danger: kind === 'erasure',
  }
} // prettier-ignore
