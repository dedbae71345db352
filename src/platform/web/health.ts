import type { RequestHandler } from 'express'
import { pendingMigrations } from '../db/pending.ts'
import { servicesOf } from '../services.ts'

/** Alive: the process answers. Says nothing of what stands behind it. */
export const healthz: RequestHandler = (_req, res) => {
  res.setHeader('Cache-Control', 'no-store')
  res.type('text/plain').send('ok')
}

/** Ready for traffic: the database answers and no migration of this build is pending. Else 503 and the reason. */
export const readyz: RequestHandler = async (req, res) => {
  const { db, log, stopping } = servicesOf(req)
  res.setHeader('Cache-Control', 'no-store')
  const refuse = (reason: string) => void res.status(503).type('text/plain').send(reason)
  if (stopping.signal.aborted) return refuse('stopping')
  try {
    if ((await pendingMigrations(db)).length > 0) return refuse('migrations pending')
    res.type('text/plain').send('ready')
  } catch (error) {
    log.error('readyz.failed', error)
    refuse('database away')
  }
}
