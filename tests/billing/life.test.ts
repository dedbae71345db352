// What the clock does to a subscription: steps and mails at their moments, once, and never in a heap.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { declarePayment, enterProviderPayment, recordPayment } from '../../src/features/billing/actions.ts'
import { liveOn } from '../../src/features/billing/actions/life.ts'
import { linkCard } from '../../src/features/subscription/actions/card.ts'
import {
  cancelAtPeriodEnd,
  changePlanByOperator,
  extend,
  planDowngrade,
  restore,
  suspend,
  takeFreePlan,
  withdrawCancellation,
} from '../../src/features/subscription/actions/decisions.ts'
import { Temporal, type Instant } from '../../src/kernel/time.ts'
import { createLog } from '../../src/platform/log.ts'
import { startServices } from '../../src/start.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { byHand, heldBy, inAccount, kindsOf, ledgerOf, mailsAbout, owner, planOf } from './scene.ts'

let app: TestApp
let theirs: Instant | undefined
beforeAll(async () => {
  app = await startTestApp({ databaseNow: () => Promise.resolve(theirs ?? app.clock.now()) })
})
afterAll(() => app.stop())
beforeEach(async () => {
  theirs = undefined
  app.clock.set(testNow)
  // Clinics of other tests are left in peace.
  await app.superuser('update platform.subscriptions set next_step_at = null')
})

const instant = (text: string) => Temporal.Instant.from(text)
const live = () => app.runJob('subscription.life')
/** Lets the job run at each of these moments. */
async function liveAt(...moments: string[]): Promise<void> {
  for (const moment of moments) {
    app.clock.set(moment)
    await live()
  }
}
const month = 696_000
const pay = (clinic: TestClinic, amountMinor = month) =>
  inAccount(clinic, (account) => recordPayment(account, byHand(clinic, amountMinor)))

// The trial of a clinic opened at `testNow` ends with 24 December in Karachi.
const trialEnds = '2026-12-24T19:00:00Z'

describe('a trial that nobody pays for', () => {
  it('goes through every state at its moment, with every mail at its own', async () => {
    const clinic = await makeClinic(app)
    const seen: string[] = []
    for (let at = instant(testNow); at.epochMilliseconds < instant('2027-02-05T00:00:00Z').epochMilliseconds; at = at.add({ hours: 1 })) {
      app.clock.set(at)
      await live()
      const { status, standing } = await heldBy(clinic)
      const now = `${status} ${standing}`
      if (!seen.at(-1)?.endsWith(now)) seen.push(`${at.toString()} ${now}`)
    } // prettier-ignore
    expect(seen).toEqual([
      '2026-11-24T07:00:00Z trialing active',
      '2026-12-24T19:00:00Z past_due active',
      '2026-12-31T19:00:00Z expired read_only',
      '2027-01-30T19:00:00Z purge_scheduled locked',
    ])
    expect((await mailsAbout(clinic)).map(({ at, kind }) => `${at.toString()} ${kind}`)).toEqual([
      '2026-12-10T04:00:00Z notice_before_14',
      '2026-12-17T04:00:00Z notice_before_7',
      '2026-12-21T04:00:00Z notice_before_3',
      '2026-12-24T04:00:00Z notice_before_0',
      '2026-12-31T19:00:00Z notice_after_0',
      '2027-01-07T19:00:00Z notice_after_7',
      '2027-01-21T19:00:00Z notice_after_21',
      '2027-01-28T19:00:00Z notice_after_28',
      '2027-01-30T19:00:00Z purge_scheduled',
    ])
  })

  it('is read-only for thirty days to the millisecond, however late that began', async () => {
    const clinic = await makeClinic(app)
    // Nobody looked for a while.
    await liveAt('2027-01-03T10:00:00Z', '2027-01-15T22:22:22Z')
    expect((await heldBy(clinic)).status).toBe('expired')
    await liveAt('2027-02-14T22:22:21.999Z')
    expect((await heldBy(clinic)).status).toBe('expired')
    await liveAt('2027-02-14T22:22:22Z')
    expect((await heldBy(clinic)).status).toBe('purge_scheduled')
  })

  it('takes one step a run, even when all of them are overdue', async () => {
    const clinic = await makeClinic(app)
    app.clock.set('2027-12-01T00:00:00Z')
    await live()
    expect((await heldBy(clinic)).status).toBe('past_due')
    await live()
    expect((await heldBy(clinic)).status).toBe('past_due')
    expect(await kindsOf(clinic)).toEqual([])
  })
})

describe('mails', () => {
  it('speak each owner’s language and say what is still to be paid', async () => {
    const clinic = await makeClinic(app)
    await app.superuser(`update platform.users set language = 'ur' where id = $1`, [clinic.cast.nadia.userId])
    await pay(clinic, 100_000)
    await liveAt('2026-12-10T04:10:00Z')
    const [, notice] = await mailsAbout(clinic)
    expect(notice?.kind).toBe('notice_before_14')
    expect(notice?.text).toMatch(/[؀-ۿ]{3}/)
    expect(notice?.text).toContain('5,960')
    expect(notice?.text).toContain(`/app/${clinic.slug}/settings/subscription`)
    expect(notice?.text).not.toMatch(/\{\{|subscription\.mail/)
  })

  it.each([
    ['2026-12-11T16:00:00Z', ['notice_before_14']],
    ['2026-12-11T16:00:00.001Z', []],
  ])('go out late by a day and a half at most: at %s %j', async (moment, expected) => {
    const clinic = await makeClinic(app)
    await liveAt(moment)
    expect(await kindsOf(clinic)).toEqual(expected)
  })

  it('are one, not four, after a long down time; the others are noted as never sent', async () => {
    const clinic = await makeClinic(app)
    await liveAt('2026-12-24T05:00:00Z', '2026-12-24T06:00:00Z')
    expect(await kindsOf(clinic)).toEqual(['notice_before_0'])
    const notes = await app.superuser<{ kind: string; sent: boolean }>(
      'select kind, sent from platform.subscription_notices where clinic_id = $1 order by sent, kind',
      [clinic.id],
    )
    expect(notes.map(({ kind, sent }) => `${kind} ${sent}`)).toEqual([
      'before_14 false',
      'before_3 false',
      'before_7 false',
      'before_0 true',
    ])
  })

  it('are stopped by payment, also by one that still has to be looked at', async () => {
    const [paid, declared, less] = [await makeClinic(app), await makeClinic(app), await makeClinic(app)]
    await pay(paid)
    await inAccount(declared, (account) => declarePayment(account, byHand(declared, month)), owner)
    await inAccount(less, (account) => declarePayment(account, byHand(less, 1000)), owner)
    await liveAt('2026-12-10T04:10:00Z', '2026-12-17T04:10:00Z', '2026-12-21T04:10:00Z', '2026-12-24T04:10:00Z')
    expect(await kindsOf(paid)).toEqual(['receipt', 'invoice'])
    expect(await kindsOf(declared)).toEqual([])
    expect(await kindsOf(less)).toEqual(['notice_before_14', 'notice_before_7', 'notice_before_3', 'notice_before_0'])
  })

  it('are none about money that is there already', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic, 2 * month)
    // The paid month ends with 24 January.
    await liveAt('2027-01-10T04:10:00Z', '2027-01-17T04:10:00Z', '2027-01-24T04:10:00Z', '2027-01-24T19:05:00Z')
    expect(await kindsOf(clinic)).toEqual(['receipt', 'invoice', 'invoice'])
    expect((await heldBy(clinic)).ends?.toString()).toBe('2027-02-24T19:00:00Z')
  })

  it('of this morning are not lost when somebody changes the subscription before the job runs', async () => {
    const clinic = await makeClinic(app)
    await liveAt('2026-12-10T03:00:00Z')
    app.clock.set('2026-12-10T04:02:00Z')
    await inAccount(clinic, (account) => suspend(account, 'A mistake'))
    await inAccount(clinic, (account) => restore(account, 'Ours'))
    await liveAt('2026-12-10T04:05:00Z')
    expect(await kindsOf(clinic)).toEqual(['suspended', 'restored', 'notice_before_14'])
  })

  it('are each sent once by two processes that run at the same time', async () => {
    const second = await startServices(app.services.config, {
      clock: app.clock,
      log: createLog('fatal'),
      databaseNow: () => Promise.resolve(app.clock.now()),
    })
    try {
      const clinics = await Promise.all(Array.from({ length: 12 }, () => makeClinic(app)))
      app.clock.set('2026-12-10T04:10:00Z')
      await Promise.all([liveOn(app.services), liveOn(second.services), liveOn(app.services), liveOn(second.services)])
      app.clock.set('2027-01-01T00:00:00Z')
      await Promise.all([liveOn(app.services), liveOn(second.services)])
      for (const clinic of clinics) {
        expect(await kindsOf(clinic)).toEqual(['notice_before_14'])
        expect((await heldBy(clinic)).status).toBe('past_due')
      }
    } finally {
      await second.stop()
    }
  })
})

describe('a wrong clock', () => {
  it('that disagrees with the database’s does nothing, and the run counts as failed', async () => {
    const clinic = await makeClinic(app)
    theirs = instant('2026-12-24T19:30:00Z')
    for (const ours of ['2027-03-01T00:00:00Z', '2026-12-24T19:31:01Z', '2026-12-24T19:28:59Z']) {
      app.clock.set(ours)
      await expect(live()).rejects.toThrow('clock.disagrees')
    }
    expect((await heldBy(clinic)).status).toBe('trialing')
    await liveAt('2026-12-24T19:31:00Z')
    expect((await heldBy(clinic)).status).toBe('past_due')
  })
})

describe('the end of a paid period', () => {
  it('is followed by the smaller plan that was planned, once that is paid', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic)
    const solo = await planOf(app, 'solo')
    await inAccount(clinic, (account) => planDowngrade(account, solo, 'month'), owner)
    await liveAt('2027-01-24T19:00:00Z')
    expect(await heldBy(clinic)).toMatchObject({ status: 'past_due', plan: 'solo' })
    await pay(clinic, 290_000)
    expect(await heldBy(clinic)).toMatchObject({ status: 'active', plan: 'solo' })
    expect((await heldBy(clinic)).starts.toString()).toBe('2027-01-24T19:00:00Z')
  })

  it('is followed by the free plan at once, and nobody is asked for money before', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic)
    const free = await planOf(app, 'free')
    await inAccount(clinic, (account) => planDowngrade(account, free, 'month'), owner)
    await liveAt('2027-01-10T04:10:00Z', '2027-01-24T04:10:00Z', '2027-01-24T19:00:00Z')
    expect(await heldBy(clinic)).toMatchObject({ status: 'active', plan: 'free', ends: null, next: null })
    expect(await kindsOf(clinic)).toEqual(['receipt', 'invoice'])
  })

  it('closes who cancelled without grace; thinking better of it before keeps all', async () => {
    const [leaves, stays] = [await makeClinic(app), await makeClinic(app)]
    for (const clinic of [leaves, stays]) {
      await pay(clinic)
      await inAccount(clinic, (account) => cancelAtPeriodEnd(account, 'price'), owner)
    }
    await inAccount(stays, withdrawCancellation, owner)
    await liveAt('2027-01-24T19:00:00Z')
    expect((await heldBy(leaves)).status).toBe('expired')
    expect((await heldBy(stays)).status).toBe('past_due')
    expect((await kindsOf(leaves)).at(-1)).toBe('notice_after_0')
  })

  it('leaves a card three days, in which its charge renews', async () => {
    const clinic = await makeClinic(app)
    await pay(clinic)
    await inAccount(clinic, (account) => linkCard(account, `sub_${clinic.slug}`, 'Visa 4242'), { kind: 'provider', id: null }) // prettier-ignore
    await liveAt('2027-01-27T18:59:00Z')
    expect((await heldBy(clinic)).status).toBe('active')
    await inAccount(clinic, (account) =>
      enterProviderPayment(account, { ref: `pi_${clinic.slug}`, method: 'card', amountMinor: month, currency: 'PKR' }),
    )
    expect((await heldBy(clinic)).ends?.toString()).toBe('2027-02-24T19:00:00Z')
    await liveAt('2027-02-27T19:00:00Z')
    expect((await heldBy(clinic)).status).toBe('past_due')
  })
})

describe('an operator', () => {
  it('gives days: the end moves, the step and its mails with it', async () => {
    const clinic = await makeClinic(app)
    await inAccount(clinic, (account) => extend(account, 10, 'A holiday'))
    expect((await heldBy(clinic)).ends?.toString()).toBe('2027-01-03T19:00:00Z')
    await liveAt(trialEnds)
    expect((await heldBy(clinic)).status).toBe('trialing')
    await liveAt('2027-01-03T19:00:00Z')
    expect((await heldBy(clinic)).status).toBe('past_due')
  })

  it('brings an expired clinic back with days', async () => {
    const clinic = await makeClinic(app)
    await liveAt(trialEnds, '2026-12-31T19:00:00Z')
    expect((await heldBy(clinic)).standing).toBe('read_only')
    await inAccount(clinic, (account) => extend(account, 14, 'Ramadan'))
    expect(await heldBy(clinic)).toMatchObject({ status: 'active', standing: 'active' })
    expect((await kindsOf(clinic)).at(-1)).toBe('reactivated')
  })

  it('gives a plan that costs nothing, which opens an expired clinic at once and for ever', async () => {
    const clinic = await makeClinic(app)
    await liveAt(trialEnds, '2026-12-31T19:00:00Z')
    const free = await planOf(app, 'free')
    await inAccount(clinic, (account) => changePlanByOperator(account, free, 'month', 'A charity'))
    expect(await heldBy(clinic)).toMatchObject({ status: 'active', standing: 'active', plan: 'free', ends: null })
    expect((await kindsOf(clinic)).at(-1)).toBe('reactivated')
  })

  it('gives a larger plan without money: it counts as no revenue, and its period ends', async () => {
    const clinic = await makeClinic(app)
    const [free, group] = [await planOf(app, 'free'), await planOf(app, 'group')]
    await inAccount(clinic, (account) => takeFreePlan(account, free), owner)
    await inAccount(clinic, (account) => changePlanByOperator(account, group, 'month', 'To try it'))
    const [event] = await app.superuser(
      'select sum(mrr_after_minor)::int as revenue from platform.subscription_events where clinic_id = $1',
      [clinic.id],
    )
    expect(event).toEqual({ revenue: 0 })
    await liveAt('2026-12-24T19:00:00Z')
    expect(await heldBy(clinic)).toMatchObject({ status: 'past_due', plan: 'group' })
  })

  it('suspends whatever the subscription says; time goes on beneath it', async () => {
    const clinic = await makeClinic(app)
    await inAccount(clinic, (account) => suspend(account, 'Abuse'))
    await liveAt(trialEnds, '2026-12-31T19:00:00Z')
    expect(await heldBy(clinic)).toMatchObject({ status: 'expired', standing: 'suspended' })
    await pay(clinic)
    expect(await heldBy(clinic)).toMatchObject({ status: 'active', standing: 'suspended' })
    await inAccount(clinic, (account) => restore(account, 'Settled'))
    expect((await heldBy(clinic)).standing).toBe('active')
  })
})

describe('coming back', () => {
  it('with the free plan keeps everything, and owes nothing', async () => {
    const clinic = await makeClinic(app)
    await liveAt(trialEnds, '2026-12-31T19:00:00Z', '2027-01-30T19:00:00Z')
    expect((await heldBy(clinic)).standing).toBe('locked')
    const free = await planOf(app, 'free')
    await inAccount(clinic, (account) => takeFreePlan(account, free), owner)
    expect(await heldBy(clinic)).toMatchObject({ status: 'active', standing: 'active', plan: 'free', ends: null })
    await liveAt('2028-01-30T19:00:00Z')
    expect((await heldBy(clinic)).status).toBe('active')
    expect(await ledgerOf(clinic)).toEqual([])
  })

  it('starts the thirty days anew when it lapses again', async () => {
    const clinic = await makeClinic(app)
    await liveAt(trialEnds, '2026-12-31T19:00:00Z')
    app.clock.set('2027-01-20T00:00:00Z')
    await pay(clinic)
    const ends = (await heldBy(clinic)).ends!
    await liveAt(ends.toString(), ends.add({ hours: 7 * 24 }).toString(), ends.add({ hours: 37 * 24 - 1 }).toString())
    expect((await heldBy(clinic)).status).toBe('expired')
    expect((await kindsOf(clinic)).filter((kind) => kind === 'notice_after_0')).toHaveLength(2)
  })
})
