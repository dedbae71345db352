// Orders, payments, papers and the ledger: what is due, what money buys, what can't be done twice.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  confirmPayment,
  correctLedger,
  declarePayment,
  dueNow,
  enterProviderPayment,
  enterProviderRefund,
  openOrder,
  recordPayment,
  refund,
  rejectPayment,
  settle,
} from '../../src/features/billing/actions.ts'
import { choosePlan, leave } from '../../src/features/billing/actions/owner.ts'
import { cancelAtPeriodEnd, planDowngrade, takeFreePlan } from '../../src/features/subscription/actions/decisions.ts'
import type { Outcome } from '../../src/kernel/outcome.ts'
import { createLog } from '../../src/platform/log.ts'
import { startServices } from '../../src/start.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { setLife } from '../subscription/scene.ts'
import { byHand, heldBy, inAccount, kindsOf, ledgerOf, mailsAbout, numbersOf, owner, planOf } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ pool: 12 })
})
afterAll(() => app.stop())

/** Clinic by the month in Pakistan: 6,000 rupees and 16 % sales tax. */
const month = 696_000

const order = async (clinic: TestClinic, kind: 'start' | 'renew' | 'upgrade', code: string, rhythm: 'month' | 'year') => {
  const plan = await planOf(app, code)
  return inAccount(clinic, (account) => openOrder(account, kind, plan, rhythm), owner)
} // prettier-ignore
const pay = (clinic: TestClinic, amountMinor: number, reference?: string) =>
  inAccount(clinic, (account) => recordPayment(account, byHand(clinic, amountMinor, reference)))
const valueOf = <T>(outcome: Outcome<T, string>): T => {
  if (!outcome.ok) throw new Error(outcome.reason)
  return outcome.value
}
const withoutSeries = (numbers: string[]) => numbers.map((number) => number.replace(/\d+$/, ''))

describe('paying', () => {
  it('what was ordered buys it: entry, receipt, charge, invoice, time, all at once', async () => {
    const clinic = await makeClinic(app)
    const trialEnds = (await heldBy(clinic)).ends
    expect(valueOf(await order(clinic, 'start', 'clinic', 'month')).totalMinor).toBe(month)
    expect(valueOf(await pay(clinic, month)).bought).toBe(true)
    expect(await ledgerOf(clinic)).toEqual([`payment ${-month}`, `charge ${month}`])
    expect(withoutSeries(await numbersOf(clinic))).toEqual(['NBZ-RCT-', 'NBZ-INV-'])
    const held = await heldBy(clinic)
    expect(held.status).toBe('active')
    expect(held.starts).toEqual(trialEnds)
    expect(held.ends?.toString()).toBe('2027-01-24T19:00:00Z')
    expect(await kindsOf(clinic)).toEqual(['receipt', 'invoice'])
  })

  it('a part of it leaves credit, and the rest buys it', async () => {
    const clinic = await makeClinic(app)
    await order(clinic, 'start', 'clinic', 'month')
    expect(valueOf(await pay(clinic, 400_000)).bought).toBe(false)
    expect((await heldBy(clinic)).status).toBe('trialing')
    expect(await inAccount(clinic, settle)).toBe(false)
    expect(valueOf(await pay(clinic, 296_000)).bought).toBe(true)
    expect(await ledgerOf(clinic)).toEqual(['payment -400000', 'payment -296000', `charge ${month}`])
  })

  it('more than is due leaves credit, which pays the next period when that is due', async () => {
    const clinic = await makeClinic(app)
    await order(clinic, 'start', 'clinic', 'month')
    await pay(clinic, 2 * month)
    expect(await inAccount(clinic, settle)).toBe(false)
    await setLife(clinic, 'past_due')
    expect(await inAccount(clinic, settle)).toBe(true)
    expect((await heldBy(clinic)).ends?.toString()).toBe('2027-02-24T19:00:00Z')
    expect(await ledgerOf(clinic)).toEqual([`payment ${-2 * month}`, `charge ${month}`, `charge ${month}`])
  })

  it('twice with one reference, as by a double click, counts once', async () => {
    const clinic = await makeClinic(app)
    await Promise.all([pay(clinic, month, 'T-77'), pay(clinic, month, 'T-77')])
    expect(await ledgerOf(clinic)).toEqual([`payment ${-month}`, `charge ${month}`])
    await Promise.all([pay(clinic, 100, ''), pay(clinic, 100, '')])
    expect(await ledgerOf(clinic)).toHaveLength(4)
  })

  it.each(['expired', 'purge_scheduled'] as const)('brings back who is %s, from today on, with everything as it was', async (life) => {
    const clinic = await makeClinic(app)
    await setLife(clinic, life)
    await pay(clinic, month)
    const held = await heldBy(clinic)
    expect(held).toMatchObject({ status: 'active', standing: 'active', plan: 'clinic' })
    expect(held.starts).toEqual(app.clock.now())
    expect(await kindsOf(clinic)).toEqual(['receipt', 'reactivated', 'invoice'])
  }) // prettier-ignore

  it('in another currency is not taken', async () => {
    const clinic = await makeClinic(app)
    const paid = { ...byHand(clinic, 5000), currency: 'USD' }
    expect(await inAccount(clinic, (account) => recordPayment(account, paid))).toMatchObject({ reason: 'other_currency' })
    expect(await ledgerOf(clinic)).toEqual([])
  }) // prettier-ignore
})

describe('an order', () => {
  it('is worked out for the rest of the period, stands for three days, and is one at a time', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic, month)
    const first = valueOf(await order(clinic, 'upgrade', 'group', 'month'))
    expect(first.netMinor).toBe(1_200_000)
    expect(first.expiresAt).toEqual(app.clock.now().add({ hours: 72 }))
    const second = valueOf(await order(clinic, 'upgrade', 'group', 'month'))
    expect((await inAccount(clinic, dueNow))?.id).toBe(second.id)
    await pay(clinic, second.totalMinor)
    expect(await heldBy(clinic)).toMatchObject({ plan: 'group', ends: (await heldBy(clinic)).ends })
  })

  it('survives the end of a trial: what was chosen is what the money buys', async () => {
    const clinic = await makeClinic(app)
    const { totalMinor } = valueOf(await order(clinic, 'start', 'solo', 'year'))
    app.clock.advance({ hours: 32 * 24 })
    await app.runJob('subscription.life')
    expect((await heldBy(clinic)).status).toBe('past_due')
    await pay(clinic, totalMinor)
    expect(await heldBy(clinic)).toMatchObject({ status: 'active', plan: 'solo' })
  })

  it('is dropped by whoever leaves, takes the free plan or plans a smaller one', async () => {
    const tools = app.services
    const leaver = await makeClinic(app)
    await order(leaver, 'start', 'group', 'month')
    await leaver.inClinic((ctx) => leave(ctx, tools, { reason: 'price', note: undefined }))
    const free = await makeClinic(app)
    await order(free, 'start', 'group', 'month')
    await free.inClinic((ctx) => choosePlan(ctx, tools, { plan: 'free', interval: 'month' }))
    const smaller = await makeClinic(app)
    await pay(smaller, month)
    await order(smaller, 'upgrade', 'group', 'month')
    await smaller.inClinic((ctx) => choosePlan(ctx, tools, { plan: 'solo', interval: 'month' }))
    const open = await app.superuser(
      `select clinic_id from platform.orders where status = 'open' and clinic_id = any($1)`,
      [[leaver.id, free.id, smaller.id]],
    )
    expect(open).toEqual([])
  })

  it('for nothing is none, and takes back none that was open', async () => {
    const clinic = await makeClinic(app)
    const open = valueOf(await order(clinic, 'start', 'solo', 'month'))
    expect(await order(clinic, 'start', 'free', 'month')).toMatchObject({ ok: false, reason: 'nothing_due' })
    expect((await inAccount(clinic, dueNow))?.id).toBe(open.id)
  })

  it('for a renewal with a smaller plan waits for the end of the period, however early it is paid', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic, month)
    const { ends } = await heldBy(clinic)
    await inAccount(clinic, async (account) => planDowngrade(account, await planOf(app, 'solo'), 'month'), owner)
    app.clock.set(ends!.subtract({ hours: 5 * 24 }))
    await pay(clinic, 290_000)
    expect(await heldBy(clinic)).toMatchObject({ plan: 'clinic', ends })
    app.clock.set(ends!.add({ hours: 1 }))
    await app.runJob('subscription.life')
    expect(await heldBy(clinic)).toMatchObject({ plan: 'solo', status: 'active', starts: ends })
  })
})

describe('a declared payment', () => {
  it('waits, and confirmed by two people at once counts once', async () => {
    const clinic = await makeClinic(app)
    const id = valueOf(await inAccount(clinic, (account) => declarePayment(account, byHand(clinic, month)), owner))
    expect(await ledgerOf(clinic)).toEqual([])
    const decided = await Promise.all([1, 2, 3].map(() => inAccount(clinic, (account) => confirmPayment(account, id))))
    expect(decided.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await ledgerOf(clinic)).toEqual([`payment ${-month}`, `charge ${month}`])
  })

  it('that is turned down leaves no trace in the ledger; the owner is told why', async () => {
    const clinic = await makeClinic(app)
    const id = valueOf(await inAccount(clinic, (account) => declarePayment(account, byHand(clinic, month)), owner))
    await inAccount(clinic, (account) => rejectPayment(account, id, 'No such transfer'))
    expect(await inAccount(clinic, (account) => confirmPayment(account, id))).toMatchObject({ ok: false })
    expect(await ledgerOf(clinic)).toEqual([])
    const [told] = await mailsAbout(clinic)
    expect(told?.text).toContain('No such transfer')
  })

  it('of another clinic can’t be decided here', async () => {
    const [clinic, other] = [await makeClinic(app), await makeClinic(app)]
    const id = valueOf(await inAccount(other, (account) => declarePayment(account, byHand(other, month)), owner))
    expect(await inAccount(clinic, (account) => confirmPayment(account, id))).toMatchObject({ ok: false })
    expect(await ledgerOf(other)).toEqual([])
  })

  it('found by the operator first is confirmed by that', async () => {
    const clinic = await makeClinic(app)
    await inAccount(clinic, (account) => declarePayment(account, byHand(clinic, month, 'T-9')), owner)
    await pay(clinic, month, 'T-9')
    const rows = await app.superuser('select status from platform.payments where clinic_id = $1', [clinic.id])
    expect(rows).toEqual([{ status: 'confirmed' }])
    expect(await ledgerOf(clinic)).toEqual([`payment ${-month}`, `charge ${month}`])
  })
})

describe('a provider', () => {
  const told = (clinic: TestClinic, ref: string, services = app.services) =>
    inAccount(
      clinic,
      (account) => enterProviderPayment(account, { ref, method: 'card', amountMinor: month, currency: 'PKR' }),
      { kind: 'provider', id: null },
      services,
    )

  it('telling of a payment ten times, in two processes, is heard once', async () => {
    const second = await startServices(app.services.config, { clock: app.clock, log: createLog('fatal') })
    try {
      const clinic = await makeClinic(app)
      const heard = await Promise.all(
        Array.from({ length: 10 }, (_, number) => told(clinic, 'pi_1', number % 2 ? app.services : second.services)),
      )
      expect(heard.filter(({ ok }) => ok)).toHaveLength(1)
      expect(await ledgerOf(clinic)).toEqual([`payment ${-month}`, `charge ${month}`])
      expect(await kindsOf(clinic)).toEqual(['receipt', 'invoice'])
    } finally {
      await second.stop()
    }
  })

  it('giving money back twice under one name gives it once, and takes the invoice back by it', async () => {
    const clinic = await makeClinic(app)
    const { paymentId } = valueOf(await told(clinic, 'pi_2'))
    const back = { ref: 're_1', amountMinor: 100_000, currency: 'PKR' }
    for (let time = 0; time < 2; time++) await inAccount(clinic, (account) => enterProviderRefund(account, paymentId, back)) // prettier-ignore
    expect((await ledgerOf(clinic)).sort()).toEqual([`charge ${month}`, 'credit -100000', `payment ${-month}`, 'refund 100000']) // prettier-ignore
  })
})

describe('money back', () => {
  const giveBack = (clinic: TestClinic, amountMinor: number, takesBack: boolean, paymentId?: Parameters<typeof refund>[1]['paymentId']) =>
    inAccount(clinic, (account) => refund(account, { amountMinor, takesBack, reason: 'Asked for', ...(paymentId ? { paymentId } : {}) })) // prettier-ignore

  it('takes invoices back to the last minor unit of tax, and no further', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic, month)
    for (const amount of [100_001, 200_003, 395_996]) expect(await giveBack(clinic, amount, true)).toMatchObject({ ok: true }) // prettier-ignore
    expect(await giveBack(clinic, 1, true)).toMatchObject({ reason: 'more_than_invoiced' })
    const [sums] = await app.superuser<{ total: number; tax: number }>(
      `select sum(total_minor)::int as total, sum(tax_minor)::int as tax from platform.documents
       where clinic_id = $1 and kind = 'credit_note'`,
      [clinic.id],
    )
    expect(sums).toEqual({ total: month, tax: 96_000 })
  })

  it('out of credit is no more than the credit', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic, month + 5000)
    expect(await giveBack(clinic, 5001, false)).toMatchObject({ reason: 'more_than_credit' })
    expect(await giveBack(clinic, 5000, false)).toMatchObject({ ok: true })
    expect(withoutSeries(await numbersOf(clinic))).not.toContain('NBZ-CRN-')
  })

  it('of a payment is no more than it was, added up', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic, month)
    const { paymentId } = valueOf(await pay(clinic, 7000))
    expect(await giveBack(clinic, 5000, false, paymentId)).toMatchObject({ ok: true })
    expect(await giveBack(clinic, 2001, true, paymentId)).toMatchObject({ reason: 'more_than_paid' })
    expect(await giveBack(clinic, 2000, false, paymentId)).toMatchObject({ ok: true })
  })
})

describe('the ledger', () => {
  it('is put right by entries, never changed', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic, month)
    const [wrong] = await app.superuser<{ id: string }>(
      `select id from platform.ledger_entries where clinic_id = $1 and kind = 'payment'`,
      [clinic.id],
    )
    await inAccount(clinic, (account) => correctLedger(account, { entryId: wrong!.id, amountMinor: 1500, reason: 'Bank fee' })) // prettier-ignore
    expect(await ledgerOf(clinic)).toContain('correction 1500')
    for (const statement of [
      'update platform.ledger_entries set amount_minor = 0',
      'delete from platform.ledger_entries',
      'update platform.documents set total_minor = 0',
      'delete from platform.documents',
    ])
      // prettier-ignore
      await expect(app.services.db.raw(statement)).rejects.toThrow('permission denied')
  })

  it('of another clinic is out of reach', async () => {
    const [clinic, other] = [await makeClinic(app), await makeClinic(app)]
    await pay(other, month)
    const [entry] = await app.superuser<{ id: string }>('select id from platform.ledger_entries where clinic_id = $1', [other.id]) // prettier-ignore
    const tried = await inAccount(clinic, (account) => correctLedger(account, { entryId: entry!.id, amountMinor: 1, reason: 'x' })) // prettier-ignore
    expect(tried).toMatchObject({ reason: 'no_entry' })
  })
})

describe('numbers', () => {
  it('have no gaps and no twins when forty clinics pay at once and every fourth payment fails', async () => {
    const clinics = await Promise.all(Array.from({ length: 40 }, () => makeClinic(app)))
    const results = await Promise.allSettled(
      clinics.map((clinic, number) =>
        inAccount(clinic, async (account) => {
          const paid = await recordPayment(account, byHand(clinic, month))
          if (number % 4 === 0) throw new Error('the power went')
          return paid
        }),
      ),
    )
    const errors = results.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
    expect(errors).toEqual(Array.from({ length: 10 }, () => 'Error: the power went'))
    const series = await app.superuser<{ count: number; last: number; distinct: number; counter: number }>(
      `select count(*)::int as count, max(sequence)::int as last, count(distinct d.number)::int as distinct,
         n.last::int as counter
       from platform.documents d join platform.document_numbers n on n.issuer_id = d.issuer_id and n.kind = d.kind
       group by d.issuer_id, d.kind, n.last`,
    )
    expect(series.length).toBeGreaterThanOrEqual(2)
    for (const { count, last, distinct, counter } of series) expect([last, distinct, counter]).toEqual([count, count, count]) // prettier-ignore
  })
})

describe('a plan that costs nothing', () => {
  it('ends a trial at once and for ever, but not a period that is paid', async () => {
    const clinic = await makeClinic(app)
    const free = await planOf(app, 'free')
    expect(await inAccount(clinic, (account) => takeFreePlan(account, free), owner)).toMatchObject({ ok: true })
    expect(await heldBy(clinic)).toMatchObject({ status: 'active', plan: 'free', ends: null })
    await app.runJob('subscription.life')
    expect(await heldBy(clinic)).toMatchObject({ status: 'active', next: null })
    const payer = await makeClinic(app)
    await pay(payer, month)
    expect(await inAccount(payer, (account) => takeFreePlan(account, free), owner)).toMatchObject({ reason: 'paid_period' })
  }) // prettier-ignore
})

describe('who cancelled', () => {
  it('and pays for more of this period leaves at its end all the same', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic, month)
    await inAccount(clinic, (account) => cancelAtPeriodEnd(account, 'price'), owner)
    await pay(clinic, valueOf(await order(clinic, 'upgrade', 'group', 'month')).totalMinor)
    const held = await heldBy(clinic)
    expect(held.plan).toBe('group')
    app.clock.set(held.ends!.add({ minutes: 1 }))
    await app.runJob('subscription.life')
    expect((await heldBy(clinic)).status).toBe('expired')
  })
})
