import { randomUUID } from 'node:crypto'
import type { AppointmentId, PractitionerId } from '../../kernel/ids.ts'
import { refuse, type Outcome } from '../../kernel/outcome.ts'
import { dateAt, dayBounds, isBefore } from '../../kernel/time.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Services } from '../../platform/services.ts'
import { confirmByPhone } from '../appointments/actions/confirm.ts'
import { factsOf } from '../appointments/actions/facts.ts'
import { listAppointmentsById, type Appointment } from '../appointments/queries.ts'
import { getSettings } from '../availability/actions.ts'
import { noticeConfirmRequest } from '../notices/actions.ts'
import { getNoticeSettings } from '../notices/queries.ts'
import { listClinicsThatAsk, listPasts, listUnconfirmed } from './queries.ts'
import { needOf, requestAt, scoreOf } from './rules.ts'

/** Days ahead that people are called for, and asked to confirm. */
const callAhead = 14
const confirmAhead = 1

/** Booked visits of people who often miss them, which nobody has confirmed: by time, with what is to be done. */
export async function listToConfirm(
  ctx: Ctx,
  practitionerId?: PractitionerId,
): Promise<{ visit: Appointment; need: 'confirm' | 'call' }[]> {
  const policy = (await getSettings(ctx)).profile
  if (policy.missedRule === 'none') return []
  const days = policy.missedRule === 'call' ? callAhead : confirmAhead
  const until = dayBounds(dateAt(ctx.now, ctx.clinic.zone).add({ days }), ctx.clinic.zone).to
  const open = await listUnconfirmed(ctx, ctx.now, until, practitionerId)
  const pasts = await listPasts(ctx, [...new Set(open.map(({ patientId }) => patientId))], ctx.now)
  const over = open.filter(({ patientId }) => {
    const score = scoreOf(pasts.get(patientId)?.misses ?? [], ctx.now)
    return needOf(policy, score, { status: 'booked', startsAt: until, confirmedAt: null }, ctx.now) !== undefined
  })
  const visits = await listAppointmentsById(
    ctx,
    over.map(({ id }) => id),
  )
  return visits
    .filter(({ hidden }) => !hidden)
    .map((visit) => ({ visit, need: policy.missedRule === 'call' ? 'call' : 'confirm' }))
}

/** Somebody said on the phone that they will come. */
export async function confirmOnPhone(ctx: Ctx, id: AppointmentId): Promise<Outcome<Appointment, 'not_possible'>> {
  const confirmed = await confirmByPhone(ctx, id)
  return confirmed.ok ? confirmed : refuse('not_possible')
}

/** Asks people of tomorrow's visits who often miss them to confirm, where their clinic wants that; each visit once. */
export async function askToConfirm(services: Services): Promise<void> {
  for (const clinicId of await listClinicsThatAsk(services.jobsDb)) {
    const clinic = await services.clinics.byId(clinicId)
    if (!clinic || services.stopping.signal.aborted) continue
    const origin = { requestId: `attendance-${randomUUID()}` }
    try {
      await services.inClinic(clinic, { kind: 'system', job: 'attendance.confirm' }, origin, askIn)
    } catch (error) {
      // One clinic's trouble is not the others'.
      services.log.error('attendance.ask_failed', error, { clinicId })
    }
  }
}

async function askIn(ctx: Ctx): Promise<number> {
  const { quiet } = await getNoticeSettings(ctx)
  let asked = 0
  for (const { visit, need } of await listToConfirm(ctx)) {
    const dueAt = requestAt(visit.startsAt, ctx.now, quiet)
    if (need !== 'confirm' || !dueAt || isBefore(ctx.now, dueAt)) continue
    if (await noticeConfirmRequest(ctx, factsOf(visit), dueAt)) asked++
  }
  return asked
}
