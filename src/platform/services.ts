import type { Request } from 'express'
import type { Config } from '../config.ts'
import type { ApiTokens } from './api-tokens.ts'
import type { HeadStore } from './audit-heads.ts'
import type { StripeChannel } from './channels/stripe.ts'
import type { ClinicDirectory } from './clinic-directory.ts'
import type { InClinic } from './clinic-scope.ts'
import type { Clock } from './clock.ts'
import type { Database } from './db/connect.ts'
import type { Notifications } from './db/notifications.ts'
import type { Speakers } from './i18n/speaker.ts'
import type { Instant } from '../kernel/time.ts'
import type { Log } from './log.ts'
import type { LogFiles } from './log-files.ts'
import type { Metrics } from './metrics.ts'
import type { Noticeboard } from './noticeboard.ts'
import type { PolicyShelf } from './policies.ts'
import type { PagesFirst } from './pages-first.ts'
import type { Passwords } from './passwords.ts'
import type { KeyRing } from './seal/key-ring.ts'
import type { Switches } from './switches.ts'
import type pg from 'pg'

/** Everything a running Nabz is made of, put together once in `start.ts` and handed on; nothing is a global. */
export type Services = {
  config: Config
  clock: Clock
  log: Log
  /** Where a folder for them was named. */
  logFiles: LogFiles | undefined
  metrics: Metrics
  /** The database's own clock, for whatever must not act on a wrong one. */
  databaseNow: () => Promise<Instant>
  /** Whoever works in the background lets pages go before. */
  pagesFirst: PagesFirst
  /** As `nabz_app`: `platform` freely, `clinic` only through `inClinic`. */
  db: Database
  /** As `nabz_jobs`: may see which clinic has work due, and nothing else. */
  jobsDb: Database
  sessionPool: pg.Pool
  keys: KeyRing
  passwords: Passwords
  apiTokens: ApiTokens
  /** Where heads of audit chains are published, out of the database's reach. */
  auditHeads: HeadStore
  clinics: ClinicDirectory
  inClinic: InClinic
  speakers: Speakers
  notifications: Notifications
  /** Undefined where no cards are taken. */
  stripe: StripeChannel | undefined
  /** What can be stopped without a deploy, and is or is not. */
  switches: Switches
  /** What the platform has to say on the pages of desks. */
  noticeboard: Noticeboard
  /** The published policies. */
  policies: PolicyShelf
  /** Aborted when the process is asked to stop: event streams end, the dispatcher takes no more. */
  stopping: AbortController
}

/** The services of the application that a request came to. */
export function servicesOf(req: Request): Services {
  return (req.app.locals as { services: Services }).services
}
