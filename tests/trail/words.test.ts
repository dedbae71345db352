// Every action that the code writes into a clinic's log has words for the owner, and a group to be found in.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { steps } from '../../src/features/appointments/rules.ts'
import { actionGroups, actions, factsOf, recordKindOf, recordPath } from '../../src/features/trail/rules.ts'
import { languages } from '../../src/platform/i18n/languages.ts'
import { readLocale } from '../../src/platform/i18n/translate.ts'

const root = fileURLToPath(new URL('../../src', import.meta.url))
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('dev/'))
  .map((file) => ({
    file,
    code: readFileSync(join(root, file), 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
      // Names of jobs look like actions and are none.
      .replace(/\bjob(:| ===) '[^']*'/g, ''),
  }))

const things = ['practitioner', 'service', 'location']
const kindsOf = (pattern: RegExp) =>
  sources.flatMap(({ code }) => [...code.matchAll(pattern)].flatMap(([, ...names]) => names.filter((one) => one)))

/** Actions put together at run time, by the expression they are made with: what each can come out as. */
const made: Record<string, () => string[]> = {
  '`${thing.kind}.deactivated`': () => things.map((kind) => `${kind}.deactivated`),
  '`${thing.kind}.reactivated`': () => things.map((kind) => `${kind}.reactivated`),
  '`${thing.kind}.rearranged`': () => things.map((kind) => `${kind}.rearranged`),
  '`appointment.${to}`': () => Object.values(steps).map(({ to }) => `appointment.${to}`),
  // Written by helpers that take the action: whatever such a file names in single quotes.
  action: () => [],
}

/** The second argument of each `audit(ctx, …)`, as far as the comma that ends it. */
function written(code: string): string[] {
  return [...code.matchAll(/(?<![\w.])audit\(\s*(?:ctx|account\.ctx)\s*,\s*/g)].map(({ 0: start, index }) => {
    const rest = code.slice(index + start.length)
    let depth = 0
    for (let at = 0; at < rest.length; at++) {
      if ('([{'.includes(rest[at]!)) depth += 1
      else if (')]}'.includes(rest[at]!)) depth -= 1
      if (depth === 0 && rest[at] === ',') return rest.slice(0, at).trim()
    }
    return rest
  })
}

const literal = /'([a-z_]+\.[a-z_]+)'/g
/** By their files; a helper's callers name the action themselves. */
const found = sources.flatMap(({ file, code }) => {
  const direct = written(code).flatMap((argument) => {
    const named = [...argument.matchAll(literal)].map(([, action = '']) => action)
    if (named.length > 0) return named
    const ways = made[argument]
    if (!ways) throw new Error(`${file} writes ${argument} into a clinic's log: say in this test what that can be`)
    return ways()
  })
  const indirect = written(code).includes('action')
    ? [...code.matchAll(/(?:note\([^;]*?|action = [^;\n]*?|\? |: )'([a-z_]+\.[a-z_]+)'/g)].map(
        ([, action = '']) => action,
      )
    : []
  const accounts = [...code.matchAll(/account\.note\(\s*'([a-z_]+\.[a-z_]+)'/g)].map(([, action = '']) => action)
  return [...direct, ...indirect, ...accounts].map((action) => ({ file, action }))
})
const subscription = [
  ...kindsOf(/\bchange\(\s*account,\s*'([a-z_]+)'/g),
  ...kindsOf(/\bchange\(\s*account,\s*\w+ \? '([a-z_]+)' : '([a-z_]+)'/g),
  ...kindsOf(/if \([^\n]*\) return '(upgraded|reactivated)'|\? '(activated)' : '(renewed)'/g),
].map((kind) => ({ file: 'subscription', action: `subscription.${kind}` }))

it('finds what is written', () => {
  const all = new Set([...found, ...subscription].map(({ action }) => action))
  for (const action of [
    'patient.opened',
    'support_visit.ended',
    'legal_hold.set',
    'subscription.upgraded',
    'clinic.factor_relaxed',
    'log.checked',
    'payment.declared',
    'service.reactivated',
    'appointment.noshow',
  ]) {
    expect(all, action).toContain(action)
  }
})

it('says each of them in three languages, in one group', () => {
  const unknown = [...found, ...subscription].filter(({ action }) => !actions.has(action))
  expect(unknown).toEqual([])
  const grouped = Object.values(actionGroups).flat()
  expect(grouped.length).toBe(new Set(grouped).size)
  for (const language of languages) {
    const { trail } = readLocale(language) as { trail: { action: Record<string, string> } }
    const keys = grouped.map((action) => action.replace('.', '_'))
    expect(Object.keys(trail.action).sort(), language).toEqual([...keys].sort())
  }
})

it('says what was before and after in one line, and no ids', () => {
  const facts = factsOf(
    { fields: 'name', id: '018f0000-0000-7000-8000-000000000000', count: 2, none: null },
    { before: { name: 'Aisha' }, after: { name: 'Ayesha', email: null }, reason: 'typo' },
  )
  expect(facts).toEqual([
    { name: 'fields', value: 'name' },
    { name: 'count', value: 2 },
    { name: 'name', value: 'Aisha → Ayesha' },
    { name: 'email', value: '… → …' },
    { name: 'reason', value: 'typo' },
  ])
  expect(factsOf(null, 'no record')).toEqual([])
  expect(recordPath('patient', 'x')).toBe('/patients/x')
  expect(recordPath('user', 'x')).toBe('/settings/staff')
  expect(recordPath('whatever', 'x')).toBeUndefined()
  expect(recordKindOf('whatever')).toBe('other')
})
