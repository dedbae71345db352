import cron from 'node-cron'
import type { Log } from './log.ts'

export type Job = {
  name: string
  /** Cron expression with seconds, in UTC. */
  schedule: string
  run(): Promise<void>
}

export type RunningJobs = {
  /** No new run starts; resolves when those under way have ended. */
  stop(): Promise<void>
}

/** Starts the clock jobs of this process. A run that is still going is not joined by the next; a failed one is logged. */
export function startJobs(jobs: Job[], log: Log): RunningJobs {
  const underWay = new Set<Promise<void>>()
  const tasks = jobs.map((job) => {
    let running = false
    return cron.schedule(
      job.schedule,
      () => {
        if (running) return
        running = true
        const run = job
          .run()
          .catch((error: unknown) => log.error('job.failed', error, { job: job.name }))
          .finally(() => {
            running = false
            underWay.delete(run)
          })
        underWay.add(run)
      },
      { timezone: 'UTC', name: job.name },
    )
  })
  return {
    async stop() {
      for (const task of tasks) await task.destroy()
      await Promise.all(underWay)
    },
  }
}
