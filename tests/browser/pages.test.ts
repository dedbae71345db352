// Every page there is, in a real browser, in both directions of writing: usable by everybody, on a small phone, and
// keeping to itself.
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import '../../src/app.ts'
import { routeTable, type RouteEntry } from '../../src/platform/web/routers.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeInBrowser, openWindow, startBrowser } from '../support/browser.ts'
import { signedIn } from '../support/cast.ts'
import { ask, type Agent } from '../support/http.ts'
import { addressOf, makeWorld, type World } from '../support/world.ts'

const pages = routeTable
  .filter(({ method, path }) => method === 'get' && !path.startsWith('/webhooks/'))
  .map((route) => [route.path, route] as const)

describeInBrowser('every page', () => {
  let app: TestApp
  let browser: Browser
  let world: World
  beforeAll(async () => {
    app = await startTestApp()
    world = await makeWorld(app)
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  async function visitorOf(route: RouteEntry): Promise<Agent> {
    if (route.door === 'operator') return signedIn(app, world.adminId)
    if (route.door === 'clinic' || route.door === 'account') return world.here.as(world.here.cast.nadia)
    return app.agent()
  }

  /** As the people of the page would see it: at the desk the language is the person's, elsewhere the address's. */
  async function inLanguage(route: RouteEntry, path: string, lang: string): Promise<string> {
    await app.superuser('update platform.users set language = $1', [lang])
    return route.door === 'public' || route.door === 'patient' ? `${path}?lang=${lang}` : path
  }

  const show = async (context: BrowserContext, path: string): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(path, { waitUntil: 'load' })
    return page
  }

  it.each(pages)('%s', { timeout: 60_000 }, async (_name, route) => {
    const path = addressOf(route, world.here.slug, world.ids)
    if (path === undefined) return
    const visitor = await visitorOf(route)
    const { status, type } = await ask(app.origin, visitor, 'GET', path)
    expect(status).toBeLessThan(400)
    if (status !== 200 || !type.startsWith('text/html')) return

    for (const lang of ['en', 'ar']) {
      const address = await inLanguage(route, path, lang)
      const { context, strangers, complaints } = await openWindow(browser, app, {
        viewport: { width: 360, height: 740 },
      })
      await context.addCookies(
        [...visitor.cookies].map(([name, value]) => ({
          name,
          value,
          url: app.origin.replace('http:', 'https:'),
          secure: true,
        })),
      )
      const page = await show(context, address)

      expect(await page.locator('html').getAttribute('dir'), 'direction').toBe(lang === 'ar' ? 'rtl' : 'ltr')
      expect((await page.title()).length).toBeGreaterThan(3)
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        .disableRules('region')
        .analyze()
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join('  ')}`),
        `axe, ${lang}`,
      ).toEqual([])

      const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      expect(wide, `pixels that stick out on a small phone, ${lang}`).toBeLessThanOrEqual(0)

      const stored = await page.evaluate('localStorage.length + sessionStorage.length')
      expect(stored, 'things left in the browser').toBe(0)
      const cookies = (await context.cookies()).map(({ name }) => name)
      expect(cookies.filter((name) => !['__Host-nabz', '__Host-csrf'].includes(name))).toEqual([])
      expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
      await context.close()
    }
  })
})
