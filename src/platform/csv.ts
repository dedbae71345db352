// Lists as files for spreadsheets: RFC 4180 with a byte order mark, so that Excel reads Arabic and Urdu as what they are.
import type { Response } from 'express'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * One field. A string is text from anywhere and is defused; a number, or an amount as `{ decimal }` (`moneyText` makes
 * one), was written by us and stays as it is, so that a spreadsheet can add it up. A telephone number is text.
 */
export type Cell = string | number | { decimal: string } | null | undefined

const mark = '\ufeff'
// A tab or a return in front is a way in too: some programs drop it and read on. What looks defused already is defused
// again, so that reading takes off what writing put there and nothing else.
const dangerous = /^'*\s*[=+\-@\t\r＝＋－＠]/u
// Semicolon and tab separate fields where the comma is the decimal sign.
const quoted = /[",;\t\r\n]|^\s|\s$/
const decimal = /^-?\d+(\.\d+)?$/

/**
 * Text that a spreadsheet will show and not run: where its first character after spaces is `= + - @`, a tab, a return,
 * or one of the full-width forms of those signs, it gets a `'` in front (security.md 18). So `+923001234567` is written
 * `'+923001234567`, which our own import takes off again by `undefused`.
 */
export function defused(text: string): string {
  return dangerous.test(text) ? `'${text}` : text
}

/** What `defused` was given. */
export function undefused(text: string): string {
  return text.startsWith(`'`) && dangerous.test(text.slice(1)) ? text.slice(1) : text
}

/** One record with its line end. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(field).join(',')}\r\n`
}

function field(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'number') return String(cell)
  if (typeof cell === 'object') {
    if (!decimal.test(cell.decimal)) throw new Error('a decimal that is none')
    return cell.decimal
  }
  const text = defused(cell)
  return quoted.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The file in pieces of some 16 kB, read from `lines` no faster than it is taken. */
export async function* csvText(
  header: readonly string[],
  lines: AsyncIterable<readonly Cell[]> | Iterable<readonly Cell[]>,
): AsyncGenerator<string> {
  let piece = mark + csvLine(header)
  for await (const line of lines) {
    piece += csvLine(line)
    if (piece.length > 16_384) {
      yield piece
      piece = ''
    }
  }
  if (piece !== '') yield piece
}

/**
 * Answers with a file, as it is read. `name` is a word of ours: `clinics-2026-11-24.csv`. An error on the way cuts the
 * connection, so that half a list is never taken for the whole. Whoever gave up waiting is no error.
 */
export async function sendCsv(
  res: Response,
  name: string,
  header: readonly string[],
  lines: AsyncIterable<readonly Cell[]> | Iterable<readonly Cell[]>,
): Promise<void> {
  res.status(200)
  res.setHeader('Content-Type', 'text/csv; charset=utf-8; header=present')
  res.setHeader('Content-Disposition', `attachment; filename="${name}"`)
  try {
    await pipeline(Readable.from(csvText(header, lines)), res)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error
  }
}

/**
 * A long list read a page at a time, each page by a query of its own: no transaction stays open while a slow line takes
 * the file. `read` is given the last row of the page before, and answers fewer than `size` rows at the end.
 */
export async function* inPages<Row>(
  size: number,
  read: (last: Row | undefined, size: number) => Promise<Row[]>,
): AsyncGenerator<Row> {
  let last: Row | undefined
  for (;;) {
    const page = await read(last, size)
    yield* page
    last = page.at(-1)
    if (page.length < size) return
  }
}
