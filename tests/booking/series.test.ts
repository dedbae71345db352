// A visit of a series on its patient's own page: which one it is, and what else is to come.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { takeStep } from '../../src/features/appointments/actions/run.ts'
import type { Appointment } from '../../src/features/appointments/queries.ts'
import { linkToken } from '../../src/platform/links.ts'
import { valueOf } from '../appointments/scene.ts'
import { seriesScene, weekly } from '../series/scene.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makePatient } from '../support/factories.ts'
import { bareWordsOf } from '../support/http.ts'
import { weigh } from '../support/weigh.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(() => app.clock.set(testNow))

async function patient(count = 4) {
  const scene = await seriesScene(app)
  const { visits } = await scene.repeat('10:00', '2026-11-25', weekly, { count })
  const pathOf = ({ id, linkVersion }: Appointment) =>
    scene.clinic.inClinic((ctx) => Promise.resolve(`/a/${linkToken(ctx, id, linkVersion)}`))
  const agent = app.agent()
  return {
    ...scene,
    visits,
    agent,
    pathOf,
    first: await pathOf(visits[0]!),
    read: async (path: string) => {
      const { text } = await agent.get(path).expect(200)
      return bareWordsOf(text)
    },
  }
}

it('lists the other visits that are to come, and leads to none of them', async () => {
  const { agent, first, read, visits, pathOf } = await patient()
  const words = await read(first)
  expect(words).toContain('Your other visits in this series')
  for (const date of ['2 December', '9 December', '16 December'])
    expect(words).toMatch(new RegExp(`${date}[^.]*Dr Sana`))
  expect(words).toContain('This is about Wednesday, 25 November at 10:00 am only.')
  const { text } = await agent.get(first)
  // A link opens one visit: whoever was passed it on changes no other.
  for (const visit of visits.slice(1)) expect(text).not.toContain(await pathOf(visit))
  expect(text.match(/\/privacy"/g)?.length).toBeGreaterThan(1)
})

it('says of moving and cancelling which visit they are about, and changes that one', async () => {
  const { agent, first, read, stand } = await patient()
  expect(await read(first)).toContain('Cancel this visit')
  expect(await read(`${first}/cancellation`)).toContain('Your 3 other visits stay as they are.')
  expect(await read(`${first}/move`)).toContain('Only this visit moves.')
  await agent.getForm(`${first}/cancellation`)
  await agent.postForm(`${first}/cancellation`).expect(303)
  expect((await stand()).map(({ status }) => status)).toEqual(['cancelled', 'booked', 'booked', 'booked'])
  const words = await read(first)
  expect(words).toContain('Your other visits in this series')
  expect(words).not.toContain('Cancel this visit')
})

it('leaves out what is cancelled, no longer theirs or restricted', async () => {
  const { clinic, first, read, visits } = await patient(6)
  valueOf(await clinic.inClinic((ctx) => takeStep(ctx, visits[1]!.id, 'cancel')))
  const other = await makePatient(clinic)
  await app.superuser('update clinic.appointments set patient_id = $3 where clinic_id = $1 and id = $2', [
    clinic.id,
    visits[2]!.id,
    other.id,
  ])
  const words = await read(first)
  for (const date of ['2 December', '9 December']) expect(words).not.toContain(date)
  for (const date of ['16 December', '23 December', '30 December']) expect(words).toContain(date)
  await app.superuser('update clinic.patients set restricted_at = now() where clinic_id = $1', [clinic.id])
  const restricted = await read(first)
  expect(restricted).not.toContain('December')
  expect(restricted).not.toContain('Your other visits in this series')
})

it('says nothing of it on the page of a visit by itself', async () => {
  const { at, bookByPhone, pathOf, read } = await patient()
  const alone = valueOf(await bookByPhone(at('16:00')))
  const words = await read(await pathOf(alone))
  expect(words).not.toContain('series')
  expect(words).not.toContain('This is about')
})

it('is complete in every language and light with a year of visits', async () => {
  const { first, read } = await patient(50)
  expect(await read(first)).toContain('Show 43 more')
  expect(await read(`${first}?lang=ar`)).toContain('زياراتك الأخرى في هذه السلسلة')
  expect(await read(`${first}?lang=ur`)).toContain('اس سلسلے کے آپ کے باقی وزٹ')
  for (const lang of ['en', 'ar', 'ur']) expect(await weigh(app, `${first}?lang=${lang}`, '')).toBeLessThan(50 * 1024)
})
