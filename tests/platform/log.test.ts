import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { createLog, requestScope, safeError } from '../../src/platform/log.ts'

const canary = '+92 300 1234567'

describe('a logged error', () => {
  it('of the database keeps its code and constraint, and nothing that quotes a row', () => {
    const error = Object.assign(new pg.DatabaseError(`Key (phone)=(${canary}) already exists`, 10, 'error'), {
      severity: 'ERROR', code: '23505', constraint: 'patients_phone_name_unique', table: 'patients',
      detail: `Key (phone)=(${canary})`, hint: canary, where: canary, query: canary,
    }) // prettier-ignore
    const logged = safeError(error)
    expect(JSON.stringify(logged)).not.toContain('1234567')
    expect(logged).toMatchObject({ code: '23505', constraint: 'patients_phone_name_unique' })
    expect(logged.stack).toMatch(/^\s+at /)
  })

  it('of ours keeps its first line and the way it came', () => {
    const logged = safeError(new Error(`closed shift with open drawer\n${canary}`))
    expect(logged.message).toBe('closed shift with open drawer')
    expect(JSON.stringify(logged)).not.toContain(canary)
  })

  it('that is no error at all says only so', () => {
    expect(safeError(canary)).toEqual({ name: 'string' })
    expect(safeError(undefined)).toEqual({ name: 'undefined' })
  })
})

describe('a log line', () => {
  it('knows the request it belongs to', () => {
    const lines: string[] = []
    const log = createLog('info', (line) => lines.push(line))
    requestScope.run({ requestId: 'r-1' }, () => log.info('something', { count: 3 }))
    log.debug('unheard')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: 'info', time: expect.stringMatching(/Z$/) as unknown, requestId: 'r-1', count: 3, msg: 'something' },
    ])
  })
})
