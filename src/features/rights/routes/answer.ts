// What a patient sees who follows the link to an answer. No account and no session: the link is long, and the copy is
// behind a code.
import { parseForm, withErrors } from '../../../kernel/forms.ts'
import { notFound } from '../../../platform/errors.ts'
import { patientRouter, type PatientRequest } from '../../../platform/web/routers.ts'
import { codeIn } from '../../booking/rules/codes.ts'
import { patientFile } from '../../export/rules/patient.ts'
import { findByAnswer } from '../actions/answer.ts'
import { takeCopy } from '../actions/copy.ts'
import { sendIdentityCode, tryIdentityCode } from '../actions/identity.ts'
import { answerPage, copyPage, type AnswerShown } from '../pages/answer.ts'
import { only } from '../rules/copy.ts'
import { answerCopyForm } from '../schema.ts'

const routes = patientRouter('rights')
export const answerRoutes = routes

const page = '/privacy/answer/:token'

async function answerOf({ req, inClinic }: PatientRequest) {
  const token = String(req.params.token)
  const request = await inClinic((ctx) => findByAnswer(ctx, token))
  return request ? { token, request } : notFound('answer')
}

async function showAnswer(asked: PatientRequest, shown: AnswerShown, status = 200): Promise<void> {
  const { token, request } = await answerOf(asked)
  asked.res.setHeader('Cache-Control', 'no-store')
  asked.res.setHeader('Referrer-Policy', 'no-referrer')
  asked.show(await asked.inClinic((ctx) => answerPage(ctx, asked.speaker, asked.url, request, token, shown)), {
    status,
  })
}

routes.get(page, 'public', (asked) => showAnswer(asked, {}))

routes.post(`${page}/code`, 'public', async (asked) => {
  const { services, clinic, origin, inClinic, speaker } = asked
  const { request } = await answerOf(asked)
  const sent = await sendIdentityCode({ services, clinic, origin, inClinic }, request.id, 'answer')
  if (sent.ok) return showAnswer(asked, { told: speaker.t('rights.flash.code_sent') })
  await showAnswer(asked, { form: { values: {}, errors: { form: `rights.refused.${sent.reason}` } } }, 409)
})

routes.post(`${page}/copy`, 'public', async (asked) => {
  const { req, res, services, clinic, origin, inClinic, speaker, show, url } = asked
  const { token, request } = await answerOf(asked)
  const form = parseForm(answerCopyForm, req.body)
  if (!form.ok) return showAnswer(asked, { form }, 422)
  const digits = codeIn(form.value.code)
  if (digits === undefined) return showAnswer(asked, { form: withErrors(form, { code: 'rights.error.code' }) }, 422)
  const tried = await tryIdentityCode({ services, clinic, origin, inClinic }, request.id, digits, 'answer')
  if (!tried.ok) {
    return showAnswer(asked, { form: withErrors(form, { code: `rights.error.code_${tried.reason}` }) }, 422)
  }
  const { format } = form.value
  res.setHeader('Cache-Control', 'no-store')
  const copy = await inClinic(async (ctx) => {
    const { record, parts } = (await takeCopy(ctx, request.id, format)) ?? notFound('copy')
    if (format === 'json') return patientFile(ctx, only(record, parts))
    const back = { href: url(`/c/${clinic.slug}/privacy/answer/${token}`), label: speaker.t('rights.answer.title') }
    return copyPage(ctx, speaker, record, parts, { back, url })
  })
  if ('template' in copy) return show(copy)
  res.status(200)
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Disposition', `attachment; filename="${copy.name}"`)
  res.send(copy.text)
})
