// The table at the end, and the aims it is held against.
import { cpus } from 'node:os'
import type { Result } from './load.ts'

export type Line = {
  scenario: string
  connections: number
  fresh: Result
  past: Result
  /** A bare Express page or JSON answer; none where there is nothing like it. */
  bare?: Result
  /** The statements of the request straight through pg. */
  sql?: Result
  /** Of each, what Nabz does; with the past, what it does of itself without. */
  shares: { past: number; bare?: number; sql?: number }
}

export type Aim = { what: string; wanted: string; got: string; met: boolean }

export type Report = {
  machine: string
  when: string
  quick: boolean
  pastVisits: number
  lines: Line[]
  /** Statements of one request: `begin`, `commit` and naming the clinic apart from the queries. */
  statements: { scenario: string; queries: number; transaction: number }[]
  coldStartMs: number
  memoryMb: { fresh: number; past: number }
  race: { patients: number; gotIn: number }
  lostSlots: number
  aims: Aim[]
}

export const machine = (): string => `${cpus().length} × ${cpus()[0]?.model ?? '?'}, Node ${process.version}`

export function aimsOf(report: Omit<Report, 'aims'>): Aim[] {
  const of = (scenario: string) => report.lines.filter((line) => line.scenario === scenario)
  const worst = (shares: number[]) => Math.min(...shares)
  const ratio = (what: string, lines: Line[], against: 'bare' | 'sql', least: number): Aim => {
    const got = worst(lines.flatMap((line) => line.shares[against] ?? []))
    return { what, wanted: `≥ ${percent(least)}`, got: percent(got), met: got >= least }
  }
  const month = of('month, changing').find((line) => line.connections === 1)
  const monthQueries = report.statements.find((one) => one.scenario === 'month, changing')?.queries ?? Infinity
  const keeps = worst(report.lines.map((line) => line.shares.past))
  const slowest = report.lines.find((line) => line.shares.past === keeps)
  const memory = Math.max(report.memoryMb.fresh, report.memoryMb.past)
  const atEight = (scenario: string) => of(scenario).find((line) => line.connections === 8)?.fresh.perSecond ?? 0
  const peer = (what: string, scenario: string, theirs: number): Aim => ({
    what: `${what} at 8 connections, ten times the peer's ${theirs}`,
    wanted: `≥ ${theirs * 10}/s`,
    got: `${Math.round(atEight(scenario))}/s`,
    met: atEight(scenario) >= theirs * 10,
  })
  return [
    ratio('clinic page of a bare page', of('clinic page'), 'bare', 0.4),
    ratio('free times of a day, nothing changed, of a bare JSON answer', of('day'), 'bare', 0.5),
    ratio('free times of a day, diary changing, of its SQL', of('day, changing'), 'sql', 0.4),
    {
      what: 'free times of a month for any doctor, diary changing, p95 at one connection',
      wanted: '< 30 ms',
      got: `${(month?.fresh.p95 ?? Infinity).toFixed(1)} ms`,
      met: (month?.fresh.p95 ?? Infinity) < 30,
    },
    { what: 'queries for it', wanted: '≤ 3', got: String(monthQueries), met: monthQueries <= 3 },
    ratio('last request of a booking of its SQL', of('booking, last'), 'sql', 0.4),
    {
      what: `with the past, of itself without (worst: ${slowest?.scenario ?? '-'} at ${slowest?.connections ?? '-'})`,
      wanted: '≥ 90 %',
      got: percent(keeps),
      met: keeps >= 0.9,
    },
    { what: 'memory after it all', wanted: '< 300 MB', got: `${memory.toFixed(0)} MB`, met: memory < 300 },
    {
      what: 'start to first page',
      wanted: '< 2 s',
      got: `${(report.coldStartMs / 1000).toFixed(2)} s`,
      met: report.coldStartMs < 2_000,
    },
    peer('pages', 'clinic page', 140),
    peer('free times of a day', 'day', 332),
    peer('bookings', 'booking, last', 91),
    {
      what: `of ${report.race.patients} patients racing into one slot get in`,
      wanted: '1',
      got: String(report.race.gotIn),
      met: report.race.gotIn === 1,
    },
    {
      what: 'errors',
      wanted: '0',
      got: String(report.lines.reduce((sum, line) => sum + line.fresh.errors + line.past.errors, 0)),
      met: report.lines.every((line) => line.fresh.errors + line.past.errors === 0),
    },
  ]
}

const percent = (value: number) => `${Math.round(value * 100)} %`
const rate = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(1))

const out = (line = '') => process.stdout.write(`${line}\n`)

export function print(report: Report): void {
  printLines(report)
  out(`\nslots lost to somebody faster while booking: ${report.lostSlots}\n`)
  for (const line of table([
    ['aim', 'wanted', 'got', ''],
    ...report.aims.map((aim) => [aim.what, aim.wanted, aim.got, aim.met ? '✓ met' : '✗ missed']),
  ]))
    out(line)
}

/** What was measured, without holding it against anything. */
export function printLines(report: Pick<Report, 'machine' | 'pastVisits' | 'lines' | 'statements'>): void {
  out(
    `\n${report.machine}; ${report.pastVisits.toLocaleString('en')} past visits; one server process, load on the same machine\n`,
  )
  const header = [
    '',
    'conn.',
    'req/s',
    'p50 ms',
    'p95',
    'p99',
    'CPU ms',
    'with past',
    'bare',
    'share',
    'SQL',
    'share',
    'errors',
  ]
  const rows = report.lines.map((line, at) => [
    report.lines[at - 1]?.scenario === line.scenario ? '' : line.scenario,
    String(line.connections),
    rate(line.fresh.perSecond),
    line.fresh.p50.toFixed(1),
    line.fresh.p95.toFixed(1),
    line.fresh.p99.toFixed(1),
    line.fresh.cpuMs.toFixed(2),
    `${rate(line.past.perSecond)} (${percent(line.shares.past)})`,
    line.bare ? rate(line.bare.perSecond) : '',
    line.shares.bare === undefined ? '' : percent(line.shares.bare),
    line.sql ? rate(line.sql.perSecond) : '',
    line.shares.sql === undefined ? '' : percent(line.shares.sql),
    String(line.fresh.errors + line.past.errors),
  ])
  for (const line of table([header, ...rows])) out(line)
  out()
  for (const line of table([
    ['statements of one request', 'queries', 'transaction'],
    ...report.statements.map((one) => [one.scenario, String(one.queries), String(one.transaction)]),
  ]))
    out(line)
}

function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  )
  return [lines[0]!, '─'.repeat(lines[0]!.length), ...lines.slice(1)]
}
