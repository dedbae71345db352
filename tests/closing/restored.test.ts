// A restored backup knows nothing of what was said since: neither that an owner took a closing back, nor which
// certificate was handed out.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eraseAgain } from '../../src/platform/backup/erase-again.ts'
import { folderKeyStore } from '../../src/platform/seal/key-store.ts'
import { furnishedClinic } from '../export/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { closeIt, closingPath, rowsOf, runAt, start, stateOf, undoEnd } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const restore = () =>
  eraseAgain(app.database.ownerUrl, folderKeyStore(app.services.config.keyStoreDir), app.clock.now())

it('a closing that may have been taken back since is not carried out before its owners are warned', async () => {
  app.clock.set(start)
  const clinic = await furnishedClinic(app)
  await closeIt(clinic, { tell: 'cancel' })
  // Warned, taken back on the last day, and then a disk fails: what comes back is the night before.
  await app.superuser('update platform.closings set warned_at = $2 where clinic_id = $1', [clinic.id, start.toString()])
  const restored = undoEnd.add({ hours: 3 })
  app.clock.set(restored)
  await restore()
  await runAt(app, restored)
  expect(await stateOf(clinic)).toMatchObject({ state: 'waiting', visits_cancelled: 0 })
  expect(await rowsOf(clinic)).toHaveProperty('clinic.patients')
  expect(await app.services.keys.fingerprintOf(clinic.id)).toBeDefined()
  await runAt(app, restored.add({ hours: 48 }))
  const kinds = await app.superuser<{ kind: string }>('select kind from platform.mails where clinic_id = $1', [
    clinic.id,
  ])
  expect(kinds.map(({ kind }) => kind)).toContain('closing_tomorrow')
  const nadia = await clinic.as(clinic.cast.nadia)
  await nadia.postForm(`${closingPath(clinic)}/undo`).expect(303)
  expect(await stateOf(clinic)).toMatchObject({ state: 'undone', visits_cancelled: 0 })
  app.clock.set(start)
})

it(
  'a certificate that was handed out is not written anew when the backup still had the closing under way',
  { timeout: 60_000 },
  async () => {
    app.clock.set(start)
    const clinic = await furnishedClinic(app)
    await closeIt(clinic)
    const [before] = await app.superuser<{ clinic: string; closing: string }>(
      `select to_jsonb(k)::text as clinic, to_jsonb(c)::text as closing
     from platform.clinics k join platform.closings c on c.clinic_id = k.id where k.id = $1`,
      [clinic.id],
    )
    await runAt(app, undoEnd.add({ seconds: 1 }))
    const bodies = () => app.superuser<{ body: string }>('select body from platform.certificates order by id')
    const handedOut = (await bodies()).find(({ body }) => body.includes(clinic.id))!
    // As it was before: locked, waiting, and its rows gone for want of a key.
    await app.superuser('delete from platform.certificates where body = $1', [handedOut.body])
    await app.superuser('delete from platform.closings where clinic_id = $1', [clinic.id])
    await app.superuser('insert into platform.clinics select * from jsonb_populate_record(null::platform.clinics, $1)', [before!.clinic]) // prettier-ignore
    await app.superuser('insert into platform.closings select * from jsonb_populate_record(null::platform.closings, $1)', [before!.closing]) // prettier-ignore
    await runAt(app, undoEnd.add({ hours: 1 }))
    expect((await stateOf(clinic))?.state).toBe('done')
    const again = (await bodies()).filter(({ body }) => body.includes(clinic.id))
    expect(again).toEqual([handedOut])
    app.clock.set(start)
  },
)
