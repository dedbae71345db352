// Every sentence exists in every language, every sentence is used, and no template speaks by itself.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { actions } from '../src/features/trail/rules.ts'
import { permissions } from '../src/kernel/permissions.ts'
import { languages, type Language } from '../src/platform/i18n/languages.ts'
import { readLocale } from '../src/platform/i18n/translate.ts'

const withoutComments = (code: string) => code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')

const root = fileURLToPath(new URL('..', import.meta.url))
const filesIn = (folder: string, ending: RegExp): string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => ending.test(name))
        .map((name) => join(folder, name))
    : []
const read = (file: string) => readFileSync(join(root, file), 'utf8')

function flat(node: unknown, path: string): [string, string][] {
  if (typeof node === 'string') return [[path, node]]
  if (typeof node !== 'object' || node === null) throw new Error(`${path} is neither a sentence nor a group`)
  return Object.entries(node).flatMap(([name, child]) => flat(child, path === '' ? name : `${path}.${name}`))
}
const sentences = Object.fromEntries(languages.map((lang) => [lang, new Map(flat(readLocale(lang), ''))])) as Record<
  Language,
  Map<string, string>
>

/** Keys that count something, by their name without the form: `queue.waiting` of `queue.waiting_one`. */
const counted = new Set(
  [...sentences.en.keys()]
    .filter((key) => key.endsWith('_one') && sentences.en.has(key.replace(/_one$/, '_other')))
    .map((key) => key.replace(/_one$/, '')),
)
const forms = ['zero', 'one', 'two', 'few', 'many', 'other']
const baseOf = (key: string) => {
  const base = key.replace(/_(zero|one|two|few|many|other)$/, '')
  return counted.has(base) ? base : key
}
const variablesOf = (text: string) => [...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name = '']) => name)
const letters = /\p{L}/u
const arabicScript = /\p{Script=Arabic}/u

describe('the sentences', () => {
  it.each(['ar', 'ur'] as const)('of %s are those of English, no fewer and no more', (lang) => {
    const english = new Set([...sentences.en.keys()].map(baseOf))
    const other = new Set([...sentences[lang].keys()].map(baseOf))
    expect({
      missing: [...english].filter((key) => !other.has(key)),
      extra: [...other].filter((key) => !english.has(key)),
    }).toEqual({ missing: [], extra: [] })
  })

  it.each(languages)('that count have every form %s needs', (lang) => {
    const needed = new Intl.PluralRules(lang).resolvedOptions().pluralCategories
    const missing = [...counted].flatMap((base) =>
      needed.filter((form) => !sentences[lang].has(`${base}_${form}`)).map((form) => `${base}_${form}`),
    )
    // A form a language never picks would never be read, except "none", which any language may say in its own way.
    const useless = [...counted].flatMap((base) =>
      forms
        .filter(
          (form) =>
            form !== 'zero' && !needed.includes(form as Intl.LDMLPluralRule) && sentences[lang].has(`${base}_${form}`),
        )
        .map((form) => `${base}_${form}`),
    )
    expect({ missing, useless }).toEqual({ missing: [], useless: [] })
  })

  it('take the same facts in every language', () => {
    const wrong: string[] = []
    for (const lang of languages) {
      for (const [key, text] of sentences[lang]) {
        const base = baseOf(key)
        const english = sentences.en.get(key) ?? sentences.en.get(`${base}_other`) ?? ''
        const [own, expected] = [text, english].map((each) => new Set(variablesOf(each)))
        // "One visit" and "two visits" need not print the number.
        if (base !== key) for (const set of [own, expected]) set?.delete('count')
        if ([...own!].sort().join() !== [...expected!].sort().join()) wrong.push(`${lang} ${key}: ${text}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('print numbers the same way: counts through the number format, digits in Latin', () => {
    const wrong = languages.flatMap((lang) =>
      [...sentences[lang]]
        .filter(([, text]) => /\{\{\s*count\s*\}\}/.test(text) || /[٠-٩۰-۹]/.test(text))
        .map(([key, text]) => `${lang} ${key}: ${text}`),
    )
    expect(wrong).toEqual([])
  })

  it('are translated: nothing is left in English', () => {
    // Names of things that are written like this in Urdu and Arabic too.
    const names = /Nabz|WhatsApp|Google( Maps)?|STOP|START|OK|PDF|CSV|https?:\/\/\S*|[\w.-]+@[\w.-]+|\/c\/|QR|ID|SMS/g
    const left = (['ar', 'ur'] as const).flatMap((lang) =>
      [...sentences[lang]]
        .filter(([, text]) => {
          const words = text.replace(/\{\{[^}]*\}\}/g, '').replace(names, '')
          return letters.test(words) && !arabicScript.test(words)
        })
        .map(([key, text]) => `${lang} ${key}: ${text}`),
    )
    expect(left).toEqual([])
  })

  it('are sentences and not mark-up, and none is empty or left for later', () => {
    const wrong = languages.flatMap((lang) =>
      [...sentences[lang]]
        .filter(
          ([, text]) => text.trim() === '' || text !== text.trim() || /<\/?[a-z]|&[a-z]+;|TODO|FIXME|—/.test(text),
        )
        .map(([key, text]) => `${lang} ${key}: ${text}`),
    )
    expect(wrong).toEqual([])
  })

  it('lie in one file for each feature that speaks', () => {
    const features = existsSync(join(root, 'src/features')) ? readdirSync(join(root, 'src/features')) : []
    const known = [...features, 'shared', 'form', 'dev', 'health', 'operations']
    const strange = languages.flatMap((lang) =>
      readdirSync(join(root, 'src/locales', lang)).filter((file) => !known.includes(file.replace(/\.json$/, ''))),
    )
    expect(strange).toEqual([])
  })
})

/** What the code says: whole keys, and patterns where a part of a key is only known at run time. */
const speech = (() => {
  const groups = new Set([...sentences.en.keys()].map((key) => key.split('.')[0] ?? ''))
  // Written like keys, but words of another kind: permissions, audit actions, log events, jobs, sealed places, limits.
  const otherWords =
    /(audit\(\s*ctx,\s*|\.note\(\s*|auditPlatform\([^']*|log\.\w+\(\s*|name:\s*|job:\s*|job === |requestId:\s*|purpose:\s*|(open|seal)(Json)?\([^']*|\.(get|post)\(\s*'[^']*',\s*|allowed\([^']*|permission:\s*|can\(\s*|\bjob\(\s*)$/
  const used: { key: string; where: string; sure: boolean }[] = []
  const patterns: { pattern: RegExp; text: string; where: string }[] = []
  const files = [...filesIn('src', /\.ts$/), ...filesIn('views', /\.ejs$/), ...filesIn('public/js', /\.js$/)]
  for (const file of files.filter((name) => !name.startsWith('src/dev/') && !name.startsWith('src/locales/'))) {
    const code = withoutComments(read(file))
    // A choice inside the braces: all that is known is how the key begins.
    for (const [, text = ''] of code.matchAll(/`([a-z]\w*\.(?:\w+\.)*\w*)\$\{[^}`]*['"]/g)) {
      patterns.push({ pattern: new RegExp(`^${text.replaceAll('.', '\\.')}.+$`), text, where: file })
    }
    for (const match of code.matchAll(/(['"`])((?:[a-z][\w]*|\$\{[^}'"`]*\})(?:\.(?:\w|\$\{[^}'"`]*\})+)*\.?)\1/g)) {
      const text = match[2] ?? ''
      if (!groups.has(text.split('.')[0] ?? '') || !text.includes('.')) continue
      const before = code.slice(Math.max(0, match.index - 80), match.index)
      if (text.includes('${') || text.endsWith('.')) {
        if (otherWords.test(before)) continue
        const source = text.replace(/[.]/g, '\\.').replace(/\$\{[^}]*\}/g, '[a-z0-9_]+')
        // A mail is named by what its subject and its text have in common, here too.
        const rest = text.endsWith('.') ? '.+' : '(\\.(subject|text))?'
        patterns.push({ pattern: new RegExp(`^${source}${rest}$`), text, where: file })
        continue
      }
      const translated = /\bt\(\s*$|key:\s*$/.test(before)
      const otherKind =
        otherWords.test(before) || (permissions as readonly string[]).includes(text) || actions.has(text)
      // A mail is named by what its subject and its text have in common.
      const mail = ['subject', 'text'].map((part) => `${text}.${part}`).filter((key) => sentences.en.has(key))
      for (const key of mail.length === 2 ? mail : [text])
        used.push({ key, where: file, sure: translated || !otherKind })
    }
  }
  return { used, patterns }
})()
const known = new Set([...sentences.en.keys()].map(baseOf))

describe('the code', () => {
  it('says nothing that has no words', () => {
    const missing = speech.used
      .filter(({ key, sure }) => sure && !known.has(key))
      .map(({ key, where }) => `${where}: ${key}`)
    expect(missing).toEqual([])
    const empty = speech.patterns
      .filter(({ pattern }) => ![...known].some((key) => pattern.test(key)))
      .map(({ text, where }) => `${where}: ${text}`)
    expect(empty).toEqual([])
  })

  it('says everything there are words for', () => {
    const said = new Set(speech.used.map(({ key }) => key))
    const unused = [...known].filter(
      (key) => !said.has(key) && !speech.patterns.some(({ pattern }) => pattern.test(key)),
    )
    expect(unused).toEqual([])
  })
})

describe('the templates', () => {
  const views = filesIn('views', /\.ejs$/)

  it('print no word of their own', () => {
    const bare = views.flatMap((file) => {
      const text = read(file)
        .replace(/<%[\s\S]*?%>/g, (code) => code.replace(/[^\n]/g, ' '))
        .replace(/<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1>/g, (code) => code.replace(/[^\n]/g, ' '))
      const visible = text.replace(/<[^>]*>/g, (tag) => tag.replace(/[^\n]/g, ' '))
      const attributes = [
        ...text.matchAll(/\s(?:title|alt|placeholder|label|aria-label|aria-description|content)="([^"]*)"/g),
      ]
      const spoken = [
        ...visible.split('\n').map((line, at) => [line, at + 1] as const),
        ...attributes.map(({ 1: value = '', index }) => [value, text.slice(0, index).split('\n').length] as const),
      ]
      return spoken
        .map(([line, at]) => [line.replace(/&[a-z]+;|&#\d+;|\bNabz\b/g, '').trim(), at] as const)
        .filter(
          ([line]) =>
            /\p{L}{2}/u.test(line) &&
            !/^(width=device-width|dark light|light dark|noindex|website$|#[0-9a-f]{3,8}$|telephone=no)/.test(line),
        )
        .map(([line, at]) => `${file}:${at}: ${line}`)
    })
    expect(bare).toEqual([])
  })

  it('print the dot between two facts only where there can be a tag around it', () => {
    const wrong = views.flatMap((file) => {
      const text = read(file).replace(/<%[\s\S]*?%>|<!--[\s\S]*?-->|<title>[\s\S]*?<\/title>/g, '')
      const plain = text.matchAll(/<(option|textarea|script|style)\b[\s\S]*?<\/\1>|<[a-z](?:"[^"]*"|'[^']*'|[^>"'])*>/g)
      return [...plain].filter(([part]) => part.includes('·')).map(([part]) => `${file}: ${part}`)
    })
    expect(wrong).toEqual([])
  })

  it('print no word from their own code', () => {
    const bare = views.flatMap((file) =>
      [...read(file).matchAll(/<%=([\s\S]*?)%>/g)]
        .filter(([, code = '']) => /(['"`])\s*(\p{Lu}\p{Ll}+|\p{Script=Arabic})/u.test(code))
        .map(([tag]) => `${file}: ${tag}`),
    )
    expect(bare).toEqual([])
  })
})
