// The thirty days: what comes by way of the platform has them too, and owners and the platform are reminded of them.
import { describe, expect, it } from 'vitest'
import { fileRequest } from '../../src/features/requests/actions.ts'
import { takeInRouted, watchClock } from '../../src/features/rights/actions/clock.ts'
import { receiveRequest } from '../../src/features/rights/actions/receive.ts'
import type { RightsRequestId } from '../../src/features/rights/rules.ts'
import { Temporal } from '../../src/kernel/time.ts'
import type { InClinic } from '../../src/platform/clinic-scope.ts'
import { testNow as start, type TestApp } from '../support/app.ts'
import { makeClinic, makePlatformAdmin, type TestClinic } from '../support/cast.ts'
import { makePatient } from '../support/factories.ts'
import type { Agent } from '../support/http.ts'
import { withRights } from './scene.ts'

let app: TestApp
let clinic: TestClinic
let nadia: Agent
const { home, decide, count } = withRights((started) => ({ app, clinic, nadia } = started))

describe('by way of the platform', () => {
  const file = (clinicSlug: string, n: number) =>
    fileRequest(app.services, { requestId: 'test', address: `2001:db8:77:${n}::1` }, {
      topic: 'privacy', name: 'Contact Form', email: 'form@patient.test', message: 'Erase me please', language: 'ar', clinicSlug,
    }) // prettier-ignore

  it('a request that names a clinic is the clinic’s, with the same clock, and closes there when it is answered', async () => {
    const filed = await file(clinic.slug, 1)
    if (!filed.ok) throw new Error('not filed')
    await takeInRouted(app.services)
    await takeInRouted(app.services)
    const taken = await app.superuser<{ id: RightsRequestId; due_at: Temporal.Instant }>(
      'select id, due_at from clinic.rights_requests where clinic_id = $1', [clinic.id],
    ) // prettier-ignore
    expect(taken).toHaveLength(1)
    const [platform] = await app.superuser<{ status: string; due_at: Temporal.Instant }>(
      'select status, due_at from platform.requests where id = $1', [filed.value.id],
    ) // prettier-ignore
    expect(platform!.status).toBe('routed')
    expect(String(platform!.due_at)).toBe(String(taken[0]!.due_at))
    await app.runJob('messaging.mails')
    expect(
      app.mail
        .mailsTo(clinic.cast.nadia.email)
        .map(({ text }) => text)
        .join(),
    ).toContain('/settings/privacy/requests')
    await nadia.getForm(`${home()}/${taken[0]!.id}`)
    const page = await nadia.get(`${home()}/${taken[0]!.id}`).expect(200)
    expect(page.text).toContain('Erase me please')
    await nadia.postForm(`${home()}/${taken[0]!.id}/kind`, { kind: 'erasure' }).expect(303)
    expect(await decide(taken[0]!.id, { decision: 'refused', reasons: 'We do not know you' })).toMatchObject({
      value: { sent: 'email' },
    })
    expect(
      await count(`platform.requests where id = $1 and status = 'closed' and close_reason = 'done_by_clinic'`, [
        filed.value.id,
      ]),
    ).toBe(1)
  })

  it('reminds owners and the platform on the twentieth and the twenty-seventh day, once each', async () => {
    const admin = await makePlatformAdmin(app)
    const patient = await makePatient(clinic)
    const asked = await clinic.inClinic((ctx) =>
      receiveRequest(ctx, {
        kind: 'access',
        source: 'patient_page',
        language: 'en',
        wishes: {},
        patientId: patient.id,
      }),
    )
    if (!asked.ok) throw new Error(asked.reason)
    const reference = asked.value.reference
    const told = async (to: string) => {
      await watchClock(app.services)
      await watchClock(app.services)
      await app.runJob('messaging.mails')
      return app.mail.mailsTo(to).filter(({ subject }) => subject?.includes(reference)).length
    }
    const at = (days: number, seconds: number) =>
      app.clock.set(
        Temporal.Instant.from(start)
          .add({ hours: days * 24 })
          .add({ seconds }),
      )
    expect([await told(clinic.cast.nadia.email), await told(admin.email)]).toEqual([1, 0])
    at(20, -1)
    expect([await told(clinic.cast.nadia.email), await told(admin.email)]).toEqual([1, 0])
    at(20, 0)
    expect([await told(clinic.cast.nadia.email), await told(admin.email)]).toEqual([2, 1])
    at(27, -1)
    expect(await told(admin.email)).toBe(1)
    at(27, 0)
    expect([await told(clinic.cast.nadia.email), await told(admin.email)]).toEqual([3, 2])
  })

  it('tells the others when one clinic can’t be worked on', async () => {
    const patient = await makePatient(clinic)
    const troubled = await makeClinic(app)
    const theirs = await makePatient(troubled)
    for (const [where, patientId] of [
      [troubled, theirs.id],
      [clinic, patient.id],
    ] as const) {
      await where.inClinic((ctx) =>
        receiveRequest(ctx, { kind: 'access', source: 'patient_page', language: 'en', wishes: {}, patientId }),
      )
    }
    // Told in the order of their ids, whichever that is: each has its turn at being the one in trouble.
    for (const [broken, whole] of [
      [troubled, clinic],
      [clinic, troubled],
    ] as const) {
      await app.superuser('update clinic.rights_requests set told_at = null')
      const services = {
        ...app.services,
        inClinic: ((one, ...rest) =>
          one.id === broken.id ? Promise.reject(new Error('no key')) : app.services.inClinic(one, ...rest)) as InClinic,
      }
      await expect(watchClock(services)).rejects.toThrow('1 clinics could not be told')
      const told = await app.superuser<{ clinic_id: string }>(
        'select clinic_id from clinic.rights_requests where told_at is not null and clinic_id = any($1)',
        [[broken.id, whole.id]],
      )
      expect(told).toEqual([{ clinic_id: whole.id }])
    }
  })
})
