// Somebody looks at what would happen, and meanwhile others book, move, confirm, or declare the same.
import { describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { confirmByPatient } from '../../src/features/appointments/actions/run.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment } from '../support/factories.ts'
import type { Agent } from '../support/http.ts'
import { booked, desk, inbox, readPreview, timeOf, visitNow, withDesk } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
const { minutes, allTold, entries } = withDesk((started) => ({ app, clinic, bilal } = started))
const atDesk = () => desk(app, clinic, bilal)

describe('while the page is looked at', () => {
  it('two people declare the same doctor late: it happens once, and each patient is told once', async () => {
    const visits = [await booked(clinic, 'One', '13:00'), await booked(clinic, 'Two', '13:30')]
    await allTold()
    const nadia = await clinic.as(clinic.cast.nadia)
    const [a, b] = [atDesk(), desk(app, clinic, nadia)]
    const [pageA, pageB] = [await a.look({ late_min: '60' }), await b.look({ late_min: '60' })]
    const answers = await Promise.all([a.confirm(pageA), b.confirm(pageB)])
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409])
    expect(await Promise.all(visits.map(({ id }) => timeOf(clinic, id)))).toEqual(['13:10', '13:40'])
    expect(await entries('disruption.declared')).toBe(1)
    minutes(5)
    for (const { phone } of visits) expect(await inbox(app, phone)).toHaveLength(1)
  })

  it('a booking comes in: nobody is moved unseen, it is shown first', async () => {
    await booked(clinic, 'One', '13:00')
    await allTold()
    const page = await atDesk().look({ late_min: '60' })
    const { id } = await booked(clinic, 'Just Booked', '12:30')
    const response = await atDesk().confirm(page).expect(409)
    const shown = readPreview(response)
    expect(shown.words).toContain('Something changed since you looked, so nothing has been done.')
    expect(shown.words).toContain('New since you looked')
    await atDesk().done(shown)
    expect(await timeOf(clinic, id)).toBe('13:10')
  })

  it('a patient moves away by their link, or cancels: the page says so, and the rest is done', async () => {
    const gone = await booked(clinic, 'Goes Away', '12:30')
    const stays = await booked(clinic, 'Stays', '13:00')
    await allTold()
    const page = await atDesk().look({ late_min: '60' })
    await clinic.inClinic(
      async (ctx) => {
        const { practitionerId, locationId } = await visitNow(clinic, gone.id)
        return moveAppointment(ctx, gone.id, { practitionerId, locationId, startsAt: ctx.now.add({ hours: 25, minutes: 20 }) }, 'patient')
      },
      { kind: 'patient' },
    )
    const shown = readPreview(await atDesk().confirm(page).expect(409))
    expect(shown.words).toContain('1 visit is no longer touched.')
    await atDesk().done(shown)
    expect(await timeOf(clinic, stays.id)).toBe('13:10')
  }) // prettier-ignore

  it('a patient says that they come: nothing about it changes', async () => {
    const one = await booked(clinic, 'One', '13:00')
    await allTold()
    const page = await atDesk().look({ late_min: '60' })
    await clinic.inClinic((ctx) => confirmByPatient(ctx, one.id), { kind: 'patient' })
    await atDesk().done(page)
  })

  it('somebody is booking a time in it: they are let go, and shown other times', async () => {
    await makeAppointment(clinic, { status: 'pending', at: '12:30' })
    const page = await atDesk().look({ late_min: '60' })
    expect(page.words).toContain('1 person is booking a time in it online just now')
    await atDesk().done(page)
    expect(await app.superuser(`select 1 from clinic.appointments where clinic_id = $1`, [clinic.id])).toEqual([])
  })
})
