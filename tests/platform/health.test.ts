import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

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
