// A browser without a screen: keeps cookies, and posts the form it last looked at.
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import request, { type Response, type Test } from 'supertest'
import type { UserId } from '../../src/kernel/ids.ts'
import type { Services } from '../../src/platform/services.ts'
import { csrfCookieName } from '../../src/platform/web/csrf.ts'
import { sessionCookieName } from '../../src/platform/web/session.ts'

export type Fields = Record<string, string | readonly string[]>

export type HtmlForm = { action: string; method: string; fields: Record<string, string> }

export type FormPage = {
  response: Response
  html: string
  /** The CSRF token of the page's forms; undefined on a page that has none. */
  csrf: string | undefined
  /** Hidden fields of all forms of the page together; `forms` has them apart. */
  hidden: Record<string, string>
  forms: HtmlForm[]
}

export type Agent = {
  get(path: string): Test
  /** Posts as is: without a CSRF token unless `headers` or the body bring one. */
  post(path: string): Test
  /** Opens a page and remembers its CSRF token. */
  getForm(path: string): Promise<FormPage>
  /** Posts a form to `path` with the CSRF token of the page last opened, or one of its own if none was. */
  postForm(path: string, fields?: Fields): Test
  /** A token this browser's forms may carry. */
  csrfToken(): string
  /** What the browser would send: name to value. */
  cookies: Map<string, string>
}

/** The proxy in front tells the protocol and the visitor's address. */
const fromProxy = { Host: 'nabz.test', 'X-Forwarded-Proto': 'https' }

export function createAgent(origin: string, address = '192.0.2.1'): Agent {
  const cookies = new Map<string, string>()
  let token: string | undefined

  const send = (method: 'get' | 'post', path: string) => {
    const test = request(origin)
      [method](path)
      .set({ ...fromProxy, 'X-Forwarded-For': address })
    if (cookies.size > 0) test.set('Cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    test.on('response', (response: Response) => keepCookies(cookies, response))
    return test
  }
  const csrfToken = () => {
    const name = csrfCookieName(true)
    const secret = cookies.get(name)
    if (token !== undefined && secret !== undefined) return token
    // csurf's own recipe, for tests that post without opening the page first.
    const known = secret ?? randomBytes(18).toString('base64url')
    cookies.set(name, known)
    return csrfTokenFor(known)
  }
  return {
    cookies,
    csrfToken,
    get: (path) => send('get', path),
    post: (path) => send('post', path),
    async getForm(path) {
      const response = await send('get', path)
      const page = readPage(response)
      token = page.csrf ?? token
      return page
    },
    postForm: (path, fields = {}) => {
      const body = { _csrf: csrfToken(), ...fields }
      return send('post', path).type('form').send(body)
    },
  }
}

export function csrfTokenFor(secret: string): string {
  const salt = randomBytes(6).toString('hex')
  return `${salt}-${createHash('sha1').update(`${salt}-${secret}`).digest('base64url')}`
}

function keepCookies(cookies: Map<string, string>, response: Response): void {
  const set = response.headers['set-cookie'] as string | string[] | undefined
  for (const line of set === undefined ? [] : [set].flat()) {
    const [pair = ''] = line.split(';')
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    if (value === '' || /;\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(line)) cookies.delete(name)
    else cookies.set(name, value)
  }
}

/** The forms of a page as a browser would post them untouched. */
export function readPage(response: Response): FormPage {
  const html = response.text
  const forms = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, tag = '', body = '']): HtmlForm => ({
    action: attribute(tag, 'action') ?? '',
    method: (attribute(tag, 'method') ?? 'get').toLowerCase(),
    fields: hiddenFields(body),
  }))
  const hidden = Object.fromEntries(forms.flatMap(({ fields }) => Object.entries(fields)))
  return { response, html, forms, hidden, csrf: hidden._csrf }
}

function hiddenFields(html: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [, tag = ''] of html.matchAll(/<input\b([^>]*)>/g)) {
    const name = attribute(tag, 'name')
    if (name !== undefined && attribute(tag, 'type') === 'hidden') fields[name] = attribute(tag, 'value') ?? ''
  }
  return fields
}

function attribute(tag: string, name: string): string | undefined {
  const text = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1]
  return text === undefined ? undefined : plainText(text)
}

/** HTML entities as EJS writes them, back to characters. */
export function plainText(html: string): string {
  return html
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

/** The words a person reads on a page: no tags, spaces to one. */
export function wordsOf(html: string): string {
  return plainText(html.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]+>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()
}

/** The same without the signs that keep a name's own direction within a sentence. */
export const bareWordsOf = (html: string): string => wordsOf(html).replace(/[\u2066-\u2069]/g, '')

/**
 * Signs a person in without the quarter of a second that bcrypt takes: the row and the signed cookie that signing in
 * would have left, everything behind it being the real thing.
 */
export async function signIn(services: Services, agent: Agent, userId: UserId): Promise<void> {
  const sid = randomBytes(24).toString('base64url')
  const now = services.clock.now().epochMilliseconds
  const { rows } = await services.sessionPool.query<{ version: number; strict: boolean }>(
    'select password_version as version, platform_admin as strict from platform.users where id = $1',
    [userId],
  )
  const session = {
    cookie: { originalMaxAge: null, expires: null, secure: true, httpOnly: true, path: '/', sameSite: 'lax' },
    userId,
    facts: { id: randomUUID(), family: 'other', platform: 'other', network: '192.0.2.*' },
    passwordVersion: rows[0]?.version,
    startedAt: now,
    seenAt: now,
    proven: { password: now, code: now },
    strict: rows[0]?.strict,
  }
  await services.sessionPool.query(
    `insert into platform.sessions (sid, sess, expire) values ($1, $2, now() + interval '12 hours')`,
    [sid, JSON.stringify(session)],
  )
  const signature = createHmac('sha256', services.config.sessionSecrets[0]!)
    .update(sid)
    .digest('base64')
    .replace(/=+$/, '')
  agent.cookies.set(sessionCookieName(true), encodeURIComponent(`s:${sid}.${signature}`))
}

export type Answer = { status: number; location: string; type: string; text: string }

/** Asks without waiting for the end of what has none: an event stream is left as soon as it begins. */
export function ask(
  origin: string,
  browser: Agent,
  method: string,
  path: string,
  options: { body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      origin + path,
      {
        method,
        agent: false,
        headers: {
          'X-Forwarded-Proto': 'https',
          Cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(options.body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
          ...options.headers,
        },
      },
      (response) => {
        const type = response.headers['content-type'] ?? ''
        const answer = { status: response.statusCode ?? 0, location: response.headers.location ?? '', type }
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        if (type.startsWith('text/event-stream')) response.destroy()
        response.once('close', () => resolve({ ...answer, text }))
      },
    )
    request.once('error', reject)
    request.end(options.body)
  })
}
