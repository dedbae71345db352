import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sendDueMails } from '../../src/features/messaging/actions/mails.ts'
import { queueMail } from '../../src/platform/mails.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())
beforeEach(async () => {
  app.clock.set(testNow)
  await app.superuser('delete from platform.mails')
  app.mail.mails.length = 0
})

const queue = (to: string, more: { subject?: string; text?: string; minutes?: number } = {}) => {
  const { db, keys, clock } = app.services
  const now = clock.now()
  return queueMail(db, keys.platform, {
    kind: 'password_reset', to, subject: more.subject ?? 'A new password', text: more.text ?? 'Here is the link.', now,
    ...(more.minutes === undefined ? {} : { expiresAt: now.add({ minutes: more.minutes }) }),
  }) // prettier-ignore
}
const states = () =>
  app.superuser<{ status: string; attempts: number; error_code: string | null }>(
    'select status, attempts, error_code from platform.mails order by created_at, id',
  )
const send = () => sendDueMails(app.services)

describe('mail about an account', () => {
  it('is sent once, as text, from our address', async () => {
    await queue('nadia@shifa.test', { text: 'Line one\nLine two' })
    await Promise.all([send(), send(), send()])
    const [mail, ...more] = app.mail.mails
    expect(more).toEqual([])
    expect(mail).toMatchObject({ subject: 'A new password', from: { name: 'Nabz', address: 'hello@nabz.test' } })
    expect(mail!.text).toContain('Line one\nLine two')
    expect(await states()).toEqual([{ status: 'sent', attempts: 1, error_code: null }])
  })

  it('lies sealed in the database', async () => {
    await queue('nadia@shifa.test', { text: 'https://nabz.test/reset/secret' })
    const [row] = await app.superuser<{ mail_sealed: Buffer }>('select mail_sealed from platform.mails')
    for (const secret of ['nadia', 'secret']) expect(row!.mail_sealed.includes(secret)).toBe(false)
  })

  it('refused for now is tried again, refused for good is not', async () => {
    app.mail.refuseNext(1, 451)
    await queue('later@shifa.test')
    await send()
    expect(await states()).toEqual([{ status: 'queued', attempts: 1, error_code: '451' }])
    app.clock.advance({ minutes: 1 })
    app.mail.refuseNext(1, 550)
    await send()
    app.clock.advance({ hours: 3 })
    await send()
    expect(await states()).toEqual([{ status: 'failed', attempts: 2, error_code: '550' }])
    expect(app.mail.mails).toEqual([])
  })

  it('too old to be of use is not sent', async () => {
    await queue('late@shifa.test', { minutes: 60 })
    app.clock.advance({ minutes: 61 })
    await send()
    expect(await states()).toMatchObject([{ status: 'dropped' }])
  })

  it('of a process that died is sent by another', async () => {
    await queue('nadia@shifa.test')
    await app.superuser(`update platform.mails set status = 'sending', attempts = 1, lease_until = $1`, [
      app.clock.now().add({ minutes: 10 }).toString(),
    ])
    await send()
    expect(app.mail.mails).toEqual([])
    app.clock.advance({ minutes: 10 })
    await send()
    expect(app.mail.mails).toHaveLength(1)
  })

  it.each(['a@b.test, c@d.test', '"x" <a@b.test>', 'a@b.test\r\nBcc: c@d.test', '{path}', ''])(
    'to %j goes to nobody',
    async (to) => {
      await queue(to)
      await send()
      expect(app.mail.mails).toEqual([])
      expect(await states()).toMatchObject([{ status: 'failed', error_code: 'bad_address' }])
    },
  )

  it('can neither add headers nor pull in a file', async () => {
    await queue('nadia@shifa.test', { subject: 'Hello\r\nBcc: c@d.test', text: '/etc/passwd' })
    await send()
    const [mail] = app.mail.mails
    expect(mail!.envelopeTo).toEqual(['nadia@shifa.test'])
    expect(mail!.bcc).toBeUndefined()
    expect(mail!.text!.trim()).toBe('/etc/passwd')
  })
})
