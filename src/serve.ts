import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RequestHandler } from 'express'
import { createApp } from './app.ts'
import type { Config } from './config.ts'
import { jobsOf } from './jobs.ts'
import type { Clock } from './platform/clock.ts'
import { startJobs } from './platform/cron.ts'
import { pendingMigrations } from './platform/db/pending.ts'
import { recordRuns } from './platform/job-runs.ts'
import type { Log } from './platform/log.ts'
import type { Services } from './platform/services.ts'
import { slowestUploadMs } from './platform/web/slow-bodies.ts'
import { startServices } from './start.ts'

export type Running = {
  services: Services
  server: Server
  port: number
  /** Answers every request under way, finishes the message being sent, then closes. */
  stop(): Promise<void>
}

/** Starts web server and jobs in this process. */
export async function serve(
  config: Config,
  parts: { clock?: Clock; log?: Log; outside?: RequestHandler } = {},
): Promise<Running> {
  const started = await startServices(config, parts)
  const { services } = started
  try {
    const server = createServer(
      { requestTimeout: slowestUploadMs, headersTimeout: 10_000 },
      createApp(services, parts.outside),
    )
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(config.port, config.host, resolve)
    })
    const jobs = startJobsWhenReady(services)
    const { port } = server.address() as AddressInfo
    services.log.info('started', { port })
    let stopping: Promise<void> | undefined
    return {
      services,
      server,
      port,
      stop: () => (stopping ??= drain(() => started.stop(), server, jobs, services)),
    }
  } catch (error) {
    await started.stop()
    throw error
  }
}

/** How often it is looked whether somebody has run the migrations. */
const lookAgainMs = 2_000

/**
 * Jobs run on the tables of this build. While migrations are pending the process waits, says so, and answers /readyz
 * with 503, so that no traffic comes; once they are applied the jobs start and it is ready.
 */
function startJobsWhenReady(services: Services): { stop(): Promise<void> } {
  const { db, log } = services
  let jobs: { stop(): Promise<void> } | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let told = false
  const look = async () => {
    const pending = await pendingMigrations(db)
    if (stopped) return
    if (pending.length === 0) {
      if (told) log.info('migrations.applied')
      jobs = startJobs(jobsOf(services), log, recordRuns(services))
      return
    }
    if (!told) log.warn('migrations.pending', { count: pending.length, code: pending[0] ?? '' })
    told = true
    wait()
  }
  const tryToLook = () =>
    look().catch((error: unknown) => {
      if (stopped) return
      log.error('migrations.unknown', error)
      wait()
    })
  const wait = () => {
    timer = setTimeout(() => {
      looking = tryToLook()
    }, lookAgainMs)
  }
  let looking = tryToLook()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await looking
      await jobs?.stop()
    },
  }
}

async function drain(
  stopServices: () => Promise<void>,
  server: Server,
  jobs: { stop(): Promise<void> },
  services: Services,
): Promise<void> {
  services.log.info('stopping')
  // Event streams never end by themselves: this tells them to.
  services.stopping.abort()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  await Promise.all([closed, jobs.stop()])
  await stopServices()
}
