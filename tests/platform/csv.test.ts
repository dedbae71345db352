import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvLine, csvText, inPages, undefused, type Cell } from '../../src/platform/csv.ts'

/** RFC 4180 read back, character by character and knowing nothing of how it was written. */
function parse(text: string): string[][] {
  if (!text.startsWith('\ufeff')) throw new Error('no byte order mark')
  const records: string[][] = []
  let record: string[] = []
  let value = ''
  let inQuotes = false
  for (let at = 1; at < text.length; at++) {
    const char = text[at]!
    if (inQuotes) {
      if (char !== '"') value += char
      else if (text[at + 1] === '"') value += text[++at]
      else inQuotes = false
    } else if (char === '"') {
      if (value !== '') throw new Error('a quote within a bare field')
      inQuotes = true
    } else if (char === ',') {
      record.push(value)
      value = ''
    } else if (char === '\r') {
      if (text[++at] !== '\n') throw new Error('a return that ends no line')
      records.push([...record, value])
      record = []
      value = ''
    } else if (char === '\n') throw new Error('a line end by itself')
    else value += char
  }
  if (record.length > 0 || value !== '' || inQuotes) throw new Error('the last line does not end')
  return records
}

const written = async (header: string[], lines: Iterable<readonly Cell[]>) => {
  let text = ''
  for await (const piece of csvText(header, lines)) text += piece
  return text
}

describe('a file for spreadsheets', () => {
  it('comes back as it went, whatever is in it', async () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '"', '\r\n', 'a;b', ' x', 'عيادة، "نور"', "'=1", '+92'),
    )
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(table, async (lines) => {
        const read = parse(await written(['a', 'b'], lines))
        expect(read.map((line) => line.map(undefused))).toEqual([['a', 'b'], ...lines])
      }),
    )
  })

  it.each([
    ['=1+1', `'=1+1`],
    ['+923001234567', `'+923001234567`],
    ['-2+3', `'-2+3`],
    ['@SUM(A1)', `'@SUM(A1)`],
    ['  =cmd|x', `'  =cmd|x`],
    [`'=1`, `''=1`],
    ['\t=1', `"'\t=1"`],
    ['\rx', `"'\rx"`],
    ['＝1+1', `'＝1+1`],
    ['＋1', `'＋1`],
    ['－1', `'－1`],
    ['＠x', `'＠x`],
    ['=HYPERLINK("http://evil.test";"x")', `"'=HYPERLINK(""http://evil.test"";""x"")"`],
    ['a;=1+1', '"a;=1+1"'],
    ['Al-Shifa', 'Al-Shifa'],
    ['5 > 3', '5 > 3'],
  ])('writes %j as %j', (text, line) => {
    expect(csvLine([text])).toBe(`${line}\r\n`)
  })

  it('leaves numbers of ours to be added up', () => {
    expect(csvLine([-12, { decimal: '-12.50' }, 0, null, undefined])).toBe('-12,-12.50,0,,\r\n')
    expect(() => csvLine([{ decimal: '=1' }])).toThrow()
  })

  it('is written no faster than it is taken', async () => {
    let made = 0
    function* lines() {
      for (; made < 100_000; made++) yield ['some words that fill a line', made]
    }
    const stream = Readable.from(csvText(['a', 'b'], lines()))
    await new Promise((resolve) => stream.once('readable', resolve))
    expect(made).toBeGreaterThan(0)
    expect(made).toBeLessThan(20_000)
    stream.destroy()
  })

  it('reads a long list page by page, to its end', async () => {
    const asked: (number | undefined)[] = []
    const all: number[] = []
    for await (const row of inPages<number>(3, (last, size) => {
      asked.push(last)
      return Promise.resolve([1, 2, 3, 4, 5, 6, 7].filter((n) => n > (last ?? 0)).slice(0, size))
    }))
      all.push(row)
    expect({ all, asked }).toEqual({ all: [1, 2, 3, 4, 5, 6, 7], asked: [undefined, 3, 6] })
  })
})
