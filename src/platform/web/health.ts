import type { RequestHandler } from 'express'
import { rows } from '../db/rows.ts'
import { knownMigrations } from '../db/migrate.ts'
import { servicesOf } from '../services.ts'

/** Alive: the process answers. Says nothing of what stands behind it. */
export const healthz: RequestHandler = (_req, res) => {
  res.setHeader('Cache-Control', 'no-store')
  res.type('text/plain').send('ok')
}

/** Ready for traffic: the database answers and no migration of this build is pending. */
export const readyz: RequestHandler = async (req, res) => {
  const { db, log } = servicesOf(req)
  res.setHeader('Cache-Control', 'no-store')
  try {
    const applied = await rows<{ name: string }>(db, 'select name from public.knex_migrations')
    const done = new Set(applied.map(({ name }) => name))
    const pending = (await knownMigrations()).filter((name) => !done.has(name))
    if (pending.length > 0) {
      res.status(503).type('text/plain').send('migrations pending')
      return
    }
    res.type('text/plain').send('ready')
  } catch (error) {
    log.error('readyz.failed', error)
    res.status(503).type('text/plain').send('database away')
  }
}
