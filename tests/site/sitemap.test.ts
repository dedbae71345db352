import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

it('is an index of several once ten thousand clinics want to be found, each clinic in one of them', async () => {
  await app.superuser(`
    insert into platform.clinics (id, slug, name, city, country, specialty, time_zone, currency, language, features, listed, created_at)
    select gen_random_uuid(), 'clinic-' || n, 'Clinic ' || n, 'Karachi', 'PK', 'dental', 'Asia/Karachi', 'PKR', 'en',
      '{directory}', n <> 5, now()
    from generate_series(1, 10050) n`)
  const index = (await app.agent().get('/sitemap.xml').expect(200)).text
  expect(index).toContain('<sitemapindex')
  const files = [...index.matchAll(/<loc>https:\/\/nabz\.test(\/sitemaps\/[^<]+)<\/loc>/g)].map(([, path = '']) => path)
  expect(files).toEqual(['/sitemaps/site', '/sitemaps/1', '/sitemaps/2'])
  const found = new Set<string>()
  for (const path of files) {
    const { text } = await app.agent().get(path).expect(200)
    const addresses = [...text.matchAll(/<loc>([^<]+)<\/loc>/g)].map(([, address = '']) => address)
    expect(addresses.length).toBeLessThanOrEqual(10_000)
    for (const address of addresses) found.add(address)
  }
  expect([...found].filter((address) => address.includes('/c/'))).toHaveLength(10_049)
  expect(found).not.toContain('https://nabz.test/c/clinic-5')
  await app.agent().get('/sitemaps/3').expect(404)
})
