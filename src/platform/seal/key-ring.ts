import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { ClinicId } from '../../kernel/ids.ts'
import { lastFour, type Phone } from '../../kernel/phone.ts'
import { deriveKey, openBytes, sealBytes, SealError } from './envelope.ts'
import type { KeyStore } from './key-store.ts'

/** Seals and opens a clinic's own fields. `place` is `table.column`, `row` the id of the row the value belongs to. */
export type ClinicSeal = {
  seal(text: string, place: string, row: string): Buffer
  open(sealed: Buffer, place: string, row: string): string
  sealJson(value: unknown, place: string, row: string): Buffer
  openJson(sealed: Buffer, place: string, row: string): unknown
  /** Keyed hash to find a phone number without storing it readably. Different at every clinic. */
  phoneIndex(phone: Phone): Buffer
  /** Keyed hash of the last four digits, for "the number that ends in 4567". */
  lastFourIndex(digits: string): Buffer
  /** The key of this clinic's own backups: gone with the clinic's. */
  backupKey(): Buffer
}

/** Seals and hashes what belongs to the service rather than to a clinic, or must outlive one. */
export type PlatformSeal = {
  seal(text: string, place: string, row: string): Buffer
  open(sealed: Buffer, place: string, row: string): string
  sealBytes(bytes: Buffer, place: string, row: string): Buffer
  openBytes(sealed: Buffer, place: string, row: string): Buffer
  /** Keyed hash for look-up: the same text gives the same bytes for one purpose, and nothing leads back. */
  hash(purpose: string, text: string): Buffer
}

export type KeyRing = {
  platform: PlatformSeal
  /** Throws SealError when the clinic's key was destroyed. */
  forClinic(clinicId: ClinicId): Promise<ClinicSeal>
  createFor(clinicId: ClinicId): Promise<void>
  destroyFor(clinicId: ClinicId): Promise<void>
  /** SHA-256 of the wrapped key as it lies there: says which key it was, and nothing about it. Undefined without one. */
  fingerprintOf(clinicId: ClinicId): Promise<Buffer | undefined>
  /** What is left of a clinic that was erased, outside the database: see `KeyStore`. */
  bury(clinicId: ClinicId, epitaph: string): Promise<void>
  epitaphOf(clinicId: ClinicId): Promise<string | undefined>
  /** Forgets an opened key, when another process destroyed it. */
  forget(clinicId: ClinicId): void
}

/**
 * The keys of the service. `masterKey` wraps one random data key per clinic; `lookupKey` (never rotated) keys the hashes
 * that must outlive a clinic. Field and index keys come from the data key by HKDF.
 */
export function createKeyRing(store: KeyStore, masterKey: Buffer, lookupKey: Buffer): KeyRing {
  const wrapKey = deriveKey(masterKey, 'wrap')
  const platformField = deriveKey(masterKey, 'platform-field')
  const hashKey = deriveKey(lookupKey, 'lookup')
  // A few minutes at most, so that a key destroyed by another process is not used for long even if its notice is lost.
  const open = new LRUCache<ClinicId, ClinicSeal>({ max: 2_000, ttl: 5 * 60_000 })

  const wrapPlace = (clinicId: ClinicId) => `nabz/dek/v1|${clinicId}`

  return {
    platform: {
      seal: (text, place, row) => sealBytes(platformField, Buffer.from(text), `platform.${place}|${row}`),
      open: (sealed, place, row) => openBytes(platformField, sealed, `platform.${place}|${row}`).toString(),
      sealBytes: (bytes, place, row) => sealBytes(platformField, bytes, `platform.${place}|${row}`),
      openBytes: (sealed, place, row) => openBytes(platformField, sealed, `platform.${place}|${row}`),
      hash: (purpose, text) => createHmac('sha256', hashKey).update(`${purpose}\u0000${text}`).digest(),
    },
    async forClinic(clinicId) {
      const known = open.get(clinicId)
      if (known) return known
      const wrapped = await store.read(clinicId)
      if (!wrapped) throw new SealError('the clinic has no key')
      const seal = clinicSeal(clinicId, openBytes(wrapKey, wrapped, wrapPlace(clinicId)))
      open.set(clinicId, seal)
      return seal
    },
    async createFor(clinicId) {
      await store.create(clinicId, sealBytes(wrapKey, randomBytes(32), wrapPlace(clinicId)))
    },
    async destroyFor(clinicId) {
      open.delete(clinicId)
      await store.destroy(clinicId)
    },
    async fingerprintOf(clinicId) {
      const wrapped = await store.read(clinicId)
      return wrapped && createHash('sha256').update(wrapped).digest()
    },
    bury: (clinicId, epitaph) => store.bury(clinicId, epitaph),
    epitaphOf: (clinicId) => store.epitaph(clinicId),
    forget: (clinicId) => {
      open.delete(clinicId)
    },
  }
}

function clinicSeal(clinicId: ClinicId, dataKey: Buffer): ClinicSeal {
  const fieldKey = deriveKey(dataKey, 'field')
  const indexKey = deriveKey(dataKey, 'index')
  const at = (place: string, row: string) => `clinic.${place}|${clinicId}|${row}`
  const index = (purpose: string, text: string) =>
    createHmac('sha256', indexKey).update(`${purpose}\u0000${text}`).digest()
  return {
    seal: (text, place, row) => sealBytes(fieldKey, Buffer.from(text), at(place, row)),
    open: (sealed, place, row) => openBytes(fieldKey, sealed, at(place, row)).toString(),
    sealJson: (value, place, row) => sealBytes(fieldKey, Buffer.from(JSON.stringify(value)), at(place, row)),
    openJson: (sealed, place, row) => JSON.parse(openBytes(fieldKey, sealed, at(place, row)).toString()) as unknown,
    phoneIndex: (phone) => index('phone', phone),
    lastFourIndex: (digits) => index('last-four', lastFour(digits as Phone)),
    backupKey: () => deriveKey(dataKey, 'clinic-backup'),
  }
}

/** Compares two secrets without telling by time where they differ. */
export function sameSecret(a: string | Buffer, b: string | Buffer): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
