import { describe, expect, it } from 'vitest'
import { marketOf, monthsFree } from '../../src/features/site/rules/market.ts'
import { excerptOf, searchTexts } from '../../src/features/site/rules/search.ts'
import { barsOf, shareFine } from '../../src/features/site/rules/status.ts'

const markets = ['PK', 'EG', 'IN', 'GB', 'US', 'ZZ'].map((country) => ({ country }))

describe('the country of the prices', () => {
  it.each([
    ['what was chosen', 'eg', 'en-PK', 'EG'],
    ['everywhere else, for a country chosen that has no list', 'BR', 'en-PK', 'ZZ'],
    ['the first region the browser names', undefined, 'ar-EG,ar;q=0.9,en-GB;q=0.8', 'EG'],
    ['a region after a script', undefined, 'ur-Arab-PK', 'PK'],
    ['everywhere else, for a region without a list, though the next has one', undefined, 'de-DE,en-GB', 'ZZ'],
    ['the country of a language that has one', undefined, 'ur', 'PK'],
    ['the next language, when the first says nothing of a country', undefined, 'ar,en-GB;q=0.5', 'GB'],
    ['everywhere else, for who says nothing', undefined, undefined, 'ZZ'],
    ['everywhere else, for nonsense', ['PK', 'EG'], ';;,,-;q', 'ZZ'],
    ['what the browser says, when the choice is no country', 'Pakistan', 'en-GB', 'GB'],
  ])('is %s', (_name, chosen, header, country) => {
    expect(marketOf(chosen, header, markets)).toBe(country)
  })
})

it.each([
  [2500, 25000, 2],
  [1000, 11000, 1],
  [1000, 12000, 0],
  [1000, 11500, 0],
  [1000, 13000, 0],
  [0, 0, 0],
])('of %d a month, %d a year leaves out %d months', (month, year, free) => {
  expect(monthsFree(month, year)).toBe(free)
})

describe('the bars of the status page', () => {
  const at = (iso: string) => ({ epochMilliseconds: Date.parse(iso) })
  const hour = (iso: string, ok: number, degraded = 0, down = 0) => ({ hour: at(iso), ok, degraded, down })
  const now = Date.parse('2026-11-24T07:20:00Z')

  it('are as many as asked for, the last one being now, and unknown where nobody looked', () => {
    const bars = barsOf([hour('2026-11-24T07:00Z', 20), hour('2026-11-24T05:00Z', 60)], now, 4, 1)
    expect(bars.map(({ state }) => state)).toEqual(['unknown', 'ok', 'unknown', 'ok'])
    expect(bars.at(-1)?.from).toBe(Date.parse('2026-11-24T07:00:00Z'))
  })
  it('forgive a hiccup and show what lasted', () => {
    const day = (down: number, degraded: number) =>
      barsOf([hour('2026-11-24T06:00Z', 1440 - down - degraded, degraded, down)], now, 1, 24)[0]?.state
    expect([day(0, 0), day(20, 0), day(0, 20), day(0, 60), day(60, 0), day(15, 20)]).toEqual([
      'ok', 'ok', 'ok', 'degraded', 'down', 'degraded',
    ]) // prettier-ignore
  })
  it('never round up to everything', () => {
    expect(shareFine([hour('2026-11-24T06:00Z', 43_199, 0, 1)])).toBe(9999)
    expect(shareFine([hour('2026-11-24T06:00Z', 60)])).toBe(10_000)
    expect(shareFine([])).toBeUndefined()
  })
})

describe('searching help', () => {
  const texts = [
    { title: 'Roles', words: 'Roles who may move a visit' },
    { title: 'Moving a visit', words: 'Moving a visit: the desk moves it' },
    { title: 'الإعدادات', words: 'الإعدادات أدوار العيادة' },
  ]
  const titles = (question: string) => searchTexts(texts, question).map(({ title }) => title)
  it('finds texts with every word, titles first', () => {
    expect(titles('visit mov')).toEqual(['Moving a visit', 'Roles'])
    expect(titles('VISIT roles')).toEqual(['Roles'])
    expect(titles('nothing')).toEqual([])
    expect(titles('   ')).toEqual([])
  })
  it('reads letters that people do not type alike', () => {
    expect(titles('ادوار')).toEqual(['الإعدادات'])
    expect(titles('العياده')).toEqual(['الإعدادات'])
  })
  it('shows the words around the hit', () => {
    expect(excerptOf('one two three four five six seven eight nine ten stop here', 'stop')).toBe(
      '… three four five six seven eight nine ten stop here …',
    )
  })
})
