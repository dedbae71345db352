// Certificates that a clinic was erased: one JSON in the one way it can be spelled, signed with Ed25519. Everything here
// works without a database, so that anybody can check one anywhere.
import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { deriveSigningKey } from './envelope.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const moment = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/)
const id = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)

export const certificateBody = z.strictObject({
  kind: z.literal('nabz-erasure'),
  version: z.literal(1),
  id,
  /** Where it was issued. */
  issuer: z.string(),
  /** A random number that meant this clinic and now means nothing. */
  clinic: id,
  because: z.enum(['asked', 'expired', 'restored']),
  asked: moment,
  began: moment,
  erased: moment,
  /** SHA-256 of the wrapped key that was destroyed; null where it was gone before. */
  key: hash.nullable(),
  /** Entries of the audit log, and the head of the chain over them: see `auditHead`. */
  audit: z.strictObject({ entries: z.int().min(0), head: hash }),
  /** Rows that are gone, by table. */
  erasedRows: z.record(z.string(), z.int().min(0)),
  /** Tables of the books, which the law has us keep. */
  kept: z.array(z.string()),
})
export type CertificateBody = z.infer<typeof certificateBody>

const certificateFileShape = z.strictObject({ certificate: certificateBody, signature: z.string() })

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined }

/** The one spelling: names in order of their bytes, no spaces, whole numbers only. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((one: Json) => canonicalJson(one)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const named = Object.entries(value as Record<string, Json | undefined>)
    const present = named.filter((entry): entry is [string, Json] => entry[1] !== undefined)
    present.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return `{${present.map(([name, one]) => `${JSON.stringify(name)}:${canonicalJson(one)}`).join(',')}}`
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Error('only whole numbers are canonical')
  return JSON.stringify(value)
}

// A public Ed25519 key is 32 bytes; this is what stands in front of them where a file holds one.
const publicHead = Buffer.from('302a300506032b6570032100', 'hex')

export type CertificateKey = { sign(text: string): Buffer; publicKey: Buffer }

/** The key of this installation: from the master key, for this purpose alone. */
export function certificateKey(masterKey: Buffer): CertificateKey {
  const key = deriveSigningKey(masterKey, 'certificate')
  return {
    sign: (text) => sign(null, Buffer.from(text), key),
    publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicHead.length),
  }
}

const keyOf = (publicKey: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([publicHead, publicKey]), format: 'der', type: 'spki' })

/** A public key, given as its 32 bytes, as other tools read it: SubjectPublicKeyInfo in PEM (RFC 8410). */
export const pemOf = (publicKey: Buffer): string => keyOf(publicKey).export({ format: 'pem', type: 'spki' }).toString()

/** SHA-256, to compare two keys by eye. */
export const keyFingerprint = (publicKey: Buffer): string => createHash('sha256').update(publicKey).digest('hex')

/** The keys of a file with one or more in PEM, or one as 64 hexadecimal digits. */
export function readPublicKeys(text: string): Buffer[] {
  if (/^\s*[0-9a-f]{64}\s*$/i.test(text)) return [Buffer.from(text.trim(), 'hex')]
  const found = text.match(/-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----/g) ?? []
  return found.map((pem) => {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key')
    return key.export({ format: 'der', type: 'spki' }).subarray(publicHead.length)
  })
}

/** What an owner keeps: the certificate and its signature, in the one spelling. */
export function certificateFile(body: CertificateBody, signature: Buffer): string {
  return canonicalJson({ certificate: body, signature: signature.toString('base64url') })
}

export type Verdict =
  { ok: true; certificate: CertificateBody; publicKey: Buffer } | { ok: false; reason: 'unreadable' | 'altered' }

/**
 * Whether a file is a certificate that one of these keys signed. The spelling must be ours to the last character, the
 * signature's too, so that no byte can be changed.
 */
export function verifyCertificate(text: string, publicKeys: readonly Buffer[]): Verdict {
  const trimmed = text.replace(/^\ufeff/, '').trim()
  const file = certificateFileShape.safeParse(parsed(trimmed))
  if (!file.success) return { ok: false, reason: 'unreadable' }
  const { certificate, signature: written } = file.data
  const signature = Buffer.from(written, 'base64url')
  if (certificateFile(certificate, signature) !== trimmed) return { ok: false, reason: 'altered' }
  const body = Buffer.from(canonicalJson(certificate))
  const publicKey = publicKeys.find((key) => verify(null, body, keyOf(key), signature))
  return publicKey ? { ok: true, certificate, publicKey } : { ok: false, reason: 'altered' }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What an audit log's entry counts with: everything but what is erased before the entry is, of which a digest stays. */
export type AuditEntryFacts = {
  id: string
  at: string
  actorKind: string
  actorId: string | null
  action: string
  recordKind: string | null
  recordId: string | null
  /** As the database spells it. */
  details: string | null
  /** SHA-256 of the sealed details, in hexadecimal digits. */
  sealed: string | null
  origin: string | null
}

/** The head of a log without entries: no clinic's log can be passed off as another's. */
export const emptyAuditHead = (clinicId: string): Buffer =>
  createHash('sha256').update(`nabz/erasure/audit/v1|${clinicId}`).digest()

/** The head after one more entry: SHA-256 of the head before and the entry in canonical JSON; entries by their id. */
export const auditHead = (before: Buffer, entry: AuditEntryFacts): Buffer =>
  createHash('sha256').update(before).update(canonicalJson(entry)).digest()
