import { describe, expect, it } from 'vitest'
import { Temporal } from '../../src/kernel/time.ts'
import { formatFor } from '../../src/platform/i18n/format.ts'
import { languages } from '../../src/platform/i18n/languages.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'

const noon = Temporal.Instant.from('2026-11-24T07:00:00Z')
const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, ' ').replace(/[\u200e\u200f\u061c]/g, '')

describe('times and amounts', () => {
  it.each([
    ['en', 'PK', 'Asia/Karachi', '12:00 pm'],
    ['en', 'GB', 'Europe/London', '7:00'],
    ['en', 'US', 'America/New_York', '2:00 AM'],
    ['ar', 'EG', 'Africa/Cairo', '9:00 ص'],
  ] as const)('are written as in %s of %s, in the time of the clinic', (lang, country, zone, time) => {
    const written = plain(formatFor(lang, country, zone).time(noon)).toLowerCase()
    // Node's own data differs by version in whether the British hour has a leading zero.
    expect(written.replace(/^0/, '')).toBe(time.toLowerCase())
  })

  it('run their own way behind the words of Urdu, whose AM and PM are Latin', () => {
    const format = formatFor('ur', 'PK', 'Asia/Karachi')
    for (const written of [format.time(noon), format.dateTime(noon), format.longDateTime(noon), format.clockTime(720)])
      expect(written).toMatch(/(^|\s)\u200e12:00\sPM$/)
  })

  it('have Latin digits and the Gregorian calendar everywhere, Saudi Arabia included', () => {
    for (const lang of languages) {
      for (const country of ['SA', 'EG', 'PK', 'AE', 'GB']) {
        const format = formatFor(lang, country, 'Asia/Riyadh')
        const all = [
          format.date(noon),
          format.longDateTime(noon),
          format.money({ minor: 150_000, currency: 'SAR' }),
          format.number(1234),
        ]
        expect(all.join(' ')).not.toMatch(/[٠-٩۰-۹]/)
        expect(format.date(noon)).toContain('2026')
        expect(format.date(noon)).toContain('24')
      }
    }
  })

  it('name the day it is at the clinic, and a date without a time as it is', () => {
    const late = Temporal.Instant.from('2026-11-24T20:30:00Z')
    expect(formatFor('en', 'PK', 'Asia/Karachi').longDate(late)).toContain('25')
    expect(formatFor('en', 'GB', 'Europe/London').longDate(late)).toContain('24')
    expect(formatFor('en', 'US', 'America/New_York').longDate(Temporal.PlainDate.from('2026-11-24'))).toContain('24')
  })

  it('show minor units only where there are some, as many as the currency has', () => {
    const format = formatFor('en', 'GB', 'Europe/London')
    expect(plain(format.money({ minor: 4500, currency: 'GBP' }))).toBe('£45')
    expect(plain(format.money({ minor: 4550, currency: 'GBP' }))).toBe('£45.50')
    expect(plain(format.money({ minor: 4555, currency: 'KWD' }))).toMatch(/4\.555$/)
    expect(plain(format.money({ minor: 500, currency: 'JPY' }))).toMatch(/500$/)
  })
})

describe('sentences', () => {
  const say = loadTranslations()

  it('that are missing are an error, not a hole in the page', () => {
    for (const lang of languages)
      expect(() => say[lang]('shared.no.such.key')).toThrow('missing translation: shared.no.such.key')
  })
})
