import { describe, expect, it } from 'vitest'
import { publicHolidays } from '../src/platform/holidays.ts'
import { Temporal } from '../src/kernel/time.ts'

const from = Temporal.PlainDate.from('2026-11-21')
const to = from.add({ days: 365 })

describe('public holidays', () => {
  it.each([
    ['PK', '2027-08-14', 'Independence Day'],
    ['IN', '2027-01-26', 'Republic Day'],
    ['EG', '2027-10-06', 'Armed Forces'],
    ['AE', '2026-12-02', 'National'],
    ['SA', '2027-09-23', 'National Day'],
    ['QA', '2026-12-18', 'National Day'],
    ['KW', '2027-02-25', 'National Day'],
    ['BH', '2026-12-16', 'National'],
    ['OM', '2027-11-20', 'National Day'],
    ['GB', '2026-12-25', 'Christmas Day'],
    ['US', '2026-11-26', 'Thanksgiving'],
  ])('of %s are known, %s among them', async (country, date, name) => {
    const days = await publicHolidays(country, from, to)
    expect(
      days
        .filter((day) => day.from.toString() === date)
        .map(({ names }) => names.en)
        .join(),
    ).toContain(name)
    expect(new Set(days.map(({ key }) => key)).size).toBe(days.length)
    const order = days.map((day) => day.from.toString())
    expect(order).toEqual(order.toSorted())
    for (const day of days) expect(Temporal.PlainDate.compare(day.to, from)).toBeGreaterThanOrEqual(0)
  })

  it.each(['PK', 'EG', 'SA', 'AE', 'QA', 'KW', 'BH', 'OM'])('of %s have both feasts, by the moon', async (country) => {
    const days = await publicHolidays(country, from, to)
    for (const name of ['Eid al-Fitr', 'Eid al-Adha']) {
      const feast = days.find(({ names }) => names.en === name)
      expect(feast?.moon).toBe(true)
      expect(feast?.names.ar).toBeTruthy()
      expect(feast?.names.ur).toBeTruthy()
      expect(feast!.from.until(feast!.to).days).toBeGreaterThanOrEqual(country === 'BH' ? 0 : 1)
    }
    expect(days.find(({ names }) => names.en.includes('National Day'))?.moon ?? false).toBe(false)
  })

  it('are none where nothing is known', async () => {
    expect(await publicHolidays('XX', from, to)).toEqual([])
  })

  it('are named in the languages of their country', async () => {
    const [day] = (await publicHolidays('PK', from, to)).filter((one) => one.from.toString() === '2027-03-23')
    expect(day?.names.ur).toBe('یومِ پاکستان')
    expect(day?.names.ar).toBeUndefined()
  })
})
