import { describe, expect, it } from 'vitest'
import {
  freeSlots,
  isFree,
  type BookableService,
  type Busy,
  type Closure,
  type Shift,
  type SlotSearch,
} from '../../src/features/availability/rules.ts'
import { newId, type PractitionerId } from '../../src/kernel/ids.ts'
import { Temporal, type Instant } from '../../src/kernel/time.ts'

const sana = newId<'practitioner'>()
const hamid = newId<'practitioner'>()
const mall = newId<'location'>()
const cantt = newId<'location'>()
const checkup: BookableService = {
  id: newId<'service'>(),
  durationMin: 30,
  bufferBeforeMin: 0,
  bufferAfterMin: 0,
  capacity: 1,
}
const group: BookableService = { ...checkup, id: newId<'service'>(), capacity: 3 }

const monday = '2026-06-01'
const zone = 'Asia/Karachi'

/** `'09:00'`, `'25:30'` as minutes from midnight. */
const clock = (text: string) => {
  const [hour = 0, minute = 0] = text.split(':').map(Number)
  return hour * 60 + minute
}

/** A shift on Mondays, `hours` as `'09:00-13:00'`. */
const shift = (hours: string, over: Partial<Shift> = {}): Shift => {
  const [from = '', to = ''] = hours.split('-')
  return { practitionerId: sana, locationId: mall, weekday: 1, startsMin: clock(from), endsMin: clock(to), ...over }
}

/** Clinic-local `'2026-06-01T09:00'` or, with an offset, that very instant. */
const at = (text: string, timeZone = zone): Instant =>
  /(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Temporal.Instant.from(text)
    : Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone, { disambiguation: 'reject' }).toInstant()

/** A visit of the service on Monday at `time` that holds its practitioner, buffers included. */
const visit = (time: string, over: Partial<Busy> = {}, service = checkup): Busy => {
  const startsAt = at(`${monday}T${time}`)
  return {
    appointmentId: newId<'appointment'>(),
    practitionerId: sana,
    locationId: mall,
    serviceId: service.id,
    startsAt,
    occupiedFrom: startsAt.subtract({ minutes: service.bufferBeforeMin }),
    occupiedTo: startsAt.add({ minutes: service.durationMin + service.bufferAfterMin }),
    lane: 1,
    ...over,
  }
}

const search = (over: Partial<SlotSearch> = {}): SlotSearch => ({
  zone,
  now: at('2026-05-31T12:00', over.zone),
  from: Temporal.PlainDate.from(monday),
  days: 1,
  practitionerIds: [sana],
  service: checkup,
  shifts: [shift('09:00-11:00')],
  closures: [],
  busy: [],
  rules: { minNoticeMin: 0, horizonDays: 60, stepMin: 30 },
  ...over,
})

/** The free local times, as one line. Checks on the way that `isFree` says yes to each of them. */
function times(over: Partial<SlotSearch> = {}): string {
  const asked = search(over)
  const slots = freeSlots(asked).days.flatMap((day) => day.slots)
  for (const slot of slots) expect(isFree({ ...asked, ...slot })).toEqual(slot)
  return slots.map((slot) => timeOf(slot.startsAt, asked.zone)).join(' ')
}
const timeOf = (startsAt: number, timeZone = zone) =>
  Temporal.Instant.fromEpochMilliseconds(startsAt)
    .toZonedDateTimeISO(timeZone)
    .toPlainTime()
    .toString({ smallestUnit: 'minute' })

const free = (time: string, over: Partial<SlotSearch> = {}, practitionerId = sana, locationId = mall) =>
  isFree({ ...search(over), startsAt: at(`${monday}T${time}`).epochMilliseconds, practitionerId, locationId })

describe('hours', () => {
  it('offers every step of a shift, the last one ending with it', () => {
    expect(times()).toBe('09:00 09:30 10:00 10:30')
  })
  it('offers nothing on a day without a shift, but still names the day', () => {
    const answer = freeSlots(search({ from: Temporal.PlainDate.from('2026-06-02'), days: 2 }))
    expect(answer.days.map((day) => `${day.date.toString()} ${day.slots.length}`)).toEqual([
      '2026-06-02 0',
      '2026-06-03 0',
    ])
  })
  it('counts the steps from the start of the shift, not from the hour', () => {
    expect(times({ shifts: [shift('09:10-10:40')] })).toBe('09:10 09:40 10:10')
  })
  it('does not offer a visit that would run past the end', () => {
    expect(times({ shifts: [shift('09:00-10:29')] })).toBe('09:00 09:30')
    expect(times({ shifts: [shift('09:00-09:29')] })).toBe('')
  })
  it('keeps a break free', () => {
    expect(times({ shifts: [shift('09:00-10:00'), shift('10:15-11:15')] })).toBe('09:00 09:30 10:15 10:45')
  })
  it('starts each shift with a grid of its own, whatever order the shifts come in', () => {
    const rules = { minNoticeMin: 0, horizonDays: 60, stepMin: 25 }
    expect(times({ rules, shifts: [shift('10:00-11:00'), shift('08:00-09:00')] })).toBe('08:00 08:25 10:00 10:25')
  })
  it('lets a visit run from one shift into the next where they touch', () => {
    const rules = { minNoticeMin: 0, horizonDays: 60, stepMin: 20 }
    expect(times({ rules, shifts: [shift('09:00-10:00'), shift('10:00-11:00')] })).toBe('09:00 09:20 09:40 10:00 10:20')
  })
  it('does not let it run into a shift at another location', () => {
    const rules = { minNoticeMin: 0, horizonDays: 60, stepMin: 20 }
    const shifts = [shift('09:00-10:00'), shift('10:00-11:00', { locationId: cantt })]
    expect(times({ rules, shifts })).toBe('09:00 09:20 10:00 10:20')
  })
  it('lists a time once where shifts overlap, on the grid of the one that began first', () => {
    const shifts = [shift('09:00-10:30'), shift('09:00-10:00'), shift('09:45-11:15')]
    expect(times({ shifts })).toBe('09:00 09:30 10:00 10:45')
    expect(free('10:30', { shifts })).toBeUndefined()
  })
  it('says no to a time off the grid, outside the hours, or of somebody else', () => {
    expect(free('09:00')).toEqual({
      startsAt: at('2026-06-01T09:00').epochMilliseconds,
      practitionerId: sana,
      locationId: mall,
      lane: 1,
    })
    for (const time of ['08:30', '09:01', '09:00:00.001', '10:31', '11:00']) expect(free(time)).toBeUndefined()
    expect(free('09:00', {}, hamid)).toBeUndefined()
    expect(free('09:00', {}, sana, cantt)).toBeUndefined()
  })
  it('keeps to the dates for which a shift is valid, both included', () => {
    const between = (from?: string, to?: string) =>
      times({
        days: 22,
        shifts: [
          shift('09:00-09:30', {
            validFrom: from === undefined ? undefined : Temporal.PlainDate.from(from),
            validTo: to === undefined ? undefined : Temporal.PlainDate.from(to),
          }),
        ],
      }).split(' ').length
    expect(between()).toBe(4)
    expect(between('2026-06-08')).toBe(3)
    expect(between('2026-06-09')).toBe(2)
    expect(between(undefined, '2026-06-08')).toBe(2)
    expect(between(undefined, '2026-06-07')).toBe(1)
    expect(between('2026-06-08', '2026-06-08')).toBe(1)
  })
  it('refuses to count without a step', () => {
    expect(() => times({ rules: { minNoticeMin: 0, horizonDays: 60, stepMin: 0 } })).toThrow('step')
  })
})

describe('shifts past midnight', () => {
  const night = { shifts: [shift('22:00-25:30')] }
  it('lists each time under the date on which it starts', () => {
    const answer = freeSlots(search({ ...night, days: 2 }))
    const lines = answer.days.map((day) =>
      [day.date.toString(), ...day.slots.map((slot) => timeOf(slot.startsAt))].join(' '),
    )
    expect(lines).toEqual(['2026-06-01 22:00 22:30 23:00 23:30', '2026-06-02 00:00 00:30 01:00'])
    expect(times({ ...night, from: Temporal.PlainDate.from('2026-06-02') })).toBe('00:00 00:30 01:00')
  })
  it('lets a visit cross midnight and meets the shift of the next morning', () => {
    const rules = { minNoticeMin: 0, horizonDays: 60, stepMin: 20 }
    const shifts = [shift('23:00-24:00'), shift('00:00-01:00', { weekday: 2 })]
    expect(times({ rules, shifts, days: 2 })).toBe('23:00 23:20 23:40 00:00 00:20')
    expect(times({ rules, shifts: shifts.slice(0, 1), days: 2 })).toBe('23:00 23:20')
  })
  it('goes by the date on which the shift begins for its validity', () => {
    const shifts = [shift('22:00-25:30', { validTo: Temporal.PlainDate.from(monday) })]
    expect(times({ shifts, from: Temporal.PlainDate.from('2026-06-02') })).toBe('00:00 00:30 01:00')
  })
  it('reaches to the midnight after the next', () => {
    expect(
      times({ shifts: [shift('23:00-48:00')], from: Temporal.PlainDate.from('2026-06-02') }).split(' '),
    ).toHaveLength(48)
    expect(times({ shifts: [shift('23:00-48:00')], from: Temporal.PlainDate.from('2026-06-03') })).toBe('')
  })
})

describe('what is occupied', () => {
  it('takes away what overlaps a visit and leaves what touches it', () => {
    expect(times({ busy: [visit('09:30')] })).toBe('09:00 10:00 10:30')
    expect(times({ busy: [visit('09:45')] })).toBe('09:00 10:30')
  })
  it('keeps buffers of the new visit and of the others', () => {
    const service = { ...checkup, bufferBeforeMin: 10, bufferAfterMin: 20 }
    expect(times({ service, busy: [visit('10:00')], shifts: [shift('08:00-12:00')] })).toBe(
      '08:00 08:30 09:00 11:00 11:30',
    )
    expect(times({ busy: [visit('10:00', {}, service)], shifts: [shift('08:00-12:00')] })).toBe(
      '08:00 08:30 09:00 11:00 11:30',
    )
  })
  it('lets buffers reach over the edge of the hours, but not over another visit there', () => {
    const service = { ...checkup, bufferBeforeMin: 15, bufferAfterMin: 15 }
    expect(times({ service })).toBe('09:00 09:30 10:00 10:30')
    expect(times({ service, busy: [visit('11:00'), visit('08:15')] })).toBe('09:00 09:30 10:00')
    expect(times({ service, busy: [visit('11:00'), visit('08:16')] })).toBe('09:30 10:00')
  })
  it('keeps a practitioner from being at two locations at once', () => {
    const shifts = [shift('09:00-10:00'), shift('09:00-10:00', { locationId: cantt })]
    expect(times({ shifts })).toBe('09:00 09:00 09:30 09:30')
    expect(times({ shifts, busy: [visit('09:00', { locationId: cantt })] })).toBe('09:30 09:30')
    expect(times({ shifts, locationId: mall })).toBe('09:00 09:30')
  })
  it('does not let one practitioner block another', () => {
    const shifts = [shift('09:00-10:00'), shift('09:00-10:00', { practitionerId: hamid })]
    const answer = freeSlots(search({ shifts, practitionerIds: [hamid, sana], busy: [visit('09:30')] }))
    expect(answer.days[0]!.slots.map((slot) => [timeOf(slot.startsAt), slot.practitionerId])).toEqual([
      ['09:00', hamid],
      ['09:00', sana],
      ['09:30', hamid],
    ])
  })
  it('looks through the asker’s own hold and the visit being moved', () => {
    const own = visit('09:30')
    expect(times({ busy: [own, visit('10:00')], ignore: [own.appointmentId] })).toBe('09:00 09:30 10:30')
  })
  it('sees the long visit in which a short one began and ended', () => {
    const long = visit('09:00', { occupiedTo: at(`${monday}T10:30`) })
    expect(times({ busy: [visit('09:30', { lane: 1001 }), long] })).toBe('10:30')
  })
  it('counts an overbooked visit like any other', () => {
    expect(times({ busy: [visit('09:30', { lane: 1001 })] })).toBe('09:00 10:00 10:30')
  })
})

describe('holds', () => {
  const expiry = at('2026-05-31T12:05')
  const hold = visit('09:30', { holdExpiresAt: expiry })
  it('count until the instant they expire', () => {
    expect(times({ busy: [hold], now: expiry.subtract({ milliseconds: 1 }) })).toBe('09:00 10:00 10:30')
    expect(times({ busy: [hold], now: expiry })).toBe('09:00 09:30 10:00 10:30')
  })
  it('make the answer good until then', () => {
    expect(freeSlots(search({ busy: [hold] })).validUntil).toEqual(expiry)
    expect(freeSlots(search({ busy: [hold], ignore: [hold.appointmentId] })).validUntil).not.toEqual(expiry)
    const other = { busy: [hold], practitionerIds: [hamid] }
    expect(freeSlots(search(other)).validUntil).toBeUndefined()
  })
})

describe('holds beyond the days asked for', () => {
  const expiry = at('2026-05-31T12:05')
  const service = { ...checkup, bufferBeforeMin: 15, bufferAfterMin: 15 }
  const hold = (from: string, to: string) =>
    visit('12:00', { occupiedFrom: at(from), occupiedTo: at(to), holdExpiresAt: expiry })
  it.each([
    ['of the next morning', '2026-06-02T00:10', '2026-06-02T00:40', '00:00 00:30 01:00'],
    ['of the night before', '2026-05-31T23:30', '2026-05-31T23:50', '00:30 01:00 23:30'],
  ])('count when buffers reach them: %s', (_, from, to, left) => {
    const shifts = [shift('00:00-01:30'), shift('23:30-24:30')]
    const free = '00:00 00:30 01:00 23:30'
    const busy = [hold(from, to)]
    expect(freeSlots(search({ service, shifts, busy })).validUntil).toEqual(expiry)
    expect(times({ service, shifts, busy, now: expiry })).toBe(free)
    expect(times({ service, shifts, busy })).toBe(left)
  })
})

describe('group sessions', () => {
  const lanes = (busy: Busy[], over: Partial<SlotSearch> = {}) =>
    freeSlots(search({ service: group, busy, ...over }))
      .days[0]!.slots.map((s) => `${timeOf(s.startsAt)}/${s.lane}`)
      .join(' ')
  const member = (lane: number, over: Partial<Busy> = {}) => visit('09:30', { lane, ...over }, group)

  it('fill the lowest free place until they are full', () => {
    expect(lanes([member(1)])).toBe('09:00/1 09:30/2 10:00/1 10:30/1')
    expect(lanes([member(1), member(3)])).toBe('09:00/1 09:30/2 10:00/1 10:30/1')
    expect(lanes([member(3), member(2)])).toBe('09:00/1 09:30/1 10:00/1 10:30/1')
    expect(lanes([member(1), member(2), member(3)])).toBe('09:00/1 10:00/1 10:30/1')
  })
  it('are not joined by another service, another start or another location', () => {
    expect(lanes([visit('09:30', {}, { ...group, id: newId<'service'>() })])).toBe('09:00/1 10:00/1 10:30/1')
    expect(lanes([visit('09:45', {}, group)])).toBe('09:00/1 10:30/1')
    const shifts = [shift('09:00-11:00', { locationId: cantt })]
    expect(lanes([member(1)], { shifts })).toBe('09:00/1 10:00/1 10:30/1')
  })
  it('are blocked by any other visit that overlaps, however many places are left', () => {
    expect(lanes([member(1), visit('09:45', { lane: 1001 })])).toBe('09:00/1 10:30/1')
  })
  it('count an overbooked place, though its lane is above the capacity', () => {
    expect(lanes([member(1), member(1001)])).toBe('09:00/1 09:30/2 10:00/1 10:30/1')
    expect(lanes([member(1), member(2), member(1001)])).toBe('09:00/1 10:00/1 10:30/1')
  })
  it('take nobody more when the capacity was lowered', () => {
    const smaller = { service: { ...group, capacity: 2 } }
    expect(lanes([member(2), member(3)], smaller)).toBe('09:00/1 10:00/1 10:30/1')
    expect(lanes([member(3)], smaller)).toBe('09:00/1 09:30/1 10:00/1 10:30/1')
  })
  it('can be joined beside a visit that ends where the own buffer begins, though another member’s reaches further', () => {
    const service = { ...group, bufferBeforeMin: 5 }
    const early = member(1, { occupiedFrom: at(`${monday}T09:10`) })
    const neighbour = visit('09:00', {
      occupiedFrom: at(`${monday}T09:15`),
      occupiedTo: at(`${monday}T09:25`),
      lane: 1001,
    })
    expect(lanes([early, neighbour], { service })).toBe('09:30/2 10:30/1')
  })
  it('can be joined when the service became shorter or longer meanwhile', () => {
    expect(lanes([member(1)], { service: { ...group, durationMin: 60 } })).toBe('09:30/2 10:00/1')
  })
})

describe('closures', () => {
  const closed = (from: string, to: string, over: Partial<Closure> = {}): Closure => ({
    startsAt: at(`${monday}T00:00`).add({ minutes: clock(from) }),
    endsAt: at(`${monday}T00:00`).add({ minutes: clock(to) }),
    ...over,
  })
  it('take away visits that would reach into them, and leave those that touch', () => {
    expect(times({ closures: [closed('09:30', '10:00')] })).toBe('09:00 10:00 10:30')
    expect(times({ closures: [closed('09:29', '10:01')] })).toBe('10:30')
    expect(times({ closures: [closed('09:40', '09:45')] })).toBe('09:00 10:00 10:30')
  })
  it('of the next day end the last visits of a night early', () => {
    const shifts = [shift('22:45-26:00')]
    expect(times({ shifts, closures: [closed('24:00', '25:00')] })).toBe('22:45 23:15')
  })
  it('do not mind buffers', () => {
    const service = { ...checkup, bufferBeforeMin: 15, bufferAfterMin: 15 }
    expect(times({ service, closures: [closed('09:30', '10:00')] })).toBe('09:00 10:00 10:30')
  })
  it('hold for whom and where they name', () => {
    const shifts = [shift('09:00-09:30'), shift('09:00-09:30', { practitionerId: hamid, locationId: cantt })]
    const who = (over: Partial<Closure>) =>
      freeSlots(search({ shifts, practitionerIds: [sana, hamid], closures: [closed('08:00', '12:00', over)] }))
        .days[0]!.slots.map((slot) => (slot.practitionerId === sana ? 'sana' : 'hamid'))
        .join(' ')
    expect(who({})).toBe('')
    expect(who({ practitionerId: sana })).toBe('hamid')
    expect(who({ locationId: cantt })).toBe('sana')
    expect(who({ practitionerId: sana, locationId: cantt })).toBe('sana hamid')
    expect(who({ practitionerId: hamid, locationId: cantt })).toBe('sana')
  })
})

describe('notice and horizon', () => {
  const rules = { minNoticeMin: 60, horizonDays: 7, stepMin: 30 }
  it('offers a slot at exactly its notice and not a millisecond later', () => {
    const edge = at(`${monday}T08:30`)
    expect(times({ rules, now: edge.subtract({ milliseconds: 1 }) })).toBe('09:30 10:00 10:30')
    expect(times({ rules, now: edge })).toBe('09:30 10:00 10:30')
    expect(times({ rules, now: edge.add({ milliseconds: 1 }) })).toBe('10:00 10:30')
  })
  it('says until when that holds', () => {
    const edge = at(`${monday}T08:30`)
    const { validUntil } = freeSlots(search({ rules, now: edge }))
    expect(validUntil).toEqual(edge.add({ milliseconds: 1 }))
  })
  it('offers a slot that starts this very instant when no notice is asked', () => {
    expect(times({ now: at(`${monday}T10:30`) })).toBe('10:30')
    expect(times({ now: at(`${monday}T10:30:00.001`) })).toBe('')
  })
  it('never offers the past', () => {
    expect(times({ now: at('2026-06-02T00:00') })).toBe('')
    expect(freeSlots(search({ now: at('2026-06-02T00:00') })).validUntil).toBeUndefined()
  })
  it('offers the last day of the horizon to its end, and nothing of the next', () => {
    const lastMinute = at('2026-05-25T23:59:59.999')
    const before = at('2026-05-24T23:59:59.999')
    expect(times({ rules, now: lastMinute })).toBe('09:00 09:30 10:00 10:30')
    expect(times({ rules, now: before })).toBe('')
    expect(freeSlots(search({ rules, now: before })).validUntil).toEqual(at('2026-05-25T00:00'))
  })
  it('counts the horizon by the date on which a slot starts, also in a night shift', () => {
    const night = { rules, shifts: [shift('23:00-25:00')], days: 2, now: at('2026-05-25T12:00') }
    expect(times(night)).toBe('23:00 23:30')
    expect(freeSlots(search(night)).validUntil).toEqual(at('2026-05-26T00:00'))
  })
  it('knows the midnight at which a far day opens', () => {
    const asked = search({ rules, now: at('2026-01-10T12:00') })
    expect(freeSlots(asked).validUntil).toEqual(at('2026-05-25T00:00'))
  })
  it('with a horizon of no days offers today only', () => {
    const today = { rules: { ...rules, horizonDays: 0 }, days: 8, now: at(`${monday}T00:00`) }
    expect(times(today)).toBe('09:00 09:30 10:00 10:30')
  })
})

describe('days on which clocks change', () => {
  const dated = (zone: string, date: string, hours: string, stepMin = 60, over: Partial<SlotSearch> = {}) => {
    const from = Temporal.PlainDate.from(date)
    const asked = search({
      zone,
      from,
      now: from.subtract({ days: 5 }).toZonedDateTime(zone).toInstant(),
      shifts: [shift(hours, { weekday: from.dayOfWeek })],
      rules: { minNoticeMin: 0, horizonDays: 30, stepMin },
      ...over,
    })
    const slots = freeSlots(asked).days.flatMap((day) => day.slots)
    for (const slot of slots) expect(isFree({ ...asked, ...slot })).toEqual(slot)
    return slots
      .map((slot) => Temporal.Instant.fromEpochMilliseconds(slot.startsAt).toZonedDateTimeISO(zone))
      .map((local) => `${local.toPlainTime().toString({ smallestUnit: 'minute' })}${local.offset}`)
      .join(' ')
  }

  it('Cairo in April: midnight is skipped, the day begins at one', () => {
    expect(dated('Africa/Cairo', '2026-04-24', '00:00-03:00')).toBe('01:00+03:00 02:00+03:00')
    expect(dated('Africa/Cairo', '2026-04-24', '09:00-11:00')).toBe('09:00+03:00 10:00+03:00')
  })
  it('Cairo in April: a shift until midnight ends where the clocks jump, one past it goes on', () => {
    expect(dated('Africa/Cairo', '2026-04-23', '22:00-24:00')).toBe('22:00+02:00 23:00+02:00')
    expect(dated('Africa/Cairo', '2026-04-23', '22:00-26:00', 60, { days: 2 })).toBe(
      '22:00+02:00 23:00+02:00 01:00+03:00',
    )
  })
  it('Cairo in April: a start that does not exist moves forward by the gap', () => {
    expect(dated('Africa/Cairo', '2026-04-24', '00:30-03:30')).toBe('01:30+03:00 02:30+03:00')
    expect(dated('Africa/Cairo', '2026-04-24', '00:30-01:15')).toBe('')
  })
  it('Cairo in October: the last hour of Thursday comes twice and is worked twice', () => {
    expect(dated('Africa/Cairo', '2026-10-29', '21:00-24:00')).toBe('21:00+03:00 22:00+03:00 23:00+03:00 23:00+02:00')
    expect(dated('Africa/Cairo', '2026-10-29', '21:00-25:00', 60, { days: 2 })).toBe(
      '21:00+03:00 22:00+03:00 23:00+03:00 23:00+02:00 00:00+02:00',
    )
  })
  it('Cairo in October: times that come twice mean the first', () => {
    expect(dated('Africa/Cairo', '2026-10-29', '21:00-23:30')).toBe('21:00+03:00 22:00+03:00 23:00+03:00')
    expect(dated('Africa/Cairo', '2026-10-29', '23:30-24:00', 30)).toBe('23:30+03:00 23:00+02:00 23:30+02:00')
  })
  it('Cairo: the repeated hour belongs to Thursday', () => {
    const cairo = { days: 2, shifts: [shift('23:00-25:00', { weekday: 4 })] }
    const from = Temporal.PlainDate.from('2026-10-29')
    const now = at('2026-10-28T09:00', 'Africa/Cairo')
    const answer = freeSlots(search({ zone: 'Africa/Cairo', from, now, ...cairo }))
    expect(answer.days.map((day) => day.slots.length)).toEqual([4, 2])
  })
  it('London in March: one o’clock is skipped', () => {
    expect(dated('Europe/London', '2026-03-29', '00:00-04:00')).toBe('00:00+00:00 02:00+01:00 03:00+01:00')
    expect(dated('Europe/London', '2026-03-29', '01:30-04:00')).toBe('02:30+01:00 03:30+01:00')
    expect(dated('Europe/London', '2026-03-29', '09:00-11:00')).toBe('09:00+01:00 10:00+01:00')
  })
  it('London in October: one o’clock comes twice', () => {
    expect(dated('Europe/London', '2026-10-25', '00:00-03:00')).toBe('00:00+01:00 01:00+01:00 01:00+00:00 02:00+00:00')
    expect(dated('Europe/London', '2026-10-25', '09:00-11:00')).toBe('09:00+00:00 10:00+00:00')
  })
  it('New York in March and November', () => {
    expect(dated('America/New_York', '2026-03-08', '01:00-05:00')).toBe('01:00-05:00 03:00-04:00 04:00-04:00')
    expect(dated('America/New_York', '2026-11-01', '00:30-02:00')).toBe('00:30-04:00 01:30-04:00 01:30-05:00')
    expect(dated('America/New_York', '2026-11-01', '09:00-10:00')).toBe('09:00-05:00')
  })
  it('Nuuk in March: a shift may end beyond the midnight after the next', () => {
    // 23:00 on Saturday is skipped; a shift of Friday until Saturday 23:30 ends at 00:30 on Sunday.
    const asked = { days: 1, shifts: [shift('23:30-47:30', { weekday: 5 })] }
    expect(dated('America/Nuuk', '2026-03-29', '00:00-00:00', 30, asked)).toBe('00:00-01:00')
  })
  it('Karachi: every day has twenty-four hours', () => {
    for (const date of ['2026-03-29', '2026-04-24', '2026-10-25', '2026-10-29', '2026-11-01']) {
      expect(dated('Asia/Karachi', date, '00:00-24:00').split(' ')).toHaveLength(24)
    }
  })
  it('a visit of an hour lasts an hour across the change', () => {
    const asked = { service: { ...checkup, durationMin: 60 } }
    expect(dated('Europe/London', '2026-03-29', '00:30-02:30', 30, asked)).toBe('00:30+00:00')
    expect(dated('Europe/London', '2026-10-25', '00:30-01:30', 30, asked)).toBe('00:30+01:00')
    expect(dated('Europe/London', '2026-10-25', '00:30-02:00', 30, asked)).toBe(
      '00:30+01:00 01:00+01:00 01:30+01:00 01:00+00:00',
    )
  })
})

describe('many', () => {
  it('answers a month of five practitioners with each slot once, in order', () => {
    const practitionerIds: PractitionerId[] = Array.from({ length: 5 }, () => newId<'practitioner'>())
    const shifts = practitionerIds.flatMap((practitionerId) =>
      [1, 2, 3, 4, 5, 6].flatMap((weekday) => [
        shift('09:00-13:00', { practitionerId, weekday }),
        shift('16:00-21:00', { practitionerId, weekday }),
      ]),
    )
    const { days } = freeSlots(search({ practitionerIds, shifts, days: 30 }))
    const slots = days.flatMap((day) => day.slots)
    expect(slots).toHaveLength(26 * 5 * 18)
    expect(new Set(slots.map((slot) => `${slot.startsAt} ${slot.practitionerId}`)).size).toBe(slots.length)
    const keys = slots.map((slot) => slot.startsAt * 10 + practitionerIds.indexOf(slot.practitionerId))
    expect(keys).toEqual(keys.toSorted((a, b) => a - b))
  })
})
