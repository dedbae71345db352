// How a backup lies on disk: `magic ‖ 16-byte salt ‖ chunks`, each chunk `last-flag ‖ length ‖ ciphertext ‖ tag`.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { deriveKey, SealError } from '../seal/envelope.ts'

const magic = Buffer.from('NABZBAK1')
const saltLength = 16
const tagLength = 16
const frameLength = 5

/** Small enough that a process holds a few at most, large enough that the frame costs nothing. */
export const chunkSize = 256 * 1024

// The key is the file's own, so a counter is a nonce that never comes twice.
const keyOf = (masterKey: Buffer, salt: Buffer) => deriveKey(masterKey, `backup/${salt.toString('hex')}`)

function nonce(counter: number): Buffer {
  const iv = Buffer.alloc(12)
  iv.writeUIntBE(counter, 6, 6)
  return iv
}

/** The place of a chunk: which file, which chunk of it, and whether another follows. */
const place = (salt: Buffer, counter: number, last: boolean) =>
  Buffer.from(`nabz/backup/v1|${salt.toString('hex')}|${counter}|${last ? 'last' : 'more'}`)

/**
 * AES-256-GCM, chunk by chunk, so that memory stays flat however large the backup. Number and last-flag of each chunk
 * are bound in: one that was cut off, moved, repeated or taken from another file does not open.
 */
export async function* sealChunks(masterKey: Buffer, plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltLength)
  const key = keyOf(masterKey, salt)
  let counter = 0
  const seal = (chunk: Buffer, last: boolean) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(counter), { authTagLength: tagLength })
    cipher.setAAD(place(salt, counter++, last))
    const frame = Buffer.alloc(frameLength)
    frame.writeUInt8(last ? 1 : 0, 0)
    frame.writeUInt32BE(chunk.length, 1)
    return Buffer.concat([frame, cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
  }
  yield Buffer.concat([magic, salt])
  let parts: Buffer[] = []
  let held = 0
  for await (const piece of plain) {
    parts.push(piece)
    held += piece.length
    if (held < chunkSize) continue
    let rest = Buffer.concat(parts)
    while (rest.length >= chunkSize) {
      yield seal(rest.subarray(0, chunkSize), false)
      rest = rest.subarray(chunkSize)
    }
    parts = [rest]
    held = rest.length
  }
  yield seal(Buffer.concat(parts), true)
}

/** The way back. Throws SealError at the first chunk that is not what was written there, and at an end too early. */
export async function* openChunks(masterKey: Buffer, sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = byteReader(sealed)
  const head = await source.take(magic.length + saltLength)
  if (!head?.subarray(0, magic.length).equals(magic)) throw new SealError('not a backup of Nabz')
  const salt = head.subarray(magic.length)
  const key = keyOf(masterKey, salt)
  for (let counter = 0; ; counter++) {
    const frame = await source.take(frameLength)
    if (!frame) throw new SealError('the backup ends too early')
    const last = frame.readUInt8(0) === 1
    const length = frame.readUInt32BE(1)
    if (length > chunkSize) throw new SealError('the backup was altered')
    const body = await source.take(length + tagLength)
    if (!body) throw new SealError('the backup ends too early')
    const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter), { authTagLength: tagLength })
    decipher.setAAD(place(salt, counter, last))
    decipher.setAuthTag(body.subarray(length))
    yield openOne(decipher, body.subarray(0, length), counter)
    if (!last) continue
    if (await source.take(1)) throw new SealError('something follows the end of the backup')
    return
  }
}

function openOne(decipher: ReturnType<typeof createDecipheriv>, body: Buffer, counter: number): Buffer {
  try {
    return Buffer.concat([decipher.update(body), decipher.final()])
  } catch {
    throw new SealError(counter === 0 ? 'wrong master key, or the backup was altered' : 'the backup was altered')
  }
}

/** Exactly so many bytes at a time of a stream that comes in pieces; undefined when there are not as many left. */
export function byteReader(stream: AsyncIterable<Buffer>): { take(length: number): Promise<Buffer | undefined> } {
  const pieces = stream[Symbol.asyncIterator]()
  let parts: Buffer[] = []
  let held = 0
  return {
    async take(length) {
      while (held < length) {
        const next = await pieces.next()
        if (next.done === true) return undefined
        parts.push(next.value)
        held += next.value.length
      }
      const all = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
      parts = [all.subarray(length)]
      held -= length
      return all.subarray(0, length)
    },
  }
}
