// Two-step sign-in as people meet it: an app's code, passkeys in a real browser with a virtual authenticator, codes on paper.
import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Language } from '../../src/platform/i18n/languages.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { codeFor, goodPassword } from '../accounts/scene.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, startBrowser } from '../support/browser.ts'
import { makeClinic, unenrol } from '../support/cast.ts'

const say = loadTranslations()

describeInBrowser('two-step sign-in', () => {
  let app: TestApp
  let browser: Browser
  let home: string
  beforeAll(async () => {
    app = await startTestApp({ passwordCost: 4, localhost: true })
    home = app.origin.replace('127.0.0.1', 'localhost')
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  /** An owner without a second factor, who can sign in by the form. */
  async function owner(lang: Language) {
    const clinic = await makeClinic(app)
    const { userId } = clinic.cast.nadia
    await unenrol(app, userId)
    const email = `nadia-${userId.slice(-6)}@example.org`
    await app.superuser('update platform.users set password_hash = $2, email = $3, language = $4 where id = $1', [
      userId,
      await app.services.passwords.hash(goodPassword),
      email,
      lang,
    ])
    return { clinic, userId, email }
  }

  async function windowFor(width: number, colorScheme: 'light' | 'dark' = 'light') {
    const { context, complaints } = await openWindow(browser, app, {
      baseURL: home,
      viewport: { width, height: 900 },
      colorScheme,
      extraHTTPHeaders: {},
    })
    return { context, page: await context.newPage(), complaints }
  }

  async function signIn(page: Page, email: string, lang: Language) {
    await page.goto(`/sign-in?lang=${lang}`)
    await page.locator('#f-email').fill(email)
    await page.locator('#f-password').fill(goodPassword)
    await page.locator('#f-password').press('Enter')
    await page.waitForURL((url) => url.pathname !== '/sign-in')
  }

  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
  const shot = async (page: Page, name: string) => {
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true })
  }

  /** A telephone that makes and uses passkeys, its owner's finger always on it. */
  async function withAuthenticator(page: Page): Promise<{ cdp: CDPSession; id: string }> {
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    const { authenticatorId: id } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    return { cdp, id }
  }

  it.each([
    ['en', 1280, 'light'],
    ['ar', 360, 'dark'],
    ['ur', 360, 'light'],
  ] as const)(
    'by an app: set up, signed in with, the codes kept, in %s',
    { timeout: 90_000 },
    async (lang, width, scheme) => {
      const t = say[lang]
      const { email, clinic } = await owner(lang)
      const { context, page, complaints } = await windowFor(width, scheme)
      await signIn(page, email, lang)
      await page.getByText(t('accounts.factor.banner', { count: 7 })).waitFor()
      await shot(page, `banner-${lang}`)
      await page.goto('/account/second-factor')
      await expectUsable(page)
      await shot(page, `factor-off-${lang}`)
      await press(page, t('accounts.factor.app_set_up'))
      await page.waitForURL('**/account/second-factor/app')
      await expectUsable(page)
      await shot(page, `totp-${lang}`)
      await page.locator('#f-code').fill('000000')
      await page.locator('#f-code').press('Enter')
      await page.getByRole('alert').waitFor()
      await expectUsable(page)
      await page.locator('#f-code').fill(await codeFor(app, email))
      await page.locator('#f-code').press('Enter')
      await page.getByText(t('accounts.codes.title')).first().waitFor()
      await expectUsable(page)
      await shot(page, `codes-${lang}`)
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: t('accounts.codes.download') }).click(),
      ])
      const { readFile } = await import('node:fs/promises')
      const shown = await page.locator('.recovery-codes li').allTextContents()
      expect(shown).toHaveLength(10)
      const file = await readFile(await download.path(), 'utf8')
      for (const code of shown) expect(file).toContain(code)
      await page.getByRole('link', { name: t('accounts.codes.go_on') }).click()
      await page.waitForURL('**/today')
      await page.goto('/account')
      await expectUsable(page)
      await shot(page, `account-${lang}`)
      await page.goto(`/app/${clinic.slug}/settings/staff`)
      await expectUsable(page)
      await shot(page, `staff-${lang}`)
      // Another browser, the next code.
      app.clock.advance({ minutes: 1 })
      const other = await windowFor(width, scheme)
      await signIn(other.page, email, lang)
      await other.page.waitForURL('**/sign-in/second-step**')
      await expectUsable(other.page)
      await shot(other.page, `second-step-${lang}`)
      await other.page.locator('#f-code').fill(shown[3]!)
      await other.page.locator('#f-code').press('Enter')
      await other.page.waitForURL('**/today')
      await other.page.goto('/account/second-factor')
      await shot(other.page, `factor-on-${lang}`)
      app.clock.advance({ minutes: 11 })
      await other.page.goto(`/app/${clinic.slug}/settings/export`)
      await other.page.waitForURL('**/account/confirm**')
      await expectUsable(other.page)
      await shot(other.page, `confirm-${lang}`)
      await other.page.locator('#f-confirm_code').fill(await codeFor(app, email))
      await other.page.locator('#f-confirm_code').press('Enter')
      await other.page.waitForURL('**/settings/export')
      await expectUsable(other.page)
      expect([...complaints, ...other.complaints]).toEqual([])
      await Promise.all([context.close(), other.context.close()])
    },
  )

  it.each(['en', 'ar'] as const)(
    'by a passkey: added, as the second step, without a password, to confirm, removed, in %s',
    { timeout: 90_000 },
    async (lang) => {
      const t = say[lang]
      const { email, clinic, userId } = await owner(lang)
      const { context, page, complaints } = await windowFor(lang === 'ar' ? 360 : 1280)
      const { cdp, id } = await withAuthenticator(page)
      await signIn(page, email, lang)
      await page.goto('/account/second-factor')
      await page.getByRole('link', { name: t('accounts.factor.passkey_add') }).click()
      await expectUsable(page)
      await shot(page, `passkey-new-${lang}`)
      await page.locator('#f-name').fill('Nadia’s phone')
      await press(page, t('accounts.passkey.submit'))
      await page.getByText(t('accounts.codes.title')).first().waitFor()
      await page.goto('/account/second-factor')
      await page.getByText('Nadia’s phone').first().waitFor()
      await expectUsable(page)
      await shot(page, `passkeys-${lang}`)
      const signOut = async () => {
        await page.goto('/account')
        await page
          .getByRole('button', { name: t('shared.nav.sign_out') })
          .first()
          .click()
        await page.waitForURL('**/sign-in**')
      }

      await signOut()
      await signIn(page, email, lang)
      await page.waitForURL('**/second-step**')
      await expectUsable(page)
      await shot(page, `second-step-passkey-${lang}`)
      await press(page, t('accounts.confirm.passkey'))
      await page.waitForURL('**/today')

      await signOut()
      await expectUsable(page)
      await shot(page, `sign-in-${lang}`)
      await press(page, t('accounts.sign_in.passkey'))
      await page.waitForURL('**/today')

      app.clock.advance({ minutes: 11 })
      await page.goto(`/app/${clinic.slug}/settings/export`)
      await page.waitForURL('**/account/confirm**')
      await expectUsable(page)
      await press(page, t('accounts.confirm.passkey'))
      await page.waitForURL('**/settings/export')

      const counters = async () =>
        (
          await app.superuser<{ counter: string }>('select counter from platform.passkeys where user_id = $1', [userId])
        ).map(({ counter }) => Number(counter))
      expect((await counters())[0]).toBeGreaterThanOrEqual(3)
      // A copy of the key would be behind.
      await app.superuser('update platform.passkeys set counter = 1000 where user_id = $1', [userId])
      await signOut()
      await press(page, t('accounts.sign_in.passkey'))
      await page.getByRole('alert').first().waitFor()
      expect(new URL(page.url()).pathname).toBe('/sign-in/passkey')
      await expectUsable(page)
      await app.superuser('update platform.passkeys set counter = 0 where user_id = $1', [userId])
      // Somebody who holds the telephone and is not its owner.
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false })
      await page.goto(`/sign-in?lang=${lang}`)
      await press(page, t('accounts.sign_in.passkey'))
      await page.getByText(t('accounts.passkey.failed')).waitFor()
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: true })
      await press(page, t('accounts.sign_in.passkey'))
      await page.waitForURL('**/today')

      await page.goto('/account/second-factor')
      await page.getByRole('button', { name: t('accounts.factor.passkey_remove') }).click()
      await page.getByText(t('accounts.error.factor_needed')).waitFor()
      await app.superuser('update platform.clinics set factor_required = false where id = $1', [clinic.id])
      await page.getByRole('button', { name: t('accounts.factor.passkey_remove') }).click()
      await page.getByText(t('accounts.flash.passkey_removed')).waitFor()
      expect(complaints.filter((one) => !one.includes('422'))).toEqual([])
      await context.close()
    },
  )

  it(
    'V6.5.1: an answer for another site, to an old question, or another’s opens nothing',
    { timeout: 60_000 },
    async () => {
      const { email } = await owner('en')
      const { context, page } = await windowFor(1280)
      await withAuthenticator(page)
      await signIn(page, email, 'en')
      await page.goto('/account/passkeys/new')
      await page.locator('#f-name').fill('phone')
      await press(page, say.en('accounts.passkey.submit'))
      await page.getByText(say.en('accounts.codes.title')).first().waitFor()
      // What the browser would post, kept to be posted again.
      const bodies: string[] = []
      await page.goto('/account')
      await page
        .getByRole('button', { name: say.en('shared.nav.sign_out') })
        .first()
        .click()
      await page.waitForURL('**/sign-in**')
      page.on('request', (request) => {
        if (request.method() === 'POST' && new URL(request.url()).pathname === '/sign-in/passkey')
          bodies.push(request.postData() ?? '')
      })
      await press(page, say.en('accounts.sign_in.passkey'))
      await page.waitForURL('**/today')
      const answer = new URLSearchParams(bodies[0]).get('response')!
      const thief = await windowFor(1280)
      const send = async (path: string, form: Record<string, string>) => {
        await thief.page.goto('/sign-in')
        const token = await thief.page.locator('form.form input[name=_csrf]').getAttribute('value')
        return thief.page.request.post(path, { form: { ...form, _csrf: token ?? '' } })
      }
      const post = async (response: string) => (await send('/sign-in/passkey', { response })).status()
      expect(await post(answer)).toBe(422)
      const said = JSON.parse(answer) as { response: { clientDataJSON: string } }
      const client = JSON.parse(Buffer.from(said.response.clientDataJSON, 'base64url').toString()) as Record<
        string,
        unknown
      >
      const altered = (change: Record<string, unknown>) =>
        JSON.stringify({
          ...said,
          response: {
            ...said.response,
            clientDataJSON: Buffer.from(JSON.stringify({ ...client, ...change })).toString('base64url'),
          },
        })
      // A question of today, but nobody's key has signed it.
      const { challenge } = (await (await send('/sign-in/passkey-options', {})).json()) as { challenge: string }
      const open = async () => (await app.superuser('select 1 from platform.passkey_challenges')).length
      const before = await open()
      expect(await post(altered({ challenge }))).toBe(422)
      expect(await post(altered({ origin: 'https://evil.test' }))).toBe(422)
      for (const nonsense of ['', '{}', 'null', '[]', '{"id":{}}', 'x'.repeat(30_000)])
        expect(await post(nonsense)).toBe(422)
      // One question serves one answer, also when the answer was wrong.
      expect(await open()).toBe(before - 1)
      await Promise.all([context.close(), thief.context.close()])
    },
  )
})
