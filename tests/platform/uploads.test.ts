// Pictures that people send: what is taken, what is kept of it, and what is refused with the form still in one piece.
import { deflateSync, crc32 } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { repaint } from '../../src/platform/pictures.ts'

const jpeg = (width = 60, height = 40) =>
  sharp({ create: { width, height, channels: 3, background: '#3366cc' } })
    .withExif({ IFD0: { Make: 'SecretPhone' }, IFD3: { GPSLatitude: '24/1 51/1 0/1', GPSLatitudeRef: 'N' } })
    .jpeg()
    .toBuffer()

/** A PNG that says it is enormous and carries next to nothing. */
function bomb(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(body.length + 8)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeUInt32BE(crc32(body), body.length + 4)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 0, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(64))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

describe('a picture that is sent', () => {
  it.each([
    ['jpeg', () => jpeg()],
    [
      'png',
      async () =>
        sharp(await jpeg())
          .png()
          .toBuffer(),
    ],
    [
      'webp',
      async () =>
        sharp(await jpeg())
          .webp()
          .toBuffer(),
    ],
  ])('%s is painted anew as jpeg, without what it said about its phone and place', async (ending, make) => {
    const sent = await make()
    const painted = await repaint(sent, `slip.${ending}`)
    if (!painted.ok) throw new Error(painted.reason)
    const facts = await sharp(painted.value.bytes).metadata()
    expect(facts).toMatchObject({ format: 'jpeg', width: 60, height: 40 })
    expect(facts.exif).toBeUndefined()
    expect(painted.value.bytes.includes('SecretPhone')).toBe(false)
  })

  it('is turned upright and made no larger than needed to read it', async () => {
    const sent = await sharp(await jpeg(3000, 1000))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const painted = await repaint(sent, 'slip.JPG')
    if (!painted.ok) throw new Error(painted.reason)
    const { width = 0, height = 0 } = await sharp(painted.value.bytes).metadata()
    expect([width, height]).toEqual([667, 2000])
  })

  it('loses whatever was hidden behind it', async () => {
    const sent = Buffer.concat([await jpeg(), Buffer.from('<script>alert(1)</script><?php phpinfo() ?>')])
    const painted = await repaint(sent, 'slip.jpg')
    if (!painted.ok) throw new Error(painted.reason)
    expect(painted.value.bytes.includes('script')).toBe(false)
  })

  it.each([
    ['a page named as a picture', 'slip.jpg', () => Buffer.from('<!doctype html><script>1</script>'), 'not_a_picture'],
    ['an SVG', 'slip.png', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'not_a_picture'],
    ['a GIF that is also a script', 'slip.png', () => Buffer.from('GIF89a=1;alert(1)//'), 'not_a_picture'],
    ['a zip', 'slip.jpg', () => Buffer.from('504b030414000000', 'hex'), 'not_a_picture'],
    ['a picture named as a program', 'slip.php', () => jpeg(), 'not_a_picture'],
    ['a picture without an ending', 'slip', () => jpeg(), 'not_a_picture'],
    ['a PDF', 'slip.pdf', () => Buffer.from('%PDF-1.7\n%âãÏÓ'), 'pdf'],
    ['a PDF named as a picture', 'slip.jpg', () => Buffer.from('%PDF-1.7'), 'pdf'],
    ['50,000 × 50,000 pixels in a kilobyte', 'slip.png', () => bomb(50_000, 50_000), 'too_many_pixels'],
    ['half a picture', 'slip.jpg', async () => (await jpeg(600, 600)).subarray(0, 900), 'unreadable'],
    ['the beginning of one', 'slip.jpg', () => Buffer.from('ffd8ffe000104a464946', 'hex'), 'unreadable'],
    ['nothing', 'slip.jpg', () => Buffer.alloc(0), 'not_a_picture'],
  ])('%s is refused', async (_what, name, make, reason) => {
    expect(await repaint(await make(), name)).toEqual({ ok: false, reason })
  })

  it.each(['../../etc/passwd.jpg', 'slip\u202Egpj.jpg', `${'x'.repeat(300)}.jpg`, 'a\u0000b.jpg'])(
    'whatever it is called, its name goes nowhere: %j',
    async (name) => {
      expect((await repaint(await jpeg(), name)).ok).toBe(true)
    },
  )
})
