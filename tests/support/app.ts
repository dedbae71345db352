// A whole Nabz for a test file: its own database, web server, mailbox and WhatsApp, and a clock that stands still.
//
//   let app: TestApp
//   beforeAll(async () => { app = await startTestApp() })
//   afterAll(() => app.stop())
import { createServer, type Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Router, type Express, type RequestHandler } from 'express'
import pg from 'pg'
import type { Temporal } from '../../src/kernel/time.ts'
import { createApp } from '../../src/app.ts'
import { createStripeSimulator, type StripeSimulator } from '../../src/dev/stripe-simulator/simulator.ts'
import { createWhatsAppSimulator, type Simulator } from '../../src/dev/whatsapp-simulator/simulator.ts'
import { registerTemplates } from '../../src/features/messaging/actions/templates.ts'
import { jobsOf } from '../../src/jobs.ts'
import { movableClock } from '../../src/platform/clock.ts'
import { createLog } from '../../src/platform/log.ts'
import { createPasswords } from '../../src/platform/passwords.ts'
import type { Services } from '../../src/platform/services.ts'
import { startServices } from '../../src/start.ts'
import { testConfig } from './config.ts'
import { freshDatabase, type TestDatabase } from './database.ts'
import { createAgent, type Agent } from './http.ts'
import { startMailSink, type MailSink } from './mail.ts'

export type TestApp = {
  services: Services
  app: Express
  /** `http://127.0.0.1:<port>`, for what is not an agent. */
  origin: string
  clock: ReturnType<typeof movableClock>
  database: TestDatabase
  /** SQL past every wall, with `$1` parameters: for assertions and for what only an operator could do. */
  superuser<Row extends pg.QueryResultRow = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<Row[]>
  mail: MailSink
  /** Where WhatsApp's servers would be: answers 503 until a test gives it a handler. */
  whatsappServer: Server
  /** Only with the option of that name. */
  simulator: Simulator | undefined
  /** The same. */
  stripe: StripeSimulator | undefined
  /** Every line logged so far. */
  logLines: string[]
  /** What the last failure was, as logged: for the message of a test that met a 500. */
  lastError(): string
  agent(address?: string): Agent
  /** Runs one of the clock's jobs now. Nothing runs by itself. */
  runJob(name: string): Promise<void>
  /** Done when it stops, before what it stands on goes. */
  atStop(step: () => Promise<unknown>): void
  stop(): Promise<void>
}

export type TestAppOptions = {
  now?: string
  config?: Record<string, string>
  /** Connections to the database, when the test is about their number. */
  pool?: number
  /** What the database's clock says, when it is not what the test's own says. */
  databaseNow?: () => Promise<Temporal.Instant>
  /** Cost of a password's hash, when the test is about what follows from many. */
  passwordCost?: number
  /** Routes mounted in front of the product's, for tests of what stands between a request and any route. */
  outside?: (services: Services) => RequestHandler
  /** Its own address is where it really is, by a name that passkeys can be made for. */
  localhost?: boolean
  /** The stand-in for WhatsApp's side, at `/dev` as in the demo, its webhooks waiting for `simulator.controls.flush()`. */
  simulator?: boolean
  /** The stand-in for Stripe's side, at `/v1` and `/dev`, its webhooks waiting for `stripe.controls.flush()`. */
  stripe?: boolean
}

/** Noon on a Tuesday in Karachi, with no clock change near in any zone the tests use. */
export const testNow = '2026-11-24T07:00:00Z'

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const cleanup: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const step of cleanup.splice(0).reverse()) await step()
  }
  try {
    const database = await freshDatabase()
    cleanup.push(() => database.drop())
    const keyStoreDir = await mkdtemp(join(tmpdir(), 'nabz-keys-'))
    cleanup.push(() => rm(keyStoreDir, { recursive: true, force: true }))
    const mail = await startMailSink()
    cleanup.push(() => mail.stop())
    const whatsappServer = await startServer(createServer())
    cleanup.push(() => closeServer(whatsappServer))
    whatsappServer.on('request', (_req, res) => {
      if (whatsappServer.listenerCount('request') === 1) res.writeHead(503).end()
    })
    const superuserPool = new pg.Pool({ connectionString: database.superuserUrl, max: 2 })
    superuserPool.on('error', () => undefined)
    cleanup.push(() => superuserPool.end())

    // Listening before there is anything to answer, because settings and simulator name the address.
    const server = await startServer(createServer())
    cleanup.push(() => closeServer(server))
    const origin = originOf(server)

    const clock = movableClock(options.now ?? testNow)
    const logLines: string[] = []
    const config = testConfig({
      DATABASE_URL: database.appUrl,
      JOBS_DATABASE_URL: database.jobsUrl,
      DATABASE_POOL: String(options.pool ?? 10),
      KEY_STORE_DIR: keyStoreDir,
      EXPORT_DIR: join(keyStoreDir, 'exports'),
      AUDIT_HEADS_DIR: join(keyStoreDir, 'audit-heads'),
      SMTP_URL: mail.url,
      WHATSAPP_BASE_URL: options.simulator ? `${origin}/dev/graph` : originOf(whatsappServer),
      ...(options.stripe ? { ...stripeSecrets, STRIPE_BASE_URL: origin } : {}),
      ...(options.localhost ? { BASE_URL: origin.replace('127.0.0.1', 'localhost') } : {}),
      ...options.config,
    })
    const started = await startServices(config, {
      clock,
      log: createLog('info', (line) => logLines.push(line)),
      databaseNow: options.databaseNow ?? (() => Promise.resolve(clock.now())),
      ...(options.passwordCost === undefined
        ? {}
        : { passwords: createPasswords(config.passwordPepper, options.passwordCost) }),
    })
    cleanup.push(() => started.stop())
    const { services } = started
    const simulator = options.simulator ? startSimulator(services, origin) : undefined
    if (simulator) cleanup.push(() => simulator.stop())
    const stripe = options.stripe ? startStripe(services, origin) : undefined
    if (stripe) cleanup.push(() => stripe.stop())
    cleanup.push(() => {
      services.stopping.abort()
      return closeServer(server)
    })
    const outside = Router()
    if (simulator) outside.use('/dev', simulator.router)
    if (stripe) outside.use('/v1', stripe.api).use('/dev', stripe.router)
    if (options.outside) outside.use(options.outside(services))
    const app = createApp(services, outside)
    server.on('request', app)
    if (simulator) await registerTemplates(services, wabaId)
    return {
      services,
      app,
      origin,
      clock,
      database,
      superuser: async <Row extends pg.QueryResultRow>(sql: string, params: unknown[] = []) =>
        (await superuserPool.query<Row>(sql, params)).rows,
      mail,
      whatsappServer,
      simulator,
      stripe,
      logLines,
      lastError() {
        const line = logLines.findLast((each) => each.includes('"level":"error"'))
        const { error } = JSON.parse(line ?? '{}') as { error?: Record<string, string> }
        return error ? [error.name, error.code, error.message].filter(Boolean).join(' ') : 'nothing logged'
      },
      agent: (address) => createAgent(origin, address),
      async runJob(name) {
        const job = jobsOf(services).find((one) => one.name === name)
        if (!job) throw new Error(`no job is called ${name}`)
        await job.run()
      },
      atStop: (step) => void cleanup.push(step),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const wabaId = '102290129340398'

function startSimulator({ config, clock }: Services, origin: string): Simulator {
  const { accessToken, appSecret, verifyToken, phoneNumberId, displayNumber } = config.whatsapp
  return createWhatsAppSimulator({
    accessToken,
    appSecret,
    verifyToken,
    phoneNumberId,
    displayPhoneNumber: displayNumber,
    wabaId,
    webhookUrl: `${origin}/webhooks/whatsapp`,
    now: () => clock.now().epochMilliseconds,
    deliver: 'manual',
  })
}

export const stripeSecrets = {
  STRIPE_SECRET_KEY: 'sk_test_0123456789abcdef',
  STRIPE_WEBHOOK_SECRET: 'whsec_test_0123456789',
}

function startStripe({ clock }: Services, origin: string): StripeSimulator {
  return createStripeSimulator({
    secretKey: stripeSecrets.STRIPE_SECRET_KEY,
    webhookSecret: stripeSecrets.STRIPE_WEBHOOK_SECRET,
    webhookUrl: `${origin}/webhooks/stripe`,
    publicUrl: `${origin}/dev`,
    now: () => clock.now().epochMilliseconds,
    deliver: 'manual',
  })
}

async function startServer(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
