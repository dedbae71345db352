// Forms with a file in them. Read part by part under limits, kept in memory until the form's token is proven, and never
// under a name that somebody else chose.
import type { Request, Response } from 'express'
import busboy from 'busboy'
import { HttpError } from '../errors.ts'
import { proveToken } from './csrf.ts'

export type Upload =
  | { ok: true; bytes: Buffer; /** As the sender calls it: good for a label and for nothing else. */ fileName: string }
  | { ok: false; reason: 'too_large' }

const uploads = new WeakMap<Request, Upload>()

/** The file that came with the form; undefined when none was chosen. */
export const uploadOf = (req: Request): Upload | undefined => uploads.get(req)

/** Fields, and what of a body is read at all: past it we hang up rather than listen on. */
const limits = { files: 1, fields: 40, parts: 42, fieldSize: 64 * 1024, fieldNameSize: 100, headerPairs: 20 }
const mostRead = 64 * 1024 * 1024

/**
 * Reads the parts of a form into `req.body`, one file aside, and proves its token. Forms that came without parts were read
 * before. A file that is too large is skipped and the rest still read, so that nothing typed beside it is lost.
 */
export async function readUpload(req: Request, res: Response, { maxBytes }: { maxBytes: number }): Promise<void> {
  if (!req.is('multipart/form-data')) return
  req.body = await readParts(req, maxBytes)
  await proveToken(req, res)
}

function readParts(req: Request, maxBytes: number): Promise<Record<string, string | string[]>> {
  return new Promise((resolve, reject) => {
    const body: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
    const unreadable = () => {
      req.unpipe(parser)
      req.resume()
      reject(new HttpError(400, 'a form that can not be read'))
    }
    const parser = partsOf(req, maxBytes)
    let read = 0
    req.on('data', (chunk: Buffer) => {
      read += chunk.length
      if (read <= mostRead) return
      req.unpipe(parser)
      reject(new HttpError(413, 'a form without end'))
      req.destroy()
    })
    parser.on('field', (name, value, { nameTruncated, valueTruncated }) => {
      if (nameTruncated || valueTruncated) return unreadable()
      const before = body[name]
      // Twice the same field: as the reader of plain forms has it, for the schema to refuse.
      body[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
    })
    parser.on('file', (_name, stream, { filename }) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('limit', () => {
        uploads.set(req, { ok: false, reason: 'too_large' })
        chunks.length = 0
      })
      stream.on('error', unreadable)
      stream.on('close', () => {
        // Browsers send an empty file where none was chosen.
        if (chunks.length === 0 || stream.truncated === true) return
        uploads.set(req, { ok: true, bytes: Buffer.concat(chunks), fileName: filename ?? '' })
      })
    })
    for (const event of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) parser.on(event, unreadable)
    parser.on('error', unreadable)
    parser.on('close', () => resolve(body))
    req.on('aborted', () => reject(new HttpError(400, 'a form that broke off')))
    req.pipe(parser)
  })
}

function partsOf(req: Request, maxBytes: number): busboy.Busboy {
  try {
    return busboy({ headers: req.headers, defParamCharset: 'utf8', limits: { ...limits, fileSize: maxBytes } })
  } catch {
    throw new HttpError(400, 'a form without a boundary')
  }
}
