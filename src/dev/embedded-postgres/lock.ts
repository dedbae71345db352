import { randomUUID } from 'node:crypto'
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { hasCode, running } from './process.ts'

const heartbeatMs = 1_000
const abandonedAfterMs = 15_000
const patienceMs = 120_000

/**
 * One process at a time, by a lock file with the holder's pid inside. The file of a holder that is gone, or that has not
 * touched it for a while (its pid may by now be somebody else's), is taken over. That can, very rarely, let in two at
 * once: the work must survive it, and Postgres itself refuses a second server on the same folder.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const mark = `${process.pid} ${randomUUID()}`
  const deadline = Date.now() + patienceMs
  while (!(await take(path, mark))) {
    if (await abandoned(path)) await rm(path, { force: true })
    else if (Date.now() > deadline) throw new Error(`Somebody has held ${path} for too long. Remove it if nobody does.`)
    else await pause(50)
  }
  const heartbeat = setInterval(() => void touch(path), heartbeatMs)
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    if ((await contents(path)) === mark) await rm(path, { force: true })
  }
}

async function take(path: string, mark: string): Promise<boolean> {
  try {
    await writeFile(path, mark, { flag: 'wx' })
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

async function abandoned(path: string): Promise<boolean> {
  try {
    if (Date.now() - (await stat(path)).mtimeMs > abandonedAfterMs) return true
    // Empty for an instant between being made and being written.
    const pid = Number.parseInt((await contents(path)) ?? '', 10)
    return !Number.isNaN(pid) && !(await running(pid))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

async function contents(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}

async function touch(path: string) {
  const now = new Date()
  await utimes(path, now, now).catch(() => undefined)
}
