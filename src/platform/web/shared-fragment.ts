// A piece of a page that many desks show alike, such as the day's board: made once for all of them, with each one's own
// form token put into it on the way out.
import { randomUUID } from 'node:crypto'
import type { Request } from 'express'
import type { Speaker } from '../i18n/speaker.ts'
import { tokenOf } from './routers/basics.ts'
import { render, type View } from './views.ts'

// Nobody can guess it, so that nothing typed into the clinic's data ever stands where a token goes.
const tokenPlace = `token-${randomUUID()}`

/** The piece with a place kept for the token of whoever gets it. It has no link that depends on the person. */
export function fragmentForAll(speaker: Speaker, view: View): string {
  return render(view, {
    speaker,
    layout: 'bare',
    url: (path) => path,
    csrfToken: () => tokenPlace,
    flash: undefined,
    shell: undefined,
    languageLinks: [],
    accent: 'teal',
  })
}

/** Sends it with the token of this person's browser. */
export function sendFragment(req: Request, { lang }: Speaker, fragment: string): void {
  const { res } = req
  if (!res) throw new Error('a request without an answer')
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.setHeader('Content-Language', lang)
  res.send(fragment.replaceAll(tokenPlace, () => tokenOf(req) ?? ''))
}
