// `npm run bench`: how fast Nabz is, next to what the same machine does without it.
//
//   npm run bench -- --quick          half a minute, for a first impression
//   npm run bench -- --json out.json  the numbers as a file as well
//   npm run bench -- --only Today     the scenarios with that in their name, and nothing else
//   npm run bench -- --profile dir    leaves a CPU profile of each server in that folder
import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type pg from 'pg'
import { dateAt } from '../../src/kernel/time.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { exportScenario, measureExport } from './export.ts'
import { closingScenario, measureClosing } from './closing.ts'
import { consoleScenario, measureConsole } from './console.ts'
import { startBaselines, type Baselines, type Statement } from './baselines.ts'
import { prepare, slug, withClient, zone, type Diary, type Place } from './fixtures.ts'
import { measureSignIn, signInScenario } from './sign-in.ts'
import { calendarScenario, measureCalendar } from './calendar.ts'
import { liveScenario, measureLive } from './live.ts'
import { measureMemory, memoryScenario } from './memory.ts'
import { measureWaitingTimes, queueScenario } from './queue.ts'
import { bookToTheLast, Patients, raceIntoOneSlot, type Ready } from './flow.ts'
import { fromProxy, loadPage, loadWork, resultOf, shareOf, type Sample } from './load.ts'
import { aimsOf, machine, print, printLines, type Line, type Report } from './report.ts'
import { build, removeBuild, startNabz, type Nabz } from './server.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
})
const connectionCounts = [1, 8, 32]
const pace = options.quick
  ? { seconds: 0.5, rounds: 1, lasts: [40, 80, 80] }
  : { seconds: 1.2, rounds: 3, lasts: [100, 300, 300] }
/** In so many parts, in turn, so that whatever else the machine does meets all of them alike. */
const turns = 3
const wanted = (scenario: string) => scenario.includes(options.only ?? '')
const pastVisits = options.quick ? 20_000 : 100_000
const tomorrow = dateAt(systemClock.now(), zone).add({ days: 1 })

type Side = { diary: Diary; nabz: Nabz; patients: Patients }

type Scenario = {
  name: string
  /** The next address to ask for. */
  path: (diary: Diary) => () => string
  headers?: (diary: Diary) => Record<string, string>
  bare: 'page' | 'json'
  /** The diary changes all the time, so that nothing kept can be used. */
  changing?: boolean
}

function freeTimes(diary: Diary, question: { service: number; days: number; from?: number }): string {
  const query = new URLSearchParams({
    service: diary.clinic.serviceIds[question.service]!,
    practitioner: 'any',
    location: diary.clinic.locationId,
    from: tomorrow.add({ days: question.from ?? 0 }).toString(),
    days: String(question.days),
  })
  return `/c/${slug}/availability.json?${query.toString()}`
}

/** Another question each time: between two changes of the diary nothing is asked twice. */
const allDays = (diary: Diary) => {
  let next = 0
  return () => freeTimes(diary, { service: next % 20, from: Math.floor(next++ / 20) % 40, days: 1 })
}
const allMonths = (diary: Diary) => {
  let next = 0
  return () => freeTimes(diary, { service: next % 20, from: Math.floor(next++ / 20) % 10, days: 31 })
}

const scenarios: Scenario[] = [
  { name: 'clinic page', path: () => () => `/c/${slug}`, bare: 'page' },
  { name: 'clinic page, changing', path: () => () => `/c/${slug}`, bare: 'page', changing: true },
  { name: 'day', path: (diary) => () => freeTimes(diary, { service: 0, days: 1 }), bare: 'json' },
  { name: 'day, changing', path: allDays, bare: 'json', changing: true },
  { name: 'month', path: (diary) => () => freeTimes(diary, { service: 0, days: 31 }), bare: 'json' },
  { name: 'month, changing', path: allMonths, bare: 'json', changing: true },
  {
    name: 'Today',
    path: () => () => `/app/${slug}/today`,
    headers: ({ deskCookie }) => ({ cookie: deskCookie }),
    bare: 'page',
  },
]

const say = (text: string) => process.stderr.write(`${text}\n`)
const cleanup: (() => Promise<unknown> | void)[] = []
try {
  await main()
} finally {
  for (const step of cleanup.reverse()) await step()
}

async function main(): Promise<void> {
  if (queueScenario.includes(options.only ?? '')) {
    say(queueScenario)
    measureWaitingTimes(options.quick ? 10 : 30)
    // It asks nothing of a server.
    if (options.only !== undefined) return
  }
  say('Building …')
  cleanup.push(removeBuild)
  await build()
  const baselines = await startBaselines()
  cleanup.push(() => baselines.stop())
  say(`Making a clinic, and its copy with ${pastVisits} past visits …`)
  const place = await prepare({ ...baselines.peers, past: pastVisits })
  cleanup.push(() => place.stop())

  const coldStartMs = await coldStart(place.fresh)
  const fresh = await open(place.fresh)
  const past = await open(place.past)
  const lines: Line[] = []
  const statements: Report['statements'] = []
  for (const scenario of scenarios.filter(({ name }) => wanted(name))) {
    say(scenario.name)
    const scripts = await recordPage(fresh, scenario)
    statements.push(countStatements(scenario.name, scripts[0] ?? []))
    for (const connections of connectionCounts) {
      lines.push(await measurePage(scenario, scripts, connections, { fresh, past, baselines }))
    }
  }
  const bookings = ['booking, last', 'booking, all'].filter(wanted)
  const booked = bookings.length > 0 ? await measureBooking(place, fresh, past, baselines, bookings) : undefined
  lines.push(...(booked?.lines ?? []))
  statements.push(...(booked?.statements ?? []))
  if (options.only !== undefined && closingScenario.includes(options.only)) {
    say(closingScenario)
    await measureClosing(past.diary, past.nabz, options.quick ? 20_000 : 100_000)
  }
  if (consoleScenario.includes(options.only ?? '')) {
    say(consoleScenario)
    await measureConsole(past.diary, past.nabz, options.quick ? 40 : 200)
  }
  if (signInScenario.includes(options.only ?? '')) {
    say(signInScenario)
    await measureSignIn(past.diary, past.nabz, options.quick ? 2 : 5)
  }
  if (calendarScenario.includes(options.only ?? '')) {
    say(calendarScenario)
    await measureCalendar(past.diary, past.nabz, options.quick ? 40 : 200)
  }
  if (liveScenario.includes(options.only ?? '')) {
    say(liveScenario)
    await measureLive(past.diary, past.nabz, options.quick ? 10 : 40)
  }
  if (options.only !== undefined && memoryScenario.includes(options.only)) {
    say(memoryScenario)
    await measureMemory(past, scenarios, pace.seconds)
  }
  if (options.only !== undefined && exportScenario.includes(options.only)) {
    say(exportScenario)
    await measureExport(past, options.quick ? 64 : 2_048)
  }
  if (options.only !== undefined || !booked) {
    printLines({ machine: machine(), pastVisits, lines, statements })
    return
  }

  say('race')
  const race = await raceIntoOneSlot(booked.fresh.patients, booked.fresh.diary, 50)
  const memory = { fresh: await booked.fresh.nabz.memory(), past: await past.nabz.memory() }
  const measured = {
    machine: machine(),
    when: systemClock.now().toString(),
    quick: options.quick,
    pastVisits,
    lines,
    statements,
    coldStartMs,
    memoryMb: { fresh: memory.fresh.rss / 1e6, past: memory.past.rss / 1e6 },
    race,
    lostSlots: booked.fresh.patients.lost + past.patients.lost,
  }
  const report: Report = { ...measured, aims: aimsOf(measured) }
  print(report)
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(report, null, 2))
}

/** The median of three starts with nothing of ours inside. */
async function coldStart(diary: Diary): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 3; round++) {
    const nabz = await startNabz(diary.env, `/c/${slug}`)
    times.push(nabz.coldStart)
    await nabz.stop()
  }
  return times.sort((a, b) => a - b)[1]!
}

async function open(diary: Diary): Promise<Side> {
  const nabz = await startNabz(diary.env, `/c/${slug}`, { recorder: true, profile: options.profile })
  cleanup.push(() => nabz.stop())
  return { diary, nabz, patients: new Patients(nabz.origin, diary) }
}

/** What one request sends to the database, for some of the questions of the scenario. */
async function recordPage({ nabz, diary }: Side, scenario: Scenario): Promise<Statement[][]> {
  const path = scenario.path(diary)
  const headers = { ...fromProxy, ...scenario.headers?.(diary) }
  const ask = async () => {
    const response = await fetch(nabz.origin + path(), { headers })
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`${scenario.name} answers ${response.status}`)
    return response.headers.get('x-request-id') ?? ''
  }
  for (let warm = 0; warm < 20; warm++) await ask()
  const ids: string[] = []
  await nabz.record(true)
  for (let n = 0; n < (scenario.changing ? 40 : 1); n++) {
    if (scenario.changing) await changeDiary(diary)
    ids.push(await ask())
  }
  const recorded = await nabz.statements()
  await nabz.record(false)
  return ids.map((id) => recorded[id] ?? [])
}

async function changeDiary(diary: Diary): Promise<void> {
  await withClient(diary.appUrl, (client) => bump(client, diary))
}

async function bump(client: pg.Client, { clinic }: Diary): Promise<void> {
  await client.query('update platform.diaries set diary_version = diary_version + 1 where clinic_id = $1', [clinic.id])
}

/** While `work` runs, something is booked somewhere every few milliseconds. */
async function whileChanging<T>(diary: Diary, changing: boolean, work: () => Promise<T>): Promise<T> {
  if (!changing) return work()
  return withClient(diary.appUrl, async (client) => {
    const stop = new AbortController()
    const changes = (async () => {
      while (!stop.signal.aborted) {
        await bump(client, diary)
        await pause(20)
      }
    })()
    try {
      return await work()
    } finally {
      stop.abort()
      await changes
    }
  })
}

/** With the processor's time that Nabz took, which other work on the machine changes less than it does the rate. */
async function withCpu(nabz: Nabz, load: () => Promise<Sample>): Promise<Sample> {
  const before = await nabz.cpuMs()
  const sample = await load()
  return { ...sample, cpuMs: (await nabz.cpuMs()) - before }
}

async function measurePage(
  scenario: Scenario,
  scripts: Statement[][],
  connections: number,
  { fresh, past, baselines }: { fresh: Side; past: Side; baselines: Baselines },
): Promise<Line> {
  const of = ({ nabz, diary }: Side, seconds: number) =>
    whileChanging(diary, scenario.changing ?? false, () =>
      withCpu(nabz, () =>
        loadPage(nabz.origin, scenario.path(diary), {
          connections,
          seconds,
          ...(scenario.headers && { headers: scenario.headers(diary) }),
        }),
      ),
    )
  if (scenario.bare === 'json') {
    const response = await fetch(fresh.nabz.origin + scenario.path(fresh.diary)(), { headers: fromProxy })
    await baselines.answerWith(await response.text())
  }
  const bare = (seconds: number) => loadPage(baselines.origin, () => `/${scenario.bare}`, { connections, seconds })
  const sql = (seconds: number) =>
    baselines.runSql({ url: fresh.diary.appUrl, scripts, once: false, connections, seconds })
  const samples = { fresh: [] as Sample[], past: [] as Sample[], bare: [] as Sample[], sql: [] as Sample[] }
  // In turn, so that whatever else the machine does meets all of them alike.
  for (let round = 0; round < pace.rounds; round++) {
    if (round === 0) for (const side of [fresh, past]) await of(side, 0.3)
    samples.fresh.push(await of(fresh, pace.seconds))
    samples.past.push(await of(past, pace.seconds))
    samples.bare.push(await bare(pace.seconds / 2))
    samples.sql.push(await sql(pace.seconds / 2))
  }
  return {
    scenario: scenario.name,
    connections,
    fresh: resultOf(samples.fresh),
    past: resultOf(samples.past),
    bare: resultOf(samples.bare),
    sql: resultOf(samples.sql),
    shares: {
      past: shareOf(samples.past, samples.fresh),
      bare: shareOf(samples.fresh, samples.bare),
      sql: shareOf(samples.fresh, samples.sql),
    },
  }
}

async function measureBooking(place: Place, before: Side, past: Side, baselines: Baselines, wanted: string[]) {
  say('booking: holding slots')
  const total = pace.lasts.reduce((sum, count) => sum + count, 0)
  const ready = {
    fresh: await holdSlots(before, total),
    past: await holdSlots(past, total),
    warming: await holdSlots(past, 200),
    recorded: await holdSlots(before, total),
  }
  // A copy of everything as it is now, in which the same statements can be run once more.
  await before.nabz.stop()
  const copy = await place.copy(before.diary, 'bench_copy')
  const fresh = await open(before.diary)
  for (const one of [...ready.fresh, ...ready.recorded]) one.moveTo(fresh.nabz.origin)

  const lines: Line[] = []
  // Recording warms one server up; the other is not to be measured cold.
  const lastScripts = await recordLast(fresh, ready.recorded)
  for (const one of ready.warming) await one.book()
  const flowScripts = await recordFlows(fresh, 60)
  const statements = [
    countStatements('booking, last', lastScripts.at(-1) ?? []),
    countStatements('booking, all', flowScripts.at(-1) ?? []),
  ].filter(({ scenario }) => wanted.includes(scenario))
  let from = 0
  for (const [at, connections] of wanted.includes('booking, last') ? connectionCounts.entries() : []) {
    const count = pace.lasts[at]!
    const until = from + count
    say(`booking, last, ${connections}`)
    const samples = { fresh: [] as Sample[], past: [] as Sample[], sql: [] as Sample[] }
    const part = Math.ceil(count / turns)
    for (let start = from; start < until; start += part) {
      const end = Math.min(start + part, until)
      const last = async (nabz: Nabz, patients: Ready[]) => {
        await messagesGone([fresh, past])
        const work = patients.slice(start, end).map((one) => () => one.book())
        return withCpu(nabz, () => loadWork(work, { connections, seconds: 60 }))
      }
      samples.fresh.push(await last(fresh.nabz, ready.fresh))
      samples.past.push(await last(past.nabz, ready.past))
      const scripts = lastScripts.slice(start, end)
      samples.sql.push(await baselines.runSql({ url: copy.appUrl, scripts, once: true, connections, seconds: 60 }))
    }
    lines.push({
      scenario: 'booking, last',
      connections,
      fresh: resultOf(samples.fresh),
      past: resultOf(samples.past),
      sql: resultOf(samples.sql),
      shares: { past: shareOf(samples.past, samples.fresh), sql: shareOf(samples.fresh, samples.sql) },
    })
    from = until
  }
  for (const [at, connections] of wanted.includes('booking, all') ? connectionCounts.entries() : []) {
    say(`booking, all, ${connections}`)
    const flow = async (side: Side, seconds: number) => {
      await messagesGone([fresh, past])
      return withCpu(side.nabz, () => loadWork(() => side.patients.bookOne(), { connections, seconds }))
    }
    const samples = { fresh: [] as Sample[], past: [] as Sample[] }
    for (let round = 0; round < pace.rounds; round++) {
      samples.fresh.push(await flow(fresh, pace.seconds))
      samples.past.push(await flow(past, pace.seconds))
    }
    const third = flowScripts.length / 3
    const sql = await baselines.runSql({
      url: copy.appUrl,
      scripts: flowScripts.slice(at * third, (at + 1) * third),
      once: true,
      connections,
      seconds: 60,
    })
    lines.push({
      scenario: 'booking, all',
      connections,
      fresh: resultOf(samples.fresh),
      past: resultOf(samples.past),
      sql: resultOf([sql]),
      shares: { past: shareOf(samples.past, samples.fresh), sql: shareOf(samples.fresh, [sql]) },
    })
  }
  return { lines, statements, fresh }
}

async function holdSlots({ patients }: Side, count: number): Promise<Ready[]> {
  const ready: Ready[] = []
  const work = Array.from({ length: count }, () => async () => {
    ready.push(await bookToTheLast(patients))
  })
  const { errors } = await loadWork(work, { connections: 8, seconds: 120 })
  if (errors > 0 || ready.length < count) throw new Error(`${errors} of ${count} slots could not be held`)
  return ready
}

async function recordLast({ nabz }: Side, ready: Ready[]): Promise<Statement[][]> {
  await nabz.record(true)
  const ids: string[] = []
  for (const one of ready) ids.push(await one.book())
  const recorded = await nabz.statements()
  await nabz.record(false)
  return ids.map((id) => recorded[id] ?? [])
}

/** Until no server has anything to send: what one still has to do is not to slow down what is measured next. */
async function messagesGone(sides: Side[]): Promise<void> {
  for (const { diary } of sides) {
    await withClient(diary.superuserUrl, async (client) => {
      const due = `select from clinic.messages
        where status in ('queued', 'sending') and due_at <= now() and error_code is null limit 1`
      while ((await client.query(due)).rowCount !== 0) await pause(200)
    })
  }
}

async function recordFlows({ nabz, patients }: Side, count: number): Promise<Statement[][]> {
  await nabz.record(true)
  const flows: string[][] = []
  for (let n = 0; n < count; n++) flows.push(await patients.bookOne())
  const recorded = await nabz.statements()
  await nabz.record(false)
  return flows.map((ids) => ids.flatMap((id) => recorded[id] ?? []))
}

function countStatements(scenario: string, script: Statement[]): Report['statements'][number] {
  const frame = script.filter(({ text }) =>
    /^\s*(begin|commit|rollback|set\b|select app_set_clinic)/i.test(text),
  ).length
  return { scenario, queries: script.length - frame, transaction: frame }
}
