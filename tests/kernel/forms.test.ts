import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  checkbox,
  emptyForm,
  filledForm,
  optionalEmail,
  optionalText,
  parseForm,
  requiredEmail,
  requiredName,
  requiredPhone,
  requiredText,
  wholeNumber,
  withErrors,
} from '../../src/kernel/forms.ts'

const patientForm = z.object({
  name: requiredName('patients.error.name'),
  phone: requiredPhone('patients.error.phone_missing', 'patients.error.phone_invalid', 'PK'),
  email: optionalEmail('patients.error.email'),
  reason: optionalText(10),
  visits: wholeNumber('patients.error.visits', 1, 10),
  consent: checkbox(),
})
const typed = { name: ' Ayesha  Khan ', phone: '0300 1234567', visits: '3' }

describe('parseForm', () => {
  it('gives the values, parsed, and what was typed, as it was', () => {
    expect(parseForm(patientForm, typed)).toEqual({
      ok: true,
      value: { name: 'Ayesha Khan', phone: '+923001234567', visits: 3, consent: false },
      values: typed,
    })
  })
  it('drops unknown fields from the value, and the CSRF token from everything', () => {
    const form = parseForm(patientForm, { ...typed, role: 'owner', _csrf: 'secret' })
    expect(form.ok && Object.keys(form.value)).not.toContain('role')
    expect(form.values).not.toHaveProperty('_csrf')
  })
  it('names what is wrong at each field and keeps what was typed', () => {
    const wrong = { name: '', phone: '12', email: 'ayesha', reason: 'far too long a reason', visits: '11' }
    expect(parseForm(patientForm, wrong)).toEqual({
      ok: false,
      values: wrong,
      errors: {
        name: 'patients.error.name',
        phone: 'patients.error.phone_invalid',
        email: 'patients.error.email',
        reason: 'form.error.too_long',
        visits: 'patients.error.visits',
      },
    })
  })
  const allMissing = {
    name: 'patients.error.name',
    phone: 'patients.error.phone_missing',
    visits: 'patients.error.visits',
  }
  it.each([{}, undefined, null, 'name=Ayesha', 42])('finds every field missing in %j', (body) => {
    expect(parseForm(patientForm, body)).toEqual({ ok: false, values: {}, errors: allMissing })
  })
  it('refuses repeated fields and objects in place of text', () => {
    for (const value of [['Ayesha', 'Khan'], ['Ayesha'], { first: 'Ayesha' }, 7, null, true]) {
      const body = { name: value, phone: value, email: value, reason: value, visits: value, consent: value }
      expect(parseForm(patientForm, body)).toEqual({
        ok: false,
        values: {},
        errors: {
          ...allMissing,
          email: 'patients.error.email',
          reason: 'form.error.invalid',
          consent: 'form.error.invalid',
        },
      })
    }
  })
  it('refuses NUL in any field', () => {
    const nul = {
      name: 'Ay\u0000esha',
      phone: '0300\u00001234567',
      email: 'a\u0000@b.pk',
      reason: '\u0000',
      visits: '1\u0000',
    }
    const form = parseForm(patientForm, nul)
    expect(Object.keys(form.ok ? {} : form.errors).toSorted()).toEqual(Object.keys(nul).toSorted())
  })
  it('says nothing in English: a message that is no key becomes one', () => {
    const form = parseForm(z.object({ at: z.iso.datetime(), list: z.array(z.string().min(2)) }), {
      at: 'x',
      list: ['a'],
    })
    expect(form).toMatchObject({ errors: { at: 'form.error.invalid', 'list.0': 'form.error.invalid' } })
  })
  it('puts an error of the whole form under "form"', () => {
    const schema = z.object({ a: z.string() }).refine(() => false, 'booking.error.together')
    expect(parseForm(schema, { a: 'x' })).toMatchObject({ errors: { form: 'booking.error.together' } })
  })
  it('is not fooled by names of the prototype', () => {
    const body: unknown = JSON.parse('{"__proto__": "x", "constructor": "y"}')
    expect(parseForm(patientForm, body)).toMatchObject({ ok: false, errors: allMissing })
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })
})

/** The value a field gives, or the key of its error. */
const field = (schema: z.ZodType, value: unknown) => {
  const form = parseForm(z.object({ it: schema }), { it: value })
  return form.ok ? form.value.it : form.errors.it
}

describe('text', () => {
  it.each([
    ['  x ', 'x'],
    ['Jose\u0301', 'José'],
    ['two\nlines\tof it', 'two\nlines\tof it'],
    ['😀'.repeat(20), '😀'.repeat(20)],
    ['😀'.repeat(21), 'form.error.too_long'],
    ['', 'x.missing'],
    [' \n ', 'x.missing'],
    ['a\u0000', 'form.error.characters'],
    ['a\u001b[31m', 'form.error.characters'],
    ['a\u0085b', 'form.error.characters'],
  ])('required: %j gives %j', (text, expected) => {
    expect(field(requiredText('x.missing', 20), text)).toBe(expected)
  })
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['  ', undefined],
    [' x ', 'x'],
    ['x'.repeat(21), 'form.error.too_long'],
    ['\u0000', 'form.error.characters'],
  ])('optional: %j gives %j', (text, expected) => {
    expect(field(optionalText(20), text)).toBe(expected)
  })
})

describe('names', () => {
  it.each([
    [' عائشہ   خان ', 'عائشہ خان'],
    ['\u202eAyesha', 'Ayesha'],
    ['Bay 4', 'Bay 4'],
    ['\u200b', 'x.missing'],
    ['\u200d\u200e', 'x.missing'],
    ['...', 'x.missing'],
    ['\u202e', 'x.missing'],
    ['x'.repeat(121), 'form.error.too_long'],
  ])('%j gives %j', (text, expected) => {
    expect(field(requiredName('x.missing'), text)).toBe(expected)
  })
})

describe('e-mail', () => {
  it.each([
    [' Ayesha@Example.COM ', 'ayesha@example.com'],
    ['a.b+c@mail.example.pk', 'a.b+c@mail.example.pk'],
    ['', 'x.missing'],
    [undefined, 'x.missing'],
    ['ayesha', 'x.invalid'],
    ['ayesha@example', 'x.invalid'],
    ['@example.com', 'x.invalid'],
    ['a@b@example.com', 'x.invalid'],
    ['a@example.com,b@example.com', 'x.invalid'],
    ['a@example.com b@example.com', 'x.invalid'],
    ['a@example.com\r\nBcc: b@example.com', 'x.invalid'],
    ['<a@example.com>', 'x.invalid'],
    ['a\u0000@example.com', 'x.invalid'],
    ['a\u202e@example.com', 'x.invalid'],
    [`${'a'.repeat(65)}@example.com`, 'x.invalid'],
    [`a@${'b.'.repeat(130)}com`, 'x.invalid'],
  ])('required: %j gives %j', (text, expected) => {
    expect(field(requiredEmail('x.missing', 'x.invalid'), text)).toBe(expected)
  })
  it.each([
    [undefined, undefined],
    [' ', undefined],
    [' A@b.co ', 'a@b.co'],
    ['a@b', 'x.invalid'],
    ['\u0000a@b.co', 'x.invalid'],
  ])('optional: %j gives %j', (text, expected) => {
    expect(field(optionalEmail('x.invalid'), text)).toBe(expected)
  })
})

it.each([
  ['7', 7],
  [' 07 ', 7],
  ['٧', 7],
  ['۱۰', 10],
  ['0', 'x.number'],
  ['11', 'x.number'],
  ['-1', 'x.number'],
  ['1.5', 'x.number'],
  ['1e1', 'x.number'],
  ['', 'x.number'],
  [undefined, 'x.number'],
  ['9'.repeat(20), 'x.number'],
])('a whole number from 1 to 10: %j gives %j', (text, expected) => {
  expect(field(wholeNumber('x.number', 1, 10), text)).toBe(expected)
})

it.each([
  [undefined, false],
  ['', false],
  ['on', true],
  ['1', true],
])('a checkbox: %j gives %j', (value, expected) => {
  expect(field(checkbox(), value)).toBe(expected)
})

it('makes forms empty, filled and with errors found later', () => {
  expect(emptyForm).toEqual({ values: {}, errors: {} })
  expect(filledForm({ name: 'Ayesha' })).toEqual({ values: { name: 'Ayesha' }, errors: {} })
  const form = parseForm(patientForm, typed)
  expect(withErrors(form, { phone: 'patients.error.taken' })).toEqual({
    values: typed,
    errors: { phone: 'patients.error.taken' },
  })
})
