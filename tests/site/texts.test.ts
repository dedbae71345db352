// Help and policies: in every language the same text, with the numbers that the product promises.
import { describe, expect, it } from 'vitest'
import '../../src/app.ts'
import { helpNames } from '../../src/features/site/pages/help.ts'
import { fileOf } from '../../src/features/policies/actions/texts.ts'
import { policyCodes } from '../../src/kernel/policies.ts'
import {
  listArticles,
  parseArticle,
  readArticle,
  wordsOfArticle,
  type Block,
} from '../../src/platform/i18n/articles.ts'
import { languages } from '../../src/platform/i18n/languages.ts'
import { routeTable } from '../../src/platform/web/routers.ts'

const paths = [
  ...helpNames.map((name) => `site/help/${name}`),
  ...policyCodes.map((code) => `site/policies/${fileOf(code)}`),
]

const shapeOf = (block: Block): string => {
  if (block.kind === 'list') return `list of ${block.items.length}`
  if (block.kind === 'table') return `table of ${block.head.length} by ${block.rows.map((row) => row.length).join()}`
  return block.kind === 'heading' ? `heading ${block.level}` : block.kind
}
const linksOf = (block: Block): string[] => {
  const spans =
    block.kind === 'heading'
      ? []
      : block.kind === 'list'
        ? block.items.flat()
        : block.kind === 'table'
          ? [...block.head, ...block.rows.flat()].flat()
          : block.spans
  return spans.flatMap((span) => (span.kind === 'link' ? [span.href] : []))
}

describe.each(paths)('%s', (path) => {
  const texts = languages.map((lang) => readArticle(lang, path))
  const [english] = texts

  it('has a title, a beginning and the same parts and links in every language', () => {
    for (const text of texts) {
      expect(text.title.length).toBeGreaterThan(2)
      expect(text.lead.length).toBeGreaterThan(30)
      expect(text.blocks.map(shapeOf)).toEqual(english!.blocks.map(shapeOf))
      expect(text.blocks.flatMap(linksOf).sort()).toEqual(english!.blocks.flatMap(linksOf).sort())
      expect(text.facts).toEqual(english!.facts)
    }
  })

  it('names the same numbers in every language, in Latin digits', () => {
    // Numbers that are words in one language are digits in another: only those of two digits and more are compared.
    const numbers = (text: string) => [...new Set(text.match(/\d{2,}/g) ?? [])].sort()
    for (const text of texts) {
      expect(wordsOfArticle(text)).not.toMatch(/[٠-٩۰-۹]/)
      expect(numbers(wordsOfArticle(text))).toEqual(numbers(wordsOfArticle(english!)))
    }
  })

  it('leads to pages that exist', () => {
    const known = routeTable.filter(({ method }) => method === 'get').map(({ path: known }) => known)
    const wrong = english!.blocks.flatMap(linksOf).filter((href) => {
      const target = href.split(/[?#]/)[0] ?? ''
      if (target.startsWith('/help/')) return !helpNames.includes(target.slice('/help/'.length))
      return !known.includes(target)
    })
    expect(wrong).toEqual([])
  })

  it('leaves no mark-up unread', () => {
    for (const text of texts) expect(wordsOfArticle(text)).not.toMatch(/\*\*|\]\(|`|^#/m)
  })
})

it('every language has every text and no other', () => {
  for (const lang of languages) {
    expect([
      ...listArticles(lang, 'site/help').map((name) => `site/help/${name}`),
      ...listArticles(lang, 'site/policies').map((name) => `site/policies/${name}`),
    ].sort()).toEqual([...paths].sort()) // prettier-ignore
  }
})

it('reads the Markdown our texts are written in', () => {
  const article = parseArticle(
    '---\nannounced: 2026-11-21\n---\n\n# Title\n\nFirst [link](/a)\nline.\n\n## Part\n\nWith **bold**, `code`.\n\n- one\n- two\n  goes on\n\n1. first\n\n| A | B |\n| - | - |\n| 1 | **2** |\n\n> Note\n> here\n',
  )
  expect(article).toEqual({
    title: 'Title',
    lead: 'First link line.',
    leadSpans: [
      { kind: 'text', text: 'First ' },
      { kind: 'link', text: 'link', href: '/a' },
      { kind: 'text', text: ' line.' },
    ],
    facts: { announced: '2026-11-21' },
    blocks: [
      { kind: 'heading', level: 2, id: 's1', text: 'Part' },
      {
        kind: 'paragraph',
        spans: [
          { kind: 'text', text: 'With ' },
          { kind: 'strong', text: 'bold' },
          { kind: 'text', text: ', ' },
          { kind: 'code', text: 'code' },
          { kind: 'text', text: '.' },
        ],
      },
      {
        kind: 'list',
        ordered: false,
        items: [[{ kind: 'text', text: 'one' }], [{ kind: 'text', text: 'two goes on' }]],
      },
      { kind: 'list', ordered: true, items: [[{ kind: 'text', text: 'first' }]] },
      {
        kind: 'table',
        head: [[{ kind: 'text', text: 'A' }], [{ kind: 'text', text: 'B' }]],
        rows: [[[{ kind: 'text', text: '1' }], [{ kind: 'strong', text: '2' }]]],
      },
      { kind: 'note', spans: [{ kind: 'text', text: 'Note here' }] },
    ],
  })
})
