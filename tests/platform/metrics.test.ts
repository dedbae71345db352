import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/platform/metrics.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'

const token = 'a token for the tests of metrics'

/** Samples by name and labels, read as Prometheus would; a line it could not read fails the test. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('# ')) {
      expect(line).toMatch(/^# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))$/)
      continue
    }
    const match = /^([a-z_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})?) (-?[\d.e+-]+)$/.exec(
      line,
    )
    expect(match, line).not.toBeNull()
    expect(samples.has(match![1]!), line).toBe(false)
    samples.set(match![1]!, Number(match![2]))
  }
  return samples
}

describe('/metrics', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ config: { METRICS_TOKEN: token } })
  })
  afterAll(() => app.stop())

  const scrape = async () =>
    parse((await app.agent().get('/metrics').set('Authorization', `Bearer ${token}`).expect(200)).text)

  it.each([
    ['nobody', undefined],
    ['somebody with another token', 'Bearer something else entirely'],
    ['the token without its scheme', token],
    ['the token and more', `Bearer ${token} `.padEnd(80, 'x')],
  ])('is closed to %s', async (_who, header) => {
    const request = app.agent().get('/metrics')
    const answer = await (header === undefined ? request : request.set('Authorization', header)).expect(401)
    expect(answer.text).toBe('unauthorized')
    expect(answer.headers['www-authenticate']).toBe('Bearer')
  })

  it('tells of the process, its pools and the build', async () => {
    const samples = await scrape()
    expect(samples.get('process_cpu_seconds_total')).toBeGreaterThan(0)
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e7)
    expect(samples.get('nabz_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0)
    expect(samples.get(`nabz_build_info{version="0.1.0",node="${process.version}"}`)).toBe(1)
    expect(samples.has('nabz_database_connections{pool="app",state="used"}')).toBe(true)
    expect(samples.has('nabz_database_waiting{pool="sessions"}')).toBe(true)
    expect(samples.get('nabz_database_up')).toBe(1)
  })

  it('counts requests by pattern and class of status, never by address', async () => {
    const clinic = await makeClinic(app)
    await app.agent().get(`/c/${clinic.slug}`).expect(200)
    await app.agent().get('/c/no-such-clinic-at-all').expect(404)
    for (const path of ['/surely/not/here', '/nor/here']) await app.agent().get(path).expect(404)
    const answer = await app.agent().get('/metrics').set('Authorization', `Bearer ${token}`).expect(200)
    const samples = parse(answer.text)
    expect(samples.get('nabz_http_requests_total{method="GET",route="/c/:slug",status="2xx"}')).toBe(1)
    expect(samples.get('nabz_http_requests_total{method="GET",route="/c/:slug",status="4xx"}')).toBe(1)
    expect(samples.get('nabz_http_requests_total{method="GET",route="-",status="4xx"}')).toBe(2)
    expect(samples.get('nabz_http_request_duration_seconds_count{route="/c/:slug"}')).toBe(2)
    expect(samples.get('nabz_http_request_duration_seconds_bucket{route="/c/:slug",le="+Inf"}')).toBe(2)
    expect(answer.text).not.toContain(clinic.slug)
    expect(answer.text).not.toContain('surely')
  })

  it('counts what was committed at clinics, and not what was rolled back', async () => {
    const clinic = await makeClinic(app)
    await clinic.inClinic(async (ctx) => {
      ctx.tally('bookings', 2)
      await Promise.resolve()
    })
    await clinic.inClinic(async (ctx) => {
      ctx.tally('bookings', 50)
      await Promise.resolve()
      return { ok: false, reason: 'no' } as const
    })
    expect((await scrape()).get('nabz_clinic_events_total{metric="bookings"}')).toBe(2)
  })

  it('asks the database at most every ten seconds', async () => {
    app.clock.advance({ seconds: 11 })
    const clinics = async () => (await scrape()).get('nabz_clinics{status="active"}')
    const before = await clinics()
    await makeClinic(app)
    expect(await clinics()).toBe(before)
    app.clock.advance({ seconds: 9 })
    expect(await clinics()).toBe(before)
    app.clock.advance({ seconds: 1 })
    expect(await clinics()).toBeGreaterThan(before!)
  })

  it('shows what waits to leave, sessions, jobs, checks and alarms', async () => {
    await app.superuser(
      `insert into platform.mails (id, kind, mail_sealed, due_at, created_at)
       values (gen_random_uuid(), 'test', '\\x00', $1::timestamptz - interval '5 minutes', $1)`,
      [app.clock.now().toString()],
    )
    await app.superuser(
      `insert into platform.jobs (name, schedule, runs, failures, failures_in_a_row, last_success_at)
       values ('test.job', '* * * * * *', 7, 3, 2, '2026-11-24T07:00:00Z')`,
    )
    await app.superuser(`insert into platform.alarms (name, since, code) values ('disk', now(), 'low')`)
    await app.runJob('health.checks')
    app.clock.advance({ seconds: 20 })
    const samples = await scrape()
    expect(samples.get('nabz_outbox_due{channel="mail"}')).toBe(1)
    expect(samples.get('nabz_outbox_oldest_seconds{channel="mail"}')).toBe(320)
    expect(samples.get('nabz_outbox_due{channel="whatsapp"}')).toBe(0)
    expect(samples.get('nabz_sessions')).toBeGreaterThanOrEqual(0)
    expect(samples.get('nabz_job_runs_total{job="test.job"}')).toBe(7)
    expect(samples.get('nabz_job_failures_in_a_row{job="test.job"}')).toBe(2)
    expect(samples.get('nabz_job_last_success_timestamp_seconds{job="test.job"}')).toBe(1795503600)
    expect(samples.get('nabz_check_state{check="website"}')).toBe(0)
    expect(samples.get('nabz_check_state{check="mail"}')).toBe(1)
    expect(samples.get('nabz_alarm{alarm="disk"}')).toBe(1)
  })
})

describe('without METRICS_TOKEN', () => {
  it('there is no such page, whatever somebody brings', async () => {
    const app = await startTestApp()
    try {
      await app.agent().get('/metrics').expect(404)
      await app.agent().get('/metrics').set('Authorization', 'Bearer undefined').expect(404)
    } finally {
      await app.stop()
    }
  })
})

describe('the text format', () => {
  it('keeps quotes, backslashes and line ends in labels apart from its own', () => {
    const text = createMetrics().render([
      { name: 'x', type: 'gauge', help: 'h', samples: [{ labels: { a: 'q"\\\n' }, value: 1 }] },
    ])
    expect(text).toBe('# HELP x h\n# TYPE x gauge\nx{a="q\\"\\\\\\n"} 1\n')
  })

  it('sorts durations into cumulative buckets', () => {
    const metrics = createMetrics()
    for (const seconds of [0.01, 0.2, 31]) metrics.request('PROPFIND', '/a', 200, seconds)
    const samples = parse(metrics.render([]))
    const bucket = (le: string) => samples.get(`nabz_http_request_duration_seconds_bucket{route="/a",le="${le}"}`)
    expect(['0.01', '0.1', '0.25', '30', '+Inf'].map(bucket)).toEqual([1, 1, 2, 2, 3])
    expect(samples.get('nabz_http_requests_total{method="other",route="/a",status="2xx"}')).toBe(3)
  })
})
