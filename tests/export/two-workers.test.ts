// A process that stood still too long wakes up when another has made its export.
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeDue } from '../../src/features/export/actions/make.ts'
import type { InClinic } from '../../src/platform/clinic-scope.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { furnishedClinic } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

it('it leaves the file of the other alone', async () => {
  const clinic = await furnishedClinic(app)
  const page = `/app/${clinic.slug}/settings/export`
  const nadia = await clinic.as(clinic.cast.nadia)
  const ask = async () => nadia.postForm(page, {}).expect(303)
  const counted = { calls: 0, last: Infinity }
  const inClinic: InClinic = async (...asked) => {
    counted.calls++
    if (counted.calls === counted.last) {
      app.clock.advance({ minutes: 3 })
      await makeDue(app.services)
    }
    return app.services.inClinic(...asked)
  }
  await ask()
  await makeDue({ ...app.services, inClinic })

  // The same again, asleep before its very last word.
  app.clock.advance({ minutes: 1 })
  await ask()
  Object.assign(counted, { calls: 0, last: counted.calls })
  await makeDue({ ...app.services, inClinic })
  expect(counted.calls).toBe(counted.last)
  const [made] = await app.superuser<{ id: string; state: string; attempts: number }>(
    'select id, state, attempts from clinic.exports where clinic_id = $1 order by asked_at desc limit 1',
    [clinic.id],
  )
  expect(made).toMatchObject({ state: 'ready', attempts: 2 })
  const files = (await readdir(app.services.config.exportDir)).filter((name) => name.startsWith(made!.id))
  expect(files).toEqual([`${made!.id}.sealed`])
  const answer = await nadia.postForm(`${page}/${made!.id}/download`).responseType('blob').expect(200)
  expect((answer.body as Buffer).subarray(0, 2).toString()).toBe('PK')
})
