// What is kept of a browser and of where it asks from: enough for its owner to know it again, too little for anybody to
// be followed.
import { addressBlock } from './throttle.ts'

const families = ['edge', 'opera', 'samsung', 'firefox', 'chrome', 'safari', 'other'] as const
const platforms = ['windows', 'iphone', 'ipad', 'mac', 'android', 'chromeos', 'linux', 'other'] as const

export type Browser = { family: (typeof families)[number]; platform: (typeof platforms)[number] }

// In this order: most browsers also claim to be Chrome, Safari or both.
const familySigns: Partial<Record<Browser['family'], RegExp>> = {
  edge: /\bEdg(e|A|iOS)?\//,
  opera: /\b(OPR|Opera|OPT)\b/,
  samsung: /\bSamsungBrowser\//,
  firefox: /\b(Firefox|FxiOS)\//,
  chrome: /(Chrome|Chromium|CriOS)\//,
  safari: /\bSafari\//,
}
const platformSigns: Partial<Record<Browser['platform'], RegExp>> = {
  windows: /\bWindows\b/,
  iphone: /\biPhone\b/,
  ipad: /\biPad\b/,
  mac: /\bMac(intosh| OS X)\b/,
  android: /\bAndroid\b/,
  chromeos: /\bCrOS\b/,
  linux: /\bLinux\b/,
}

/** The kind of a browser by what it says of itself; its version changes too often to say anything. */
export function browserOf(userAgent = ''): Browser {
  return {
    family: families.find((name) => familySigns[name]?.test(userAgent)) ?? 'other',
    platform: platforms.find((name) => platformSigns[name]?.test(userAgent)) ?? 'other',
  }
}

/** The network an address lies in: the first three numbers of an IPv4 address, the first three groups of an IPv6 one. */
export function networkOf(address = ''): string {
  const plain = addressBlock(address)
  if (plain === '') return ''
  return plain.includes(':')
    ? `${plain.split(':').slice(0, 3).join(':')}:*`
    : `${plain.split('.').slice(0, 3).join('.')}.*`
}
