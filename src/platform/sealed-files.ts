// Large files at rest: sealed in pieces, so that neither writing nor reading one ever holds more than a piece of it.
import { open, type FileHandle } from 'node:fs/promises'
import { openBytes, sealBytes, SealError } from './seal/envelope.ts'

const pieceSize = 65_536
const lengthBytes = 4

/** Order and end are bound into each piece: none can be left out, swapped or taken for the last. */
const placeOf = (name: string, index: number, last: boolean) => `file|${name}|${index}|${last ? 'last' : 'more'}`

export type SealedWriter = {
  write(bytes: Uint8Array): Promise<void>
  /** Writes what is left and makes sure that it lies on the disk. Answers how many bytes went in. */
  end(): Promise<number>
  /** Gives up; what is there does not open. */
  abandon(): Promise<void>
}

/** A new file at `path`, sealed with `key` as `name`. Throws when there is one. */
export async function createSealedFile(path: string, key: Buffer, name: string): Promise<SealedWriter> {
  const file = await open(path, 'wx', 0o600)
  const pending: Buffer[] = []
  let [held, written, index] = [0, 0, 0]

  const put = async (plain: Buffer, last: boolean) => {
    const sealed = sealBytes(key, plain, placeOf(name, index++, last))
    const length = Buffer.alloc(lengthBytes)
    length.writeUInt32BE(sealed.length)
    await writeAll(file, Buffer.concat([length, sealed]))
  }

  return {
    async write(bytes) {
      // Copied: a caller may use its buffer again.
      pending.push(Buffer.from(bytes))
      held += bytes.length
      written += bytes.length
      // One byte more than a piece, so that something is always left to be the last.
      if (held <= pieceSize) return
      let all = Buffer.concat(pending.splice(0))
      while (all.length > pieceSize) {
        await put(all.subarray(0, pieceSize), false)
        all = all.subarray(pieceSize)
      }
      pending.push(all)
      held = all.length
    },
    async end() {
      await put(Buffer.concat(pending), true)
      await file.sync()
      await file.close()
      return written
    },
    abandon: () => file.close(),
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten
}

/** What went in, piece by piece. Throws SealError where it was altered or cut short. */
export async function* readSealedFile(path: string, key: Buffer, name: string): AsyncGenerator<Buffer> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    let position = 0
    for (let index = 0; ; index++) {
      const length = (await readExactly(file, position, lengthBytes)).readUInt32BE()
      if (length > pieceSize + 100) throw new SealError('not a piece of a sealed file')
      const sealed = await readExactly(file, position + lengthBytes, length)
      position += lengthBytes + length
      const last = position === size
      yield openBytes(key, sealed, placeOf(name, index, last))
      if (last) return
    }
  } finally {
    await file.close()
  }
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done)
    if (bytesRead === 0) throw new SealError('a sealed file is cut short')
    done += bytesRead
  }
  return bytes
}
