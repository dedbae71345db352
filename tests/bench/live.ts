// Fifty desks at two server processes, with Today open, then the calendar's day, then its week: `npm run bench -- --only
// "live"`. How long it takes from a press at one desk until it is on every desk's screen, as far as the network goes.
import { createHmac, randomBytes } from 'node:crypto'
import { Agent, get, type IncomingMessage } from 'node:http'
import { performance } from 'node:perf_hooks'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { createAgent } from '../support/http.ts'
import { slug, type Diary } from './fixtures.ts'
import { fromProxy } from './load.ts'
import { startNabz, type Nabz } from './server.ts'

export const liveScenario = 'live, 50 desks at two processes'
const desks = 50
/** Windows of one session: the server opens no more than six streams for each. */
const windows = 5
const aim = 500

/** What the desks have open, and what each page brings itself up to date with. */
const pages = {
  Today: '/today/board',
  'calendar, day': '/calendar/board',
  'calendar, week': '/calendar/board?view=week',
}

export async function measureLive(diary: Diary, first: Nabz, changes: number): Promise<void> {
  const second = await startNabz(diary.env, `/c/${slug}`, { recorder: true })
  const pool = new pg.Pool({ connectionString: diary.superuserUrl, max: 1 })
  try {
    const cookies = await signInMore(pool, diary, Math.ceil(desks / windows))
    const visits = await bookedToday(pool, diary)
    const scene = { cookies, visits, origins: [first.origin, second.origin] }
    process.stdout.write(`\n${liveScenario} (aim: p95 from the press to every screen < ${aim} ms)\n`)
    for (const [page, board] of Object.entries(pages)) {
      const before = (await first.cpuMs()) + (await second.cpuMs())
      const times = await timesOf(scene, board, changes)
      tell(page, times, ((await first.cpuMs()) + (await second.cpuMs()) - before) / changes)
    }
  } finally {
    await pool.end()
    await second.stop()
  }
}

type Scene = { cookies: string[]; visits: string[]; origins: string[] }

async function timesOf({ cookies, visits, origins }: Scene, board: string, changes: number): Promise<number[]> {
  const screens: Screen[] = []
  try {
    for (let desk = 0; desk < desks; desk++) {
      screens.push(await openScreen(origins[desk % 2]!, cookies[Math.floor(desk / windows)]!, board))
    }
    const times: number[] = []
    for (let change = 0; change < changes; change++) {
      const visit = visits[Math.floor(change / 2) % visits.length]!
      const status = change % 2 === 0 ? 'arrived' : 'booked'
      const presser = createAgent(origins[change % 2]!, '198.18.0.1')
      const [name = '', value = ''] = cookies[change % cookies.length]!.split('=')
      presser.cookies.set(name, value)
      await presser.getForm(`/app/${slug}/today`)
      const shown = screens.map((screen) => screen.shows(visit, status))
      const started = performance.now()
      const step = change % 2 === 0 ? 'arrival' : 'undo'
      const answer = await presser.postForm(`/app/${slug}/appointments/${visit}/${step}`)
      if (answer.status !== 303) throw new Error(`${step} answers ${answer.status}`)
      for (const at of await Promise.all(shown)) times.push(at - started)
      await pause(200)
    }
    return times
  } finally {
    for (const screen of screens) screen.close()
  }
}

function tell(page: string, times: number[], cpu: number): void {
  const sorted = times.sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Infinity
  const ms = (value: number) => `${value.toFixed(0)} ms`
  process.stdout.write(
    `  ${page.padEnd(14)} p50 ${ms(at(0.5))}   p95 ${ms(at(0.95))}   slowest ${ms(at(1))}   of ${sorted.length}   ` +
      `${ms(cpu)} of CPU a change   ${at(0.95) < aim ? 'ok' : 'NOT MET'}\n`,
  )
}

/** The same person at more computers: each has the row and the signed cookie that signing in leaves. */
async function signInMore(pool: pg.Pool, diary: Diary, count: number): Promise<string[]> {
  const [name = '', own = ''] = diary.deskCookie.split('=')
  const known = decodeURIComponent(own).slice('s:'.length).split('.')[0]
  const secret = diary.env.SESSION_SECRET ?? ''
  const cookies: string[] = []
  for (let number = 0; number < count; number++) {
    const sid = randomBytes(24).toString('base64url')
    await pool.query(
      'insert into platform.sessions (sid, sess, expire) select $1, sess, expire from platform.sessions where sid = $2',
      [sid, known],
    )
    const signature = createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '')
    cookies.push(`${name}=${encodeURIComponent(`s:${sid}.${signature}`)}`)
  }
  return cookies
}

async function bookedToday(pool: pg.Pool, diary: Diary): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from clinic.appointments where clinic_id = $1 and status = 'booked'
       and starts_at >= date_trunc('day', now() at time zone 'Asia/Karachi') at time zone 'Asia/Karachi'
       and starts_at < (date_trunc('day', now() at time zone 'Asia/Karachi') + interval '1 day') at time zone 'Asia/Karachi'
     order by starts_at, id limit 20`,
    [diary.clinic.id],
  )
  if (rows.length === 0) throw new Error('nothing is booked today')
  return rows.map(({ id }) => id)
}

type Screen = {
  /** When what is on the screen has the visit in this state; `performance.now()`. */
  shows(visit: string, status: string): Promise<number>
  close(): void
}

let lastRead: { body: Buffer; html: string } | undefined

/** Every desk unpacks for itself; here one machine plays them all, and does it once for those that got the same. */
function read(body: Buffer, packed: boolean): string {
  if (!packed) return body.toString()
  if (!lastRead?.body.equals(body)) lastRead = { body, html: gunzipSync(body).toString() }
  return lastRead.html
}

/** What live.js does: one stream, and the board fetched again at each of its events, never twice at once. */
async function openScreen(origin: string, cookie: string, path: string): Promise<Screen> {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 })
  const ask = (path: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(origin + path, { agent, headers: { ...fromProxy, cookie, 'accept-encoding': 'gzip' } }, resolve).on(
        'error',
        reject,
      )
    })
  const stream = await ask(`/app/${slug}/today/events`)
  if (stream.statusCode !== 200) throw new Error(`the stream answers ${stream.statusCode}`)
  let waiting: { shown: RegExp; resolve(at: number): void } | undefined
  let fetching = false
  let again = false
  const look = async () => {
    if (fetching) {
      again = true
      return
    }
    fetching = true
    const board = await ask(`/app/${slug}${path}`)
    const body = await buffer(board)
    const at = performance.now()
    if (waiting?.shown.test(read(body, board.headers['content-encoding'] === 'gzip'))) {
      waiting.resolve(at)
      waiting = undefined
    }
    fetching = false
    if (again) {
      again = false
      void look()
    }
  }
  stream.setEncoding('utf8').on('data', (told: string) => {
    if (told.includes('event: diary')) void look()
  })
  stream.on('error', () => undefined)
  return {
    shows: (visit, status) =>
      new Promise((resolve) => {
        waiting = { shown: new RegExp(`data-visit="${visit}"[^>]*data-status="${status}"`), resolve }
      }),
    close() {
      stream.destroy()
      agent.destroy()
    },
  }
}
