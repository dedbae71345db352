import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { refuse } from '../../src/kernel/outcome.ts'
import { audit } from '../../src/platform/audit.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'

let app: TestApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app)
})
afterAll(() => app.stop())

type Entry = { id: string; details: unknown; details_sealed: Buffer; salt: Buffer; origin_digest: Buffer }

const entriesOf = (record: string) =>
  app.superuser<Entry>('select * from clinic.audit_entries where record_id = $1', [record])

describe('the audit log', () => {
  it('says who did what to which record, when and by which request', async () => {
    const record = newId()
    const { nadia } = clinic.cast
    await clinic.inClinic((ctx) => audit(ctx, 'service.renamed', { kind: 'service', id: record }, { minutes: 30 }))
    const [entry] = await entriesOf(record)
    expect(entry).toMatchObject({
      clinic_id: clinic.id,
      actor_kind: 'user',
      actor_id: nadia.userId,
      actor_role: 'owner',
      action: 'service.renamed',
      record_kind: 'service',
      details: { minutes: 30 },
      request_id: 'test',
      at: app.clock.now(),
    })
  })

  it('has no entry for what was refused: the change and its entry stand or fall together', async () => {
    const record = newId()
    await clinic.inClinic(async (ctx) => {
      await audit(ctx, 'service.renamed', { kind: 'service', id: record })
      return refuse('too_late')
    })
    expect(await entriesOf(record)).toEqual([])
  })

  it('seals what tells of a person', async () => {
    const record = newId()
    await clinic.inClinic((ctx) =>
      audit(ctx, 'patient.renamed', { kind: 'patient', id: record }, {}, { before: 'Ayesha' }),
    )
    const [entry] = await entriesOf(record)
    expect(JSON.stringify(entry)).not.toContain('Ayesha')
    expect(entry!.details_sealed.includes('Ayesha')).toBe(false)
    const opened = await clinic.inClinic((ctx) =>
      Promise.resolve(ctx.seal.openJson(entry!.details_sealed, 'audit_entries.details', entry!.id)),
    )
    expect(opened).toEqual({ before: 'Ayesha' })
  })

  it('commits to address and browser by a digest that stays when they are erased', async () => {
    const record = newId()
    const origin = { requestId: 'r', address: '203.0.113.7', browser: 'Firefox' }
    const proven = await clinic.proven()
    await app.services.inClinic(proven, { kind: 'visitor' }, origin, (ctx) =>
      audit(ctx, 'hold.made', { kind: 'appointment', id: record }),
    )
    const [entry] = await entriesOf(record)
    const digest = createHash('sha256')
      .update(entry!.salt)
      .update(JSON.stringify(['203.0.113.7', 'Firefox']))
      .digest()
    expect(entry!.origin_digest).toEqual(digest)
    expect(entry).toMatchObject({ actor_kind: 'visitor', actor_id: null, address: '203.0.113.7' })
  })
})
