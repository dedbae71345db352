// JSON lines with an allow-list of fields rather than a redaction list: what is not named here can't leak. Logs carry
// ids, route patterns and counts, never names, numbers, message text, addresses or query strings.
import { AsyncLocalStorage } from 'node:async_hooks'
import { pino } from 'pino'
import type { LogFiles } from './log-files.ts'

export type LogFields = {
  requestId?: string
  clinicId?: string
  userId?: string
  method?: string
  route?: string
  status?: number
  ms?: number
  job?: string
  count?: number
  messageId?: string
  code?: string | number
  attempt?: number
  port?: number
  url?: string
}

export type Log = {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, error: unknown, fields?: LogFields): void
  flush(): void
}

/** The request id for log lines only; never a source of authority. */
export const requestScope = new AsyncLocalStorage<{ requestId: string }>()

/** Lines go to standard output, or to `write`, and to `files` as well where there are any. */
export function createLog(level: string, write?: (line: string) => void, files?: LogFiles): Log {
  // Together, and at once a fifth of a second later: a write for every line costs a page a tenth of its time. What is
  // left is written as the process exits.
  const output = write ? { write } : pino.destination({ sync: false, minLength: 4096, periodicFlush: 200 })
  const both = (line: string) => {
    output.write(line)
    files?.write(line)
  }
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    files ? { write: both } : output,
  )
  const line = (fields: LogFields = {}) => {
    const requestId = fields.requestId ?? requestScope.getStore()?.requestId
    return requestId === undefined ? fields : { ...fields, requestId }
  }
  return {
    debug: (event, fields) => logger.debug(line(fields), event),
    info: (event, fields) => logger.info(line(fields), event),
    warn: (event, fields) => logger.warn(line(fields), event),
    error: (event, error, fields) => logger.error({ ...line(fields), error: safeError(error) }, event),
    flush: () => {
      if ('flushSync' in output) output.flushSync()
      files?.flush()
    },
  }
}

/**
 * An error as it may be logged. Database messages, details and hints quote the row (`Key (phone)=(+92…) already
 * exists`), so of those only the SQLSTATE and the constraint are kept.
 */
export function safeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error }
  const fromDatabase = 'severity' in error || 'routine' in error
  const frames = error.stack
    ?.split('\n')
    .filter((frame) => /^\s+at /.test(frame))
    .join('\n')
  return {
    name: error.name,
    ...('code' in error ? { code: error.code } : {}),
    ...('constraint' in error ? { constraint: error.constraint } : {}),
    ...(fromDatabase ? {} : { message: error.message.split('\n')[0]?.slice(0, 300) }),
    stack: frames,
  }
}
