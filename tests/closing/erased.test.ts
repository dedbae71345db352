// All of a clinic is there up to the last second of the seventh day and nowhere one second after; what is left are a
// certificate and what the law wants.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { createDatabase, dropDatabase, urlOf } from '../../src/dev/prepare-database.ts'
import { jobsOf } from '../../src/jobs.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { eraseAgain } from '../../src/platform/backup/erase-again.ts'
import { readBackup, writeBackup } from '../../src/platform/backup/files.ts'
import { finishRestore, loadArchive } from '../../src/platform/backup/load.ts'
import { movableClock } from '../../src/platform/clock.ts'
import { rows } from '../../src/platform/db/rows.ts'
import { certificateKey, verifyCertificate } from '../../src/platform/seal/certificates.ts'
import { SealError } from '../../src/platform/seal/envelope.ts'
import { folderKeyStore } from '../../src/platform/seal/key-store.ts'
import { startServices } from '../../src/start.ts'
import { exportOf, furnishedClinic } from '../export/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeDeclaredPayment, makeDocument } from '../support/books.ts'
import type { TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { environmentOf } from '../support/process.ts'
import { closeIt, everything, rowsOf, runAt, start, stateOf, undoEnd } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const canaries = ['Canary Siddiqui', 'canary siddiqui', 'canary-about', 'canary-reason', 'canary-owner@shifa.test']

/** A clinic with something in every corner, each of which says "canary". */
async function plantedClinic(): Promise<TestClinic> {
  app.clock.set(start)
  const clinic = await furnishedClinic(app)
  const { service, locationId } = await makeBookable(clinic)
  const patient = await makePatient(clinic, { name: 'Canary Siddiqui', phone: '+923331234567' })
  await makeAppointment(clinic, { service, locationId, patientId: patient.id, on: '2026-12-20', at: '10:00' })
  await app.superuser(`update clinic.profiles set about = 'canary-about' where clinic_id = $1`, [clinic.id])
  await app.superuser(`update clinic.closures set reason = 'canary-reason' where clinic_id = $1`, [clinic.id])
  await app.superuser(`update platform.users set email = 'canary-owner@shifa.test' where id = $1`, [
    clinic.cast.nadia.userId,
  ])
  await makeDocument(clinic)
  const { id } = await makeDeclaredPayment(clinic)
  const slip = newId()
  await app.superuser(
    `insert into platform.slips (id, media_type, bytes, image_sealed, created_at) values ($1, 'image/png', 11, $3, $2)`,
    [slip, start.toString(), app.services.keys.platform.sealBytes(Buffer.from('canary-slip'), 'slips.image', slip)],
  )
  await app.superuser('update platform.payments set slip_id = $1 where id = $2', [slip, id])
  await app.superuser(
    `insert into platform.requests (id, topic, language, name_sealed, email_sealed, message_sealed, clinic_id, received_at)
     values ($1, 'privacy', 'en', 'canary-request', '', '', $2, $3)`,
    [newId(), clinic.id, start.toString()],
  )
  await app.superuser(`update platform.switches set clinic_ids = array[$1::uuid] where code = 'directory'`, [clinic.id])
  return clinic
}

describe('one second', () => {
  it(
    'before the end of the seventh day all is there, and after it nothing is, anywhere',
    { timeout: 120_000 },
    async () => {
      const clinic = await plantedClinic()
      // Taken along before: it stays the owner's, and is not in the service any more.
      await exportOf(clinic)
      const folder = await mkdtemp(join(tmpdir(), 'nabz-closing-'))
      const { masterKey, keyStoreDir, exportDir } = app.services.config
      const backup = await writeBackup({
        ownerUrl: app.database.ownerUrl,
        masterKey,
        folder,
        now: Temporal.Instant.from('2026-11-24T07:00:00Z'),
      })
      const [slip] = await app.superuser<{ id: string; image: string }>(
        `select s.id, encode(image_sealed, 'hex') as image from platform.slips s
       join platform.payments p on p.slip_id = s.id where p.clinic_id = $1`,
        [clinic.id],
      )
      const [sealed] = await app.superuser<{ id: string; phone_sealed: Buffer }>(
        `select id, phone_sealed from clinic.patients where clinic_id = $1 and name = 'Canary Siddiqui'`,
        [clinic.id],
      )
      await closeIt(clinic, { comment: 'canary-comment' })
      await runAt(app, start.add({ hours: 6 * 24 }))
      const kinds = await app.superuser<{ kind: string }>(
        'select kind from platform.mails where clinic_id = $1 order by created_at, id',
        [clinic.id],
      )
      expect(kinds.map(({ kind }) => kind)).toEqual(['export_asked', 'closing_asked', 'closing_tomorrow'])
      const before = await rowsOf(clinic)
      await runAt(app, undoEnd)
      const there = await everything(app)
      for (const canary of canaries) expect(there.includes(canary), canary).toBe(true)
      expect(await rowsOf(clinic)).toEqual(before)
      expect((await readdir(exportDir)).length).toBeGreaterThan(0)

      await runAt(app, undoEnd.add({ seconds: 1 }))
      const closing = await stateOf(clinic)
      expect(closing).toMatchObject({ state: 'done', certificate_id: expect.any(String) as string })
      const left = await everything(app)
      const inBytes = (text: string) => Buffer.from(text).toString('hex')
      for (const canary of [...canaries, ...['canary-request'].map(inBytes)]) {
        expect(left.includes(canary), canary).toBe(false)
      }
      expect(left.includes(slip!.image)).toBe(false)
      // What the law wants, and what says that it happened.
      expect(Object.keys(await rowsOf(clinic)).sort()).toEqual([
        'platform.audit_entries',
        'platform.closings',
        'platform.documents',
        'platform.erasures',
        'platform.mails',
        'platform.payments',
      ])
      const rest = await everything(app, [
      'platform.audit_entries', 'platform.closings', 'platform.documents', 'platform.erasures', 'platform.mails',
      'platform.payments', 'platform.certificates',
    ]) // prettier-ignore
      expect(rest.includes(clinic.id)).toBe(false)
      expect(await readdir(exportDir)).toEqual([])
      expect(await folderKeyStore(keyStoreDir).read(clinic.id)).toBeUndefined()
      const files = (await readdir(keyStoreDir)).filter((name) => name.includes(clinic.id))
      expect(files).toEqual([`${clinic.id}.erased`])
      const grave = await readFile(join(keyStoreDir, files[0]!), 'utf8')
      for (const canary of canaries) expect(grave.includes(canary), canary).toBe(false)
      expect(app.logLines.join('\n')).not.toContain('anary')
      // The doors are gone, and so are its people.
      await app.agent().get(`/c/${clinic.slug}`).expect(404)
      const users = await app.superuser('select id from platform.users where id = any($1)', [
        [clinic.cast.nadia.userId, clinic.cast.bilal.userId, clinic.cast.sana.userId],
      ])
      expect(users).toEqual([])
      expect(await app.superuser('select 1 from platform.users where id = $1', [clinic.cast.omar.userId])).toHaveLength(
        1,
      )
      await app.agent().get(`/c/${clinic.other.slug}`).expect(200)

      // The last mail goes out, and then goes itself.
      await app.runJob('messages.dispatch').catch(() => undefined)
      await app.superuser(`update platform.mails set status = 'sent' where clinic_id = $1`, [clinic.id])
      await runAt(app, undoEnd.add({ seconds: 2 }))
      expect(await rowsOf(clinic)).not.toHaveProperty('platform.mails')

      // The certificate counts what was there.
      const file = (await app.agent().get(`/certificates/${closing!.certificate_id}/file`).expect(200)).text
      const verdict = verifyCertificate(file, [certificateKey(masterKey).publicKey])
      if (!verdict.ok) throw new Error(verdict.reason)
      const { erasedRows, key, because, clinic: named } = verdict.certificate
      expect({ because, named, key: key?.length }).toEqual({ because: 'asked', named: clinic.id, key: 64 })
      for (const [table, count] of Object.entries(before)) {
        if (!table.startsWith('clinic.')) continue
        const more = table === 'clinic.audit_entries'
        if (more) expect(erasedRows[table]).toBeGreaterThanOrEqual(count)
        else expect([table, erasedRows[table]]).toEqual([table, count])
      }
      expect(erasedRows['platform.memberships']).toBe(3)
      expect(erasedRows['platform.users']).toBe(3)
      for (const canary of canaries) expect(file.includes(canary), canary).toBe(false)
      expect((await app.agent().get(`/certificates/${closing!.certificate_id}`).expect(200)).text).toContain(clinic.id)

      await comesBackFromABackup(clinic, backup.path, sealed!, closing!.certificate_id!)
      await rm(folder, { recursive: true, force: true })
    },
  )
})

/** A backup made before brings the rows, not the key: they open for nobody, and go again before anybody sees them. */
async function comesBackFromABackup(
  clinic: TestClinic,
  path: string,
  sealed: { id: string; phone_sealed: Buffer },
  certificateId: string,
) {
  const { superuserUrl, copyPrefix } = inject('postgres')
  const name = `${copyPrefix}closing_${process.pid}`
  await createDatabase(superuserUrl, name)
  const ownerUrl = urlOf(superuserUrl, name, 'nabz_owner')
  const { masterKey, keyStoreDir } = app.services.config
  try {
    await loadArchive(ownerUrl, readBackup(masterKey, path), { replace: false })
    await expect(app.services.keys.forClinic(clinic.id)).rejects.toThrow(SealError)
    expect(sealed.phone_sealed.toString('latin1')).not.toContain('333123')
    const erased = await eraseAgain(ownerUrl, folderKeyStore(keyStoreDir), app.clock.now())
    expect(erased.clinics).toBeGreaterThanOrEqual(1)
    const config = readConfig({
      ...environmentOf(app),
      DATABASE_URL: urlOf(superuserUrl, name, 'nabz_app'),
      JOBS_DATABASE_URL: urlOf(superuserUrl, name, 'nabz_jobs'),
    })
    const clock = movableClock(app.clock.now().toString())
    const started = await startServices(config, { clock, databaseNow: () => Promise.resolve(clock.now()) })
    try {
      // As `npm run restore` does.
      for (const job of jobsOf(started.services)) if (job.name.startsWith('privacy.')) await job.run()
      await finishRestore(ownerUrl)
      const { db } = started.services
      expect(await rows(db, 'select 1 from platform.clinics where id = ?', [clinic.id])).toEqual([])
      expect(await rows(db, `select 1 from platform.users where email = 'canary-owner@shifa.test'`)).toEqual([])
      const [again] = await rows<{ kind: string; certificate: string }>(
        db,
        `select kind, certificate_id as certificate from platform.closings where clinic_id = ? and state = 'done'`,
        [clinic.id],
      )
      // The certificate that was handed out is known again.
      expect(again).toEqual({ kind: 'restored', certificate: certificateId })
      expect(await rows(db, 'select 1 from platform.certificates where id = ?', [certificateId])).toHaveLength(1)
    } finally {
      await started.stop()
    }
  } finally {
    await dropDatabase(superuserUrl, name)
  }
}
