import type { PatientId } from '../../../kernel/ids.ts'
import { allowed } from '../../../kernel/permissions.ts'
import { phoneText } from '../../../kernel/phone.ts'
import { isBefore } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findOwnPractitioner } from '../../appointments/actions/own-diary.ts'
import { findAppointmentByReference, listAppointmentsOfPatient, type Appointment } from '../../appointments/queries.ts'
import { referenceText } from '../../appointments/rules.ts'
import { listRecentMessages } from '../../messaging/queries/log.ts'
import { searchPatients } from '../../patients/actions.ts'
import { getPatient, type Patient } from '../../patients/queries.ts'
import { listPasts } from '../../attendance/queries.ts'
import { scoreOf } from '../../attendance/rules.ts'
import { seesRestricted } from '../../patients/rules.ts'
import { listVisitsAround } from '../queries.ts'
import { parseReference } from '../rules.ts'
import { actionsOf, readsMessages } from './actions.ts'
import { consentsOf } from './consents.ts'
import { messageRow } from './message-row.ts'
import { attendanceText, initialsOf, nameOf, whenText } from './words.ts'

const shown = 20
/** A doctor's own patients are picked from among this many who match. */
const searchedForDoctor = 200

const mayBook = (ctx: Ctx) => ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'appointments.book')
const mayExport = (ctx: Ctx) => ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'clinic.export')
const mayReadLog = (ctx: Ctx) => ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'clinic.log')
const isDoctor = (ctx: Ctx) => ctx.actor.kind === 'user' && ctx.actor.role === 'doctor'

/** Finding somebody: by name in any script, digits of the phone, or the reference of a visit. */
export async function patientsPage(ctx: Ctx, speaker: Speaker, typed: string): Promise<View> {
  const { t } = speaker
  const q = typed.trim().slice(0, 100)
  const own = isDoctor(ctx) ? await findOwnPractitioner(ctx) : undefined
  const people = q === '' ? [] : await searchPatients(ctx, q, isDoctor(ctx) ? searchedForDoctor : shown + 1)
  const around = await listVisitsAround(
    ctx,
    people.map(({ id }) => id),
    own,
  )
  const mine = isDoctor(ctx) ? people.filter(({ id }) => around.get(id)?.withDoctor === true) : people
  const visit = await visitByReference(ctx, q)
  return view('desk/patients', {
    title: t('desk.patients.title'),
    q,
    asked: q !== '',
    tooShort: q !== '' && [...q].length < 2,
    visit: visit && {
      href: `/app/${ctx.clinic.slug}/appointments/${visit.id}`,
      reference: referenceText(visit.reference),
      name: nameOf(speaker, visit),
      when: whenText(ctx, speaker, visit.startsAt),
      doctor: visit.practitionerName,
      status: visit.status,
    },
    people: mine.slice(0, shown).map((patient) => {
      const { nextAt = null, lastAt = null } = around.get(patient.id) ?? {}
      return {
        href: `/app/${ctx.clinic.slug}/patients/${patient.id}`,
        bookHref: mayBook(ctx) ? bookHref(ctx, patient.id) : undefined,
        name: patient.name,
        initials: initialsOf(patient.name),
        phone: phoneText(patient.phone),
        next: nextAt ? t('desk.people.next', { when: whenText(ctx, speaker, nextAt) }) : undefined,
        last: lastAt ? t('desk.people.last', { when: speaker.date(lastAt) }) : undefined,
      }
    }),
    more: mine.length > shown,
    found: mine.length > 0 || visit !== undefined,
    newHref: mayBook(ctx) ? `/app/${ctx.clinic.slug}/appointments/new` : undefined,
  }) // prettier-ignore
}

const bookHref = (ctx: Ctx, id: PatientId) => `/app/${ctx.clinic.slug}/appointments/new?patient=${id}`

async function visitByReference(ctx: Ctx, typed: string): Promise<Appointment | undefined> {
  const reference = parseReference(typed)
  const visit = reference && (await findAppointmentByReference(ctx, reference))
  if (!visit || visit.status === 'pending') return undefined
  const allowedToSee = !isDoctor(ctx) || (await findOwnPractitioner(ctx)) === visit.practitionerId
  return allowedToSee ? visit : undefined
}

/** Somebody's visits and messages, with what comes next on top. */
export async function patientPage(ctx: Ctx, speaker: Speaker, id: PatientId): Promise<View> {
  const { t } = speaker
  const patient = await getPatient(ctx, id)
  if (patient.restrictedAt !== null && !seesRestricted(ctx)) return notFound('patient')
  const own = isDoctor(ctx) ? await findOwnPractitioner(ctx) : undefined
  const all = await listAppointmentsOfPatient(ctx, id, 50)
  const visits = isDoctor(ctx) ? all.filter(({ practitionerId }) => practitionerId === own) : all
  if (isDoctor(ctx) && visits.length === 0) return notFound('patient')
  const open = visits.filter((visit) => visit.status === 'booked' && !isBefore(visit.startsAt, ctx.now)).reverse()
  const messages = readsMessages(ctx)
    ? await listRecentMessages(ctx, { patientId: id, practitionerId: own, limit: 10 })
    : undefined
  const consents = await consentsOf(ctx, speaker, patient, mayBook(ctx))
  const { agreedAt } = consents
  return view('desk/patient', {
    title: patient.name,
    back: `/app/${ctx.clinic.slug}/patients/${id}`,
    listHref: `/app/${ctx.clinic.slug}/patients`,
    ...headOf(speaker, patient),
    consent: agreedAt ? t('desk.patient.agreed', { date: speaker.date(agreedAt) }) : t('desk.patient.not_agreed'),
    agreed: agreedAt !== undefined,
    consents,
    restricted:
      patient.restrictedAt === null
        ? undefined
        : t('desk.patient.restricted', { date: speaker.date(patient.restrictedAt) }),
    bookHref: mayBook(ctx) && patient.restrictedAt === null ? bookHref(ctx, id) : undefined,
    waitingHref:
      mayBook(ctx) && patient.restrictedAt === null
        ? `/app/${ctx.clinic.slug}/waiting-list/new?patient=${id}`
        : undefined,
    exportAction: mayExport(ctx) ? `/app/${ctx.clinic.slug}/patients/${id}/export` : undefined,
    openingsHref: mayReadLog(ctx) ? `/app/${ctx.clinic.slug}/settings/log?patient=${id}` : undefined,
    open: open.map((visit) => visitRow(ctx, speaker, visit)),
    past: visits.filter((visit) => !open.includes(visit)).map((visit) => visitRow(ctx, speaker, visit)),
    missed: visits.filter(({ status }) => status === 'noshow').length,
    attendance: attendanceText(speaker, await scoreNow(ctx, id)),
    messages: messages?.map((message) => messageRow(ctx, speaker, message)),
  })
}

/** What somebody's missed visits come to now. For the clinic's own people: a support visit has no use for it. */
async function scoreNow(ctx: Ctx, id: PatientId): Promise<number> {
  if (ctx.actor.kind !== 'user') return 0
  return scoreOf((await listPasts(ctx, [id], ctx.now)).get(id)?.misses ?? [], ctx.now)
}

function headOf(speaker: Speaker, patient: Patient) {
  return {
    name: patient.name,
    initials: initialsOf(patient.name),
    phone: phoneText(patient.phone),
    phoneHref: `tel:${patient.phone}`,
    proven: patient.phoneProvenAt !== null,
    email: patient.email,
    language: { lang: patient.language, name: languageNames[patient.language] },
    since: speaker.t('desk.patient.since', { date: speaker.date(patient.createdAt) }),
  }
}

function visitRow(ctx: Ctx, speaker: Speaker, visit: Appointment) {
  const href = `/app/${ctx.clinic.slug}/appointments/${visit.id}`
  return {
    id: visit.id,
    name: nameOf(speaker, visit),
    href,
    when: whenText(ctx, speaker, visit.startsAt),
    what: visit.serviceName,
    doctor: visit.practitionerName,
    place: visit.locationName,
    status: visit.status,
    actions: actionsOf(ctx, speaker, visit),
  }
}
