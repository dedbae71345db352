import { dayBounds, type PlainDate } from '../../kernel/time.ts'
import type { Services } from '../../platform/services.ts'
import {
  findRolledDays,
  insertDay,
  insertFigures,
  inTurn,
  listBookTotals,
  listChanges,
  listDeeds,
  listEntered,
  listRevenueBefore,
  listStandings,
  listTrials,
  type Standing,
} from './queries/roll.ts'
import {
  added,
  bookFigures,
  daysToRoll,
  folding,
  movementFigures,
  movementOf,
  type Change,
  type Figure,
} from './rules/roll.ts'

/**
 * Adds up every day that is finished and was not added up yet, oldest first, each in a transaction of its own and only
 * once, whichever process comes first. What is removed afterwards changes nothing. Answers how many days it added.
 */
export async function rollAnalytics({
  db,
  clock,
  stopping,
}: Pick<Services, 'db' | 'clock' | 'stopping'>): Promise<number> {
  const now = clock.now()
  const { last, first } = await findRolledDays(db)
  let rolled = 0
  for (const day of daysToRoll(last, first, now)) {
    if (stopping.signal.aborted) break
    const added = await inTurn(db, async (trx) => {
      // Another process may have been here since.
      if (!(await insertDay(trx, day, now))) return false
      await insertFigures(trx, day, await figuresOf(trx, day))
      return true
    })
    if (added) rolled++
  }
  return rolled
}

async function figuresOf(trx: Parameters<typeof listStandings>[0], day: PlainDate): Promise<Figure[]> {
  const { from, to } = dayBounds(day, 'UTC')
  const standings = await listStandings(trx, to)
  const changes = await listChanges(trx, from, to)
  const trials = await listTrials(trx, from, to)
  const entered = await listEntered(trx, from, to)
  const { total, told } = await listBookTotals(trx, day, to)
  const before = await listRevenueBefore(trx, day)
  const deeds = await listDeeds(trx, day, to)
  const stocks = standings.flatMap(stockFigures)
  const fold = folding(standings)
  return added([
    ...stocks,
    ...trials,
    ...changes.flatMap(countOfChange),
    ...movementFigures(
      changes,
      before,
      stocks.filter(({ metric }) => metric === 'mrr'),
    ),
    ...bookFigures(entered, total, told),
    ...deeds.map((deed) => ({ ...deed, ...fold(deed.country, deed.plan) })),
  ])
}

function stockFigures({ country, plan, status, currency, clinics, paying, mrr }: Standing): Figure[] {
  return [
    { metric: `clinics_${status}`, country, plan, currency: '', value: clinics },
    { metric: 'paying', country, plan, currency: '', value: paying },
    { metric: 'mrr', country, plan, currency, value: mrr },
  ]
}

/** Clinics that began to pay, for the first time or again, and that stopped. */
function countOfChange(change: Change): Figure[] {
  const counted = {
    mrr_new: 'clinics_won',
    mrr_reactivation: 'clinics_returned',
    mrr_churn: 'clinics_lost',
    mrr_expansion: undefined,
    mrr_contraction: undefined,
    mrr_adjusted: undefined,
  }
  const movement = movementOf(change)
  const metric = movement && counted[movement]
  return metric ? [{ metric, country: change.country, plan: '', currency: '', value: 1 }] : []
}
