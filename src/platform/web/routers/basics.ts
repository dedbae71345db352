// What every handler gets, whoever asks: the request, words in their language, and ways to answer.
import { randomUUID } from 'node:crypto'
import type { Request, Response } from 'express'
import type { Origin } from '../../clinic-scope.ts'
import { languageNames, languages, parseLanguage, type Language } from '../../i18n/languages.ts'
import type { Speaker } from '../../i18n/speaker.ts'
import type { Services } from '../../services.ts'
import { redirect } from '../session.ts'
import type { Layout, View } from '../views.ts'

export type Basics = {
  req: Request
  res: Response
  services: Services
  speaker: Speaker
  origin: Origin
  show: (view: View, options?: { status?: number; layout?: Layout }) => void
  /** 303 after a form, once the session is stored. */
  redirect: (path: string) => Promise<void>
}

/** What every door gives its handlers, from the parts it has found out about the request. */
export function basics(
  req: Request,
  res: Response,
  services: Services,
  speaker: Speaker,
  origin: Origin,
  html: (view: View, layout?: Layout) => string,
): Basics {
  return {
    req,
    res,
    services,
    speaker,
    origin,
    show: (view, options = {}) => {
      res.status(options.status ?? 200)
      res.setHeader('Content-Type', 'text/html; charset=utf-8')
      res.setHeader('Content-Language', speaker.lang)
      res.send(html(view, options.layout))
    },
    redirect: (path) => redirect(req, res, path),
  }
}

/** The address wins, then what the browser asks for, then English. */
export function visitorLanguage(req: Request): Language {
  return parseLanguage(req.query.lang) ?? parseLanguage(req.acceptsLanguages([...languages])) ?? 'en'
}

/** What the form before this page left to be said, once; with a button where the step can be undone. */
export function takeFlash(req: Request, speaker: Speaker) {
  const flash = req.session?.flash
  if (!flash) return undefined
  delete req.session.flash
  return {
    kind: flash.kind,
    text: speaker.t(flash.key, flash.params),
    ...(flash.undo === undefined ? {} : { undo: { action: flash.undo, label: speaker.t('shared.action.undo') } }),
  }
}

/**
 * The token for the forms of a page, which gives the browser its cookie; undefined behind doors that take no forms.
 */
export function tokenOf(req: Request): string | undefined {
  return typeof req.csrfToken === 'function' ? req.csrfToken() : undefined
}

/**
 * A path of ours in a language: named in the address unless it is the `usual` one of the place. What follows `#`
 * stays last.
 */
export function withLanguage(path: string, lang: Language, usual: Language | undefined): string {
  if (lang === usual) return path
  const [beforeHash = '', hash] = path.split('#')
  const joined = `${beforeHash}${beforeHash.includes('?') ? '&' : '?'}lang=${lang}`
  return hash === undefined ? joined : `${joined}#${hash}`
}

/** The same page in each language. Only for pages reached by GET; after a refused form it leads to the page itself. */
export function languageLinks(address: string, current: Language, usual: Language | undefined) {
  const query = new URLSearchParams(address.split('?')[1] ?? '')
  query.delete('lang')
  const path = address.split('?')[0] ?? '/'
  const plain = query.size > 0 ? `${path}?${query.toString()}` : path
  return languages.map((lang) => ({
    lang,
    label: languageNames[lang],
    href: withLanguage(plain, lang, usual),
    current: lang === current,
  }))
}

/** From where a request comes, as the audit log keeps it. */
export function originOf(req: Request): Origin {
  const browser = req.headers['user-agent']
  return {
    requestId: requestIdOf(req),
    ...(req.ip === undefined ? {} : { address: req.ip }),
    ...(browser === undefined ? {} : { browser }),
  }
}

/** The id that the request's log lines carry; where it has none, another at each call. */
export function requestIdOf(req: Request): string {
  return (req as Request & { id?: string }).id ?? randomUUID()
}
