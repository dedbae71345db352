// Longer texts, as Markdown beside the sentences: `src/locales/<language>/<feature>/<path>.md`. They are read into blocks
// that a template prints like everything else, escaped, so that no text can bring mark-up of its own.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Language } from './languages.ts'

export type Span = { kind: 'text' | 'strong' | 'code'; text: string } | { kind: 'link'; text: string; href: string }
export type Block =
  | { kind: 'heading'; level: 2 | 3; id: string; text: string }
  | { kind: 'paragraph' | 'note'; spans: Span[] }
  | { kind: 'list'; ordered: boolean; items: Span[][] }
  | { kind: 'table'; head: Span[][]; rows: Span[][][] }

export type Article = {
  title: string
  /** The first paragraph, what the text is about: as words alone, and as it is printed. */
  lead: string
  leadSpans: Span[]
  /** `name: value` lines between two rules before the title. */
  facts: Record<string, string>
  blocks: Block[]
}

const folder = fileURLToPath(new URL('../../locales/', import.meta.url))

/** The names, without `.md`, of the texts in a folder, sorted. */
export function listArticles(language: Language, path: string): string[] {
  return readdirSync(join(folder, language, path))
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .sort()
}

/** The text at `<language>/<path>.md`. Throws when there is none, which the locale test finds before anyone does. */
export function readArticle(language: Language, path: string): Article {
  return parseArticle(readArticleSource(language, path))
}

/** The Markdown as it was written. */
export function readArticleSource(language: Language, path: string): string {
  return readFileSync(join(folder, language, `${path}.md`), 'utf8').replaceAll('\r\n', '\n')
}

/**
 * The Markdown our texts are written in: headings, paragraphs, lists, tables, notes (`>`), and within a line **strong**,
 * `code` and [links](/path). Headings are numbered (`s1`, `s2` …), so that a link into a text works in every language.
 */
export function parseArticle(source: string): Article {
  const { facts, text } = takeFacts(source.replaceAll('\r\n', '\n'))
  const blocks: Block[] = []
  let title = ''
  let lead: string | undefined
  let headings = 0
  for (const part of text.split(/\n{2,}/).map((each) => each.trim())) {
    if (part === '') continue
    const lines = part.split('\n')
    const [first = ''] = lines
    const heading = /^(#{1,3}) (.+)$/.exec(first)
    if (heading?.[1] === '#') title = heading[2] ?? ''
    else if (heading) {
      const level = heading[1] === '##' ? 2 : 3
      blocks.push({ kind: 'heading', level, id: `s${++headings}`, text: heading[2] ?? '' })
    } else if (/^(- |\d+\. )/.test(first)) {
      blocks.push({ kind: 'list', ordered: /^\d/.test(first), items: itemsOf(lines).map(spansOf) })
    } else if (first.startsWith('|')) {
      const [head = [], , ...rows] = lines.map(cellsOf)
      blocks.push({ kind: 'table', head, rows })
    } else if (first.startsWith('> ')) {
      blocks.push({ kind: 'note', spans: spansOf(joined(lines.map((line) => line.replace(/^> ?/, '')))) })
    } else if (lead === undefined && blocks.length === 0) {
      lead = joined(lines)
    } else {
      blocks.push({ kind: 'paragraph', spans: spansOf(joined(lines)) })
    }
  }
  const leadSpans = spansOf(lead ?? '')
  return { title, lead: plainOf(leadSpans), leadSpans, facts, blocks }
}

/** All its words, for a search. */
export function wordsOfArticle({ title, lead, blocks }: Article): string {
  const told = blocks.flatMap((block): string[] => {
    if (block.kind === 'heading') return [block.text]
    if (block.kind === 'list') return block.items.map(plainOf)
    if (block.kind === 'table') return [block.head, ...block.rows].flat().map(plainOf)
    return [plainOf(block.spans)]
  })
  return [title, lead, ...told].join(' ')
}

function takeFacts(source: string): { facts: Record<string, string>; text: string } {
  const found = /^---\n([\s\S]*?)\n---\n/.exec(source)
  if (!found) return { facts: {}, text: source }
  const pairs = (found[1] ?? '').split('\n').map((line): [string, string] => {
    const at = line.indexOf(':')
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
  })
  return { facts: Object.fromEntries(pairs), text: source.slice(found[0].length) }
}

const plainOf = (spans: Span[]) => spans.map(({ text }) => text).join('')

const joined = (lines: string[]) => lines.map((line) => line.trim()).join(' ')

/** An item goes on over the lines that are indented. */
function itemsOf(lines: string[]): string[] {
  const items: string[] = []
  for (const line of lines) {
    if (/^(- |\d+\. )/.test(line)) items.push(line.replace(/^(- |\d+\. )/, ''))
    else items.push(`${items.pop() ?? ''} ${line.trim()}`)
  }
  return items
}

const cellsOf = (line: string) =>
  line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => spansOf(cell.trim()))

function spansOf(text: string): Span[] {
  const spans: Span[] = []
  let at = 0
  for (const match of text.matchAll(/\*\*([^*]+)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^)]+)\)/g)) {
    if (match.index > at) spans.push({ kind: 'text', text: text.slice(at, match.index) })
    const [whole, strong, code, label, href] = match
    if (strong !== undefined) spans.push({ kind: 'strong', text: strong })
    else if (code !== undefined) spans.push({ kind: 'code', text: code })
    else spans.push({ kind: 'link', text: label ?? '', href: href ?? '' })
    at = match.index + whole.length
  }
  if (at < text.length) spans.push({ kind: 'text', text: text.slice(at) })
  return spans
}
