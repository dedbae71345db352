// What is thrown because only a developer, an operator or a person elsewhere can mend it. `web/error-pages.ts` turns
// these into pages; everything a person can do something about is returned as an Outcome instead.
export class HttpError extends Error {
  override name = 'HttpError'
  readonly status: 400 | 403 | 404 | 409 | 413 | 421 | 422 | 429 | 503
  /** Seconds until it is worth trying again. */
  readonly retryAfter: number | undefined
  constructor(status: HttpError['status'], message: string, retryAfter?: number) {
    super(message)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/** Something that does not exist, or is not yours to know of: the answer is the same. */
export function notFound(what: string): never {
  throw new HttpError(404, `${what} not found`)
}

/** Throws what the error handler answers with 403; `why` is never shown. */
export function forbidden(why: string): never {
  throw new HttpError(403, why)
}
