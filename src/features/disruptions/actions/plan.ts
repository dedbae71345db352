// What a disruption would do to each visit, worked out without changing anything: for the page that shows it, and again
// in the transaction that does it.
import { createHash } from 'node:crypto'
import type { AppointmentId, PatientId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { isBefore } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { factsOf } from '../../appointments/actions/facts.ts'
import { listStanding, type Appointment } from '../../appointments/queries.ts'
import { getSettings } from '../../availability/actions.ts'
import { listUnreached } from '../../messaging/actions/reach.ts'
import { previewRearranged, type News } from '../../notices/actions.ts'
import type { Because } from '../../notices/rules.ts'
import { choiceText, mostVisits, type Declaration, type Kind, type Outcome as VisitOutcome } from '../rules.ts'
import { awayVisits, lateVisits, sessionOf, within } from '../rules/affected.ts'
import { choose, type Chosen, type Wishes } from './choose.ts'

export type Silence =
  /** It stays as it is. */
  | 'unchanged'
  /** The patient is at the clinic: they are told by word of mouth. */
  | 'here'
  | 'not_wanted'
  /** They said STOP, or took their consent back. */
  | 'stopped'
  /** It would come too late, or there is nothing new in it. */
  | 'nothing_new'

export type PlannedVisit = Chosen & { news: News | Silence }

export type Plan = {
  visits: PlannedVisit[]
  /** Patients who are here already and stay as they are: somebody should talk to them. */
  here: Appointment[]
  /** Half-made bookings that have to go. */
  letGo: AppointmentId[]
  /** All that was looked at, whatever becomes of it. */
  standing: AppointmentId[]
  /** Stands for all that the page shows: the same text means that nothing is different. */
  digest: string
}

export const becauseOf = (kind: Kind): Because => (kind === 'late' ? 'late' : 'away')

export function outcomeOf({ choice, visit }: PlannedVisit): VisitOutcome | undefined {
  if (choice.what === 'keep') return undefined
  if (choice.what === 'cancel') return 'cancelled'
  if (choice.what === 'shift') return 'shifted'
  return choice.practitionerId === visit.practitionerId ? 'moved' : 'handed_over'
}

export async function planFor(
  ctx: Ctx,
  declaration: Declaration,
  wishes: Wishes,
  { lock }: { lock: boolean },
): Promise<Outcome<Plan, 'too_many'>> {
  const { kind, practitionerId, locationId, from, to } = declaration
  const late = kind === 'late'
  // A doctor's delay runs on behind it, and no further than into the night.
  const span = { from, to: late ? to.add({ hours: 18 }) : to, practitionerId, locationId }
  const standing = (await listStanding(ctx, span, { lock, limit: mostVisits * 2 + 1 })).filter(
    ({ holdExpiresAt }) => !holdExpiresAt || isBefore(ctx.now, holdExpiresAt),
  )
  if (standing.length > mostVisits * 2) return refuse('too_many')
  const plan = late ? lateVisits(declaration, standing, wishes) : awayVisits(standing)
  if (plan.affected.length > mostVisits) return refuse('too_many')

  const settings = await getSettings(ctx)
  const planned = await choose(ctx, settings, declaration, plan, wishes)
  const visits = await withNews(ctx, declaration, planned)
  const letGo = standing
    .filter((one) => one.status === 'pending' && (within(one, declaration) || plan.movedSessions.has(sessionOf(one))))
    .map(({ id }) => id)
  const looked = standing.map(({ id }) => id)
  return done({ visits, here: plan.here, letGo, standing: looked, digest: digestOf(visits, plan.here) })
}

/** Adds what each patient will be told, by the same rules and facts as when it is queued, and why the others are not. */
async function withNews(ctx: Ctx, { kind }: Declaration, planned: readonly Chosen[]): Promise<PlannedVisit[]> {
  const people = planned.flatMap(({ visit: { patientId, patientPhone: phone } }) =>
    patientId !== null && phone !== null ? [{ patientId, phone }] : [],
  )
  const unreached = await listUnreached(ctx, people)
  const tellable = planned.flatMap(({ visit, rearrangement }) =>
    rearrangement && visit.patientId !== null && visit.patientPhone !== null
      ? [{ facts: factsOf({ ...visit, ...rearrangement.to }), wasAt: visit.startsAt }]
      : [],
  )
  const news = await previewRearranged(ctx, tellable, becauseOf(kind))
  return planned.map((one) => ({ ...one, news: newsOf(one, news.get(one.visit.id), unreached) }))
}

function newsOf(
  { visit, rearrangement }: Chosen,
  news: News | undefined,
  unreached: ReadonlySet<PatientId>,
): News | Silence {
  if (!rearrangement) return 'unchanged'
  if (visit.status !== 'booked') return 'here'
  if (!visit.messagesWanted) return 'not_wanted'
  if (visit.patientId !== null && unreached.has(visit.patientId)) return 'stopped'
  return news ?? 'nothing_new'
}

/** Of what is shown: each visit in its version, what becomes of it and lacks, and whether its patient hears of it. */
function digestOf(visits: readonly PlannedVisit[], here: readonly Appointment[]): string {
  const shown = visits.map(({ visit, choice, roomless, afterHours, news }) =>
    [
      visit.id,
      visit.version,
      choiceText(choice),
      roomless,
      afterHours,
      typeof news === 'string' ? news : news.template,
    ].join(' '),
  )
  return createHash('sha256')
    .update([...shown, ...here.map(({ id }) => id)].join('\n'))
    .digest('base64url')
}
