// Hours that take the place of the weekly ones on some dates: their edges, at midnight and where clocks change.
import { describe, expect, it } from 'vitest'
import {
  freeSlots,
  isFree,
  type Shift,
  type SlotSearch,
  type SpecialHours,
} from '../../src/features/availability/rules.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'

const [practitionerId, locationId, elsewhere] = [newId<'practitioner'>(), newId<'location'>(), newId<'location'>()]
const date = (text: string) => Temporal.PlainDate.from(text)
const everyDay = (startsMin: number, endsMin: number, at = locationId): Shift[] =>
  [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ practitionerId, locationId: at, weekday, startsMin, endsMin }))

function search(zone: string, from: string, special: SpecialHours[], shifts = everyDay(540, 720)): SlotSearch {
  return {
    zone,
    now: Temporal.Instant.from('2026-01-01T00:00Z'),
    from: date(from),
    days: 1,
    practitionerIds: [practitionerId],
    service: { id: newId(), durationMin: 60, bufferBeforeMin: 0, bufferAfterMin: 0, capacity: 1 },
    shifts,
    special,
    closures: [],
    busy: [],
    rules: { minNoticeMin: 0, horizonDays: 2000, stepMin: 60 },
  }
}

const ramadan = (from: string, to: string, shifts = everyDay(21 * 60, 26 * 60)): SpecialHours => ({
  practitionerId,
  locationId,
  from: date(from),
  to: date(to),
  rank: 0,
  shifts,
})

/** The times of a day by the clock on the wall, each confirmed by asking for it alone. */
function times(asked: SlotSearch): string[] {
  return freeSlots(asked).days[0]!.slots.map((slot) => {
    expect(isFree({ ...asked, ...slot })).toEqual(slot)
    const at = Temporal.Instant.fromEpochMilliseconds(slot.startsAt).toZonedDateTimeISO(asked.zone)
    return at.toPlainTime().toString({ smallestUnit: 'minute' })
  })
}

describe('special hours', () => {
  const special = [ramadan('2027-02-08', '2027-03-08')]
  const on = (day: string) => times(search('Asia/Karachi', day, special))

  it('begin with the night of their first date and end with the morning after their last', () => {
    expect(on('2027-02-07')).toEqual(['09:00', '10:00', '11:00'])
    expect(on('2027-02-08')).toEqual(['21:00', '22:00', '23:00'])
    expect(on('2027-02-09')).toEqual(['00:00', '01:00', '21:00', '22:00', '23:00'])
    expect(on('2027-03-08')).toEqual(['00:00', '01:00', '21:00', '22:00', '23:00'])
    expect(on('2027-03-09')).toEqual(['00:00', '01:00', '09:00', '10:00', '11:00'])
  })

  it('end a weekly night that began on the day before as that night would', () => {
    const nights = everyDay(22 * 60, 25 * 60)
    const day = [ramadan('2027-02-08', '2027-02-08', everyDay(600, 660))]
    const during = (at: string) => times(search('Asia/Karachi', at, day, nights))
    expect(during('2027-02-08')).toEqual(['00:00', '10:00'])
    expect(during('2027-02-09')).toEqual(['22:00', '23:00'])
  })

  it('without shifts are time off, at their place alone or at every one', () => {
    const both = [...everyDay(540, 660), ...everyDay(900, 960, elsewhere)]
    const off = (locationId: SpecialHours['locationId']): SpecialHours => ({
      ...ramadan('2027-02-08', '2027-02-08', []),
      locationId,
    })
    expect(times(search('Asia/Karachi', '2027-02-08', [off(locationId)], both))).toEqual(['15:00'])
    expect(times(search('Asia/Karachi', '2027-02-08', [off(undefined)], both))).toEqual([])
  })

  it('bring a place where the doctor never is otherwise', () => {
    const guest: SpecialHours = {
      ...ramadan('2027-02-08', '2027-02-08', everyDay(900, 960, elsewhere)),
      locationId: elsewhere,
    }
    expect(times(search('Asia/Karachi', '2027-02-08', [guest]))).toEqual(['09:00', '10:00', '11:00', '15:00'])
  })

  it.each([
    // Clocks go from 24:00 to 01:00 in the night to 24 April 2026, a Friday, in Cairo.
    ['the skipped hour', '2026-04-23', '2026-04-24', ['01:00', '02:00']],
    // They go back from 24:00 to 23:00 in the night to 30 October 2026: 23:00 comes twice and is worked twice.
    ['the doubled hour', '2026-10-29', '2026-10-29', ['21:00', '22:00', '23:00', '23:00']],
  ])('in Cairo run through %s of a night', (_, first, day, expected) => {
    const night = [ramadan(first, first, everyDay(21 * 60, 27 * 60))]
    expect(times(search('Africa/Cairo', day, night, []))).toEqual(expected)
  })
})
