// `npm run demo`: the whole of Nabz on one port, with nothing but Node installed. A real Postgres from an npm package,
// three clinics with a past and a full day, a stand-in for WhatsApp with a phone in the browser, and a mailbox.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Router } from 'express'
import { readConfig } from '../config.ts'
import { migrateToLatest } from '../platform/db/migrate.ts'
import { createLog } from '../platform/log.ts'
import { serve, type Running } from '../serve.ts'
import { applyRetention, ClockNotBelieved } from '../features/privacy/actions.ts'
import { demoPassword, seedDemo } from '../../seeds/demo.ts'
import { seedService } from '../../seeds/service.ts'
import { demoSecrets } from './demo-secrets.ts'
import { factorCodes, prepareFactors } from './factor-codes.ts'
import { freePort, PortTaken } from './free-port.ts'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from './embedded-postgres.ts'
import { createMailbox } from './mailbox.ts'
import { createDatabase, prepareRoles } from './prepare-database.ts'
import { createStripeSimulator } from './stripe-simulator/simulator.ts'
import { createWhatsAppSimulator } from './whatsapp-simulator/simulator.ts'
import { registerTemplates } from '../features/messaging/actions/templates.ts'

const folder = process.env.NABZ_DATA_DIR ?? join(process.cwd(), '.data')
const databaseFolder = join(folder, 'postgres')

// Filled when the demo is up; a signal may come before.
const demo: { running?: { stop(): Promise<void> } } = {}
let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second Ctrl-C while stopping is impatience, not another order.
    if (stopping) return
    stopping = true
    process.stdout.write('\nStopping …\n')
    // Before the demo is up there is only the database, which would live on without us.
    const stop = demo.running?.stop() ?? stopEmbeddedPostgres(databaseFolder)
    void stop.then(() => process.exit(0))
  })
}
try {
  demo.running = await start()
} catch (error) {
  if (!(error instanceof PortTaken)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}

async function start(): Promise<{ stop(): Promise<void> }> {
  // Before anything is removed or begun: a database that was started for nothing would live on without us.
  const port = await freePort(Number(process.env.PORT ?? 3000), process.env.PORT !== undefined)
  if (process.argv.includes('--fresh')) {
    await stopEmbeddedPostgres(databaseFolder)
    await rm(folder, { recursive: true, force: true })
  }
  const postgres = await startEmbeddedPostgres({ dataDir: databaseFolder })
  await prepareRoles(postgres.url('postgres'))
  await createDatabase(postgres.url('postgres'), 'nabz')
  await migrateToLatest(postgres.url('nabz', 'nabz_owner'))

  const baseUrl = process.env.BASE_URL ?? `http://localhost:${port}`
  const secrets = demoSecrets(folder)
  const mailbox = await createMailbox()
  const whatsapp = {
    WHATSAPP_BASE_URL: `http://127.0.0.1:${port}/dev/graph`,
    WHATSAPP_PHONE_NUMBER_ID: '106540352242922',
    WHATSAPP_DISPLAY_NUMBER: '+15550783881',
    WHATSAPP_ACCESS_TOKEN: secrets.WHATSAPP_ACCESS_TOKEN,
    WHATSAPP_APP_SECRET: secrets.WHATSAPP_APP_SECRET,
    WHATSAPP_VERIFY_TOKEN: secrets.WHATSAPP_VERIFY_TOKEN,
  }
  const stripe = {
    STRIPE_BASE_URL: `http://127.0.0.1:${port}`,
    STRIPE_SECRET_KEY: `sk_test_${Buffer.from(secrets.STRIPE_SECRET_KEY, 'base64').toString('hex')}`,
    STRIPE_WEBHOOK_SECRET: `whsec_${secrets.STRIPE_WEBHOOK_SECRET}`,
  }
  const config = readConfig({
    NODE_ENV: 'development',
    NABZ_DEMO: 'on',
    HOST: process.env.HOST ?? '127.0.0.1',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
    PORT: String(port),
    BASE_URL: baseUrl,
    DATABASE_URL: postgres.url('nabz', 'nabz_app'),
    JOBS_DATABASE_URL: postgres.url('nabz', 'nabz_jobs'),
    KEY_STORE_DIR: join(folder, 'keys'),
    SMTP_URL: `smtp://127.0.0.1:${mailbox.port}`,
    MAIL_FROM: 'Nabz <hello@nabz.test>',
    ...secrets,
    ...whatsapp,
    ...stripe,
  })
  const simulator = createWhatsAppSimulator({
    accessToken: config.whatsapp.accessToken,
    appSecret: config.whatsapp.appSecret,
    verifyToken: config.whatsapp.verifyToken,
    wabaId: '102290129340398',
    phoneNumberId: config.whatsapp.phoneNumberId,
    displayPhoneNumber: config.whatsapp.displayNumber,
    webhookUrl: `http://127.0.0.1:${port}/webhooks/whatsapp`,
    stateFile: join(folder, 'whatsapp.json'),
    deliver: 'auto',
  })
  const cards = createStripeSimulator({
    secretKey: stripe.STRIPE_SECRET_KEY,
    webhookSecret: stripe.STRIPE_WEBHOOK_SECRET,
    webhookUrl: `http://127.0.0.1:${port}/webhooks/stripe`,
    publicUrl: `${baseUrl}/dev`,
    stateFile: join(folder, 'stripe.json'),
    deliver: 'auto',
  })
  const log = createLog(config.logLevel, (line) => process.stderr.write(line))
  const up: { services?: Running['services'] } = {}
  const codes = factorCodes(() => up.services)
  const nabz = await serve(config, {
    log,
    outside: Router().use('/v1', cards.api).use('/dev', simulator.router, cards.router, mailbox.router, codes),
  })
  await registerTemplates(nabz.services, '102290129340398')
  await seedDemo(nabz.services)
  await seedService(nabz.services, await nabz.services.passwords.hash(demoPassword))
  // What was invented is older than some promises allow: gone at once rather than reported as late.
  await applyRetention(nabz.services, { everyClinic: true }).catch((error: unknown) => {
    // A demo that slept for days: the job waits and sees.
    if (!(error instanceof ClockNotBelieved)) throw error
  })
  await prepareFactors(nabz.services)
  up.services = nabz.services
  welcome(baseUrl)
  return {
    stop: () =>
      stopAll(nabz, [() => simulator.stop(), () => cards.stop(), () => mailbox.stop(), () => postgres.stop()]),
  }
}

async function stopAll(nabz: Running, others: (() => Promise<void>)[]): Promise<void> {
  await nabz.stop()
  for (const stop of others) await stop()
}

function welcome(baseUrl: string): void {
  const line = (label: string, path: string) => `  ${label.padEnd(34)} ${baseUrl}${path}`
  process.stdout.write(
    [
      '',
      'Nabz is running.',
      '',
      'For patients',
      line('Shifa Clinic, Karachi (Urdu)', '/c/shifa'),
      line('Nour Dental, Cairo (Arabic)', '/c/nour-dental'),
      line('Thames Physio, London', '/c/thames-physio'),
      line('Their phone, WhatsApp on it', '/dev/phone'),
      '',
      'For the clinic',
      line('Sign in', '/sign-in'),
      line('Mail that Nabz sent', '/dev/mail'),
      line('Codes for the second step', '/dev/codes'),
      line('Stripe, where cards are charged', '/dev/stripe'),
      '',
      '  owner@shifa.test   doctor@shifa.test   desk@shifa.test   assistant@shifa.test   accountant@shifa.test',
      '  the same at nour-dental.test and thames-physio.test; admin@nabz.test for /admin',
      '  password of all: nabz demo only; the admin also needs a code from /dev/codes',
      '',
      'Try this first',
      '  1. Book a visit at /c/shifa with any Pakistani mobile number, such as 0300 1234567.',
      '  2. Read the code and the confirmation on the phone, /dev/phone.',
      '  3. See the visit on Today, signed in as desk@shifa.test.',
      '  4. Move it there, or by the link in the message; the phone is told after a moment.',
      '  5. Reply STOP on the phone: no reminder will leave.',
      '',
      'Ctrl-C stops everything. The data stays in .data; npm run demo -- --fresh starts over.',
      '',
    ].join('\n'),
  )
}
