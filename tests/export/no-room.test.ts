// The disk is full in the middle of an export.
import { open, readdir, type FileHandle } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { exportOf, furnishedClinic } from './scene.ts'

/** As Node tells it; a disk that is really full would have to be somebody's. */
async function fillDisk(): Promise<void> {
  const some = await open('/dev/null')
  const handles = Object.getPrototypeOf(some) as FileHandle
  await some.close()
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  vi.spyOn(handles, 'sync').mockRejectedValue(full)
}
afterEach(() => {
  vi.restoreAllMocks()
})

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

it('fails at once, says why, leaves nothing on the disk, and works when there is room again', async () => {
  const clinic = await furnishedClinic(app)
  const page = `/app/${clinic.slug}/settings/export`
  const nadia = await clinic.as(clinic.cast.nadia)
  await nadia.postForm(page, {}).expect(303)
  await fillDisk()
  await expect(app.runJob('export.make')).rejects.toThrow('ENOSPC')
  const [made] = await app.superuser(
    'select state, failure, attempts, password_sealed from clinic.exports where clinic_id = $1',
    [clinic.id],
  )
  expect(made).toEqual({ state: 'failed', failure: 'no_room', attempts: 1, password_sealed: null })
  expect((await nadia.get(page).expect(200)).text).toContain('There is no room for it on the server')
  expect(await readdir(app.services.config.exportDir)).toEqual([])

  vi.restoreAllMocks()
  app.clock.advance({ minutes: 1 })
  expect((await exportOf(clinic)).length).toBeGreaterThan(1_000)
})
