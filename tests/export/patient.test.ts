// What is held of one patient, to take along.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { furnishedClinic, nastyNames } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

describe('one patient', () => {
  it('as a file and as a page, for owners, written down', async () => {
    const clinic = await furnishedClinic(app)
    const [row] = await app.superuser<{ id: string }>(
      `select id from clinic.patients where clinic_id = $1 order by id limit 1`,
      [clinic.id],
    )
    const path = `/app/${clinic.slug}/patients/${row!.id}/export`
    const nadia = await clinic.as(clinic.cast.nadia)
    expect((await nadia.get(`/app/${clinic.slug}/patients/${row!.id}`)).text).toContain(path)
    const answer = await nadia.postForm(path, { format: 'json' }).expect(200)
    expect(answer.headers['content-disposition']).toContain('attachment')
    const file = answer.body as Record<string, Record<string, unknown>[]>
    expect(file.patients).toMatchObject([{ id: row!.id, email: 'p0@patient.test', name: nastyNames[0] }])
    expect(file.appointments).toHaveLength(1)
    expect(file.messages).toHaveLength(1)
    expect(file.consents).toHaveLength(1)
    expect(file.audit_entries!.map(({ action }) => action)).toEqual([
      'patient.created',
      'consent.given',
      'patient.seen',
      // Nadia, whose page it was a moment ago.
      'patient.opened',
    ])
    const read = await nadia.postForm(path, { format: 'page' }).expect(200)
    expect(read.text).toContain('p0@patient.test')
    const bilal = await clinic.as(clinic.cast.bilal)
    await bilal.postForm(path, { format: 'json' }).expect(403)
    expect((await bilal.get(`/app/${clinic.slug}/patients/${row!.id}`)).text).not.toContain(path)
    await (await clinic.as(clinic.cast.omar)).postForm(path).expect(404)
    const taken = await app.superuser(
      `select 1 from clinic.audit_entries where clinic_id = $1 and action = 'patient.exported'`,
      [clinic.id],
    )
    expect(taken).toHaveLength(2)
  })
})
