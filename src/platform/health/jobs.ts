import { randomUUID } from 'node:crypto'
import type { Job } from '../cron.ts'
import { noteErasure } from '../erasures.ts'
import { removeOldLogs } from '../log-files.ts'
import type { Services } from '../services.ts'
import { runAlarms } from './alarms.ts'
import { runChecks } from './checks.ts'

/** Looks after the service itself and all the other `jobs`. */
export function healthJobs(services: Services, jobs: readonly Job[]): Job[] {
  const { config, clock } = services
  const own: Job[] = [
    { name: 'health.checks', schedule: '5 * * * * *', run: () => runChecks(services, all) },
    { name: 'health.alarms', schedule: '35 * * * * *', run: () => runAlarms(services, all) },
    {
      name: 'logs.remove',
      schedule: '0 7 * * * *',
      run: async () => {
        if (config.logDir === undefined) return
        const at = clock.now()
        const count = removeOldLogs(config.logDir, at)
        await noteErasure(services.db, { run: randomUUID(), rule: 'server_logs', count, at })
      },
    },
  ]
  const all = [...jobs, ...own]
  return own
}
