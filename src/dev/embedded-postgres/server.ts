import { execFile } from 'node:child_process'
import { access, chown, mkdir, open, readdir, readFile, realpath, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { exists, hasCode, running } from './process.ts'

/** One data folder, the programs that serve it and the user they run as. */
export type Place = { dir: string; account: Account; binaries: Binaries }

const anyTime = 60_000
// A killed server's last children, or its zombie, keep the folder busy for a second or two.
const busyFolderMs = 5_000
// Above what any system hands out as a process number.
const nobodysPid = '2147483646'

type State = { is: 'down' } | { is: 'ready'; port: number } | { is: 'changing' }

export async function initialise({ dir, account, binaries }: Place, sync: boolean) {
  await removeDrafts(dir)
  if (await isDatabase(dir)) return
  await rmdir(dir).catch((error: unknown) => {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw new Error(`${dir} holds something else than a Postgres database.`)
  })
  // Aside and renamed when complete, so that a killed initdb leaves no half database behind.
  const draft = `${dir}.tmp-${process.pid}`
  await mkdir(draft, { mode: 0o700 })
  try {
    if (account) await chown(draft, account.uid, account.gid)
    // Trust is safe because the server listens on the loopback address alone.
    const options =
      '-E UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --auth=trust -U postgres --no-instructions'
    await run(binaries.initdb, ['-D', draft, ...options.split(' '), ...(sync ? [] : ['--no-sync'])], account)
    await rename(draft, dir).catch((error: unknown) => {
      // Someone else got as far first: theirs is as good.
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function isDatabase(dir: string): Promise<boolean> {
  try {
    await access(join(dir, 'PG_VERSION'))
    return true
  } catch (error) {
    if (!hasCode(error, 'EACCES')) return false
    throw new Error(`${dir} is another user's database (did root make it?): remove it, or run as that user.`, {
      cause: error,
    })
  }
}

async function removeDrafts(dir: string) {
  const drafts = (await readdir(dirname(dir))).filter((name) => name.startsWith(`${basename(dir)}.tmp-`))
  for (const draft of drafts) {
    const pid = Number(draft.slice(draft.lastIndexOf('-') + 1))
    if (pid !== process.pid && (await running(pid))) continue
    await rm(join(dirname(dir), draft), { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Returns the port of the folder's server, starting it unless it runs. */
export async function ensureRunning(place: Place, settings: Record<string, string>): Promise<number> {
  let busyUntil: number | undefined
  const deadline = Date.now() + anyTime
  for (;;) {
    const state = await look(place.dir)
    if (state.is === 'ready' && (await answers(state.port, place.dir))) return state.port
    if (state.is === 'down') {
      const failure = await start(place, settings)
      if (failure === undefined) continue
      busyUntil ??= Date.now() + busyFolderMs
      if (Date.now() > busyUntil) throw failure
    }
    if (Date.now() > deadline) {
      throw new Error(
        `${join(place.dir, 'postmaster.pid')} names a running process, but no server answers for this folder.\n` +
          (await logTail(place.dir)),
      )
    }
    await pause(100)
  }
}

export async function shutDown({ dir, account, binaries }: Place) {
  for (const mode of ['fast', 'immediate']) {
    if ((await look(dir)).is === 'down') return
    try {
      await run(binaries.pgCtl, ['-D', dir, '-m', mode, '-w', '-t', '20', 'stop'], account)
      return
    } catch (error) {
      if (mode === 'immediate' && (await look(dir)).is !== 'down') throw error
    }
  }
}

/** What postmaster.pid says: line 1 the process, line 4 the port, line 8 the state. */
async function look(dir: string): Promise<State> {
  const lines = await pidFile(dir)
  const pid = Number(lines[0])
  if (!(pid > 0) || !(await running(pid, 'postgres'))) return { is: 'down' }
  return lines[7]?.trim() === 'ready' ? { is: 'ready', port: Number(lines[3]) } : { is: 'changing' }
}

async function pidFile(dir: string): Promise<string[]> {
  try {
    return (await readFile(join(dir, 'postmaster.pid'), 'utf8')).split('\n')
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

async function answers(port: number, dir: string): Promise<boolean> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ dir: string }>(`select current_setting('data_directory') as dir`)
    return rows[0] !== undefined && (await realpath(rows[0].dir)) === (await realpath(dir))
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function start({ dir, account, binaries }: Place, settings: Record<string, string>): Promise<Error | undefined> {
  await disownPidFile(dir)
  const given = {
    ...settings,
    port: String(await freePort()),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
  }
  for (const [name, value] of Object.entries(given)) {
    // They pass through a shell.
    if (!/^[\w.]+$/.test(name) || !/^[\w.:/%-]*$/.test(value))
      throw new Error(`Can't pass the setting ${name}=${value}.`)
  }
  const options = Object.entries(given).map(([name, value]) => `-c ${name}=${value}`)
  try {
    // pg_ctl puts the server in a session of its own: it outlives us and a Ctrl-C does not reach it.
    const log = join(dir, 'server.log')
    await run(binaries.pgCtl, ['-D', dir, '-l', log, '-w', '-t', '60', '-o', options.join(' '), 'start'], account)
    return undefined
  } catch (cause) {
    return new Error(`Postgres did not start on ${dir}:\n${await logTail(dir)}`, { cause })
  }
}

/**
 * Postgres refuses to start while the process named in its pid file exists, be it a zombie or a stranger with the same
 * number. We know better, but must not remove the file: its shared memory key is how Postgres sees that children of the
 * killed server are still writing. So only the number is changed, to one that can't exist.
 */
async function disownPidFile(dir: string) {
  const [pid, ...rest] = await pidFile(dir)
  if (pid === undefined || !exists(Number(pid)) || (await running(Number(pid), 'postgres'))) return
  await writeFile(join(dir, 'postmaster.pid'), [nobodysPid, ...rest].join('\n'))
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no free port'))
        else resolve(address.port)
      })
    })
  })
}

async function logTail(dir: string): Promise<string> {
  try {
    const file = await open(join(dir, 'server.log'))
    try {
      const { size } = await file.stat()
      const length = Math.min(size, 2_000)
      const { buffer } = await file.read({ buffer: Buffer.alloc(length), position: size - length })
      return buffer.toString('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return '(it left no log)'
  }
}

/** With an environment of its own: PGDATA and the like would mislead the programs, our secrets are none of theirs. */
function run(program: string, args: string[], account: Account): Promise<void> {
  const { PATH, SystemRoot, TEMP } = process.env
  const env = { PATH, LC_ALL: 'C', TZ: 'UTC', ...(SystemRoot && { SystemRoot }), ...(TEMP && { TEMP }) }
  return new Promise((resolve, reject) => {
    const cwd = process.platform === 'win32' ? dirname(program) : '/'
    execFile(program, args, { cwd, env, ...account }, (error, stdout, stderr) => {
      if (!error) return resolve()
      const hint = hasCode(error, 'ENOENT')
        ? 'This system lacks what it needs (glibc?): set DATABASE_URL instead. '
        : ''
      reject(new Error(`${basename(program)} failed. ${hint}${stderr || stdout || error.message}`, { cause: error }))
    })
  })
}
