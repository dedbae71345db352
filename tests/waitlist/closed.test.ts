// The clinic closes while a time of its own is offered.
import { describe, expect, it } from 'vitest'
import { addClosure } from '../../src/features/clinics/actions/closures.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import type { ClinicId } from '../../src/kernel/ids.ts'
import type { TestApp } from '../support/app.ts'
import { inShort } from '../support/messages.ts'
import type { FakeWhatsApp } from '../support/whatsapp.ts'
import { digits, offersIn, offersOf, visitsIn, withWaitingList, wordsFor, type Scene } from './scene.ts'

let app: TestApp
let whatsapp: FakeWhatsApp
let scene: Scene
withWaitingList((started) => ({ app, whatsapp, scene } = started))

const { settle, later, freed } = wordsFor(() => ({ app, whatsapp, scene }))

describe('a time that closes', () => {
  const close = () =>
    scene.clinic.inClinic((ctx) =>
      addClosure(ctx, {
        startsAt: scene.slot().startsAt.subtract({ hours: 1 }),
        endsAt: scene.slot().startsAt.add({ hours: 2 }),
        reason: 'water',
        shown: false,
      }),
    )

  it('while its offer stands is not booked by a yes, which hears kindly that it is gone', async () => {
    const [one] = await freed(1)
    const [message] = offersOf(await settle())
    await close()
    await whatsapp.tap(one!.phone, message!, 0).expect(200)
    expect((await settle()).map(({ texts }) => texts[0])).toEqual([expect.stringMatching(/offer has ended/)])
    expect(await visitsIn(scene.clinic)).toEqual([])
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'withdrawn' }])
  })

  it('before the message about it leaves lets nothing leave, not even from a process that saw the clinic before', async () => {
    await freed(1)
    await app.runJob('waitlist.offer')
    // Closed between the claim and the look before the send, by another process.
    const { clinics } = app.services
    const before = await clinics.byId(scene.clinic.id)
    await close()
    let asked = 0
    const behind = {
      ...app.services,
      clinics: {
        ...clinics,
        byId: (id: ClinicId) => (asked++ === 0 ? Promise.resolve(before) : clinics.byId(id)),
      },
    }
    await dispatchDue(behind)
    expect(offersOf(whatsapp.sent)).toEqual([])
    expect(await inShort(app, scene.clinic.id)).toContain('waitlist_offer dropped (offer_over)')
    expect(await offersIn(scene.clinic)).toMatchObject([{ state: 'withdrawn' }])
  })

  it('lets whoever was offered it be asked about another', async () => {
    const one = await scene.join({ until: scene.wish().until.add({ days: 1 }) })
    const [first] = offersOf(await settle())
    expect(first!.texts[1]).toContain('25 November')
    await close()
    later(2)
    const [second] = offersOf(await settle())
    expect([second!.to, second!.texts[1]]).toEqual([digits(one.phone), expect.stringContaining('26 November')])
  })
})
