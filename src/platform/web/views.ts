// A page is a template plus one typed page object, rendered into a layout. Templates print and loop; whatever they show
// was decided in a feature's `pages.ts`.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ejs from 'ejs'
import type { Speaker } from '../i18n/speaker.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
export const viewsFolder = join(root, 'views')
export const publicFolder = join(root, 'public')

export type Layout = 'patient' | 'desk' | 'plain' | 'bare'
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

type Template = (locals: Record<string, unknown>) => string
const compiled = new Map<string, Template>()
let caching = true

/** In development templates are read anew for each page. */
export function cacheTemplates(on: boolean): void {
  caching = on
}

function template(name: string): Template {
  let render = compiled.get(name)
  if (!render || !caching) {
    const filename = join(viewsFolder, `${name}.ejs`)
    const options = { filename, views: [viewsFolder], cache: caching, strict: false, rmWhitespace: true }
    render = ejs.compile(readFileSync(filename, 'utf8'), options)
    compiled.set(name, render)
  }
  return render
}

const fingerprints = new Map<string, string>()

/** `/css/desk.css` with a fingerprint of its content, so that browsers may keep it for ever. */
export function asset(path: string): string {
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

export function render({ template: name, page }: View, chrome: Chrome): string {
  const { speaker } = chrome
  const localsWith = (body?: string) => ({
    t: speaker.t,
    lang: speaker.lang,
    dir: speaker.dir,
    url: chrome.url,
    // The function, not its answer: EJS copies its locals, and a token asked for is a cookie given.
    csrfToken: chrome.csrfToken,
    flash: chrome.flash,
    shell: chrome.shell,
    languageLinks: chrome.languageLinks,
    accent: chrome.accent,
    asset,
    scripts: Array.isArray(page.scripts) ? page.scripts : [],
    page,
    body,
  })
  const body = template(name)(localsWith())
  return chrome.layout === 'bare' ? body : template(`layouts/${chrome.layout}`)(localsWith(body))
}
