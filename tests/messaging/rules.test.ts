import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reasonKey } from '../../src/features/messaging/rules/in-words.ts'
import { changeOf, isStopped, type OptOut } from '../../src/features/messaging/rules/opt-outs.ts'
import { maxAttempts, retryDelay } from '../../src/features/messaging/rules/retries.ts'
import { statusAfter, type MessageStatus, type Reported } from '../../src/features/messaging/rules/statuses.ts'
import { buttonPayload, cleanParameter, parseButtonPayload } from '../../src/features/messaging/rules/templates.ts'
import { Temporal } from '../../src/kernel/time.ts'

describe('a status', () => {
  const statuses: MessageStatus[] = ['queued', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read', 'failed', 'dropped'] // prettier-ignore
  const reports: Reported[] = ['sent', 'delivered', 'read', 'failed']
  const seen = (status: MessageStatus) => (status === 'read' ? 2 : status === 'delivered' ? 1 : 0)

  it('settles on the same thing in whatever order and however often reports come', () => {
    const property = fc.property(fc.constantFrom(...statuses), fc.array(fc.constantFrom(...reports)), (start, came) => {
      const after = (list: Reported[]) => list.reduce((now, one) => statusAfter(now, one) ?? now, start)
      const best = Math.max(seen(start), ...came.map(seen))
      expect(seen(after(came))).toBe(best)
      expect(seen(after([...came].reverse()))).toBe(best)
      expect(after([...came, ...came])).toBe(after([...came, ...came, ...came]))
    })
    fc.assert(property)
  })

  it('never goes back', () => {
    for (const from of statuses) {
      for (const report of reports) {
        const to = statusAfter(from, report)
        if (to !== undefined) expect(seen(to), `${from} + ${report}`).toBeGreaterThanOrEqual(seen(from))
      }
    }
  })
})

describe('STOP and START', () => {
  it('leave the same behind in any order: what was said last holds', () => {
    const said = fc.uniqueArray(
      fc.record({ what: fc.constantFrom('stop' as const, 'start' as const), at: fc.integer({ min: 1, max: 1000 }) }),
      { selector: ({ at }) => at, minLength: 1, maxLength: 8 },
    )
    const property = fc.property(said, fc.infiniteStream(fc.nat()), (wishes, chance) => {
      let optOut: OptOut | undefined
      const take = ({ what, at }: (typeof wishes)[number]) => {
        const instant = Temporal.Instant.fromEpochMilliseconds(at)
        const change = changeOf(optOut, what, instant)
        if (change === 'stop' || change === 'stop_again') optOut = { stoppedAt: instant, resumedAt: null }
        if (change === 'resume') optOut = { ...optOut!, resumedAt: instant }
      }
      const order = [...chance.take(wishes.length)]
      const shuffled = wishes
        .map((wish, index) => ({ wish, order: order[index] ?? 0 }))
        .sort((a, b) => a.order - b.order)
        .map(({ wish }) => wish)
      shuffled.forEach(take)
      const last = wishes.reduce((a, b) => (a.at > b.at ? a : b))
      // A STOP is believed when in doubt: a START that overtook it, and so changed nothing then, is not remembered.
      if (last.what === 'stop') expect(isStopped(optOut)).toBe(true)
      if (isStopped(optOut)) expect(wishes.some(({ what }) => what === 'stop')).toBe(true)
    })
    fc.assert(property)
  })
})

describe('a retry', () => {
  it('waits longer each time, never longer than half an hour, never less than asked for', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: maxAttempts }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.integer({ min: 0, max: 3600 }),
      (attempt, chance, after) => {
        const seconds = retryDelay('confirmation', attempt, chance, after)
        expect(seconds).toBeGreaterThanOrEqual(Math.max(after, 15))
        expect(seconds).toBeLessThanOrEqual(Math.max(1800, Math.ceil(after * 1.25)))
        expect(retryDelay('code', attempt, chance)).toBeLessThanOrEqual(retryDelay('confirmation', attempt, chance))
      },
    )
    fc.assert(property)
  })
})

describe('a parameter', () => {
  it.each([
    ['Shifa\nClinic', 'Shifa Clinic'],
    ['a\tb\r\nc', 'a b c'],
    ['many      spaces', 'many spaces'],
    ['  ', '–'],
    ['', '–'],
    ['win at https://evil.test/x now', 'win at now'],
    ['www.evil.test', '–'],
    ['abc\u202edef', 'abc def'],
    ['عيادة نور', 'عيادة نور'],
  ])('%j becomes %j', (text, clean) => {
    expect(cleanParameter(text, 80)).toBe(clean)
  })

  it('is never refused: one line, not empty, not too long', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const clean = cleanParameter(text, 80)
      expect(clean).not.toMatch(/[\n\t\r]| {2}/)
      expect([...clean].length).toBeGreaterThan(0)
      expect([...clean].length).toBeLessThanOrEqual(80)
    })
    fc.assert(property)
  })
})

describe("a button's payload", () => {
  const token = 'A'.repeat(31) + '_'
  it('comes back as it went', () => {
    expect(parseButtonPayload(buttonPayload('confirm', token, 7))).toEqual({ wish: 'confirm', token, version: 7 })
    expect(parseButtonPayload(buttonPayload('cancel', token, 1))).toEqual({ wish: 'cancel', token, version: 1 })
  })

  it.each(['', 'confirm', `confirm:${token}`, `confirm:${token}.`, `confirm:${token}.1x`, `delete:${token}.1`,
    `confirm:${token}.1\n`, `confirm:${'a'.repeat(33)}.1`, `confirm:${token}.99999999999`, 'optout'])(
    '%j is none of ours', (payload) => expect(parseButtonPayload(payload)).toBeUndefined()) // prettier-ignore
})

describe('a reason', () => {
  it.each([
    ['dropped', null, 'opted_out', 'messaging.reason.opted_out'],
    ['dropped', null, 'something new', 'messaging.reason.not_needed'],
    ['failed', '131026', null, 'messaging.reason.no_whatsapp'],
    ['failed', '132000', null, 'messaging.reason.refused'],
    ['failed', '131000', null, 'messaging.reason.too_many_tries'],
    ['failed', 'no_answer', null, 'messaging.reason.no_answer'],
    ['queued', 'sender_stopped', null, 'messaging.reason.sender_stopped'],
    ['queued', '131056', null, 'messaging.reason.trying_again'],
    ['queued', null, null, undefined],
    ['delivered', '131000', null, undefined],
  ] as const)('%s %s %s reads %s', (status, errorCode, dropReason, key) => {
    expect(reasonKey({ status, errorCode, dropReason, channel: 'whatsapp' })).toBe(key)
  })
})
