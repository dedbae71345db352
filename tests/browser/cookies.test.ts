// What Nabz leaves in a browser: two cookies, and nothing else, whoever looks at which page.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import '../../src/app.ts'
import { languages } from '../../src/platform/i18n/languages.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { consentKey, cookies } from '../../src/platform/web/cookies.ts'
import { routeTable } from '../../src/platform/web/routers.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, startBrowser, useCookies } from '../support/browser.ts'
import { signedIn } from '../support/cast.ts'
import { ask, type Agent } from '../support/http.ts'
import { addressOf, makeWorld, type World } from '../support/world.ts'

const say = loadTranslations()
const known: string[] = cookies.map(({ name }) => name(true))

/** Everything a page can leave behind, by its place and name. */
async function leftIn(context: BrowserContext, page: Page): Promise<string[]> {
  const stored = await page.evaluate<string[]>(`(async () => [
    ...Object.keys(localStorage).map((key) => 'localStorage ' + key),
    ...Object.keys(sessionStorage).map((key) => 'sessionStorage ' + key),
    ...(await indexedDB.databases()).map(({ name }) => 'indexedDB ' + name),
    ...('caches' in window ? (await caches.keys()).map((key) => 'cache ' + key) : []),
    ...((await navigator.serviceWorker?.getRegistrations()) ?? []).map(({ scope }) => 'service worker ' + scope),
  ])()`)
  const set = (await context.cookies()).map(({ name }) => name).filter((name) => !known.includes(name))
  return [...stored, ...set.map((name) => `cookie ${name}`)]
}

describeInBrowser('nothing but two cookies', () => {
  let app: TestApp
  let browser: Browser
  let world: World
  beforeAll(async () => {
    app = await startTestApp({ simulator: true })
    world = await makeWorld(app)
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  const pages = routeTable.filter(
    ({ method, path, options }) => method === 'get' && !path.startsWith('/webhooks/') && !options.background,
  )
  const people: [string, () => Promise<Agent>][] = [
    ['a visitor', () => Promise.resolve(app.agent())],
    ['an owner', () => world.here.as(world.here.cast.nadia)],
    ['a doctor', () => world.here.as(world.here.cast.sana)],
    ['a receptionist', () => world.here.as(world.here.cast.bilal)],
    ['an operator', () => signedIn(app, world.adminId)],
  ]

  it.each(people)('on every page there is, for %s', { timeout: 300_000 }, async (_who, enter) => {
    const agent = await enter()
    const { context, strangers } = await openWindow(browser, app)
    await useCookies(context, app, agent)
    const page = await context.newPage()
    const left: string[] = []
    let seen = 0
    for (const route of pages) {
      const path = addressOf(route, world.here.slug, world.ids)
      // A path that names no row of this world is one of a form still to be filled in by another test.
      if (path === undefined) continue
      const { type } = await ask(app.origin, agent, 'GET', path)
      if (!type.startsWith('text/html')) continue
      await page.goto(path, { waitUntil: 'load' })
      for (const what of await leftIn(context, page)) left.push(`${route.path}: ${what}`)
      seen++
    }
    expect({ left, strangers }).toEqual({ left: [], strangers: [] })
    expect(seen).toBeGreaterThan(30)
    // Ends with the browser, and no script reads it. The other one was put there by the test.
    const forms = (await context.cookies()).filter(({ name }) => name === '__Host-csrf')
    expect(forms).toMatchObject([{ httpOnly: true, secure: true, sameSite: 'Lax', expires: -1 }])
    await context.close()
  })

  it('for a patient on the way to a visit and after it', { timeout: 60_000 }, async () => {
    const t = say.en
    const { context, strangers } = await openWindow(browser, app)
    const page = await context.newPage()
    const look = async () => expect(await leftIn(context, page), page.url()).toEqual([])
    await page.goto(`/c/${world.here.slug}`)
    await look()
    expect(await context.cookies()).toEqual([])
    await page.getByRole('link', { name: t('booking.clinic.see_times') }).click()
    await page.waitForURL('**/times**')
    await look()
    await page.locator('button.slot').first().click()
    await page.waitForURL('**/bookings/**')
    await look()
    await page.getByLabel(t('booking.details.name')).fill('Hina Tariq')
    await page.getByLabel(t('booking.details.phone')).fill('0300 7654321')
    await page.locator('input[name=consent]').check()
    await page.getByRole('button', { name: t('booking.details.submit') }).click()
    await page.getByLabel(t('booking.code.label')).waitFor()
    await look()
    await app.runJob('messaging.dispatch')
    const [code] = app.simulator!.controls.inbox('923007654321').flatMap(({ text }) => /\b\d{6}\b/.exec(text) ?? [])
    await page.getByLabel(t('booking.code.label')).fill(code!)
    await page.getByRole('button', { name: t('booking.code.submit') }).click()
    await page.waitForURL('**/a/**')
    await look()
    expect((await context.cookies()).map(({ name }) => name)).toEqual(['__Host-csrf'])
    expect(strangers).toEqual([])
    await context.close()
  })

  it('and no question where nothing is counted', async () => {
    const { context } = await openWindow(browser, app)
    const page = await context.newPage()
    await page.goto('/')
    expect(await page.locator('#statistics').count()).toBe(0)
    expect((await app.agent().get('/')).headers['content-security-policy']).toContain("script-src 'self';")
    await context.close()
  })
})

describeInBrowser('where a deployment counts visits', () => {
  let app: TestApp
  let browser: Browser
  let counter: Server
  let origin: string
  let loads: string[]
  beforeAll(async () => {
    counter = createServer((req, res) => {
      loads.push(req.url ?? '')
      res.setHeader('Content-Type', 'text/javascript').end('document.documentElement.dataset.counted = "yes"')
    })
    await new Promise<void>((resolve) => counter.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(counter.address() as AddressInfo).port}`
    app = await startTestApp({ config: { ANALYTICS_SCRIPT_URL: `${origin}/count.js` } })
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
    counter?.close()
  })
  const open = async (options: { javaScriptEnabled?: boolean } = {}) => {
    loads = []
    const { context, strangers, complaints } = await openWindow(browser, app, options)
    return { context, strangers, complaints, page: await context.newPage() }
  }

  describe.each(languages)('in %s', (lang) => {
    const t = say[lang]
    it('asks first, and loads and keeps nothing until then', async () => {
      const { context, page, strangers, complaints } = await open()
      await page.goto(`/?lang=${lang}`)
      await page.locator('#statistics').waitFor()
      expect(await page.locator('#statistics').innerText()).toContain('127.0.0.1')
      await expectUsable(page)
      expect(await leftIn(context, page)).toEqual([])
      expect({ loads, strangers, complaints }).toEqual({ loads: [], strangers: [], complaints: [] })

      // A no is taken, and leaves no trace: not even that it was said.
      await page.getByRole('button', { name: t('policies.ask.no'), exact: true }).click()
      await page.locator('#statistics').waitFor({ state: 'hidden' })
      expect(await leftIn(context, page)).toEqual([])
      await page.reload()
      await page.locator('#statistics').waitFor()
      expect({ loads, strangers, cookies: await context.cookies() }).toEqual({ loads: [], strangers: [], cookies: [] })

      await page.getByRole('button', { name: t('policies.ask.yes'), exact: true }).click()
      await page.locator('html[data-counted=yes]').waitFor()
      expect(await leftIn(context, page)).toEqual([`sessionStorage ${consentKey}`])
      await page.goto(`/privacy?lang=${lang}`)
      await page.locator('html[data-counted=yes]').waitFor()
      expect(await page.locator('#statistics').isVisible()).toBe(false)
      expect(loads).toEqual(['/count.js', '/count.js'])
      expect(complaints).toEqual([])

      // Another tab is another visit.
      const second = await context.newPage()
      await second.goto(`/help?lang=${lang}`)
      await second.locator('#statistics').waitFor()
      await context.close()
    })
  })

  it('never where people sign in, work, or are patients', async () => {
    const world = await makeWorld(app)
    const agent = await world.here.as(world.here.cast.nadia)
    const paths = ['/sign-in', '/sign-up', `/c/${world.here.slug}`, `/c/${world.here.slug}/privacy-notice`]
    for (const path of [...paths, `/app/${world.here.slug}/today`, '/account']) {
      const { text, headers } = await agent.get(path).expect(200)
      expect(text, path).not.toContain(origin)
      expect(headers['content-security-policy'], path).not.toContain(origin)
    }
    expect((await app.agent().get('/')).headers['content-security-policy']).toContain(`script-src 'self' ${origin}`)
  })

  it('asks nobody whose browser runs no scripts', async () => {
    const { context, page } = await open({ javaScriptEnabled: false })
    await page.goto('/')
    expect(await page.locator('#statistics').isVisible()).toBe(false)
    expect(loads).toEqual([])
    await context.close()
  })
})
