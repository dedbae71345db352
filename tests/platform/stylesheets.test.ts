// The sheets of the workspace are split by what they dress. A page that uses a class of a sheet it does not load looks
// broken and fails nothing else, so every class of every template is followed to the sheets of its folder here.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sheetsOf } from '../../src/platform/web/stylesheets.ts'

const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => posix.join(entry.parentPath, entry.name))
    : []

const read = (file: string) => readFileSync(file, 'utf8')
const css = (sheet: string) => read(join('public/css', `${sheet}.css`)).replaceAll(/\/\*[\s\S]*?\*\//g, '')
const classesOf = (sheet: string) => new Set([...css(sheet).matchAll(/\.([a-z][\w-]*)/gi)].map(([, name]) => name!))

const featureSheets = [...new Set(Object.values(sheetsOf).flat())]
const dresses = new Map(featureSheets.map((sheet) => [sheet, classesOf(sheet)]))
const everywhere = new Set(['tokens', 'desk', 'plain'].flatMap((sheet) => [...classesOf(sheet)]))

// Pages of patients and visitors, and those that bring a head of their own, have sheets of their own.
const elsewhere = ['booking', 'portal', 'site', 'layouts', 'shared']
const views = filesIn('views').filter((file) => !/<html/.test(read(file)))
const folders = [...new Set(views.map((file) => basename(dirname(file))))].filter((name) => !elsewhere.includes(name))

/** The templates of a folder and whatever they include, from wherever. */
function printedBy(folder: string): string[] {
  const found = new Set<string>()
  const add = (file: string): void => {
    if (found.has(file)) return
    found.add(file)
    for (const [, path] of read(file).matchAll(/include\('([^']+)'/g)) add(posix.join(dirname(file), `${path!}.ejs`))
  }
  for (const file of views) if (basename(dirname(file)) === folder) add(file)
  return [...found]
}

/** The classes a template writes out. One that is put together ends where its changing part begins: `lane-`. */
const classesIn = (file: string): string[] =>
  [...read(file).matchAll(/class="((?:<%[\s\S]*?%>|[^"])*)"/g)].flatMap(([, value]) =>
    value!
      .replaceAll(/<%[^'`]*%>/g, '\0')
      .replaceAll(/<%[\s\S]*?%>/g, (code) => [...code.matchAll(/'([^']*)'/g)].map(([, word]) => word!).join(' '))
      .split(/\s+/)
      .map((word) => word.replace(/\0.*$/, '')),
  )

/** The classes a feature's pages hand to its templates: only words with a hyphen can be told from all others. */
const classesHandedBy = (feature: string): string[] =>
  filesIn(join('src/features', feature)).flatMap((file) =>
    [...read(file).matchAll(/'([a-z]+-[a-z-]+)'/g)].map(([, word]) => word!),
  )

const fits = (used: string, dressed: Set<string>) =>
  used.endsWith('-') ? [...dressed].some((name) => name.startsWith(used)) : dressed.has(used)

// A state (`is-off`) dresses nothing alone: what it is a state of is found.
const usedBy = (folder: string) =>
  [...new Set([...printedBy(folder).flatMap(classesIn), ...classesHandedBy(folder)])].filter(
    (name) => !name.startsWith('is-'),
  )

describe('stylesheets', () => {
  it.each(folders)('dress every class of views/%s', (folder) => {
    const here = sheetsOf[folder] ?? []
    const undressed = usedBy(folder).flatMap((used) => {
      const sheets = featureSheets.filter((sheet) => fits(used, dresses.get(sheet)!))
      const reached = fits(used, everywhere) || sheets.length === 0 || sheets.some((sheet) => here.includes(sheet))
      return reached ? [] : [`.${used} is dressed by ${sheets.join(' and ')}`]
    })
    expect(undressed).toEqual([])
  })

  it('are loaded only by folders that use them', () => {
    const idle = Object.entries(sheetsOf).flatMap(([folder, sheets]) =>
      sheets
        .filter((sheet) => {
          const own = new Set([...dresses.get(sheet)!].filter((name) => !everywhere.has(name)))
          return !usedBy(folder).some((used) => fits(used, own))
        })
        .map((sheet) => `${folder}: ${sheet}`),
    )
    expect(idle).toEqual([])
  })

  it('are named only for folders there are, and every sheet is linked by somebody', () => {
    expect(Object.keys(sheetsOf).filter((folder) => !existsSync(join('views', folder)))).toEqual([])
    const linked = new Set(
      filesIn('views').flatMap((file) => [...read(file).matchAll(/\/css\/([\w-]+)\.css/g)].map(([, sheet]) => sheet!)),
    )
    const sheets = readdirSync('public/css').map((file) => basename(file, '.css'))
    expect(sheets.filter((sheet) => !linked.has(sheet) && !featureSheets.includes(sheet))).toEqual([])
  })
})
