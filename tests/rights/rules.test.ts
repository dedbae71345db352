// What decides about a request: by when, what may be done and refused, what has to stay.
import { describe, expect, it } from 'vitest'
import { dueOf, parseRequestReference, referenceOf } from '../../src/features/rights/rules.ts'
import { judge, keptOf, partsOf, type Effects } from '../../src/features/rights/rules/decision.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { testNow as start } from '../support/app.ts'

describe('the rules', () => {
  const none: Effects = {
    visits: 0, recordVisits: 0, openVisits: 0, underWay: 0, messages: 0, inbound: 0, consents: 0, logEntries: 0,
    stopped: false, hold: undefined,
  } // prettier-ignore
  const erasure = { kind: 'erasure' as const, wishes: {}, proven: true, known: true }
  const wish = { decision: 'done' as const, parts: [], reasons: undefined }

  it('give thirty days by the clinic’s calendar', () => {
    expect(String(dueOf(Temporal.Instant.from('2026-11-24T07:00:00Z'), 'Asia/Karachi'))).toBe('2026-12-24T07:00:00Z')
    // Clocks change in between: still ten in the morning.
    expect(String(dueOf(Temporal.Instant.from('2026-10-10T09:00:00Z'), 'Europe/London'))).toBe('2026-11-09T10:00:00Z')
  })

  it('do nothing for somebody who did not prove who they are, but may refuse', () => {
    const unproven = { ...erasure, proven: false }
    expect(judge(unproven, wish, none)).toEqual({ ok: false, reason: 'unproven' })
    expect(judge(unproven, { ...wish, decision: 'refused' }, none)).toEqual({ ok: false, reason: 'reasons_required' })
    expect(judge(unproven, { ...wish, decision: 'refused', reasons: 'No' }, none)).toMatchObject({ outcome: 'refused' })
  })

  it('make an erasure one in part where something has to stay, and want to hear why', () => {
    const record = { ...none, recordVisits: 2 }
    expect(judge(erasure, wish, none)).toMatchObject({ ok: true, outcome: 'done' })
    expect(judge(erasure, wish, record)).toEqual({ ok: false, reason: 'reasons_required' })
    expect(judge(erasure, { ...wish, reasons: 'The law' }, record)).toMatchObject({ ok: true, outcome: 'partly' })
    expect(keptOf(record).map(({ code }) => code)).toEqual(['medical_record', 'audit_log', 'answer'])
  })

  it('erase nothing while the law forbids it, or the patient is at the clinic', () => {
    const hold = { ...none, hold: { reason: 'Court', until: Temporal.Instant.from(start) } }
    expect(judge(erasure, { ...wish, reasons: 'x' }, hold)).toEqual({ ok: false, reason: 'on_hold' })
    expect(judge(erasure, wish, { ...none, underWay: 1 })).toEqual({ ok: false, reason: 'under_way' })
  })

  it('want a part for a part', () => {
    const partly = { ...wish, decision: 'partly' as const, reasons: 'x' }
    expect(judge(erasure, partly, none)).toEqual({ ok: false, reason: 'no_parts' })
    expect(judge(erasure, { ...partly, parts: ['messages', 'nonsense'] }, none)).toMatchObject({ parts: ['messages'] })
    expect(partsOf('withdrawal', { purposes: ['feedback'] })).toEqual(['feedback'])
  })

  it('know a reference however it is typed', () => {
    const id = newId()
    expect(parseRequestReference(referenceOf(id).toLowerCase())).toBe(id.slice(-8))
    expect(parseRequestReference('Ayesha')).toBeUndefined()
  })
})
