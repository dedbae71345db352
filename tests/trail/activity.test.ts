// How accounts were used: for whoever they belong to, for the clinic's owner, for the platform.
import { describe, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { auditPlatform } from '../../src/platform/audit.ts'
import type { TestApp } from '../support/app.ts'
import { makePlatformAdmin, signedIn, withClinic, type CastMember, type TestClinic } from '../support/cast.ts'
import { wordsOf } from '../support/http.ts'

let app: TestApp
let clinic: TestClinic
withClinic((started) => ({ app, clinic } = started))

const phone = 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36'

function happen(person: CastMember, action: string, daysAgo = 0): Promise<void> {
  return auditPlatform(app.services.db, action, {
    at: app.clock.now().subtract({ hours: 24 * daysAgo }),
    origin: { requestId: 'r', address: '198.51.100.77', browser: phone },
    record: { kind: 'user', id: person.userId },
  })
}

describe('how an account was used', () => {
  it('is told to its owner: when, by what browser, from which network, whether it worked', async () => {
    const { nadia, bilal } = clinic.cast
    await happen(nadia, 'account.signed_in', 2)
    await happen(nadia, 'account.sign_in_refused', 1)
    await happen(nadia, 'account.password_changed', 31)
    await happen(bilal, 'account.recovery_code_used', 1)
    const words = wordsOf((await (await clinic.as(nadia)).get('/account/activity').expect(200)).text)
    expect(words).toContain('Signed in')
    expect(words).toContain('Wrong password')
    expect(words).toContain('Chrome on Android')
    expect(words).toMatch(/198\.51\.100\.[*…]/)
    expect(words).not.toContain('198.51.100.77')
    expect(words).not.toContain('Password changed')
    expect(words).not.toContain('Recovery code')
  })

  it('is told to the clinic’s owner without networks, and only of their own people', async () => {
    const { nadia, bilal, omar } = clinic.cast
    await happen(bilal, 'account.sign_in_refused')
    await happen(omar, 'account.password_reset')
    app.clock.advance({ minutes: 1 })
    await happen(bilal, 'account.signed_in')
    await (await clinic.as(bilal)).get(`/app/${clinic.slug}/settings/log`).expect(403)
    const words = wordsOf(
      (await (await clinic.as(nadia)).get(`/app/${clinic.slug}/settings/log/security`).expect(200)).text,
    )
    expect(words).toContain('Wrong password Bilal Ahmed')
    expect(words).toContain('Not allowed to do this Bilal Ahmed See who did what')
    expect(words).not.toContain('198.51')
    expect(words).not.toContain('New password set')
    const other = await (await clinic.as(omar)).get(`/app/${clinic.other.slug}/settings/log/security`).expect(200)
    expect(wordsOf(other.text)).not.toContain('Bilal')
  })

  it('notes a refused permission some times an hour and not without end', async () => {
    const agent = await clinic.as(clinic.cast.bilal)
    for (let i = 0; i < 9; i++) await agent.get(`/app/${clinic.slug}/settings/log`).expect(403)
    const noted = await app.superuser(
      `select details from platform.audit_entries where action = 'access.denied' and clinic_id = $1`,
      [clinic.id],
    )
    expect(noted).toHaveLength(6)
    expect(noted[0]).toEqual({ details: { permission: 'clinic.log' } })
  })
})

it('V16.3.2: a tool that asks for more than its key allows stands among the clinic’s security events, some times an hour', async () => {
  const clientId = newId<'api_client'>()
  await app.superuser(
    `insert into platform.api_clients (id, clinic_id, name, secret_hash, scopes, created_by, created_at)
     values ($1, $2, 'Till', sha256('x'), '{patients.read}', $3, $4)`,
    [clientId, clinic.id, clinic.cast.nadia.userId, app.clock.now().toString()],
  )
  const token = await app.services.apiTokens.issue({ clientId, clinicId: clinic.id, scopes: ['patients.read'] })
  const path = '/api/v1/appointments?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z'
  for (let i = 0; i < 9; i++) {
    const answer = await fetch(app.origin + path, { headers: { authorization: `Bearer ${token}` } })
    expect(answer.status).toBe(403)
  }
  const noted = await app.superuser(
    `select clinic_id as clinic, details from platform.audit_entries where action = 'access.tool_denied' and record_id = $1`,
    [clientId],
  )
  expect(noted).toHaveLength(6)
  expect(noted[0]).toEqual({ clinic: clinic.id, details: { permission: 'today.see' } })
  const page = await (await clinic.as(clinic.cast.nadia)).get(`/app/${clinic.slug}/settings/log/security`).expect(200)
  expect(wordsOf(page.text)).toContain('A tool asked for more than its key allows Till')
})

it('V16.3.3: forged webhooks stand among the security events of the platform', async () => {
  const stranger = app.agent()
  for (let i = 0; i < 9; i++) {
    await stranger.post('/webhooks/whatsapp').set('X-Hub-Signature-256', 'sha256=00').send('{}').expect(401)
  }
  await happen(clinic.cast.nadia, 'account.signed_in')
  const admin = await signedIn(app, (await makePlatformAdmin(app)).userId)
  const page = await admin.get('/admin/audit?action=security').expect(200)
  expect(page.text.match(/<bdi dir="ltr">webhook\.forged</g)).toHaveLength(6)
  expect(page.text).toContain('provider: whatsapp')
  expect(page.text).not.toContain('<bdi dir="ltr">account.signed_in<')
})
