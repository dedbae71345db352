// `npm run migrate`: brings the database named by MIGRATION_DATABASE_URL (its owner) up to date.
import { migrateToLatest } from './platform/db/migrate.ts'
import { requiredSetting, runCommand, say } from './run-command.ts'

await runCommand(async () => {
  const url = requiredSetting('MIGRATION_DATABASE_URL', 'It is the address of the database as its owner.')
  const names = await migrateToLatest(url)
  say(names.length === 0 ? 'Already up to date.' : `Applied: ${names.join(', ')}`)
})
