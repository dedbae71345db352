// The test of every page behind one kind of door, in a real browser, in both directions of writing: usable by everybody,
// on a small phone, and keeping to itself. One file each, so that they run side by side.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import '../../src/app.ts'
import { routeTable, type RouteEntry } from '../../src/platform/web/routers.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, startBrowser, useCookies } from '../support/browser.ts'
import { signedIn } from '../support/cast.ts'
import { ask, type Agent } from '../support/http.ts'
import { addressOf, makeWorld, type World } from '../support/world.ts'

type Who = 'visitor' | 'owner' | 'admin'

const whoSees = ({ door }: RouteEntry): Who =>
  door === 'operator' ? 'admin' : door === 'clinic' || door === 'account' ? 'owner' : 'visitor'

/** `more` is what else to try with the small phone of the first of `people`. */
export function describeEveryPageOf(people: Who[], more?: (scene: () => { page: Page; world: World }) => void): void {
  const pages = routeTable
    .filter(({ method, path }) => method === 'get' && !path.startsWith('/webhooks/'))
    .filter((route) => people.includes(whoSees(route)))
    .map((route) => [route.path, route] as const)

  describeInBrowser(`every page of ${people.join(' and ')}`, () => {
    let app: TestApp
    let browser: Browser
    let world: World
    type Phone = { agent: Agent; context: BrowserContext; page: Page; strangers: string[]; complaints: string[] }
    const phones = new Map<Who, Phone>()
    beforeAll(async () => {
      app = await startTestApp()
      world = await makeWorld(app)
      browser = await startBrowser()
      for (const who of people) phones.set(who, await phoneOf(who))
    })
    afterAll(async () => {
      await browser?.close()
      await app?.stop()
    })

    async function signedInAs(who: Who): Promise<Agent> {
      if (who === 'admin') return signedIn(app, world.adminId)
      return who === 'owner' ? world.here.as(world.here.cast.nadia) : app.agent()
    }

    /** One small phone for each kind of person, with the cookies of signing in. */
    async function phoneOf(who: Who): Promise<Phone> {
      const agent = await signedInAs(who)
      const opened = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
      await useCookies(opened.context, app, agent)
      return { ...opened, agent, page: await opened.context.newPage() }
    }

    it.each(pages)('%s', { timeout: 60_000 }, async (_name, route) => {
      const path = addressOf(route, world.here.slug, world.ids)
      if (path === undefined) return
      const who = whoSees(route)
      const { agent, context, page, strangers, complaints } = phones.get(who)!
      const { status, type } = await ask(app.origin, agent, 'GET', path)
      // What is asked for wrongly is told so; a page is never asked for wrongly.
      expect(status, app.lastError()).toBeLessThan(type.startsWith('text/html') ? 400 : 500)
      if (status !== 200 || !type.startsWith('text/html')) return

      for (const lang of ['en', 'ar']) {
        // At the desk the language is the person's, elsewhere the address's.
        await app.superuser('update platform.users set language = $1', [lang])
        const answer = await page.goto(who === 'visitor' ? `${path}?lang=${lang}` : path, { waitUntil: 'load' })
        // A piece that a script puts into a page is seen there.
        if (!/<html/.test((await answer?.text()) ?? '')) return

        const [shown, dir] = await page.evaluate<[string, string]>(
          '[document.documentElement.lang, document.documentElement.dir]',
        )
        // What is put on the wall is in the clinic's language, an invoice in the one it was issued in, a patient's
        // slip in the patient's, whoever prints it.
        if (!/\/poster$|\/slip$|\/documents\/[^/]+$/.test(path)) expect(shown).toBe(lang)
        expect(dir).toBe(shown === 'en' ? 'ltr' : 'rtl')
        expect((await page.title()).length).toBeGreaterThan(3)

        await expectUsable(page)

        const stored = await page.evaluate('localStorage.length + sessionStorage.length')
        expect(stored, 'things left in the browser').toBe(0)
        const cookies = (await context.cookies()).map(({ name }) => name)
        expect(cookies.filter((name) => !['__Host-nabz', '__Host-csrf'].includes(name))).toEqual([])
        expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
      }
    })

    more?.(() => ({ page: phones.get(people[0]!)!.page, world }))
  })
}
