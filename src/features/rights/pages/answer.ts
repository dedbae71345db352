import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { phoneText, type Phone } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { directionOf } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { getSettings } from '../../availability/actions.ts'
import { headOf, homeOf } from '../../booking/rules/head.ts'
import type { PatientRecord } from '../../export/actions/patient.ts'
import { recordText } from '../../export/rules/patient.ts'
import { findPatient } from '../../patients/queries.ts'
import type { Answer } from '../actions/answer.ts'
import { findAnswer, getRequest } from '../queries/requests.ts'
import { referenceOf, type RightsRequest, type RightsRequestId } from '../rules.ts'
import { codeIsOut, codesAllowed, secondsToResend } from '../rules/codes.ts'
import { only } from '../rules/copy.ts'
import { at, home } from './words.ts'

const storedAnswer = async (ctx: Ctx, id: RightsRequestId): Promise<Answer> =>
  ((await findAnswer(ctx, id)) as Answer | undefined) ?? notFound('answer')

/** For the desk: the answer on paper, to be handed over; undefined before there is one. */
export async function printedAnswerPage(ctx: Ctx, speaker: Speaker, id: RightsRequestId): Promise<View | undefined> {
  const request = await getRequest(ctx, id)
  if (request.answeredAt === null) return undefined
  const answer = await storedAnswer(ctx, id)
  return view('rights/printed', {
    title: speaker.t('rights.answer.title'),
    scripts: ['/js/poster.js'],
    back: { href: at(ctx, `${home}/${id}`), label: referenceOf(id) },
    ...answerText(ctx, speaker, request, answer),
    lang: request.language,
    dir: directionOf(request.language),
  })
}

function answerText(ctx: Ctx, speaker: Speaker, request: RightsRequest, answer: Answer) {
  return {
    clinic: ctx.clinic.name,
    reference: referenceOf(request.id),
    answeredOn: request.answeredAt ? speaker.t('rights.answer.date', { date: speaker.date(request.answeredAt) }) : '',
    paragraphs: answer.paragraphs,
    done: answer.done,
    kept: answer.kept,
    reasons: answer.reasons,
  }
}

export type Url = (path: string) => string
export type AnswerShown = { form?: Form; told?: string | undefined }

/** For whoever has the link: the answer, and behind a code the copy. */
export async function answerPage(
  ctx: Ctx,
  speaker: Speaker,
  url: Url,
  request: RightsRequest,
  token: string,
  { form = emptyForm, told }: AnswerShown = {},
): Promise<View> {
  const { t } = speaker
  const answer = await storedAnswer(ctx, request.id)
  const patient = request.patientId === null ? undefined : await findPatient(ctx, request.patientId)
  const below = (path: string) => homeOf({ clinic: ctx.clinic, url }, `/privacy/answer/${token}/${path}`)
  return view('rights/answer', {
    title: t('rights.answer.title'),
    scripts: ['/js/error-summary.js'],
    ...answerText(ctx, speaker, request, answer),
    clinic: headOf({ clinic: ctx.clinic, settings: await getSettings(ctx), url }),
    form,
    told,
    textLang: request.language,
    textDir: directionOf(request.language),
    copy:
      answer.copy.length > 0 && patient
        ? {
            sendAction: below('code'),
            openAction: below('copy'),
            number: hidden(patient.phone),
            sent: codeIsOut(request, ctx.now),
            waits: secondsToResend(request.codeSentAt, ctx.now) > 0,
            hopeless: request.codesSent >= codesAllowed,
            field: {
              name: 'code',
              label: t('rights.identity.code'),
              hint: t('rights.answer.code_hint'),
              inputmode: 'numeric',
              autocomplete: 'one-time-code',
              dir: 'ltr',
              css: 'input-code',
              maxlength: 12,
              value: form.values.code,
              error: form.errors.code,
            },
          }
        : undefined,
  })
}

/** Enough to know which number is meant, too little to learn it from the page. */
function hidden(phone: Phone): string {
  const text = phoneText(phone)
  const digits = [...text].filter((letter) => /\d/.test(letter)).length
  let seen = 0
  return [...text].map((letter) => (/\d/.test(letter) && ++seen <= digits - 3 ? '•' : letter)).join('')
}

/** The copy as it is read: on the desk for whoever hands it over, on the patient's page for them. */
export async function copyPage(
  ctx: Ctx,
  speaker: Speaker,
  record: PatientRecord,
  parts: readonly string[],
  from: { back: { href: string; label: string }; url?: Url },
): Promise<View> {
  const { clinic, facts, ...text } = recordText(ctx, speaker, only(record, parts))
  const page = { ...text, facts: parts.includes('details') ? facts : [], back: from.back }
  if (!from.url) return view('export/patient', { ...page, clinic })
  const head = headOf({ clinic: ctx.clinic, settings: await getSettings(ctx), url: from.url })
  return view('rights/copy', { ...page, clinic: head })
}
