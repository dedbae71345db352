// A patient with a phone looks at what a clinic holds about them, in a real browser and both directions: proves the
// number, corrects, agrees, stops, takes a copy, asks for deletion, sees how that stands, and closes the page.
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { noteOpening } from '../../src/features/patients/actions/record.ts'
import { setProfile } from '../booking/patient.ts'
import { codesOf } from '../portal/scene.ts'
import { testNow, type TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'

describeInBrowser('a patient and their own data', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  const words = {
    en: {
      privacy: 'Your data', phone: 'Your phone number', send: 'Send me a code', code: 'Code', openIt: 'Open my data',
      wrong: 'That code is not right', correct: 'Correct something', name: 'Name', save: 'Save', saved: 'has it right now', stop: 'Stop all messages', stopped: 'WhatsApp messages are stopped',
      file: 'File (JSON)', erase: 'Delete my data', submit: 'Send to the clinic', reference: 'Reference:', close: 'Close now',
    },
    ar: {
      privacy: 'بياناتك', phone: 'رقم هاتفك', send: 'أرسل لي رمزًا', code: 'الرمز', openIt: 'فتح بياناتي',
      wrong: 'الرمز غير صحيح', correct: 'تصحيح شيء', name: 'الاسم', save: 'حفظ', saved: 'المعلومة الصحيحة الآن', stop: 'إيقاف كل الرسائل', stopped: 'رسائل واتساب متوقفة',
      file: 'ملف (JSON)', erase: 'حذف بياناتي', submit: 'إرسال إلى العيادة', reference: 'المرجع:', close: 'إغلاق الآن',
    },
    ur: {
      privacy: 'آپ کا ڈیٹا', phone: 'آپ کا فون نمبر', send: 'مجھے کوڈ بھیجیں', code: 'کوڈ', openIt: 'میرا ڈیٹا کھولیں',
      wrong: 'کوڈ درست نہیں', correct: 'کچھ درست کریں', name: 'نام', save: 'محفوظ کریں', saved: 'پاس اب درست ہے', stop: 'تمام پیغامات بند کریں', stopped: 'واٹس ایپ پیغامات بند ہیں',
      file: 'فائل (JSON)', erase: 'میرا ڈیٹا حذف کریں', submit: 'کلینک کو بھیجیں', reference: 'حوالہ:', close: 'ابھی بند کریں',
    },
  } as const // prettier-ignore

  let shot = 0
  async function look(page: Page, lang: string, name: string) {
    await expectUsable(page)
    if (!process.env.SHOTS) return
    await page.screenshot({
      path: `${process.env.SHOTS}/${lang}-${String(++shot).padStart(2, '0')}-${name}.png`,
      fullPage: true,
    })
  }

  const tried = process.env.SHOTS ? (['en', 'ar', 'ur'] as const) : (['en', 'ar'] as const)
  it.each(tried)('without an account and without scripts, in %s', { timeout: 90_000 }, async (lang) => {
    app.clock.set(testNow)
    const say = words[lang]
    const clinic = await makeClinic(app, { language: lang })
    const { service, locationId } = await makeBookable(clinic)
    await setProfile(clinic, { phone: '+922135870000' })
    const patient = await makePatient(clinic, { name: 'Ayesha Khan', language: lang, email: 'ayesha@example.org' })
    for (const [on, status] of [
      ['2026-11-26', 'booked'],
      ['2026-11-10', 'fulfilled'],
      ['2026-10-01', 'noshow'],
    ] as const) {
      await makeAppointment(clinic, { service, locationId, patientId: patient.id, on, status })
    }
    await clinic.inClinic((ctx) => noteOpening(ctx, patient.id))
    const { context, strangers, complaints } = await openWindow(browser, app, {
      viewport: { width: 360, height: 740 },
    })
    const page = await context.newPage()
    await page.goto(`/c/${clinic.slug}`)
    await page.getByRole('contentinfo').getByRole('link', { name: say.privacy }).click()
    await look(page, lang, 'start')
    await page.getByLabel(say.phone).fill('abc')
    await page.getByRole('button', { name: say.send }).click()
    await look(page, lang, 'start-wrong')
    await page.getByLabel(say.phone).fill(patient.phone)
    await page.getByRole('button', { name: say.send }).click()
    await look(page, lang, 'code')
    const [code] = await codesOf(app, clinic)
    await page.getByLabel(say.code, { exact: true }).fill(code === '111111' ? '222222' : '111111')
    await page.getByRole('button', { name: say.openIt }).click()
    await page.getByText(say.wrong).first().waitFor()
    await look(page, lang, 'code-wrong')
    await page.getByLabel(say.code, { exact: true }).fill(code!)
    await page.getByRole('button', { name: say.openIt }).click()
    await page.getByText('Ayesha Khan').first().waitFor()
    await look(page, lang, 'person')
    expect((await context.cookies()).map(({ name }) => name)).toEqual(['__Host-csrf'])

    await page.getByRole('link', { name: say.correct }).click()
    await look(page, lang, 'correction')
    await page.getByLabel(say.name, { exact: true }).fill('Aisha Khan')
    await page.getByRole('button', { name: say.save }).click()
    await page.getByText(say.saved).waitFor()
    await page.getByText('Aisha Khan').first().waitFor()
    await page
      .locator('form')
      .filter({ has: page.locator('input[value=feedback]') })
      .getByRole('button')
      .click()
    await page.getByRole('button', { name: say.stop }).click()
    await page.getByText(say.stopped).first().waitFor()
    await look(page, lang, 'stopped')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: say.file }).click(),
    ])
    expect(await readFile(await download.path(), 'utf8')).toContain('Aisha Khan')

    await page.getByRole('link', { name: say.erase }).click()
    await look(page, lang, 'erasure')
    await page.getByRole('button', { name: say.submit }).click()
    await page.getByText(say.reference).waitFor()
    await look(page, lang, 'requested')
    if (process.env.SHOTS) {
      await page.setViewportSize({ width: 1280, height: 900 })
      await look(page, lang, 'wide')
      await page.setViewportSize({ width: 360, height: 740 })
    }
    const address = page.url()
    await page.getByRole('button', { name: say.close }).click()
    await page.getByLabel(say.phone).waitFor()
    expect((await page.goto(address))!.status()).toBe(404)
    await look(page, lang, 'over')
    await app.superuser(`update platform.clinics set status = 'locked' where id = $1`, [clinic.id])
    await page.goto(`/c/${clinic.slug}/privacy`)
    await look(page, lang, 'closed')
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
  })
})
