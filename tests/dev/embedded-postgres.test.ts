import { execFile } from 'node:child_process'
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts'
import { running } from '../../src/dev/embedded-postgres/process.ts'
import { freshDatabase } from '../support/database.ts'

const root = process.getuid?.() === 0
const launcher = new URL('../../src/dev/embedded-postgres.ts', import.meta.url).href
const project = fileURLToPath(new URL('../../', import.meta.url))
const quick = { fsync: 'off' }
let temp: string

beforeAll(async () => {
  temp = await mkdtemp(join(tmpdir(), 'nabz-launcher-'))
  await chmod(temp, 0o711)
})
afterAll(() => rm(temp, { recursive: true, force: true }))

async function ask(url: string, sql: string): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows[0] ?? {}
  } finally {
    await client.end()
  }
}

async function serverPid(dataDir: string): Promise<number> {
  return Number((await readFile(join(dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0])
}

/** Another process starts the server, prints its port and is gone. */
async function startElsewhere(
  dataDir: string,
  account: { uid?: number; gid?: number } = {},
  finish = '',
): Promise<number> {
  const code = `import { startEmbeddedPostgres } from '${launcher}'
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, settings: { fsync: 'off' } })
    process.stdout.write(String(server.port))
    ${finish}`
  const args = ['--import', 'tsx', '--input-type=module', '-e', code]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: project, ...account }).catch(
    (error: { signal?: string; stdout: string }) => {
      if (error.signal === 'SIGKILL') return error
      throw error
    },
  )
  return Number(stdout)
}

describe('one server through its life', () => {
  let dataDir: string
  beforeAll(() => {
    dataDir = join(temp, 'life', 'data')
  })
  afterAll(() => stopEmbeddedPostgres(dataDir))

  it('starts in a folder that does not exist yet, for loopback only', async () => {
    const server = await startEmbeddedPostgres({ dataDir, settings: quick })
    const facts = await ask(
      server.url('postgres'),
      `select current_setting('server_version_num')::int / 10000 as version, current_setting('timezone') as zone,
         current_setting('listen_addresses') as address, current_setting('unix_socket_directories') as sockets,
         current_setting('log_error_verbosity') as verbosity, current_setting('log_min_error_statement') as statements,
         current_setting('max_connections') as connections, current_setting('server_encoding') as encoding`,
    )
    expect(facts).toEqual({
      version: 18,
      zone: 'UTC',
      address: '127.0.0.1',
      sockets: '',
      verbosity: 'terse',
      statements: 'panic',
      connections: '200',
      encoding: 'UTF8',
    })
    expect((await stat(dataDir)).mode & 0o077).toBe(0)
    expect(await readdir(join(temp, 'life'))).toEqual(['data'])
  })

  it('is reused while it runs, also after the process that started it was killed', async () => {
    const first = await startEmbeddedPostgres({ dataDir })
    const pid = await serverPid(dataDir)
    const port = await startElsewhere(dataDir, {}, `process.kill(process.pid, 'SIGKILL')`)
    expect([port, await serverPid(dataDir)]).toEqual([first.port, pid])
  })

  it('comes back with its data after the server was killed under an open session', async () => {
    const before = await startEmbeddedPostgres({ dataDir })
    await ask(before.url('postgres'), 'create table kept as select 42 as answer')
    const session = new pg.Client({ connectionString: before.url('postgres') })
    session.on('error', () => undefined)
    await session.connect()
    session.query('select pg_sleep(60)').catch(() => undefined)

    process.kill(await serverPid(dataDir), 'SIGKILL')
    const after = await startEmbeddedPostgres({ dataDir, settings: quick })
    expect(await ask(after.url('postgres'), 'select answer from kept')).toEqual({ answer: 42 })
    await session.end().catch(() => undefined)
  })

  it('comes back after both were killed and a stranger has got the numbers of both', async () => {
    const before = await startEmbeddedPostgres({ dataDir })
    const pid = await serverPid(dataDir)
    process.kill(pid, 'SIGKILL')
    const file = join(dataDir, 'postmaster.pid')
    await writeFile(file, (await readFile(file, 'utf8')).replace(String(pid), String(process.pid)))
    await writeFile(`${dataDir}.lock`, '2147483646 long gone')

    const after = await startEmbeddedPostgres({ dataDir, settings: quick })
    expect(await ask(after.url('postgres'), 'select answer from kept')).toEqual({ answer: 42 })
    expect(await serverPid(dataDir)).not.toBe(process.pid)
    await expect(ask(before.url('postgres'), 'select 1')).rejects.toThrow()
  })

  it('stops, may be told so twice, and is fresh once its folder is gone', async () => {
    const server = await startEmbeddedPostgres({ dataDir, settings: quick })
    const pid = await serverPid(dataDir)
    await server.stop()
    expect(await running(pid)).toBe(false)
    await server.stop()
    await rm(dataDir, { recursive: true })
    await stopEmbeddedPostgres(dataDir)

    const fresh = await startEmbeddedPostgres({ dataDir, settings: quick })
    expect(await ask(fresh.url('postgres'), `select to_regclass('kept') as kept`)).toEqual({ kept: null })
  })
})

it('gives one server to three processes that race for it', async () => {
  const dataDir = join(temp, 'race')
  const ports = await Promise.all([1, 2, 3].map(() => startElsewhere(dataDir)))
  expect(new Set(ports).size).toBe(1)
  expect((await readdir(temp)).filter((name) => name.startsWith('race'))).toEqual(['race'])
  await stopEmbeddedPostgres(dataDir)
})

it('refuses a folder that holds something else', async () => {
  const dataDir = join(temp, 'papers')
  await mkdir(dataDir)
  await writeFile(join(dataDir, 'thesis.txt'), 'years of work')
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow('holds something else than a Postgres database')
  expect(await readFile(join(dataDir, 'thesis.txt'), 'utf8')).toBe('years of work')
})

describe.runIf(root)('for root', () => {
  it('runs as nobody', async () => {
    const dataDir = join(temp, 'root')
    await startEmbeddedPostgres({ dataDir, settings: quick })
    expect((await stat(dataDir)).uid).toBe(65534)
    expect((await stat(`/proc/${await serverPid(dataDir)}`)).uid).toBe(65534)
    await stopEmbeddedPostgres(dataDir)
  })

  it('shelters the data in the temporary folder when nobody may enter, and is fresh once the link is gone', async () => {
    const home = join(temp, 'home')
    await mkdir(home, { mode: 0o700 })
    const dataDir = join(home, 'data')
    const server = await startEmbeddedPostgres({ dataDir, settings: quick })
    await ask(server.url('postgres'), 'create table kept ()')
    expect((await lstat(dataDir)).isSymbolicLink()).toBe(true)
    expect(await realpath(dataDir)).toBe(server.dataDir)
    expect((await startEmbeddedPostgres({ dataDir })).port).toBe(server.port)

    await stopEmbeddedPostgres(dataDir)
    await rm(dataDir, { recursive: true })
    const fresh = await startEmbeddedPostgres({ dataDir, settings: quick })
    expect(await ask(fresh.url('postgres'), `select to_regclass('kept') as kept`)).toEqual({ kept: null })
    await fresh.stop()
    await rm(join(fresh.dataDir, '..'), { recursive: true })
  })

  it(`finds and stops an ordinary user's server, which stays that user's`, async () => {
    const daemon = { uid: 1, gid: 1 }
    const home = join(temp, 'user')
    await mkdir(home)
    await chown(home, daemon.uid, daemon.gid)
    const dataDir = join(home, 'data')
    const port = await startElsewhere(dataDir, daemon)
    expect((await stat(dataDir)).uid).toBe(daemon.uid)
    expect((await startEmbeddedPostgres({ dataDir })).port).toBe(port)
    await stopEmbeddedPostgres(dataDir)
    const again = await startEmbeddedPostgres({ dataDir, settings: quick })
    expect((await stat(`/proc/${await serverPid(dataDir)}`)).uid).toBe(daemon.uid)
    await again.stop()
  })
})

describe('a test database', () => {
  it('is a migrated copy of its own, entered by weak roles only', async () => {
    const [one, two] = await Promise.all([freshDatabase(), freshDatabase()])
    expect(one.name).not.toBe(two.name)
    for (const url of [one.ownerUrl, one.appUrl, one.jobsUrl]) {
      const role = await ask(
        url,
        `select rolname as name, rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolreplication as strong,
           has_database_privilege(current_database(), 'temp') as temp,
           has_database_privilege(current_database(), 'create') as creates
         from pg_roles where rolname = current_user`,
      )
      const owner = url === one.ownerUrl
      expect(role).toEqual({ name: new URL(url).username, strong: false, temp: owner, creates: owner })
    }
    const applied = await ask(one.appUrl, 'select count(*)::int > 0 as migrated from knex_migrations')
    expect(applied).toEqual({ migrated: true })
    await one.drop()
    await two.drop()
    await expect(ask(one.superuserUrl, 'select 1')).rejects.toThrow('does not exist')
    expect(inject('postgres').port).toBeGreaterThan(0)
  })
})
