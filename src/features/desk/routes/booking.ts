import { emptyForm, parseForm, withErrors, type Form } from '../../../kernel/forms.ts'
import type { AppointmentId, PatientId, ServiceId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import type { Permission } from '../../../kernel/permissions.ts'
import type { Phone } from '../../../kernel/phone.ts'
import { localInstant } from '../../../kernel/time.ts'
import { parseLanguage } from '../../../platform/i18n/languages.ts'
import { idParam, type ClinicRequest, type Routes } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { undoMove } from '../../appointments/actions/undo-move.ts'
import type { Answer } from '../../appointments/rules.ts'
import { answersIn, questionsOf } from '../../appointments/rules/answers.ts'
import { settingsOf } from '../../availability/actions.ts'
import { isFull } from '../../subscription/rules/usage.ts'
import { answerLater, bookForCaller, moveForCaller, placeOf, standingOf, type Told } from '../actions.ts'
import { bookingPage, fullPage, peoplePage, type BookingState } from '../pages/booking.ts'
import { answersPage, dayHref, movePage, visitPage } from '../pages/visit.ts'
import { nameOf } from '../pages/words.ts'
import { ownPath, parseSlot, type SlotChoice } from '../rules.ts'
import { bookingDraft, callerForm, overbookForm, placeForm, timesAsked, type BookingDraft } from '../schema.ts'
import { backOf, withBack } from './steps.ts'

type Typed = Record<string, unknown>
const bodyOf = ({ req }: ClinicRequest): Typed => (req.body ?? {}) as Typed
const explicitBack = ({ at }: ClinicRequest, typed: Typed) => ownPath(typed.back, at(''), '') || undefined

export function bookingRoutes(routes: Routes<ClinicRequest, Permission>): void {
  routes.get('/appointments/new', 'appointments.book', async (request) => {
    const { req, speaker, inClinic, show, clinic, services } = request
    if (isFull(clinic, 'bookings', services.clock.now())) return showFull(request, 200)
    const draft = bookingDraft(strings(req.query), false)
    show(await inClinic((ctx) => bookingPage(ctx, speaker, { draft, back: explicitBack(request, req.query) })))
  })

  // For the page's script: without it the form itself asks the same.
  routes.get('/appointments/new/people', 'appointments.book', async (request) => {
    const { req, speaker, inClinic, show } = request
    const typed = strings(req.query).q ?? ''
    const back = explicitBack(request, req.query)
    show(await inClinic((ctx) => peoplePage(ctx, speaker, typed, timesAsked(req.query), back)), { layout: 'bare' })
  })

  routes.post('/appointments/new', 'appointments.book', async (request) => {
    const typed = bodyOf(request)
    if (typed.step === 'overbook') return overbook(request)
    const slot = parseSlot(typed.slot)
    if (slot && typeof typed.repeat === 'string' && typed.repeat !== '') {
      const filled = await filledIn(request, slot.serviceId, typed)
      if ('form' in filled) return again(request, filled, 422)
      // The same form, sent on: whom it is for is no part of an address.
      return request.res.redirect(307, request.at('/series/plan'))
    }
    if (slot) return book(request, slot)
    // A search, another day, another service: nothing is booked, the page comes again with what is now asked.
    await again(request, { find: typed.step === 'find' }, typed.slot === undefined ? 200 : 422)
  })

  routes.get('/appointments/:id', 'today.see', async ({ req, speaker, inClinic, show }) => {
    const id = idParam<'appointment'>(req, 'id')
    show(await inClinic((ctx) => visitPage(ctx, speaker, id)))
  })

  routes.get('/appointments/:id/answers', 'appointments.book', async ({ req, speaker, inClinic, show }) => {
    const id = idParam<'appointment'>(req, 'id')
    show(await inClinic((ctx) => answersPage(ctx, speaker, id)))
  })
  routes.post('/appointments/:id/answers', 'appointments.book', answer)

  routes.get('/appointments/:id/move', 'appointments.move', async (request) => {
    const { req, speaker, inClinic, show } = request
    const id = idParam<'appointment'>(req, 'id')
    const state = { times: timesAsked(req.query), back: backOf(request, id), later: req.query.scope === 'later' }
    show(await inClinic((ctx) => movePage(ctx, speaker, id, state)))
  })
  routes.post('/appointments/:id/move/undo', 'appointments.move', takeMoveBack)
  routes.post('/appointments/:id/move', 'appointments.move', async (request) => {
    const { req, speaker, inClinic, show } = request
    const id = idParam<'appointment'>(req, 'id')
    const typed = bodyOf(request)
    // From the address when a flash takes the move back.
    const slot = parseSlot(typed.slot ?? req.query.slot)
    if (slot && typed.scope === 'later') return request.res.redirect(307, request.at(`/appointments/${id}/later/move`))
    if (slot) return move(request, id, slot)
    if (typed.step === 'place' || typed.step === 'overbook') return moveToTyped(request, id, typed)
    const state = { times: timesAsked(typed), back: backOf(request, id), later: typed.scope === 'later' }
    show(await inClinic((ctx) => movePage(ctx, speaker, id, state)))
  })
}

async function answer(request: ClinicRequest): Promise<void> {
  const { req, speaker, inClinic, show, redirect, at } = request
  const id = idParam<'appointment'>(req, 'id')
  const typed = bodyOf(request)
  const errors = await inClinic((ctx) => answerLater(ctx, id, typed))
  if (errors) {
    const form = withErrors({ values: strings(typed) }, errors)
    return show(await inClinic((ctx) => answersPage(ctx, speaker, id, form)), { status: 422 })
  }
  flash(req, { kind: 'success', key: 'desk.flash.answers_saved' })
  await redirect(at(`/appointments/${id}`))
}

async function takeMoveBack(request: ClinicRequest): Promise<void> {
  const { req, speaker, inClinic, redirect } = request
  const id = idParam<'appointment'>(req, 'id')
  const undone = await inClinic((ctx) => undoMove(ctx, id))
  flash(
    req,
    undone.ok
      ? {
          kind: 'success',
          key: 'desk.flash.move_undone',
          params: { name: isolated(nameOf(speaker, undone.value)), when: speaker.dateTime(undone.value.startsAt) },
        }
      : { kind: 'error', key: `desk.refused.${undone.reason}` },
  )
  await redirect(backOf(request, id))
}

async function again(request: ClinicRequest, change: Partial<BookingState>, status: number): Promise<void> {
  const { speaker, inClinic, show } = request
  const typed = bodyOf(request)
  const state = { draft: draftOf(typed), back: explicitBack(request, typed), ...change }
  show(await inClinic((ctx) => bookingPage(ctx, speaker, state)), { status })
}

const draftOf = (typed: Typed): BookingDraft => bookingDraft(strings(typed), true)

function strings(typed: Typed): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(typed)) {
    if (typeof value === 'string' && name !== '_csrf') values[name] = value.slice(0, 500)
  }
  return values
}

async function showFull(request: ClinicRequest, status: number): Promise<void> {
  const { speaker, inClinic, show, req } = request
  const back = explicitBack(request, req.method === 'GET' ? req.query : bodyOf(request))
  show(await inClinic((ctx) => Promise.resolve(fullPage(ctx, speaker, back))), { status })
}

type Caller = { id: PatientId } | { name: string; phone: Phone }

/** Who the visit is for, somebody chosen or somebody new by name and phone, and their answers; or what is wrong there. */
async function filledIn(
  request: ClinicRequest,
  serviceId: ServiceId,
  typed: Typed,
): Promise<{ caller: Caller; answers: Answer[] } | { form: Form }> {
  const { patientId, values } = draftOf(typed)
  const parsed = patientId ? undefined : parseForm(callerForm(request.clinic.country), typed)
  const { answers, errors } = answersIn(questionsOf(await settingsOf(request), serviceId), typed)
  const caller = patientId ? { id: patientId } : parsed?.ok ? parsed.value : undefined
  if (caller && Object.keys(errors).length === 0) return { caller, answers }
  const wrong = parsed?.ok === false ? parsed : { values, errors: {} }
  return { form: withErrors(wrong, { ...wrong.errors, ...errors }) }
}

async function book(request: ClinicRequest, slot: SlotChoice, overbookReason?: string): Promise<void> {
  const { inClinic, clinic } = request
  const typed = bodyOf(request)
  const draft = draftOf(typed)
  if (draft.times.serviceId !== undefined && draft.times.serviceId !== slot.serviceId) {
    return again(request, { stale: true }, 422)
  }
  const filled = await filledIn(request, slot.serviceId, typed)
  if ('form' in filled) return again(request, filled, 422)
  const booked = await inClinic((ctx) =>
    bookForCaller(ctx, {
      slot,
      patient: filled.caller,
      language: draft.language ?? parseLanguage(clinic.language) ?? 'en',
      agreed: draft.agreed === true,
      asFollowUp: draft.values.as_follow_up !== undefined,
      answers: filled.answers,
      ...(overbookReason === undefined ? {} : { overbookReason }),
    }),
  )
  if (booked.ok) return afterBooking(request, booked.value)
  if (booked.reason === 'month_full') return showFull(request, 409)
  if (booked.reason === 'not_offered') return again(request, { stale: true }, 422)
  await again(request, { lost: slot, form: emptyForm }, 409)
}

/** Books on top of what is there, at a time typed by hand, for a doctor who was named and a reason that was given. */
async function overbook(request: ClinicRequest): Promise<void> {
  const { inClinic, clinic } = request
  const typed = bodyOf(request)
  const { times, values } = draftOf(typed)
  const parsed = parseForm(overbookForm, typed)
  const doctor = typeof times.practitionerId === 'string' && times.practitionerId !== 'any' ? times.practitionerId : undefined
  const startsAt = parsed.ok && times.date ? localInstant(times.date, parsed.value.time, clinic.zone) : undefined
  const errors = {
    ...(parsed.ok ? {} : parsed.errors),
    ...(doctor ? {} : { practitioner: 'desk.error.doctor_required' }),
    ...(parsed.ok && !startsAt ? { time: 'desk.error.no_such_time' } : {}),
  }
  if (!parsed.ok || !doctor || !startsAt || !times.serviceId) {
    return again(request, { form: withErrors({ values }, errors) }, 422)
  }
  const { serviceId, locationId, date } = times
  const place = await inClinic((ctx) => placeOf(ctx, doctor, locationId, date))
  if (!place) return again(request, { stale: true }, 422)
  await book(request, { serviceId, practitionerId: doctor, locationId: place, startsAt }, parsed.value.reason)
} // prettier-ignore

async function afterBooking(request: ClinicRequest, { appointment, messageAt }: Told): Promise<void> {
  const { req, speaker, redirect, at, inClinic } = request
  const day = await inClinic((ctx) => Promise.resolve(dayHref(ctx, appointment)))
  const back = explicitBack(request, bodyOf(request)) ?? day
  flash(req, {
    kind: 'success',
    key: messageAt ? 'desk.flash.booked_told' : 'desk.flash.booked',
    params: {
      name: isolated(nameOf(speaker, appointment)),
      when: speaker.dateTime(appointment.startsAt),
      doctor: isolated(appointment.practitionerName),
      ...(messageAt ? { time: speaker.time(messageAt) } : {}),
    },
    undo: withBack(at(`/appointments/${appointment.id}/cancellation`), back),
  })
  await redirect(back)
}

/**
 * Moves a visit to a doctor, day and time that were typed, or drawn on the calendar, and need not be listed anywhere. To
 * `place` it there the time has to be free; `overbook` puts it on top of what is there and says why.
 */
async function moveToTyped(request: ClinicRequest, id: AppointmentId, typed: Typed): Promise<void> {
  const { speaker, inClinic, show, clinic } = request
  const times = timesAsked(typed)
  const onTop = typed.step === 'overbook'
  const parsed = onTop ? parseForm(overbookForm, typed) : parseForm(placeForm, typed)
  const startsAt = parsed.ok && times.date ? localInstant(times.date, parsed.value.time, clinic.zone) : undefined
  const slot = await inClinic(async (ctx): Promise<SlotChoice | undefined> => {
    const { practitionerId: before, serviceId } = await standingOf(ctx, id)
    const asked = times.practitionerId
    const practitionerId = asked === undefined || asked === 'any' ? before : asked
    const locationId = await placeOf(ctx, practitionerId, times.locationId, times.date)
    return startsAt && locationId ? { serviceId, practitionerId, locationId, startsAt } : undefined
  })
  if (parsed.ok && slot) {
    const reason = 'reason' in parsed.value && typeof parsed.value.reason === 'string' ? parsed.value.reason : undefined
    return move(request, id, slot, reason)
  }
  const errors = parsed.ok ? { time: 'desk.error.no_such_time' } : parsed.errors
  const form = withErrors({ values: strings(typed) }, errors)
  const state = { times, back: backOf(request, id), form }
  show(await inClinic((ctx) => movePage(ctx, speaker, id, state)), { status: 422 })
}

async function move(
  request: ClinicRequest,
  id: AppointmentId,
  slot: SlotChoice,
  overbookReason?: string,
): Promise<void> {
  const { req, speaker, inClinic, redirect, show, at } = request
  const back = backOf(request, id)
  const moved = await inClinic((ctx) => moveForCaller(ctx, id, slot, overbookReason))
  if (moved.ok) {
    const { appointment, messageAt } = moved.value
    flash(req, {
      kind: 'success',
      key: messageAt ? 'desk.flash.moved_told' : 'desk.flash.moved',
      params: {
        name: isolated(nameOf(speaker, appointment)),
        when: speaker.dateTime(appointment.startsAt),
        ...(messageAt ? { time: speaker.time(messageAt) } : {}),
      },
      undo: withBack(at(`/appointments/${id}/move/undo`), back),
    })
    return redirect(back)
  }
  if (moved.reason === 'slot_taken') {
    const state = { times: timesAsked(bodyOf(request)), lost: slot, back }
    return show(await inClinic((ctx) => movePage(ctx, speaker, id, state)), { status: 409 })
  }
  flash(req, { kind: 'error', key: `desk.refused.${moved.reason}` })
  await redirect(back)
}
