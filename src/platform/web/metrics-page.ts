import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { createReadings } from '../health/readings.ts'
import type { Services } from '../services.ts'

/** `/metrics` for whoever brings METRICS_TOKEN as a bearer token. Without that setting there is no such page. */
export function metricsPage(services: Services): RequestHandler {
  const { config, metrics } = services
  if (config.metricsToken === undefined) return (_req, _res, next) => next()
  const expected = digest(`Bearer ${config.metricsToken}`)
  const readings = createReadings(services)
  return async (req, res) => {
    res.setHeader('Cache-Control', 'no-store')
    // Digests are of one length, so that nothing is told by how long the comparison takes.
    if (!timingSafeEqual(digest(req.headers.authorization ?? ''), expected)) {
      res.status(401).setHeader('WWW-Authenticate', 'Bearer').type('text/plain').send('unauthorized')
      return
    }
    res.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
    res.send(metrics.render(await readings.read()))
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
