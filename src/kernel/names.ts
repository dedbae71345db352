import { latinDigits } from './money.ts'

const letterForms: Record<string, string> = {
  أ: 'ا', إ: 'ا', آ: 'ا', ٱ: 'ا', ى: 'ي', ی: 'ي', ئ: 'ي', ے: 'ي', ک: 'ك', ہ: 'ه', ھ: 'ه', ة: 'ه', ۃ: 'ه', ؤ: 'و',
} // prettier-ignore

/**
 * A name or keyword folded for searching and comparing: NFKC, lower case, Latin accents and Arabic vowel signs and
 * tatweel dropped, Arabic/Persian/Urdu letter variants and digits made one, punctuation and zero-width marks off,
 * spaces to one. Not for display.
 */
export function fold(text: string): string {
  return latinDigits(text.normalize('NFKD').normalize('NFKC'))
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\p{Cf}\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]/gu, '')
    .normalize('NFC')
    .replace(/[أإآٱىیئےکہھةۃؤ]/g, (letter) => letterForms[letter] ?? letter)
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, ' ')
    .trim()
}

/** A name as stored and shown: NFC, no control or direction-override characters, single spaces. */
export function cleanName(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Wraps a name or number so that it keeps its own direction inside a sentence that runs the other way. */
export const isolated = (text: string): string => `\u2068${text}\u2069`
