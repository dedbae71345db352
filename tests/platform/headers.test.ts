import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { testRoutes } from '../support/test-routes.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ outside: testRoutes })
})
afterAll(() => app.stop())

// Different on purpose from answer to answer.
const own = ['date', 'connection', 'keep-alive', 'content-length', 'content-type', 'x-request-id', 'cache-control', 'vary', 'etag', 'last-modified', 'accept-ranges', 'retry-after', 'location', 'set-cookie', 'transfer-encoding', 'content-language', 'content-encoding'] // prettier-ignore

it.each([
  '/healthz',
  '/readyz',
  '/nothing',
  '/t/fails/x?status=500',
  '/t/fails/x?status=429',
  '/css/desk.css',
  '/t/account',
])('V3.4: every answer carries the same protective headers: %s', async (path) => {
  const { headers } = await app.agent().get(path)
  const shared = Object.fromEntries(
    Object.entries(headers as Record<string, string>)
      .filter(([name]) => !own.includes(name))
      .sort(),
  )
  expect(shared).toEqual({
    'content-security-policy':
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none';object-src 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'same-origin',
    'strict-transport-security': 'max-age=63072000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'DENY',
    'x-permitted-cross-domain-policies': 'none',
  })
})
