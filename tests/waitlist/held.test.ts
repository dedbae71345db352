// Somebody holds a time on the page while they book it, and lets it go: what that does to those who wait for it.
import { describe, expect, it } from 'vitest'
import { holdSlot } from '../../src/features/appointments/actions/hold.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { leaveList, restoreEntry } from '../../src/features/waitlist/actions/join.ts'
import type { TestApp } from '../support/app.ts'
import type { FakeWhatsApp } from '../support/whatsapp.ts'
import { digits, offersIn, offersOf, visitsIn, withWaitingList, wordsFor, type Scene } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let scene: Scene
withWaitingList((started) => ({ app, whatsapp, scene } = started))

const { settle, later, cancel, freed } = wordsFor(() => ({ app, whatsapp, scene }))

describe('a time that comes free', () => {
  it('is one that somebody held and let go', async () => {
    const holder = { owner: Buffer.alloc(32, 1), language: 'en' as const }
    await scene.clinic.inClinic((ctx) => holdSlot(ctx, scene.slot(), holder), { kind: 'visitor' })
    const one = await scene.join()
    expect(offersOf(await settle())).toEqual([])
    later(6)
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(one.phone)])
  })
})

describe('offers', () => {
  it('outlive somebody who holds the time on the page and lets it go', async () => {
    const [one] = await freed(1)
    const [message] = offersOf(await settle())
    const holder = { owner: Buffer.alloc(32, 1), language: 'en' as const }
    await scene.clinic.inClinic((ctx) => holdSlot(ctx, scene.slot(), holder), { kind: 'visitor' })
    later(2)
    await settle()
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'open' }])
    later(4)
    await whatsapp.tap(one!.phone, message!, 0).expect(200)
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_confirmation'])
  })

  it('outlive a yes that met somebody who was just booking it: said again it is a yes', async () => {
    const [one] = await freed(1)
    const [message] = offersOf(await settle())
    const holder = { owner: Buffer.alloc(32, 1), language: 'en' as const }
    await scene.clinic.inClinic((ctx) => holdSlot(ctx, scene.slot(), holder), { kind: 'visitor' })
    await whatsapp.tap(one!.phone, message!, 0).expect(200)
    expect((await settle()).map(({ texts }) => texts[0])).toEqual([
      expect.stringMatching(/Somebody is just booking this time.*until 12:30/),
    ])
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'open' }])
    expect(await visitsIn(scene.clinic)).toMatchObject([{ status: 'pending' }])
    later(6)
    await whatsapp.write(one!.phone, 'yes').expect(200)
    expect((await settle()).map(({ name }) => name)).toEqual(['nabz_confirmation'])
  })

  it('whose message meets somebody who is just booking the time leave all the same', async () => {
    await freed(1)
    await app.runJob('waitlist.offer')
    const holder = { owner: Buffer.alloc(32, 1), language: 'en' as const }
    await scene.clinic.inClinic((ctx) => holdSlot(ctx, scene.slot(), holder), { kind: 'visitor' })
    await dispatchDue(app.services)
    expect(offersOf(whatsapp.sent)).toHaveLength(1)
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'open' }])
  })
})

describe('what came free meanwhile is offered', () => {
  it('to somebody put back while another holds it, once it is let go', async () => {
    const visit = await scene.book()
    const one = await scene.join()
    await settle()
    await scene.clinic.inClinic((ctx) => leaveList(ctx, one.id, 'desk'))
    await cancel(visit.id)
    const holder = { owner: Buffer.alloc(32, 1), language: 'en' as const }
    await scene.clinic.inClinic((ctx) => holdSlot(ctx, scene.slot(), holder), { kind: 'visitor' })
    await scene.clinic.inClinic((ctx) => restoreEntry(ctx, one.id))
    expect(offersOf(await settle())).toEqual([])
    later(6)
    expect(offersOf(await settle()).map(({ to }) => to)).toEqual([digits(one.phone)])
  })
})
