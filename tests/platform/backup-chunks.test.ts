import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { chunkSize, openChunks, sealChunks } from '../../src/platform/backup/chunks.ts'
import { SealError } from '../../src/platform/seal/envelope.ts'

const key = Buffer.alloc(32, 7)
const plain = randomBytes(chunkSize * 2 + 1000)

async function* pieces(bytes: Buffer, size = 10_007): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
}

async function sealed(bytes = plain): Promise<Buffer[]> {
  const parts: Buffer[] = []
  for await (const part of sealChunks(key, pieces(bytes))) parts.push(part)
  return parts
}

async function open(parts: Buffer[], withKey = key): Promise<Buffer> {
  const opened: Buffer[] = []
  for await (const part of openChunks(withKey, pieces(Buffer.concat(parts)))) opened.push(part)
  return Buffer.concat(opened)
}

describe('the chunks of a backup', () => {
  it.each([0, 1, chunkSize - 1, chunkSize, chunkSize + 1, plain.length])('open again: %i bytes', async (length) => {
    const bytes = plain.subarray(0, length)
    expect((await open(await sealed(bytes))).equals(bytes)).toBe(true)
  })

  it('do not open when one byte anywhere was flipped', async () => {
    const whole = Buffer.concat(await sealed())
    const places = [0, 9, 24, 25, 26, 29, 40, chunkSize, chunkSize + 60, whole.length - 17, whole.length - 1]
    for (const at of places) {
      const altered = Buffer.from(whole)
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at)
      await expect(open([altered]), `byte ${at}`).rejects.toThrow(SealError)
    }
  })

  it('do not open when the end is missing, be it between two chunks or within one', async () => {
    const parts = await sealed()
    for (const cut of [parts.slice(0, -1), parts.slice(0, 1), [Buffer.concat(parts).subarray(0, -1)], []]) {
      await expect(open(cut)).rejects.toThrow(SealError)
    }
  })

  it('do not open when moved, repeated, left out, followed or mixed with those of another backup', async () => {
    const [head, first, second, last] = (await sealed()) as [Buffer, Buffer, Buffer, Buffer]
    const [, foreign] = (await sealed()) as [Buffer, Buffer]
    const wrong = [
      [head, second, first, last],
      [head, first, first, second, last],
      [head, second, last],
      [head, first, second, last, last],
      [head, foreign, second, last],
    ]
    for (const parts of wrong) await expect(open(parts)).rejects.toThrow(SealError)
  })

  it('do not open with another key', async () => {
    await expect(open(await sealed(), Buffer.alloc(32, 8))).rejects.toThrow('wrong master key')
  })

  it('pass through a memory that stays flat', async () => {
    const one = randomBytes(64 * 1024)
    const total = 400 * 1024 * 1024
    async function* endless(): AsyncGenerator<Buffer> {
      for (let at = 0; at < total; at += one.length) yield await Promise.resolve(one)
    }
    const before = process.memoryUsage().rss
    let [length, highest] = [0, 0]
    for await (const part of openChunks(key, sealChunks(key, endless()))) {
      length += part.length
      highest = Math.max(highest, process.memoryUsage.rss())
    }
    expect(length).toBe(total)
    expect(highest - before).toBeLessThan(150 * 1024 * 1024)
  })
})
