import { createCipheriv, createDecipheriv, createPrivateKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'

const version = 1
const ivLength = 12
const tagLength = 16

/** Raised when a sealed value can't be opened: altered, moved to another row, or its key is gone. Never hidden. */
export class SealError extends Error {
  override name = 'SealError'
}

/**
 * AES-256-GCM: `version ‖ 12-byte random IV ‖ ciphertext ‖ 16-byte tag`. `place` is bound in as associated data, so that
 * a value copied to another row, column or clinic does not open.
 */
export function sealBytes(key: Buffer, plain: Buffer, place: string): Buffer {
  const iv = randomBytes(ivLength)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagLength })
  cipher.setAAD(Buffer.from(place))
  return Buffer.concat([Buffer.from([version]), iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Throws SealError when the value was altered or `place` is not where it was sealed. */
export function openBytes(key: Buffer, sealed: Buffer, place: string): Buffer {
  if (sealed.length < 1 + ivLength + tagLength || sealed[0] !== version) throw new SealError('not a sealed value')
  const iv = sealed.subarray(1, 1 + ivLength)
  // Node 20 would accept a tag cut to four bytes unless its length is demanded.
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagLength })
  decipher.setAAD(Buffer.from(place))
  decipher.setAuthTag(sealed.subarray(-tagLength))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + ivLength, -tagLength)), decipher.final()])
  } catch {
    throw new SealError('a sealed value does not open')
  }
}

/** A key for one purpose, from another key: HKDF-SHA-256. */
export function deriveKey(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `nabz/${purpose}/v1`, 32))
}

// What stands in front of the 32 bytes of an Ed25519 key in PKCS #8.
const signingHead = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An Ed25519 key for one purpose, from another key. */
export function deriveSigningKey(key: Buffer, purpose: string): KeyObject {
  const der = Buffer.concat([signingHead, deriveKey(key, purpose)])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}
