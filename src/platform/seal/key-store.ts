import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClinicId } from '../../kernel/ids.ts'

/**
 * Where each clinic's data key lies, wrapped by the master key. Kept outside the database on purpose: a restored dump
 * brings back no key that was destroyed since.
 */
export type KeyStore = {
  /** The wrapped key, or undefined when the clinic has none (any more). */
  read(clinicId: ClinicId): Promise<Buffer | undefined>
  /** Stores a new key. Throws when the clinic has one: a key is never replaced silently. */
  create(clinicId: ClinicId, wrapped: Buffer): Promise<void>
  /** Overwrites, then removes. Without error when there is none. */
  destroy(clinicId: ClinicId): Promise<void>
  /** Leaves a word where the key of a clinic that is gone was, for restores of backups that do not know of it yet. */
  bury(clinicId: ClinicId, epitaph: string): Promise<void>
  /** That word; undefined where there is none. */
  epitaph(clinicId: ClinicId): Promise<string | undefined>
}

/** A folder with one file per clinic. For several machines it has to be a shared folder. */
export function folderKeyStore(folder: string): KeyStore {
  const path = (clinicId: ClinicId) => join(folder, `${clinicId}.key`)
  const grave = (clinicId: ClinicId) => join(folder, `${clinicId}.erased`)
  return {
    read: (clinicId) => readIfThere(path(clinicId)),
    async create(clinicId, wrapped) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const file = await open(path(clinicId), 'wx', 0o600)
      try {
        await file.writeFile(wrapped)
        await file.sync()
      } finally {
        await file.close()
      }
    },
    async destroy(clinicId) {
      try {
        const length = (await readFile(path(clinicId))).length
        const aside = join(folder, `${clinicId}.destroyed`)
        await writeFile(path(clinicId), Buffer.alloc(length), { flush: true })
        await rename(path(clinicId), aside)
        await rm(aside)
      } catch (error) {
        if (!isMissing(error)) throw error
      }
    },
    async bury(clinicId, epitaph) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const part = `${grave(clinicId)}.part`
      await writeFile(part, epitaph, { mode: 0o600, flush: true })
      await rename(part, grave(clinicId))
    },
    epitaph: async (clinicId) => (await readIfThere(grave(clinicId)))?.toString(),
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
