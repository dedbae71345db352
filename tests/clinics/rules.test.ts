import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LocationId, PractitionerId, ServiceId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import {
  meet,
  readWeek,
  typedRows,
  usualWeek,
  weekOrder,
  withDayCopied,
  withoutDates,
  withoutRow,
  withRow,
  type Span,
  type Validity,
} from '../../src/features/clinics/rules/hours.ts'
import { checklistProgress, initialsOf, isLive, missingForLive } from '../../src/features/clinics/rules.ts'

const place = 'place' as LocationId
const sana = 'sana' as PractitionerId
const visit = 'visit' as ServiceId
const active = { status: 'active' }
const ready = {
  locations: [{ id: place, active: true }],
  practitioners: [{ id: sana, active: true }],
  services: [{ id: visit, active: true, online: true }],
  offers: [{ practitionerId: sana, serviceId: visit }],
  shifts: [{ practitionerId: sana, locationId: place }],
}

describe('a page is live', () => {
  it('when a doctor has hours and gives a service that is offered online', () => {
    expect(isLive(active, ready)).toBe(true)
    expect(missingForLive(active, ready)).toEqual([])
  })

  it.each([
    ['no doctor', { practitioners: [] }, ['clinics.live.no_doctor', 'clinics.live.no_hours']],
    [
      'a doctor out of use',
      { practitioners: [{ id: sana, active: false }] },
      ['clinics.live.no_doctor', 'clinics.live.no_hours'],
    ],
    ['no service', { services: [], offers: [] }, ['clinics.live.no_service']],
    ['a service out of use', { services: [{ id: visit, active: false, online: true }] }, ['clinics.live.no_service']],
    [
      'only what the desk books',
      { services: [{ id: visit, active: true, online: false }] },
      ['clinics.live.no_service'],
    ],
    ['no hours', { shifts: [] }, ['clinics.live.no_hours']],
    ['hours only where nobody works any more', { locations: [{ id: place, active: false }] }, ['clinics.live.apart']],
    ['a service nobody gives', { offers: [] }, ['clinics.live.apart']],
    [
      'the hours of one doctor and the service of another',
      {
        practitioners: [
          { id: sana, active: true },
          { id: 'hamid' as PractitionerId, active: true },
        ],
        offers: [{ practitionerId: 'hamid' as PractitionerId, serviceId: visit }],
      },
      ['clinics.live.apart'],
    ],
  ])('not with %s', (_what, change, missing) => {
    expect(isLive(active, { ...ready, ...change })).toBe(false)
    expect(missingForLive(active, { ...ready, ...change })).toEqual(missing)
  })

  it.each(['read_only', 'locked', 'suspended'])('not while the clinic is %s', (status) => {
    expect(isLive({ status }, ready)).toBe(false)
    expect(missingForLive({ status }, ready)).toEqual(['clinics.live.paused'])
  })
})

describe('the first steps', () => {
  const shared = { linkSharedAt: Temporal.Instant.from('2026-11-24T07:00:00Z') }

  it('begin with messages done, for the platform sends them', () => {
    const empty = { locations: [], practitioners: [], services: [], offers: [], shifts: [] }
    expect(checklistProgress({ ...empty, profile: { linkSharedAt: null } }, false)).toEqual({
      doctor: false,
      service: false,
      hours: false,
      whatsapp: true,
      share: false,
      booking: false,
    })
  })

  it('are done one by one', () => {
    expect(Object.values(checklistProgress({ ...ready, profile: shared }, true))).not.toContain(false)
    expect(checklistProgress({ ...ready, offers: [], profile: shared }, true).service).toBe(false)
  })
})

describe('initials', () => {
  it.each([
    ['Dr Sana Malik', 'SM'],
    ['د. محمد يوسف', 'مي'],
    ['ڈاکٹر ثنا', 'ث'],
    ['Dr', 'D'],
    ['(Omar) al-Farooq', 'OA'],
  ])('of %s are %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials)
  })
})

const row = (weekday: number, from: string, to: string, at = 1) => ({ weekday, row: at, from, to })

describe('a typed week', () => {
  it('is read in minutes; an end before the beginning is the next morning', () => {
    expect(readWeek([row(1, '9:00', '17:00'), row(5, '22:00', '02:00'), row(6, '18:00', '00:00')]).spans).toEqual([
      { weekday: 1, startsMin: 540, endsMin: 1020 },
      { weekday: 5, startsMin: 1320, endsMin: 1560 },
      { weekday: 6, startsMin: 1080, endsMin: 1440 },
    ])
    expect(readWeek([row(1, '00:00', '00:00')]).spans).toEqual([{ weekday: 1, startsMin: 0, endsMin: 1440 }])
    expect(readWeek([row(1, '٩:٠٠', '۱۷:۰۰')]).spans).toEqual([{ weekday: 1, startsMin: 540, endsMin: 1020 }])
  })

  it('ignores rows left empty and says what is wrong with half ones', () => {
    expect(readWeek([row(1, '', ''), row(2, '9', '17:00'), row(3, '9:00', ''), row(4, '9:00', '9:00')])).toEqual({
      spans: [],
      errors: {
        d2_1_from: 'clinics.error.hours_from',
        d3_1_to: 'clinics.error.hours_to',
        d4_1_to: 'clinics.error.hours_same',
      },
    })
  })

  it.each([
    ['within a day', [row(1, '9:00', '13:00', 1), row(1, '12:00', '15:00', 2)], ['d1_2_from']],
    ['across midnight', [row(1, '22:00', '02:00'), row(2, '01:00', '05:00')], ['d2_1_from']],
    ['from Sunday into Monday', [row(1, '00:30', '05:00'), row(7, '22:00', '01:00')], ['d7_1_from']],
    ['not when they only touch', [row(1, '9:00', '13:00', 1), row(1, '13:00', '17:00', 2)], []],
    ['not at midnight sharp', [row(1, '22:00', '00:00'), row(2, '00:00', '05:00')], []],
  ])('finds hours that overlap: %s', (_what, rows, fields) => {
    const { errors } = readWeek(rows)
    expect(Object.keys(errors)).toEqual(fields)
    expect(new Set(Object.values(errors))).toEqual(new Set(fields.map(() => 'clinics.error.hours_overlap')))
  })
})

describe('the grid without JavaScript', () => {
  const values = { location: 'x', d1_1_from: '09:00', d1_1_to: '13:00', d2_1_from: '08:00', d2_1_to: '12:00' }

  it('gains a row, up to six a day', () => {
    let grown: Record<string, string> = values
    for (let time = 0; time < 8; time++) grown = withRow(grown, 1)
    expect(typedRows(grown).filter(({ weekday }) => weekday === 1)).toHaveLength(6)
    expect(grown).toMatchObject(values)
  })

  it('loses a row', () => {
    expect(typedRows(withoutRow(values, 1, 1))).toEqual([row(2, '08:00', '12:00')])
  })

  it('copies a day over others and leaves the rest', () => {
    const copied = withDayCopied(values, 1, [2, 3, 1])
    expect(typedRows(copied)).toEqual([row(1, '09:00', '13:00'), row(2, '09:00', '13:00'), row(3, '09:00', '13:00')])
    expect(copied.location).toBe('x')
  })
})

describe('two timetables of one doctor', () => {
  const date = (text: string) => Temporal.PlainDate.from(text)
  const monday = { weekday: 1, startsMin: 540, endsMin: 1020 }

  it.each([
    ['always and always', {}, {}, true],
    ['one until the day before the other begins', { validTo: date('2026-12-06') }, { validFrom: date('2026-12-07') }, false],
    ['both on one Monday', { validTo: date('2026-12-07') }, { validFrom: date('2026-12-07') }, true],
    [
      'dates in common, but no Monday among them',
      { validTo: date('2026-12-10') },
      { validFrom: date('2026-12-08') },
      false,
    ],
  ])('meet: %s', (_what, a: Validity, b: Validity, met) => {
    expect(meet({ ...monday, ...a }, { ...monday, ...b })).toBe(met)
    expect(meet({ ...monday, ...b }, { ...monday, ...a })).toBe(met)
  })

  it('meet exactly when some minute of some day belongs to both', () => {
    const first = date('2026-11-02')
    const day = fc.integer({ min: 0, max: 20 })
    const shift = fc
      .record({ weekday: fc.integer({ min: 1, max: 7 }), start: fc.integer({ min: 0, max: 1439 }), length: fc.integer({ min: 1, max: 1440 }), from: fc.option(day), to: fc.option(day) })
      .filter(({ from, to }) => from === null || to === null || from <= to)
      .map(({ weekday, start, length, from, to }): Span & Validity => ({
        weekday,
        startsMin: start,
        endsMin: start + length,
        validFrom: first.add({ days: from ?? -14 }),
        validTo: first.add({ days: to ?? 35 }),
      })) // prettier-ignore
    const worked = ({ weekday, startsMin, endsMin, validFrom, validTo }: Span & Validity) => {
      const spans: [number, number][] = []
      for (let at = -14; at <= 35; at++) {
        const on = first.add({ days: at })
        if (on.dayOfWeek !== weekday) continue
        if (Temporal.PlainDate.compare(on, validFrom!) < 0 || Temporal.PlainDate.compare(on, validTo!) > 0) continue
        spans.push([at * 1440 + startsMin, at * 1440 + endsMin])
      }
      return spans
    }
    fc.assert(
      fc.property(shift, shift, (a, b) => {
        const both = worked(a).some(([from, to]) => worked(b).some((other) => from < other[1] && other[0] < to))
        expect(meet(a, b)).toBe(both)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['cut in two', {}, [[undefined, '2027-02-07'], ['2027-03-10', undefined]]],
    ['cut short', { validTo: date('2027-02-20') }, [[undefined, '2027-02-07']]],
    ['begun later', { validFrom: date('2027-02-20') }, [['2027-03-10', undefined]]],
    ['gone', { validFrom: date('2027-02-08'), validTo: date('2027-03-09') }, []],
    ['not touched', { validTo: date('2027-02-07') }, undefined],
  ])('leave each other room: the usual one is %s', (_what, usual: Validity, pieces) => {
    const ramadan = { validFrom: date('2027-02-08'), validTo: date('2027-03-09') }
    const left = withoutDates<Validity>(usual, ramadan)
    expect(left?.map(({ validFrom, validTo }) => [validFrom?.toString(), validTo?.toString()])).toEqual(pieces)
  })
}) // prettier-ignore

describe('a week', () => {
  it('begins where the country begins it, and rests when it does', () => {
    expect(weekOrder('EG')).toEqual([6, 7, 1, 2, 3, 4, 5])
    expect(weekOrder('PK')).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(usualWeek('EG').map(({ weekday }) => weekday)).toEqual([1, 2, 3, 4, 6, 7])
    expect(usualWeek('GB').map(({ weekday }) => weekday)).toEqual([1, 2, 3, 4, 5])
  })
})
