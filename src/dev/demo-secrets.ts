import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const names = [
  'SESSION_SECRET',
  'PASSWORD_PEPPER',
  'MASTER_KEY',
  'LOOKUP_KEY',
  'WHATSAPP_ACCESS_TOKEN',
  'WHATSAPP_APP_SECRET',
  'WHATSAPP_VERIFY_TOKEN',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRET',
] as const

/** The demo's secrets, made once and kept beside its data: without them the data could not be opened again. */
export function demoSecrets(folder: string): Record<(typeof names)[number], string> {
  const path = join(folder, 'secrets.json')
  const kept = read(path)
  const secrets = Object.fromEntries(names.map((name) => [name, kept[name] ?? randomBytes(32).toString('base64')]))
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  return secrets as Record<(typeof names)[number], string>
}

function read(path: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
  } catch {
    return {}
  }
}
