// A real Chromium for tests of what only a browser knows. Found where the system has it; nothing is downloaded.
import { accessSync, constants, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import { beforeAll, describe, expect } from 'vitest'
import { startTestApp, type TestApp, type TestAppOptions } from './app.ts'
import type { Agent } from './http.ts'

const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

export const chromiumPath = [process.env.CHROMIUM_PATH, ...usual].find((path) => path !== undefined && runnable(path))

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const howTo = 'Browser tests need Chromium: `apt-get install chromium fonts-noto-core`, or name one in CHROMIUM_PATH.'

/** `describe` for tests that need a browser: without one they are skipped, loudly; in CI that is a failure. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (chromiumPath !== undefined) {
    describe(name, tests)
    return
  }
  if (process.env.CI === 'true') throw new Error(howTo)
  console.warn(`\nSKIPPED: ${name}. ${howTo}\n`)
  describe.skip(name, tests)
}

export async function startBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(howTo)
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
}

/** An app and a browser, handed over before the tests of a `describe` and there for as long as they run. */
export function withAppAndBrowser(
  take: (started: { app: TestApp; browser: Browser }) => void,
  options: TestAppOptions = {},
): void {
  beforeAll(async () => {
    const app = await startTestApp(options)
    try {
      const browser = await startBrowser()
      take({ app, browser })
      return async () => {
        await browser.close()
        await app.stop()
      }
    } catch (error) {
      await app.stop()
      throw error
    }
  })
}

/**
 * A window of somebody's own. A request to any host but ours fails the promise of no third party: it is noted in
 * `strangers`, like everything the content policy refused and every error of a page's script in `complaints`.
 */
export async function openWindow(
  browser: Browser,
  app: TestApp,
  options: BrowserContextOptions = {},
): Promise<{ context: BrowserContext; strangers: string[]; complaints: string[] }> {
  const context = await browser.newContext({
    baseURL: app.origin,
    viewport: { width: 390, height: 844 },
    // As the proxy in front would say: cookies are then those of production. Chromium keeps Secure ones for 127.0.0.1.
    extraHTTPHeaders: { 'X-Forwarded-Proto': 'https' },
    ...options,
  })
  context.setDefaultTimeout(10_000)
  const strangers: string[] = []
  const complaints: string[] = []
  context.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(app.origin) && !url.startsWith('data:') && !url.startsWith('about:')) strangers.push(url)
  })
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Refused to/.test(message.text())) {
      complaints.push(message.text())
    }
  })
  return { context, strangers, complaints }
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const axeOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  // A link above the page's landmarks is fine.
  rules: { region: { enabled: false } },
  // Everything is looked at, but only what is wrong is described.
  resultTypes: ['violations'],
}

/** Nothing axe would complain about, and nothing that sticks out sideways. */
export async function expectUsable(page: Page): Promise<void> {
  // A page that goes while it is looked at was the one before: a press does not wait for what it leads to.
  let left = false
  const leaves = () => (left = true)
  page.on('domcontentloaded', leaves)
  const violations = await askAxe(page).catch(async (error: unknown) => {
    await page.waitForLoadState()
    if (!left) throw error
    return askAxe(page)
  })
  page.off('domcontentloaded', leaves)
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join('  ')}`)
  expect(told, `axe on ${page.url()}`).toEqual([])
  const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  expect(wide, `pixels that stick out of ${page.url()}`).toBeLessThanOrEqual(0)
  expect(await page.evaluate(strayDots), `dots at the end of a line, or lost, on ${page.url()}`).toEqual([])
}

/** The facts before dots that are the last of their line and seen, or that are not text of a line at all. */
const strayDots = `[...document.querySelectorAll('.dot')].flatMap((dot) => {
  const after = document.createRange()
  after.setStartAfter(dot)
  after.setEndAfter(dot.parentNode.lastChild)
  const [next] = [...after.getClientRects()].filter(({ width }) => width > 0)
  const { width, bottom } = dot.getBoundingClientRect()
  const lost = getComputedStyle(dot.parentElement).display.includes('flex')
  return next && (lost || (width > 0 && next.top > bottom)) ? [dot.parentElement.outerHTML.slice(0, 200)] : []
})`

async function askAxe(page: Page): Promise<{ id: string; nodes: { html: string }[] }[]> {
  // Put there by hand, as no page has a frame: the package for it sends the whole of axe several times.
  if (!(await page.evaluate(`'axe' in window`))) await page.evaluate(axeSource)
  return page.evaluate(`axe.run(document, ${JSON.stringify(axeOptions)}).then(({ violations }) => violations)`)
}

/** Gives a window the cookies of a browser that signed in elsewhere. */
export async function useCookies(context: BrowserContext, app: TestApp, agent: Agent): Promise<void> {
  // Said of https, where such cookies come from; Chromium sends them to 127.0.0.1 all the same.
  const url = app.origin.replace('http:', 'https:')
  await context.addCookies([...agent.cookies].map(([name, value]) => ({ name, value, url, secure: true })))
}

/** Bytes over the wire for whatever a page loads, each page counted as if it were the first. */
export async function weighPages(page: Page): Promise<{ heaviest(): { url: string; bytes: number } }> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  const weights: { url: string; bytes: number }[] = []
  page.on('request', (request) => {
    if (request.isNavigationRequest()) weights.push({ url: request.url(), bytes: 0 })
  })
  page.on('requestfinished', (request) => {
    const current = weights.at(-1)
    if (current === undefined) return
    request.sizes().then(
      ({ responseBodySize, responseHeadersSize }) => {
        current.bytes += responseBodySize + responseHeadersSize
      },
      // The page was left before its size was known.
      () => undefined,
    )
  })
  return { heaviest: () => weights.reduce((a, b) => (b.bytes > a.bytes ? b : a)) }
}
