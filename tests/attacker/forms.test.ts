// security.md 12, 19 and 24: 10,000 random inputs per form. They go through the forms' own schemas by the function every
// route parses its body with, in this process: sent one by one to a server, two million requests would take hours. What a
// server makes of such input is shown by `tests/hostile-input.test.ts`, which sends each form of each page some hundred.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Question } from '../../src/features/clinics/rules/services.ts'
import { parseForm } from '../../src/kernel/forms.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { nonsense, unasked } from '../support/nonsense.ts'

const inputs = 10_000
const features = fileURLToPath(new URL('../../src/features', import.meta.url))
const files = readdirSync(features, { recursive: true, encoding: 'utf8' })
  .filter((name) => /^[^/]+\/schema(\/[\w-]+)?\.ts$/.test(name))
  .sort()

/** What a form that depends on its clinic is made with, by the name its maker calls it. */
const facts: Record<string, unknown> = {
  country: 'PK',
  currency: 'PKR',
  zone: 'Asia/Karachi',
  now: Temporal.Instant.from('2026-11-24T07:00:00Z'),
  today: Temporal.PlainDate.from('2026-11-24'),
  markets: [{ country: 'PK', currency: 'PKR' }],
  questions: (['text', 'choice', 'yes_no'] as const).map((kind): Question => ({
    id: newId<'question'>(),
    serviceId: newId<'service'>(),
    kind,
    label: 'Anything to say?',
    choices: ['Left', 'Right'],
    required: kind === 'choice',
  })),
}

const isSchema = (value: unknown): value is z.ZodType => value instanceof z.ZodType

/** The schema an export is, or makes: a maker whose arguments nobody knows here is a failure, so none is left out. */
function schemaOf(name: string, exported: unknown): z.ZodType | undefined {
  if (isSchema(exported)) return exported
  if (typeof exported !== 'function' || !name.endsWith('Form')) return undefined
  const names = /^(?:function \w+)?\s*\(([^)]*)\)/.exec(String(exported))?.[1]?.split(',') ?? []
  const known = names.map((one) => one.replace(/=.*/s, '').trim()).filter(Boolean)
  for (const one of known) if (!(one in facts)) throw new Error(`${name} needs ${one}, which this test does not know`)
  const made: unknown = (exported as (...with_: unknown[]) => unknown)(...known.map((one) => facts[one]))
  if (!isSchema(made)) throw new Error(`${name} makes no schema`)
  return made
}

/** The names of its fields, below whatever wraps the object. */
function fieldsOf(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape)
  const { def } = schema as unknown as { def: Record<string, unknown> }
  const within = [def.in, def.innerType, ...((def.options as unknown[] | undefined) ?? []), def.left, def.right]
  return [...new Set(within.filter(isSchema).flatMap(fieldsOf))]
}

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

type Found = { name: string; schema: z.ZodType }
const found: Found[] = []
for (const file of files) {
  const exports_ = (await import(join(features, file))) as Record<string, unknown>
  for (const [name, exported] of Object.entries(exports_)) {
    const schema = schemaOf(name, exported)
    if (schema) found.push({ name: `${file.replace(/\.ts$/, '')} ${name}`, schema })
  }
}

describe(`V2.2.1, V15.3.3, V15.3.6: of ${inputs} inputs at random`, () => {
  beforeAll(() => {
    expect(found.length).toBeGreaterThan(80)
  })

  it.each(found)('$name throws at none, and lets nothing through that it does not name', ({ schema }) => {
    const fields = fieldsOf(schema)
    const random = nonsense(20261124)
    const extra = Object.keys(unasked).filter((name) => !fields.includes(name))
    const wrong: string[] = []
    for (let i = 0; i < inputs && wrong.length < 3; i++) {
      const body: Record<string, unknown> = Object.create(null) as Record<string, unknown>
      for (const field of fields) if (random.below(6) > 0) body[field] = random.value()
      const more = extra[random.below(extra.length)]!
      body[more] = unasked[more]
      if (random.below(50) === 0) Object.assign(body, JSON.parse('{"__proto__": {"polluted": "yes"}}'))
      const sent = random.below(200) === 0 ? random.value() : body
      const said = (what: string) => wrong.push(`${what}: ${JSON.stringify(sent)?.slice(0, 300)}`)
      try {
        const parsed = parseForm(schema, sent)
        if (!parsed.ok) {
          const bad = Object.values(parsed.errors).filter((key) => !/^[a-z_]+(\.[a-z0-9_]+)+$/.test(key))
          if (bad.length > 0 || Object.keys(parsed.errors).length === 0) said(`no key of a word: ${bad.join()}`)
        } else if (typeof parsed.value === 'object' && parsed.value !== null) {
          const value = parsed.value as Record<string, unknown>
          if (fields.length > 0 && more in value && Object.hasOwn(value, more)) said(`took ${more}`)
          if (textsIn(value).some((text) => text.length > 20_000)) said('let through without a limit')
        }
      } catch (error) {
        said(`threw ${String(error)}`)
      }
      if ('polluted' in {}) said('changed what all objects are')
    }
    expect(wrong).toEqual([])
  })
})
