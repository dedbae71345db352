// A real Postgres for development and tests, from the binaries of an npm package, without Docker or an installation.
// The package's own wrapper can't reuse a running server, loses races and dies with Ctrl-C before the app has drained.
import { createHash } from 'node:crypto'
import { chown, lstat, mkdir, readdir, readlink, realpath, rm, rmdir, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { accountFor, reachable, sharedTemp, type Account } from './embedded-postgres/account.ts'
import { findBinaries } from './embedded-postgres/binaries.ts'
import { withLock } from './embedded-postgres/lock.ts'
import { hasCode } from './embedded-postgres/process.ts'
import { ensureRunning, initialise, shutDown } from './embedded-postgres/server.ts'

export type EmbeddedPostgres = {
  port: number
  /** Where the data really is: not the folder asked for when that is closed to the server's user. */
  dataDir: string
  /** The address of a database on this server, for the superuser unless another role is named. */
  url(database: string, user?: string): string
  stop(): Promise<void>
}

const sane = {
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Statements hold patients' names and numbers: neither they nor the values in an error's detail belong in a log.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
}

/**
 * Starts the server of a data folder, making the folder first if need be, or finds the one already running (whatever
 * its settings). The server is detached: it outlives the process until someone stops it.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string
  settings?: Record<string, string>
}): Promise<EmbeddedPostgres> {
  const asked = resolve(options.dataDir)
  const settings: Record<string, string> = { ...sane, ...options.settings }
  await mkdir(dirname(asked), { recursive: true })
  return withLock(`${asked}.lock`, async () => {
    const account = await accountFor(asked)
    const dir = await settle(asked, account)
    const place = { dir, account, binaries: await findBinaries(account) }
    await initialise(place, settings.fsync !== 'off')
    if (account) await giveTo(account, dir)
    const port = await ensureRunning(place, settings)
    return {
      port,
      dataDir: dir,
      url: (database, user = 'postgres') =>
        `postgres://${encodeURIComponent(user)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
      stop: () => stopEmbeddedPostgres(asked),
    }
  })
}

/** Stops the folder's server, ending its sessions. Nothing happens if none runs; the data stays. */
export async function stopEmbeddedPostgres(dataDir: string): Promise<void> {
  const asked = resolve(dataDir)
  if (!(await kind(asked))) return
  await withLock(`${asked}.lock`, async () => {
    const dir = await realpath(asked).catch(() => undefined)
    if (dir !== undefined) await stopIn(dir)
  })
}

async function stopIn(dir: string) {
  const account = await accountFor(dir)
  await shutDown({ dir, account, binaries: await findBinaries(account) })
}

/**
 * Finds the folder the data can live in. Where the server's user can't go (a checkout in root's home), that is one in
 * the temporary folder, and the folder asked for becomes a link to it: whoever removes the link gets a fresh database.
 */
async function settle(asked: string, account: Account): Promise<string> {
  if ((await kind(asked)) !== 'link' && (await reachable(await realpath(dirname(asked)), account))) return asked
  const name = `nabz-postgres-${createHash('sha256').update(asked).digest('hex').slice(0, 16)}`
  const shelter = join(await sharedTemp(account), name)
  const dir = join(shelter, 'data')
  if ((await kind(asked)) === 'link') {
    const target = resolve(dirname(asked), await readlink(asked))
    if (target !== dir) return realpath(asked)
    if (!account || (await kind(dir))) {
      await refuseForeign(shelter)
      return dir
    }
    await rm(asked)
  }
  await rmdir(asked).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return
    throw new Error(`${asked} is closed to the user as which root starts Postgres. Move it elsewhere, or remove it.`)
  })
  if (await kind(shelter)) {
    await refuseForeign(shelter)
    if (await kind(dir)) await stopIn(dir)
    await rm(shelter, { recursive: true })
  }
  await mkdir(shelter, { mode: 0o711 })
  await symlink(dir, asked)
  return dir
}

/** Anyone can make folders in the temporary folder: one that is not ours may be a trap. */
async function refuseForeign(shelter: string) {
  if (process.getuid && (await lstat(shelter)).uid !== process.getuid()) {
    throw new Error(`${shelter} was made by somebody else: remove it.`)
  }
}

/** For a folder that was copied or restored by root. */
async function giveTo({ uid, gid }: NonNullable<Account>, dir: string) {
  if ((await lstat(dir)).uid === uid) return
  for (const name of ['', ...(await readdir(dir, { recursive: true }))]) {
    await chown(join(dir, name), uid, gid)
  }
}

async function kind(path: string): Promise<'link' | 'other' | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? 'link' : 'other'
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
