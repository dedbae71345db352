// The waiting list at the desk. Everything works without scripts; taking somebody off can be taken back.
import { parseForm, type Form } from '../../kernel/forms.ts'
import { parseId } from '../../kernel/ids.ts'
import { dateAt } from '../../kernel/time.ts'
import { parseLanguage } from '../../platform/i18n/languages.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { clinicRouter, idParam, type ClinicRequest } from '../../platform/web/routers.ts'
import type { View } from '../../platform/web/views.ts'
import { flash } from '../../platform/web/session.ts'
import { changeWaitlistSettings, findPlace, joinList, leaveList, restoreEntry } from './actions/join.ts'
import { lookToOffer, offerByHand } from './actions/by-hand.ts'
import { listFreeSlots, listSuiting } from './actions/suiting.ts'
import { addPage } from './pages/add.ts'
import { nameOf } from './pages/frame.ts'
import { listPage } from './pages/list.ts'
import { offerPage } from './pages/offer.ts'
import { settingsPage } from './pages/settings.ts'
import { datesWrong, typedWish, wishOf } from './rules/wish.ts'
import {
  addKnownForm,
  addNewForm,
  listQuery,
  offerForm,
  offerQuery,
  patientIn,
  settingsForm,
  type OfferQuery,
} from './schema.ts'

const routes = clinicRouter('waitlist')
export const waitlistRoutes = routes

const isolated = (name: string) => `\u2068${name}\u2069`

routes.get('/waiting-list', 'appointments.book', async ({ req, speaker, inClinic, show }) => {
  show(await inClinic((ctx) => listPage(ctx, speaker, listQuery(req.query))))
})

routes.get('/waiting-list/new', 'appointments.book', async ({ req, speaker, inClinic, show }) => {
  const patientId = parseId<'patient'>(req.query.patient)
  const { service, practitioner } = req.query
  const values: Record<string, string> = {
    ...(typeof service === 'string' ? { service: service.slice(0, 40) } : {}),
    ...(typeof practitioner === 'string' ? { practitioners: practitioner.slice(0, 40) } : {}),
  }
  show(await inClinic((ctx) => addPage(ctx, speaker, { patientId, form: { values, errors: {} } })))
})

routes.post('/waiting-list/new', 'appointments.book', async (request) => {
  const { req, clinic, speaker, services, inClinic, show, redirect, at } = request
  const body = (req.body ?? {}) as Record<string, unknown>
  const patientId = patientIn(body)
  const typed = { ...typedWish(body), ...(typeof body.agreed === 'string' ? { agreed: body.agreed.slice(0, 10) } : {}) }
  const again = async (status: number, form: Form, more: { refused?: string } = {}) =>
    show(await inClinic((ctx) => addPage(ctx, speaker, { patientId, form, ...more })), { status })
  const named = patientId === undefined ? parseForm(addNewForm(clinic.country), typed) : undefined
  const parsed = named ?? parseForm(addKnownForm, typed)
  if (!parsed.ok) return again(422, { values: typed, errors: parsed.errors })
  const wrong = datesWrong(parsed.value, dateAt(services.clock.now(), clinic.zone))
  if (Object.keys(wrong).length > 0) return again(422, { values: typed, errors: wrong })
  const wish = wishOf(parsed.value.service, parsed.value)
  const [free] = await inClinic((ctx) => listSuiting(ctx, wish, { most: 1 }))
  if (free) {
    const page = await inClinic((ctx) =>
      addPage(ctx, speaker, { patientId, form: { values: typed, errors: {} }, free }),
    )
    return show(page, { status: 409 })
  }
  const language = parseLanguage(clinic.language) ?? 'en'
  const patient = named?.ok
    ? {
        name: named.value.name,
        phone: named.value.phone,
        email: undefined,
        language,
        proven: false,
        consentWording: 'waiting_desk' as const,
      }
    : patientId && { id: patientId, agreed: true }
  if (!patient) return again(422, { values: typed, errors: { name: 'waitlist.error.patient' } })
  const joined = await inClinic((ctx) => joinList(ctx, { patient, wish, language, source: 'desk' }))
  if (!joined.ok) return again(409, { values: typed, errors: {} }, { refused: joined.reason })
  const name = await inClinic(async (ctx) => nameOf(speaker, await findPlace(ctx, joined.value.id)))
  flash(req, { kind: 'success', key: 'waitlist.desk.added', params: { name: isolated(name) } })
  await redirect(at('/waiting-list'))
})

routes.post('/waiting-list/:id/removal', 'appointments.book', async ({ req, speaker, inClinic, redirect, at }) => {
  const id = idParam<'waiting_entry'>(req, 'id')
  const entry = await inClinic((ctx) => leaveList(ctx, id, 'desk'))
  flash(req, {
    kind: 'success',
    key: 'waitlist.desk.removed',
    params: { name: isolated(nameOf(speaker, entry)) },
    undo: at(`/waiting-list/${id}/removal/undo`),
  })
  await redirect(at('/waiting-list'))
})

routes.post('/waiting-list/:id/removal/undo', 'appointments.book', async ({ req, speaker, inClinic, redirect, at }) => {
  const id = idParam<'waiting_entry'>(req, 'id')
  const restored = await inClinic((ctx) => restoreEntry(ctx, id))
  if (restored.ok) {
    const name = isolated(nameOf(speaker, restored.value))
    flash(req, { kind: 'success', key: 'waitlist.desk.restored', params: { name } })
  } else flash(req, { kind: 'error', key: 'waitlist.desk.not_restored' })
  await redirect(at('/waiting-list'))
})

routes.get('/waiting-list/offer', 'appointments.book', async ({ req, speaker, inClinic, show }) => {
  show(await inClinic((ctx) => shownToOffer(ctx, speaker, offerQuery(req.query))))
})

routes.post('/waiting-list/offer', 'appointments.book', async (request) => {
  const { req, speaker, inClinic, show, redirect, at } = request
  const form = parseForm(offerForm, req.body)
  const asked = offerQuery((req.body ?? {}) as Record<string, unknown>)
  if (!form.ok) return show(await inClinic((ctx) => shownToOffer(ctx, speaker, asked, { form })), { status: 422 })
  const { service, slot, people } = form.value
  const sent = await inClinic(async (ctx) => {
    const span = { from: slot.startsAt, to: slot.startsAt.add({ minutes: 1 }) }
    const [free] = (await listFreeSlots(ctx, service, span)).filter(
      (one) => one.practitionerId === slot.practitionerId && one.startsAt.equals(slot.startsAt),
    )
    return free ? offerByHand(ctx, free, people) : { ok: false as const, reason: 'slot_taken' as const }
  })
  if (!sent.ok) {
    return show(await inClinic((ctx) => shownToOffer(ctx, speaker, asked, { refused: sent.reason })), { status: 409 })
  }
  flash(req, {
    kind: 'success',
    key: 'waitlist.desk.sent',
    params: { count: sent.value, when: speaker.dateTime(slot.startsAt) },
  })
  await redirect(at('/waiting-list'))
})

routes.get('/settings/waiting-list', 'clinic.settings', async ({ speaker, inClinic, show }) => {
  show(await inClinic((ctx) => settingsPage(ctx, speaker)))
})

routes.post('/settings/waiting-list', 'clinic.settings', async ({ req, speaker, inClinic, show, redirect, at }) => {
  const form = parseForm(settingsForm, req.body)
  if (!form.ok) return show(await inClinic((ctx) => settingsPage(ctx, speaker, form)), { status: 422 })
  await inClinic((ctx) => changeWaitlistSettings(ctx, form.value))
  flash(req, { kind: 'success', key: 'waitlist.settings.saved' })
  await redirect(at('/settings/waiting-list'))
})

const shownToOffer = async (
  ctx: Ctx,
  speaker: ClinicRequest['speaker'],
  asked: OfferQuery,
  wrong: Parameters<typeof offerPage>[4] = {},
): Promise<View> => offerPage(ctx, speaker, asked, await lookToOffer(ctx, asked), wrong)
