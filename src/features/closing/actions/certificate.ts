import { z } from 'zod'
import type { Config } from '../../../config.ts'
import type { Services } from '../../../platform/services.ts'
import {
  canonicalJson,
  certificateBody,
  certificateFile,
  certificateKey,
  verifyCertificate,
  type CertificateBody,
  type Verdict,
} from '../../../platform/seal/certificates.ts'
import { findCertificate, listCertificateKeys, type Certificate } from '../queries.ts'
import { Temporal, type Instant } from '../../../kernel/time.ts'

/** Signs what is to be told of a clinic that is gone. */
export function signCertificate({ masterKey }: Pick<Config, 'masterKey'>, body: CertificateBody, now: Instant) {
  const key = certificateKey(masterKey)
  const text = canonicalJson(body)
  const certificate: Certificate = {
    id: body.id,
    body: text,
    signature: key.sign(text),
    publicKey: key.publicKey,
    issuedAt: now,
  }
  return certificate
}

export type ReadCertificate = { facts: CertificateBody; file: string; publicKey: Buffer }

/** As it was signed; what does not say what it was signed to say is none. */
export async function readCertificate({ db }: Pick<Services, 'db'>, id: string): Promise<ReadCertificate | undefined> {
  const found = await findCertificate(db, id)
  return found && opened(found)
}

function opened({ body, signature, publicKey }: Certificate): ReadCertificate {
  const facts = certificateBody.parse(JSON.parse(body))
  return { facts, file: certificateFile(facts, signature), publicKey }
}

/** The keys certificates of this installation are signed with: today's, and those before it. */
export async function certificateKeys({ db, config }: Pick<Services, 'db' | 'config'>): Promise<Buffer[]> {
  const today = certificateKey(config.masterKey).publicKey
  const earlier = await listCertificateKeys(db)
  return [today, ...earlier.filter((key) => !key.equals(today))]
}

export async function judgeCertificate(services: Pick<Services, 'db' | 'config'>, text: string): Promise<Verdict> {
  return verifyCertificate(text, await certificateKeys(services))
}

const epitaph = z.object({
  id: z.string(),
  body: z.string(),
  signature: z.string(),
  publicKey: z.string(),
  issuedAt: z.string(),
})

/** The way back from `epitaphOf`. */
export function readEpitaph(text: string): Certificate {
  const { signature, publicKey, issuedAt, ...rest } = epitaph.parse(JSON.parse(text))
  const bytes = (base64: string) => Buffer.from(base64, 'base64')
  return {
    ...rest,
    signature: bytes(signature),
    publicKey: bytes(publicKey),
    issuedAt: Temporal.Instant.from(issuedAt),
  }
}

/** What is left outside the database: the certificate itself, which a restored backup may not know. */
export const epitaphOf = (certificate: Certificate): string =>
  JSON.stringify({
    ...certificate,
    signature: certificate.signature.toString('base64'),
    publicKey: certificate.publicKey.toString('base64'),
    issuedAt: certificate.issuedAt.toString(),
  })
