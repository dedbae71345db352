// A page is a template plus one typed page object, rendered into a layout. Templates print and loop; whatever they show
// was decided in a feature's `pages.ts`.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ejs from 'ejs'
import type { Speaker } from '../i18n/speaker.ts'
import { stylesheets } from './stylesheets.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const viewsFolder = join(root, 'views')
export const publicFolder = join(root, 'public')

export type Layout = 'patient' | 'desk' | 'plain' | 'site' | 'bare'
export type Page = { title: string; [fact: string]: unknown }
export type View = { template: string; page: Page }

/** The template at `views/<template>.ejs` with what it prints. */
export const view = (template: string, page: Page): View => ({ template, page })

export type Chrome = {
  speaker: Speaker
  layout: Layout
  url: (path: string) => string
  /** Called only where a template prints a form: making a token gives the visitor a cookie. */
  csrfToken: () => string | undefined
  flash: { kind: 'success' | 'info' | 'error'; text: string; undo?: { action: string; label: string } } | undefined
  shell: unknown
  languageLinks: { lang: string; label: string; href: string; current: boolean }[]
  accent: string
}

/** `shared` is the same for every part of a page, `own` what this part was handed on top of it. */
type Template = (shared: object, own: object) => string
const compiled = new Map<string, Template>()
let caching = true

/** In development templates are read anew for each page. */
export function cacheTemplates(on: boolean): void {
  caching = on
}

function template(name: string): Template {
  const known = compiled.get(name)
  if (known && caching) return known
  const filename = join(viewsFolder, `${name}.ejs`)
  // Shared locals are reached by prototype, and they have none themselves: nothing gets in but what was put there.
  const options = { filename, strict: false, rmWhitespace: true, unsafePrototypeLocals: true }
  const made = withInclude(name, ejs.compile(withDots(readFileSync(filename, 'utf8')), options))
  compiled.set(name, made)
  return made
}

/**
 * Facts of one line stand apart by a dot with a space on each side. It is printed so that the dot is a space's background
 * (`.dot` in tokens.css): where a line breaks the browser drops the space, and no line ends or begins with a dot.
 */
const withDots = (source: string): string =>
  source
    .split(/(<title>[\s\S]*?<\/title>|<%[\s\S]*?%>)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/\s*·\s*/g, '<span class="dot"><b>·</b> </span>')))
    .join('')

/**
 * `include(path, more)` for templates, in place of the one of EJS, which looks for the file and copies every local each
 * time: on a page with a thousand parts that was most of the work.
 */
function withInclude(name: string, print: (locals: object) => string): Template {
  const parts = new Map<string, Template>()
  const part = (path: string): Template => {
    const known = parts.get(path)
    if (known && caching) return known
    const found = template(posix.join(posix.dirname(name), path))
    parts.set(path, found)
    return found
  }
  return (shared, own) => {
    const include = (path: string, more?: object) => part(path)(shared, more ? { ...own, ...more } : own)
    return print(Object.assign(Object.create(shared) as object, own, { include }))
  }
}

const fingerprints = new Map<string, string>()

/** `/css/desk.css` with a fingerprint of its content, so that browsers may keep it for ever. */
function asset(path: string): string {
  let print = fingerprints.get(path)
  if (print === undefined) {
    print = createHash('sha256')
      .update(readFileSync(join(publicFolder, path)))
      .digest('base64url')
      .slice(0, 10)
    if (caching) fingerprints.set(path, print)
  }
  return `${path}?v=${print}`
}

/**
 * The whole page as HTML. Throws when the template or one of its sentences does not exist, or it prints what it was
 * not given.
 */
export function render({ template: name, page }: View, chrome: Chrome): string {
  const { speaker } = chrome
  let token: string | undefined
  const shared = Object.assign(Object.create(null) as object, {
    t: speaker.t,
    lang: speaker.lang,
    dir: speaker.dir,
    url: chrome.url,
    // One token serves every form of the page. A function, because a token asked for is a cookie given.
    csrfToken: () => (token ??= chrome.csrfToken()),
    flash: chrome.flash,
    shell: chrome.shell,
    languageLinks: chrome.languageLinks,
    accent: chrome.accent,
    asset,
    styles: stylesheets(name),
    scripts: Array.isArray(page.scripts) ? page.scripts : [],
    page,
    body: undefined,
  })
  const body = template(name)(shared, {})
  return chrome.layout === 'bare' ? body : template(`layouts/${chrome.layout}`)(shared, { body })
}
