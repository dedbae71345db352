// Input that nobody should send, from a seed, so that what failed once fails again; and what no answer may give away.
import fc from 'fast-check'

/** What has broken programs before: quotes, markup, numbers and dates out of range, signs without a shape. */
const known = [
  '', ' ', '\u0000', 'a\u0000b', "' or 1=1 --", '"; drop table clinic.patients; --', '<script>alert(1)</script>',
  '\u202eevil\u2069', '٣٠/١٣/٢٠٢٦', '99999999999999999999', '-1', '0', '1e400', 'NaN', '2026-02-30', '275760-09-13',
  'infinity', '25:61', '{"$ne":null}', '../../etc/passwd', '%00%ff', '\ud800', 'true', 'on', 'null', 'undefined',
  'owner', '__proto__', 'constructor', '+923001234567', 'nadia@shifa.test', 'a@b.test\r\nBcc: all@evil.test', '09:00',
  '2026-11-24', '00000000-0000-4000-8000-000000000000', '=1+1', '\u{1f600}'.repeat(50), 'x'.repeat(3_000),
] // prettier-ignore

export type Nonsense = {
  /** A whole number below `limit`. */
  below(limit: number): number
  text(): string
  /** For a field of a form that was parsed: text mostly, and what a repeated or nested name makes of it. */
  value(): unknown
}

export function nonsense(seed: number): Nonsense {
  const samples = <T>(arbitrary: fc.Arbitrary<T>, count: number) => fc.sample(arbitrary, { seed, numRuns: count })
  const texts = [
    ...known,
    ...samples(fc.string({ unit: 'binary', maxLength: 40 }), 300),
    ...samples(fc.string({ unit: 'grapheme', maxLength: 60 }), 300),
    ...samples(fc.string({ unit: 'binary-ascii', maxLength: 20 }), 200),
    ...samples(fc.double().map(String), 100),
    ...samples(fc.date({ noInvalidDate: true }).map((date) => date.toISOString()), 50), // prettier-ignore
    ...samples(fc.uuid(), 50),
    ...samples(fc.emailAddress(), 50),
  ]
  const others: unknown[] = [
    ...samples(fc.array(fc.constantFrom(...texts), { maxLength: 5 }), 100),
    ...samples(fc.dictionary(fc.string({ maxLength: 8 }), fc.constantFrom(...texts), { maxKeys: 4 }), 100),
    undefined, null, 0, -1, Number.NaN, true, [], {}, [[['deep']]], Object.create(null),
  ] // prettier-ignore
  // Mulberry32: the same numbers everywhere, without a look at the clock.
  let state = seed >>> 0
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
  const text = () => texts[below(texts.length)]!
  return { below, text, value: () => (below(5) === 0 ? others[below(others.length)] : text()) }
}

/** Names of fields that no form has, and that would change what is nobody's to change if one were believed. */
export const unasked: Record<string, string> = {
  role: 'owner', platform_admin: 'true', platformAdmin: 'true', clinic_id: '00000000-0000-4000-8000-000000000000',
  clinicId: '00000000-0000-4000-8000-000000000000', status: 'fulfilled', plan: 'group', price: '0', price_minor: '0',
  amount_minor: '1', created_at: '2001-01-01', password_hash: 'x', passwordHash: 'x', user_id: 'x', version: '99',
  practitioner_limit: '999', practitionerLimit: '999', 'role[]': 'owner', __proto__x: 'x', 'constructor[prototype]': 'x',
} // prettier-ignore

/**
 * Words of the inside that no answer may hold: a stack, a query, a path of the machine, a version. A token drawn at
 * random can hold any of them by chance (`…-pg_ORZY…`), so the short ones count only where they stand alone, as written.
 */
export function leaksIn(text: string): string[] {
  return [
    /\bat [\w.<>]+ \(?(?:file:|\/|node:)[^\s)]+:\d+/, /node_modules/, /\/(?:home|work|usr|tmp|var)\/[\w/-]+\.\w+/,
    /\bSQLSTATE\b/, /syntax error at/i, /invalid (?:input|byte) /i, /duplicate key value/, /violates \w+ constraint/,
    /select .{1,80} from (?:clinic|platform)\./i, /(?<![\w-])(?:Knex|pg_[a-z]+(?:_[a-z]+)*)(?![\w-])/, /ZodError|TypeError|RangeError|ReferenceError/,
  ].flatMap((shape) => shape.exec(text)?.[0] ?? []) // prettier-ignore
}
