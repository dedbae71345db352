import { createCipheriv, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId, type ClinicId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { deriveKey, openBytes, sealBytes, SealError } from '../../src/platform/seal/envelope.ts'
import { createKeyRing, sameSecret } from '../../src/platform/seal/key-ring.ts'
import { folderKeyStore } from '../../src/platform/seal/key-store.ts'

const key = randomBytes(32)
const text = Buffer.from('Ayesha has a headache since Tuesday')

describe('a sealed value', () => {
  it('opens where it was sealed, and looks different each time', () => {
    const [one, two] = [sealBytes(key, text, 'here'), sealBytes(key, text, 'here')]
    expect(openBytes(key, one, 'here')).toEqual(text)
    expect(one.equals(two)).toBe(false)
    expect(one.includes(text)).toBe(false)
  })

  it('does not open when any single bit of it was changed', () => {
    const sealed = sealBytes(key, text, 'here')
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = Buffer.from(sealed)
      altered[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => openBytes(key, altered, 'here'), `bit ${bit}`).toThrow(SealError)
    }
  })

  it('does not open when cut short at any length, or made longer', () => {
    const sealed = sealBytes(key, text, 'here')
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openBytes(key, sealed.subarray(0, length), 'here')).toThrow(SealError)
    }
    expect(() => openBytes(key, Buffer.concat([sealed, Buffer.alloc(1)]), 'here')).toThrow(SealError)
  })

  it('does not open with a tag of four bytes, which Node 20 alone would accept', () => {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 4 })
    cipher.setAAD(Buffer.from('here'))
    const forged = Buffer.concat([Buffer.from([1]), iv, cipher.update(text), cipher.final(), cipher.getAuthTag()])
    expect(() => openBytes(key, forged, 'here')).toThrow(SealError)
  })

  it('does not open elsewhere or with another key', () => {
    const sealed = sealBytes(key, text, 'here')
    expect(() => openBytes(key, sealed, 'there')).toThrow(SealError)
    expect(() => openBytes(randomBytes(32), sealed, 'here')).toThrow(SealError)
    expect(() => openBytes(deriveKey(key, 'field'), sealed, 'here')).toThrow(SealError)
  })
})

describe('the key ring', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nabz-seal-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const master = randomBytes(32)
  const lookup = randomBytes(32)
  const open = (masterKey = master) => createKeyRing(folderKeyStore(folder), masterKey, lookup)
  const newClinic = async () => {
    const id = newId<'clinic'>()
    await open().createFor(id)
    return id
  }

  it('opens what another process sealed for the same clinic, row and column', async () => {
    const id = await newClinic()
    const sealed = (await open().forClinic(id)).seal('+923001234567', 'patients.phone', 'row-1')
    const seal = await open().forClinic(id)
    expect(seal.open(sealed, 'patients.phone', 'row-1')).toBe('+923001234567')
    expect(seal.openJson(seal.sealJson({ code: '123456' }, 'messages.params', 'm'), 'messages.params', 'm')).toEqual({
      code: '123456',
    })
  })

  it('opens nothing that was moved to another row, column or clinic', async () => {
    const [id, other] = [await newClinic(), await newClinic()]
    const seal = await open().forClinic(id)
    const sealed = seal.seal('+923001234567', 'patients.phone', 'row-1')
    expect(() => seal.open(sealed, 'patients.phone', 'row-2')).toThrow(SealError)
    expect(() => seal.open(sealed, 'patients.email', 'row-1')).toThrow(SealError)
    const elsewhere = await open().forClinic(other)
    expect(() => elsewhere.open(sealed, 'patients.phone', 'row-1')).toThrow(SealError)
    expect(() => open().platform.open(sealed, 'patients.phone', 'row-1')).toThrow(SealError)
  })

  it('opens nothing with another master key, nor a key file put under another clinic', async () => {
    const [id, other] = [await newClinic(), await newClinic()]
    await expect(open(randomBytes(32)).forClinic(id)).rejects.toThrow(SealError)
    await writeFile(join(folder, `${other}.key`), await readFile(join(folder, `${id}.key`)))
    await expect(open().forClinic(other)).rejects.toThrow(SealError)
  })

  it('keeps no key in the clear', async () => {
    const id = await newClinic()
    const wrapped = await readFile(join(folder, `${id}.key`))
    // Version, IV, 32 bytes of key, tag.
    expect(wrapped).toHaveLength(1 + 12 + 32 + 16)
    expect(wrapped.includes(master)).toBe(false)
  })

  it('opens nothing any more once the key is destroyed, and leaves no file behind', async () => {
    const id = await newClinic()
    const [ring, elsewhere] = [open(), open()]
    const sealed = (await ring.forClinic(id)).seal('a note', 'notes.text', 'row')
    await elsewhere.forClinic(id)
    await ring.destroyFor(id)
    await expect(ring.forClinic(id)).rejects.toThrow('the clinic has no key')
    // Another process still remembers the key until it hears of it.
    elsewhere.forget(id)
    await expect(elsewhere.forClinic(id)).rejects.toThrow('the clinic has no key')
    expect((await readdir(folder)).filter((name) => name.includes(id))).toEqual([])
    await ring.destroyFor(id)
    // A new key for the same clinic opens nothing of the old.
    await ring.createFor(id)
    const fresh = await ring.forClinic(id)
    expect(() => fresh.open(sealed, 'notes.text', 'row')).toThrow(SealError)
  })

  it('never replaces a key', async () => {
    const id = await newClinic()
    const before = await readFile(join(folder, `${id}.key`))
    await expect(open().createFor(id)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await readFile(join(folder, `${id}.key`))).toEqual(before)
  })

  it('finds a number again at its clinic, and nowhere else', async () => {
    const [id, other] = [await newClinic(), await newClinic()]
    const [here, there] = [await open().forClinic(id), await open().forClinic(other)]
    const phone = '+923001234567' as Phone
    expect(here.phoneIndex(phone)).toEqual((await open().forClinic(id)).phoneIndex(phone))
    expect(here.phoneIndex(phone).equals(there.phoneIndex(phone))).toBe(false)
    expect(here.phoneIndex(phone).equals(here.phoneIndex('+923001234568' as Phone))).toBe(false)
    expect(here.lastFourIndex('4567')).toEqual(here.lastFourIndex(phone))
    expect(here.lastFourIndex('4567').equals(here.phoneIndex('4567' as Phone))).toBe(false)
  })

  it('finds what outlives a clinic by purpose, whatever becomes of the master key', () => {
    const hash = open().platform.hash('number', '+923001234567')
    expect(hash).toEqual(open(randomBytes(32)).platform.hash('number', '+923001234567'))
    expect(hash.equals(open().platform.hash('email', '+923001234567'))).toBe(false)
    // The separator keeps ("a", "bc") and ("ab", "c") apart.
    expect(open().platform.hash('a', 'bc').equals(open().platform.hash('ab', 'c'))).toBe(false)
  })

  it('refuses an id that is a path', async () => {
    await expect(open().forClinic('../../etc/passwd' as ClinicId)).rejects.toThrow()
  })
})

describe('comparing secrets', () => {
  it('tells same from different, also in length', () => {
    expect(sameSecret('abc', 'abc')).toBe(true)
    expect(sameSecret('abc', 'abd')).toBe(false)
    expect(sameSecret('abc', 'abcd')).toBe(false)
    expect(sameSecret('', '')).toBe(true)
  })
})
