// For whoever runs Nabz: versions of the policies.
import { parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import { policyCodes, type PolicyCode } from '../../../kernel/policies.ts'
import { languages } from '../../../platform/i18n/languages.ts'
import type { Words } from '../../../platform/policies.ts'
import type { Services } from '../../../platform/services.ts'
import { idParam, operatorRouter, type AccountRequest } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { presentText } from '../actions/texts.ts'
import { draftPolicy, dropDraft, publishPolicy, savePlan, type Plan } from '../actions/versions.ts'
import { policiesPage, policyVersionPage } from '../pages/console.ts'
import { draftForm, planForm } from '../schema.ts'

const routes = operatorRouter('policies')
export const policyConsoleRoutes = routes

const handling = ({ services, origin, person }: AccountRequest) => ({ services, origin, actorId: person.userId })
const presentOf = (services: Services) => (code: PolicyCode) => presentText(services, code).sha256

function allPresent(services: Services): Record<PolicyCode, string> {
  const hash = presentOf(services)
  return Object.fromEntries(policyCodes.map((code) => [code, hash(code)])) as Record<PolicyCode, string>
}

routes.get('/policies', 'console.operate', async ({ services, speaker, show }) => {
  show(await policiesPage(services, speaker, allPresent(services)))
})

routes.post('/policies/drafts', 'console.operate', async (request) => {
  const { req, services, speaker, show, redirect } = request
  const form = parseForm(draftForm, req.body)
  if (!form.ok) return show(await policiesPage(services, speaker, allPresent(services)), { status: 422 })
  const drafted = await draftPolicy(handling(request), form.value.policy)
  flash(
    req,
    drafted.ok
      ? { kind: 'success', key: 'policies.flash.drafted' }
      : { kind: 'info', key: `policies.error.${drafted.reason}` },
  )
  await redirect(drafted.ok ? `/admin/policies/${drafted.value}` : '/admin/policies')
})

routes.get('/policies/:id', 'console.operate', async (request) => {
  const { req, services, speaker, show } = request
  const id = idParam<'policy_version'>(req, 'id')
  show(await policyVersionPage(services, speaker, id, presentOf(services)))
})

routes.post('/policies/:id', 'console.operate', async (request) => {
  const { req, services, speaker, redirect } = request
  const id = idParam<'policy_version'>(req, 'id')
  const again = async (form: Form, status: number) =>
    request.show(await policyVersionPage(services, speaker, id, presentOf(services), form), { status })
  const form = parseForm(planForm, req.body)
  if (!form.ok) return again(form, 422)
  const { material, effective, publish, ...words } = form.value
  const summaries = Object.fromEntries(languages.map((lang) => [lang, words[`summary_${lang}`] ?? ''])) as Words
  const plan: Plan = { material: material === 'yes', summaries, effectiveAt: effective }
  if (publish === undefined) {
    const saved = await savePlan(handling(request), id, plan)
    if (!saved.ok) return again(withErrors(form, { form: `policies.error.${saved.reason}` }), 409)
    flash(req, { kind: 'success', key: 'policies.flash.saved' })
    return redirect(`/admin/policies/${id}`)
  }
  const missing = languages.filter((lang) => summaries[lang] === '')
  if (missing.length > 0) {
    return again(
      withErrors(
        form,
        Object.fromEntries(missing.map((lang) => [`summary_${lang}`, 'policies.error.summary_required'])),
      ),
      422,
    )
  }
  const published = await publishPolicy(handling(request), id, plan)
  if (!published.ok) {
    const { reason } = published
    const field = reason === 'frozen' || reason === 'outdated' ? 'form' : 'effective'
    return again(withErrors(form, { [field]: `policies.error.${reason}` }), field === 'form' ? 409 : 422)
  }
  flash(req, { kind: 'success', key: 'policies.flash.published' })
  await redirect(`/admin/policies/${id}`)
})

routes.post('/policies/:id/drop', 'console.operate', async (request) => {
  const { req, redirect } = request
  const dropped = await dropDraft(handling(request), idParam<'policy_version'>(req, 'id'))
  flash(
    req,
    dropped.ok ? { kind: 'success', key: 'policies.flash.dropped' } : { kind: 'info', key: 'policies.error.frozen' },
  )
  await redirect('/admin/policies')
})
