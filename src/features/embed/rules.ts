/** A clinic has a site, perhaps one per branch. */
export const mostSites = 10

/**
 * The origin of an address somebody typed or copied: `https://www.shifa.example/contact` stands for all of that site.
 * Undefined for what is no site that can be trusted with it: without https, with a password, an address within a network.
 */
export function siteOrigin(text: string): string | undefined {
  const typed = text.includes('://') ? text : `https://${text}`
  if (!URL.canParse(typed)) return undefined
  const { protocol, hostname, username, password, origin } = new URL(typed)
  if (protocol !== 'https:' || username !== '' || password !== '') return undefined
  // A name with a dot, and no address of a machine; what a URL made of it holds nothing that a header could trip over.
  if (!/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+$/.test(hostname)) return undefined
  return origin
}

/** The content policy of a page that these sites may show in a frame, from the one that all pages have. */
export const framedBy = (policy: string, sites: readonly string[]): string =>
  sites.length === 0 ? policy : policy.replace("frame-ancestors 'none'", `frame-ancestors ${sites.join(' ')}`)

export const sitesIn = (stored: string): string[] => stored.split(' ').filter((site) => site !== '')

/** Two lines for the clinic's site: the frame, and what gives it the height of what is in it. */
export const snippetFor = (baseUrl: string, path: string, title: string): string =>
  [
    `<iframe src="${baseUrl}${path}" title="${escaped(title)}" width="100%" height="640" style="border:0" loading="lazy"></iframe>`,
    `<script src="${baseUrl}/embed.js" async></script>`,
  ].join('\n')

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign)
