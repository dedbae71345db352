import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig, settingNames } from '../../src/config.ts'

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')
const complete = {
  NODE_ENV: 'production',
  BASE_URL: 'https://nabz.example/',
  DATABASE_URL: 'postgres://nabz_app@db/nabz',
  JOBS_DATABASE_URL: 'postgres://nabz_jobs@db/nabz',
  SESSION_SECRET: key(1),
  PASSWORD_PEPPER: key(2),
  MASTER_KEY: key(3),
  LOOKUP_KEY: key(4),
  KEY_STORE_DIR: '/var/lib/nabz/keys',
  SMTP_URL: 'smtps://mail.example',
  MAIL_FROM: 'Nabz <hello@nabz.example>',
  WHATSAPP_PHONE_NUMBER_ID: '106540352242922',
  WHATSAPP_DISPLAY_NUMBER: '+15550783881',
  WHATSAPP_ACCESS_TOKEN: 'a-long-access-token',
  WHATSAPP_APP_SECRET: 'a-long-app-secret',
  WHATSAPP_VERIFY_TOKEN: 'a-long-verify-token',
}
const withOnly = (name: string, value: string | undefined) => ({ ...complete, [name]: value })
const refusal = (env: Record<string, string | undefined>) => {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('the settings were accepted')
}

describe('the settings', () => {
  it('are read once and cannot be changed', () => {
    const config = readConfig(complete)
    expect(config).toMatchObject({
      production: true,
      baseUrl: 'https://nabz.example',
      secureCookies: true,
      demo: false,
      port: 3000,
    })
    expect(() => Object.assign(config, { production: false })).toThrow(TypeError)
  })

  it.each(Object.keys(complete).filter((name) => name !== 'NODE_ENV'))('refuse to be without %s, by name', (name) => {
    for (const nothing of [undefined, '']) {
      expect(refusal(withOnly(name, nothing))).toBe(`The settings are not complete:\n  ${name} is missing`)
    }
  })

  it.each([
    ['NODE_ENV', 'staging'],
    ['PORT', '70000'],
    ['PORT', 'http'],
    ['PORT', '1.5'],
    ['TRUST_PROXY', '-1'],
    ['LOG_LEVEL', 'loud'],
    ['BASE_URL', 'nabz.example'],
    ['BASE_URL', 'ftp://nabz.example'],
    ['DATABASE_URL', 'mysql://db/nabz'],
    ['JOBS_DATABASE_URL', 'db:5432'],
    ['DATABASE_POOL', '1'],
    ['SESSION_SECRET', 'c2hvcnQ='],
    ['SESSION_SECRET', 'changeme-changeme-changeme-changeme-changeme-changeme'],
    ['PREVIOUS_SESSION_SECRET', 'c2hvcnQ='],
    ['PASSWORD_PEPPER', Buffer.alloc(31).toString('base64')],
    ['MASTER_KEY', Buffer.alloc(33).toString('base64')],
    ['MASTER_KEY', 'example-key'],
    ['LOOKUP_KEY', 'todo'],
    ['SMTP_URL', 'mail.example'],
    ['MAIL_FROM', 'Nabz'],
    ['WHATSAPP_BASE_URL', 'graph.facebook.com'],
    ['WHATSAPP_API_VERSION', '25'],
    ['WHATSAPP_PHONE_NUMBER_ID', 'abc'],
    ['WHATSAPP_DISPLAY_NUMBER', '0300 1234567'],
    ['WHATSAPP_ACCESS_TOKEN', 'short'],
    ['WHATSAPP_APP_SECRET', 'short'],
    ['WHATSAPP_VERIFY_TOKEN', 'short'],
    ['STRIPE_BASE_URL', 'api.stripe.com'],
    ['STRIPE_BASE_URL', 'https://api.stripe.com/v1'],
    ['NABZ_DEMO', 'yes'],
  ])('refuse a bad %s, naming it and not its value (%s)', (name, value) => {
    const message = refusal(withOnly(name, value))
    const named = message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(' ')[0])
    expect(new Set(named)).toEqual(new Set([name]))
    if (value.length > 5) expect(message).not.toContain(value)
  })

  it.each([
    ['BASE_URL', 'http://nabz.example'],
    ['WHATSAPP_BASE_URL', 'http://127.0.0.1:4000'],
    ['STRIPE_BASE_URL', 'http://127.0.0.1:4000'],
    ['NABZ_DEMO', 'on'],
  ])('refuse %s=%s in production, and take it in development', (name, value) => {
    expect(refusal(withOnly(name, value))).toContain(`  ${name} must be`)
    expect(() => readConfig({ ...withOnly(name, value), NODE_ENV: 'development' })).not.toThrow()
  })

  it('name everything that is wrong at once', () => {
    const message = refusal({ ...complete, PORT: 'x', MASTER_KEY: 'x', BASE_URL: undefined })
    expect(message).toMatch(/BASE_URL is missing/)
    expect(message).toMatch(/PORT /)
    expect(message).toMatch(/MASTER_KEY /)
  })

  it('are production unless told otherwise', () => {
    const { NODE_ENV: _, ...silent } = complete
    expect(readConfig(silent).production).toBe(true)
  })

  it('take a secret from a mounted file, and say which file they can not read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nabz-secret-'))
    const path = join(folder, 'master')
    await writeFile(path, `${key(9)}\n`)
    const { MASTER_KEY: _, ...rest } = complete
    expect(readConfig({ ...rest, MASTER_KEY_FILE: path }).masterKey).toEqual(Buffer.alloc(32, 9))
    expect(refusal({ ...rest, MASTER_KEY_FILE: join(folder, 'absent') })).toContain('MASTER_KEY_FILE')
    await rm(folder, { recursive: true })
  })

  it('sign with the newest secret and still know the one before', () => {
    expect(readConfig({ ...complete, PREVIOUS_SESSION_SECRET: key(8) }).sessionSecrets).toEqual([key(1), key(8)])
  })

  describe('of cards', () => {
    const cards = { STRIPE_SECRET_KEY: 'sk_test_1234567890', STRIPE_WEBHOOK_SECRET: 'whsec_1234567890' }

    it('may be left out: then there are none', () => {
      expect(readConfig(complete).stripe).toBeUndefined()
    })

    it('name Stripe itself unless told otherwise, and take a second secret while it changes', () => {
      expect(readConfig({ ...complete, ...cards, PREVIOUS_STRIPE_WEBHOOK_SECRET: 'whsec_0987654321' }).stripe).toEqual({
        secretKey: 'sk_test_1234567890',
        baseUrl: 'https://api.stripe.com',
        webhookSecrets: ['whsec_1234567890', 'whsec_0987654321'],
      })
    })

    it.each(Object.keys(cards))('are refused without %s when the other is there', (name) => {
      expect(refusal({ ...complete, ...cards, [name]: undefined })).toContain(`  ${name} is missing, though`)
    })

    it.each([
      ['STRIPE_SECRET_KEY', 'pk_test_1234567890'],
      ['STRIPE_WEBHOOK_SECRET', 'not-a-signing-secret'],
    ])('refuse a bad %s without telling it', (name, value) => {
      const message = refusal({ ...complete, ...cards, [name]: value })
      expect(message).toContain(`  ${name} must look like`)
      expect(message).not.toContain(value)
    })
  })
})

describe('what an operator reads', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const found = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!)
  /** Settings that a command takes from the environment itself. */
  const commands = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('-command.ts'))
    .flatMap((file) => found(read(join('src', file)), /(?:requiredSetting\('|process\.env\.)([A-Z_]+)/g))
  const known = [...new Set([...settingNames, ...commands])].toSorted()

  it('names every setting in the file to copy, and none that nothing reads', () => {
    expect(found(read('.env.example'), /^(?:# )?([A-Z_]+)=/gm).toSorted()).toEqual(known)
  })

  it('has a value in that file only where the start takes it or refuses it as a placeholder', () => {
    const lines = [...read('.env.example').matchAll(/^(?:# )?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
      name,
      value,
    ])
    const problems = refusal(Object.fromEntries(lines) as Record<string, string>)
      .split('\n')
      .slice(1)
    const refused = problems.filter((line) => !line.endsWith(' is missing')).map((line) => line.trim().split(' ')[0])
    expect([...new Set(refused)]).toEqual(['SESSION_SECRET', 'PASSWORD_PEPPER', 'MASTER_KEY', 'LOOKUP_KEY'])
  })

  it('is told in the README of every setting', () => {
    const readme = read('README.md')
    expect(known.filter((name) => !readme.includes(`\`${name}\``))).toEqual([])
  })

  it('finds nothing in the compose file that is not a setting', () => {
    const compose = read('docker-compose.yml')
    const application = compose.slice(compose.indexOf('  nabz:\n'), compose.indexOf('  caddy:\n'))
    expect(found(application, /^ {6}([A-Z_]+): /gm).filter((name) => !known.includes(name))).toEqual([])
    // Those it asks for besides: `docker compose` stops without them, and the README shows them.
    const asked = new Set(found(compose, /[^$]\$\{([A-Z_]+)/g))
    expect([...asked].filter((name) => !known.includes(name)).toSorted()).toEqual(['DOMAIN', 'POSTGRES_PASSWORD'])
  })
})
