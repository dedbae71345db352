// The public side as people see it: in three languages, on a small phone, without scripts, by anybody.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { helpNames } from '../../src/features/site/pages/help.ts'
import { policyCodes } from '../../src/kernel/policies.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, startBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'
import { makeBookable } from '../support/factories.ts'

const languages = ['en', 'ar', 'ur'] as const
const titles = { en: 'A full diary, a quiet phone.', ar: 'جدول ممتلئ وهاتف هادئ.', ur: 'بھری ڈائری، خاموش فون۔' }
const pages = [
  '/pricing?country=PK',
  '/help',
  '/help?q=stop',
  ...helpNames.map((name) => `/help/${name}`),
  ...policyCodes.map((code) => `/${code}`),
  '/status',
  '/clinics',
  '/contact',
  '/contact/sent?reference=ABCD-EFGH',
]

describeInBrowser('the public side', () => {
  let app: TestApp
  let browser: Browser
  beforeAll(async () => {
    app = await startTestApp()
    const clinic = await makeClinic(app, { name: 'عيادة النور للأسنان وطب الفم والتقويم Nour' })
    await makeBookable(clinic)
    await app.superuser('update platform.clinics set listed = true where id = $1', [clinic.id])
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  const withLang = (path: string, lang: string) => `${path}${path.includes('?') ? '&' : '?'}lang=${lang}`
  async function phone(width = 320) {
    const window = await openWindow(browser, app, { viewport: { width, height: 720 }, javaScriptEnabled: true })
    return { ...window, page: await window.context.newPage() }
  }
  /** Text that is wider than the box it stands in, which nobody could read to its end. */
  const clipped = (page: Page) =>
    page.evaluate(`[...document.querySelectorAll('h1, h2, h3, p, li, a.btn, summary, th, td')]
      .filter((one) => one.checkVisibility() && !one.closest('.visually-hidden') && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
      .map((one) => one.tagName + ' ' + one.textContent.trim().slice(0, 60))`)

  it.each(languages)('the first page in %s: at three widths, in light and dark', { timeout: 60_000 }, async (lang) => {
    const windows = [
      { width: 320, colorScheme: 'light' },
      { width: 768, colorScheme: 'dark' },
      { width: 1280, colorScheme: 'light' },
    ] as const
    for (const { width, colorScheme } of windows) {
      const viewport = { width, height: 800 }
      const { context, strangers, complaints } = await openWindow(browser, app, { viewport, colorScheme })
      const page = await context.newPage()
      await page.goto(withLang('/', lang))
      expect(await page.textContent('h1')).toBe(titles[lang])
      await expectUsable(page)
      expect(await clipped(page)).toEqual([])
      expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
      expect(await context.cookies()).toEqual([])
      await context.close()
    }
  })

  it.each(languages)('every other page in %s, on the smallest phone', { timeout: 120_000 }, async (lang) => {
    const { context, page, strangers, complaints } = await phone()
    for (const path of pages) {
      await page.goto(withLang(path, lang))
      // The walk over all pages looks at the other two languages with axe.
      if (lang === 'ur') await expectUsable(page)
      const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
      expect([path, await clipped(page), await page.evaluate(wide)]).toEqual([path, [], 0])
    }
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
  })

  it('from the first page to an account, to prices, to an answer: without scripts', { timeout: 60_000 }, async () => {
    const { context } = await openWindow(browser, app, {
      viewport: { width: 360, height: 740 },
      javaScriptEnabled: false,
      locale: 'en-PK',
    })
    const page = await context.newPage()
    const price = async () => (await page.textContent('.plan-best .plan-price'))?.replaceAll('\u00a0', ' ')
    await page.goto('/')
    await page.click('.top-menu summary')
    await page.click('.top-sheet a[href^="/pricing"]')
    expect(await price()).toContain('Rs 6,000')
    await page.click('.segments a >> nth=1')
    expect(await price()).toContain('Rs 60,000')
    await page.click('.markets summary')
    await page.click('.markets a:has-text("Egypt")')
    expect(page.url()).toContain('country=EG&interval=year')
    expect(await price()).toContain('11,990')

    await page.goto('/help')
    await page.fill('#help-q', 'power')
    await page.click('.search button')
    await page.click('.hits a >> nth=0')
    expect(await page.textContent('h1')).toBe("The desk's day")

    await page.goto('/contact')
    await page.click('button:has-text("Send")')
    expect(await page.textContent('.error-summary')).toContain('Enter your name')
    await page.check('input[value="question"]')
    await page.fill('#f-name', 'Huda')
    await page.fill('#f-email', 'huda@example.org')
    await page.fill('#f-message', 'Do you open on Fridays?')
    await page.click('button:has-text("Send")')
    expect(await page.textContent('h1')).toBe('Your message has arrived')
    expect(await page.isVisible('.reference')).toBe(true)

    await page.goto('/clinics')
    await page.selectOption('#f-country', 'PK')
    await page.click('.filters button')
    await page.click('.found a')
    expect(await page.textContent('h1')).toContain('عيادة النور')
    await context.close()
  })

  it('is walked by keyboard: past the header at once, and to the menu', async () => {
    const { context, page } = await phone(360)
    await page.goto('/?lang=en')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.className')).toBe('skip-link')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    await context.close()
  })
})
