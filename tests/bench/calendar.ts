// The calendar of a full clinic: `npm run bench -- --only calendar`. Eight doctors and 2,000 visits in one month, beside
// whatever the clinic has behind it; statements and p95 of each view, with one client.
import { performance } from 'node:perf_hooks'
import { newId } from '../../src/kernel/ids.ts'
import { dateAt } from '../../src/kernel/time.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { slug, withClient, zone, type Diary } from './fixtures.ts'
import { fromProxy } from './load.ts'
import type { Nabz } from './server.ts'

export const calendarScenario = 'calendar, 8 doctors with 2,000 visits a month'
const doctors = 8
const visits = 2_000
const aim = 4

export async function measureCalendar(diary: Diary, nabz: Nabz, rounds: number): Promise<void> {
  // Months away, where nothing else of the bench is booked.
  const month = dateAt(systemClock.now(), zone).with({ day: 1 }).add({ months: 4 })
  await fill(diary, month.toString())
  const headers = { ...fromProxy, cookie: diary.deskCookie }
  const ask = async (path: string) => {
    const started = performance.now()
    const response = await fetch(nabz.origin + path, { headers, redirect: 'manual' })
    const bytes = (await response.arrayBuffer()).byteLength
    if (response.status !== 200) throw new Error(`${path} answers ${response.status}`)
    return { ms: performance.now() - started, bytes, id: response.headers.get('x-request-id') ?? '' }
  }
  const lines: string[] = []
  for (const view of ['month', 'week', 'day']) {
    const path = `/app/${slug}/calendar?view=${view}&date=${month.add({ days: 9 }).toString()}`
    for (let warm = 0; warm < 10; warm++) await ask(path)
    await nabz.record(true)
    const { id, bytes } = await ask(path)
    const recorded = (await nabz.statements())[id] ?? []
    await nabz.record(false)
    // What asks who is there, and opens and closes the transaction, is the same for every page.
    const own = recorded.filter(({ text }) => /^\s*(select|with)\b/i.test(text) && /\bclinic\./.test(text)).length
    const times: number[] = []
    const before = await nabz.cpuMs()
    for (let round = 0; round < rounds; round++) times.push((await ask(path)).ms)
    const cpu = ((await nabz.cpuMs()) - before) / rounds
    times.sort((a, b) => a - b)
    const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
    const met = own > 0 && own <= aim ? 'met' : 'missed'
    lines.push(
      `  ${view.padEnd(6)} ${own} queries (aim ≤ ${aim}: ${met}), ${recorded.length} statements in all   p50 ${at(0.5).toFixed(1)} ms   p95 ${at(0.95).toFixed(1)} ms   ${cpu.toFixed(1)} ms of CPU   ${(bytes / 1024).toFixed(0)} kB`,
    )
  }
  process.stdout.write(`\n${calendarScenario}\n${lines.join('\n')}\n`)
}

/** As many doctors as it takes, and visits spread over the days of the month: half an hour each, from nine. */
async function fill({ clinic, superuserUrl }: Diary, month: string): Promise<void> {
  await withClient(superuserUrl, async (client) => {
    const practitioners = [...clinic.practitionerIds]
    while (practitioners.length < doctors) {
      const id = newId<'practitioner'>()
      await client.query(
        `insert into clinic.practitioners (clinic_id, id, name, position, created_at) values ($1, $2, $3, 9, now())`,
        [clinic.id, id, `Dr Locum ${practitioners.length}`],
      )
      await client.query(
        `insert into clinic.shifts (clinic_id, id, practitioner_id, location_id, weekday, starts_min, ends_min, created_at)
         select $1, gen_random_uuid(), $2, $3, weekday, 540, 1020, now() from generate_series(1, 7) as weekday`,
        [clinic.id, id, clinic.locationId],
      )
      practitioners.push(id)
    }
    await client.query(
      `insert into clinic.appointments (clinic_id, id, reference, practitioner_id, service_id, location_id, patient_id, status,
         starts_at, ends_at, occupied_from, occupied_to, lane, capacity, source, language, currency, created_at)
       select $1, gen_random_uuid(), 'C' || n, ($2::uuid[])[1 + n % $6::int], $3, $4,
         (select id from clinic.patients where clinic_id = $1 limit 1), 'booked', at, at + interval '30 min', at,
         at + interval '30 min', 1, 1, 'desk', 'en', 'PKR', now()
       from generate_series(0, $7::int - 1) as n,
         lateral (select ($5::date + (n / $6::int % 28) * interval '1 day' + interval '9 hours'
           + (n / $6::int / 28) * interval '30 min') at time zone $8 as at) t`,
      [clinic.id, practitioners, clinic.serviceIds[0], clinic.locationId, month, doctors, visits, zone],
    )
    await client.query(
      `update platform.diaries set diary_version = diary_version + 1, settings_version = settings_version + 1 where clinic_id = $1`,
      [clinic.id],
    )
  })
}
