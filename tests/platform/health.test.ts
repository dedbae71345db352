import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase, dropDatabase, urlOf } from '../../src/dev/prepare-database.ts'
import { migrateToLatest } from '../../src/platform/db/migrate.ts'
import { createLog } from '../../src/platform/log.ts'
import { serve } from '../../src/serve.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { testConfig } from '../support/config.ts'

describe('health', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  it('says it is alive, and nothing else', async () => {
    const answer = await app.agent().get('/healthz').expect(200)
    expect(answer.text).toBe('ok')
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  it('is ready when the database answers and no migration is pending', async () => {
    const answer = await app.agent().get('/readyz').expect(200)
    expect(answer.text).toBe('ready')
  })

  it('is not ready while a migration of this build is pending', async () => {
    const [row] = await app.superuser<{ name: string }>(
      'delete from public.knex_migrations where id = (select max(id) from public.knex_migrations) returning name',
    )
    const answer = await app.agent().get('/readyz').expect(503)
    expect(answer.text).toBe('migrations pending')
    await app.superuser(`insert into public.knex_migrations (name, batch, migration_time) values ($1, 1, now())`, [
      row!.name,
    ])
    await app.agent().get('/readyz').expect(200)
  })
})

describe('a server started before its migrations were run', () => {
  it('says so, waits without running jobs, and is ready once they are applied', async () => {
    const { superuserUrl } = inject('postgres')
    const name = `nabz_pending_${randomBytes(4).toString('hex')}`
    await createDatabase(superuserUrl, name)
    const keys = await mkdtemp(join(tmpdir(), 'nabz-keys-'))
    const lines: string[] = []
    const running = await serve(
      testConfig({
        DATABASE_URL: urlOf(superuserUrl, name, 'nabz_app'),
        JOBS_DATABASE_URL: urlOf(superuserUrl, name, 'nabz_jobs'),
        KEY_STORE_DIR: keys,
        METRICS_TOKEN: 'a token for the tests of health',
      }),
      { log: createLog('info', (line) => lines.push(line)) },
    )
    try {
      const ready = async () => {
        const answer = await fetch(`http://127.0.0.1:${running.port}/readyz`)
        return [answer.status, await answer.text()]
      }
      expect(await ready()).toEqual([503, 'migrations pending'])
      await expect.poll(() => lines.join('')).toContain('"migrations.pending"')
      expect((await fetch(`http://127.0.0.1:${running.port}/healthz`)).status).toBe(200)
      // What can be told is told meanwhile.
      const metrics = await fetch(`http://127.0.0.1:${running.port}/metrics`, {
        headers: { Authorization: 'Bearer a token for the tests of health' },
      })
      expect(await metrics.text()).toContain('nabz_database_up 0')
      expect(lines.join('')).not.toContain('job.failed')

      await migrateToLatest(urlOf(superuserUrl, name, 'nabz_owner'))
      expect(await ready()).toEqual([200, 'ready'])
      await expect.poll(() => lines.join(''), { timeout: 10_000 }).toContain('"migrations.applied"')
    } finally {
      await running.stop()
      await dropDatabase(superuserUrl, name)
      await rm(keys, { recursive: true })
    }
  })
})

describe('a server whose database went away', () => {
  it('is alive and not ready', async () => {
    const app = await startTestApp()
    try {
      await app.services.db.destroy()
      const answer = await app.agent().get('/readyz').expect(503)
      expect(answer.text).toBe('database away')
      await app.agent().get('/healthz').expect(200)
    } finally {
      await app.stop()
    }
  })
})
