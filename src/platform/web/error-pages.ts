import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { HttpError } from '../errors.ts'
import { servicesOf } from '../services.ts'
import { requestIdOf, visitorLanguage } from './routers.ts'
import { render, view } from './views.ts'
import { languageNames, languages } from '../i18n/languages.ts'

/** The statuses that have words of their own. */
type Shown = 400 | 403 | 404 | 409 | 413 | 421 | 422 | 429 | 500 | 503

/** For addresses that no route knows: the same page as for a record that is not there. */
export const notFoundPage: RequestHandler = (req, res) => showError(req, res, 404)

/** The one place where what was thrown becomes an answer. The page never tells more than its status and request id. */
export const errorHandler: ErrorRequestHandler = (error: unknown, req, res, next) => {
  const { log } = servicesOf(req)
  const status = statusOf(error)
  if (status >= 500) log.error('request.failed', error, { status })
  else log.info('request.refused', { status })
  if (res.headersSent) return next(error)
  if (error instanceof HttpError && error.retryAfter !== undefined) res.setHeader('Retry-After', error.retryAfter)
  if (status === 503) res.setHeader('Retry-After', 5)
  showError(req, res, status, csrfFailed(error))
}

function statusOf(error: unknown): Shown {
  if (error instanceof HttpError) return error.status
  if (csrfFailed(error)) return 403
  if (typeof error !== 'object' || error === null) return 500
  // Waited too long for a connection, or the database is away.
  if ('name' in error && error.name === 'KnexTimeoutError') return 503
  const code = 'code' in error ? error.code : undefined
  if (code === 'ECONNREFUSED' || code === '57P03' || code === '53300') return 503
  // Errors of the body parser and of URL decoding carry their own status.
  const status = 'status' in error ? error.status : undefined
  if (status === 413) return 413
  // 415: a charset or a packing that nobody knows.
  if (status === 400 || status === 415) return 400
  return 500
}

function csrfFailed(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EBADCSRFTOKEN'
}

function showError(req: Request, res: Response, status: Shown, expired = false): void {
  const services = servicesOf(req)
  const lang = visitorLanguage(req)
  const speaker = services.speakers(lang, { country: 'GB', zone: 'UTC' })
  const kind = expired ? 'expired' : String(status)
  res.status(status)
  res.setHeader('Cache-Control', 'no-store')
  if (req.accepts(['html', 'json']) === 'json' || req.path.startsWith('/api/') || req.path.startsWith('/oauth/')) {
    res.json({ error: { status, requestId: requestIdOf(req) } })
    return
  }
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  const page = view('shared/error', {
    title: speaker.t(`shared.error.${kind}.title`),
    text: speaker.t(`shared.error.${kind}.text`),
    status,
    requestId: requestIdOf(req),
  })
  res.send(
    render(page, {
      speaker,
      layout: 'plain',
      url: (path) => path,
      csrfToken: () => undefined,
      flash: undefined,
      shell: undefined,
      languageLinks: languages.map((code) => ({
        lang: code,
        label: languageNames[code],
        href: `?lang=${code}`,
        current: code === lang,
      })),
      accent: 'teal',
    }),
  )
}
