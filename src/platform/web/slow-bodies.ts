import type { RequestHandler } from 'express'

/** What a whole request may take, a large picture over a slow line included. */
export const slowestUploadMs = 120_000
const slowestFormMs = 30_000

/** Whoever sends a form without a file has no reason to take long: the line is cut, as the server does for uploads. */
export const cutSlowForms: RequestHandler = (req, _res, next) => {
  if (!req.is('multipart/form-data') && !req.complete) {
    const timer = setTimeout(() => {
      if (!req.complete) req.destroy()
    }, slowestFormMs).unref()
    req.once('close', () => clearTimeout(timer))
    req.once('end', () => clearTimeout(timer))
  }
  next()
}
