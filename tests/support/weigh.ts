// What a page weighs over the wire.
import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { expect } from 'vitest'
import type { TestApp } from './app.ts'
import { plainText } from './http.ts'

/** Bytes of a page and of everything it loads, coded by gzip, which every phone takes. */
export async function weigh(app: TestApp, path: string, cookies: string): Promise<number> {
  const page = await load(app, path, cookies)
  const loaded = [
    ...page.html.matchAll(
      /<link rel="(?:stylesheet|icon)" href="([^"]+)"|<script src="([^"]+)"|<img[^>]*src="([^"]+)"|<use href="([^"#]+)/g,
    ),
  ].map((match) => plainText(match.slice(1).find((found) => found !== undefined) ?? ''))
  let sum = page.bytes
  for (const address of new Set(loaded)) sum += (await load(app, address, cookies)).bytes
  return sum
}

async function load(app: TestApp, path: string, cookies: string): Promise<{ bytes: number; html: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'Accept-Encoding': 'gzip', 'X-Forwarded-Proto': 'https', Cookie: cookies }
    request(app.origin + path, { headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        const coded = response.headers['content-encoding'] === 'gzip'
        expect({ path, coded: coded || body.length < 1024 }).toEqual({ path, coded: true })
        resolve({ bytes: body.length, html: (coded ? gunzipSync(body) : body).toString() })
      })
    })
      .on('error', reject)
      .end()
  })
}
