import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  answerIn,
  isAnybodyLeft,
  offerUntil,
  planOffers,
  slotKey,
  thatSuit,
  type Candidate,
  type EntryId,
  type FreeSlot,
  type OpenOffer,
  type WaitingWish,
} from '../../src/features/waitlist/rules.ts'
import type { LocationId, PractitionerId, ServiceId } from '../../src/kernel/ids.ts'
import { isBefore, Temporal, type Zone } from '../../src/kernel/time.ts'

const zone = 'Asia/Karachi'
const sana = 'sana' as PractitionerId
const omar = 'omar' as PractitionerId
const gulshan = 'gulshan' as LocationId
const checkUp = 'check-up' as ServiceId
const now = Temporal.Instant.from('2026-11-24T07:00:00Z')

const wish = (overrides: Partial<WaitingWish> = {}): WaitingWish => ({
  serviceId: checkUp,
  practitionerIds: [],
  locationId: null,
  weekdays: [],
  parts: [],
  from: Temporal.PlainDate.from('2026-11-24'),
  until: Temporal.PlainDate.from('2026-12-24'),
  ...overrides,
})
const slot = (local: string, practitionerId = sana, minutes = 30): FreeSlot => {
  const startsAt = Temporal.PlainDateTime.from(local).toZonedDateTime(zone).toInstant()
  return { serviceId: checkUp, practitionerId, locationId: gulshan, startsAt, endsAt: startsAt.add({ minutes }) }
}
const waiting = (number: number, overrides: Partial<Candidate> = {}): Candidate => ({
  id: `entry-${number}` as EntryId,
  number: `number-${number}`,
  joinedAt: now.subtract({ hours: 100 - number }),
  wish: wish(),
  before: undefined,
  silent: false,
  asked: 0,
  seen: new Set(),
  ...overrides,
})
const names = (planned: ReturnType<typeof planOffers>) => planned.map(({ entryId }) => entryId)

const suits = (wished: WaitingWish, slot: Omit<FreeSlot, 'endsAt'>, at: Zone) =>
  thatSuit(wished, [slot], at).length === 1

describe('a time suits', () => {
  // 25 November 2026 is a Wednesday.
  const wednesday = slot('2026-11-25T10:00')
  it.each<[string, Partial<WaitingWish>, boolean]>([
    ['whoever takes anything', {}, true],
    ['who asked for that doctor', { practitionerIds: [omar, sana] }, true],
    ['nobody who asked for another', { practitionerIds: [omar] }, false],
    ['nobody who asked for another place', { locationId: 'clifton' as LocationId }, false],
    ['nobody who asked for something else', { serviceId: 'other' as ServiceId }, false],
    ['who asked for that day of the week', { weekdays: [3] }, true],
    ['nobody who asked for others', { weekdays: [1, 2, 4, 5, 6, 7] }, false],
    ['who asked for mornings', { parts: ['morning'] }, true],
    ['nobody who asked for later', { parts: ['afternoon', 'evening'] }, false],
    ['on the first day', { from: Temporal.PlainDate.from('2026-11-25') }, true],
    ['not before it', { from: Temporal.PlainDate.from('2026-11-26') }, false],
    ['on the last day', { until: Temporal.PlainDate.from('2026-11-25') }, true],
    ['not after it', { until: Temporal.PlainDate.from('2026-11-24') }, false],
  ])('%s', (_name, overrides, expected) => {
    expect(suits(wish(overrides), wednesday, zone)).toBe(expected)
  })

  it('by the clock on the clinic’s wall', () => {
    const late = slot('2026-11-25T00:30')
    expect(suits(wish({ weekdays: [3], parts: ['morning'] }), late, zone)).toBe(true)
    expect(suits(wish({ weekdays: [2] }), late, 'UTC')).toBe(true)
  })
})

describe('somebody is left to be asked', () => {
  const times = [slot('2026-11-25T10:00'), slot('2026-11-25T11:00')]
  const left = (people: Candidate[], slots = times, open: OpenOffer[] = []) =>
    isAnybodyLeft(people, slots, planOffers(people, slots, open, { most: 1, zone }), zone)

  it('who is asked about one time now and might have another', () => {
    expect(left([waiting(1)])).toBe(true)
    expect(left([waiting(1)], times.slice(0, 1))).toBe(false)
  })

  it('who comes after those that are asked', () => {
    expect(left([waiting(1), waiting(2)], times.slice(0, 1))).toBe(true)
  })

  it('but nobody whom none suits, who was asked before or often enough, or may not be asked', () => {
    const seen = new Set(times.map(slotKey))
    expect(left([waiting(1, { wish: wish({ parts: ['evening'] }) })])).toBe(false)
    expect(left([waiting(1, { seen })])).toBe(false)
    expect(left([waiting(1, { asked: 2 })])).toBe(false)
    expect(left([waiting(1, { silent: true })])).toBe(false)
  })
})

describe('an offer stands', () => {
  const rules = { offerMinutes: 30, minNoticeMin: 60 }
  const until = (leadMinutes: number, more = rules) => {
    const end = offerUntil(now.add({ minutes: leadMinutes }), now, more)
    return end && (end.epochMilliseconds - now.epochMilliseconds) / 60_000
  }
  it.each([
    [24 * 60, 30],
    [120, 30],
    [100, 25],
    [80, 20],
    [70, 10],
    [69, undefined],
    [30, undefined],
    [-10, undefined],
  ])('of a time in %i minutes for %s', (lead, expected) => expect(until(lead)).toBe(expected))
  it('a quarter of what is left where a clinic books at any notice', () => {
    expect(until(40, { offerMinutes: 30, minNoticeMin: 0 })).toBe(10)
    expect(until(39, { offerMinutes: 30, minNoticeMin: 0 })).toBeUndefined()
  })
})

describe('who is offered a time', () => {
  const ten = slot('2026-11-25T10:00')
  const rules = { most: 3, zone }

  it('the three who have waited longest', () => {
    const people = [5, 1, 4, 2, 3].map((number) => waiting(number))
    expect(names(planOffers(people, [ten], [], rules))).toEqual(['entry-1', 'entry-2', 'entry-3'])
  })

  it('nobody who was asked before, said STOP, or hears of another already', () => {
    const people = [
      waiting(1, { seen: new Set([slotKey(ten)]) }),
      waiting(2, { silent: true }),
      waiting(3),
      waiting(4),
      waiting(5, { number: 'number-4' }),
    ]
    const open: OpenOffer[] = [{ ...slot('2026-11-28T10:00'), number: 'number-3' }]
    expect(names(planOffers(people, [ten], open, rules))).toEqual(['entry-4'])
  })

  it('nobody a fourth time within a day', () => {
    const people = [waiting(1, { asked: 3 }), waiting(2, { asked: 2 })]
    expect(names(planOffers(people, [ten], [], rules))).toEqual(['entry-2'])
  })

  it('as many more as places were given back', () => {
    const open: OpenOffer[] = [{ ...ten, number: 'number-1' }]
    const people = [waiting(2), waiting(3), waiting(4)]
    expect(names(planOffers(people, [ten], open, rules))).toEqual(['entry-2', 'entry-3'])
  })

  it('each the earliest that suits, and overlapping times count as one', () => {
    const people = [1, 2, 3, 4, 5].map((number) => waiting(number))
    const slots = [ten, slot('2026-11-25T10:15'), slot('2026-11-25T10:30')]
    const planned = planOffers(people, slots, [], { most: 2, zone })
    expect(planned.map(({ slot }) => slot)).toEqual([slots[0], slots[0], slots[2], slots[2]])
  })

  it('who has a visit already: only what is sooner', () => {
    const people = [waiting(1, { before: ten.startsAt }), waiting(2, { before: ten.startsAt.add({ minutes: 1 }) })]
    expect(names(planOffers(people, [ten], [], rules))).toEqual(['entry-2'])
  })

  it('always in order, within the number of places, once a number, never twice the same', () => {
    const slots = [0, 15, 30, 45, 60].flatMap((minute) =>
      [sana, omar].map((doctor) => {
        const base = slot('2026-11-25T10:00', doctor)
        const startsAt = base.startsAt.add({ minutes: minute })
        return { ...base, startsAt, endsAt: startsAt.add({ minutes: 30 }) }
      }),
    )
    const person = fc.record({
      joined: fc.integer({ min: 0, max: 30 }),
      number: fc.integer({ min: 0, max: 8 }),
      doctors: fc.subarray([sana, omar]),
      silent: fc.boolean(),
      seen: fc.subarray(slots.map(slotKey)),
      before: fc.option(fc.constantFrom(...slots.map(({ startsAt }) => startsAt)), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(person, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (people, most) => {
        const candidates = people.map((one, at) =>
          waiting(at, {
            number: String(one.number),
            joinedAt: now.subtract({ minutes: one.joined }),
            wish: wish({ practitionerIds: one.doctors }),
            silent: one.silent,
            seen: new Set(one.seen),
            before: one.before,
          }),
        )
        const planned = planOffers(candidates, slots, [], { most, zone })
        expect(new Set(planned.map(({ number }) => number)).size).toBe(planned.length)
        for (const { entryId, slot: given } of planned) {
          const who = candidates.find(({ id }) => id === entryId)!
          expect(who.silent).toBe(false)
          expect(who.seen.has(slotKey(given))).toBe(false)
          expect(suits(who.wish, given, zone)).toBe(true)
          if (who.before) expect(isBefore(given.startsAt, who.before)).toBe(true)
          const rivals = planned.filter(
            ({ slot: other }) =>
              other.practitionerId === given.practitionerId &&
              isBefore(other.startsAt, given.endsAt) &&
              isBefore(given.startsAt, other.endsAt) &&
              other.startsAt.equals(given.startsAt),
          )
          expect(rivals.length).toBeLessThanOrEqual(most)
        }
        // Nobody is passed over for somebody who came later and wanted the same.
        for (const left of candidates.filter(({ silent }) => !silent)) {
          if (planned.some(({ number }) => number === left.number)) continue
          for (const { entryId, slot: given } of planned) {
            const who = candidates.find(({ id }) => id === entryId)!
            const later = isBefore(left.joinedAt, who.joinedAt)
            const could =
              suits(left.wish, given, zone) &&
              !left.seen.has(slotKey(given)) &&
              (left.before === undefined || isBefore(given.startsAt, left.before))
            expect(later && could).toBe(false)
          }
        }
      }),
    )
  })
})

describe('an answer', () => {
  it.each(['Yes', ' yes! ', 'YES', 'نعم', 'نَعَم', 'ہاں', 'haan', 'Haan ji', 'جی ہاں', 'ok'])('%s is yes', (text) => {
    expect(answerIn(text)).toBe('yes')
  })
  it.each(['No', 'no thanks', 'لا', 'نہیں', 'nahi'])('%s is no', (text) => expect(answerIn(text)).toBe('no'))
  it.each(['yes but later', 'is it free? yes?? maybe', 'stop', 'no idea where you are', ''])(
    '%s is neither',
    (text) => {
      expect(answerIn(text)).toBeUndefined()
    },
  )
})
