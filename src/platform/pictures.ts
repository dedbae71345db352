// Pictures that people upload. What is kept is never what was sent: the picture is decoded and painted anew, so that its
// metadata (where it was taken, by which phone) and whatever else hides in the file stay behind.
import type Sharp from 'sharp'

export type PictureRefusal = 'pdf' | 'not_a_picture' | 'too_many_pixels' | 'unreadable'
export type Picture = { bytes: Buffer; mediaType: 'image/jpeg' }

/** What a sender may name a picture. Its content decides what it is; a name that says something else is suspicious. */
const endings = /\.(jpe?g|png|webp)$/i
const mostPixels = 40_000_000
/** Wide enough to read the small print of a slip. */
const longestSide = 2_000

let loaded: Promise<typeof Sharp> | undefined

/** The library, once somebody sends a picture: it takes memory, and most processes never see one. */
const library = () =>
  (loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.cache(false)
    sharp.concurrency(1)
    // Only the three decoders that are wanted, whatever else the library was built with.
    sharp.block({ operation: ['VipsForeignLoad'] })
    sharp.unblock({
      operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
    })
    return sharp
  }))

/** Decodes a picture, turns it upright and paints it anew: whole, or its middle as a `square` of so many pixels. `fileName`
 * is what the sender calls it. */
export async function repaint(
  sent: Buffer,
  fileName: string,
  { square }: { square?: number } = {},
): Promise<{ ok: true; value: Picture } | { ok: false; reason: PictureRefusal }> {
  const refuse = (reason: PictureRefusal) => ({ ok: false, reason }) as const
  if (sent.subarray(0, 1024).includes('%PDF-')) return refuse('pdf')
  if (!endings.test(fileName) || !looksLikeOne(sent)) return refuse('not_a_picture')
  const sharp = await library()
  return inTurn(async () => {
    try {
      const source = sharp(sent, { limitInputPixels: mostPixels, failOn: 'error', pages: 1 })
      const { width, height } = await source.metadata()
      if (width * height > mostPixels) return refuse('too_many_pixels')
      const bytes = await source
        .autoOrient()
        .flatten({ background: '#ffffff' })
        .resize(
          square === undefined
            ? { width: longestSide, height: longestSide, fit: 'inside', withoutEnlargement: true }
            : { width: square, height: square, fit: 'cover' },
        )
        .jpeg({ quality: 82 })
        .toBuffer()
      return { ok: true, value: { bytes, mediaType: 'image/jpeg' } } as const
    } catch (error) {
      return refuse(error instanceof Error && /pixel limit/i.test(error.message) ? 'too_many_pixels' : 'unreadable')
    }
  })
}

function looksLikeOne(bytes: Buffer): boolean {
  const starts = (hex: string) => bytes.subarray(0, hex.length / 2).toString('hex') === hex
  const webp = starts('52494646') && bytes.subarray(8, 12).toString('latin1') === 'WEBP'
  return starts('ffd8ff') || starts('89504e470d0a1a0a') || webp
}

// Decoding takes memory by the pixel, so two at a time is all a process does.
const places = 2
let busy = 0
const waiting: (() => void)[] = []

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (busy >= places) await new Promise<void>((resolve) => waiting.push(resolve))
  else busy++
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else busy--
  }
}
