import cron from 'node-cron'
import type { JobRecorder } from './job-runs.ts'
import type { Log } from './log.ts'

export type Job = {
  name: string
  /** Cron expression with seconds, in UTC. */
  schedule: string
  run(): Promise<void>
  /** Lets something other than the clock start a run; answers how to take that back. */
  wakes?(wake: () => void): () => void
  /** What its own work says is wrong, beyond runs that fail; asked every minute, so it has to be cheap. */
  troubles?(): Promise<Trouble[]>
}

/** Something that is wrong now. `job.<name>` for a job, else what the alarm is about. */
export type Trouble = { name: string; code: string; value: number | null }

export type RunningJobs = {
  /** No new run starts; resolves when those under way have ended. */
  stop(): Promise<void>
}

/**
 * Starts the clock jobs of this process. A run that is still going is not joined by the next: a tick is let go, a wake-up
 * is answered by one more run when it ends, since it may tell of work the run had already passed. A failed run is logged.
 * With a `recorder` each run is told to it, and it may ask for a run that somebody wants now.
 */
export function startJobs(jobs: Job[], log: Log, recorder?: JobRecorder): RunningJobs {
  const underWay = new Set<Promise<void>>()
  let stopped = false
  const started = jobs.map((job) => {
    let running = false
    let again = false
    const start = (requested = false) => {
      if (stopped) return
      running = true
      const record = recorder?.started(job, requested)
      const run = job
        .run()
        .then(
          () => record?.ended(),
          (error: unknown) => {
            log.error('job.failed', error, { job: job.name })
            record?.failed(error)
          },
        )
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
    return { task, unwake, name: job.name, isRunning: () => running, start }
  })
  recorder?.open(jobs, (name) => {
    const wanted = started.find((one) => one.name === name)
    if (wanted && !stopped && !wanted.isRunning()) wanted.start(true)
  })
  return {
    async stop() {
      stopped = true
      for (const { task, unwake } of started) {
        unwake?.()
        await task.destroy()
      }
      await Promise.all(underWay)
      await recorder?.close()
    },
  }
}
