import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { noticeBooked } from '../../src/features/notices/actions.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient, makePractitioner } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'
import { factsNow, messagesOf } from '../support/messages.ts'

let app: TestApp
let clinic: TestClinic
let bilal: Agent
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  clinic = await makeClinic(app)
  await makeBookable(clinic)
  bilal = await clinic.as(clinic.cast.bilal)
})

/** A visit for tomorrow that its patient is told of by the desk: the confirmation waits three minutes. */
async function announced(name = 'Omar Farid', visit: Parameters<typeof makeAppointment>[1] = {}) {
  const patient = await makePatient(clinic, { name })
  const made = await makeAppointment(clinic, { patientId: patient.id, on: '2026-11-25', at: '15:00', ...visit })
  await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, made.id), { by: 'desk' }))
  const confirmation = (await messagesOf(app, clinic.id)).find(
    ({ kind, appointment_id: of }) => kind === 'confirmation' && of === made.id,
  )
  return { visit: made, messageId: confirmation!.id }
}
const page = async (path: string, agent = bilal) =>
  wordsOf((await agent.get(`/app/${clinic.slug}${path}`).expect(200)).text)
const set = (id: string, change: string) => app.superuser(`update clinic.messages set ${change} where id = $1`, [id])
const post = (id: string, what: string, agent = bilal, slug = clinic.slug) =>
  agent.postForm(`/app/${slug}/messages/${id}/${what}`, { back: `/app/${slug}/messages?status=failed` })

describe('the message log', () => {
  it('of a visit says when the next message leaves, and takes it back before it does', async () => {
    const { visit, messageId } = await announced()
    expect(await page(`/appointments/${visit.id}`)).toContain('Confirmation WhatsApp, +92 300')
    expect(await page(`/appointments/${visit.id}`)).toMatch(/Leaves today 12:03 pm Send now Don't send/)
    await post(messageId, 'removal').expect(303).expect('Location', `/app/${clinic.slug}/messages?status=failed`)
    expect(await page('/messages?status=failed')).toContain('The message will not be sent.')
    expect(await page(`/appointments/${visit.id}`)).toContain('Somebody at the desk took it back. Not sent')
    await post(messageId, 'removal').expect(303)
    expect(await page('/messages')).toContain('That message has moved on, so nothing was changed.')
  })

  it('shows how far a message came, and in plain words why not further', async () => {
    const { visit, messageId } = await announced()
    const here = `/appointments/${visit.id}`
    await set(messageId, `status = 'delivered', delivered_at = '2026-11-24T07:04:00Z'`)
    expect(await page(here)).toContain('Delivered today 12:04 pm')
    await set(messageId, `status = 'read', read_at = '2026-11-24T07:05:00Z'`)
    expect(await page(here)).toContain('Read today 12:05 pm')
    await set(messageId, `status = 'failed', failed_at = '2026-11-24T07:05:00Z', error_code = '131026'`)
    const words = await page(here)
    expect(words).toContain("WhatsApp can't reach this number. Check it, or call the patient. Not delivered")
    expect(words).not.toContain('131026')
  })

  it('sends a message that failed once more', async () => {
    const { messageId } = await announced()
    await set(messageId, `status = 'failed', failed_at = now(), error_code = '131026', attempts = 3`)
    expect(await page('/messages?status=failed')).toContain('Try again')
    await post(messageId, 'retry').expect(303)
    const [message] = (await messagesOf(app, clinic.id)).filter(({ id }) => id === messageId)
    expect(message).toMatchObject({ status: 'queued', attempts: 0, error_code: null })
    expect(await page('/messages?status=failed')).toContain('The message will be sent again.')
  })

  it('of the clinic is filtered by what became of messages', async () => {
    const { messageId } = await announced('Failed Fahad')
    await announced('Waiting Waqar', { at: '16:00' })
    await set(messageId, `status = 'failed', failed_at = now(), error_code = '131026'`)
    expect(await page('/messages')).toMatch(/Waiting Waqar.*Failed Fahad/)
    expect(await page('/messages?status=failed')).toContain('Confirmation · Failed Fahad')
    expect(await page('/messages?status=failed')).not.toContain('Waiting Waqar')
    expect(await page('/messages?status=sent')).toContain('Nothing was sent yet')
    expect(await page('/messages?status=__proto__')).toContain('Waiting Waqar')
  })

  it('goes back page by page', async () => {
    await announced('Oldest Osman')
    app.clock.advance({ seconds: 1 })
    for (let at = 0; at < 30; at++) {
      await announced(`Patient ${at}`, { on: `2026-12-${String(1 + at).padStart(2, '0')}`, at: '15:00' })
    }
    const { text } = await bilal.get(`/app/${clinic.slug}/messages`).expect(200)
    expect(wordsOf(text)).not.toContain('Oldest Osman')
    const [, next = ''] = /rel="next" href="([^"]+)"/.exec(text) ?? []
    const second = await bilal.get(next.replaceAll('&amp;', '&')).expect(200)
    expect(wordsOf(second.text)).toContain('Oldest Osman')
  })

  it('shows a doctor what the own patients were told, and leaves deciding to the desk', async () => {
    const hamid = await makePractitioner(clinic)
    const { messageId } = await announced('Patient Of Sana')
    await announced('Patient Of Hamid', { practitionerId: hamid.id })
    const sana = await clinic.as(clinic.cast.sana)
    const words = await page('/messages', sana)
    expect(words).toContain('Patient Of Sana')
    expect(words).not.toContain('Patient Of Hamid')
    expect(words).not.toContain("Don't send")
    await post(messageId, 'removal', sana).expect(403)
  })

  it('of another clinic does not exist', async () => {
    const { messageId } = await announced()
    const omar = await clinic.as(clinic.cast.omar)
    await post(messageId, 'removal', omar, clinic.other.slug).expect(404)
    await post(messageId, 'retry', omar, clinic.other.slug).expect(404)
    expect(await page('/messages')).toContain('Leaves today')
  })
})
