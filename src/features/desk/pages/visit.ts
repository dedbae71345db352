import { emptyForm, filledForm, type Form } from '../../../kernel/forms.ts'
import type { AppointmentId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import { allowed, type Permission } from '../../../kernel/permissions.ts'
import { phoneText } from '../../../kernel/phone.ts'
import { dateAt, isBefore, minutesBetween, timeAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listWaysBack } from '../../appointments/actions/undo-move.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { type Appointment, countInSession, findAnswers, getAppointment, listTaken } from '../../appointments/queries.ts'
import { movable, referenceText } from '../../appointments/rules.ts'
import { answerable, answerFields, askedAgain, questionsOf } from '../../appointments/rules/answers.ts'
import { getSettings } from '../../availability/actions.ts'
import { listMessagesOf } from '../../messaging/queries/log.ts'
import { deskGrace } from '../../notices/rules.ts'
import { findDueMessage } from '../queries.ts'
import { type SlotChoice } from '../rules.ts'
import type { TimesQuestion } from '../schema.ts'
import { actionsOf, readsMessages } from './actions.ts'
import { messageRow } from './message-row.ts'
import { nearestTo, timesOf } from './times.ts'
import { nameOf, whenText } from './words.ts'

/** One visit: how it stands, what can be done, what the patient was told. */
export async function visitPage(ctx: Ctx, speaker: Speaker, id: AppointmentId): Promise<View> {
  const visit = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  const messages = readsMessages(ctx) ? await listMessagesOf(ctx, id) : undefined
  const here = `/app/${ctx.clinic.slug}/appointments/${id}`
  const name = nameOf(speaker, visit)
  return view('desk/visit', {
    title: name,
    back: here,
    dayHref: dayHref(ctx, visit),
    dayText: whenText(ctx, speaker, visit.startsAt),
    ...headOf(ctx, speaker, visit),
    // In the shape of a card, so that the menu is the same everywhere.
    card: { id, name, href: here, actions: actionsOf(ctx, speaker, visit) },
    onTop: onTopHref(ctx, visit),
    messages: messages?.map((message) => messageRow(ctx, speaker, message)),
    undoMove: await undoMoveOf(ctx, visit),
    wanted: visit.messagesWanted,
    series: seriesOf(ctx, speaker, visit),
    answers: await answersOf(ctx, speaker, visit),
    askHref: await askHrefOf(ctx, visit),
    session: visit.capacity > 1 && !visit.overbooked ? await sessionOf(ctx, speaker, visit) : undefined,
    rooms: (await getSettings(ctx)).resources.length === 0 ? [] : await listTaken(ctx, id),
    past: pastOf(speaker, visit),
  })
}

/** What the patient said when booking: for the clinic's own people, and not where their data is restricted. */
async function answersOf(ctx: Ctx, { t }: Speaker, visit: Appointment) {
  if (ctx.actor.kind !== 'user' || visit.hidden || visit.patientId === null) return []
  return (await findAnswers(ctx, visit.id)).map(({ question, kind, answer }) => ({
    question,
    answer: kind === 'yes_no' ? t(answer === 'yes' ? 'desk.visit.yes' : 'desk.visit.no') : answer,
  }))
}

/** Where they are filled in or corrected, by whoever may book; undefined where there is nothing to ask. */
async function askHrefOf(ctx: Ctx, visit: Appointment): Promise<string | undefined> {
  if (ctx.actor.kind !== 'user' || !allowed(ctx.actor.role, 'appointments.book') || !answerable(visit)) return undefined
  const asked = questionsOf(await getSettings(ctx), visit.serviceId).length > 0
  return asked ? `/app/${ctx.clinic.slug}/appointments/${visit.id}/answers` : undefined
}

/** What the service asks, with what was said when booking or since. */
export async function answersPage(ctx: Ctx, speaker: Speaker, id: AppointmentId, form?: Form): Promise<View> {
  const visit = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  if ((await askHrefOf(ctx, visit)) === undefined) return notFound('appointment')
  const { t } = speaker
  const asked = askedAgain(questionsOf(await getSettings(ctx), visit.serviceId), await findAnswers(ctx, id))
  const shown = form ?? filledForm(asked.values)
  const here = `/app/${ctx.clinic.slug}/appointments/${id}`
  return view('desk/answers', {
    title: t('desk.answers.page_title', { name: isolated(nameOf(speaker, visit)) }),
    scripts: ['/js/error-summary.js'],
    back: { href: here, label: nameOf(speaker, visit) },
    what: visit.serviceName,
    when: speaker.longDateTime(visit.startsAt),
    form: shown,
    fields: answerFields(t, asked.questions, shown),
    action: `${here}/answers`,
  })
}

async function sessionOf(ctx: Ctx, speaker: Speaker, visit: Appointment): Promise<string> {
  const taken = speaker.number(await countInSession(ctx, visit))
  return speaker.t('desk.card.session', { taken, of: speaker.number(visit.capacity) })
}

/** Its place among repeat visits and what can be done with them, or that it can be made the first of some. */
function seriesOf(ctx: Ctx, speaker: Speaker, visit: Appointment) {
  const { t } = speaker
  const can = (permission: Permission) => ctx.actor.kind === 'user' && allowed(ctx.actor.role, permission)
  const base = `/app/${ctx.clinic.slug}`
  if (visit.seriesId !== null) {
    return {
      place: t('series.place', {
        index: speaker.number(visit.seriesIndex ?? 0),
        of: speaker.number(visit.seriesOf ?? 0),
      }),
      href: `${base}/series/${visit.seriesId}`,
      changeHref:
        can('appointments.move') && movable(visit.status) ? `${base}/appointments/${visit.id}/later` : undefined,
    }
  }
  const stands = ['booked', 'arrived', 'in_room', 'fulfilled'].includes(visit.status)
  const repeats = stands && visit.patientId !== null && !visit.hidden && can('appointments.book')
  return repeats ? { repeatHref: `${base}/appointments/${visit.id}/repeat` } : undefined
}

/** The booking panel for the very time this visit takes, asking why. */
function onTopHref(
  ctx: Ctx,
  { status, practitionerId, locationId, startsAt, endsAt }: Appointment,
): string | undefined {
  const { zone, slug } = ctx.clinic
  const mayBook = ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'appointments.book')
  if (!mayBook || !['booked', 'arrived', 'in_room'].includes(status) || isBefore(endsAt, ctx.now)) return undefined
  const query = new URLSearchParams({
    practitioner: practitionerId,
    location: locationId,
    date: dateAt(startsAt, zone).toString(),
    time: timeAt(startsAt, zone).toString({ smallestUnit: 'minute' }),
    overbook: 'yes',
  })
  return `/app/${slug}/appointments/new?${query.toString()}`
}

/** Where its last move is taken back, by whoever may move it. */
async function undoMoveOf(ctx: Ctx, visit: Appointment): Promise<string | undefined> {
  if (ctx.actor.kind !== 'user' || !allowed(ctx.actor.role, 'appointments.move')) return undefined
  const back = await listWaysBack(ctx, [visit])
  return back.has(visit.id) ? `/app/${ctx.clinic.slug}/appointments/${visit.id}/move/undo` : undefined
}

function headOf(ctx: Ctx, speaker: Speaker, visit: Appointment) {
  const { t } = speaker
  const phone = visit.hidden ? undefined : (visit.patientPhone ?? undefined)
  return {
    status: visit.status,
    held: visit.status === 'pending',
    when: speaker.longDateTime(visit.startsAt),
    until: speaker.time(visit.endsAt),
    what: visit.serviceName,
    price: visit.priceMinor === null ? undefined : speaker.money({ minor: visit.priceMinor, currency: visit.currency }),
    doctor: visit.practitionerName,
    place: visit.locationName,
    reference: referenceText(visit.reference),
    patientHref:
      visit.patientId === null || visit.hidden ? undefined : `/app/${ctx.clinic.slug}/patients/${visit.patientId}`,
    phone: phone && phoneText(phone),
    phoneHref: phone && `tel:${phone}`,
    email: visit.hidden ? undefined : (visit.patientEmail ?? undefined),
    language: { lang: visit.language, name: languageNames[visit.language] },
    confirmed: visit.status === 'booked' && visit.confirmedAt !== null,
    source: t(`desk.visit.source_${visit.source}`),
    cancelledBy: visit.cancelledBy === null ? undefined : t(`desk.visit.cancelled_by_${visit.cancelledBy}`),
    overbooked: visit.overbooked,
  }
}

/** The day's board with the visit on it. */
export function dayHref(ctx: Ctx, visit: Pick<Appointment, 'startsAt'>): string {
  const { zone, slug } = ctx.clinic
  const date = dateAt(visit.startsAt, zone)
  return date.equals(dateAt(ctx.now, zone)) ? `/app/${slug}/today` : `/app/${slug}/today?date=${date.toString()}`
}

/** What happened, in order; from the visit's own marks. */
function pastOf(speaker: Speaker, visit: Appointment) {
  const { t } = speaker
  const marks = [
    { at: visit.createdAt, icon: 'calendar-plus', text: t(`desk.past.${visit.source}`) },
    { at: visit.confirmedAt, icon: 'check', text: t('desk.past.confirmed') },
    { at: visit.arrivedAt, icon: 'walk', text: t('desk.past.arrived') },
    { at: visit.inRoomAt, icon: 'stethoscope', text: t('desk.past.in_room') },
    { at: visit.fulfilledAt, icon: 'circle-check', text: t('desk.past.fulfilled') },
    { at: visit.noshowAt, icon: 'user-x', text: t('desk.past.noshow') },
    {
      at: visit.cancelledAt,
      icon: 'circle-x',
      text: t(visit.cancelledBy === 'patient' ? 'desk.past.cancelled_patient' : 'desk.past.cancelled_clinic'),
    },
  ]
  return marks
    .flatMap(({ at, ...rest }) => (at ? [{ at, ...rest }] : []))
    .sort((a, b) => a.at.epochMilliseconds - b.at.epochMilliseconds)
    .map(({ at, ...rest }) => ({ ...rest, time: speaker.dateTime(at) }))
}

export type MoveState = { times: TimesQuestion; lost?: SlotChoice; form?: Form; back: string; later?: boolean }

/** Another time or doctor for a visit, and what the patient will be told of it. */
export async function movePage(ctx: Ctx, speaker: Speaker, id: AppointmentId, state: MoveState): Promise<View> {
  const visit = await getAppointment(ctx, id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  const { t } = speaker
  const settings = await getSettings(ctx)
  const practitionerId = state.times.practitionerId ?? visit.practitionerId
  // A visit that was made longer or shorter stays so.
  const durationMin = visit.resized ? minutesBetween(visit.startsAt, visit.endsAt) : undefined
  const known = { serviceId: visit.serviceId, practitionerId, locationId: state.times.locationId, durationMin }
  const date = state.times.date ?? (state.times.from ? undefined : dateAt(visit.startsAt, ctx.clinic.zone))
  const asked = { from: state.times.from, date }
  const gives = (doctor: string) =>
    settings.offers.some((offer) => offer.serviceId === visit.serviceId && offer.practitionerId === doctor)
  const name = nameOf(speaker, visit)
  return view('desk/move', {
    title: t('desk.move.title', { name: isolated(name) }),
    scripts: ['/js/error-summary.js', '/js/booking.js'],
    form: state.form ?? emptyForm,
    onTopOpen: state.form !== undefined,
    back: state.back,
    ...headOf(ctx, speaker, visit),
    action: `/app/${ctx.clinic.slug}/appointments/${id}/move`,
    movable: movable(visit.status),
    name,
    practitioner: practitionerId,
    practitioners: [
      { value: 'any', label: t('desk.book.any_doctor') },
      ...settings.practitioners
        .filter(({ id: doctor, active }) => active && gives(doctor))
        .map(({ id: doctor, name: label }) => ({ value: doctor, label })),
    ],
    tells: await tellsOf(ctx, speaker, visit),
    times: movable(visit.status) ? await timesOf(ctx, speaker, known, asked, visit) : undefined,
    scope: visit.seriesId === null ? undefined : state.later === true ? 'later' : 'this',
    lostTime: state.lost && timeAt(state.lost.startsAt, ctx.clinic.zone).toString({ smallestUnit: 'minute' }),
    lost: state.lost && {
      when: speaker.longDateTime(state.lost.startsAt),
      nearest: await nearestTo(ctx, speaker, { ...state.lost, durationMin }, practitionerId === 'any', visit),
    },
  })
}

async function tellsOf(ctx: Ctx, speaker: Speaker, visit: Appointment): Promise<string> {
  const { t } = speaker
  if (!visit.messagesWanted) return t('desk.move.tells_nobody')
  const time = speaker.time(ctx.now.add(deskGrace))
  const waiting = await findDueMessage(ctx, visit.id, 'confirmation')
  return waiting ? t('desk.move.tells_once', { time }) : t('desk.move.tells', { time })
}
