// ui.md: at most 50 KB a page over the wire, in all: the page, its styles, its scripts and its icons.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { registerLink } from '../../src/platform/links.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeAppointment, makeLocation, makePractitioner, makeService, makeShift } from '../support/factories.ts'
import { weigh } from '../support/weigh.ts'
import { bookableClinic, hold, setProfile, typed } from './patient.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const limit = 50 * 1024

it('every page of a busy clinic stays under 50 KB, in every language', async () => {
  const scene = await bookableClinic(app, { codePolicy: 'always' })
  const clifton = await makeLocation(scene.clinic, { name: 'Clifton' })
  for (let more = 0; more < 19; more++)
    await makeService(scene.clinic, { name: `Service number ${more}`, priceMinor: 100_000 + more })
  for (let doctor = 0; doctor < 4; doctor++) {
    const { id } = await makePractitioner(scene.clinic, { name: `Dr Number ${doctor}` })
    await makeShift(scene.clinic, { practitionerId: id, locationId: doctor % 2 === 0 ? clifton.id : scene.locationId })
  }
  await setProfile(scene.clinic, { slot_step_min: 5, about: 'A clinic with a long story. '.repeat(20) })
  const visit = await makeAppointment(scene.clinic, { service: scene.service, on: '2026-11-26', at: '10:00' })
  const token = await scene.clinic.inClinic((ctx) => registerLink(ctx, visit.id, 1, visit.endsAt))
  const agent = app.agent()
  const waiting = await hold(agent, scene, '11:00')
  await agent.postForm(waiting, typed()).expect(303)
  const details = await hold(agent, scene)
  const cookies = [...agent.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const weights: Record<string, number> = {}
  for (const lang of ['en', 'ar', 'ur']) {
    for (const path of [
      scene.home,
      `${scene.home}/times?date=2026-11-25`,
      details,
      waiting,
      `/a/${token}`,
      `/a/${token}/move`,
      `/a/${token}/cancellation`,
      '/a/nothing',
    ]) {
      const address = `${path}${path.includes('?') ? '&' : '?'}lang=${lang}`
      weights[`${lang} ${path}`] = await weigh(app, address, cookies)
    }
  }
  const heavy = Object.entries(weights).filter(([, bytes]) => bytes > limit)
  expect(heavy).toEqual([])
  expect(Math.max(...Object.values(weights))).toBeGreaterThan(5000)
})
