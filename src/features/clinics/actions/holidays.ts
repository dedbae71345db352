import { newId } from '../../../kernel/ids.ts'
import { dateAt, dayBounds, type PlainDate } from '../../../kernel/time.ts'
import { audit } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { publicHolidays, type Holiday } from '../../../platform/holidays.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { listClosures } from '../queries.ts'
import { countVisitsWithin } from '../queries/visits.ts'
import { insertClosure, lockProfile } from '../queries/write.ts'
import type { Closure } from '../rules.ts'
import { closesOn } from '../rules/closures.ts'

/** Those of the clinic's country in the next twelve months. Asked outside of a transaction: the list is no row. */
export function comingHolidays(country: string, today: PlainDate): Promise<Holiday[]> {
  return publicHolidays(country, today, today.add({ years: 1 }))
}

/** A holiday that was ticked, and by how many days it comes before or after its calculated date. */
export type Ticked = { holiday: Holiday; shift: -1 | 0 | 1 }

/**
 * Closes the whole clinic on the ticked holidays, for patients to see by name. What is closed already stays as it is.
 * Visits already booked stay too, and how many they are is answered.
 */
export async function closeHolidays(
  ctx: Ctx,
  ticked: readonly Ticked[],
  language: Language,
): Promise<{ closed: number; visits: number }> {
  await lockProfile(ctx)
  const { zone } = ctx.clinic
  const standing = await listClosures(ctx, { from: dayBounds(dateAt(ctx.now, zone), zone).from })
  let [closed, visits] = [0, 0]
  for (const { holiday, shift } of ticked) {
    if (standing.some((closure) => closesOn(closure, holiday, zone))) continue
    const closure: Closure = {
      id: newId(),
      startsAt: dayBounds(holiday.from.add({ days: shift }), zone).from,
      endsAt: dayBounds(holiday.to.add({ days: shift }), zone).to,
      reason: holiday.names[language] ?? holiday.names.en,
      shown: true,
      names: holiday.names,
    }
    visits += await countVisitsWithin(ctx, closure)
    await insertClosure(ctx, closure)
    await audit(
      ctx,
      'closure.added',
      { kind: 'closure', id: closure.id },
      { startsAt: closure.startsAt.toString(), endsAt: closure.endsAt.toString(), holiday: holiday.names.en },
    )
    closed++
  }
  if (closed > 0) ctx.settingsChanged()
  return { closed, visits }
}
