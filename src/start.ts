// Puts the parts together: from settings to services. Used by the server, the demo, the bench and the tests alike.
import pg from 'pg'
import type { Config } from './config.ts'
import { publishFirstPolicies } from './features/policies/actions/first.ts'
import type { Instant } from './kernel/time.ts'
import { createApiTokens } from './platform/api-tokens.ts'
import { folderHeadStore } from './platform/audit-heads.ts'
import { createClinicDirectory } from './platform/clinic-directory.ts'
import { createInClinic } from './platform/clinic-scope.ts'
import { systemClock, type Clock } from './platform/clock.ts'
import { connect, type Database } from './platform/db/connect.ts'
import { listen, type Notifications } from './platform/db/notifications.ts'
import { refuseStrongRole } from './platform/db/roles.ts'
import { rows } from './platform/db/rows.ts'
import { createSpeakers } from './platform/i18n/speaker.ts'
import { loadTranslations } from './platform/i18n/translate.ts'
import { createLog, type Log } from './platform/log.ts'
import { openLogFiles, removeOldLogs } from './platform/log-files.ts'
import { createMetrics } from './platform/metrics.ts'
import { createNoticeboard } from './platform/noticeboard.ts'
import { createPolicyShelf } from './platform/policies.ts'
import { createPagesFirst } from './platform/pages-first.ts'
import { createPasswords, type Passwords } from './platform/passwords.ts'
import { createKeyRing } from './platform/seal/key-ring.ts'
import { folderKeyStore } from './platform/seal/key-store.ts'
import type { Services } from './platform/services.ts'
import { createSwitches } from './platform/switches.ts'

export type Started = { services: Services; stop: () => Promise<void> }

/**
 * Opens everything a process needs. Throws, having closed what it opened, when the database is away or the
 * application's role could get around row-level security.
 */
export async function startServices(
  config: Config,
  parts: { clock?: Clock; log?: Log; passwords?: Passwords; databaseNow?: () => Promise<Instant> } = {},
): Promise<Started> {
  const clock = parts.clock ?? systemClock
  const logFiles = config.logDir === undefined ? undefined : openLogFiles(config.logDir, clock)
  if (config.logDir !== undefined) removeOldLogs(config.logDir, clock.now())
  const log = parts.log ?? createLog(config.logLevel, undefined, logFiles)
  const metrics = createMetrics()
  const db = connect(config.database.url, config.database.pool)
  const jobsDb = connect(config.database.jobsUrl, 2, 60_000)
  const sessionPool = new pg.Pool({ connectionString: config.database.url, max: 4, application_name: 'nabz-sessions' })
  sessionPool.on('error', (error) => log.error('sessions.connection_lost', error))
  let notifications: Notifications | undefined
  const close = async () => {
    await notifications?.stop()
    await Promise.all([db.destroy(), jobsDb.destroy(), sessionPool.end()])
  }
  try {
    await refuseStrongRole(db)
    notifications = await listen(config.database.url, log)
    const keys = createKeyRing(folderKeyStore(config.keyStoreDir), config.masterKey, config.lookupKey)
    const switches = await createSwitches(db, { notifications, log })
    const noticeboard = await createNoticeboard(db, { notifications, log })
    const policies = await createPolicyShelf(db, { notifications, log })
    const clinics = createClinicDirectory(db)
    const services: Services = {
      config,
      clock,
      log,
      logFiles,
      metrics,
      pagesFirst: createPagesFirst(),
      databaseNow: parts.databaseNow ?? (() => clockOf(db)),
      db,
      jobsDb,
      sessionPool,
      keys,
      auditHeads: folderHeadStore(config.auditHeadsDir),
      apiTokens: createApiTokens(config.masterKey, config.baseUrl, clock),
      passwords: parts.passwords ?? createPasswords(config.passwordPepper),
      clinics,
      inClinic: createInClinic({ db, keys, clock, clinics, notifications, tallied: metrics.tallied }),
      speakers: createSpeakers(loadTranslations()),
      notifications,
      // Its package is large: only where there is an account.
      stripe: config.stripe && (await import('./platform/channels/stripe.ts')).stripeChannel(config.stripe),
      switches,
      noticeboard,
      policies,
      stopping: new AbortController(),
    }
    await publishFirstPolicies(services)
    const stop = async () => {
      policies.stop()
      switches.stop()
      noticeboard.stop()
      await close()
      log.flush()
    }
    return { services, stop }
  } catch (error) {
    await close()
    throw error
  }
}

async function clockOf(db: Database): Promise<Instant> {
  const [answer] = await rows<{ now: Instant }>(db, 'select clock_timestamp() as now')
  if (!answer) throw new Error('the database told no time')
  return answer.now
}
