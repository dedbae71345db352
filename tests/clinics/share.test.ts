import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable } from '../support/factories.ts'
import { plainText, wordsOf } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
let place: Awaited<ReturnType<typeof makeBookable>>
beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app, { language: 'ar' })
  place = await makeBookable(clinic)
})
afterAll(() => app.stop())

const share = (below = '') => `/app/${clinic.slug}/settings/share${below}`
const linkTo = (wish: string) => `https://nabz.test/c/${clinic.slug}/times?${wish}`

describe('sharing', () => {
  it('has a link to each doctor with a code to scan and to each service, all of which lead there', async () => {
    const nadia = await clinic.as(clinic.cast.nadia)
    const html = plainText((await nadia.get(share()).expect(200)).text)
    for (const wish of [`practitioner=${place.practitionerId}`, `service=${place.service.id}`]) {
      expect(html).toContain(`value="${linkTo(wish)}"`)
      const { pathname, search } = new URL(linkTo(wish))
      await app
        .agent()
        .get(pathname + search)
        .expect(200)
    }
    expect(html.match(/class="qr"/g)).toHaveLength(2)
    expect(html).toContain(share(`/poster?doctor=${place.practitionerId}`))
  })

  it('sends on WhatsApp what patients read, in their language and not the owner’s', async () => {
    const nadia = await clinic.as(clinic.cast.nadia)
    const html = plainText((await nadia.get(share())).text)
    const sent = [...html.matchAll(/https:\/\/wa\.me\/\?text=([^"]+)/g)].map(([, text = '']) =>
      decodeURIComponent(text),
    )
    expect(sent).toHaveLength(3)
    for (const text of sent) {
      expect(text).toMatch(/[\u0600-\u06ff]/)
      expect(text).not.toContain('Book your visit')
      expect(text).toContain(`https://nabz.test/c/${clinic.slug}`)
    }
    expect(sent.some((text) => text.includes('Dr Sana Malik'))).toBe(true)
  })

  it('prints a poster for the door of a doctor’s room, in the language asked for', async () => {
    const nadia = await clinic.as(clinic.cast.nadia)
    const path = share(`/poster?doctor=${place.practitionerId}&in=en`)
    const own = await nadia.get(path).expect(200)
    const whole = await nadia.get(share('/poster?in=en')).expect(200)
    expect(wordsOf(own.text)).toContain('Book your visit with Dr Sana Malik')
    expect(wordsOf(whole.text)).not.toContain('Sana')
    expect(plainText(own.text)).toContain(share(`/poster?in=ur&doctor=${place.practitionerId}`))
    const codeOf = (html: string) => /<path d="([^"]+)" fill="#000"/.exec(html)?.[1]
    expect(codeOf(own.text)).not.toBe(codeOf(whole.text))
    // Somebody else's doctor is none of this clinic's.
    const other = (await makeClinic(app)).cast.sana.practitionerId
    expect(wordsOf((await nadia.get(share(`/poster?doctor=${other}&in=en`))).text)).not.toContain('Sana')
  })

  it('shows of a doctor’s link in a chat who it is, where, and a picture', async () => {
    const { text } = await app.agent().get(`/c/${clinic.slug}/times?practitioner=${place.practitionerId}&lang=en`)
    expect(text).toContain('<meta property="og:title" content="Dr Sana Malik · Shifa Clinic">')
    expect(text).toContain(`<meta property="og:url" content="${linkTo(`practitioner=${place.practitionerId}`)}`)
    expect(text).toContain('<meta property="og:image" content="https://nabz.test/img/card.png">')
  })
})
