import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minutes } from '../../src/kernel/time.ts'
import { findLink, linkToken, registerLink, revokeLinks } from '../../src/platform/links.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment } from '../support/factories.ts'

let app: TestApp
let clinic: TestClinic
beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app)
})
afterAll(() => app.stop())

const find = (token: string) => findLink(app.services.db, token, app.clock.now())
let hour = 8
const linked = async () => {
  const visit = await makeAppointment(clinic, { at: `${String(++hour).padStart(2, '0')}:00` })
  const expiresAt = app.clock.now().add(minutes(60))
  const token = await clinic.inClinic((ctx) => registerLink(ctx, visit.id, 1, expiresAt))
  return { id: visit.id, token, expiresAt }
}

describe('the link in a message', () => {
  it('leads to its visit, and can be made again without being stored', async () => {
    const { id, token } = await linked()
    expect(token).toMatch(/^[A-Za-z0-9_-]{32}$/)
    expect(await find(token)).toEqual({ clinicId: clinic.id, appointmentId: id })
    expect(await clinic.inClinic((ctx) => Promise.resolve(linkToken(ctx, id, 1)))).toBe(token)
    const stored = await app.superuser(`select * from platform.appointment_links where appointment_id = $1`, [id])
    expect(JSON.stringify(stored)).not.toContain(token)
  })

  it('works to the second it runs out, which may be put off', async () => {
    const { id, token, expiresAt } = await linked()
    app.clock.set(expiresAt.subtract({ seconds: 1 }))
    expect(await find(token)).toBeDefined()
    app.clock.set(expiresAt)
    expect(await find(token)).toBeUndefined()
    await clinic.inClinic((ctx) => registerLink(ctx, id, 1, expiresAt.add(minutes(5))))
    expect(await find(token)).toBeDefined()
  })

  it('is dead once revoked, and the next one is another', async () => {
    const { id, token } = await linked()
    const next = await clinic.inClinic(async (ctx) => {
      await revokeLinks(ctx, id)
      return registerLink(ctx, id, 2, app.clock.now().add(minutes(60)))
    })
    expect(next).not.toBe(token)
    expect(await find(token)).toBeUndefined()
    expect(await find(next)).toMatchObject({ appointmentId: id })
  })

  it('is found by nothing but itself', async () => {
    const { id, token } = await linked()
    for (const wrong of [
      '',
      id,
      token.slice(1),
      `${token}A`,
      token.toUpperCase(),
      `${token.slice(0, -1)}'`,
      '../../etc/passwd',
      '\u0000'.repeat(32),
    ]) {
      expect(await find(wrong)).toBeUndefined()
    }
  })
})
