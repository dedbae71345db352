import { describe, expect, it } from 'vitest'
import { cleanName, fold } from '../../src/kernel/names.ts'

describe('fold', () => {
  it.each([
    ['vowel signs and tatweel', ['محمد', 'مُحَمَّد', 'مـحـمـد', 'مُحَمَّدٌ']],
    ['alef with hamza, madda or wasla', ['احمد', 'أحمد', 'إحمد', 'آحمد', 'ٱحمد', 'ا\u0654حمد']],
    ['the yehs of Arabic, Persian and Urdu', ['علي', 'علی', 'على', 'علے']],
    ['kaf', ['كمال', 'کمال']],
    ['teh marbuta and the hehs of Urdu', ['فاطمه', 'فاطمة', 'فاطمہ', 'فاطمۃ', 'فاطمھ']],
    ['heh with hamza above', ['نازيه', 'نازیۂ', 'نازیہ']],
    ['hamza on its seat', ['شايسته', 'شائستہ', 'شائسته']],
    ['waw with hamza', ['رووف', 'رؤوف']],
    ['presentation forms', ['علي', 'ﻋﻠﻲ']],
    ['invisible marks', ['سارة', '\u200fسارة\u200f', 'سا\u200cرة', 'سا\u061cرة', '\u202bسارة\u202c', '\ufeffسارة']],
    ['case and accents', ['jose', 'José', 'JOSÉ', 'Jose\u0301', 'ＪＯＳＥ']],
    ['soft hyphens and word joiners', ['muhammad', 'Mu\u00adham\u2060mad']],
    ['Turkish capital i', ['ibrahim', 'İbrahim']],
    ['ligatures', ['fiona', 'ﬁona']],
    [
      'spaces and punctuation',
      ['al noor clinic', '  Al-Noor   Clinic. ', 'al\u00a0noor\tclinic', '"Al Noor" (Clinic)'],
    ],
    ['digits', ['ward 12', 'Ward ١٢', 'ward ۱۲', 'WARD １２']],
  ])('makes one of %s', (_, variants) => {
    expect(new Set(variants.map(fold))).toEqual(new Set([fold(variants[0]!)]))
  })

  it.each([
    ['José', 'jose'],
    ['  Al-Noor  ', 'al noor'],
    ["O'Brien", 'o brien'],
    ['فاطمہ', 'فاطمه'],
    ['۱۲۳', '123'],
    ['', ''],
    ['؟!…', ''],
  ])('writes %j as %j', (text, folded) => {
    expect(fold(text)).toBe(folded)
  })

  it.each([
    ['علي', 'عالي'],
    ['گل', 'كل'],
    ['بڑا', 'برا'],
    ['हरि', 'हर'],
    ['sana', 'sara'],
  ])('keeps %j and %j apart', (one, other) => {
    expect(fold(one)).not.toBe(fold(other))
  })

  it('changes nothing the second time', () => {
    for (const text of ['مُحَمَّد', 'فاطمۃ', 'İbrahim', 'Straße', 'ﷲ', 'हिन्दी', 'نازیۂ ۱۲', "O'Brien-Smith"]) {
      expect(fold(fold(text))).toBe(fold(text))
    }
  })
})

describe('cleanName', () => {
  it.each([
    ['  Ayesha   Khan ', 'Ayesha Khan'],
    ['Ayesha\tKhan\n', 'Ayesha Khan'],
    ['Jose\u0301', 'José'],
    ['Ayesha\u0000Khan', 'Ayesha Khan'],
    ['\u202eAyesha\u202c', 'Ayesha'],
    ['\u2067عائشہ\u2069', 'عائشہ'],
    ['مُحَمَّد', 'مُحَمَّد'],
    ['شه\u200cناز', 'شه\u200cناز'],
    [' \u0007 ', ''],
  ])('stores %j as %j', (text, cleaned) => {
    expect(cleanName(text)).toBe(cleaned)
  })
})
