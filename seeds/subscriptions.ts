// What the three clinics of the tour have with Nabz itself: one pays by the year, one still tries everything out, one
// pays by the month and has just said that it did. Made by the product's own actions, at the moments they would have been.
import { readFile } from 'node:fs/promises'
import {
  declarePayment,
  dueNow,
  openAccount,
  openOrder,
  recordPayment,
  type Account,
} from '../src/features/billing/actions.ts'
import { keepSlipOf } from '../src/features/billing/actions/slips.ts'
import { startTrial } from '../src/features/subscription/actions.ts'
import { findSubscription } from '../src/features/subscription/queries.ts'
import { findPlan } from '../src/features/subscription/queries/plans.ts'
import type { Interval } from '../src/features/subscription/rules/prices.ts'
import type { ClinicId, UserId } from '../src/kernel/ids.ts'
import { dateAt, hours, type Instant } from '../src/kernel/time.ts'
import { changes, rows } from '../src/platform/db/rows.ts'
import { repaint } from '../src/platform/pictures.ts'
import type { Services } from '../src/platform/services.ts'

type TourClinic = { id: ClinicId; slug: string; country: string; zone: string }

/** Gives a clinic of the tour its subscription, unless it has one. */
export async function seedSubscription(services: Services, clinic: TourClinic): Promise<void> {
  const { db, clock } = services
  if (await findSubscription(db, clinic.id)) return
  const now = clock.now()
  const daysAgo = (days: number) => now.subtract(hours(days * 24))
  switch (clinic.slug) {
    case 'shifa': {
      const [opened, paid] = [daysAgo(150), daysAgo(124)]
      await db.transaction((trx) => startTrial(trx, clinic, opened))
      await order(services, clinic, paid, 'clinic', 'year')
      await pay(services, clinic, paid.add(hours(30)), 'bank_transfer', 'MEEZAN-40021877')
      break
    }
    case 'nour-dental':
      await db.transaction((trx) => startTrial(trx, clinic, daysAgo(21)))
      break
    default: {
      await db.transaction((trx) => startTrial(trx, clinic, daysAgo(147)))
      await order(services, clinic, daysAgo(120), 'clinic', 'month')
      await pay(services, clinic, daysAgo(119), 'bank_transfer', 'TP NABZ 1')
      for (let number = 2; ; number++) {
        const end = (await findSubscription(db, clinic.id))?.periodEnd
        const day = end?.subtract(hours(4 * 24))
        if (!day || day.epochMilliseconds > now.epochMilliseconds) break
        await pay(services, clinic, day, 'bank_transfer', `TP NABZ ${number}`)
      }
      await declareNext(services, clinic, now.subtract(hours(20)))
    }
  }
  // What was told then has been read long since, and what is past keeping is gone.
  await changes(
    db,
    `update platform.mails set status = 'sent', sent_at = created_at where status = 'queued' and created_at < ?`,
    [now.subtract(hours(1))],
  )
  await changes(db, 'delete from platform.mails where created_at < ?', [daysAgo(90)])
}

type Work<T> = (account: Account) => Promise<T>

/** As if it were then, in the name of whoever did it. */
async function back<T>(
  services: Services,
  clinic: TourClinic,
  then: Instant,
  who: 'owner' | 'operator',
  work: Work<T>,
): Promise<T> {
  const [person] = await rows<{ id: UserId }>(services.db, 'select id from platform.users where email = ?', [
    who === 'owner' ? `owner@${clinic.slug}.test` : 'admin@nabz.test',
  ])
  const by = { kind: who === 'owner' ? 'user' : 'operator', id: person?.id ?? null } as const
  const past = { ...services, clock: { ...services.clock, now: () => then } }
  const result = await openAccount(past, clinic.id, by, { requestId: 'demo' }, work)
  if (result === undefined) throw new Error(`${clinic.slug} has no subscription`)
  return result
}

async function order(services: Services, clinic: TourClinic, then: Instant, code: string, interval: Interval) {
  const plan = await findPlan(services.db, code)
  if (!plan) throw new Error(`no plan ${code}`)
  await back(services, clinic, then, 'owner', (account) => openOrder(account, 'start', plan, interval))
}

async function pay(services: Services, clinic: TourClinic, then: Instant, method: string, reference: string) {
  await back(services, clinic, then, 'operator', async (account) => {
    const due = await dueNow(account)
    if (!due) throw new Error(`${clinic.slug} owes nothing`)
    const { totalMinor: amountMinor, currency } = due
    return recordPayment(account, { method, amountMinor, currency, reference, paidOn: dateAt(then, clinic.zone) })
  })
}

async function declareNext(services: Services, clinic: TourClinic, then: Instant) {
  const slip = await repaint(await readFile(new URL('slip.jpg', import.meta.url)), 'slip.jpg')
  if (!slip.ok) throw new Error(`the demo's slip is no picture: ${slip.reason}`)
  await back(services, clinic, then, 'owner', async (account) => {
    const amountMinor = (await dueNow(account))?.totalMinor ?? 5900
    const { currency } = account.held
    const paidOn = dateAt(then, clinic.zone)
    return declarePayment(account, {
      method: 'bank_transfer',
      amountMinor,
      currency,
      reference: 'TP NABZ FASTER PAYMENT',
      paidOn,
      slipId: await keepSlipOf(account, slip.value),
    })
  })
}
