// A clinic's free times on its own site: a page of another origin, on a server of its own, puts them in a frame.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable } from '../support/factories.ts'

/** The page of somebody's site with the snippet in it, as the settings page hands it out. */
async function siteWith(snippet: () => string): Promise<{ server: Server; origin: string }> {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html; charset=utf-8')
    res.end(`<!doctype html><html lang="en"><title>Our clinic</title><h1>Our clinic</h1>${snippet()}</html>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describeInBrowser('free times on another site', () => {
  let app: TestApp
  let browser: Browser
  let clinic: TestClinic
  let own: { server: Server; origin: string }
  let other: { server: Server; origin: string }
  withAppAndBrowser((started) => ({ app, browser } = started), { localhost: true })
  beforeAll(async () => {
    clinic = await makeClinic(app, { name: 'Shifa Clinic' })
    await makeBookable(clinic)
    const base = app.services.config.baseUrl
    const snippet = () =>
      `<iframe src="${base}/c/${clinic.slug}/embed" title="Book" width="100%" height="640" style="border:0"></iframe>
       <script src="${base}/embed.js" async></script>`
    own = await siteWith(snippet)
    other = await siteWith(snippet)
    // Past the form, which takes https only: a test has no certificate.
    await app.superuser('update clinic.profiles set embed_origins = $2 where clinic_id = $1', [clinic.id, own.origin])
  })
  afterAll(() => {
    own.server.close()
    other.server.close()
  })

  it('stand there, as high as they need to be, and open the booking page in a tab of its own without a cookie before', async () => {
    const context = await browser.newContext({ viewport: { width: 900, height: 900 } })
    const page = await context.newPage()
    await page.goto(own.origin)
    const frame = page.frameLocator('iframe')
    await frame.getByRole('heading', { name: 'Book at Shifa Clinic' }).waitFor()
    await page.waitForFunction(() => {
      const style = (globalThis as unknown as { document: { querySelector(at: string): { style: { height: string } } } }).document.querySelector('iframe').style // prettier-ignore
      return style.height !== '' && style.height !== '640px'
    })
    expect(await context.cookies()).toEqual([])
    const opened = context.waitForEvent('page')
    await frame.getByRole('link', { name: 'Dr Sana Malik' }).click()
    const tab = await opened
    await tab.waitForLoadState()
    expect(new URL(tab.url()).pathname).toBe(`/c/${clinic.slug}/times`)
    expect(page.url()).toBe(`${own.origin}/`)
    await context.close()
  })

  it('V3.4.6: stay empty on a site that was not named', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    const refused: string[] = []
    page.on('console', (message) => refused.push(message.text()))
    await page.goto(other.origin)
    await expect.poll(() => refused.join(), { timeout: 10_000 }).toContain('frame-ancestors')
    expect(await page.frameLocator('iframe').getByRole('heading').count()).toBe(0)
    await context.close()
  })

  it.each([
    ['en', 360],
    ['ar', 360],
    ['ur', 1280],
  ])('can be used by everybody: %s, %i px', async (lang, width) => {
    const { context, complaints } = await openWindow(browser, app, { viewport: { width, height: 740 } })
    const page = await context.newPage()
    await page.goto(`${app.services.config.baseUrl}/c/${clinic.slug}/embed?lang=${lang}`)
    await expectUsable(page)
    expect(complaints).toEqual([])
    await context.close()
  })
})
