// A clinic with 100,000 visits is erased while others work: `npm run bench -- --only closing`. Prints p95 of another
// clinic's pages without it and meanwhile, and how long anybody waited for a lock.
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { readConfig } from '../../src/config.ts'
import { runClosings } from '../../src/features/closing/actions/purge.ts'
import { openClinic } from '../../src/features/clinics/actions.ts'
import { newId } from '../../src/kernel/ids.ts'
import { startServices } from '../../src/start.ts'
import { slug, type Diary } from './fixtures.ts'
import type { Nabz } from './server.ts'

export const closingScenario = 'closing, 100,000 visits'
const aims = { p95Ratio: 1.5, lockMs: 1_000 }

export async function measureClosing(diary: Diary, nabz: Nabz, visits: number): Promise<void> {
  const pool = new pg.Pool({ connectionString: diary.superuserUrl, max: 3 })
  const started = await startServices(readConfig(diary.env))
  const { services } = started
  try {
    const clinicId = await makeLargeClinic(services, pool, visits)
    const headers = { cookie: diary.deskCookie, 'X-Forwarded-Proto': 'https' }
    const pages = { 'clinic page': `/c/${slug}`, Today: `/app/${slug}/today` }
    const ask = async (path: string) => {
      const began = performance.now()
      const response = await fetch(nabz.origin + path, { headers, redirect: 'manual' })
      await response.arrayBuffer()
      if (response.status !== 200) throw new Error(`${path} answers ${response.status}`)
      return performance.now() - began
    }
    const times = async (until: () => boolean) => {
      const found: Record<string, number[]> = {}
      while (!until()) {
        for (const [name, path] of Object.entries(pages)) (found[name] ??= []).push(await ask(path))
        await pause(10)
      }
      return found
    }
    for (let warm = 0; warm < 50; warm++) for (const path of Object.values(pages)) await ask(path)
    const quietEnd = performance.now() + 20_000
    const quiet = await times(() => performance.now() > quietEnd)

    const watch = watchLocks(pool)
    const began = performance.now()
    let over = false
    // The server's own clock may be the one that does it.
    const work = (async () => {
      await closeLongAgo(pool, clinicId)
      while (await isThere(pool, clinicId)) {
        await runClosings(services)
        await pause(200)
      }
    })().finally(() => (over = true))
    const meanwhile = await times(() => over)
    await work
    const seconds = (performance.now() - began) / 1000
    const { waitMs, transactionMs } = await watch.stop()
    const lines = Object.keys(pages).map((name) => {
      const [a, b] = [p95(quiet[name] ?? []), p95(meanwhile[name] ?? [])]
      const kept = b / a <= aims.p95Ratio ? 'ok' : 'NOT MET'
      return `  ${name.padEnd(12)} p95 ${a.toFixed(1)} ms quiet, ${b.toFixed(1)} ms meanwhile: × ${(b / a).toFixed(2)}   ${kept}`
    })
    const locks = Math.max(waitMs, transactionMs) <= aims.lockMs ? 'ok' : 'NOT MET'
    process.stdout.write(
      `\n${closingScenario.replace('100,000', String(visits))} (aim: p95 ≤ × ${aims.p95Ratio}, no lock longer than ${aims.lockMs} ms), erased in ${seconds.toFixed(0)} s\n` +
        `${lines.join('\n')}\n  longest wait for a lock ${waitMs.toFixed(0)} ms, longest transaction ${transactionMs.toFixed(0)} ms   ${locks}\n`,
    )
  } finally {
    await started.stop()
    await pool.end()
  }
}

const p95 = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0

/** A transaction holds its locks to its end, so the longest is no shorter than the longest lock. */
function watchLocks(pool: pg.Pool) {
  let [stopped, waitMs, transactionMs] = [false, 0, 0]
  const watching = (async () => {
    while (!stopped) {
      const { rows } = await pool.query<{ wait: number; longest: number }>(
        `select coalesce(max(extract(epoch from clock_timestamp() - query_start)) filter (where wait_event_type = 'Lock'), 0)::float8 * 1000 as wait,
           coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8 * 1000 as longest
         from pg_stat_activity where datname = current_database() and application_name = 'nabz' and xact_start is not null`,
      )
      waitMs = Math.max(waitMs, rows[0]?.wait ?? 0)
      transactionMs = Math.max(transactionMs, rows[0]?.longest ?? 0)
      await pause(15)
    }
  })()
  return {
    async stop() {
      stopped = true
      await watching
      return { waitMs, transactionMs }
    },
  }
}

/** Visits, patients, messages and log of a clinic that has been at it for years, and its closing of eight days ago. */
async function makeLargeClinic(
  services: Awaited<ReturnType<typeof startServices>>['services'],
  pool: pg.Pool,
  visits: number,
): Promise<string> {
  const { id } = await services.db.transaction((trx) =>
    openClinic(services, trx, {
      name: 'Leaving', city: 'Karachi', country: 'PK', zone: 'Asia/Karachi', currency: 'PKR', specialty: 'general_practice',
      language: 'en', slug: 'leaving',
    }),
  ) // prettier-ignore
  const [doctor, service, location] = [newId(), newId(), newId()]
  const run = (sql: string, params: unknown[] = []) => pool.query(sql, params)
  await run(`insert into clinic.practitioners (clinic_id, id, name, created_at) values ($1, $2, 'D', now())`, [
    id,
    doctor,
  ])
  await run(`insert into clinic.services (clinic_id, id, name, duration_min, currency, created_at) values ($1, $2, 'S', 15, 'PKR', now())`, [id, service]) // prettier-ignore
  await run(`insert into clinic.locations (clinic_id, id, name, address, created_at) values ($1, $2, 'L', 'A', now())`, [id, location]) // prettier-ignore
  await run(
    `insert into clinic.patients (clinic_id, id, name, name_key, phone_sealed, phone_index, phone_last_four_index, language, created_at)
     select $1::uuid, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'P' || n, 'p' || n, 'x', n::text::bytea, 'x', 'en', now()
     from generate_series(1, $2::int / 5) n`,
    [id, visits],
  )
  await run(
    `insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id, status,
       starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at)
     select $1::uuid, gen_random_uuid(), 'R' || n, $2::uuid, $3::uuid, $4::uuid,
       ('00000000-0000-7000-8000-' || lpad((n % ($5::int / 5) + 1)::text, 12, '0'))::uuid, 'fulfilled', t, t + interval '15 min', t,
       t + interval '15 min', 1, 1, 'desk', 'en', 'PKR', t
     from (select n, '2022-01-01'::timestamptz + n * interval '20 min' as t from generate_series(1, $5::int) n) v`,
    [id, doctor, service, location, visits],
  )
  await run(
    `insert into clinic.messages (clinic_id, id, version, kind, channel, template, language, recipient_sealed, recipient_hash, status, due_at, created_at)
     select $1::uuid, gen_random_uuid(), 1, 'confirmation', 'whatsapp', 'x', 'en', '', '', 'sent', now(), now() from generate_series(1, $2::int) n`,
    [id, visits],
  )
  await run(
    `insert into clinic.audit_entries (clinic_id, id, at, actor_kind, action, details, origin_digest)
     select $1::uuid, ('018f0000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, now(), 'system', 'x.y', '{"n": 1}', 'd'
     from generate_series(1, $2::int * 2) n`,
    [id, visits],
  )
  await run('analyze')
  return id
}

/** Eight days ago its owner closed it. */
async function closeLongAgo(pool: pg.Pool, clinicId: string): Promise<void> {
  await pool.query(
    `insert into platform.closings (id, clinic_id, kind, asked_at, undo_until, purge_by)
     values ($1, $2, 'asked', now() - interval '8 days', now() - interval '1 day', now() + interval '22 days')`,
    [newId(), clinicId],
  )
}

async function isThere(pool: pg.Pool, clinicId: string): Promise<boolean> {
  return (await pool.query('select 1 from platform.clinics where id = $1', [clinicId])).rows.length > 0
}
