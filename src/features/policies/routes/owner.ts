// For owners: what to accept, what was accepted, and what changes.
import { parseForm } from '../../../kernel/forms.ts'
import { clinicRouter } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { acceptPolicies } from '../actions/acceptance.ts'
import { comparePage, ownerPoliciesPage } from '../pages/owner.ts'
import { acceptanceForm, compareQuery } from '../schema.ts'

const routes = clinicRouter('policies')
export const policyOwnerRoutes = routes

/** Also for whoever is about to leave: what they agreed to is theirs to read. */
const always = { whileReadOnly: true, whileLocked: true }
const page = '/settings/privacy/policies'

routes.get(
  page,
  'clinic.privacy',
  async ({ services, speaker, person, show, inClinic }) => {
    const scene = { speaker, published: services.policies.published() }
    show(await inClinic((ctx) => ownerPoliciesPage(ctx, scene, person)))
  },
  always,
)

routes.get(
  `${page}/compare`,
  'clinic.privacy',
  async ({ req, services, speaker, clinic, show, redirect, at }) => {
    const asked = compareQuery.safeParse(req.query)
    // Without two versions there is nothing to compare, and the page tells which there are.
    if (!asked.success) return redirect(at(page))
    show(comparePage({ clinic }, { speaker, published: services.policies.published() }, asked.data))
  },
  always,
)

routes.post(
  `${page}/acceptance`,
  'clinic.privacy',
  async ({ req, services, origin, speaker, person, clinic, redirect, at }) => {
    const form = parseForm(acceptanceForm, req.body)
    const by = { userId: person.userId, clinic, language: speaker.lang }
    const accepted = form.ok ? await acceptPolicies(services, origin, by, form.value.versions) : 0
    flash(
      req,
      accepted > 0
        ? { kind: 'success', key: 'policies.flash.accepted' }
        : { kind: 'info', key: 'policies.error.nothing_to_accept' },
    )
    await redirect(at(page))
  },
  always,
)
