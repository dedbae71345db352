// The command as an operator runs it: a process of its own, the password on its standard input.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserId } from '../../src/kernel/ids.ts'
import { createAdmin } from '../../src/features/accounts/actions/admins.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { enrol, makeClinic } from '../support/cast.ts'
import { runCommand } from '../support/process.ts'

const password = 'three quiet rivers run'
let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const admin = (args: string[], input = '') => runCommand(app, 'admin', args, { input })

const enrolByEmail = async (email: string) => {
  const [user] = await app.superuser<{ id: UserId }>('select id from platform.users where email = $1', [email])
  await enrol(app, user!.id)
}

const create = (email: string, input: string) =>
  admin(['create-admin', '--email', email, '--name', 'Root Tester'], input)

describe('npm run admin', () => {
  it('makes an admin who can sign in and open the console, once for an address', async () => {
    const made = await create('Root@nabz.test', `${password}\n`)
    expect(made).toMatchObject({ code: 0, problem: '' })
    expect(made.out).toContain('root@nabz.test may open https://nabz.test/admin')
    const agent = app.agent()
    await agent.get('/sign-in').expect(200)
    await agent.postForm('/sign-in', { email: 'root@nabz.test', password }).expect(303)
    // First of all a second factor, and nothing else.
    expect((await agent.get('/admin').expect(303)).headers.location).toBe('/account/second-factor')
    await enrolByEmail('root@nabz.test')
    await agent.get('/admin').expect(200)

    const again = await create('root@nabz.test', password)
    expect(again.code).toBe(1)
    expect(again.problem).toContain('root@nabz.test has an account already')
    expect(again.problem).not.toContain('    at ')
    const audited = await app.superuser(`select action from platform.audit_entries where action like 'admin.%'`)
    expect(audited).toEqual([{ action: 'admin.created' }])
  })

  it('refuses a weak password in words, by the rules of all accounts', async () => {
    const refused = await create('weak@nabz.test', 'short\n')
    expect(refused).toMatchObject({ code: 1, problem: 'The password is too short: at least 12 characters.\n' })
    const weak = { email: 'weak@nabz.test', name: 'Root Tester', language: 'en' as const }
    for (const [password, reason] of [
      ['', 'too_short'],
      ['password1234', 'common'],
      ['root tester root', 'personal'],
    ] as const) {
      expect(await createAdmin(app.services, { ...weak, password })).toEqual({ ok: false, reason })
    }
    expect(await app.superuser(`select 1 from platform.users where email = 'weak@nabz.test'`)).toEqual([])
  })

  it('takes no password as an argument', async () => {
    const refused = await admin(['create-admin', '--email', 'a@nabz.test', '--name', 'A', '--password', password])
    expect(refused.code).toBe(1)
    expect(refused.problem).toContain("Unknown option '--password'")
  })

  it('never turns an owner into an admin', async () => {
    const { cast } = await makeClinic(app)
    const refused = await create(cast.nadia.email, password)
    expect(refused.problem).toContain('has an account already')
    expect(
      await app.superuser('select platform_admin from platform.users where email = $1', [cast.nadia.email]),
    ).toEqual([{ platform_admin: false }])
  })

  it('lists admins, removes one at once, and never the last', async () => {
    await create('second@nabz.test', password)
    expect((await admin(['list-admins'])).out.match(/\S+@nabz\.test/g)).toEqual(['root@nabz.test', 'second@nabz.test'])
    const agent = app.agent()
    await agent.postForm('/sign-in', { email: 'second@nabz.test', password }).expect(303)
    await enrolByEmail('second@nabz.test')
    await agent.get('/admin').expect(200)
    expect((await admin(['remove-admin', '--email', 'second@nabz.test'])).code).toBe(0)
    await agent.get('/admin').expect(404)
    const refused = await admin(['remove-admin', '--email', 'root@nabz.test'])
    expect(refused.code).toBe(1)
    expect(refused.problem).toContain('only admin')
    expect((await admin(['remove-admin', '--email', 'nobody@nabz.test'])).problem).toContain('no such admin')
  })

  it('prints a link that sets a new password', async () => {
    // The command goes by the real time.
    const [real] = await app.superuser<{ now: string }>(`select to_json(now()) #>> '{}' as now`)
    app.clock.set(real!.now)
    const made = await admin(['reset-password-link', '--email', 'root@nabz.test'])
    const link = /https:\/\/nabz\.test(\/reset-password\/[\w-]{43})/.exec(made.out)
    expect(link).not.toBeNull()
    await app.agent().get(link![1]!).expect(200)
    expect((await admin(['reset-password-link', '--email', 'nobody@nabz.test'])).code).toBe(1)
  })

  it('V6.4.4: resets a lost second factor at once, for the admin for whom nobody else can vouch', async () => {
    const [before] = await app.superuser(
      `select 1 from platform.totp_seeds s join platform.users u on u.id = s.user_id where u.email = 'root@nabz.test'`,
    )
    expect(before).toBeDefined()
    expect((await admin(['reset-second-factor', '--email', 'root@nabz.test'])).code).toBe(0)
    expect(
      await app.superuser(
        `select 1 from platform.totp_seeds s join platform.users u on u.id = s.user_id where u.email = 'root@nabz.test'`,
      ),
    ).toEqual([])
    expect((await admin(['reset-second-factor', '--email', 'root@nabz.test'])).problem).toContain('no second factor')
  })

  it('says what it can do when asked for something else', async () => {
    for (const refused of await Promise.all([[], ['make-coffee'], ['create-admin']].map((args) => admin(args)))) {
      expect(refused.code).toBe(1)
      expect(refused.problem).toMatch(/create-admin|--email/)
    }
  })
})
