import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** The user a server runs as; undefined for "whoever we are". */
export type Account = { uid: number; gid: number } | undefined

const nobody = { uid: 65534, gid: 65534 }

/**
 * Postgres refuses to run as root, so root starts it as `nobody`. A database that an ordinary user has made stays that
 * user's, so that running once as root does not lock them out.
 */
export async function accountFor(dataDir: string): Promise<Account> {
  if (process.getuid?.() !== 0) return undefined
  try {
    const { uid, gid } = await stat(join(dataDir, 'PG_VERSION'))
    return uid === 0 ? nobody : { uid, gid }
  } catch {
    return nobody
  }
}

/** Whether the account can get into the folder: it and every folder above lets the account through. */
export async function reachable(folder: string, account: Account): Promise<boolean> {
  if (!account) return true
  for (let at = folder; ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (at === dirname(at)) return true
  }
}

/** A temporary folder the account can reach: TMPDIR may well be root's own. */
export async function sharedTemp(account: Account): Promise<string> {
  for (const folder of [tmpdir(), '/tmp', '/var/tmp']) {
    if (await reachable(folder, account).catch(() => false)) return folder
  }
  throw new Error('No temporary folder is open to the user "nobody", as which root starts Postgres.')
}
