// The one place where times, dates, amounts and numbers become text. Always in the clinic's time zone, never the
// reader's: a visit happens where the clinic is.
import { hijriMonthStart, type HijriDate } from '../../kernel/hijri.ts'
import { minorDigits, type Money } from '../../kernel/money.ts'
import type { Instant, PlainDate } from '../../kernel/time.ts'
import type { Language } from './languages.ts'

export type Format = {
  /** 4:30 pm */
  time(instant: Instant | number): string
  /** Tue 24 Nov 2026 */
  date(day: Instant | PlainDate | number): string
  /** Tuesday 24 November */
  longDate(day: Instant | PlainDate | number): string
  /** Tue 24 Nov, 4:30 pm */
  dateTime(instant: Instant | number): string
  /** Tuesday 24 November, 4:30 pm: the whole, for screen readers and messages */
  longDateTime(instant: Instant | number): string
  /** Tue */
  weekday(day: PlainDate): string
  /** Tuesday */
  longWeekday(day: PlainDate): string
  /** 24 */
  dayOfMonth(day: PlainDate): string
  /** 24 Nov */
  dayMonth(day: PlainDate): string
  /** November 2026 */
  month(day: PlainDate): string
  /** November */
  monthName(day: PlainDate): string
  /** 1 Ramadan 1448 */
  hijri(date: HijriDate): string
  /** Ramadan 1448, or without the year Ramadan */
  hijriMonth(month: { month: number; year?: number | undefined }): string
  /** 9 am, 1:30 pm, from minutes after midnight */
  clockTime(minutes: number): string
  /** GMT+5: which clock a time is by, where that does not go without saying. `UTC` for none of anybody's. */
  offset(instant: Instant | number): string
  money(amount: Money): string
  number(value: number): string
  /** A list joined as the language does: a, b and c */
  list(items: string[]): string
}

const cache = new Map<string, Format>()

/**
 * Formatters for a language as it is written in a country (12 or 24 hours, month names), in a time zone. Gregorian
 * calendar and Latin digits always: ar-SA would else print Hijri dates, ar-EG Arabic-Indic digits beside Latin ones.
 */
export function formatFor(language: Language, country: string, zone: string): Format {
  const key = `${language} ${country} ${zone}`
  let format = cache.get(key)
  if (!format) {
    format = build(`${language}-${country}-u-ca-gregory-nu-latn`, zone)
    cache.set(key, format)
  }
  return format
}

function build(locale: string, zone: string): Format {
  const formatter = (options: Intl.DateTimeFormatOptions, timeZone = zone) =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone })
  const pair = (options: Intl.DateTimeFormatOptions) => {
    const local = formatter(options)
    const calendar = formatter(options, 'UTC')
    return (day: Instant | PlainDate | number) => {
      if (typeof day === 'number') return local.format(day)
      if ('epochMilliseconds' in day) return local.format(day.epochMilliseconds)
      return calendar.format(Date.UTC(day.year, day.month - 1, day.day))
    }
  }
  const ms = (instant: Instant | number) => (typeof instant === 'number' ? instant : instant.epochMilliseconds)
  // Urdu writes AM and PM in Latin letters. Behind its own words a reader would see `PM 8:45` without the mark.
  const withHour = (options: Intl.DateTimeFormatOptions, timeZone = zone) => {
    const format = formatter({ ...options, hour: 'numeric', minute: '2-digit' }, timeZone)
    if (!locale.startsWith('ur')) return (at: number) => format.format(at)
    const leftToRight = '\u200e'
    return (at: number) =>
      format
        .formatToParts(at)
        .map(({ type, value }) => (type === 'hour' ? leftToRight + value : value))
        .join('')
  }
  const time = withHour({})
  const clock = withHour({}, 'UTC')
  const dateTime = withHour({ weekday: 'short', day: 'numeric', month: 'short' })
  const longDateTime = withHour({ weekday: 'long', day: 'numeric', month: 'long' })
  const offset = formatter({ timeZoneName: 'shortOffset' })
  // The name of the month alone is asked of Intl, and of a day that surely lies in it: the clinic may count its days
  // another way, and languages order and mark Hijri dates in ways that do not fit beside the other calendar.
  const islamicMonth = new Intl.DateTimeFormat(locale.replace('ca-gregory', 'ca-islamic-umalqura'), {
    month: 'long',
    timeZone: 'UTC',
  })
  const monthName = (month: number) => {
    const { year, month: at, day } = hijriMonthStart(1448, month).add({ days: 14 })
    // ICU writes these two with a space in the middle of the word.
    return islamicMonth.format(Date.UTC(year, at - 1, day)).replace('ر بیع', 'ربیع')
  }
  const number = new Intl.NumberFormat(locale)
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })
  const amounts = new Map<string, Intl.NumberFormat>()
  const amountFormat = (currency: string, digits: number) => {
    const key = `${currency}${digits}`
    let format = amounts.get(key)
    if (!format) {
      format = new Intl.NumberFormat(locale, {
        style: 'currency',
        currency,
        // In Arabic the narrow signs are Latin letters, `E£` for the Egyptian pound.
        currencyDisplay: locale.startsWith('ar') ? 'symbol' : 'narrowSymbol',
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      })
      amounts.set(key, format)
    }
    return format
  }
  return {
    time: (instant) => time(ms(instant)),
    date: pair({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }),
    longDate: pair({ weekday: 'long', day: 'numeric', month: 'long' }),
    dateTime: (instant) => dateTime(ms(instant)),
    longDateTime: (instant) => longDateTime(ms(instant)),
    weekday: pair({ weekday: 'short' }),
    longWeekday: pair({ weekday: 'long' }),
    dayOfMonth: pair({ day: 'numeric' }),
    dayMonth: pair({ day: 'numeric', month: 'short' }),
    month: pair({ month: 'long', year: 'numeric' }),
    monthName: pair({ month: 'long' }),
    hijri: ({ year, month, day }) => `${day} ${monthName(month)} ${year}`,
    hijriMonth: ({ year, month }) => (year === undefined ? monthName(month) : `${monthName(month)} ${year}`),
    clockTime: (minutes) => clock(minutes * 60_000),
    offset: (instant) =>
      zone === 'UTC'
        ? 'UTC'
        : (offset.formatToParts(ms(instant)).find(({ type }) => type === 'timeZoneName')?.value ?? zone),
    money: ({ minor, currency }) => {
      const unit = 10 ** minorDigits(currency)
      return amountFormat(currency, minor % unit === 0 ? 0 : minorDigits(currency)).format(minor / unit)
    },
    number: (value) => number.format(value),
    list: (items) => list.format(items),
  }
}
