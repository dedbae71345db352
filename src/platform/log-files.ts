// The log as files, one a UTC day and process, kept 30 days. Lines are gathered for a fifth of a second and appended. A
// disk that is full or gone loses lines, which are counted, and nothing else.
import { closeSync, mkdirSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Instant } from '../kernel/time.ts'
import type { Clock } from './clock.ts'

export type LogFiles = {
  write(line: string): void
  flush(): void
  /** Lines that could not be written since the start. */
  lost(): number
}

/** No line older than this is kept: today's file and those of the 29 days before. */
export const logDays = 30

const gatheredBytes = 16 * 1024
const gatheredMs = 200
const fileName = /^nabz-(\d{4}-\d{2}-\d{2})-[\w.-]+\.log$/

/** Process and machine are part of the name, so that several processes may share a folder. */
function nameOn(day: string, process: string): string {
  return `nabz-${day}-${process}.log`
}

const thisProcess = () => `${hostname().replace(/[^\w.-]/g, '_')}-${process.pid}`

/**
 * Today's file is opened with its first line, and left for the next day's at midnight UTC. `tell` hears once when a disk
 * begins to fail; by default it writes to the standard error.
 */
export function openLogFiles(
  directory: string,
  clock: Clock,
  options: { process?: string; tell?: (trouble: string) => void } = {},
): LogFiles {
  const who = options.process ?? thisProcess()
  const tell = options.tell ?? ((trouble: string) => process.stderr.write(`${trouble}\n`))
  let gathered: string[] = []
  let bytes = 0
  let day = ''
  let file: number | undefined
  let lost = 0
  let inTrouble = false
  let timer: NodeJS.Timeout | undefined

  const close = () => {
    if (file === undefined) return
    try {
      closeSync(file)
    } catch {
      // What a broken disk says at the end changes nothing any more.
    }
    file = undefined
  }
  const append = (lines: string[]) => {
    try {
      if (file === undefined) {
        mkdirSync(directory, { recursive: true, mode: 0o750 })
        file = openSync(join(directory, nameOn(day, who)), 'a', 0o640)
      }
      const content = Buffer.from(lines.join(''))
      // A disk that is nearly full takes a part and says so.
      for (let written = 0; written < content.length;) written += writeSync(file, content, written)
      inTrouble = false
    } catch (error) {
      lost += lines.length
      // Once when it begins: what writes this down may be a file on the same disk.
      if (!inTrouble) tell(`The log can't be written: ${error instanceof Error ? error.message : 'unknown'}`)
      inTrouble = true
      // The next lines try a file anew.
      close()
    }
  }
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (gathered.length === 0) return
    const lines = gathered
    gathered = []
    bytes = 0
    append(lines)
  }
  process.on('exit', flush)

  return {
    write(line) {
      const today = dayOf(clock.now())
      if (today !== day) {
        flush()
        close()
        day = today
      }
      gathered.push(line)
      bytes += line.length
      if (bytes >= gatheredBytes) flush()
      else timer ??= setTimeout(flush, gatheredMs).unref()
    },
    flush,
    lost: () => lost,
  }
}

/** The files of days that are past keeping at an instant, whichever process wrote them. */
export function oldLogs(directory: string, now: Instant): string[] {
  const oldest = dayOf(now.subtract({ hours: (logDays - 1) * 24 }))
  return namesIn(directory).filter((name) => {
    const day = fileName.exec(name)?.[1]
    return day !== undefined && day < oldest
  })
}

/** Deletes them. Answers how many went. */
export function removeOldLogs(directory: string, now: Instant): number {
  let removed = 0
  for (const name of oldLogs(directory, now)) {
    try {
      unlinkSync(join(directory, name))
      removed++
    } catch (error) {
      // Another process was quicker.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  return removed
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

const dayOf = (instant: Instant): string => instant.toString().slice(0, 10)
