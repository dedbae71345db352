// Who may do what, as owners read it, and two roles that see only a part of a clinic.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowed, deskPermissions, roles } from '../../src/kernel/permissions.ts'
import { languages } from '../../src/platform/i18n/languages.ts'
import { readLocale } from '../../src/platform/i18n/translate.ts'
import { routeTable } from '../../src/platform/web/routers.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeDocument } from '../support/books.ts'
import { hire, makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let visitId: string
let patientId: string
let documentId: string
const name = 'Zahra Canary'
beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app)
  const bookable = await makeBookable(clinic)
  const patient = await makePatient(clinic, { name })
  const visit = await makeAppointment(clinic, { ...bookable, patientId: patient.id, at: '16:00' })
  patientId = patient.id
  visitId = visit.id
  documentId = (await makeDocument(clinic)).id
})
afterAll(() => app.stop())

const at = (path: string) => `/app/${clinic.slug}${path}`
/** Where the navigation leads, and the search and booking above it. */
const doorsOf = (html: string) => ({
  nav: [...html.matchAll(/class="side-link" href="([^"]+)"/g)].map(([, href]) => href!.slice(at('').length)),
  search: html.includes('top-search'),
  book: html.includes('top-new'),
})

describe('the page of roles', () => {
  it('is the table that every door asks', async () => {
    const nadia = await clinic.as(clinic.cast.nadia)
    const { text } = await nadia.get(at('/settings/staff/roles')).expect(200)
    const shown = [...text.matchAll(/<tr data-permission="([\w.]+)">(.*?)<\/tr>/gs)].map(
      ([, permission, row = '']): [string | undefined, Record<string, boolean>] => [
        permission,
        Object.fromEntries(
          [...row.matchAll(/<td class="(may|may-not)" [^>]*data-role="(\w+)"[^>]*>(.*?)<\/td>/gs)].map(
            ([, css, role = '', cell = '']) => [role, css === 'may' && wordsOf(cell).endsWith('Yes')],
          ),
        ),
      ],
    )
    const table = deskPermissions.map((permission) => [
      permission,
      Object.fromEntries(roles.map((role) => [role, allowed(role, permission)])),
    ])
    expect(shown).toEqual(table)
  })

  it.each(languages)('has words for every permission and role in %s', (lang) => {
    const words = readLocale(lang) as unknown as {
      accounts: { permission: Record<string, string>; role_hint: Record<string, string> }
    }
    const keys = deskPermissions.map((permission) => permission.replace('.', '_'))
    expect(Object.keys(words.accounts.permission).sort()).toEqual([...keys].sort())
    expect(Object.keys(words.accounts.role_hint).sort()).toEqual([...roles].sort())
  })

  it('names a permission that every route asks for, and no role without one', () => {
    const asked = new Set(routeTable.filter(({ door }) => door === 'clinic').map(({ access }) => access))
    expect([...asked].sort()).toEqual([...deskPermissions].sort())
    for (const role of roles) expect(deskPermissions.some((permission) => allowed(role, permission))).toBe(true)
  })

  it('is for owners', async () => {
    await (await clinic.as(clinic.cast.bilal)).get(at('/settings/staff/roles')).expect(403)
  })
})

describe('an assistant', () => {
  let browser: Agent
  beforeAll(async () => {
    browser = await clinic.as(await hire(clinic, 'assistant'))
  })

  it('begins with the day and sees who comes', async () => {
    expect((await browser.get('/app')).headers.location).toBe(at('/today'))
    const { text } = await browser.get(at('/today')).expect(200)
    expect(wordsOf(text)).toContain(name)
    expect(doorsOf(text)).toEqual({ nav: ['/today', '/calendar', '/queue', '/patients'], search: true, book: false })
    expect(text).not.toContain('/move')
    expect(text).not.toContain('/cancellation')
  })

  it('takes a patient through the day, and plans nothing', async () => {
    await browser.postForm(at(`/appointments/${visitId}/arrival`)).expect(303)
    await browser.postForm(at(`/appointments/${visitId}/room`)).expect(303)
    await browser.postForm(at(`/appointments/${visitId}/undo`)).expect(303)
    await browser.postForm(at(`/appointments/${visitId}/undo`)).expect(303)
    for (const path of ['/move', '/cancellation']) {
      await browser.postForm(at(`/appointments/${visitId}${path}`)).expect(403)
    }
    await browser.get(at('/appointments/new')).expect(403)
  })

  it('reads no messages, also not beside a visit or a patient', async () => {
    await browser.get(at('/messages')).expect(403)
    const receptionist = await clinic.as(clinic.cast.bilal)
    for (const path of [`/appointments/${visitId}`, `/patients/${patientId}`]) {
      expect((await receptionist.get(at(path)).expect(200)).text).toMatch(/messages(-title)?"/)
      const { text } = await browser.get(at(path)).expect(200)
      expect(wordsOf(text)).toContain(name)
      expect(text).not.toMatch(/messages(-title)?"|#messages/)
    }
  })
})

describe('an accountant', () => {
  let browser: Agent
  beforeAll(async () => {
    browser = await clinic.as(await hire(clinic, 'accountant'))
  })

  it('begins with the books, and is offered nothing else', async () => {
    expect((await browser.get('/app')).headers.location).toBe(at('/books'))
    const { text } = await browser.get(at('/books')).expect(200)
    expect(doorsOf(text)).toEqual({ nav: ['/books'], search: false, book: false })
    expect(text).toContain(at(`/settings/subscription/documents/${documentId}`))
    const paper = await browser.get(at(`/settings/subscription/documents/${documentId}`)).expect(200)
    expect(paper.text).toContain(`href="${at('/books')}"`)
    const owners = await (await clinic.as(clinic.cast.nadia)).get(at(`/settings/subscription/documents/${documentId}`))
    expect(owners.text).toContain(`href="${at('/settings/subscription')}"`)
  })

  it('sees a patient nowhere: not one page that may be opened names them', async () => {
    const open = routeTable.filter(
      ({ door, method, access }) => door === 'clinic' && method === 'get' && access === 'clinic.books',
    )
    expect(open.map(({ path }) => path)).toEqual(['/app/:slug/books', '/app/:slug/settings/subscription/documents/:id'])
    for (const { path } of open) {
      const page = await browser.get(path.replace(':slug', clinic.slug).replace(':id', documentId)).expect(200)
      expect(page.text).not.toContain(name)
    }
    for (const path of ['/today', '/today/board', '/patients', `/patients/${patientId}`, `/appointments/${visitId}`]) {
      const refused = await browser.get(at(path)).expect(403)
      expect(refused.text).not.toContain(name)
    }
  })

  it('buys and ends nothing', async () => {
    await browser.get(at('/settings/subscription')).expect(403)
    await browser.postForm(at('/settings/subscription/cancellation')).expect(403)
  })
})
