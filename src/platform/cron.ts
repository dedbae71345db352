import cron from 'node-cron'
import type { Log } from './log.ts'

export type Job = {
  name: string
  /** Cron expression with seconds, in UTC. */
  schedule: string
  run(): Promise<void>
  /** Lets something other than the clock start a run; answers how to take that back. */
  wakes?(wake: () => void): () => void
}

export type RunningJobs = {
  /** No new run starts; resolves when those under way have ended. */
  stop(): Promise<void>
}

/**
 * Starts the clock jobs of this process. A run that is still going is not joined by the next: a tick is let go, a wake-up
 * is answered by one more run when it ends, since it may tell of work the run had already passed. A failed run is logged.
 */
export function startJobs(jobs: Job[], log: Log): RunningJobs {
  const underWay = new Set<Promise<void>>()
  let stopped = false
  const started = jobs.map((job) => {
    let running = false
    let again = false
    const start = () => {
      if (stopped) return
      running = true
      const run = job
        .run()
        .catch((error: unknown) => log.error('job.failed', error, { job: job.name }))
        .finally(() => {
          running = false
          underWay.delete(run)
          if (again) {
            again = false
            start()
          }
        })
      underWay.add(run)
    }
    const task = cron.schedule(job.schedule, () => !running && start(), { timezone: 'UTC', name: job.name })
    const unwake = job.wakes?.(() => {
      if (running) again = true
      else start()
    })
    return { task, unwake }
  })
  return {
    async stop() {
      stopped = true
      for (const { task, unwake } of started) {
        unwake?.()
        await task.destroy()
      }
      await Promise.all(underWay)
    },
  }
}
