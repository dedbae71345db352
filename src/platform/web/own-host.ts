import type { RequestHandler } from 'express'

/**
 * Answers only to the name it goes by: a request for another one was led here by a page or a cache that means no good
 * (421, RFC 9110). X-Forwarded-Host is nobody's word. Outside production the machine's own names do as well, by which
 * people and stand-ins reach a server that listens on it.
 */
export function ownHostOnly(baseUrl: string, production: boolean): RequestHandler {
  const { host, protocol } = new URL(baseUrl)
  const usual = protocol === 'https:' ? ':443' : ':80'
  const names = new Set([host, host + usual])
  return (req, res, next) => {
    const asked = req.headers.host?.toLowerCase() ?? ''
    if (names.has(asked) || (!production && isLoopback(asked))) return next()
    res.setHeader('Cache-Control', 'no-store')
    res.status(421).type('text/plain').send('This server does not answer to that name.\n')
  }
}

const isLoopback = (host: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host)
