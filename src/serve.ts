import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RequestHandler } from 'express'
import { createApp } from './app.ts'
import type { Config } from './config.ts'
import { jobsOf } from './jobs.ts'
import type { Clock } from './platform/clock.ts'
import { startJobs } from './platform/cron.ts'
import { recordRuns } from './platform/job-runs.ts'
import type { Log } from './platform/log.ts'
import type { Services } from './platform/services.ts'
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
    const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, createApp(services, parts.outside))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(config.port, config.host, resolve)
    })
    const jobs = startJobs(jobsOf(services), services.log, recordRuns(services))
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
