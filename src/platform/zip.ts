// ZIP files as streams, both ways: nothing is ever held whole. With a password they are AES-256 (WinZip's AE-2), which
// 7-Zip, WinZip, macOS archivers and current file managers open.
import { open } from 'node:fs/promises'
import type * as Zip from '@zip.js/zip.js'

let loaded: Promise<typeof Zip> | undefined

/** The library, once there is something to pack or to open. */
const library = () =>
  (loaded ??= import('@zip.js/zip.js').then((zip) => {
    zip.configure({ useWebWorkers: false })
    return zip
  }))

/** `stored`: it is packed tightly already, as pictures are. */
export type ZipEntry = { name: string; bytes: AsyncIterable<Uint8Array>; stored?: boolean }

/** Writes `entries` one after another to `write`, each read no faster than it is taken. */
export async function writeZip(
  write: (bytes: Uint8Array) => Promise<void>,
  entries: AsyncIterable<ZipEntry>,
  password: string | undefined,
): Promise<void> {
  const { ZipWriter } = await library()
  const zip = new ZipWriter(new WritableStream<Uint8Array>({ write }), {
    level: 6,
    bufferedWrite: false,
    ...(password === undefined ? {} : { password, encryptionStrength: 3 as const }),
  })
  for await (const { name, bytes, stored } of entries) {
    await zip.add(name, streamOf(bytes), stored === true ? { level: 0 } : {})
  }
  await zip.close()
}

function streamOf(bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await iterator.next()
        if (next.done) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

export class ZipPasswordError extends Error {
  override name = 'ZipPasswordError'
}

export class ZipUnreadableError extends Error {
  override name = 'ZipUnreadableError'
}

export type OpenZip = {
  names: string[]
  /** One of the files within; throws when there is none of that name. */
  read(name: string): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** Opens a ZIP on the disk, reading of it what is asked for. */
export async function openZip(path: string, password: string | undefined): Promise<OpenZip> {
  const { Reader, ZipReader } = await library()
  const file = await open(path, 'r')
  const { size } = await file.stat()
  class FilePart extends Reader<string> {
    override readonly size = size
    override async readUint8Array(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - position)))
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done)
        if (bytesRead === 0) throw new Error('the file became shorter while it was read')
        done += bytesRead
      }
      return bytes
    }
  }
  try {
    const zip = new ZipReader(new FilePart(path))
    const entries = new Map<string, Zip.FileEntry>()
    for (const entry of await entriesOf(zip)) if (!entry.directory) entries.set(entry.filename, entry)
    return {
      names: [...entries.keys()],
      read: (name) => readEntry(entries.get(name), name, password),
      close: async () => {
        await zip.close()
        await file.close()
      },
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function entriesOf(zip: Zip.ZipReader<string>) {
  try {
    return await zip.getEntries()
  } catch (error) {
    throw new ZipUnreadableError('that is no ZIP file', { cause: error })
  }
}

async function* readEntry(entry: Zip.FileEntry | undefined, name: string, password: string | undefined) {
  if (!entry) throw new Error(`there is no ${name} in it`)
  if (entry.encrypted && password === undefined) throw new ZipPasswordError('it has a password')
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const failed = entry
    .getData(writable, { checkSignature: true, ...(password === undefined ? {} : { password }) })
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  try {
    for await (const bytes of readable) yield bytes
  } catch (error) {
    throw meaningOf((await failed) ?? error)
  }
  const error = await failed
  if (error !== undefined) throw meaningOf(error)
}

function meaningOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('the file does not open')
  return /password/i.test(error.message) ? new ZipPasswordError('that is not its password') : error
}
