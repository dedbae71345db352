// A doctor is late or away, or a place is closed: said, looked at, done, and taken back.
import { parseForm, withErrors } from '../../kernel/forms.ts'
import { parseId } from '../../kernel/ids.ts'
import { parseDate } from '../../kernel/time.ts'
import { parseLanguage } from '../../platform/i18n/languages.ts'
import { clinicRouter, idParam, type ClinicRequest } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { declare } from './actions/declare.ts'
import { planFor } from './actions/plan.ts'
import { tellNow, undoDisruption } from './actions/undo.ts'
import { declarePage, previewPage, type Asked } from './pages/declare.ts'
import { disruptionPage, disruptionsPage } from './pages/disruption.ts'
import { parseDeclaration, type Declaration } from './rules.ts'
import { chosenIn, declarationForm, type Chosen } from './schema.ts'

const routes = clinicRouter('disruptions')
export const disruptionRoutes = routes

const bodyOf = ({ req }: ClinicRequest) => (req.body ?? {}) as Record<string, unknown>

routes.get('/disruptions', 'appointments.move', async ({ speaker, show, inClinic }) => {
  show(await inClinic((ctx) => disruptionsPage(ctx, speaker)))
})

routes.get('/disruptions/new', 'appointments.move', async ({ req, speaker, show, inClinic }) => {
  const asked: Asked = {
    practitionerId: parseId<'practitioner'>(req.query.practitioner),
    locationId: parseId<'location'>(req.query.location),
    from: parseDate(req.query.from),
    to: parseDate(req.query.to),
  }
  show(await inClinic((ctx) => declarePage(ctx, speaker, asked)))
})

/** First what is the matter, then what it does to whom, then the doing: one address, told apart by what is sent. */
routes.post('/disruptions/new', 'appointments.move', async (request) => {
  const body = bodyOf(request)
  const declaration = parseDeclaration(body.declared)
  if (!declaration) return look(request)
  const chosen = chosenIn(body)
  if (body.step !== 'confirm') return preview(request, declaration, chosen, { changed: false, status: 200 })
  return confirm(request, declaration, chosen, typeof body.shown === 'string' ? body.shown : '')
})

const nothing = { practitionerId: undefined, locationId: undefined, from: undefined, to: undefined }

async function look(request: ClinicRequest): Promise<void> {
  const { speaker, show, inClinic, clinic, services } = request
  const form = parseForm(declarationForm(clinic.zone, services.clock.now()), bodyOf(request))
  if (!form.ok) return show(await inClinic((ctx) => declarePage(ctx, speaker, nothing, form)), { status: 422 })
  await preview(request, form.value, undefined, { changed: false, status: 200 })
}

async function preview(
  request: ClinicRequest,
  declaration: Declaration,
  chosen: Chosen | undefined,
  { changed, status }: { changed: boolean; status: number },
): Promise<void> {
  const { speaker, show, inClinic, services } = request
  const page = await inClinic(async (ctx) => {
    const plan = await planFor(ctx, declaration, chosen?.choices ?? new Map(), { lock: false })
    if (!plan.ok) {
      const errors = { to_date: 'disruptions.error.too_many' }
      return { page: await declarePage(ctx, speaker, nothing, withErrors({ values: {} }, errors)), status: 422 }
    }
    const state = { declaration, plan: plan.value, seen: chosen, changed }
    return { page: await previewPage(ctx, speaker, services.speakers, state), status }
  })
  show(page.page, { status: page.status })
}

async function confirm(request: ClinicRequest, declaration: Declaration, chosen: Chosen, shown: string): Promise<void> {
  const { req, speaker, services, clinic, inClinic, redirect, at } = request
  // Settings show it to whoever runs the clinic, in its own language.
  const words = services.speakers(parseLanguage(clinic.language) ?? 'en', clinic)
  const reason = words.t(`disruptions.reason.${declaration.kind}`)
  const declared = await inClinic((ctx) => declare(ctx, declaration, chosen.choices, shown, reason))
  if (!declared.ok) return preview(request, declaration, chosen, { changed: true, status: 409 })
  const { id, told, tellsAt } = declared.value
  flash(req, {
    kind: 'success',
    key: told === 0 ? 'disruptions.flash.done' : 'disruptions.flash.done_told',
    params: told === 0 ? {} : { count: told, time: speaker.time(tellsAt) },
    undo: at(`/disruptions/${id}/undo`),
  })
  await redirect(at(`/disruptions/${id}`))
}

routes.get('/disruptions/:id', 'appointments.move', async ({ req, speaker, show, inClinic }) => {
  const id = idParam<'disruption'>(req, 'id')
  show(await inClinic((ctx) => disruptionPage(ctx, speaker, id)))
})

routes.post('/disruptions/:id/undo', 'appointments.move', async ({ req, inClinic, redirect, at }) => {
  const id = idParam<'disruption'>(req, 'id')
  const undone = await inClinic((ctx) => undoDisruption(ctx, id))
  if (undone.ok) {
    const { left, told } = undone.value
    const key = left > 0 ? 'undone_left' : told ? 'undone_told' : 'undone'
    flash(req, { kind: 'success', key: `disruptions.flash.${key}`, params: left > 0 ? { count: left } : {} })
  } else flash(req, { kind: 'error', key: `disruptions.refused.${undone.reason}` })
  await redirect(at(`/disruptions/${id}`))
})

routes.post('/disruptions/:id/now', 'appointments.move', async ({ req, inClinic, redirect, at }) => {
  const id = idParam<'disruption'>(req, 'id')
  const sent = await inClinic((ctx) => tellNow(ctx, id))
  flash(
    req,
    sent.ok
      ? { kind: 'success', key: 'disruptions.flash.sent', params: { count: sent.value } }
      : { kind: 'error', key: `disruptions.refused.${sent.reason}` },
  )
  await redirect(at(`/disruptions/${id}`))
})
