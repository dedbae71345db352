// Each right of a patient, decided by an owner in a real browser, in English on a phone and in Arabic on a desk.
import type { Browser, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { answerToken } from '../../src/features/rights/actions/answer.ts'
import { receiveRequest } from '../../src/features/rights/actions/receive.ts'
import { rightKinds, type RightKind, type RightsRequestId } from '../../src/features/rights/rules.ts'
import type { TestApp } from '../support/app.ts'
import { describeInBrowser, expectUsable, openWindow, useCookies, withAppAndBrowser } from '../support/browser.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'

describeInBrowser('a right', () => {
  let app: TestApp
  let browser: Browser
  withAppAndBrowser((started) => ({ app, browser } = started))

  const words = {
    en: {
      viewport: { width: 360, height: 740 },
      seen: 'I have seen it',
      note: 'What you saw',
      decide: 'Decide and answer',
      answer: 'Our answer',
      done: {
        access: 'Give the copy', correction: 'Put it right', erasure: 'Erase', restriction: 'Restrict',
        objection: 'Stop these messages', withdrawal: 'Stop these messages', portability: 'Give the file',
      },
      name: 'Name',
      code: 'Send a code',
      six: 'Six-digit code',
      read: 'Read it',
      visits: 'Visits',
    },
    ar: {
      viewport: { width: 1280, height: 900 },
      seen: 'رأيتها',
      note: 'ما الذي رأيتموه',
      decide: 'تنفيذ القرار والرد',
      answer: 'ردّنا',
      done: {
        access: 'إعطاء النسخة', correction: 'التصحيح', erasure: 'المحو', restriction: 'التقييد',
        objection: 'إيقاف هذه الرسائل', withdrawal: 'إيقاف هذه الرسائل', portability: 'إعطاء الملف',
      },
      name: 'الاسم',
      code: 'إرسال رمز',
      six: 'الرمز المكوّن من ستة أرقام',
      read: 'قراءتها',
      visits: 'الزيارات',
    },
  } as const // prettier-ignore

  async function shot(page: Page, name: string) {
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/rights-${name}.png`, fullPage: true })
  }

  async function codeOf(clinic: TestClinic): Promise<string> {
    const [message] = await app.superuser<{ id: string; params_sealed: Buffer }>(
      `select id, params_sealed from clinic.messages where clinic_id = $1 and kind = 'code' order by created_at desc limit 1`,
      [clinic.id],
    )
    const params = await clinic.inClinic((ctx) =>
      Promise.resolve(ctx.seal.openJson(message!.params_sealed, 'messages.params', message!.id)),
    )
    return (params as { code: string }).code
  }

  const cases = (['en', 'ar'] as const).flatMap((lang) => rightKinds.map((kind) => [kind, lang] as const))
  it.each(cases)('to %s is proven, decided and answered, in %s', { timeout: 60_000 }, async (kind: RightKind, lang) => {
    const say = words[lang]
    const clinic = await makeClinic(app, { language: lang })
    await app.superuser('update platform.users set language = $1 where id = $2', [lang, clinic.cast.nadia.userId])
    const { service, locationId } = await makeBookable(clinic)
    const patient = await makePatient(clinic, {
      language: lang,
      name: lang === 'ar' ? 'عائشة صديقي' : 'Ayesha Siddiqui',
    })
    await makeAppointment(clinic, { service, locationId, patientId: patient.id, on: '2026-11-20', status: 'fulfilled' })
    await makeAppointment(clinic, { service, locationId, patientId: patient.id, on: '2026-11-30' })
    const wishes = {
      words: lang === 'ar' ? 'أرجو ذلك' : 'I would like that',
      ...(kind === 'correction' ? { correction: { name: lang === 'ar' ? 'عائشة الصديقي' : 'Aisha Siddiqui' } } : {}),
    }
    const asked = await clinic.inClinic((ctx) =>
      receiveRequest(ctx, { kind, source: 'patient_page', language: lang, wishes, patientId: patient.id }),
    )
    if (!asked.ok) throw new Error(asked.reason)
    const { id } = asked.value

    const { context, strangers, complaints } = await openWindow(browser, app, { viewport: say.viewport })
    await useCookies(context, app, await clinic.as(clinic.cast.nadia))
    const page = await context.newPage()
    await page.goto(`/app/${clinic.slug}/settings/privacy/requests`)
    await expectUsable(page)
    if (kind === 'access') await shot(page, `list-${lang}`)
    await page.locator(`a[href$="${id}"]`).click()
    await expectUsable(page)
    await shot(page, `${kind}-new-${lang}`)
    await page.getByLabel(say.note).fill('ID 4321')
    await page.getByRole('button', { name: say.seen }).click()
    if (kind === 'access') {
      // Nothing chosen: the page says so, and keeps what was typed.
      await page.getByRole('button', { name: say.decide }).click()
      await page.getByRole('alert').waitFor()
      await expectUsable(page)
    }
    await page.getByLabel(say.done[kind], { exact: true }).check()
    await page.getByRole('button', { name: say.decide }).click()
    await page.getByRole('heading', { name: say.answer }).waitFor()
    await expectUsable(page)
    await shot(page, `${kind}-done-${lang}`)
    await page.goto(`/app/${clinic.slug}/settings/privacy/requests/${id}/answer`)
    await expectUsable(page)

    const outcome = await app.superuser('select outcome from clinic.rights_requests where id = $1', [id])
    expect(outcome).toEqual([{ outcome: 'done' }])
    await answerOf(clinic, id, kind, lang)
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
  })

  /** What the patient sees behind the link, on a phone; of a copy also what is behind the code. */
  async function answerOf(clinic: TestClinic, id: RightsRequestId, kind: RightKind, lang: 'en' | 'ar') {
    const say = words[lang]
    const token = await clinic.inClinic((ctx) => Promise.resolve(answerToken(ctx, id)))
    const { context, strangers, complaints } = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
    const page = await context.newPage()
    await page.goto(`/c/${clinic.slug}/privacy/answer/${token}`)
    await page.getByRole('heading', { name: say.answer }).waitFor()
    await expectUsable(page)
    await shot(page, `${kind}-answer-${lang}`)
    if (kind === 'access' || kind === 'portability') {
      await page.getByRole('button', { name: say.code }).click()
      await page.getByLabel(say.six).fill(await codeOf(clinic))
      await expectUsable(page)
      await page.getByRole('button', { name: say.read }).click()
      await page.getByRole('heading', { name: say.visits }).waitFor()
      await expectUsable(page)
      await shot(page, `${kind}-copy-${lang}`)
    }
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
  }

  it('is written down at the desk, for somebody known and somebody new', { timeout: 60_000 }, async () => {
    const clinic = await makeClinic(app)
    await makePatient(clinic, { name: 'Hamid Raza' })
    const { context, strangers, complaints } = await openWindow(browser, app, { viewport: { width: 360, height: 740 } })
    await useCookies(context, app, await clinic.as(clinic.cast.nadia))
    const page = await context.newPage()
    await page.goto(`/app/${clinic.slug}/settings/privacy/requests`)
    await expectUsable(page)
    await shot(page, 'empty')
    await page.getByRole('link', { name: 'New request' }).click()
    await expectUsable(page)
    await shot(page, 'new')
    await page.getByRole('button', { name: 'Write it down' }).press('Enter')
    await page.getByRole('alert').waitFor()
    await expectUsable(page)
    await page.getByRole('main').getByRole('searchbox').fill('Hamid')
    await page.getByRole('main').getByRole('button', { name: 'Find' }).click()
    await page.getByRole('link', { name: 'Hamid Raza' }).click()
    await page.getByRole('radio', { name: /Restrict their data/ }).check()
    await page.getByRole('button', { name: 'Write it down' }).press('Enter')
    await page.getByText(/Written down as D-/).waitFor()
    await expectUsable(page)
    await page.goto(`/app/${clinic.slug}/settings/privacy/requests/restricted`)
    await expectUsable(page)
    expect({ strangers, complaints }).toEqual({ strangers: [], complaints: [] })
    await context.close()
  })
})
