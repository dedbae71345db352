import { getCountryCallingCode, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max'
import { latinDigits } from './money.ts'

declare const e164: unique symbol
/** A telephone number in E.164: `+923001234567`. */
export type Phone = string & { readonly [e164]: true }

/**
 * Reads a number in any usual way of writing it: `0300 1234567`, `+92-300-1234567`, `0092 300…`, Arabic or Urdu digits.
 * `country` (ISO 3166 alpha-2) is taken for numbers without a country code. `undefined` when it can't be a real number.
 */
export function parsePhone(text: unknown, country: string): Phone | undefined {
  if (typeof text !== 'string' || text.length > 40) return undefined
  // Numbers copied from a chat or an address book come wrapped in invisible direction marks.
  const typed = latinDigits(text.normalize('NFKC').replace(/\p{Cf}/gu, ''))
    .trim()
    .replace(/^00(?=[1-9])/, '+')
  // The library would find a number within other words, and drop an extension without a sound.
  if (!/^[+\d\s().\/\p{Pd}\u2212]+$/u.test(typed)) return undefined
  const number = parsePhoneNumberFromString(typed, country as CountryCode)
  if (!number?.isValid()) return undefined
  return number.number as Phone
}

/** The number as people of its country read it, with the country code: `+92 300 1234567`. */
export function phoneText(phone: Phone): string {
  return parsePhoneNumberFromString(phone)?.formatInternational() ?? phone
}

/** By what the desk finds a number that was read to it. */
export const lastFour = (phone: Phone): string => phone.slice(-4)

/** `+92` for PK: what a number typed without a country code is taken to begin with. */
export const callingCode = (country: string): string => `+${getCountryCallingCode(country as CountryCode)}`
