// `npm run backup`: one encrypted backup of the whole database and one of each clinic, and the old ones away. Its sister `backup:keys` keeps the
// clinics' keys apart from it, in one file that is overwritten.
import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { backupClinics, removeOldClinicBackups } from './platform/backup/clinics.ts'
import { checkArchive } from './platform/backup/load.ts'
import { keptDays, readBackup, removeOldBackups, touchStamp, writeBackup, writeKeys } from './platform/backup/files.ts'
import { verifyInScratch } from './platform/backup/verify.ts'
import { systemClock } from './platform/clock.ts'
import { createKeyRing } from './platform/seal/key-ring.ts'
import { folderKeyStore } from './platform/seal/key-store.ts'
import { Refused, requiredSetting, runCommand, say } from './run-command.ts'

const usage = `Backups of the database, encrypted under MASTER_KEY, and of each clinic, encrypted under the clinic's own key.

  npm run backup                  writes them into BACKUP_DIR and BACKUP_DIR/clinics/<clinic's id>, reads them back, removes
                                  those that would get older than 21 days
  npm run backup -- --verify      also restores the database's into BACKUP_SCRATCH_DATABASE_URL and counts every table
  npm run backup:keys             writes the clinics' keys into BACKUP_KEYS_FILE, over what is there

The database is read as its owner, MIGRATION_DATABASE_URL.
In development say "backup:dev" and "backup:keys:dev".
`

await runCommand(run)

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { verify: { type: 'boolean' }, keys: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) return say(usage)
  const { masterKey, lookupKey, keyStoreDir, backupStampFile } = readConfig(process.env)
  if (values.keys) {
    const file = requiredSetting('BACKUP_KEYS_FILE', usage)
    return say(`${await writeKeys({ keyStoreDir, masterKey, file })} keys in ${file}`)
  }
  const ownerUrl = requiredSetting('MIGRATION_DATABASE_URL', usage)
  const folder = requiredSetting('BACKUP_DIR', usage)
  const scratchUrl = values.verify ? requiredSetting('BACKUP_SCRATCH_DATABASE_URL', usage) : undefined
  const now = systemClock.now()
  // Whatever becomes of tonight's: what was erased is promised to be readable nowhere, and the alarm has rung for weeks.
  const overdue = (await removeOldBackups(folder, now)) + (await removeOldClinicBackups(folder, now))
  const made = await writeBackup({ ownerUrl, masterKey, folder, now })
  await checkArchive(readBackup(masterKey, made.path))
  if (scratchUrl !== undefined) await verifyInScratch(scratchUrl, readBackup(masterKey, made.path))
  // Only now: a night without a good backup must not take one away that may still stay. Nights are a day apart, so what
  // would be too old before the next goes with this one.
  const removed = overdue + (await removeOldBackups(folder, now, keptDays - 1))
  const rows = made.manifest.tables.reduce((sum, table) => sum + table.rows, 0)
  const verified = scratchUrl === undefined ? 'read back' : 'restored and counted'
  say(`${made.path}: ${made.manifest.tables.length} tables, ${rows} rows, ${verified}; ${removed} old files removed`)
  const keys = createKeyRing(folderKeyStore(keyStoreDir), masterKey, lookupKey)
  const clinics = await backupClinics({ ownerUrl, keys, folder, now })
  say(`${folder}/clinics: ${clinics.made} clinics, ${clinics.rows} rows, read back`)
  for (const clinicId of clinics.keyless) say(`${clinicId} has no key: there is nothing to back up`)
  for (const { clinicId, error } of clinics.failed)
    say(`${clinicId}: ${error instanceof Error ? error.message : 'failed'}`)
  if (clinics.failed.length > 0) throw new Refused(`${clinics.failed.length} clinics have no backup of tonight.`)
  if (clinics.made === 0 && clinics.keyless.length > 0) {
    throw new Refused('Not one clinic has a key in KEY_STORE_DIR: is it the right folder?')
  }
  if (backupStampFile !== undefined) await touchStamp(backupStampFile, made)
}
