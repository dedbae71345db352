import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, latinDigits, minorDigits, moneyText, parseMoney } from '../../src/kernel/money.ts'

describe('parseMoney', () => {
  it.each([
    ['1500', 'PKR', 150000],
    ['1,500', 'PKR', 150000],
    ['1 500', 'PKR', 150000],
    ['1,500,000', 'PKR', 150000000],
    ['15,00,000', 'PKR', 150000000],
    ['1,50,000.75', 'INR', 15000075],
    ['1500.5', 'PKR', 150050],
    ['1500.50', 'PKR', 150050],
    [' 1500 ', 'PKR', 150000],
    ['0', 'PKR', 0],
    ['007', 'PKR', 700],
    ['0.01', 'USD', 1],
    ['١٥٠٠', 'EGP', 150000],
    ['١٬٥٠٠٫٥٠', 'EGP', 150050],
    ['۱،۵۰۰', 'PKR', 150000],
    ['1.234', 'KWD', 1234],
    ['1.2', 'BHD', 1200],
    ['1500', 'JPY', 1500],
    ['10000000000', 'PKR', 1e12],
  ])('reads %j %s as %d', (text, currency, minor) => {
    expect(parseMoney(text, currency)).toEqual({ minor, currency })
  })

  it.each([
    ['', 'PKR'],
    ['-5', 'PKR'],
    ['+5', 'PKR'],
    ['five', 'PKR'],
    ['Rs 500', 'PKR'],
    ['1e3', 'PKR'],
    ['0x10', 'PKR'],
    ['1.', 'PKR'],
    ['.5', 'PKR'],
    ['1.2.3', 'PKR'],
    ['12,50', 'PKR'],
    ['1,5', 'PKR'],
    ['1,,500', 'PKR'],
    [',500', 'PKR'],
    ['500,', 'PKR'],
    ['1500,000', 'PKR'],
    ['10 20', 'PKR'],
    ['1.234', 'PKR'],
    ['1.2345', 'KWD'],
    ['1.5', 'JPY'],
    ['10000000000.01', 'PKR'],
    ['99999999999999999999', 'PKR'],
  ])('refuses %j %s', (text, currency) => {
    expect(parseMoney(text, currency)).toBeUndefined()
  })

  it('reads back every amount it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), fc.constantFrom('PKR', 'KWD', 'JPY', 'GBP'), (minor, currency) => {
        expect(parseMoney(moneyText({ minor, currency }), currency)).toEqual({ minor, currency })
      }),
    )
  })
})

describe('moneyText', () => {
  it.each([
    [150000, 'PKR', '1500'],
    [150050, 'PKR', '1500.50'],
    [5, 'PKR', '0.05'],
    [0, 'PKR', '0'],
    [5, 'KWD', '0.005'],
    [1500, 'JPY', '1500'],
    [-150050, 'PKR', '-1500.50'],
    [-50, 'PKR', '-0.50'],
    [-150000, 'PKR', '-1500'],
  ])('writes %d of %s as %s', (minor, currency, text) => {
    expect(moneyText({ minor, currency })).toBe(text)
  })
})

describe('add', () => {
  it('adds amounts of one currency', () => {
    expect(add({ minor: 150, currency: 'PKR' }, { minor: -50, currency: 'PKR' })).toEqual({
      minor: 100,
      currency: 'PKR',
    })
  })
  it('refuses to add rupees to pounds', () => {
    expect(() => add({ minor: 1, currency: 'PKR' }, { minor: 1, currency: 'GBP' })).toThrow('GBP')
  })
})

it('counts the decimals of ISO 4217', () => {
  expect(['PKR', 'INR', 'EGP', 'AED', 'SAR', 'GBP', 'USD', 'KWD', 'BHD', 'OMR', 'JOD', 'JPY'].map(minorDigits)).toEqual(
    [2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 0],
  )
})

it('turns Arabic and Urdu digits into Latin ones and leaves the rest', () => {
  expect(latinDigits('٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹ 0123 غرفة x')).toBe('0123456789 0123456789 0123 غرفة x')
})
