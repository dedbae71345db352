import { fold } from '../../kernel/names.ts'
import type { Role } from '../../kernel/permissions.ts'
import type { Zone } from '../../kernel/time.ts'
import { isCountry, zoneOf } from '../clinics/rules/countries.ts'
import { commonPasswords } from './rules/common-passwords.ts'

/** Long rather than strange: no rules about digits and signs, no changing by the calendar. */
export const passwordLength = { min: 12, max: 256 }

export type PasswordFault = 'too_short' | 'too_long' | 'characters' | 'common' | 'personal' | 'demo'

/** The password of the demo's accounts. Everybody knows it, so outside the demo nobody has it. */
export const demoPassword = 'nabz demo only'

/** Accounts that exist in the demo alone. */
export const isDemoAccount = (email: string): boolean =>
  /@(shifa|nour-dental|thames-physio)\.test$|^admin@nabz\.test$/.test(email)

/**
 * What is wrong with a chosen password, if anything. `personal` is whatever an attacker would try first: the person's
 * and the clinic's name, the e-mail, the name of this product.
 */
export function passwordFault(password: string, personal: readonly string[], demo: boolean): PasswordFault | undefined {
  const letters = [...password].length
  if (letters < passwordLength.min) return 'too_short'
  if (letters > passwordLength.max) return 'too_long'
  if (!password.isWellFormed() || password.includes('\u0000')) return 'characters'
  if (password === demoPassword) return demo ? undefined : 'demo'
  if (isPersonal(password, [...personal, 'nabz'])) return 'personal'
  return isCommon(password) ? 'common' : undefined
}

function isCommon(password: string): boolean {
  const plain = password.toLowerCase()
  const squeezed = plain.replace(/[^\p{L}\p{N}]/gu, '')
  return (
    [plain, squeezed, plainLetters(withoutDigits(plain))].some(isMadeOfCommon) ||
    isRepeat(plain) ||
    isSequence(squeezed)
  )
}

const withoutDigits = (text: string): string => text.replace(/^\d{1,8}|\d{1,8}$/g, '')

/** `p@$$w0rd` is read as what it stands for. */
const plainLetters = (text: string): string =>
  text.replace(/[@4031!$57]/g, (sign) => signsForLetters[sign] ?? sign).replace(/[^\p{L}\p{N}]/gu, '')
const signsForLetters: Record<string, string> = {
  '@': 'a', '4': 'a', '0': 'o', '3': 'e', '1': 'i', '!': 'i', $: 's', '5': 's', '7': 't',
} // prettier-ignore

/** A common one, or two in a row, is no better for some digits before or behind it: a year, a birthday. */
function isMadeOfCommon(text: string): boolean {
  const known = (part: string) => commonPasswords.has(part) || commonPasswords.has(withoutDigits(part))
  if (known(text)) return true
  return [...text].some((_, at) => known(text.slice(0, at)) && known(text.slice(at)))
}

/** `aaaaaaaaaaaa`, `abcabcabcabc`: one to four signs over and over. */
const isRepeat = (text: string): boolean => /^(.{1,4})\1{2,}.{0,3}$/su.test(text)

function isSequence(text: string): boolean {
  const rows = ['abcdefghijklmnopqrstuvwxyz', '01234567890123456789012345', 'qwertyuiopasdfghjklzxcvbnm']
  return rows.some((row) => row.includes(text) || [...row].reverse().join('').includes(text))
}

function isPersonal(password: string, personal: readonly string[]): boolean {
  const chosen = fold(password).replaceAll(' ', '')
  const words = personal
    .flatMap((text) => [fold(text).replaceAll(' ', ''), ...fold(text.split('@')[0] ?? '').split(' ')])
    .filter((word) => word.length >= 4)
  // The word, and little else: `nabznabz2026` is refused, a sentence that happens to hold the city is not.
  return words.some((word) => chosen.includes(word) && chosen.replaceAll(word, '').length < 6)
}

/** A clinic always has somebody who can change everything. */
export function leavesNoOwner(members: readonly { userId: string; role: Role }[], userId: string, to?: Role): boolean {
  const owners = members.filter(({ role }) => role === 'owner')
  return to !== 'owner' && owners.length === 1 && owners[0]?.userId === userId
}

export const resetMinutes = 30
export const invitationDays = 7

export const limits = {
  signInAddress: { purpose: 'sign-in-address', max: 30, per: { minutes: 15 } },
  resetAccount: { purpose: 'reset-account', max: 3, per: { minutes: 60 } },
  resetAddress: { purpose: 'reset-address', max: 20, per: { minutes: 60 } },
  signUpAddress: { purpose: 'sign-up-address', max: 10, per: { minutes: 60 } },
  inviteClinic: { purpose: 'invite-clinic', max: 50, per: { minutes: 1440 } },
}

/**
 * Ten wrong passwords at one account, then a minute's wait, two, four, eight, and a quarter of an hour from then on: some
 * hundred guesses a day, from all addresses together. Its owner is let in by a passkey or a reset link all the while.
 */
export const signInDelay = { purpose: 'sign-in-account', free: 10, first: { seconds: 60 }, most: { seconds: 900 } }

/** While far more sign-ins fail than usual, everywhere together: what a person who mistypes still does. */
export const braked = {
  address: { ...limits.signInAddress, max: 6 },
  account: { ...signInDelay, free: 3 },
}

/** Where to go after signing in: a path of ours, or undefined. `//evil`, `/\\evil` and `/\\tevil` would leave the site. */
export function ownPath(next: unknown): string | undefined {
  if (typeof next !== 'string' || !next.startsWith('/') || next.length > 500) return undefined
  const base = 'https://own.invalid'
  if (!URL.canParse(next, base)) return undefined
  const url = new URL(next, base)
  const path = url.pathname + url.search
  // `/.//evil` loses its dot on the way and becomes `//evil`.
  return url.origin === base && !path.startsWith('//') ? path : undefined
}

/** The zones a clinic of a country may be in, the one most people live in first. `listed` is what the zone data says. */
export function zonesFor(country: string | undefined, listed: readonly string[]): Zone[] {
  if (country === undefined || !isCountry(country)) return []
  const usual = zoneOf(country)
  // The data names some small countries by the zone of a neighbour that keeps the same time.
  return listed.length > 1 ? [usual, ...listed.filter((zone) => zone !== usual)] : [usual]
}

/** The zone of a clinic that is being opened; `toChoose` says that there are several and nobody has looked yet. */
export function zoneFor(
  zones: readonly Zone[],
  typed: string | undefined,
): { zone: Zone | undefined; toChoose: boolean } {
  if (typed !== undefined && zones.includes(typed)) return { zone: typed, toChoose: false }
  return { zone: zones[0], toChoose: zones.length > 1 }
}
