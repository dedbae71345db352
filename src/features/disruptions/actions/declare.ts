import { newId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { earlier, type Instant } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import { lockDiary, type Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { rearrange } from '../../appointments/actions/rearrange.ts'
import { listStanding } from '../../appointments/queries.ts'
import { addClosure } from '../../clinics/actions/closures.ts'
import { deskGrace } from '../../notices/rules.ts'
import { insertDisruption, insertKept, lockWhose, type DisruptionId } from '../queries.ts'
import { callOffLinkDays, mostVisits, type Declaration } from '../rules.ts'
import type { Wishes } from './choose.ts'
import { becauseOf, outcomeOf, planFor, type Plan } from './plan.ts'

export type Declared = { id: DisruptionId; told: number; tellsAt: Instant }

/**
 * Does what the page showed, all of it or nothing: closes the diary for the time, puts every visit where it is to stand,
 * and queues one message for each patient to whom something changes. `shown` is the digest of the plan that was looked at;
 * when the plan has become another since (a booking came in, somebody moved by their link, a colleague was faster), nothing
 * is done and the desk looks again. Nobody is moved or told unseen. Whoever takes a free time in this very moment either
 * committed sooner and is found, or commits later and finds it closed. What a desk puts there without asking for a free
 * time (on top of others with a reason, squeezed in, longer than it was, back within the grace) is its own word, a moment
 * later as well as a day later: no closed time keeps it out.
 */
export async function declare(
  ctx: Ctx,
  declaration: Declaration,
  wishes: Wishes,
  shown: string,
  reason: string,
): Promise<Outcome<Declared, 'changed' | 'too_many'>> {
  if (!(await lockWhose(ctx, declaration))) notFound('practitioner')
  const planned = await planFor(ctx, declaration, wishes, { lock: true })
  if (!planned.ok) return planned
  const plan = planned.value
  if (plan.digest !== shown) return refuse('changed')

  const { kind, practitionerId, locationId, from, to } = declaration
  const id = newId<'disruption'>()
  const scope = {
    ...(practitionerId === undefined ? {} : { practitionerId }),
    ...(locationId === undefined ? {} : { locationId }),
  }
  const closure = await addClosure(ctx, { ...scope, startsAt: from, endsAt: to, reason, shown: false })
  const changed = plan.visits.flatMap(({ rearrangement }) => rearrangement ?? [])
  const rearranged = await rearrange(ctx, changed, {
    because: becauseOf(kind),
    disruptionId: id,
    letGo: plan.letGo,
    callOffLinkDays,
  })
  // Locked and looked at a moment ago: whoever came between takes a place that is planned for somebody.
  if (!rearranged.ok) return refuse('changed')
  const tellsAt = firstOf(plan) ?? ctx.now.add(deskGrace)
  await insertDisruption(ctx, {
    id,
    kind,
    practitionerId,
    locationId,
    startsAt: from,
    endsAt: to,
    closureId: closure.id,
    tellsAt,
  })
  const versions = new Map(rearranged.value.map((visit) => [visit.id, visit.version]))
  await insertKept(
    ctx,
    id,
    plan.visits.flatMap((planned) => {
      const outcome = outcomeOf(planned)
      const versionAfter = versions.get(planned.visit.id)
      if (!planned.rearrangement || outcome === undefined || versionAfter === undefined) return []
      return [{ ...planned.visit, appointmentId: planned.visit.id, outcome, versionAfter, resourceIds: planned.rooms }]
    }),
  )
  await audit(
    ctx,
    'disruption.declared',
    { kind: 'disruption', id },
    {
      kind,
      practitioner_id: practitionerId ?? null,
      location_id: locationId ?? null,
      from: from.toString(),
      to: to.toString(),
      visits: changed.length,
    },
  )
  await lockDiary(ctx)
  if (await hasUnseen(ctx, declaration, plan)) return refuse('changed')
  return done({ id, told: toldBy(plan).length, tellsAt })
}

/** A hold is no visit: as the time is closed now, none becomes of it. */
async function hasUnseen(ctx: Ctx, declaration: Declaration, { standing }: Plan): Promise<boolean> {
  const seen = new Set(standing)
  const there = await listStanding(ctx, declaration, { lock: false, limit: mostVisits * 2 + 1 })
  return there.some(({ id, status }) => status !== 'pending' && !seen.has(id))
}

const toldBy = ({ visits }: Plan) => visits.flatMap(({ news }) => (typeof news === 'string' ? [] : [news]))

function firstOf(plan: Plan): Instant | undefined {
  const [first, ...rest] = toldBy(plan).map(({ dueAt }) => dueAt)
  return first && rest.reduce((least, one) => earlier(least, one), first)
}
