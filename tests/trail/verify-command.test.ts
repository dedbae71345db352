// security.md 15: the command as an operator types it, at a process of its own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { publishHeads } from '../../src/features/trail/actions.ts'
import { newId } from '../../src/kernel/ids.ts'
import { audit } from '../../src/platform/audit.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { runCommand } from '../support/process.ts'

let app: TestApp
let clinic: TestClinic
let empty: string

beforeAll(async () => {
  app = await startTestApp()
  clinic = await makeClinic(app)
  empty = await mkdtemp(join(tmpdir(), 'nabz-heads-'))
  await clinic.inClinic(async (ctx) => {
    for (let i = 0; i < 5; i++) await audit(ctx, 'service.changed', { kind: 'service', id: newId() }, { i })
    return { ok: true }
  })
  await publishHeads(app.services)
})
afterAll(async () => {
  await rm(empty, { recursive: true, force: true })
  await app.stop()
})

async function run(...args: string[]): Promise<{ code: number; out: string }> {
  const { code, out, problem } = await runCommand(app, 'audit', args)
  return { code, out: out + problem }
}

it(
  'V16.4.2: says of every clinic whether its log is whole, and names the first bad entry',
  { timeout: 180_000 },
  async () => {
    const whole = await run()
    expect(whole.out).toContain('2 sound, 0 broken')
    expect(whole.out).toMatch(new RegExp(`sound +${clinic.slug}: \\d+ entries, head \\d+ [0-9a-f]{64}`))
    expect(whole.out).toContain('published until')
    expect(whole.code).toBe(0)

    const [third] = await app.superuser<{ id: string }>(
      'select entry_id as id from clinic.audit_links where clinic_id = $1 and seq = 3',
      [clinic.id],
    )
    await app.superuser(
      `update clinic.audit_entries set actor_id = gen_random_uuid() where clinic_id = $1 and id = $2`,
      [clinic.id, third?.id],
    )
    const touched = await run()
    expect(touched.code).toBe(1)
    expect(touched.out).toContain('1 sound, 1 broken')
    expect(touched.out).toContain(`BROKEN  ${clinic.slug}`)
    expect(touched.out).toContain(`first bad entry: number 3, id ${third?.id}`)
    expect(touched.out).toContain('altered, is not what was written')
    const other = await run('--clinic', clinic.other.slug)
    expect(other).toMatchObject({ code: 0 })
    expect(other.out).not.toContain(clinic.slug)
  },
)

it(
  'believes another copy of the heads when told to, and refuses a clinic that is none',
  { timeout: 60_000 },
  async () => {
    const elsewhere = await run('--clinic', clinic.other.slug, '--heads', empty)
    expect(elsewhere.code).toBe(0)
    expect(elsewhere.out).toContain('nothing published yet')
    const none = await run('--clinic', 'nowhere')
    expect(none.code).toBe(1)
    expect(none.out).toContain('There is no clinic nowhere.')
  },
)
