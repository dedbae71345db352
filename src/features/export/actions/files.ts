import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../../config.ts'
import type { Instant } from '../../../kernel/time.ts'
import { hoursKept, type ExportId } from '../rules.ts'

type Folder = Pick<Config, 'exportDir'>

export const fileOf = ({ exportDir }: Folder, id: ExportId): string => join(exportDir, `${id}.sealed`)

/** While it is being made, under the name of whoever makes it. */
export async function partOf({ exportDir }: Folder, id: ExportId, worker: string): Promise<string> {
  await mkdir(exportDir, { recursive: true, mode: 0o700 })
  return join(exportDir, `${id}.${worker}.part`)
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
}

/** Everything that is or was being made under these names. */
export async function removeFilesOf({ exportDir }: Folder, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  for (const name of await namesIn(exportDir)) {
    if (ids.includes(name.slice(0, 36))) await removeFile(join(exportDir, name))
  }
}

/**
 * Takes away what no row speaks for any more: pieces of a process that was killed, files of a clinic that was erased.
 * Nobody can open them; they only take room.
 */
export async function removeStrays({ exportDir }: Folder, now: Instant): Promise<void> {
  const before = now.epochMilliseconds - (hoursKept + 1) * 3_600_000
  for (const name of await namesIn(exportDir)) {
    if (!/^[0-9a-f-]{36}\.(sealed|[0-9a-f-]{36}\.part)$/.test(name)) continue
    const path = join(exportDir, name)
    if ((await ageOf(path)) < before) await removeFile(path)
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** Another process may have removed it meanwhile. */
async function ageOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    if (isMissing(error)) return Infinity
    throw error
  }
}

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT'
