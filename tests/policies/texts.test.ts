// The texts as they would be published now: in every language the same promises, and those that are pinned.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fileOf, presentText } from '../../src/features/policies/actions/texts.ts'
import { retentionRules, ruleOf } from '../../src/features/privacy/rules/retention.ts'
import { agreedCodes, policyCodes } from '../../src/kernel/policies.ts'
import { keptDays } from '../../src/platform/backup/files.ts'
import { listArticles, parseArticle, wordsOfArticle, type Block } from '../../src/platform/i18n/articles.ts'
import { languages } from '../../src/platform/i18n/languages.ts'
import { createSpeakers } from '../../src/platform/i18n/speaker.ts'
import { loadTranslations } from '../../src/platform/i18n/translate.ts'
import { cookies } from '../../src/platform/web/cookies.ts'
import { stripeSecrets } from '../support/app.ts'
import { testConfig } from '../support/config.ts'

const speakers = createSpeakers(loadTranslations())
const partsWith = (settings: Record<string, string>) => ({
  speakers,
  config: testConfig({
    DATABASE_URL: 'postgres://x',
    JOBS_DATABASE_URL: 'postgres://x',
    KEY_STORE_DIR: '/tmp/keys',
    ...settings,
  }),
})
const usual = partsWith(stripeSecrets)

const pinned = JSON.parse(readFileSync(new URL('published.json', import.meta.url), 'utf8')) as Record<string, string>

describe.each(policyCodes)('%s', (code) => {
  const { texts, sha256 } = presentText(usual, code)
  const articles = languages.map((lang) => parseArticle(texts[lang]))
  const [english] = articles

  it('says what was published under its date', () => {
    const name = fileOf(code)
    // A changed text is a new version: name its files after the day, and write down the new hash with that name here.
    expect({ [name]: pinned[name] }, `the text no longer matches ${name}`).toEqual({ [name]: sha256 })
  })

  it('has one text in each language', () => {
    for (const lang of languages) {
      expect(listArticles(lang, 'site/policies').filter((name) => name.startsWith(`${code}.`))).toEqual([fileOf(code)])
    }
  })

  it('leaves no place unfilled', () => {
    for (const lang of languages) expect(texts[lang]).not.toContain('{{')
  })

  it('has the same parts in every language, tables row by row', () => {
    const shapeOf = (block: Block) =>
      block.kind === 'table'
        ? `table of ${block.rows.map((row) => row.length).join()}`
        : block.kind === 'list'
          ? `list of ${block.items.length}`
          : block.kind
    for (const article of articles) expect(article.blocks.map(shapeOf)).toEqual(english!.blocks.map(shapeOf))
  })

  it('names the same numbers in every language, in Latin digits', () => {
    const numbers = (text: string) => [...new Set(text.match(/\d{2,}/g) ?? [])].sort()
    for (const article of articles) {
      expect(wordsOfArticle(article)).not.toMatch(/[٠-٩۰-۹]/)
      expect(numbers(wordsOfArticle(article))).toEqual(numbers(wordsOfArticle(english!)))
    }
  })
})

const wordsOf = (code: (typeof policyCodes)[number], parts = usual) =>
  wordsOfArticle(parseArticle(presentText(parts, code).texts.en))

// What was resolved about data, as words that must stand in the policy. A changed promise changes this list.
it.each([
  ['locked, undone until day 7, unreadable by day 30', ['day 0', 'day 7', 'by day 30']],
  ['read-only for exactly 30 days, with mails', ['exactly 30 days', 'days 0, 7, 21 and 28']],
  ['identity of a visit', ['24 months after the visit ended']],
  ['messages', ['90 days after being written and sent']],
  ['STOP outlives erasure', ['Without end', 'unreadable code']],
  ['records and addresses', ['12 months after it was done', '30 days after it was done']],
  ['consent beside the number, not ticked', ['not ticked', 'A visit can be booked without it']],
  ['feedback only with a consent of its own', ['consent of its own', 'at most once for a visit']],
  ['a shared number stops all', ['those of all of them']],
  ['requests', ['within 30 days', 'On day 20']],
  ['private notes', ['how many were left out']],
  ['legal hold', ['legal hold', 'a reason and an end date']],
  ['region', ['one region']],
  ['backups', ['at most 21 days', 'destroying the clinic']],
  ['read receipts', ['no tracking pixels']],
  ['no cards', ['last four digits']],
  ['notice of change', ['at least 14 days before', 'Every version is kept as it was']],
])('the privacy policy promises: %s', (_what, words) => {
  for (const each of words) expect(wordsOf('privacy')).toContain(each)
})

it('a backup made before a clinic was erased is gone by day 30', () => {
  const { after } = ruleOf('closed_clinic')
  expect(after).toHaveProperty('days')
  expect((after as { days: number }).days + keptDays).toBeLessThanOrEqual(30)
})

it('the privacy policy has a row for every rule, and no other', () => {
  const tables = parseArticle(presentText(usual, 'privacy').texts.en).blocks.filter((block) => block.kind === 'table')
  expect(tables.map((table) => table.rows.length)).toContain(retentionRules.length)
})

it('the list of who works for us names what is configured, and nothing else', () => {
  const plain = wordsOf('processors', partsWith({}))
  expect(plain).toContain('Meta Platforms')
  expect(plain).toContain('The hosting provider of this installation')
  expect(plain).not.toContain('Stripe')
  expect(plain).not.toContain('Twilio')
  expect(wordsOf('processors')).toContain('Stripe')
  const named = wordsOf(
    'processors',
    partsWith({
      HOSTING_PROVIDER: 'Rack and Sons',
      HOSTING_REGION: 'Karachi',
      SMTP_URL: 'smtps://user:secret@smtp.mailer.example:465',
      ANALYTICS_SCRIPT_URL: 'https://stats.example/count.js',
    }),
  )
  for (const each of [
    'Rack and Sons, Karachi (hosting)',
    'smtp.mailer.example (e-mail)',
    'stats.example (statistics)',
  ]) {
    expect(named).toContain(each)
  }
  expect(named).not.toContain('secret')
})

it('the page about cookies lists the cookies of the code, and statistics only where there are some', () => {
  const text = wordsOf('cookies')
  for (const { name } of cookies) expect(text).toContain(name(true))
  expect(text).toContain('uses no statistics')
  const counted = wordsOf('cookies', partsWith({ ANALYTICS_SCRIPT_URL: 'https://stats.example/count.js' }))
  expect(counted).toContain('with a script of stats.example, and only if you say yes')
  expect(counted).toContain('nabz-statistics')
})

it('the page about security says what pages load from elsewhere, as it is set', () => {
  expect(wordsOf('security')).toContain('No page loads anything from another site')
  const counted = wordsOf('security', partsWith({ ANALYTICS_SCRIPT_URL: 'https://stats.example/count.js' }))
  expect(counted).not.toContain('No page loads anything from another site')
  expect(counted).toContain('a script of stats.example that counts visits')
})

it('the privacy policy promises of private notes nothing that is not there', () => {
  expect(wordsOf('privacy')).toContain('keeps no clinical notes today')
})

it('a clinic agrees to what binds it', () => {
  expect(agreedCodes).toEqual(['terms', 'privacy', 'processors'])
})
