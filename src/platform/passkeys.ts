// Passkeys (WebAuthn): a key pair in somebody's phone, computer or key ring, which signs what we ask it to and never
// leaves. Always with the owner's finger, face or PIN, so that holding the device is not enough, and always one that can
// say by itself whose it is, so that it also signs in without a password.
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'

/** On first use: it is large, and most processes never need it. */
const library = () => import('@simplewebauthn/server')

export type Passkey = { credentialId: string; publicKey: Buffer; counter: number; transports: readonly string[] }

/** The site as passkeys know it: they work here and nowhere else. */
const siteOf = (baseUrl: string) => ({ id: new URL(baseUrl).hostname, origin: new URL(baseUrl).origin })

const bytes = z
  .string()
  .max(20_000)
  .regex(/^[\w-]*$/)
const common = {
  id: bytes,
  rawId: bytes,
  type: z.literal('public-key'),
  clientExtensionResults: z.object({}).default({}),
}
const registration = z.object({
  ...common,
  response: z.object({
    clientDataJSON: bytes,
    attestationObject: bytes,
    transports: z.array(z.string().max(40)).max(10).default([]),
  }),
})
const assertion = z.object({
  ...common,
  response: z.object({ clientDataJSON: bytes, authenticatorData: bytes, signature: bytes }),
})
export type Registration = z.output<typeof registration>
export type Assertion = z.output<typeof assertion>

const parsed = <S extends z.ZodType>(schema: S, text: unknown): z.output<S> | undefined => {
  if (typeof text !== 'string' || text.length > 40_000) return undefined
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** What a browser answered, as the text a form carries; undefined when it is nothing of the kind. */
export const parseRegistration = (text: unknown): Registration | undefined => parsed(registration, text)
/** The same for somebody who signs in with one they have. */
export const parseAssertion = (text: unknown): Assertion | undefined => parsed(assertion, text)

/** Something to sign; only its hash is kept. */
export function newChallenge(): { challenge: string; hash: Buffer } {
  const challenge = randomBytes(32).toString('base64url')
  return { challenge, hash: challengeHash(challenge) }
}

const challengeHash = (challenge: string): Buffer => createHash('sha256').update(challenge).digest()

const clientData = z.object({ challenge: z.string().max(200) })

/** The hash of the challenge an answer is to, for looking it up. Whether it was really signed is checked afterwards. */
export function answeredHash({ response }: Registration | Assertion): Buffer | undefined {
  const said = parsed(clientData, Buffer.from(response.clientDataJSON, 'base64url').toString())
  return said && challengeHash(said.challenge)
}

/** For the browser of somebody who adds a passkey. */
export async function registrationOptions(
  baseUrl: string,
  user: { id: string; email: string; name: string },
  challenge: string,
  known: readonly Pick<Passkey, 'credentialId' | 'transports'>[],
) {
  const { generateRegistrationOptions } = await library()
  return generateRegistrationOptions({
    rpName: 'Nabz',
    rpID: siteOf(baseUrl).id,
    userID: new Uint8Array(Buffer.from(user.id)),
    userName: user.email,
    userDisplayName: user.name,
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    attestationType: 'none',
    excludeCredentials: listed(known),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
}

/** For the browser of somebody who proves to be who they are; with no `known` ones the passkey says who that is. */
export async function assertionOptions(
  baseUrl: string,
  challenge: string,
  known?: readonly Pick<Passkey, 'credentialId' | 'transports'>[],
) {
  const { generateAuthenticationOptions } = await library()
  return generateAuthenticationOptions({
    rpID: siteOf(baseUrl).id,
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    userVerification: 'required',
    ...(known ? { allowCredentials: listed(known) } : {}),
  })
}

const listed = (known: readonly Pick<Passkey, 'credentialId' | 'transports'>[]) =>
  known.map(({ credentialId, transports }) => ({ id: credentialId, transports: [...transports] }))

/** The passkey that was made, when the answer was signed for this site by a verified person; else undefined. */
export async function verifiedRegistration(baseUrl: string, answer: Registration): Promise<Passkey | undefined> {
  const site = siteOf(baseUrl)
  const { verifyRegistrationResponse } = await library()
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: answer,
      // Looked up and spent already, by its hash.
      expectedChallenge: () => true,
      expectedOrigin: site.origin,
      expectedRPID: site.id,
      requireUserVerification: true,
    })
    if (!verified) return undefined
    const { id, publicKey, counter } = registrationInfo.credential
    return { credentialId: id, publicKey: Buffer.from(publicKey), counter, transports: answer.response.transports }
  } catch {
    // The library throws for whatever is wrong with an answer, from another site's name to bytes that are none.
    return undefined
  }
}

/** The counter after an answer that `passkey` signed for this site with a verified person; else undefined. */
export async function verifiedAssertion(
  baseUrl: string,
  answer: Assertion,
  passkey: Passkey,
): Promise<number | undefined> {
  const site = siteOf(baseUrl)
  const { verifyAuthenticationResponse } = await library()
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: answer,
      expectedChallenge: () => true,
      expectedOrigin: site.origin,
      expectedRPID: site.id,
      requireUserVerification: true,
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(passkey.publicKey),
        // One that runs backwards is a copy; the library refuses it.
        counter: passkey.counter,
      },
    })
    return verified ? authenticationInfo.newCounter : undefined
  } catch {
    return undefined
  }
}
