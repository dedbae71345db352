import { readFile } from 'node:fs/promises'

/**
 * Whether a process is at work. A zombie is not: it holds no memory and answers nobody, and where nothing reaps orphans
 * (a container without an init) it stays for ever. With `name`, a process of another name is not the one meant: after a
 * reboot an old number belongs to somebody else.
 */
export async function running(pid: number, name?: string): Promise<boolean> {
  if (!exists(pid)) return false
  let stat: string
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return exists(pid)
  }
  const end = stat.lastIndexOf(')')
  const dead = /^[ZX]/.test(stat.slice(end + 2))
  return !dead && (name === undefined || stat.slice(stat.indexOf('(') + 1, end) === name)
}

/** Whether the number is taken at all, by a zombie too. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}
