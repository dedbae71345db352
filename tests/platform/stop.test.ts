// Stopping cuts nobody off: started as in production, on a port of its own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import express from 'express'
import pg from 'pg'
import { serve, type Running } from '../../src/serve.ts'
import { testConfig } from '../support/config.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let keys: string
beforeAll(async () => {
  database = await freshDatabase()
  keys = await mkdtemp(join(tmpdir(), 'nabz-keys-'))
})
afterAll(async () => {
  await database.drop()
  await rm(keys, { recursive: true })
})

const start = (outside?: express.RequestHandler): Promise<Running> =>
  serve(
    testConfig({ DATABASE_URL: database.appUrl, JOBS_DATABASE_URL: database.jobsUrl, KEY_STORE_DIR: keys }),
    outside === undefined ? {} : { outside },
  )

describe('asked to stop', () => {
  it('answers the request under way, takes no new one, and ends streams', async () => {
    let finish: () => void = () => undefined
    let arrived: () => void = () => undefined
    const underWay = new Promise<void>((resolve) => (arrived = resolve))
    const routes = express.Router()
    routes.get('/slow', (_req, res) => {
      finish = () => res.send('all of it')
      arrived()
    })
    const running = await start(routes)
    routes.get('/stream', (_req, res) => {
      res.setHeader('Content-Type', 'text/event-stream')
      res.write('data: hello\n\n')
      running.services.stopping.signal.addEventListener('abort', () => res.end())
    })
    const at = `http://127.0.0.1:${running.port}`
    const slow = fetch(`${at}/slow`).then((answer) => answer.text())
    const stream = (await fetch(`${at}/stream`)).text()
    await underWay

    let stopped = false
    const stopping = running.stop().then(() => (stopped = true))
    expect(running.stop()).toBeInstanceOf(Promise)
    await expect(fetch(`${at}/healthz`)).rejects.toThrow()
    expect(await stream).toBe('data: hello\n\n')
    expect(stopped).toBe(false)

    finish()
    expect(await slow).toBe('all of it')
    await stopping
    // Whoever still asks the database now has been cut off from it.
    await expect(running.services.db.raw('select 1')).rejects.toThrow()
  })

  it('leaves no connection to the database behind', async () => {
    const running = await start()
    await fetch(`http://127.0.0.1:${running.port}/readyz`)
    await running.stop()
    await expectNobodyConnected()
  })
})

describe('asked to start', () => {
  it('says so when its port is taken, and leaves nothing open', async () => {
    const first = await start()
    const config = testConfig({
      DATABASE_URL: database.appUrl,
      JOBS_DATABASE_URL: database.jobsUrl,
      KEY_STORE_DIR: keys,
      PORT: String(first.port),
    })
    await expect(serve(config)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await first.stop()
  })

  it('does not start without its database', async () => {
    const config = testConfig({
      DATABASE_URL: 'postgres://nabz_app@127.0.0.1:1/x',
      JOBS_DATABASE_URL: database.jobsUrl,
      KEY_STORE_DIR: keys,
    })
    await expect(serve(config)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('does not start without its keys, and leaves no connection to the database behind', async () => {
    const config = {
      ...testConfig({ DATABASE_URL: database.appUrl, JOBS_DATABASE_URL: database.jobsUrl, KEY_STORE_DIR: keys }),
      get keyStoreDir(): string {
        throw new Error('the key store is away')
      },
    }
    await expect(serve(config)).rejects.toThrow('the key store is away')
    await expectNobodyConnected()
  })
})

async function expectNobodyConnected(): Promise<void> {
  const client = new pg.Client({ connectionString: database.superuserUrl })
  await client.connect()
  try {
    const others = 'select application_name from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()'
    await expect.poll(async () => (await client.query<object>(others, [database.name])).rows).toEqual([])
  } finally {
    await client.end()
  }
}
