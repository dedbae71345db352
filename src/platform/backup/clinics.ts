// One clinic's rows in a file of its own, under a key made from the clinic's: it dies with the clinic's key.
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { KeyRing } from '../seal/key-ring.ts'
import { listClinics, seeAllClinics } from './catalogue.ts'
import { dumpClinic } from './dump.ts'
import { keptDays, nameOf, readBackup, removeOldBackups, writePartial } from './files.ts'
import { as, checkArchive } from './load.ts'

export type ClinicBackups = {
  made: number
  rows: number
  /** Clinics that are being erased: nobody could ever open what would be written. */
  keyless: ClinicId[]
  failed: { clinicId: ClinicId; error: unknown }[]
}

const within = (folder: string) => join(folder, 'clinics')

/**
 * Writes each clinic's backup to `folder/clinics/<clinicId>/` and reads it back. What goes wrong with one clinic keeps
 * no other from its own; it then also keeps its older ones, for as long as they may stay.
 */
export async function backupClinics(parts: {
  ownerUrl: string
  keys: KeyRing
  folder: string
  now: Instant
}): Promise<ClinicBackups> {
  const { ownerUrl, keys, folder, now } = parts
  const clinics = await as(ownerUrl, async (client) => {
    await seeAllClinics(client)
    return listClinics(client)
  })
  const result: ClinicBackups = { made: 0, rows: 0, keyless: [], failed: [] }
  for (const clinicId of clinics) {
    try {
      if (!(await keys.fingerprintOf(clinicId))) {
        result.keyless.push(clinicId)
        continue
      }
      const key = (await keys.forClinic(clinicId)).backupKey()
      result.rows += await writeOne({ ownerUrl, key, folder, now, clinicId })
      result.made++
    } catch (error) {
      result.failed.push({ clinicId, error })
    }
  }
  const again = result.failed.map(({ clinicId }) => clinicId)
  await removeOldClinicBackups(folder, now, keptDays - 1, again)
  return result
}

async function writeOne(parts: {
  ownerUrl: string
  key: Buffer
  folder: string
  now: Instant
  clinicId: ClinicId
}): Promise<number> {
  const folder = join(within(parts.folder), parts.clinicId)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, nameOf(parts.now))
  const plain = dumpClinic(parts.ownerUrl, parts.clinicId, parts.now.toString(), () => undefined)
  await writePartial(path, parts.key, plain)
  try {
    const { tables } = await checkArchive(readBackup(parts.key, `${path}.partial`))
    await rename(`${path}.partial`, path)
    return tables.reduce((sum, { rows }) => sum + rows, 0)
  } catch (error) {
    await rm(`${path}.partial`, { force: true })
    throw error
  }
}

/** Also of clinics that are no more, whose folder goes with its last file. */
export async function removeOldClinicBackups(
  folder: string,
  now: Instant,
  days = keptDays,
  except: readonly ClinicId[] = [],
): Promise<number> {
  if (!existsSync(within(folder))) return 0
  let removed = 0
  for (const entry of await readdir(within(folder), { withFileTypes: true })) {
    if (!entry.isDirectory() || except.some((id) => id === entry.name)) continue
    const one = join(within(folder), entry.name)
    removed += await removeOldBackups(one, now, days)
    if ((await readdir(one)).length === 0) await rmdir(one)
  }
  return removed
}
