// Taking things along: everything the clinic has, or everything it has about one patient.
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { emptyForm, parseForm } from '../../kernel/forms.ts'
import { clinicRouter, idParam } from '../../platform/web/routers.ts'
import { flash } from '../../platform/web/session.ts'
import { askForExport, cancelExport, openExport } from './actions.ts'
import { takePatient } from './actions/patient.ts'
import { exportListPage, exportPage } from './pages.ts'
import { patientRecordPage } from './pages/patient.ts'
import { patientFile } from './rules/patient.ts'
import { askForm, patientForm } from './schema.ts'

const routes = clinicRouter('export')
export const exportRoutes = routes

/** What belongs to a clinic can be taken along however its subscription stands. */
const always = { whileReadOnly: true, whileLocked: true }
/** And what leaves with everything in it, only for who proved to be the owner: an open screen is not enough. */
const proven = { ...always, stepUp: true } as const
const page = '/settings/export'

routes.get(
  page,
  'clinic.export',
  async ({ speaker, show, inClinic }) => {
    show(await inClinic((ctx) => exportPage(ctx, speaker, emptyForm)))
  },
  proven,
)

// What the page fetches again while something is being made.
routes.get(
  `${page}/list`,
  'clinic.export',
  async ({ speaker, show, inClinic }) => {
    show(await inClinic((ctx) => exportListPage(ctx, speaker)), { layout: 'bare' })
  },
  { ...always, background: true },
)

routes.post(
  page,
  'clinic.export',
  async ({ req, services, speaker, show, redirect, at, inClinic }) => {
    const form = parseForm(askForm, req.body)
    if (!form.ok) return show(await inClinic((ctx) => exportPage(ctx, speaker, form)), { status: 422 })
    const asked = await inClinic((ctx) => askForExport(ctx, services, form.value.password))
    flash(
      req,
      asked.ok ? { kind: 'success', key: 'export.flash.asked' } : { kind: 'info', key: 'export.flash.under_way' },
    )
    await redirect(at(page))
  },
  proven,
)

routes.post(
  `${page}/:id/cancel`,
  'clinic.export',
  async ({ req, redirect, at, inClinic }) => {
    const id = idParam<'export'>(req, 'id')
    const cancelled = await inClinic((ctx) => cancelExport(ctx, id))
    flash(
      req,
      cancelled.ok ? { kind: 'success', key: 'export.flash.cancelled' } : { kind: 'info', key: 'export.flash.over' },
    )
    await redirect(at(page))
  },
  always,
)

// A form, because it is written down who took it.
routes.post(
  `${page}/:id/download`,
  'clinic.export',
  async ({ req, res, services, inClinic }) => {
    const id = idParam<'export'>(req, 'id')
    const file = await inClinic((ctx) => openExport(ctx, services, id))
    res.status(200)
    res.setHeader('Content-Type', 'application/zip')
    res.setHeader('Content-Length', file.bytes)
    res.setHeader('Content-Disposition', `attachment; filename="${file.name}"`)
    try {
      await pipeline(Readable.from(file.pieces), res)
    } catch (error) {
      // Whoever gave up waiting is no error.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error
    }
  },
  proven,
)

routes.post(
  '/patients/:id/export',
  'clinic.export',
  async ({ req, res, speaker, show, inClinic }) => {
    const id = idParam<'patient'>(req, 'id')
    const form = parseForm(patientForm, req.body)
    const format = form.ok ? form.value.format : 'page'
    const answer = await inClinic(async (ctx) => {
      const record = await takePatient(ctx, id, format)
      return format === 'json' ? patientFile(ctx, record) : patientRecordPage(ctx, speaker, record)
    })
    if ('template' in answer) return show(answer)
    res.status(200)
    res.setHeader('Content-Type', 'application/json; charset=utf-8')
    res.setHeader('Content-Disposition', `attachment; filename="${answer.name}"`)
    res.send(answer.text)
  },
  proven,
)
