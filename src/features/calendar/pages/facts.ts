// What the columns of a day or a week are made of: read once, put in order once, used by every column.
import type { LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { dayBounds, localDays, type Instant, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { listWork, type Work } from '../../availability/actions.ts'
import { listBusy } from '../../availability/queries.ts'
import type { Closure } from '../../clinics/queries.ts'
import { listVisits, type Visit } from '../queries.ts'
import { blockOn, without, type Block } from '../rules.ts'
import { can, type Shown } from './frame.ts'

/** One doctor's day, or, where all doctors share a week, a day of the whole clinic. */
export type Column = {
  date: PlainDate
  /** Of one doctor; of the whole clinic without. */
  practitionerId: PractitionerId | undefined
}

export type WorkBlock = Block & { locationId: LocationId; practitionerId: PractitionerId }

export type Facts = {
  ctx: Ctx
  speaker: Speaker
  shown: Shown
  visits: readonly Visit[]
  visitsOf: (column: Column) => readonly Visit[]
  busy: Awaited<ReturnType<typeof listBusy>>
  /** The hours of a column, with what is closed already taken out. */
  workOf: (column: Column) => readonly WorkBlock[]
  work: readonly Work[]
  severalPlaces: boolean
  mayBook: boolean
  mayMove: boolean
  /** 4:30 pm */
  time: (instant: Instant) => string
}

/** Asked often for few things: each is worked out once. `keyOf` tells when two are the same. */
function remembered<Asked, Value>(keyOf: (asked: Asked) => string | number, make: (asked: Asked) => Value) {
  const known = new Map<string | number, Value>()
  return (asked: Asked): Value => {
    const key = keyOf(asked)
    const found = known.get(key) ?? make(asked)
    known.set(key, found)
    return found
  }
}

export async function factsOf(ctx: Ctx, speaker: Speaker, shown: Shown): Promise<Facts> {
  const { zone } = ctx.clinic
  const { practitionerId, settings } = shown
  const from = dayBounds(shown.from, zone).from
  const to = dayBounds(shown.from.add({ days: shown.days - 1 }), zone).to
  const visits = await listVisits(ctx, { from, to, practitionerId })
  const work = await listWork(ctx, shown.from, shown.days)
  const byDoctor = shown.view === 'day' || practitionerId !== undefined
  const mayBook = can(ctx, 'appointments.book')
  // Free time is one doctor's, and for those who may book.
  const doctors = practitionerId === undefined ? settings.practitioners.map(({ id }) => id) : [practitionerId]
  const busy = mayBook && byDoctor ? await listBusy(ctx, doctors, from, to) : []

  const days = localDays(zone)
  const keyOf = (day: number, of: PractitionerId | undefined) => `${day} ${byDoctor ? of : ''}`
  const key = ({ date, practitionerId: of }: Column) => keyOf(days.numberOf(date), of)
  const visitsByColumn = new Map<string, Visit[]>()
  for (const visit of visits) {
    const at = keyOf(days.at(visit.startsAt.epochMilliseconds), visit.practitionerId)
    const known = visitsByColumn.get(at)
    if (known) known.push(visit)
    else visitsByColumn.set(at, [visit])
  }
  return {
    ctx,
    speaker,
    shown,
    visits,
    visitsOf: (column) => visitsByColumn.get(key(column)) ?? [],
    busy,
    work,
    workOf: remembered(key, (column) => worked({ work, shown, ctx }, column)),
    severalPlaces: settings.locations.filter(({ active }) => active).length > 1,
    mayBook,
    mayMove: can(ctx, 'appointments.move'),
    time: remembered(
      ({ epochMilliseconds }) => epochMilliseconds,
      ({ epochMilliseconds }) => speaker.time(epochMilliseconds),
    ),
  }
}

function worked(
  { work, shown, ctx }: Pick<Facts, 'work' | 'shown' | 'ctx'>,
  { date, practitionerId }: Column,
): WorkBlock[] {
  const { from, to } = dayBounds(date, ctx.clinic.zone)
  return work
    .filter((one) => one.from < to.epochMilliseconds && one.to > from.epochMilliseconds)
    .filter((one) => practitionerId === undefined || one.practitionerId === practitionerId)
    .flatMap((one) => {
      const block = blockOn(one, date, ctx.clinic.zone)
      if (!block) return []
      const closed = shown.settings.closures
        .filter((closure) => concerns(closure, one.practitionerId, one.locationId))
        .flatMap((closure) => blockOn(spanOf(closure), date, ctx.clinic.zone) ?? [])
      const { locationId } = one
      return without([block], closed).map((open) => ({ ...open, locationId, practitionerId: one.practitionerId }))
    })
}

export const spanOf = ({ startsAt, endsAt }: Closure) => ({
  from: startsAt.epochMilliseconds,
  to: endsAt.epochMilliseconds,
})

const concerns = (closure: Closure, practitionerId: PractitionerId, locationId: LocationId): boolean =>
  (closure.practitionerId === undefined || closure.practitionerId === practitionerId) &&
  (closure.locationId === undefined || closure.locationId === locationId)
