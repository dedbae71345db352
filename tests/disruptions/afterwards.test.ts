// What was declared, once it is done: its page, and what an undo may still change.
import { describe, expect, it } from 'vitest'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { booked, desk, timeOf, withDesk } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
const { allTold, statusOf } = withDesk((started) => ({ app, clinic, bilal } = started))
const atDesk = () => desk(app, clinic, bilal)

describe('afterwards', () => {
  it('what somebody changed since stays as it is, and an old time that is taken stops the undo', async () => {
    const one = await booked(clinic, 'One', '13:00')
    const two = await booked(clinic, 'Two', '13:30')
    await allTold()
    const address = await atDesk().done(await atDesk().look({ late_min: '60' }))
    await clinic.inClinic((ctx) => takeStep(ctx, one.id, 'cancel'))
    await makeAppointment(clinic, { at: '14:30' })
    await atDesk().undo(address)
    expect(await atDesk().said(address)).toContain('1 visit stays as it is')
    expect([await statusOf(one.id), await timeOf(clinic, two.id)]).toEqual(['cancelled', '13:30'])
  })

  it('an old time that is taken by now stops the undo as a whole', async () => {
    const one = await booked(clinic, 'One', '13:00')
    const two = await booked(clinic, 'Two', '13:30')
    await allTold()
    const address = await atDesk().done(await atDesk().look({ what: 'off' }))
    await makeAppointment(clinic, { at: '13:30' })
    await atDesk().undo(address)
    expect(await atDesk().said(address)).toContain('An old time is taken by now, so nothing was taken back.')
    expect([await timeOf(clinic, one.id), await timeOf(clinic, two.id)]).toEqual(['09:00', '09:30'])
  })

  it('the page tells of it, and of what is still booked for the time', async () => {
    await booked(clinic, 'One', '13:00')
    await allTold()
    const address = await atDesk().done(await atDesk().look({ late_min: '60' }))
    await makeAppointment(clinic, { at: '12:30', overbookReason: 'insists' })
    const { text } = await bilal.get(address).expect(200)
    expect(wordsOf(text)).toContain('Still booked for this time')
    const today = await bilal.get(`/app/${clinic.slug}/today`).expect(200)
    expect(wordsOf(today.text)).toContain('is late until 1:10 pm')
    expect(wordsOf(today.text)).toContain('Messages leave at 12:13 pm.')
    expect(wordsOf((await bilal.get(atDesk().path).expect(200)).text)).toContain('1 visit touched')
  })

  it('belongs to this clinic alone', async () => {
    await booked(clinic, 'One', '13:00')
    const address = await atDesk().done(await atDesk().look({ late_min: '60' }))
    const omar = await clinic.as(clinic.cast.omar)
    await omar.get(address.replace(clinic.slug, clinic.other.slug)).expect(404)
    await omar.postForm(`${address.replace(clinic.slug, clinic.other.slug)}/undo`).expect(404)
    const theirs = await desk(app, { ...clinic, slug: clinic.other.slug }, omar).look({ late_min: '60' })
    expect(theirs.visits).toEqual([])
  })
})
