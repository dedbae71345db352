// `npm run migrate`: brings the database named by MIGRATION_DATABASE_URL (its owner) up to date.
import { existsSync } from 'node:fs'
import { migrateToLatest } from './migrate.ts'

if (existsSync('.env')) process.loadEnvFile('.env')

const url = process.env.MIGRATION_DATABASE_URL
if (url === undefined || url === '') {
  process.stderr.write('MIGRATION_DATABASE_URL is missing: the address of the database as its owner.\n')
  process.exit(1)
}
const names = await migrateToLatest(url)
process.stdout.write(names.length === 0 ? 'Already up to date.\n' : `Applied: ${names.join(', ')}\n`)
