// `npm run restore`: a backup into an empty database, and what was erased since erased again before anybody sees it.
import { parseArgs } from 'node:util'
import { readConfig, type Config } from './config.ts'
import { eraseSubjectsAgain } from './features/rights/actions/journal.ts'
import { parseId } from './kernel/ids.ts'
import { jobsOf } from './jobs.ts'
import { eraseAgain } from './platform/backup/erase-again.ts'
import { readBackup, restoreKeys } from './platform/backup/files.ts'
import { checkArchive, DatabaseNotEmpty, finishRestore, isUnfinished, loadArchive } from './platform/backup/load.ts'
import { loadClinic } from './platform/backup/load-clinic.ts'
import { systemClock } from './platform/clock.ts'
import { createKeyRing } from './platform/seal/key-ring.ts'
import { folderKeyStore } from './platform/seal/key-store.ts'
import { Refused, requiredSetting, runCommand, say } from './run-command.ts'
import { startServices } from './start.ts'

const usage = `Brings a backup back, with the server stopped.

  npm run restore -- <file>             into the empty database of MIGRATION_DATABASE_URL
  npm run restore -- <file> --replace   also where there is something: all of it goes first
  npm run restore -- --clinic <id> <file from clinics/<id>>
                                        one clinic's rows, into an empty database or where it has none any more
  npm run restore -- --finish           goes on where a restore was broken off after its rows were in
  npm run restore -- --keys             the clinics' keys from BACKUP_KEYS_FILE into an empty KEY_STORE_DIR

In development say "restore:dev".
`

await runCommand(run)

async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      replace: { type: 'boolean' },
      finish: { type: 'boolean' },
      keys: { type: 'boolean' },
      clinic: { type: 'string' },
    },
  })
  const [file] = positionals
  const config = readConfig(process.env)
  if (values.keys) {
    const parts = { ...config, file: requiredSetting('BACKUP_KEYS_FILE', usage) }
    return say(`${await restoreKeys(parts)} keys in ${config.keyStoreDir}`)
  }
  const ownerUrl = requiredSetting('MIGRATION_DATABASE_URL', usage)
  if (values.finish) {
    if (!(await isUnfinished(ownerUrl))) throw new Refused('No restore was broken off here.')
    return finish(config, ownerUrl)
  }
  if (file === undefined || positionals.length > 1) throw new Refused(usage)
  if (values.clinic !== undefined) return restoreClinic(config, ownerUrl, values.clinic, file)
  // To its end first: a backup that is not whole must not cost what is there.
  await checkArchive(readBackup(config.masterKey, file))
  try {
    const replace = values.replace === true
    const manifest = await loadArchive(ownerUrl, readBackup(config.masterKey, file), { replace })
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0)
    say(`The backup of ${manifest.madeAt} is back: ${manifest.tables.length} tables, ${rows} rows.`)
  } catch (error) {
    if (error instanceof DatabaseNotEmpty) throw new Refused(`${error.message} --replace removes what is in it.`)
    throw error
  }
  await finish(config, ownerUrl)
}

async function restoreClinic(config: Config, ownerUrl: string, asked: string, file: string): Promise<void> {
  const clinicId = parseId<'clinic'>(asked)
  if (!clinicId) throw new Refused(usage)
  const keys = createKeyRing(folderKeyStore(config.keyStoreDir), config.masterKey, config.lookupKey)
  if (!(await keys.fingerprintOf(clinicId))) throw new Refused('That clinic has no key: nothing of it can be opened.')
  const key = (await keys.forClinic(clinicId)).backupKey()
  await checkArchive(readBackup(key, file))
  const { manifest, messages, alone } = await loadClinic(ownerUrl, clinicId, readBackup(key, file), systemClock.now())
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0)
  say(
    `The clinic as it was at ${manifest.madeAt} is back: ${rows} rows. ${messages} messages that were due are not sent.`,
  )
  if (alone) return finish(config, ownerUrl)
  await erasePatientsAgain(config)
  await runPrivacyJobs(config)
  say('The server may start.')
}

/** The application stays unready until this is through: see `loadArchive`. */
async function finish(config: Config, ownerUrl: string): Promise<void> {
  const erased = await eraseAgain(ownerUrl, folderKeyStore(config.keyStoreDir), systemClock.now())
  say(
    `Erased again: ${erased.clinics} clinics whose key is gone. ` +
      `${erased.messages} messages that were due are not sent, ${erased.sessions} sessions are over.`,
  )
  await erasePatientsAgain(config)
  await runPrivacyJobs(config)
  await finishRestore(ownerUrl)
  say('The server may start.')
}

/** Patients who were erased by right since the backup, told by the journal beside the keys. */
async function erasePatientsAgain(config: Config): Promise<void> {
  const started = await startServices(config)
  try {
    say(`${await eraseSubjectsAgain(started.services)} patients who were erased by right are erased again.`)
  } finally {
    await started.stop()
  }
}

/** Every rule of retention, at once: all jobs of feature `privacy`, by the name in front of the dot. */
async function runPrivacyJobs(config: Config): Promise<void> {
  const started = await startServices(config)
  try {
    for (const job of jobsOf(started.services)) {
      if (!job.name.startsWith('privacy.')) continue
      await job.run()
      say(`${job.name} was run.`)
    }
  } finally {
    await started.stop()
  }
}
