// A piece of a page that many desks show alike, such as the day's board: made once for all of them, with each one's own
// form token put into it on the way out.
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Request } from 'express'
import type { Speaker } from '../i18n/speaker.ts'
import { tokenOf } from './routers/basics.ts'
import { render, type View } from './views.ts'

// Nobody can guess it, so that nothing typed into the clinic's data ever stands where a token goes.
const tokenPlace = `token-${randomUUID()}`

const compressed = promisify(gzip)

/** `packed`: the same for whoever takes it compressed, where nothing in it is one person's. */
export type Fragment = { html: string; packed?: Promise<Buffer> }

/** The piece with a place kept for the token of whoever gets it. It has no link that depends on the person. */
export function fragmentForAll(speaker: Speaker, view: View): Fragment {
  const html = render(view, {
    speaker,
    layout: 'bare',
    url: (path) => path,
    csrfToken: () => tokenPlace,
    flash: undefined,
    shell: undefined,
    languageLinks: [],
    accent: 'teal',
  })
  return { html }
}

/** Sends it with the token of this person's browser. Where it has no form, it is compressed once for all of them. */
export async function sendFragment(req: Request, { lang }: Speaker, fragment: Fragment): Promise<void> {
  const { res } = req
  if (!res) throw new Error('a request without an answer')
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.setHeader('Content-Language', lang)
  if (fragment.html.includes(tokenPlace)) {
    return void res.send(fragment.html.replaceAll(tokenPlace, () => tokenOf(req) ?? ''))
  }
  res.vary('Accept-Encoding')
  if (!req.acceptsEncodings('gzip')) return void res.send(fragment.html)
  const packed = await (fragment.packed ??= compressed(fragment.html))
  res.setHeader('Content-Encoding', 'gzip')
  res.send(packed)
}
