import { describe, expect, it } from 'vitest'
import type { LocationId, PractitionerId } from '../../src/kernel/ids.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { calendarFile } from '../../src/kernel/calendar-file.ts'
import { codeIn, secondsToResend } from '../../src/features/booking/rules/codes.ts'
import { nearestTimes, partsOfDay, stripStart } from '../../src/features/booking/rules/days.ts'
import { openingAt } from '../../src/features/booking/rules/opening.ts'
import { parseSlot, slotText } from '../../src/features/booking/rules/wish.ts'

const sana = newId<'practitioner'>()
const hamid = newId<'practitioner'>()
const gulshan = newId<'location'>()
const instant = (text: string) => Temporal.Instant.from(text)
const slot = (text: string, practitionerId: PractitionerId = sana, locationId: LocationId = gulshan) => ({
  startsAt: instant(text).epochMilliseconds,
  practitionerId,
  locationId,
  lane: 1,
})

describe('openingAt', () => {
  const shift = (weekday: number, startsMin: number, endsMin: number, practitionerId = sana) => ({
    practitionerId,
    locationId: gulshan,
    weekday,
    startsMin,
    endsMin,
  })
  const setup = (
    shifts: ReturnType<typeof shift>[],
    closures: { startsAt: Temporal.Instant; endsAt: Temporal.Instant; practitionerId?: PractitionerId }[] = [],
  ) => ({
    locations: [{ id: gulshan, active: true }],
    practitioners: [
      { id: sana, active: true },
      { id: hamid, active: true },
    ],
    shifts,
    closures,
  })
  // Tuesday 24 November 2026 in Karachi, five hours before UTC.
  const at = (time: string) => instant(`2026-11-24T${time}+05:00`)
  const show = ({ open, changesAt }: { open: boolean; changesAt: Temporal.Instant | undefined }) =>
    `${open ? 'open' : 'closed'} until ${changesAt?.toZonedDateTimeISO('Asia/Karachi').toPlainDateTime().toString() ?? '-'}`

  it.each([
    ['08:59', 'closed until 2026-11-24T09:00:00'],
    ['09:00', 'open until 2026-11-24T13:00:00'],
    ['12:59', 'open until 2026-11-24T13:00:00'],
    ['13:00', 'closed until 2026-11-24T17:00:00'],
    ['20:30', 'open until 2026-11-25T02:00:00'],
  ])('at %s with a split day whose evening runs past midnight: %s', (time, expected) => {
    const days = setup([shift(2, 540, 780), shift(2, 1020, 1260), shift(2, 1200, 1560, hamid)])
    expect(show(openingAt(days, 'Asia/Karachi', at(time)))).toBe(expected)
  })

  it('is closed while a closure lasts, and open while another doctor is there', () => {
    const closed = { startsAt: at('10:00'), endsAt: at('11:00') }
    const one = setup([shift(2, 540, 780)], [closed])
    expect(show(openingAt(one, 'Asia/Karachi', at('10:30')))).toBe('closed until 2026-11-24T11:00:00')
    expect(show(openingAt(one, 'Asia/Karachi', at('09:30')))).toBe('open until 2026-11-24T10:00:00')
    const two = setup([shift(2, 540, 780), shift(2, 540, 780, hamid)], [{ ...closed, practitionerId: sana }])
    expect(show(openingAt(two, 'Asia/Karachi', at('10:30')))).toBe('open until 2026-11-24T13:00:00')
  })

  it('knows of nothing when nothing is planned', () => {
    expect(show(openingAt(setup([]), 'Asia/Karachi', at('10:00')))).toBe('closed until -')
  })
})

describe('days and times', () => {
  it('a week of the strip begins every seventh day from today', () => {
    const today = Temporal.PlainDate.from('2026-11-24')
    const start = (date: string) => stripStart(today, Temporal.PlainDate.from(date)).toString()
    expect(['2026-11-24', '2026-11-30', '2026-12-01', '2026-12-07', '2020-01-01'].map(start)).toEqual([
      '2026-11-24',
      '2026-11-24',
      '2026-12-01',
      '2026-12-01',
      '2026-11-24',
    ])
  })

  it('parts of the day go by the clinic’s clock', () => {
    const slots = ['06:59Z', '07:00Z', '11:59Z', '12:00Z'].map((time) => slot(`2026-11-24T${time}`))
    const parts = partsOfDay(slots, 'Asia/Karachi').map(({ part, slots }) => [part, slots.length])
    expect(parts).toEqual([
      ['morning', 1],
      ['afternoon', 2],
      ['evening', 1],
    ])
  })

  it('the nearest are three different times, in order', () => {
    const slots = [
      slot('2026-11-24T04:00Z'),
      slot('2026-11-24T04:45Z'),
      slot('2026-11-24T04:45Z', hamid),
      slot('2026-11-24T05:15Z'),
      slot('2026-11-24T09:00Z'),
    ]
    expect(
      nearestTimes(slots, instant('2026-11-24T05:00Z')).map(({ startsAt }) =>
        new Date(startsAt).toISOString().slice(11, 16),
      ),
    ).toEqual(['04:00', '04:45', '05:15'])
  })
})

describe('a tapped time', () => {
  it('comes back as it went', () => {
    for (const practitionerId of [sana, 'any'] as const) {
      const text = slotText({ ...slot('2026-11-24T05:00Z'), practitionerId })
      const parsed = parseSlot(text)
      expect(parsed && slotText({ ...parsed, startsAt: parsed.startsAt.epochMilliseconds })).toBe(text)
    }
  })
  it.each([
    '',
    'x',
    `2026-11-24T05:00Z_${sana}`,
    `later_${sana}_${gulshan}`,
    `2026-11-24T05:00Z_${sana}_${gulshan}_x`,
    '2026-11-24T05:00Z_all_' + gulshan,
  ])('is nothing when it makes no sense: %s', (text) => expect(parseSlot(text)).toBeUndefined())
})

describe('a code', () => {
  it.each([
    ['123456', '123456'],
    [' 123 456 ', '123456'],
    ['123-456', '123456'],
    ['۱۲۳۴۵۶', '123456'],
    ['Your code is 123456. It works for 5 minutes.', '123456'],
    ['12345', undefined],
    ['1234567', undefined],
    ['', undefined],
  ])('in %s is %s', (text, code) => expect(codeIn(text)).toBe(code))

  it('may be asked for again half a minute later', () => {
    const createdAt = instant('2026-11-24T05:00:00Z')
    const after = (seconds: number) => secondsToResend({ createdAt }, createdAt.add({ seconds }))
    expect(
      [0, 1, 29.5, 30, 500].map((s) => secondsToResend({ createdAt }, createdAt.add({ milliseconds: s * 1000 }))),
    ).toEqual([30, 29, 1, 0, 0])
    expect(after(10)).toBe(20)
  })
})

it('a calendar file escapes, folds without cutting a letter, and takes a cancelled visit back', () => {
  const visit = {
    uid: 'x@nabz.test',
    sequence: 2,
    cancelled: true,
    startsAt: instant('2026-03-29T00:30:00Z'),
    endsAt: instant('2026-03-29T01:00:00Z'),
    stamp: instant('2026-03-01T10:00:00Z'),
    summary: 'Visit: a, b; c\\d',
    location: 'شارع عباس العقاد، مدينة نصر، القاهرة، جمهورية مصر العربية',
    description: 'One\nTwo',
    url: 'https://nabz.test/a/x',
  }
  const file = calendarFile([visit])
  expect(file).toContain('SUMMARY:Visit: a\\, b\\; c\\\\d\r\n')
  expect(file).toContain('DESCRIPTION:One\\nTwo\r\n')
  expect(file).toContain('STATUS:CANCELLED\r\n')
  expect(file).toContain('DTSTART:20260329T003000Z\r\n')
  expect(file).not.toContain('\ufffd')
  expect(file.replaceAll('\r\n ', '')).toContain('شارع عباس العقاد، مدينة نصر، القاهرة، جمهورية مصر العربية')
})
