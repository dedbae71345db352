// What a patient asks by right, proves and is answered, without the pages; and looks past every wall.
import { beforeAll, beforeEach } from 'vitest'
import { decideRequest, type Decision } from '../../src/features/rights/actions/decide.ts'
import { proveInPerson } from '../../src/features/rights/actions/identity.ts'
import { receiveRequest } from '../../src/features/rights/actions/receive.ts'
import type { RightKind, RightsRequestId, Wishes } from '../../src/features/rights/rules.ts'
import type { PatientId } from '../../src/kernel/ids.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import type { Agent } from '../support/http.ts'

/** An app for the file's tests, and for each of them a clinic and its owner's browser; answers what is done there. */
export function withRights(take: (started: { app: TestApp; clinic: TestClinic; nadia: Agent }) => void) {
  let app: TestApp
  let clinic: TestClinic
  beforeAll(async () => {
    app = await startTestApp()
    return () => app.stop()
  })
  beforeEach(async () => {
    app.clock.set(testNow)
    clinic = await makeClinic(app)
    take({ app, clinic, nadia: await clinic.as(clinic.cast.nadia) })
  })

  const home = () => `/app/${clinic.slug}/settings/privacy/requests`
  const ask = async (patientId: PatientId, kind: RightKind, wishes: Wishes = {}): Promise<RightsRequestId> => {
    const asked = await clinic.inClinic((ctx) =>
      receiveRequest(ctx, { kind, source: 'desk', language: 'en', wishes, patientId }),
    )
    if (!asked.ok) throw new Error(asked.reason)
    return asked.value.id
  }
  const askProven = async (patientId: PatientId, kind: RightKind, wishes: Wishes = {}): Promise<RightsRequestId> => {
    const id = await ask(patientId, kind, wishes)
    await clinic.inClinic((ctx) => proveInPerson(ctx, id, 'Identity card 4321'))
    return id
  }
  const decide = (id: RightsRequestId, decision: Partial<Decision> = {}) =>
    clinic.inClinic((ctx) =>
      decideRequest(ctx, app.services, id, {
        decision: 'done',
        parts: [],
        reasons: undefined,
        tell: false,
        ...decision,
      }),
    )
  const count = async (sql: string, params: unknown[] = []) =>
    Number((await app.superuser<{ count: string }>(`select count(*) from ${sql}`, params))[0]!.count)
  /** Every value of every table, bytes as text, in one string. */
  const everything = async (): Promise<string> => {
    const tables = await app.superuser<{ name: string }>(
      `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname in ('clinic', 'platform') and c.relkind = 'r'`,
    )
    const parts = await Promise.all(
      tables.map(({ name }) => app.superuser<{ row: string }>(`select t::text as row from ${name} t`)),
    )
    return parts.flatMap((found) => found.map(({ row }) => row)).join('\n') + app.logLines.join('\n')
  }
  return { home, ask, askProven, decide, count, everything }
}
