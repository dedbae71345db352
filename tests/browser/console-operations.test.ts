// The operating half of the console in a real browser: a walk through each of its pages, at a desk and on a phone, in
// English and in Arabic, and a support visit from being declared to being ended.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fileRequest } from '../../src/features/requests/actions.ts'
import { queueMail } from '../../src/platform/mails.ts'
import { queueMessage } from '../../src/platform/outbox.ts'
import type { Language } from '../../src/platform/i18n/languages.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, startBrowser, useCookies } from '../support/browser.ts'
import { makeClinic, makePlatformAdmin, signedIn, type TestClinic } from '../support/cast.ts'
import { makeBookable, makePatient } from '../support/factories.ts'

const say = loadTranslations()

describeInBrowser('running the service', () => {
  let app: TestApp
  let browser: Browser
  let clinic: TestClinic
  let admin: Awaited<ReturnType<typeof makePlatformAdmin>>
  beforeAll(async () => {
    app = await startTestApp()
    browser = await startBrowser()
    clinic = await makeClinic(app)
    admin = await makePlatformAdmin(app)
    await makeBookable(clinic)
    await furnish()
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  /** Something on every page: jobs that went well and badly, messages that wait and fail, people who write. */
  async function furnish() {
    const now = app.clock.now()
    await app.superuser(
      `insert into platform.jobs (name, schedule, last_started_at, last_ended_at, last_ms, last_result, last_error_name,
         last_error_code, last_success_at, runs, failures, failures_in_a_row)
       values ('messaging.dispatch', '*/5 * * * * *', $1, $1, 42, 'done', null, null, $1, 86400, 3, 0),
         ('subscription.life', '0 10 * * * *', $1, $1, 5120, 'failed', 'DatabaseError', '40001', null, 12, 4, 4),
         ('announcements.send', '20 * * * * *', null, null, null, null, null, null, null, 0, 0, 0)`,
      [now.toString()],
    )
    await app.superuser(
      `insert into platform.job_runs (id, job, process, requested, started_at, ended_at, duration_ms, result, error_name, error_code)
       select gen_random_uuid(), 'subscription.life', gen_random_uuid(), n = 2, $1::timestamptz - n * interval '1 hour',
         $1::timestamptz - n * interval '1 hour', 900 * n, (array['done', 'failed', 'killed'])[1 + n % 3],
         case when n % 3 = 1 then 'DatabaseError' end, case when n % 3 = 1 then '40001' end
       from generate_series(1, 9) n`,
      [now.toString()],
    )
    const patient = await makePatient(clinic)
    for (const [kind, minutes] of [
      ['reminder_24h', 90],
      ['confirmation', -4],
      ['confirmation', -50],
      ['moved', -200],
    ] as const) {
      await clinic.inClinic((ctx) =>
        queueMessage(ctx, {
          kind,
          template: 'confirmation',
          recipient: { channel: 'whatsapp', phone: patient.phone },
          language: 'en',
          appointmentId: null,
          version: 1,
          dueAt: ctx.now.add({ minutes }),
        }),
      )
    }
    await app.superuser(
      `update clinic.messages set status = 'failed', failed_at = $1, error_code = '131026' where kind = 'moved'`,
      [now.toString()],
    )
    await queueMail(app.services.db, app.services.keys.platform, {
      kind: 'password_reset', to: 'a@b.test', subject: 's', text: 't', now,
    }) // prettier-ignore
    await app.superuser(`update platform.mails set status = 'failed', error_code = '550', attempts = 8`)
    for (const [topic, name, message, days] of [
      ['privacy', 'Ayesha Siddiqui', 'Please send me everything you keep about me.', 25],
      ['privacy', 'Imran Qureshi', 'Delete my number.', 31],
      ['privacy', 'فاطمة حسن', 'أريد نسخة من بياناتي.', 2],
      ['plans', 'Yusuf Ali', 'What does the Group plan cost in Kuwait?', 1],
    ] as const) {
      const filed = await fileRequest(
        app.services,
        { requestId: 'test', address: `2001:db8:${days}::1` },
        { topic, name, message, email: 'somebody@patient.test', language: 'en', clinicSlug: clinic.slug },
      )
      if (!filed.ok) throw new Error(filed.reason)
      await app.superuser(
        `update platform.requests set received_at = received_at - $2 * interval '1 day', due_at = due_at - $2 * interval '1 day' where id = $1`,
        [filed.value.id, days],
      )
    }
  }

  async function windowFor(lang: Language, width: number, who: { userId: typeof admin.userId } = admin) {
    await app.superuser('update platform.users set language = $1', [lang])
    const opened = await openWindow(browser, app, { viewport: { width, height: 800 } })
    await useCookies(opened.context, app, await signedIn(app, who.userId))
    return { ...opened, page: await opened.context.newPage() }
  }

  /** Looks at the page that is open. */
  async function look(page: Page, _name: string) {
    await expectUsable(page)
  }

  it.each([
    ['en', 1280],
    ['ar', 1280],
    ['en', 360],
    ['ar', 360],
    ['ur', 360],
  ] as const)('shows every page in %s at %i px', { timeout: 120_000 }, async (lang, width) => {
    const { page, context, strangers, complaints } = await windowFor(lang, width)
    for (const path of [
      '/admin/jobs',
      '/admin/jobs?job=subscription.life',
      '/admin/messages',
      `/admin/messages?clinic=${clinic.slug}`,
      '/admin/requests?view=running',
      '/admin/announcements/new',
      '/admin/switches?change=public_booking',
      '/admin/audit',
      '/admin/support',
    ]) {
      await page.goto(path)
      await look(page, `${lang}-${width}${path.replace(/\W+/g, '-')}`)
    }
    await page.goto('/admin/requests')
    await page.locator('tbody a').first().click()
    await page.waitForURL(/requests\/[0-9a-f-]+$/)
    await look(page, `${lang}-${width}-request`)
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
  })

  it.each(['en', 'ar'] as const)(
    'announces something and answers somebody, in %s',
    { timeout: 120_000 },
    async (lang) => {
      const t = say[lang]
      const { page, context, complaints } = await windowFor(lang, 1280)
      await page.goto('/admin/announcements/new')
      for (const [field, text] of [
      ['title_en', 'New: visit reasons'], ['text_en', 'Patients can say why they come.'],
      ['title_ar', 'جديد: سبب الزيارة'], ['text_ar', 'يمكن للمرضى ذكر سبب الزيارة.'],
      ['title_ur', 'نیا: آنے کی وجہ'], ['text_ur', 'مریض آنے کی وجہ بتا سکتے ہیں۔'],
      ['starts', '2026-11-24T06:00'],
    ] as const) await page.fill(`#f-${field}`, text) // prettier-ignore
      await page.getByRole('button', { name: t('announcements.edit.publish') }).click()
      // Nowhere to show it: the page says so and keeps every word.
      await page.getByText(t('announcements.error.somewhere')).first().waitFor()
      expect(await page.inputValue('#f-text_ur')).toBe('مریض آنے کی وجہ بتا سکتے ہیں۔')
      await look(page, `${lang}-announcement-wrong`)
      await page.check('#f-banner')
      await page.check('#f-email')
      await page.getByRole('button', { name: t('announcements.edit.preview') }).click()
      await page.getByText(t('announcements.edit.as_shown')).waitFor()
      await look(page, `${lang}-announcement-preview`)
      await page.getByRole('button', { name: t('announcements.edit.publish') }).click()
      await page.getByText(t('announcements.flash.published')).waitFor()
      await page.goto('/admin/announcements')
      await look(page, `${lang}-announcements`)
      await context.close()

      const desk = await windowFor(lang, 360, clinic.cast.nadia)
      await desk.page.goto(`/app/${clinic.slug}/today`)
      await look(desk.page, `${lang}-banner`)
      const banner = desk.page
        .locator('.banner')
        .filter({ hasText: lang === 'ar' ? 'جديد' : 'New:' })
        .first()
      await banner.getByRole('button', { name: t('announcements.dismiss') }).click()
      await desk.page.waitForLoadState()
      await desk.context.close()
      expect(complaints).toEqual([])
    },
  )

  it.each(['en', 'ar'] as const)('visits a clinic whose owner allows it, in %s', { timeout: 120_000 }, async (lang) => {
    const t = say[lang]
    const { page, context } = await windowFor(lang, 1280)
    await page.goto(`/admin/support?clinic=${clinic.slug}`)
    await page.fill('#f-reason', 'Reminders do not arrive, ticket 17')
    await page.getByRole('button', { name: t('support.console.send') }).click()
    await page.getByText(t('support.flash.asked')).waitFor()

    const owner = await windowFor(lang, 360, clinic.cast.nadia)
    await owner.page.goto(`/app/${clinic.slug}/settings/support`)
    await look(owner.page, `${lang}-support-asked`)
    await owner.page.getByRole('button', { name: t('support.allow') }).click()
    await owner.page.getByText(t('support.flash.allowed')).waitFor()

    await page.goto('/admin/support')
    await look(page, `${lang}-support-allowed`)
    await page.getByRole('button', { name: t('support.console.start') }).click()
    await page.waitForURL(/\/today$/)
    await look(page, `${lang}-support-visit`)
    await owner.page.goto(`/app/${clinic.slug}/today`)
    await look(owner.page, `${lang}-support-owner`)
    await page.goto(`/app/${clinic.slug}/settings`)
    await page.locator('form button.btn-primary').first().click()
    await page.getByText(t('support.look_only.title')).first().waitFor()
    await look(page, `${lang}-support-look-only`)
    await page.getByRole('button', { name: t('support.end') }).click()
    await page.waitForURL(/\/admin\/support$/)
    await look(page, `${lang}-support-ended`)
    expect((await page.goto(`/app/${clinic.slug}/today`))?.status()).toBe(404)
    await owner.context.close()
    await context.close()
  })
})
