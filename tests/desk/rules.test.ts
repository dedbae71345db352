import { describe, expect, it } from 'vitest'
import { newId, type PractitionerId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import {
  mainStep,
  nearest,
  ownPath,
  parseReference,
  parseSlot,
  slotText,
  waitingOf,
} from '../../src/features/desk/rules.ts'

const at = (time: string) => Temporal.Instant.from(`2026-11-24T${time}:00Z`)

describe('the way back after a step', () => {
  const base = '/app/shifa'
  it.each([
    ['/app/shifa/today?date=2026-11-25&view=list', '/app/shifa/today?date=2026-11-25&view=list'],
    ['/app/shifa/patients/1#messages', '/app/shifa/patients/1'],
  ])('leads to a page of the workspace: %s', (wanted, path) => {
    expect(ownPath(wanted, base, '/home')).toBe(path)
  })
  it.each([
    'https://evil.test/app/shifa/today',
    '//evil.test/app/shifa/today',
    '/\\evil.test',
    '/\t/evil.test',
    '/app/other/today',
    '/app/shifa/../other/today',
    '/app/shifa-2/today',
    '/app/shifa',
    'javascript:alert(1)',
    '',
    undefined,
    ['/app/shifa/today'],
    `/app/shifa/${'x'.repeat(2000)}`,
  ])('never leads out of it: %s', (wanted) => {
    expect(ownPath(wanted, base, '/home')).toBe('/home')
  })
})

describe('a free time in a form', () => {
  const slot = { serviceId: newId(), practitionerId: newId(), locationId: newId(), startsAt: at('10:00') } as never
  it('comes back as it was written', () => {
    expect(parseSlot(slotText(slot))).toEqual(slot)
  })
  it.each([undefined, '', 'now', slotText(slot) + '_x', slotText(slot).replace('2026', '9999'), ['a']])(
    'is nothing when it was tampered with: %s',
    (text) => {
      expect(parseSlot(text)).toBeUndefined()
    },
  )
})

describe('the nearest other times', () => {
  const [sana, hamid] = [newId<'practitioner'>(), newId<'practitioner'>()]
  const slot = (time: string, practitionerId: PractitionerId) => ({
    startsAt: at(time).epochMilliseconds,
    practitionerId,
  })
  it('are three, near, in order of time, each time once and with the doctor who was wanted', () => {
    const free = [
      slot('08:00', sana), slot('09:45', hamid), slot('09:45', sana), slot('10:15', hamid), slot('10:30', sana),
      slot('16:00', sana),
    ] // prettier-ignore
    expect(nearest(free, { startsAt: at('10:00'), practitionerId: sana })).toEqual([
      slot('09:45', sana),
      slot('10:15', hamid),
      slot('10:30', sana),
    ])
  })
  it('are none when nothing is free', () => {
    expect(nearest([], { startsAt: at('10:00'), practitionerId: sana })).toEqual([])
  })
})

describe('how long somebody waits', () => {
  const visit = { status: 'booked', startsAt: at('10:00'), arrivedAt: null, inRoomAt: null } as const
  it('is not told before the visit should have begun', () => {
    expect(waitingOf(visit, at('09:59'))).toBeUndefined()
  })
  it('is how late a patient is, and draws the eye after five minutes', () => {
    expect(waitingOf(visit, at('10:04'))).toEqual({ kind: 'late', minutes: 4, warn: false })
    expect(waitingOf(visit, at('10:05'))).toEqual({ kind: 'late', minutes: 5, warn: true })
  })
  it('counts from arrival, and draws the eye after a quarter of an hour', () => {
    const arrived = { ...visit, status: 'arrived', arrivedAt: at('09:50') } as const
    expect(waitingOf(arrived, at('10:04'))).toEqual({ kind: 'waiting', minutes: 14, warn: false })
    expect(waitingOf(arrived, at('10:05'))?.warn).toBe(true)
  })
})

it('a card offers its next step on the day itself, not the day before', () => {
  expect(mainStep('booked', 'today')).toBe('arrive')
  expect(mainStep('booked', 'future')).toBeUndefined()
  expect(mainStep('fulfilled', 'today')).toBeUndefined()
})

it.each([
  ['K7Q M3P', 'K7QM3P'],
  ['k7q-m3p', 'K7QM3P'],
  ['K7Q', undefined],
  ['KAREEM 1', undefined],
  ['0300 12', undefined],
])('reads %s as the reference %s', (typed, reference) => {
  expect(parseReference(typed)).toBe(reference)
})
