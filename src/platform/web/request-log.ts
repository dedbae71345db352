import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { requestScope } from '../log.ts'
import type { Services } from '../services.ts'

/**
 * Gives each request an id, answered as `X-Request-Id` and shown on error pages, and counts it and writes one line when it ends. The
 * line holds the route's pattern, never the address itself: `/a/:token`, not the token.
 */
export function requestLog({
  log,
  metrics,
  pagesFirst,
}: Pick<Services, 'log' | 'metrics' | 'pagesFirst'>): RequestHandler {
  return (req, res, next) => {
    const id = randomUUID()
    const started = performance.now()
    pagesFirst.seen()
    Object.assign(req, { id })
    res.setHeader('X-Request-Id', id)
    res.once('finish', () => {
      pagesFirst.seen()
      const pattern = (req.route as { path?: unknown } | undefined)?.path
      const route = typeof pattern === 'string' ? pattern : '-'
      const ms = performance.now() - started
      metrics.request(req.method, route, res.statusCode, ms / 1000)
      log.info('request', {
        requestId: id,
        method: req.method,
        route,
        status: res.statusCode,
        ms: Math.round(ms),
      })
    })
    requestScope.run({ requestId: id }, next)
  }
}
