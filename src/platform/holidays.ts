// Public holidays of a country, as suggestions: from `date-holidays`, whose data is licensed CC BY-SA 3.0 and rests on
// Wikipedia. The states of the Gulf that it lacks are given here.
import type { HolidaysTypes } from 'date-holidays'
import { hijriMonthStart, hijriOf } from '../kernel/hijri.ts'
import { Temporal, type PlainDate } from '../kernel/time.ts'

export type Holiday = {
  /** Names it among the holidays of its country. */
  key: string
  from: PlainDate
  /** The last day, included. */
  to: PlainDate
  names: { en: string; ar?: string | undefined; ur?: string | undefined }
  /** By the moon: it may come a day earlier or later than calculated. */
  moon: boolean
}

const islamic = /Muharram|Safar|Rabi|Jumada|Rajab|Shaban|Ramadan|Shawwal|Dhu al-/

// The package knows few of these days in Urdu, and calls the feasts by long names.
const known: { rule: RegExp; name?: RegExp; names: Holiday['names'] }[] = [
  {
    rule: /^(\d Shawwal|29 Ramadan|30 Ramadan)/,
    names: { en: 'Eid al-Fitr', ar: 'عيد الفطر', ur: 'عید الفطر' },
  },
  { rule: /Dhu al-Hijjah/, name: /Sacrifice|Adha/, names: { en: 'Eid al-Adha', ar: 'عيد الأضحى', ur: 'عید الاضحیٰ' } },
  { rule: /Dhu al-Hijjah/, name: /Arafa/, names: { en: 'Day of Arafah', ar: 'يوم عرفة', ur: 'یومِ عرفہ' } },
  { rule: /^1 Muharram/, names: { en: 'Islamic New Year', ar: 'رأس السنة الهجرية', ur: 'نیا ہجری سال' } },
  { rule: /^(9|10) Muharram/, names: { en: 'Ashura', ar: 'عاشوراء', ur: 'عاشورہ' } },
  { rule: /^12 Rabi al-awwal/, names: { en: 'Mawlid', ar: 'المولد النبوي', ur: 'عید میلاد النبی' } },
  { rule: /^27 Rajab/, names: { en: "Isra and Mi'raj", ar: 'الإسراء والمعراج', ur: 'شبِ معراج' } },
  { rule: /^1 Ramadan/, names: { en: 'First day of Ramadan', ar: 'أول أيام رمضان', ur: 'یکم رمضان' } },
  { rule: /^01-01/, name: /New Year/, names: { en: "New Year's Day", ar: 'رأس السنة الميلادية', ur: 'نیا سال' } },
  { rule: /^05-01/, name: /Lab|Work/, names: { en: 'Labour Day', ar: 'عيد العمال', ur: 'یومِ مزدور' } },
  { rule: /^12-25/, name: /Christmas/, names: { en: 'Christmas Day', ar: 'عيد الميلاد', ur: 'کرسمس' } },
  { rule: /^12-26/, name: /Boxing/, names: { en: 'Boxing Day', ar: 'يوم الصناديق', ur: 'باکسنگ ڈے' } },
  { rule: /^easter -2$/, names: { en: 'Good Friday', ar: 'الجمعة العظيمة', ur: 'گڈ فرائیڈے' } },
  { rule: /^easter 1$/, names: { en: 'Easter Monday', ar: 'اثنين الفصح', ur: 'ایسٹر منڈے' } },
]

type Rule = { names: Holiday['names']; days?: number } & (
  | { on: [month: number, day: number] }
  | { hijri: [month: number, day: number] }
  | { second: [month: number, weekday: number] }
)

const feast = (rule: string, name = '') => {
  const found = known.find((one) => one.rule.test(rule) && (one.name === undefined || one.name.test(name)))
  if (!found) throw new Error(`no words for ${rule}`)
  return found.names
}
const fitr: Rule = { hijri: [10, 1], days: 3, names: feast('1 Shawwal') }
const arafah: Rule = { hijri: [12, 9], names: feast('9 Dhu al-Hijjah', 'Arafa') }
const adha: Rule = { hijri: [12, 10], days: 3, names: feast('10 Dhu al-Hijjah', 'Adha') }
const byMoon: Rule[] = [
  fitr,
  arafah,
  adha,
  { hijri: [1, 1], names: feast('1 Muharram') },
  { hijri: [3, 12], names: feast('12 Rabi al-awwal') },
  { hijri: [7, 27], names: feast('27 Rajab') },
]
const nationalDay = { en: 'National Day', ar: 'اليوم الوطني', ur: 'قومی دن' }

const gulf: Record<string, Rule[]> = {
  QA: [
    { second: [2, 2], names: { en: 'National Sport Day', ar: 'اليوم الرياضي للدولة', ur: 'قومی یومِ کھیل' } },
    fitr,
    arafah,
    adha,
    { on: [12, 18], names: nationalDay },
  ],
  KW: [
    { on: [1, 1], names: feast('01-01', 'New Year') },
    ...byMoon,
    { on: [2, 25], names: nationalDay },
    { on: [2, 26], names: { en: 'Liberation Day', ar: 'يوم التحرير', ur: 'یومِ آزادی' } },
  ],
  OM: [
    ...byMoon,
    {
      on: [1, 11],
      names: { en: "Sultan's Accession Day", ar: 'يوم تولي السلطان الحكم', ur: 'سلطان کی تخت نشینی کا دن' },
    },
    { on: [11, 20], days: 2, names: nationalDay },
  ],
}

function firstDays(rule: Rule, year: number): PlainDate[] {
  if ('on' in rule) return [new Temporal.PlainDate(year, ...rule.on)]
  if ('second' in rule) {
    const [month, weekday] = rule.second
    const first = new Temporal.PlainDate(year, month, 1)
    return [first.add({ days: ((weekday - first.dayOfWeek + 7) % 7) + 7 })]
  }
  const [month, day] = rule.hijri
  const hijriYear = hijriOf(new Temporal.PlainDate(year, 1, 1)).year
  return [hijriYear, hijriYear + 1]
    .map((one) => hijriMonthStart(one, month).add({ days: day - 1 }))
    .filter((date) => date.year === year)
}

function gulfDays(rules: readonly Rule[], year: number): Found[] {
  return rules.flatMap((rule) =>
    firstDays(rule, year).map((from) => ({
      from,
      to: from.add({ days: (rule.days ?? 1) - 1 }),
      names: rule.names,
      moon: 'hijri' in rule,
    })),
  )
}

type Found = Omit<Holiday, 'key'>

/**
 * The public holidays of a country that touch the dates `from` to `to`, in order; none where the country is not known.
 * The package is loaded when it is asked for the first time: that takes half a second, and few servers are ever asked.
 */
export async function publicHolidays(country: string, from: PlainDate, to: PlainDate): Promise<Holiday[]> {
  const rules = gulf[country]
  // A feast that began in the last days of the year before may still go on.
  const years = Array.from({ length: to.year - from.year + 2 }, (_, at) => from.year - 1 + at)
  const found = rules ? years.flatMap((year) => gulfDays(rules, year)) : await packageDays(country, years)
  const asked = found.filter((day) => dayOrder(day.to, from) >= 0 && dayOrder(day.from, to) <= 0)
  const keys = new Map<string, number>()
  return withDaysJoined(asked).map((day) => {
    const date = day.from.toString()
    const count = (keys.get(date) ?? 0) + 1
    keys.set(date, count)
    return { ...day, key: `${date}.${count}` }
  })
}

const dayOrder = (a: PlainDate, b: PlainDate) => Temporal.PlainDate.compare(a, b)

/** Days of one name that follow each other are one holiday; some countries list each day of a feast. */
function withDaysJoined(days: readonly Found[]): Found[] {
  const joined: Found[] = []
  for (const day of [...days].sort((a, b) => dayOrder(a.from, b.from))) {
    const before = joined.find((one) => one.names.en === day.names.en && one.to.add({ days: 1 }).equals(day.from))
    if (before) before.to = day.to
    else joined.push({ ...day })
  }
  return joined
}

async function packageDays(country: string, years: readonly number[]): Promise<Found[]> {
  const { default: Holidays } = await import('date-holidays')
  const options = { types: ['public' as const] }
  const source = new Holidays(country, options)
  const spoken = source.getLanguages()
  const named = (language: string) =>
    spoken.includes(language) ? new Holidays(country, { ...options, languages: [language] }) : undefined
  const [arabic, urdu] = [named('ar'), named('ur')]
  return years.flatMap((year) => {
    const [ar, ur] = [daysOf(arabic, year, 'ar'), daysOf(urdu, year, 'ur')]
    // In each language the same days in the same order; what has no name in it has its English one.
    return daysOf(source, year, 'en').map((day, at): Found => {
      const other = (list: readonly Day[]) => {
        const same = list[at]
        return same?.rule === day.rule && same.name !== day.name ? same.name : undefined
      }
      const from = Temporal.PlainDate.from(day.date.slice(0, 10))
      const days = Math.max(1, Math.round((day.end.getTime() - day.start.getTime()) / 86_400_000))
      const ours = known.find(({ rule, name }) => rule.test(day.rule) && (name === undefined || name.test(day.name)))
      return {
        from,
        to: from.add({ days: days - 1 }),
        names: ours && day.substitute !== true ? ours.names : { en: day.name, ar: other(ar), ur: other(ur) },
        moon: islamic.test(day.rule),
      }
    })
  })
}

type Day = HolidaysTypes.Holiday
type Source = { getHolidays(year: number, language: string): Day[] }

function daysOf(source: Source | undefined, year: number, language: string): Day[] {
  return (source?.getHolidays(year, language) ?? []).filter(({ type }) => type === 'public')
}
