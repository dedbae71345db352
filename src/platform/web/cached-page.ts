// A page or answer that is the same for everybody, kept as the bytes that go over the wire: whoever asks next is given
// them as they are, in the coding their browser takes.
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Request, Response } from 'express'

const codings = {
  // 5 of 11: beyond it a page gets a few bytes smaller and takes ten times as long.
  br: (text: Buffer) => promisify(brotliCompress)(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (text: Buffer) => promisify(gzip)(text, { level: 6 }),
} as const
type Coding = keyof typeof codings

export type CachedPage = {
  type: string
  plain: Buffer
  /** Made when somebody first takes that coding, so that a page nobody comes back to costs no more than a plain one. */
  coded: Partial<Record<Coding, Promise<Buffer>>>
}

/** The page as it will be sent, `type` being its Content-Type. */
export const cachedPage = (type: string, text: string): CachedPage => ({ type, plain: Buffer.from(text), coded: {} })

/** About how many bytes it takes to keep. */
export const weightOf = (page: CachedPage): number => page.plain.length * 1.5

/** Sends it, with headers of its own such as how long browsers and proxies may keep it. */
export async function sendCached(
  req: Request,
  res: Response,
  page: CachedPage,
  headers: Record<string, string>,
): Promise<void> {
  const coding = page.plain.length < 1024 ? undefined : preferred(req.headers['accept-encoding'])
  const body = coding === undefined ? page.plain : await (page.coded[coding] ??= codings[coding](page.plain))
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  res.setHeader('Content-Type', page.type)
  res.setHeader('Vary', headers.Vary === undefined ? 'Accept-Encoding' : `Accept-Encoding, ${headers.Vary}`)
  if (coding !== undefined) res.setHeader('Content-Encoding', coding)
  res.setHeader('Content-Length', body.length)
  res.end(req.method === 'HEAD' ? undefined : body)
}

function preferred(accepted: string | string[] | undefined): Coding | undefined {
  if (accepted === undefined) return undefined
  // `q=0` is how a client says no.
  const taken = String(accepted)
    .toLowerCase()
    .split(',')
    .filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part))
    .map((part) => part.split(';')[0]?.trim())
  return taken.includes('br') ? 'br' : taken.includes('gzip') ? 'gzip' : undefined
}
