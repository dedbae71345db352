// What programs read: how to report a hole, what may be crawled, and what there is.
import { languages } from '../../../platform/i18n/languages.ts'
import { policyCodes } from '../../../kernel/policies.ts'
import { helpNames } from './help.ts'
import type { Instant } from '../../../kernel/time.ts'

/** RFC 9116. It expires within the year that the standard asks for, by itself renewed every day it is served. */
export function securityText(baseUrl: string, now: Instant): string {
  const day = now.toZonedDateTimeISO('UTC').startOfDay().add({ days: 180 }).toInstant()
  return [
    `Contact: ${baseUrl}/contact?topic=security`,
    `Expires: ${day.toString({ smallestUnit: 'second' })}`,
    `Preferred-Languages: ${languages.join(', ')}`,
    `Canonical: ${baseUrl}/.well-known/security.txt`,
    `Policy: ${baseUrl}/security`,
    '',
  ].join('\n')
}

/** Nothing behind a sign-in, and nobody's visit. Clinics that don't want to be found say so on their own pages. */
export function robotsText(baseUrl: string): string {
  const hidden = [
    '/app',
    '/admin',
    '/account',
    '/a/',
    '/q/',
    '/sign-in',
    '/sign-up',
    '/forgot-password',
    '/reset-password/',
  ]
  return [
    'User-agent: *',
    ...hidden.map((path) => `Disallow: ${path}`),
    // Times and forms change by the minute and lead nobody anywhere.
    'Disallow: /c/*/',
    '',
    `Sitemap: ${baseUrl}/sitemap.xml`,
    '',
  ].join('\n')
}

/** As many addresses as one file of the map holds. */
export const sitemapSize = 10_000

const sitePaths = [
  '/',
  '/pricing',
  '/help',
  ...helpNames.map((name) => `/help/${name}`),
  '/clinics',
  ...policyCodes.map((code) => `/${code}`),
  '/contact',
  '/status',
]

const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** The site's own pages in each language. */
export function siteEntries(baseUrl: string): string[] {
  const address = (path: string, lang: string) => xml(`${baseUrl}${path}?lang=${lang}`)
  return sitePaths.flatMap((path) => {
    const others = languages
      .map((lang) => `<xhtml:link rel="alternate" hreflang="${lang}" href="${address(path, lang)}"/>`)
      .join('')
    return languages.map((lang) => `<url><loc>${address(path, lang)}</loc>${others}</url>`)
  })
}

export const clinicEntries = (baseUrl: string, slugs: readonly string[]): string[] =>
  slugs.map((slug) => `<url><loc>${xml(`${baseUrl}/c/${slug}`)}</loc></url>`)

const head = '<?xml version="1.0" encoding="UTF-8"?>\n'
const schema = 'http://www.sitemaps.org/schemas/sitemap/0.9'

export const sitemap = (entries: readonly string[]): string =>
  `${head}<urlset xmlns="${schema}" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n${entries.join('\n')}\n</urlset>\n`

export function sitemapIndex(baseUrl: string, files: number): string {
  const names = ['site', ...Array.from({ length: files }, (_, index) => String(index + 1))]
  const entries = names.map((name) => `<sitemap><loc>${xml(`${baseUrl}/sitemaps/${name}`)}</loc></sitemap>`)
  return `${head}<sitemapindex xmlns="${schema}">\n${entries.join('\n')}\n</sitemapindex>\n`
}
