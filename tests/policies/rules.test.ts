import { describe, expect, it } from 'vitest'
import { changesBetween } from '../../src/features/policies/pages/compare.ts'
import { dutiesOf } from '../../src/features/policies/rules/duties.ts'
import { fillText, keptText, type TextFacts } from '../../src/features/policies/rules/text.ts'
import { effectFault, stageOf } from '../../src/features/policies/rules/versions.ts'
import { ruleOf } from '../../src/features/privacy/rules/retention.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { agreeable, comingVersions, inForce, type PolicyVersion } from '../../src/platform/policies.ts'

const at = (iso: string) => Temporal.Instant.from(iso)
const now = at('2026-11-24T07:00:00Z')

describe('when a change may take effect', () => {
  it.each([
    ['13 days 23:59:59 after the notice', '2026-12-08T06:59:59Z', true, undefined, 'too_soon'],
    ['14 days after it', '2026-12-08T07:00:00Z', true, undefined, undefined],
    ['at once, where nothing matters in it', '2026-11-24T07:00:00Z', false, undefined, undefined],
    ['a second ago', '2026-11-24T06:59:59Z', false, undefined, 'past'],
    ['before the one that was announced', '2026-12-20T00:00:00Z', true, '2026-12-21T00:00:00Z', 'before_last'],
    ['together with it', '2026-12-21T00:00:00Z', true, '2026-12-21T00:00:00Z', undefined],
  ] as const)('%s', (_name, effective, material, last, fault) => {
    expect(effectFault(at(effective), material, now, last === undefined ? undefined : at(last))).toBe(fault)
  })
})

const version = (number: number, effective: string, noticed: string | null = effective): PolicyVersion => ({
  id: `00000000-0000-7000-8000-00000000000${number}` as PolicyVersion['id'],
  code: 'privacy',
  version: number,
  texts: { en: '', ar: '', ur: '' },
  sha256: '',
  material: noticed !== null,
  summaries: null,
  noticedAt: noticed === null ? null : at(noticed),
  effectiveAt: at(effective),
})

describe('versions', () => {
  const published = [
    version(1, '2026-11-21T00:00:00Z', null),
    version(2, '2026-12-08T07:00:00Z'),
    version(3, '2027-02-01T00:00:00Z'),
  ]
  it.each([
    ['2020-01-01T00:00:00Z', 1, [2, 3]],
    ['2026-12-08T06:59:59Z', 1, [2, 3]],
    ['2026-12-08T07:00:00Z', 2, [3]],
    ['2027-02-01T00:00:00Z', 3, []],
  ])('at %s: %d is in force', (moment, current, coming) => {
    expect(inForce(published, 'privacy', at(moment))?.version).toBe(current)
    expect(comingVersions(published, 'privacy', at(moment)).map((one) => one.version)).toEqual(coming)
  })

  it('have a stage of their own at each moment', () => {
    const stage = (number: number, moment: string) =>
      stageOf({ ...published[number - 1]!, publishedAt: at('2026-11-21T00:00:00Z') }, inForce(published, 'privacy', at(moment))?.version, at(moment)) // prettier-ignore
    expect(
      ['2026-12-08T06:59:59Z', '2026-12-08T07:00:00Z', '2027-02-01T00:00:00Z'].map((one) => stage(2, one)),
    ).toEqual(['scheduled', 'in_force', 'superseded'])
    expect(stageOf({ version: 4, publishedAt: null, effectiveAt: null }, 1, now)).toBe('draft')
  })

  it('ask an owner about the latest that mattered, until that or a later one is accepted', () => {
    const duties = (accepted: Record<string, number>, moment: string) => {
      const { due, coming } = dutiesOf(published, accepted, at(moment))
      return [due, coming].map((list) => list.map((one) => one.version))
    }
    expect(duties({}, '2026-11-25T00:00:00Z')).toEqual([[], [2, 3]])
    expect(duties({ privacy: 2 }, '2026-11-25T00:00:00Z')).toEqual([[], [3]])
    expect(duties({ privacy: 1 }, '2026-12-08T07:00:00Z')).toEqual([[2], [3]])
    expect(duties({ privacy: 1 }, '2027-02-01T00:00:00Z')).toEqual([[3], []])
    expect(duties({ privacy: 3 }, '2027-02-01T00:00:00Z')).toEqual([[], []])
    expect(dutiesOf([version(1, '2026-11-21T00:00:00Z', null)], {}, now)).toEqual({ due: [], coming: [] })
  })

  it('can be agreed to when they are in force or announced, and not once they are past', () => {
    const named = (text: string, moment: string) => agreeable(published, text, at(moment)).map((one) => one.version)
    expect(named('privacy:1 privacy:2', '2026-11-25T00:00:00Z')).toEqual([1, 2])
    expect(named('privacy:1', '2026-12-08T07:00:00Z')).toEqual([])
    expect(named('privacy:9 nonsense', '2026-11-25T00:00:00Z')).toEqual([])
  })
})

describe('the text', () => {
  const { en, ar } = loadTranslations()
  const facts: TextFacts = {
    rules: [ruleOf('messages'), ruleOf('booking_identity'), ruleOf('opt_outs')],
    processors: [{ code: 'hosting', name: 'A|B `c` *d* [e](f)' }, { code: 'whatsapp' }],
    cookies: [{ code: 'session', name: '__Host-nabz' }],
    analytics: undefined,
    numbers: { notice_days: '14', idle_minutes: '30' },
  }
  it('takes its periods from the rules', () => {
    expect(fillText('{{rule messages}} and {{number notice_days}}', en, facts)).toBe('90 days and 14')
    expect(fillText('{{rule messages}}', ar, facts)).toBe('90 يوماً')
    expect(keptText(en, ruleOf('booking_identity'))).toBe(
      '24 months after the visit ended, or sooner if the clinic chooses so',
    )
    expect(keptText(en, ruleOf('opt_outs'))).toBe('Without end')
    expect(keptText(en, ruleOf('sessions'))).toBe('Until it ends')
  })

  it('prints one row for each rule, processor and cookie', () => {
    const rowsOf = (source: string) => fillText(source, en, facts).split('\n').slice(2)
    expect(rowsOf('{{retention}}')).toHaveLength(3)
    expect(rowsOf('{{cookies}}')).toHaveLength(1)
    expect(rowsOf('{{processors}}')).toHaveLength(2)
    expect(rowsOf('{{processors}}')[0]).toMatch(/^\| AB c d e\(f\) \(hosting\) \|/)
  })

  it.each(['{{nobody}}', '{{rule nobody}}', '{{number nobody}}', '{{rule}}'])('refuses %s', (source) => {
    expect(() => fillText(source, en, facts)).toThrow('nobody knows')
  })
})

describe('what changed', () => {
  const before =
    '# Title\n\n## First\n\nOne two three.\n\n- kept\n- goes\n\n## Second\n\n| A | B |\n| - | - |\n| x | 30 days |\n'
  it('is told word by word, below its heading', () => {
    const after = before.replace('two', '2').replace('- goes\n', '').replace('30 days', '60 days')
    const told = changesBetween(before, after).map(({ heading, changes }) => ({
      heading,
      changes: changes.map(({ kind, parts }) => [kind, ...parts.map((part) => `${part.kind[0]}:${part.text}`)]),
    }))
    expect(told).toEqual([
      {
        heading: 'First',
        changes: [
          ['changed', 's:One', 'r:two', 'a:2', 's:three.'],
          ['removed', 'r:goes'],
        ],
      },
      { heading: 'Second', changes: [['changed', 's:x ·', 'r:30', 'a:60', 's:days']] },
    ])
  })
  it('is nothing between equals, and everything of a new part', () => {
    expect(changesBetween(before, before)).toEqual([])
    expect(changesBetween(before, `${before}\n## Third\n\nNew.\n`)).toEqual([
      {
        heading: 'Second',
        changes: [
          { kind: 'added', parts: [{ kind: 'added', text: 'Third' }] },
          { kind: 'added', parts: [{ kind: 'added', text: 'New.' }] },
        ],
      },
    ])
  })
})
