import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { movableClock } from '../../src/platform/clock.ts'
import { createLog } from '../../src/platform/log.ts'
import { logDays, openLogFiles, removeOldLogs } from '../../src/platform/log-files.ts'
import { startServices } from '../../src/start.ts'
import { testConfig } from '../support/config.ts'
import { freshDatabase } from '../support/database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabz-logs-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (name: string) => readFileSync(join(folder, name), 'utf8')

describe('log files', () => {
  it('are one a UTC day, told apart by process, with the lines of that day and no other', () => {
    const clock = movableClock('2026-11-24T23:59:59.999Z')
    const first = openLogFiles(folder, clock, { process: 'web-1-10' })
    const second = openLogFiles(folder, clock, { process: 'web-2-10' })
    const log = createLog('info', () => undefined, first)
    log.info('late', { count: 1 })
    second.write('other\n')
    clock.advance({ milliseconds: 1 })
    log.info('early')
    second.write('other next day\n')
    log.flush()
    second.flush()
    expect(readdirSync(folder).sort()).toEqual([
      'nabz-2026-11-24-web-1-10.log',
      'nabz-2026-11-24-web-2-10.log',
      'nabz-2026-11-25-web-1-10.log',
      'nabz-2026-11-25-web-2-10.log',
    ])
    const [late, ...rest] = read('nabz-2026-11-24-web-1-10.log').trimEnd().split('\n')
    expect(JSON.parse(late!)).toMatchObject({ msg: 'late', count: 1, level: 'info' })
    expect(rest).toEqual([])
    expect(read('nabz-2026-11-25-web-1-10.log')).toContain('"early"')
    expect(read('nabz-2026-11-25-web-2-10.log')).toBe('other next day\n')
  })

  it('go on in the same file after a restart', () => {
    const clock = movableClock('2026-11-24T10:00:00Z')
    for (const line of ['before\n', 'after\n']) {
      const files = openLogFiles(folder, clock, { process: 'web' })
      files.write(line)
      files.flush()
    }
    expect(read('nabz-2026-11-24-web.log')).toBe('before\nafter\n')
  })

  it('are written by themselves soon, and at once when there is much', async () => {
    const files = openLogFiles(folder, movableClock('2026-11-24T10:00:00Z'), { process: 'web' })
    files.write('little\n')
    await expect.poll(() => readdirSync(folder)).toEqual(['nabz-2026-11-24-web.log'])
    files.write(`${'x'.repeat(20_000)}\n`)
    expect(read('nabz-2026-11-24-web.log')).toHaveLength(20_008)
  })

  it('are kept 30 days and not one longer, whoever wrote them; other files are not ours to delete', () => {
    const clock = movableClock('2026-11-01T12:00:00Z')
    writeFileSync(join(folder, 'nabz-2026-11-01-host.local-7.log'), 'x')
    writeFileSync(join(folder, 'nabz-2026-11-02-host.local-7.log'), 'x')
    writeFileSync(join(folder, 'postgres-2001-01-01.log'), 'x')
    clock.set('2026-11-30T23:59:59.999Z')
    expect(removeOldLogs(folder, clock.now())).toBe(0)
    clock.advance({ milliseconds: 1 })
    expect(removeOldLogs(folder, clock.now())).toBe(1)
    expect(readdirSync(folder).sort()).toEqual(['nabz-2026-11-02-host.local-7.log', 'postgres-2001-01-01.log'])
    expect(logDays).toBe(30)
    expect(removeOldLogs(join(folder, 'not there'), clock.now())).toBe(0)
  })

  it('that can not be written lose lines, say so once, and take nothing else down', () => {
    const clock = movableClock('2026-11-24T10:00:00Z')
    // A file where the folder should be: every write fails, as on a full disk.
    const blocked = join(folder, 'blocked')
    writeFileSync(blocked, '')
    const told: string[] = []
    const files = openLogFiles(join(blocked, 'logs'), clock, { process: 'web', tell: (trouble) => told.push(trouble) })
    const lines: string[] = []
    const log = createLog('info', (line) => lines.push(line), files)
    log.info('one')
    log.flush()
    log.info('two')
    log.flush()
    expect(files.lost()).toBe(2)
    expect(told).toHaveLength(1)
    // Standard output goes on.
    expect(lines).toHaveLength(2)
    rmSync(blocked)
    log.info('three')
    log.flush()
    expect(files.lost()).toBe(2)
    expect(readFileSync(join(blocked, 'logs', 'nabz-2026-11-24-web.log'), 'utf8')).toContain('"three"')
  })

  it.runIf(existsSync('/dev/full'))('on a disk that is full lose lines and nothing else', () => {
    symlinkSync('/dev/full', join(folder, 'nabz-2026-11-24-web.log'))
    const told: string[] = []
    const clock = movableClock('2026-11-24T10:00:00Z')
    const files = openLogFiles(folder, clock, { process: 'web', tell: (trouble) => told.push(trouble) })
    files.write('x\n')
    files.flush()
    expect(files.lost()).toBe(1)
    expect(told.join()).toContain('ENOSPC')
  })
})

describe('LOG_DIR', () => {
  it('makes a started Nabz write there, clear what is too old, and leave nothing unwritten when it stops', async () => {
    const database = await freshDatabase()
    writeFileSync(join(folder, 'nabz-2001-01-01-elsewhere-1.log'), 'x')
    const config = testConfig({
      DATABASE_URL: database.appUrl,
      JOBS_DATABASE_URL: database.jobsUrl,
      KEY_STORE_DIR: folder,
      LOG_DIR: folder,
      LOG_LEVEL: 'info',
    })
    const started = await startServices(config, { clock: movableClock('2026-11-24T10:00:00Z') })
    started.services.log.info('started', { port: 1 })
    await started.stop()
    const names = readdirSync(folder).filter((name) => name.endsWith('.log'))
    expect(names).toHaveLength(1)
    expect(names[0]).toMatch(/^nabz-2026-11-24-.+-\d+\.log$/)
    expect(read(names[0]!)).toContain('"started"')
    await database.drop()
  })
})
