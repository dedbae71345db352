// A few thousand rows out, into another clinic, and out again: every file the same, byte by byte.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { importExport } from '../../src/features/export/actions/import.ts'
import { exportTables } from '../../src/features/export/rules/tables.ts'
import { linkEntries, linkImported, verifyTrail } from '../../src/features/trail/actions.ts'
import { audit } from '../../src/platform/audit.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import { minutes } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'
import { makePatient } from '../support/factories.ts'
import { exportOf, furnishedClinic, givePassword, inFile, readCsv, unzip } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const [patients, visits, messages] = [300, 3_000, 300]

it('comes back as it was', { timeout: 120_000 }, async () => {
  const clinic = await furnishedClinic(app)
  for (let at = 0; at < patients; at++) {
    const { id, phone } = await makePatient(clinic, {
      name: `مریض ${at} "${at % 7 === 0 ? '=' : ''}O'Hara", ${at}`,
      ...(at % 3 === 0 ? { email: `many${at}@patient.test` } : {}),
    })
    if (at >= messages) continue
    await clinic.inClinic((ctx) =>
      queueMessage(ctx, {
        kind: 'confirmation',
        template: 'confirmation',
        recipient: { channel: 'whatsapp', phone },
        language: 'ur',
        appointmentId: null,
        patientId: id,
        version: 1,
        dueAt: ctx.now.add(minutes(3)),
        params: { name: `"${at}"\r\n` },
      }),
    )
  }
  await app.superuser(
    `insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id, status,
       starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at, cancel_reason)
     select v.clinic_id, gen_random_uuid(), 'R' || n, v.practitioner_id, v.service_id, v.location_id,
       (array(select id from clinic.patients p where p.clinic_id = $1))[1 + n % $2::int], 'cancelled',
       v.starts_at + n * interval '61.123456 seconds', v.ends_at + n * interval '61.123456 seconds', v.occupied_from + n * interval '61.123456 seconds',
       v.occupied_to + n * interval '61.123456 seconds', v.lane, v.capacity, v.source, v.language, v.currency, v.created_at,
       (array['@x', '', ' spaces ', e'two\\nlines', ''' =1', null, 'لا، شكرًا'])[1 + n % 7]
     from (select * from clinic.appointments where clinic_id = $1 limit 1) v, generate_series(1, $3::int) n`,
    [clinic.id, patients, visits],
  )
  // What an import changes on purpose: nothing waits to be sent, and accounts are invited anew.
  await app.superuser(
    `update clinic.messages set status = 'dropped', drop_reason = 'imported' where clinic_id = $1 and status = 'queued'`,
    [clinic.id],
  )
  await app.superuser('update clinic.practitioners set user_id = null where clinic_id = $1', [clinic.id])

  const first = await exportOf(clinic)
  app.clock.advance({ hours: 72 })
  const fresh = await makeClinic(app)
  await fresh.inClinic((ctx) => audit(ctx, 'export.looked_at', { kind: 'clinic', id: fresh.id }))
  await linkEntries(app.services, await fresh.proven())
  await givePassword(app, fresh.cast.nadia)
  const imported = await inFile(first, (path) =>
    importExport(app.services, { path, slug: fresh.slug, password: undefined, dryRun: false, vouch: linkImported }),
  )
  expect(imported).toMatchObject({ ok: true })
  const [before, after] = [(await unzip(first))!, (await unzip(await exportOf(fresh)))!]
  const digest = (text: string) => createHash('sha256').update(text).digest('hex')
  const rows: Record<string, number> = {}
  for (const { name } of exportTables) {
    const file = `${name}.csv`
    rows[name] = readCsv(before[file]!).length
    // The log goes on: each clinic has its own entries about exports and imports.
    if (name === 'audit_entries') {
      const kept = (text: string) =>
        readCsv(text)
          .filter(({ action }) => !action?.startsWith('export.'))
          .map((entry) => ({ ...entry, origin_digest: '' }))
      expect(kept(after[file]!)).toEqual(kept(before[file]!))
    } else {
      expect({ file, digest: digest(after[file]!) }).toEqual({ file, digest: digest(before[file]!) })
    }
  }
  expect(rows).toMatchObject({ patients: patients + 9, appointments: visits + 9, messages: messages + 9 })

  // What came along is part of the chain here, today and a month later.
  for (const days of [0, 31]) {
    app.clock.advance({ hours: 24 * days })
    await linkEntries(app.services, await fresh.proven())
    expect((await verifyTrail(app.services, await fresh.proven())).bad).toBeUndefined()
  }

  // Nothing lies there under the key of the clinic it came from.
  const sealed = exportTables.flatMap(({ name, columns }) =>
    columns.filter(({ kind }) => kind.startsWith('sealed')).map(({ column }) => ({ name, column })),
  )
  for (const { name, column } of sealed) {
    const [counted] = await app.superuser<{ same: number; there: number }>(
      `select count(*) filter (where a.${column} = b.${column})::int as same, count(*)::int as there
       from clinic.${name} a join clinic.${name} b on a.id = b.id and b.clinic_id = $2
       where a.clinic_id = $1 and a.${column} is not null`,
      [clinic.id, fresh.id],
    )
    expect({ name, column, same: counted!.same }).toEqual({ name, column, same: 0 })
  }
  const restored = await fresh.inClinic(async (ctx) => {
    const { rows: found } = await ctx.db.raw<{ rows: { id: string; phone_sealed: Buffer }[] }>(
      'select id, phone_sealed from clinic.patients where clinic_id = ?',
      [ctx.clinic.id],
    )
    return found.map((row) => ctx.seal.open(row.phone_sealed, 'patients.phone', row.id))
  })
  expect(restored.sort()).toEqual(
    readCsv(before['patients.csv']!)
      .map(({ phone }) => phone)
      .sort(),
  )
})
