import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delayed, roundedUp, type InLine } from '../../src/features/disruptions/rules.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'

const minute = 60_000
/** Minutes of one day, written as at a desk. */
const at = (time: string) => {
  const [hour = 0, min = 0] = time.split(':').map(Number)
  return (hour * 60 + min) * minute
}
const clock = (ms: number) => `${Math.floor(ms / minute / 60)}:${String((ms / minute) % 60).padStart(2, '0')}`

type Visit = Partial<Omit<InLine, 'startsAt'>> & { after?: number; before?: number; length?: number }
function visit(id: string, starts: string, { after = 0, before = 0, length = 30, ...more }: Visit = {}): InLine {
  const startsAt = at(starts)
  return {
    id: id as AppointmentId,
    line: 'main',
    session: id,
    fixed: false,
    startsAt,
    endsAt: startsAt + length * minute,
    occupiedFrom: startsAt - before * minute,
    occupiedTo: startsAt + (length + after) * minute,
    ...more,
  }
}

const shift = (from: string, until: string, visits: InLine[]) =>
  Object.fromEntries([...delayed(visits, at(from), at(until))].map(([id, startsAt]) => [id, clock(startsAt)]))

describe('a doctor who is late', () => {
  it('moves each visit as far as needed and no further: gaps swallow the delay', () => {
    const day = [visit('a', '11:00'), visit('b', '11:30'), visit('c', '12:30'), visit('d', '13:30')]
    expect(shift('11:00', '11:40', day)).toEqual({ a: '11:40', b: '12:10', c: '12:40' })
  })

  it('moves nobody whose time comes after the doctor does', () => {
    expect(shift('11:00', '11:30', [visit('a', '11:30'), visit('b', '12:00')])).toEqual({})
  })

  it('leaves what is over, and takes along what would be cut in two', () => {
    const day = [visit('over', '10:00'), visit('cut', '10:45'), visit('next', '11:30')]
    expect(shift('11:00', '11:20', day)).toEqual({ cut: '11:20', next: '11:50' })
  })

  it('keeps the room between visits that services ask for', () => {
    const day = [visit('a', '11:00', { after: 10 }), visit('b', '11:40', { before: 5 })]
    expect(shift('11:00', '11:30', day)).toEqual({ a: '11:30', b: '12:15' })
  })

  it('goes round what can not move: somebody who is with the doctor, a time that is being booked', () => {
    const day = [visit('a', '11:00'), visit('hold', '11:45', { fixed: true }), visit('b', '12:15')]
    expect(shift('11:00', '11:20', day)).toEqual({ a: '12:15', b: '12:45' })
  })

  it('keeps a group together', () => {
    const group = { session: 'yoga' }
    const day = [visit('a', '11:00', group), visit('b', '11:00', group), visit('c', '11:30')]
    expect(shift('11:00', '11:10', day)).toEqual({ a: '11:10', b: '11:10', c: '11:40' })
  })

  it('moves what was booked on top along its own line', () => {
    const day = [visit('a', '11:00'), visit('top', '11:10', { line: '1001' }), visit('b', '11:30')]
    expect(shift('11:00', '11:20', day)).toEqual({ a: '11:20', top: '11:20', b: '11:50' })
  })

  it('comes at a time that people say', () => {
    const rounded = (time: string) => roundedUp(Temporal.Instant.from(`2026-11-24T${time}Z`)).toString()
    expect(rounded('11:23:27')).toBe('2026-11-24T11:25:00Z')
    expect(rounded('11:25:00')).toBe('2026-11-24T11:25:00Z')
  })
})

const lines = fc.array(
  fc.record({
    gap: fc.integer({ min: 0, max: 40 }),
    length: fc.integer({ min: 5, max: 60 }),
    before: fc.constantFrom(0, 0, 5),
    after: fc.constantFrom(0, 0, 10),
    fixed: fc.constantFrom(false, false, false, false, true),
    people: fc.constantFrom(1, 1, 1, 3),
    line: fc.constantFrom('main', 'main', 'main', '1001'),
  }),
  { maxLength: 25 },
)

/** A day without an overlap, as the database would allow it. */
function dayOf(specs: readonly { gap: number; length: number; before: number; after: number; fixed: boolean; people: number; line: string }[]) {
  const ends = new Map<string, number>()
  return specs.flatMap(({ gap, length, before, after, fixed, people, line }, n) => {
    const occupiedFrom = (ends.get(line) ?? 8 * 60 * minute) + gap * minute
    const startsAt = occupiedFrom + before * minute
    const endsAt = startsAt + length * minute
    const occupiedTo = endsAt + after * minute
    ends.set(line, occupiedTo)
    return Array.from({ length: line === 'main' ? people : 1 }, (_, person): InLine => ({
      id: `${n}.${person}` as AppointmentId,
      line,
      session: String(n),
      fixed,
      startsAt,
      endsAt,
      occupiedFrom,
      occupiedTo,
    }))
  })
} // prettier-ignore

describe('whatever the day looks like', () => {
  const days = fc.record({
    specs: lines,
    from: fc.integer({ min: 7 * 60, max: 16 * 60 }),
    late: fc.integer({ min: 1, max: 180 }),
  })
  const after = (day: InLine[], from: number, until: number) => {
    const moved = delayed(day, from, until)
    return day.map((one) => {
      const by = (moved.get(one.id) ?? one.startsAt) - one.startsAt
      return { ...one, by, from: one.occupiedFrom + by, to: one.occupiedTo + by, starts: one.startsAt + by }
    })
  }

  it('nobody comes earlier, nobody is moved who need not be, and nobody who can not be', () => {
    fc.assert(
      fc.property(days, ({ specs, from, late }) => {
        const [begins, until] = [from * minute, (from + late) * minute]
        for (const one of after(dayOf(specs), begins, until)) {
          expect(one.by).toBeGreaterThanOrEqual(0)
          if (one.fixed || one.endsAt <= begins) expect(one.by).toBe(0)
          // A doctor who is away sees nobody.
          else expect(one.starts).toBeGreaterThanOrEqual(until > one.startsAt ? until : one.startsAt)
        }
      }),
    )
  })

  it('nobody overlaps, and everybody keeps their place in the line', () => {
    fc.assert(
      fc.property(days, ({ specs, from, late }) => {
        const all = after(dayOf(specs), from * minute, (from + late) * minute)
        for (const line of ['main', '1001']) {
          const own = all.filter((one) => one.line === line)
          const sessions = [...new Map(own.map((one) => [one.session, one])).values()]
          const sorted = [...sessions].sort((a, b) => a.from - b.from)
          for (const [n, one] of sorted.entries()) {
            if (sorted[n + 1]) expect(one.to).toBeLessThanOrEqual(sorted[n + 1]!.from)
          }
          const movable = sessions.filter(({ fixed }) => !fixed)
          const order = movable.map(({ session }) => session)
          expect([...movable].sort((a, b) => a.from - b.from).map(({ session }) => session)).toEqual(order)
          for (const one of own) {
            expect(one.by).toBe(sessions.find(({ session }) => session === one.session)!.by)
          }
        }
      }),
    )
  })

  it('whoever moves could not have come a minute sooner', () => {
    fc.assert(
      fc.property(days, ({ specs, from, late }) => {
        const until = (from + late) * minute
        const all = after(dayOf(specs), from * minute, until)
        for (const one of all.filter(({ by }) => by > 0)) {
          const stops = all.filter(({ line, session }) => line === one.line && session !== one.session)
          expect(one.starts === until || stops.some(({ to }) => to === one.from)).toBe(true)
        }
      }),
    )
  })
})
