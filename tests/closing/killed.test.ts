// A process that erases a clinic is killed at ten moments by chance: the next goes on, and in the end it is as if nothing
// had happened.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import type { Temporal } from '../../src/kernel/time.ts'
import { furnishedClinic } from '../export/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'
import { startProcess } from '../support/process.ts'
import { closeIt, rowsOf, runAt, start, stateOf, undoEnd } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const over = undoEnd.add({ seconds: 1 })

/** Runs the job in a process of its own; killed so many milliseconds after it began, unless it ended before. */
function runProcess(now: Temporal.Instant, killAfterMs?: number): Promise<'done' | 'killed'> {
  return new Promise((resolve, reject) => {
    const child = startProcess(app, 'closing', now)
    let told = ''
    let timer: NodeJS.Timeout | undefined
    child.stdout?.on('data', (text: Buffer) => {
      told += text.toString()
      if (killAfterMs !== undefined && timer === undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    })
    child.on('exit', (_code, signal) => {
      clearTimeout(timer)
      if (signal === 'SIGKILL') resolve('killed')
      else if (told.includes('done')) resolve('done')
      else reject(new Error('it ended neither done nor killed'))
    })
  })
}

/** The same clinic twice but for its ids: each with some hundreds of rows in every larger table. */
async function largeClinic(): Promise<TestClinic> {
  app.clock.set(start)
  const clinic = await furnishedClinic(app)
  await app.superuser(
    `insert into clinic.patients (clinic_id, id, name, name_key, phone_sealed, phone_index, phone_last_four_index, language, created_at)
     select $1::uuid, gen_random_uuid(), 'P' || n, 'p' || n, 'x', n::text::bytea, 'x', 'en', now() from generate_series(1, 1500) n`,
    [clinic.id],
  )
  await app.superuser(
    `insert into clinic.audit_entries (clinic_id, id, at, actor_kind, action, details, origin_digest)
     select $1::uuid, ('018f0000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '2026-11-20T00:00:00Z', 'system', 'x.y', '{"n": 1}', 'd'
     from generate_series(1, 2500) n`,
    [clinic.id],
  )
  await app.superuser(
    `insert into clinic.messages (clinic_id, id, version, kind, channel, template, language, recipient_sealed, recipient_hash, status, due_at, created_at)
     select $1::uuid, gen_random_uuid(), 1, 'confirmation', 'whatsapp', 'x', 'en', '', '', 'sent', now(), now() from generate_series(1, 1500) n`,
    [clinic.id],
  )
  await app.superuser(
    `insert into platform.daily_counts (clinic_id, day, metric, count)
     select $1::uuid, '2020-01-01'::date + n, 'bookings', 1 from generate_series(1, 700) n`,
    [clinic.id],
  )
  await app.superuser(
    `insert into platform.support_consents (clinic_id, allowed_by, allowed_at) values ($1, $2, now()) on conflict do nothing`,
    [clinic.id, clinic.cast.nadia.userId],
  )
  return clinic
}

async function certificateOf(clinic: TestClinic) {
  const closing = await stateOf(clinic)
  const [row] = await app.superuser<{ body: string }>('select body from platform.certificates where id = $1', [
    closing?.certificate_id,
  ])
  return JSON.parse(row!.body) as { erasedRows: Record<string, number>; audit: { entries: number; head: string } }
}

it('is finished by the next, with the same end', { timeout: 240_000 }, async () => {
  const [quiet, killed] = [await largeClinic(), await largeClinic()]
  await closeIt(quiet)
  const rows = await rowsOf(quiet)
  await runAt(app, over)
  const expected = await certificateOf(quiet)
  expect(expected.erasedRows['clinic.patients']).toBe(rows['clinic.patients'])

  app.clock.set(start)
  await closeIt(killed)
  await app.superuser('delete from platform.retention_clock')
  let now = over.add({ seconds: 1 })
  let kills = 0
  for (let n = 0; n < 10 && (await stateOf(killed))?.state !== 'done'; n++) {
    await app.superuser('delete from platform.retention_clock')
    // Mostly early: later there is nothing left to be in the middle of.
    const after = 40 + ((n * 197 + Number.parseInt(newId().slice(-3), 16)) % 900)
    if ((await runProcess(now, after)) === 'killed') kills++
    // The claim of a process that is dead ends.
    now = now.add({ seconds: 61 })
  }
  await app.superuser('delete from platform.retention_clock')
  if ((await stateOf(killed))?.state !== 'done') expect(await runProcess(now)).toBe('done')
  process.stdout.write(`killed ${kills} times\n`)
  expect(kills).toBeGreaterThanOrEqual(5)
  expect((await stateOf(killed))?.state).toBe('done')
  const certificate = await certificateOf(killed)
  expect(certificate.erasedRows).toEqual(expected.erasedRows)
  expect(certificate.audit.entries).toBe(expected.audit.entries)
  const left = Object.keys(await rowsOf(killed)).filter((table) => table.startsWith('clinic.'))
  expect(left).toEqual([])
  expect(Object.keys(await rowsOf(killed)).sort()).toEqual(Object.keys(await rowsOf(quiet)).sort())
  await expect(readFile(join(app.services.config.keyStoreDir, `${killed.id}.key`))).rejects.toThrow()
})

it('is done by one of two at the same time', { timeout: 120_000 }, async () => {
  const clinic = await largeClinic()
  await closeIt(clinic)
  app.clock.set(over.add({ hours: 5 }))
  await app.superuser('delete from platform.retention_clock')
  await Promise.all([app.runJob('privacy.closing'), app.runJob('privacy.closing')])
  expect((await stateOf(clinic))?.state).toBe('done')
  const { erasedRows } = await certificateOf(clinic)
  expect(erasedRows['clinic.messages']).toBe(1500 + 9)
  const [ledger] = await app.superuser<{ total: string }>(
    'select sum(count) as total from platform.erasures where clinic_id = $1',
    [clinic.id],
  )
  expect(Number(ledger!.total)).toBe(Object.values(erasedRows).reduce((sum, count) => sum + count, 0))
})
