/** An amount in whole minor units of an ISO 4217 currency: 1500 PKR is `{ minor: 150000, currency: 'PKR' }`. */
export type Money = { minor: number; currency: Currency }
export type Currency = string

/**
 * Minor-unit digits, from ISO 4217 (KWD, BHD, OMR, JOD, TND have three). Not from Intl: it prints PKR without decimals
 * by CLDR's habit of display, which says nothing about how the currency is counted.
 */
const digitsOf: Record<string, number> = {
  KWD: 3, BHD: 3, OMR: 3, JOD: 3, TND: 3, IQD: 3, LYD: 3,
  JPY: 0, KRW: 0, VND: 0, CLP: 0, ISK: 0, UGX: 0, XAF: 0, XOF: 0, XPF: 0, BIF: 0, DJF: 0, GNF: 0, KMF: 0, PYG: 0, RWF: 0,
  VUV: 0,
} // prettier-ignore

/** How many decimals a currency has: 0 for JPY, 2 for PKR, 3 for KWD. */
export function minorDigits(currency: Currency): number {
  return digitsOf[currency] ?? 2
}

/** Throws on different currencies: a sum of rupees and pounds is a bug, not an amount. */
export function add(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new Error(`adding ${a.currency} to ${b.currency}`)
  return { minor: a.minor + b.minor, currency: a.currency }
}

// Thousands (1,500,000) or lakhs and crores (15,00,000). A comma anywhere else is not understood: `12,50` means 12.50 to
// whoever typed it, and must not become 1250.
const grouped = /^\d{1,3}(?:[\s,،٬]\d{2,3})*[\s,،٬]\d{3}(?=\.|$)/

/**
 * Reads an amount as people type it (`1,500`, `1,50,000`, `1500.50`, `١٥٠٠`), or `undefined` when it is no amount,
 * negative, grouped in no known way, has more decimals than the currency, or is past 10^12 minor units.
 */
export function parseMoney(text: string, currency: Currency): Money | undefined {
  const plain = latinDigits(text)
    .trim()
    .replace('٫', '.')
    .replace(grouped, (whole) => whole.replace(/\D/g, ''))
  const digits = minorDigits(currency)
  const match = /^(\d{1,13})(?:\.(\d+))?$/.exec(plain)
  if (!match) return undefined
  const [, whole = '', fraction = ''] = match
  if (fraction.length > digits) return undefined
  const minor = Number(whole) * 10 ** digits + Number(fraction.padEnd(digits, '0') || '0')
  return minor <= 1e12 ? { minor, currency } : undefined
}

/** The amount as a plain decimal, as an input field shows it: `1500` or `1500.50`. */
export function moneyText(money: Money): string {
  const digits = minorDigits(money.currency)
  const unit = 10 ** digits
  const sign = money.minor < 0 ? '-' : ''
  const fraction = Math.abs(money.minor) % unit
  const whole = Math.trunc(Math.abs(money.minor) / unit)
  return fraction === 0 ? `${sign}${whole}` : `${sign}${whole}.${String(fraction).padStart(digits, '0')}`
}

/** Arabic-Indic (٠-٩) and Persian/Urdu (۰-۹) digits as 0-9; everything else stays. */
export function latinDigits(text: string): string {
  return text.replace(/[٠-٩۰-۹]/g, (digit) => String((digit.codePointAt(0) ?? 0) & 0xf))
}
