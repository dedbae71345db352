// Commands and workers at processes of their own, against a test's database, folders, mailbox and WhatsApp.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestApp } from './app.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a process is told that works beside the test's own, as the environment carries it. */
export function environmentOf(app: TestApp): Record<string, string> {
  const { config } = app.services
  const base64 = (key: Buffer) => key.toString('base64')
  return {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    BASE_URL: config.baseUrl,
    DATABASE_URL: config.database.url,
    JOBS_DATABASE_URL: config.database.jobsUrl,
    SESSION_SECRET: config.sessionSecrets[0]!,
    PASSWORD_PEPPER: base64(config.passwordPepper),
    MASTER_KEY: base64(config.masterKey),
    LOOKUP_KEY: base64(config.lookupKey),
    KEY_STORE_DIR: config.keyStoreDir,
    EXPORT_DIR: config.exportDir,
    AUDIT_HEADS_DIR: config.auditHeadsDir,
    SMTP_URL: config.mail.smtpUrl,
    MAIL_FROM: config.mail.from,
    WHATSAPP_BASE_URL: config.whatsapp.baseUrl,
    WHATSAPP_PHONE_NUMBER_ID: config.whatsapp.phoneNumberId,
    WHATSAPP_DISPLAY_NUMBER: config.whatsapp.displayNumber,
    WHATSAPP_ACCESS_TOKEN: config.whatsapp.accessToken,
    WHATSAPP_APP_SECRET: config.whatsapp.appSecret,
    WHATSAPP_VERIFY_TOKEN: config.whatsapp.verifyToken,
  }
}

/** `src/<name>-command.ts` as an operator types it; `input` is what they type when asked. It goes by the real clock. */
export function runCommand(
  app: TestApp,
  name: string,
  args: string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<{ code: number; out: string; problem: string }> {
  const env = { ...environmentOf(app), ...options.env }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', `src/${name}-command.ts`, ...args],
      { cwd: root, env },
      (error, out, problem) => resolve({ code: error ? Number(error.code) : 0, out, problem }),
    )
    child.stdin?.end(options.input ?? '')
  })
}

/**
 * `tests/support/<name>-process.ts`, its clock standing at `now`. Says `ready` on its standard output before it begins, and
 * is killed with the test's own program if it has not ended by then.
 */
export function startProcess(
  app: TestApp,
  name: 'closing' | 'dispatcher' | 'retention' | 'waitlist',
  now = app.clock.now(),
): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', `tests/support/${name}-process.ts`], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...environmentOf(app), NABZ_TEST_NOW: now.toString() },
  })
  const gone = once(child, 'exit')
  app.atStop(() => {
    child.kill('SIGKILL')
    return gone
  })
  return child
}
