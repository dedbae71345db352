import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chartIds, chartsOf, figuresOf } from '../../src/features/analytics/rules/charts.ts'
import { periodsOf, rangeStart } from '../../src/features/analytics/rules/periods.ts'
import { frameFor, stackOf, ticksFor } from '../../src/features/analytics/rules/plot.ts'
import { daysToRoll, folding, shownAlone } from '../../src/features/analytics/rules/roll.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, signedIn } from '../support/cast.ts'
import type { Agent } from '../support/http.ts'

const day = (text: string) => Temporal.PlainDate.from(text)

describe('small groups', () => {
  it.each([
    [{ PK: 9, EG: 2, GB: 3 }, ['PK']],
    [{ PK: 9, EG: 5, GB: 3 }, ['PK']], // GB's three would be the total less the others
    [{ PK: 9, EG: 5 }, ['EG', 'PK']],
    [{ PK: 4 }, []],
    [{}, []],
  ])('of %o show %o alone', (sizes, shown) => {
    expect([...shownAlone(new Map(Object.entries(sizes)))].sort()).toEqual(shown)
  })

  it('are told together, by plan where the rest is large enough for it', () => {
    const fold = folding([
      { country: 'PK', plan: 'solo', clinics: 8 },
      { country: 'PK', plan: 'group', clinics: 2 },
      { country: 'EG', plan: 'solo', clinics: 3 },
      { country: 'GB', plan: 'solo', clinics: 3 },
    ])
    expect(fold('PK', 'solo')).toEqual({ country: 'PK', plan: '' })
    expect(fold('GB', 'solo')).toEqual({ country: 'ZZ', plan: 'solo' })
    expect(fold('XX', 'group')).toEqual({ country: 'ZZ', plan: '' })
  })
})

describe('periods', () => {
  it('are days up to a month, whole weeks up to a quarter, months beyond', () => {
    expect(periodsOf(day('2026-11-01'), day('2026-11-30'))).toHaveLength(30)
    const weeks = periodsOf(day('2026-09-01'), day('2026-11-29'))
    expect(weeks.at(-1)).toEqual({ from: day('2026-11-23'), to: day('2026-11-29') })
    expect(weeks[0]).toEqual({ from: day('2026-09-01'), to: day('2026-09-06') })
    const months = periodsOf(day('2025-11-20'), day('2026-11-10'))
    expect(months).toHaveLength(13)
    expect(months[3]).toEqual({ from: day('2026-02-01'), to: day('2026-02-28') })
  })

  it('leave no day out and take none twice', () => {
    for (const length of [1, 7, 31, 32, 90, 100, 101, 400]) {
      const first = day('2026-01-15')
      const last = first.add({ days: length - 1 })
      const all = periodsOf(first, last).flatMap(({ from, to }) =>
        Array.from({ length: from.until(to).days + 1 }, (_, at) => from.add({ days: at }).toString()),
      )
      expect(all).toEqual(Array.from({ length }, (_, at) => first.add({ days: at }).toString()))
    }
  })

  it('begin no earlier than there were figures', () => {
    expect(rangeStart('90', day('2026-11-01'), day('2026-11-20')).toString()).toBe('2026-11-01')
    expect(rangeStart('30', day('2026-01-01'), day('2026-11-30')).toString()).toBe('2026-11-01')
  })

  it('of days to add up end with the last that is over everywhere', () => {
    const now = Temporal.Instant.from('2026-11-24T11:59:59Z')
    const list = (last: string | undefined) =>
      daysToRoll(last === undefined ? undefined : day(last), day('2026-11-21'), now).map(String)
    expect(list(undefined)).toEqual(['2026-11-21', '2026-11-22'])
    expect(list('2026-11-21')).toEqual(['2026-11-22'])
    expect(list('2026-11-22')).toEqual([])
    expect(daysToRoll(undefined, undefined, now)).toEqual([])
  })
})

describe('a plot', () => {
  it('has round ticks around zero and all values', () => {
    expect(ticksFor([0, 37], true)).toEqual([0, 10, 20, 30, 40])
    expect(ticksFor([-3, 4], true)).toEqual([-4, -2, 0, 2, 4])
    expect(ticksFor([0.07], false)).toEqual([0, 0.02, 0.04, 0.06, 0.08])
    expect(ticksFor([], true)).toEqual([0, 1])
    expect(ticksFor([1], true)).toEqual([0, 1])
  })

  it('runs from right to left where reading does', () => {
    const [ltr, rtl] = [false, true].map((right) => frameFor(4, [1], { whole: true, rtl: right }))
    expect(ltr!.x(0)).toBeLessThan(ltr!.x(3))
    expect(rtl!.x(0)).toBeGreaterThan(rtl!.x(3))
    expect(rtl!.labels.at(-1)!.at).toBe(3)
  })

  it('puts what takes away below the line of zero, and nothing over another', () => {
    const frame = frameFor(1, [30, -20], { whole: true, rtl: false })
    const [a, b, c] = stackOf(frame, [[10], [20], [-20]]).flat()
    expect(b!.y + b!.height).toBeCloseTo(a!.y, 0)
    expect(a!.y + a!.height).toBeCloseTo(frame.zero, 0)
    expect(c!.y).toBeCloseTo(frame.zero, 0)
  })
})

describe('the rate of missed visits', () => {
  const rates = (flows: Record<string, number>) => {
    const rows = Object.entries(flows).map(([metric, value]) => ({ at: 0, metric: `deed_${metric}`, value }))
    const figures = figuresOf([{ to: day('2026-11-01') }], day('2026-10-31'), rows, [])
    return chartsOf(figures, []).noshow.series.map(({ values }) => values[0])
  }
  it('compares those who were reminded with those who were not', () => {
    expect(rates({ fulfilled: 120, fulfilled_reminded: 90, noshow: 30, noshow_reminded: 10 })).toEqual([0.1, 0.4])
  })
  it('is not told of a handful', () => {
    expect(rates({ fulfilled: 25, fulfilled_reminded: 19, noshow: 1, noshow_reminded: 0 })).toEqual([null, null])
  })
})

describe('/admin/analytics', () => {
  let app: TestApp
  let agent: Agent
  beforeAll(async () => {
    app = await startTestApp()
    agent = await signedIn(app, (await makePlatformAdmin(app)).userId)
  })
  afterAll(() => app.stop())

  it('says when there will be figures while there are none', async () => {
    const answer = await agent.get('/admin/analytics').expect(200)
    expect(answer.text).toContain('No figures yet')
    await agent.get('/admin/analytics/revenue/csv').expect(404)
  })

  it('does not exist for owners', async () => {
    const clinic = await makeClinic(app)
    const nadia = await clinic.as(clinic.cast.nadia)
    await nadia.get('/admin/analytics').expect(404)
    await nadia.get('/admin/analytics/revenue/csv').expect(404)
  })

  describe('with figures', () => {
    beforeAll(async () => {
      await app.superuser(
        `insert into platform.figure_days select d::date, now() from generate_series('2026-11-01'::date, '2026-11-20', '1 day') d`,
      )
      const figure = (on: string, metric: string, value: number, { country = 'PK', plan = '', currency = '' } = {}) =>
        app.superuser('insert into platform.daily_figures values ($1, $2, $3, $4, $5, $6)', [
          on,
          metric,
          country,
          plan,
          currency,
          value,
        ])
      await figure('2026-11-19', 'mrr', 500_000, { plan: 'solo', currency: 'PKR' })
      await figure('2026-11-20', 'mrr', 1_250_050, { plan: 'solo', currency: 'PKR' })
      await figure('2026-11-20', 'mrr', 9900, { country: 'GB', plan: 'clinic', currency: 'GBP' })
      await figure('2026-11-20', 'paying', 3, { plan: 'solo' })
      await figure('2026-11-20', 'paying', 1, { country: 'GB', plan: 'clinic' })
      await figure('2026-11-20', 'clinics_active', 4, { plan: 'solo' })
      await figure('2026-11-20', 'mrr_new', 750_050, { currency: 'PKR' })
      await figure('2026-11-12', 'mrr_churn', -200_000, { currency: 'PKR' })
      await figure('2026-11-12', 'deed_bookings_online', 1234, { plan: 'solo' })
    })

    it('shows each figure in words, as a plot, as a table and as a file', async () => {
      const { text } = await agent.get('/admin/analytics?range=30').expect(200)
      expect(text).toContain('Complete up to Fri, 20 Nov 2026')
      expect(text).toMatch(/Rs\s12,501/)
      expect(text).toMatch(/Rs\s12,500\.50/)
      expect(text).toContain('1,234')
      expect(text).toContain('It does not prove what reminders do')
      for (const id of chartIds) expect(text).toContain(`/admin/analytics/${id}/csv?`)
      const plots = text.match(/<svg class="plot"[\s\S]*?<\/svg>/g)!
      expect(plots.length).toBeGreaterThanOrEqual(3)
      for (const plot of plots) {
        expect(plot).toMatch(/role="img" aria-labelledby="\w+-name \w+-course"/)
        expect(plot).toMatch(/<title id="\w+-name">.+<\/title>/)
        expect(plot).toMatch(/<desc id="\w+-course">.+highest .+<\/desc>/)
      }
    })

    it('gives exact numbers in the file', async () => {
      const { text, headers } = await agent.get('/admin/analytics/movement/csv?range=30&currency=PKR').expect(200)
      expect(headers['content-disposition']).toBe('attachment; filename="movement.csv"')
      const lines = text.trimEnd().split('\r\n')
      expect(lines[0]).toBe(
        '\ufeffFrom,To,New (PKR),Expansion (PKR),Reactivation (PKR),Contraction (PKR),Churn (PKR),Adjustment (PKR)',
      )
      expect(lines).toHaveLength(21)
      expect(lines[12]).toBe('2026-11-12,2026-11-12,0,0,0,0,-2000,0')
      expect(lines[20]).toBe('2026-11-20,2026-11-20,7500.50,0,0,0,0,0')
      await agent.get('/admin/analytics/secrets/csv').expect(404)
    })

    it('filters by country, plan and currency, and takes nonsense for no choice', async () => {
      const gb = await agent.get('/admin/analytics?country=GB').expect(200)
      expect(gb.text).toContain('£99')
      expect(gb.text).not.toContain('1,234')
      const solo = await agent.get('/admin/analytics?plan=solo&currency=GBP').expect(200)
      expect(solo.text).toContain('Told of all plans together.')
      const odd = await agent.get('/admin/analytics?country=%27--&plan[]=x&range=1e9&currency=ZZZ').expect(200)
      expect(odd.text).toMatch(/Rs\s12,501/)
    })

    it.each(['ar', 'ur'])('speaks %s', async (language) => {
      const admin = await makePlatformAdmin(app)
      await app.superuser('update platform.users set language = $2 where id = $1', [admin.userId, language])
      const { text } = await (await signedIn(app, admin.userId)).get('/admin/analytics?range=30').expect(200)
      expect(text).toContain('dir="rtl"')
      // No key stands for its words; the sheet in the head is called analytics.css.
      expect(text.replace(/<head>[\s\S]*<\/head>/, '')).not.toMatch(/analytics\.[a-z_.]+/)
    })

    it('asks the database five times', async () => {
      const asked: string[] = []
      const { db } = app.services
      const client = db.client as { acquireConnection(): Promise<{ query(...args: unknown[]): unknown }> }
      const acquire = client.acquireConnection.bind(client)
      client.acquireConnection = async () => {
        const connection = await acquire()
        asked.push('statement')
        return connection
      }
      try {
        const { readFigures } = await import('../../src/features/analytics/pages/figures.ts')
        await readFigures(db, { range: '90', country: '', plan: '', currency: '' })
      } finally {
        client.acquireConnection = acquire
      }
      expect(asked).toHaveLength(5)
    })
  })
})
