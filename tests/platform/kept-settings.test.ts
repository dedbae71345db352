import { expect, it } from 'vitest'
import { getSettings } from '../../src/features/availability/actions.ts'
import { getNoticeSettings } from '../../src/features/notices/queries.ts'
import { getWaitlistSettings } from '../../src/features/waitlist/queries/settings.ts'
import { done, refuse } from '../../src/kernel/outcome.ts'
import type { Clinic, Ctx } from '../../src/platform/clinic-scope.ts'
import { changes } from '../../src/platform/db/rows.ts'
import { keepSettings } from '../../src/platform/kept-settings.ts'
import type { TestApp } from '../support/app.ts'
import { makeClinic, withClinic, type TestClinic } from '../support/cast.ts'
import { statementsOf } from '../support/statements.ts'

let app: TestApp
let clinic: TestClinic
withClinic((started) => ({ app, clinic } = started))

const change = (ctx: Ctx) =>
  changes(
    ctx.db,
    `update clinic.profiles
     set waitlist_offers = 7, alert_email = 'never@nabz.test', max_open_bookings = 7 where clinic_id = ?`,
    [ctx.clinic.id],
  )

const kinds: [string, (ctx: Ctx) => Promise<unknown>][] = [
  ['the diary', async (ctx) => (await getSettings(ctx)).profile.maxOpenBookings],
  ['notices', async (ctx) => (await getNoticeSettings(ctx)).alertAddress],
  ['the waiting list', async (ctx) => (await getWaitlistSettings(ctx)).most],
]

it.each(kinds)('settings of %s that were read and then taken back are nobody else’s', async (_which, read) => {
  const asBefore = await (await makeClinic(app)).inClinic(read)
  await clinic.inClinic(async (ctx) => {
    await change(ctx)
    ctx.settingsChanged()
    await read(ctx)
    return refuse('changed_my_mind')
  })
  expect(await clinic.inClinic(read)).toEqual(asBefore)
})

it.each(kinds)('settings of %s are read once while nothing changes', async (_which, read) => {
  await clinic.inClinic(read)
  const asked = await statementsOf(() => clinic.inClinic(read))
  expect(asked.filter((text) => text.includes(' clinic.'))).toEqual([])
})

it.each([
  ['said before they are read', (ctx: Ctx, read: () => Promise<unknown>) => (ctx.settingsChanged(), read())],
  ['said behind', (ctx: Ctx, read: () => Promise<unknown>) => read().then(() => ctx.settingsChanged())],
])('a change that stays, %s, leaves nothing kept under the version from before it', async (_when, both) => {
  const kept = keepSettings((ctx: Ctx) => Promise.resolve({ asOf: ctx.clinic.settingsVersion }))
  const clinicBefore = await current()
  await clinic.inClinic(async (ctx) => {
    await change(ctx)
    await both(ctx, () => kept.get(ctx))
    return done(undefined)
  })
  expect(kept.findKnown(clinicBefore)).toBeUndefined()
})

it('what one transaction asks for twice is read once', async () => {
  let reads = 0
  const kept = keepSettings(() => Promise.resolve({ reads: ++reads }))
  const both = await clinic.inClinic(async (ctx) => [await kept.get(ctx), await kept.get(ctx)])
  expect(both).toEqual([{ reads: 1 }, { reads: 1 }])
})

it('a request that took long does not put away what a later one found', async () => {
  const kept = keepSettings((ctx: Ctx) => Promise.resolve({ asOf: ctx.clinic.settingsVersion }))
  const old = await current()
  const visitor = { kind: 'visitor' } as const
  const origin = { requestId: 'settings' }
  await clinic.inClinic((ctx) => {
    ctx.settingsChanged()
    return Promise.resolve()
  })
  const fresh = await current()
  expect(fresh.settingsVersion).toBe(old.settingsVersion + 1)
  await app.services.inClinic(fresh, visitor, origin, (ctx) => kept.get(ctx))
  await app.services.inClinic(old, visitor, origin, (ctx) => kept.get(ctx))
  expect(kept.findKnown(fresh)).toEqual({ asOf: fresh.settingsVersion })
})

async function current(): Promise<Clinic> {
  return (await app.services.clinics.byId(clinic.id))!
}
