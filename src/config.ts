// The environment, read once, as one frozen object. Nothing else reads process.env. A missing or bad value stops the
// start with the name of the variable, and every bad one is named at once.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'

const placeholders = /^(change-?me|secret|password|example|todo)/i

const secret = (bytes: number) =>
  z
    .string({ error: 'is missing' })
    .refine((text) => !placeholders.test(text), 'still holds its placeholder')
    .refine((text) => Buffer.from(text, 'base64').length >= bytes, `must be at least ${bytes} random bytes in base64`)

const key32 = z
  .string({ error: 'is missing' })
  .refine((text) => !placeholders.test(text), 'still holds its placeholder')
  .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be exactly 32 random bytes in base64')
  .transform((text) => Buffer.from(text, 'base64'))

const postgresUrl = z.string({ error: 'is missing' }).regex(/^postgres(ql)?:\/\//, 'must be a postgres:// address')
const httpUrl = z
  .string({ error: 'is missing' })
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http(s) address')
  .transform((text) => text.replace(/\/+$/, ''))
const number = (fallback: number, min: number, max: number) =>
  z.coerce.number({ error: 'must be a number' }).int('must be a whole number').min(min).max(max).default(fallback)

/** One address or several with commas between; each becomes a mail of its own. */
function mailAddresses(text: string, context: z.RefinementCtx): string[] {
  const addresses = text.split(',').map((one) => one.trim().toLowerCase())
  if (addresses.some((one) => !z.email().safeParse(one).success)) {
    context.addIssue({ code: 'custom', message: 'must be mail addresses, with commas between' })
  }
  return addresses
}

const environment = z
  .object({
    NODE_ENV: z.enum(['production', 'development', 'test']).default('production'),
    HOST: z.string().default('127.0.0.1'),
    PORT: number(3000, 0, 65535),
    BASE_URL: httpUrl,
    TRUST_PROXY: number(0, 0, 10),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
    LOG_DIR: z.string().optional(),
    METRICS_TOKEN: z
      .string()
      .min(16, 'must be at least 16 characters')
      .refine((text) => !placeholders.test(text), 'still holds its placeholder')
      .optional(),
    ALARM_EMAIL: z.string().transform(mailAddresses).optional(),
    BACKUP_STAMP_FILE: z.string().optional(),
    DATABASE_URL: postgresUrl,
    JOBS_DATABASE_URL: postgresUrl,
    DATABASE_POOL: number(10, 2, 200),
    SESSION_SECRET: secret(32),
    PREVIOUS_SESSION_SECRET: secret(32).optional(),
    PASSWORD_PEPPER: key32,
    MASTER_KEY: key32,
    LOOKUP_KEY: key32,
    KEY_STORE_DIR: z.string({ error: 'is missing' }).min(1, 'is missing'),
    EXPORT_DIR: z.string().optional(),
    AUDIT_HEADS_DIR: z.string().optional(),
    SMTP_URL: z.string({ error: 'is missing' }).regex(/^smtps?:\/\//, 'must be an smtp:// or smtps:// address'),
    MAIL_FROM: z.string({ error: 'is missing' }).regex(/@/, 'must be a mail address'),
    WHATSAPP_BASE_URL: httpUrl.default('https://graph.facebook.com'),
    WHATSAPP_API_VERSION: z
      .string()
      .regex(/^v\d+\.\d+$/, 'must look like v25.0')
      .default('v25.0'),
    WHATSAPP_PHONE_NUMBER_ID: z.string({ error: 'is missing' }).regex(/^\d+$/, 'must be digits'),
    WHATSAPP_DISPLAY_NUMBER: z.string({ error: 'is missing' }).regex(/^\+\d{7,15}$/, 'must be a number in E.164'),
    WHATSAPP_ACCESS_TOKEN: z.string({ error: 'is missing' }).min(8, 'is too short'),
    WHATSAPP_APP_SECRET: z.string({ error: 'is missing' }).min(8, 'is too short'),
    WHATSAPP_VERIFY_TOKEN: z.string({ error: 'is missing' }).min(8, 'is too short'),
    // All of it or none: without, cards are not offered.
    STRIPE_SECRET_KEY: z
      .string()
      .regex(/^(sk|rk)_\w{8,}$/, 'must look like sk_…')
      .optional(),
    STRIPE_WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_/, 'must look like whsec_…')
      .min(14, 'is too short')
      .optional(),
    PREVIOUS_STRIPE_WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_/, 'must look like whsec_…')
      .min(14, 'is too short')
      .optional(),
    STRIPE_BASE_URL: httpUrl
      .refine((text) => !URL.canParse(text) || new URL(text).pathname === '/', 'must be a host without a path')
      .default('https://api.stripe.com'),
    // For the list of who works for us.
    HOSTING_PROVIDER: z.string().trim().max(120).optional(),
    HOSTING_REGION: z.string().trim().max(120).optional(),
    ANALYTICS_SCRIPT_URL: httpUrl.optional(),
    NABZ_DEMO: z.enum(['on', 'off']).default('off'),
  })
  .check((context) => {
    const env = context.value
    const refuse = (name: string, message: string) =>
      context.issues.push({ code: 'custom', path: [name], message, input: env })
    const [key, signing] = [env.STRIPE_SECRET_KEY !== undefined, env.STRIPE_WEBHOOK_SECRET !== undefined]
    if (signing && !key) refuse('STRIPE_SECRET_KEY', 'is missing, though STRIPE_WEBHOOK_SECRET is there')
    if (key && !signing) refuse('STRIPE_WEBHOOK_SECRET', 'is missing, though STRIPE_SECRET_KEY is there')
    if (env.PREVIOUS_STRIPE_WEBHOOK_SECRET !== undefined && !signing) {
      refuse('STRIPE_WEBHOOK_SECRET', 'is missing, though PREVIOUS_STRIPE_WEBHOOK_SECRET is there')
    }
    if (env.NODE_ENV !== 'production') return
    if (!env.BASE_URL.startsWith('https://')) refuse('BASE_URL', 'must be https:// in production')
    if (!env.WHATSAPP_BASE_URL.startsWith('https://')) refuse('WHATSAPP_BASE_URL', 'must be https:// in production')
    if (!env.STRIPE_BASE_URL.startsWith('https://')) refuse('STRIPE_BASE_URL', 'must be https:// in production')
    if (env.ANALYTICS_SCRIPT_URL?.startsWith('http://'))
      refuse('ANALYTICS_SCRIPT_URL', 'must be https:// in production')
    if (env.NABZ_DEMO === 'on') refuse('NABZ_DEMO', 'must be off in production')
  })

/** Every variable the settings are read from. */
export const settingNames: readonly string[] = Object.keys(environment.shape)

export type Config = Readonly<ReturnType<typeof shape>>

/** Takes what `.env` in the working directory names into the environment; what is set there already wins. */
export function loadEnvironmentFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env')
}

export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Reads the settings from `env`. A variable `X` may be given as `X_FILE`, the path of a mounted secret. Throws
 * ConfigError naming every variable that is missing or bad, without its value.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const parsed = environment.safeParse(withMountedSecrets(env))
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.map(String).join('.')} ${issue.message}`)
    throw new ConfigError(`The settings are not complete:\n${lines.join('\n')}`)
  }
  return Object.freeze(shape(parsed.data))
}

function withMountedSecrets(env: Record<string, string | undefined>): Record<string, string | undefined> {
  const values: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '') continue
    if (name.endsWith('_FILE') && name.slice(0, -5) in environment.shape) {
      values[name.slice(0, -5)] = readSecret(name, value)
    } else {
      values[name] = value
    }
  }
  return values
}

/** A setting read by itself, which may be given as `X_FILE` like all others. Throws ConfigError where that can't be read. */
export function readSetting(env: Record<string, string | undefined>, name: string): string | undefined {
  const path = env[`${name}_FILE`]
  if (path !== undefined && path !== '') return readSecret(`${name}_FILE`, path)
  const value = env[name]
  return value === '' ? undefined : value
}

function readSecret(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    throw new ConfigError(`The settings are not complete:\n  ${name} names a file that can't be read`)
  }
}

function shape(env: z.output<typeof environment>) {
  return {
    production: env.NODE_ENV === 'production',
    host: env.HOST,
    port: env.PORT,
    baseUrl: env.BASE_URL,
    /**
     * Cookies carry `Secure` and the `__Host-` prefix. Off only where the base address is plain http, which production
     * refuses: there browsers would drop such cookies, and a phone on the same network could not try the demo.
     */
    secureCookies: env.BASE_URL.startsWith('https://'),
    /** Templates are read once, and anew for each page only while somebody works on them. */
    cacheTemplates: env.NODE_ENV !== 'development',
    trustProxy: env.TRUST_PROXY,
    logLevel: env.LOG_LEVEL,
    /** Where a file is written each day besides standard output. */
    logDir: env.LOG_DIR,
    /** Opens /metrics; without it there is none. */
    metricsToken: env.METRICS_TOKEN,
    /** Who is told when the service is in trouble; nobody when empty. */
    alarmMail: env.ALARM_EMAIL ?? [],
    /** A file that each good backup touches: its age is the backup's. */
    backupStampFile: env.BACKUP_STAMP_FILE,
    database: { url: env.DATABASE_URL, jobsUrl: env.JOBS_DATABASE_URL, pool: env.DATABASE_POOL },
    sessionSecrets: [env.SESSION_SECRET, env.PREVIOUS_SESSION_SECRET].filter((s): s is string => s !== undefined),
    passwordPepper: env.PASSWORD_PEPPER,
    masterKey: env.MASTER_KEY,
    /** Keys the look-up hashes that outlive a clinic (opt-outs, throttles, links). Never rotated: STOP must survive. */
    lookupKey: env.LOOKUP_KEY,
    keyStoreDir: env.KEY_STORE_DIR,
    /** Where what owners take along lies, sealed, for a day. For several machines it has to be a shared folder. */
    exportDir: env.EXPORT_DIR ?? join(dirname(env.KEY_STORE_DIR), 'exports'),
    /** Where the heads of audit chains are published: on another machine they prove the most. */
    auditHeadsDir: env.AUDIT_HEADS_DIR ?? join(dirname(env.KEY_STORE_DIR), 'audit-heads'),
    mail: { smtpUrl: env.SMTP_URL, from: env.MAIL_FROM },
    whatsapp: {
      baseUrl: env.WHATSAPP_BASE_URL,
      version: env.WHATSAPP_API_VERSION,
      phoneNumberId: env.WHATSAPP_PHONE_NUMBER_ID,
      displayNumber: env.WHATSAPP_DISPLAY_NUMBER,
      accessToken: env.WHATSAPP_ACCESS_TOKEN,
      appSecret: env.WHATSAPP_APP_SECRET,
      verifyToken: env.WHATSAPP_VERIFY_TOKEN,
    },
    /** Undefined: money comes by hand only. */
    stripe:
      env.STRIPE_SECRET_KEY === undefined || env.STRIPE_WEBHOOK_SECRET === undefined
        ? undefined
        : {
            secretKey: env.STRIPE_SECRET_KEY,
            baseUrl: env.STRIPE_BASE_URL,
            webhookSecrets: [env.STRIPE_WEBHOOK_SECRET, env.PREVIOUS_STRIPE_WEBHOOK_SECRET].filter(
              (s): s is string => s !== undefined,
            ),
          },
    /** Who runs the machines and where, as the policies name them; without, they say it in general words. */
    hosting: { provider: env.HOSTING_PROVIDER, region: env.HOSTING_REGION },
    /** A script that counts visits to the public site, loaded only after a visitor's yes; without, nobody is asked. */
    analyticsScript: env.ANALYTICS_SCRIPT_URL,
    /** Lets the demo accounts, whose password is public, sign in. */
    demo: env.NABZ_DEMO === 'on',
  }
}
