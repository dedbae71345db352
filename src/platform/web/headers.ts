import type { RequestHandler } from 'express'
import helmet from 'helmet'

/**
 * The same headers on every answer, errors included. No script or style is ever inline, so `'self'` says it all and
 * pages stay cacheable. `same-origin` as referrer policy, because with `no-referrer` browsers send `Origin: null` on our
 * own forms. `formTargets` are the hosts that a form of ours may end up at, by way of a redirect.
 */
export function securityHeaders(
  secure: boolean,
  formTargets: readonly string[] = [],
  statistics?: string,
): RequestHandler {
  const usual = headersWith(secure, formTargets, [])
  if (statistics === undefined) return usual
  const counted = headersWith(secure, formTargets, [new URL(statistics).origin])
  return (req, res, next) => (countedPage.test(req.path) ? counted : usual)(req, res, next)
}

/** The service's own public pages. Whatever is a patient's or stands behind a sign-in never loads a stranger's script. */
const countedPage = /^\/((pricing|help|clinics|status|contact|terms|privacy|cookies|processors|security)(\/|$)|$)/

function headersWith(secure: boolean, formTargets: readonly string[], strangers: readonly string[]): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", ...strangers],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', ...strangers],
        fontSrc: ["'self'"],
        connectSrc: ["'self'", ...strangers],
        formAction: ["'self'", ...formTargets],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 63_072_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'same-origin' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
    xXssProtection: false,
  })
}
