// What a password may be, and how it is kept.
import { randomBytes } from 'node:crypto'
import bcrypt from 'bcrypt'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { demoPassword, ownPath, passwordFault, passwordLength } from '../../src/features/accounts/rules.ts'
import { leakedPasswords } from '../../src/features/accounts/rules/leaked-passwords.ts'
import { createPasswords } from '../../src/platform/passwords.ts'

const pepper = randomBytes(32)
const passwords = createPasswords(pepper, 4)
const nobody: string[] = []
const fault = (password: string, personal: readonly string[] = nobody) => passwordFault(password, personal, false)

describe('a password that is chosen', () => {
  it.each([
    ['eleven lett', 'too_short'],
    ['twelve lette', undefined],
    ['a long and quiet walk by the sea', undefined],
    ['صباح الخير يا دكتور نور', undefined],
    ['شام کی چائے اور بارش', undefined],
  ])('V6.2.1: is long rather than strange: %s', (password, expected) => {
    expect(fault(password)).toBe(expected)
  })

  it('V6.2.9: may have 256 letters, whatever they weigh, and not one more', () => {
    const letters = [...'بیماروں کی خدمت سب سے بڑی عبادت ہے اور یہ جملہ بہت لمبا ہے '.repeat(6)]
    expect(fault(letters.slice(0, 256).join(''))).toBeUndefined()
    expect(fault(letters.slice(0, 257).join(''))).toBe('too_long')
  })

  it('V6.2.5: needs no digits, capitals or signs', () => {
    expect(fault('slow green turtles')).toBeUndefined()
  })

  it.each([
    'passwordpassword', 'PasswordPassword', 'password123456', 'password2026', 'qwertyuiop123', 'iloveyouforever',
    'aaaaaaaaaaaa', 'abcabcabcabc', '123456789012', '12 34 56 78 90 12', 'abcdefghijklm', 'zyxwvutsrqpon', 'lkjhgfdsapoi',
    'administrator', 'Welcome123456', 'P@$$w0rd2026', 'iloveyoupassword', '19870425password', 'Passw0rd!Passw0rd!',
  ])('V6.2.4: is not one that everybody tries: %s', (password) => {
    expect(fault(password)).toBe('common')
  }) // prettier-ignore

  it('V6.2.4: is none of the ten thousand that leaked most often, in whatever case, and no two of them in a row', () => {
    const leaked = leakedPasswords
    expect(new Set(leaked).size).toBeGreaterThanOrEqual(10_000)
    expect(leaked.slice(0, 3)).toEqual(['123456', 'password', '12345678'])
    expect(leaked.filter((word) => word !== word.toLowerCase())).toEqual([])
    // Those that are long enough are refused as they are, and all others once they are made long enough.
    const long = leaked.filter((word) => [...word].length >= passwordLength.min)
    expect(long.length).toBeGreaterThan(300)
    const made = leaked.filter(
      (word) => [...word].length < passwordLength.min && [...word].length * 2 >= passwordLength.min,
    )
    const tried = [...long, ...long.map((word) => word.toUpperCase()), ...made.map((word) => word + word)]
    expect(tried.filter((word) => fault(word) !== 'common')).toEqual([])
  })

  it.each([
    ['Nadia Khan 99', ['Nadia Khan']],
    ['nadiakhan2026', ['Nadia Khan']],
    ['nadia.khan@shifa.test', ['nadia.khan@shifa.test']],
    ['shifaclinic12', ['Shifa Clinic']],
    ['shifa-clinic-1', ['shifa-clinic']],
    ['nabznabznabz1', []],
    ['NABZ nabz 2026', []],
    ['نادیہ خان نادیہ', ['نادیہ خان']],
  ] as const)('V6.1.2, V6.2.11: is not the name of the person, the clinic or Nabz: %s', (password, personal) => {
    expect(fault(password, personal)).toBe('personal')
  })

  it('may hold a name within a sentence', () => {
    expect(fault('Khan walked home in the rain', ['Nadia Khan'])).toBeUndefined()
  })

  it('has no half letters and no NUL, which could be read in two ways', () => {
    expect(fault('half a letter \ud800 here')).toBe('characters')
    expect(fault('half a letter \udbff here')).toBe('characters')
    expect(fault('cut\u0000short somewhere')).toBe('characters')
  })

  it('is the demo’s nowhere but in the demo', () => {
    expect(passwordFault(demoPassword, nobody, false)).toBe('demo')
    expect(passwordFault(demoPassword, nobody, true)).toBeUndefined()
  })
})

describe('a password that is kept', () => {
  it('V11.4.2: is a bcrypt hash of at least cost 10, and twice the same password looks different', async () => {
    const usual = createPasswords(pepper)
    const [one, two] = await Promise.all([usual.hash('slow green turtles'), usual.hash('slow green turtles')])
    expect(one).toMatch(/^\$2b\$1[0-4]\$[./A-Za-z0-9]{53}$/)
    expect(one).not.toBe(two)
    expect(await usual.verify('slow green turtles', one)).toBe(true)
  })

  it('V6.2.8: counts every letter: 72 equal bytes with different ends are different', async () => {
    const long = 'م'.repeat(36)
    expect(Buffer.byteLength(long)).toBe(72)
    const hash = await passwords.hash(long + 'one')
    expect(await passwords.verify(long + 'one', hash)).toBe(true)
    expect(await passwords.verify(long + 'two', hash)).toBe(false)
    expect(await passwords.verify(long, hash)).toBe(false)
  })

  it('V6.2.8: is used exactly as typed: case, spaces and the way letters are composed count', async () => {
    const hash = await passwords.hash('Café du matin')
    for (const near of ['café du matin', 'Café du matin ', ' Café du matin', 'Cafe\u0301 du matin', 'Café du  matin']) {
      expect(await passwords.verify(near, hash)).toBe(false)
    }
  })

  it('is only ever its own: no other text opens it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), async (one, two) => {
        const hash = await passwords.hash(one)
        expect(await passwords.verify(two, hash)).toBe(one === two)
      }),
      { numRuns: 40, examples: [['', 'a'], ['a\u0000b', 'a\u0000c'], ['a', 'a\u0000']] }, // prettier-ignore
    )
  })

  it('is worth nothing without the key it was mixed with', async () => {
    const hash = await passwords.hash('slow green turtles')
    expect(await createPasswords(randomBytes(32), 4).verify('slow green turtles', hash)).toBe(false)
    expect(await bcrypt.compare('slow green turtles', hash)).toBe(false)
  })

  it('is not opened by anything that is no hash', async () => {
    const hash = await passwords.hash('slow green turtles')
    for (const broken of ['', '!', hash.slice(0, -1), '$2b$12$' + 'x'.repeat(53), hash.replace('$2b', '$2x')]) {
      expect(await passwords.verify('slow green turtles', broken)).toBe(false)
    }
  })

  it('takes its turn: a crowd at the door waits, and past a queue is asked to come back', async () => {
    const slow = createPasswords(pepper, 8)
    const crowd = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => slow.hash(`password of number ${i}`)))
    const refused = crowd.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(18)
    expect(refused[0]).toMatchObject({ reason: { status: 503, retryAfter: 5 } })
    // Once they are through there is room again.
    expect(await slow.hash('the next one is let in')).toMatch(/^\$2b\$/)
  })
})

describe('the way on after signing in', () => {
  it.each(['/app/shifa/today', '/app/shifa/today?day=2026-11-24', '/account'])('is a path of ours: %s', (path) => {
    expect(ownPath(path)).toBe(path)
  })

  it.each([
    '//evil.test', '/\\evil.test', '\\\\evil.test', '/\t/evil.test', '/\n/evil.test', '/.//evil.test', '/a/..//evil.test', 'https://evil.test', 'javascript:alert(1)',
    'evil', '', '/'.repeat(600), undefined, ['/app', '/app'], { path: '/' },
  ])('V3.7.2: never leads out: %j', (path) => {
    expect(ownPath(path)).toBeUndefined()
  }) // prettier-ignore

  it('stays here whatever is typed', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('/', '\\', '\t', '\n', '@', ':', '.', 'a', '?', '#', ' ', '%') }),
        (text) => {
          const path = ownPath(text)
          if (path !== undefined) expect(new URL(path, 'https://nabz.test/deep/page').origin).toBe('https://nabz.test')
        },
      ),
    )
  })
})
