// The console's list with 50,000 clinics: `npm run bench -- --only console`. Prints statements and p95 of each way to ask.
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import pg from 'pg'
import { newId } from '../../src/kernel/ids.ts'
import { startServices } from '../../src/start.ts'
import { readConfig } from '../../src/config.ts'
import { sessionCookieName } from '../../src/platform/web/session.ts'
import { signIn, createAgent } from '../support/http.ts'
import { makeManyClinics } from '../console/many-clinics.ts'
import { newSeed } from '../../src/platform/totp.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Diary } from './fixtures.ts'
import type { Nabz } from './server.ts'

export const consoleScenario = 'console, 50,000 clinics'
const clinics = 50_000
const aims = { statements: 5, p95Ms: 100 }

const questions = {
  first: '/admin/clinics',
  'by name': '/admin/clinics?sort=name&order=asc',
  'by usage': '/admin/clinics?sort=usage',
  'by activity': '/admin/clinics?sort=active&order=asc',
  'search, words': '/admin/clinics?q=shifa+kar',
  'search, number': '/admin/clinics?q=04242',
  'search, e-mail': '/admin/clinics?q=owner4242@',
  'rare filter': '/admin/clinics?status=past_due&country=GB&plan=solo&sort=name&order=asc',
  idle: '/admin/clinics?health=idle&sort=usage',
  overview: '/admin',
  payments: '/admin/payments/all',
}

/** One client, asking each way again and again. */
export async function measureConsole(diary: Diary, nabz: Nabz, rounds: number): Promise<void> {
  const pool = new pg.Pool({ connectionString: diary.superuserUrl, max: 1 })
  const superuser = async <Row extends pg.QueryResultRow>(sql: string, params: unknown[] = []) =>
    (await pool.query<Row>(sql, params)).rows
  const cookie = await (async () => {
    await makeManyClinics({ superuser }, systemClock.now().toString(), clinics)
    const userId = newId<'user'>()
    await superuser(
      `insert into platform.users (id, email, name, password_hash, platform_admin, created_at)
       values ($1, $2, 'Bench Admin', 'x', true, now())`,
      [userId, `admin-${randomBytes(4).toString('hex')}@bench.test`],
    )
    const started = await startServices(readConfig(diary.env))
    const seedId = newId()
    await superuser(
      `insert into platform.totp_seeds (id, user_id, seed_sealed, created_at, confirmed_at) values ($1, $2, $3, now(), now())`,
      [seedId, userId, started.services.keys.platform.seal(newSeed(), 'totp_seeds.seed', seedId)],
    )
    const agent = createAgent(nabz.origin)
    await signIn(started.services, agent, userId)
    await started.stop()
    return [...agent.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  })()
  await pool.end()
  if (!cookie.includes(sessionCookieName(true))) throw new Error('nobody is signed in')
  const headers = { cookie, 'X-Forwarded-Proto': 'https' }
  const ask = async (path: string) => {
    const started = performance.now()
    const response = await fetch(nabz.origin + path, { headers, redirect: 'manual' })
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`${path} answers ${response.status}`)
    return { ms: performance.now() - started, id: response.headers.get('x-request-id') ?? '' }
  }
  const lines: string[] = []
  let worst = 0
  for (const [name, path] of Object.entries(questions)) {
    for (let warm = 0; warm < 10; warm++) await ask(path)
    await nabz.record(true)
    const { id } = await ask(path)
    const statements = (await nabz.statements())[id]?.length ?? 0
    await nabz.record(false)
    const times: number[] = []
    for (let round = 0; round < rounds; round++) times.push((await ask(path)).ms)
    times.sort((a, b) => a - b)
    const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
    worst = Math.max(worst, at(0.95))
    const kept = statements <= aims.statements && at(0.95) < aims.p95Ms ? 'ok' : 'NOT MET'
    lines.push(
      `  ${name.padEnd(16)} ${String(statements).padStart(2)} statements   p50 ${at(0.5).toFixed(1).padStart(6)} ms   p95 ${at(0.95).toFixed(1).padStart(6)} ms   ${kept}`,
    )
  }
  process.stdout.write(
    `\n${consoleScenario}, one client (aim: ≤ ${aims.statements} statements, p95 < ${aims.p95Ms} ms)\n`,
  )
  process.stdout.write(`${lines.join('\n')}\n  slowest p95 ${worst.toFixed(1)} ms\n`)
}
