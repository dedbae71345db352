import { describe, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { whatToTell, withRemembered, type By, type EarlierAnnouncement } from '../../src/features/notices/rules.ts'

const four = '2026-11-24T11:00:00Z'
const five = '2026-11-24T12:00:00Z'
const [sana, kamran] = [newId<'practitioner'>(), newId<'practitioner'>()]
const gulberg = newId<'location'>()

const told = (kind: EarlierAnnouncement['kind'], status: string, startsAt = four, by: By = 'desk') =>
  ({ kind, status, startsAt, by, practitionerId: sana, locationId: gulberg }) satisfies EarlierAnnouncement
const now = (status: 'booked' | 'cancelled' | 'arrived', startsAt = four, practitionerId = sana) => ({
  status,
  startsAt: Temporal.Instant.from(startsAt),
  practitionerId,
  locationId: gulberg,
})

describe('what a patient is told', () => {
  it.each([
    ['a new visit is confirmed', now('booked'), 'desk', [], 'confirmation'],
    ['a moved one is announced as moved', now('booked', five), 'desk', [told('confirmation', 'delivered')], 'moved'],
    ['another doctor is news', now('booked', four, kamran), 'desk', [told('confirmation', 'read')], 'moved'],
    ['an end is announced', now('cancelled'), 'desk', [told('confirmation', 'accepted')], 'cancelled'],
    [
      'moved before the confirmation left: one message, the confirmation',
      now('booked', five),
      'desk',
      [told('confirmation', 'dropped')],
      'confirmation',
    ],
    [
      'cancelled before the confirmation left: silence',
      now('cancelled'),
      'desk',
      [told('confirmation', 'dropped')],
      undefined,
    ],
    [
      'booked on the page, moved away and back before the confirmation left: the confirmation',
      now('booked'),
      'desk',
      [told('moved', 'dropped', five), told('confirmation', 'dropped', four, 'patient')],
      'confirmation',
    ],
    [
      'moved away and back within the grace period: silence',
      now('booked'),
      'desk',
      [told('moved', 'dropped', five), told('confirmation', 'delivered')],
      undefined,
    ],
    [
      'moved, announced, and moved back: told of the old time',
      now('booked'),
      'desk',
      [told('moved', 'sent', five), told('confirmation', 'delivered')],
      'moved',
    ],
    [
      'a cancellation taken back in time: silence',
      now('booked'),
      'desk',
      [told('cancelled', 'dropped'), told('confirmation', 'delivered')],
      undefined,
    ],
    [
      'a cancellation taken back too late: confirmed anew',
      now('booked'),
      'desk',
      [told('cancelled', 'sent'), told('confirmation', 'delivered')],
      'confirmation',
    ],
    ['cancelled twice: once is enough', now('cancelled'), 'desk', [told('cancelled', 'sent')], undefined],
    ['a message on its way counts as told', now('cancelled'), 'desk', [told('confirmation', 'sending')], 'cancelled'],
    ['so does one that may have arrived', now('cancelled'), 'desk', [told('confirmation', 'unknown')], 'cancelled'],
    ['one that could not be delivered does not', now('cancelled'), 'desk', [told('confirmation', 'failed')], undefined],
    [
      'a patient who booked on the page knows, even if the message failed',
      now('cancelled'),
      'desk',
      [told('confirmation', 'failed', four, 'patient')],
      'cancelled',
    ],
    [
      'a patient who takes it back at once is told nothing',
      now('cancelled'),
      'patient',
      [told('confirmation', 'dropped', four, 'patient')],
      undefined,
    ],
    ['somebody who has arrived is told nothing', now('arrived'), 'desk', [told('confirmation', 'sent')], undefined],
  ] as const)('%s', (_name, facts, by, earlier, expected) => {
    expect(whatToTell(facts, by, earlier)).toBe(expected)
  })
})

describe('what is known of messages that are gone', () => {
  const row = (status: string, version = 1) => ({ ...told('confirmation', status), version })
  it.each([
    ['is remembered', [], [row('sent')], [row('sent')]],
    ['comes after what was said since', [row('read', 2)], [row('sent')], [row('read', 2), row('sent')]],
    ['left by the channel that is gone', [row('failed')], [row('sent')], [row('sent')]],
    ['left by the channel that is there', [row('accepted')], [row('dropped')], [row('accepted')]],
    ['never left at all', [row('failed')], [row('dropped')], [row('failed')]],
  ])('%s', (_what, rows, remembered, all) => expect(withRemembered(rows, remembered)).toEqual(all))
})
