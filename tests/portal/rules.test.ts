// What decides on the page of a patient's own: how far a visit to it has come, and what of a name may be put right at once.
import { describe, expect, it } from 'vitest'
import { isSmallCorrection, shortName, stageOf } from '../../src/features/portal/rules.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { testNow } from '../support/app.ts'

describe('the rules', () => {
  const at = (minutes: number) => Temporal.Instant.from(testNow).add({ minutes })

  it.each([
    [{ provenAt: null, endedAt: null, expiresAt: at(1) }, 'code'],
    [{ provenAt: at(0), endedAt: null, expiresAt: at(1) }, 'open'],
    [{ provenAt: at(0), endedAt: at(0), expiresAt: at(1) }, 'over'],
    [{ provenAt: at(0), endedAt: null, expiresAt: at(0) }, 'over'],
  ] as const)('a visit is %o: %s', (visit, stage) => {
    expect(stageOf(visit, at(0))).toBe(stage)
  })

  it.each([
    ['Ayesha Khan', 'Ayesha  KHAN', true],
    ['Ayesha Khan', 'Aisha Khan', true],
    ['Ayesha Khan', 'Ayesha Khann', true],
    ['Ayesha Khan', 'Fatima Khan', false],
    ['Ayesha Khan', 'Ayesha Siddiqui', false],
    ['Ali', 'Eli', false],
    ['عائشة خان', 'عائشه خان', true],
  ])('from %s to %s is a small correction: %s', (before, after, small) => {
    expect(isSmallCorrection(before, after)).toBe(small)
  })

  it.each([
    ['Bilal Ahmed', 'Bilal'],
    ['Dr Sana Malik', 'Dr Sana'],
    ['د. سناء مالك', 'د. سناء'],
    ['Dr', 'Dr'],
  ])('%s is shown as %s', (name, shown) => {
    expect(shortName(name)).toBe(shown)
  })
})
