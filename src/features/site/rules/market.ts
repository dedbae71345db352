// In which country's money a visitor reads the prices: what they chose, else what their browser says of itself.

/** The market of everywhere that has none of its own. */
export const elsewhere = 'ZZ'

// Where a browser names a language and no country.
const usualCountry: Record<string, string> = { ur: 'PK', hi: 'IN' }

/**
 * The market to show: `chosen` from the address wins, then the countries of the browser's languages in its order. Never
 * the network address, which we do not look up.
 */
export function marketOf(
  chosen: unknown,
  acceptLanguage: string | undefined,
  markets: readonly { country: string }[],
): string {
  const known = (country: string | undefined) => markets.find((one) => one.country === country)?.country
  if (typeof chosen === 'string' && /^[a-z]{2}$/i.test(chosen)) return known(chosen.toUpperCase()) ?? elsewhere
  const tags = (acceptLanguage ?? '')
    .slice(0, 500)
    .split(',')
    .map((part) => part.split(';')[0]?.trim() ?? '')
  for (const tag of tags) {
    const [language = '', ...rest] = tag.split('-')
    const region = rest.find((part) => /^[a-z]{2}$/i.test(part))?.toUpperCase()
    // A region with no market is everywhere else, whatever language stands next in the list.
    if (region !== undefined) return known(region) ?? elsewhere
    const usual = known(usualCountry[language.toLowerCase()])
    if (usual !== undefined) return usual
  }
  return elsewhere
}

/** How many months a year's price leaves out, when that is a whole number of them. */
export function monthsFree(monthMinor: number, yearMinor: number): number {
  if (monthMinor <= 0) return 0
  const saved = 12 * monthMinor - yearMinor
  return saved > 0 && saved % monthMinor === 0 ? saved / monthMinor : 0
}
