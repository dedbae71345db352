// Keeps the rules of layout by reading import statements and templates. A failure names the file, the line of it that
// breaks a rule, and what to do instead.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const withoutComments = (code: string) => code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')

type Import = { from: string; to: string; typeOnly: boolean; names: string[] }

/** Everything a file imports; paths of ours as seen from the root, packages by name. */
function importsOf(file: string): Import[] {
  const code = withoutComments(read(file))
  const target = (to: string) => (to.startsWith('.') ? relative(root, join(root, dirname(file), to)) : to)
  const statements = [...code.matchAll(/^(?:import|export)\s+(type\s+)?([^'"`;]*?)\s*from\s+'([^']+)'/gm)].map(
    ([, type, what = '', to = '']): Import => {
      const names = (/\{([\s\S]*)\}/.exec(what)?.[1] ?? '')
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean)
      const values = names.filter((name) => !name.startsWith('type ')).map((name) => name.split(' as ')[0] ?? '')
      const others = what
        .replace(/\{[\s\S]*\}/, '')
        .replace(',', '')
        .trim()
      const typeOnly = type !== undefined || (others === '' && names.length > 0 && values.length === 0)
      return { from: file, to: target(to), typeOnly, names: typeOnly ? [] : values }
    },
  )
  const bare = [...code.matchAll(/(?:^import|\bimport\()\s*'([^']+)'/gm)].map(([, to = '']): Import => ({
    from: file, to: target(to), typeOnly: false, names: [],
  })) // prettier-ignore
  return [...statements, ...bare]
}

const sources = filesIn('src', /\.ts$/)
const imports = sources.flatMap(importsOf)
const product = (file: string) => !file.startsWith('src/dev/')
const floorOf = (file: string) => /^src\/(kernel|platform|features)\//.exec(file)?.[1]
const featureOf = (file: string) => /^src\/features\/([^/]+)\//.exec(file)?.[1]
const roleOf = (file: string) => /^src\/features\/[^/]+\/([^/.]+)/.exec(file)?.[1] ?? ''
const say = ({ from, to }: Import) => `${from} imports ${to}`

describe('floors', () => {
  it('stand on each other in one direction: features, platform, kernel', () => {
    const below: Record<string, string[]> = {
      kernel: ['kernel'],
      platform: ['kernel', 'platform'],
      features: ['kernel', 'platform', 'features'],
    }
    const wrong = imports.filter(({ from, to, typeOnly }) => {
      const floor = floorOf(from)
      if (floor === undefined || !to.startsWith('src/')) return false
      // The settings are a type every floor above the kernel may name; only the start makes them.
      if (to === 'src/config.ts') return floor === 'kernel' || !typeOnly
      return !below[floor]?.includes(floorOf(to) ?? '')
    })
    expect(wrong.map(say)).toEqual([])
  })

  it('have a ground floor that touches nothing outside the program', () => {
    const pure = ['zod', 'uuid', 'temporal-polyfill', 'libphonenumber-js/max']
    const wrong = imports.filter(
      ({ from, to }) => floorOf(from) === 'kernel' && !to.startsWith('src/') && !pure.includes(to),
    )
    expect(wrong.map(say)).toEqual([])
  })

  it('never load the development tools in production', () => {
    expect(imports.filter(({ from, to }) => product(from) && to.startsWith('src/dev/')).map(say)).toEqual([])
    expect(read('tsconfig.build.json')).toContain('"exclude": ["src/dev"]')
  })
})

describe('a feature', () => {
  const roles = ['routes', 'schema', 'rules', 'actions', 'queries', 'pages', 'jobs']
  /** What each file of a feature may use of its own feature; types come from anywhere in it. */
  const uses: Record<string, string[]> = {
    routes: ['routes', 'schema', 'actions', 'pages', 'rules'],
    jobs: ['jobs', 'actions'],
    // The schema of what was stored to be read later: a webhook's body.
    actions: ['actions', 'queries', 'rules', 'schema'],
    pages: ['pages', 'queries', 'rules'],
    queries: ['queries', 'rules'],
    schema: ['schema', 'rules'],
    rules: ['rules'],
  }
  const inside = imports.filter(({ from }) => featureOf(from) !== undefined)
  const ownFeature = ({ from, to }: Import) => featureOf(from) === featureOf(to)

  it('is made of files with the seven known names', () => {
    expect(sources.filter((file) => featureOf(file) !== undefined && !roles.includes(roleOf(file)))).toEqual([])
  })

  it('has files that use each other in one direction', () => {
    const wrong = inside.filter(
      (one) => ownFeature(one) && !one.typeOnly && !uses[roleOf(one.from)]?.includes(roleOf(one.to)),
    )
    expect(wrong.map(say)).toEqual([])
  })

  it('decides purely: rules and schemas touch the kernel and nothing else', () => {
    const wrong = inside.filter(({ from, to, typeOnly }) => {
      if (!['rules', 'schema'].includes(roleOf(from)) || typeOnly) return false
      const pure =
        to.startsWith('src/kernel/') ||
        to === 'src/platform/i18n/languages.ts' ||
        ['rules', 'schema'].includes(roleOf(to))
      return to.startsWith('src/') ? !pure : to !== 'zod'
    })
    expect(wrong.map(say)).toEqual([])
  })

  it('writes SQL in queries only', () => {
    // Where changes that stand or fall together begin and end is an action's to say.
    const sql = (to: string) =>
      (to.startsWith('src/platform/db/') && to !== 'src/platform/db/transaction.ts') || to === 'knex' || to === 'pg'
    const importsSql = inside.filter(({ from, to, typeOnly }) => roleOf(from) !== 'queries' && !typeOnly && sql(to))
    const writesSql = sources
      .filter((file) => featureOf(file) !== undefined && roleOf(file) !== 'queries')
      .filter((file) => /\.(raw|withSchema|table|transaction)\(|\bdb\s*[(`]/.test(withoutComments(read(file))))
    expect([...importsSql.map(say), ...writesSql]).toEqual([])
  })

  it('is used by others through actions, rules, types, and queries that only read', () => {
    const wrong = inside.filter((one) => {
      if (featureOf(one.to) === undefined || ownFeature(one) || one.typeOnly) return false
      if (['actions', 'rules'].includes(roleOf(one.to))) return false
      return (
        roleOf(one.to) !== 'queries' ||
        one.names.length === 0 ||
        !one.names.every((name) => /^(find|get|list|count)[A-Z]/.test(name))
      )
    })
    expect(wrong.map((one) => `${say(one)} { ${one.names.join(', ')} }`)).toEqual([])
  })

  it('depends on others without ever coming round to itself', () => {
    const needs = new Map<string, Set<string>>()
    for (const { from, to } of inside) {
      const [user, used] = [featureOf(from), featureOf(to)]
      if (user === undefined || used === undefined || user === used) continue
      needs.set(user, (needs.get(user) ?? new Set()).add(used))
    }
    const circles = new Set<string>()
    const walk = (feature: string, path: string[]) => {
      const at = path.indexOf(feature)
      if (at >= 0) circles.add([...path.slice(at), feature].join(' -> '))
      else for (const next of needs.get(feature) ?? []) walk(next, [...path, feature])
    }
    for (const feature of needs.keys()) walk(feature, [])
    expect([...circles]).toEqual([])
  })

  it('sees requests and answers in routes only', () => {
    const wrong = inside.filter(
      ({ from, to, typeOnly }) =>
        roleOf(from) !== 'routes' && (to === 'express' || (!typeOnly && to.startsWith('src/platform/web/routers'))),
    )
    expect(wrong.map(say)).toEqual([])
  })

  it('is let into a clinic, never lets itself in', () => {
    const wrong = imports.filter(({ from, names }) => floorOf(from) !== 'platform' && names.includes('proveClinic'))
    expect(wrong.map(say)).toEqual([])
  })
})

describe('everywhere', () => {
  it('things have names of their own: no barrels, no drawers for the rest', () => {
    const drawers = /^(index|utils?|helpers?|common|misc|shared|types)\.ts$|\/(utils?|helpers?|common|misc)\//
    expect(sources.filter((file) => drawers.test(basename(file)) || drawers.test(file))).toEqual([])
    expect(sources.filter((file) => /^export \* from/m.test(read(file)))).toEqual([])
  })

  it('what kernel and platform offer says what it is, right above it', () => {
    const offered =
      /^export (?:async )?function\*? (\w+)|^export const (\w+)[^\n=]*= (?:async )?(?:\([^)]*\)|\w+)(?:: [^\n=]+)? =>/
    const silent = sources
      .filter((file) => ['kernel', 'platform'].includes(floorOf(file) ?? ''))
      .flatMap((file) => {
        const lines = read(file).split('\n')
        return lines.flatMap((line, at) => {
          const [, asFunction, asConstant] = offered.exec(line) ?? []
          const name = asFunction ?? asConstant
          return name !== undefined && !lines[at - 1]?.trimEnd().endsWith('*/') ? [`${file}: ${name}`] : []
        })
      })
    expect(silent).toEqual([])
  })

  it('the environment is read in one place, by commands that start something', () => {
    const commands = /^src\/(config|server)\.ts$|-command\.ts$|^src\/dev\//
    expect(
      sources.filter((file) => !commands.test(file) && withoutComments(read(file)).includes('process.env')),
    ).toEqual([])
  })

  it('dependencies are exact versions from the registry', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    )
    expect(loose).toEqual([])
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Record<string, unknown>> }
    const strange = Object.entries(packages).filter(([path, { integrity, resolved }]) => {
      const elsewhere = typeof resolved === 'string' && !resolved.startsWith('https://registry.npmjs.org/')
      return path !== '' && (typeof integrity !== 'string' || elsewhere)
    })
    expect(strange).toEqual([])
  })
})

describe('pages', () => {
  const views = filesIn('views', /\.ejs$/)
  const lines = (files: string[], wrong: RegExp) =>
    files.flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, at) => (wrong.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
    )

  it('print nothing unescaped but what was escaped already', () => {
    expect(lines(views, /<%-(?!\s*(include\(|body\s*[-_]?%>))/)).toEqual([])
  })

  it('have no script, handler or style inline, which the content policy would drop anyway', () => {
    expect(
      lines(views, /<script(?![^>]*\ssrc=)(?![^>]*application\/json)|<style|\sstyle=|\son[a-z]+=|javascript:/i),
    ).toEqual([])
  })

  it('quote every attribute that prints something', () => {
    expect(lines(views, /\s[\w-]+=<%=/)).toEqual([])
  })

  it('know start and end, not left and right', () => {
    const physical =
      /(^|[\s;{])((margin|padding|border|inset|scroll-margin|scroll-padding)-(left|right)|left|right|border-(top|bottom)-(left|right)-radius)\s*:|(text-align|float|clear)\s*:\s*(left|right)/
    expect(lines(filesIn('public/css', /\.css$/), physical)).toEqual([])
    expect(lines(views, /class="[^"]*\b(float|text|border|rounded)-(left|right)\b|class="[^"]*\b[mp][lr]-\d/)).toEqual(
      [],
    )
  })
})
