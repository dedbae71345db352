// The way back: an export brought into a clinic that has nothing yet.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importExport } from '../../src/features/export/actions/import.ts'
import { exportTables } from '../../src/features/export/rules/tables.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { askersPhone, exportOf, furnishedClinic, givePassword, inFile, nastyNames, readCsv, unzip } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

describe('the way back', () => {
  const bring = (bytes: Buffer, slug: string, more: { password?: string; dryRun?: boolean } = {}) =>
    inFile(bytes, (path) =>
      importExport(app.services, { path, slug, password: more.password, dryRun: more.dryRun ?? false }),
    )

  it('gives a fresh clinic the same rows', { timeout: 60_000 }, async () => {
    const clinic = await furnishedClinic(app)
    const first = await exportOf(clinic, 'Correct-horse-9')
    const fresh = await makeClinic(app)
    await givePassword(app, fresh.cast.nadia)
    expect(await bring(first, fresh.slug)).toEqual({ ok: false, reason: 'password' })
    expect(await bring(first, fresh.slug, { password: 'Correct-horse-8' })).toEqual({ ok: false, reason: 'password' })
    const dry = await bring(first, fresh.slug, { password: 'Correct-horse-9', dryRun: true })
    expect(dry).toMatchObject({ ok: true, value: { rows: { patients: nastyNames.length } } })
    expect(await app.superuser('select 1 from clinic.patients where clinic_id = $1', [fresh.id])).toEqual([])
    expect(await bring(first, fresh.slug, { password: 'Correct-horse-9' })).toEqual(dry)
    expect(await bring(first, fresh.slug, { password: 'Correct-horse-9' })).toEqual({ ok: false, reason: 'not_empty' })

    const [before, after] = [(await unzip(first, 'Correct-horse-9'))!, (await unzip(await exportOf(fresh)))!]
    for (const { name } of exportTables) {
      const same = (rows: Record<string, string>[]) =>
        rows
          // The two clinics' own entries about exports and imports, and what an import changes on purpose.
          .filter(({ action }) => !action?.startsWith('export.'))
          // Without its salt, which stays, a digest of an address says nothing.
          .map((row) => ('origin_digest' in row ? { ...row, origin_digest: '' } : row))
          .map(({ user_id: _account, ...row }) =>
            name === 'messages' && ['queued', 'dropped'].includes(row.status ?? '')
              ? { ...row, status: '', drop_reason: '' }
              : row,
          )
      expect({ name, rows: same(readCsv(after[`${name}.csv`]!)) }).toEqual({
        name,
        rows: same(readCsv(before[`${name}.csv`]!)),
      })
    }
    const sent = await app.superuser<{ status: string }>(
      `select distinct status from clinic.messages where clinic_id = $1 order by 1`,
      [fresh.id],
    )
    expect(sent.map(({ status }) => status)).toEqual(['dropped', 'sent'])
    const asking = await app.superuser<{ phone_index: Buffer }>(
      'select phone_index from clinic.rights_requests where clinic_id = $1',
      [fresh.id],
    )
    const expected = (await app.services.keys.forClinic(fresh.id)).phoneIndex(askersPhone)
    expect(asking.map(({ phone_index }) => phone_index)).toEqual([expected])
    // Found by name and by number, as somebody entered by hand would be.
    const nadia = await fresh.as(fresh.cast.nadia)
    expect((await nadia.get(`/app/${fresh.slug}/patients?q=cmd`).expect(200)).text).toContain('+cmd')
  })

  it('refuses what is no export, and what was changed on the way', async () => {
    const fresh = await makeClinic(app)
    expect(await bring(Buffer.from('not a zip at all'), fresh.slug)).toEqual({ ok: false, reason: 'not_an_export' })
    expect(await bring(Buffer.from(''), 'nowhere-at-all')).toEqual({ ok: false, reason: 'no_clinic' })
  })
})
