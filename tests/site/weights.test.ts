// At most 50 KB a page over the wire, in all: the page, its styles and its icons.
import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { policyCodes } from '../../src/kernel/policies.ts'
import { helpNames } from '../../src/features/site/pages/help.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { plainText } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const limit = 50 * 1024
const pages = [
  '/',
  '/pricing',
  '/pricing?country=PK&interval=year',
  '/help',
  '/help?q=stop',
  ...helpNames.map((name) => `/help/${name}`),
  ...policyCodes.map((code) => `/${code}`),
  '/status',
  '/clinics',
  '/contact',
  '/contact/sent',
]

it('every page of the site stays under 50 KB, in every language', async () => {
  const weights: [string, number][] = []
  for (const lang of ['en', 'ar', 'ur']) {
    for (const path of pages) {
      weights.push([`${lang} ${path}`, await weigh(`${path}${path.includes('?') ? '&' : '?'}lang=${lang}`)])
    }
  }
  expect(weights.filter(([, bytes]) => bytes > limit)).toEqual([])
  expect(Math.max(...weights.map(([, bytes]) => bytes))).toBeGreaterThan(10_000)
})

it('the picture beside a shared link stays under 60 KB', async () => {
  expect((await load('/img/card.png')).bytes).toBeLessThan(60 * 1024)
})

/** Bytes of a page and of everything it loads, coded by gzip, which every phone takes. */
async function weigh(path: string): Promise<number> {
  const page = await load(path)
  const loaded = [
    ...page.html.matchAll(
      /<link rel="(?:stylesheet|icon)" href="([^"]+)"|<script src="([^"]+)"|<img[^>]*src="([^"]+)"|<use href="([^"#]+)/g,
    ),
  ].map((match) => plainText(match.slice(1).find((found) => found !== undefined) ?? ''))
  let sum = page.bytes
  for (const address of new Set(loaded)) sum += (await load(address)).bytes
  return sum
}

const known = new Map<string, Promise<{ bytes: number; html: string }>>()

/** What several pages load is asked for once. */
function load(path: string): Promise<{ bytes: number; html: string }> {
  const asked = known.get(path) ?? fetchCoded(path)
  known.set(path, asked)
  return asked
}

function fetchCoded(path: string): Promise<{ bytes: number; html: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'Accept-Encoding': 'gzip', 'X-Forwarded-Proto': 'https' }
    request(app.origin + path, { headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        const coded = response.headers['content-encoding'] === 'gzip'
        expect({ path, status: response.statusCode, coded: coded || body.length < 1024 || path.endsWith('.png') }).toEqual({
          path, status: 200, coded: true,
        }) // prettier-ignore
        resolve({ bytes: body.length, html: (coded ? gunzipSync(body) : body).toString() })
      })
    })
      .on('error', reject)
      .end()
  })
}
